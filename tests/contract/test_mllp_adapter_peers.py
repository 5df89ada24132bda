"""The MLLP connector against servers that others wrote: python-hl7's (connections kept) and hl7apy's (one message per connection)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import hl7.mllp
import pytest
from hl7apy.mllp import AbstractHandler, MLLPServer
from hl7apy.parser import parse_message

from adapters.health.hl7v2 import Hl7v2Connector
from gateway.domain.agreements import Limits, SystemKind
from gateway.domain.lookup import Answer, AnswerKind
from tests.contract.asked import about, destination
from tests.contract.mllp_peer import PID, answer

OPTIONS = {"receiving_application": "CBNT-PAS", "receiving_facility": "ZCB", "own_authority": "CBNT", "second_question": "no"}


def trust(port: int, concurrency: int = 4) -> Hl7v2Connector:
    limits = Limits(concurrency=concurrency, timeout_s=5)
    return Hl7v2Connector(destination(SystemKind.HL7V2, f"mllp://127.0.0.1:{port}", limits=limits, options=OPTIONS))


def look_up_often(port: int, times: int) -> list[Answer]:
    async def run() -> list[Answer]:
        connector = trust(port)
        replies = await asyncio.gather(*(connector.look_up(about(), unsure=False) for _ in range(times)))
        await connector.close()
        return [reply.value for reply in replies]

    return asyncio.run(run())


def assert_found(answers: list[Answer]) -> None:
    assert all(a.kind is AnswerKind.CANDIDATES for a in answers)
    assert {c.record_id for a in answers for c in a.candidates} == {"M77"}
    assert answers[0].candidates[0].names[0].family == "Wiśniewska"


def test_python_hl7_reads_our_queries_and_we_its_frames_over_kept_connections() -> None:
    seen: list[tuple[str, str, str]] = []
    connections: list[int] = []

    async def serve(reader: Any, writer: Any) -> None:
        connections.append(1)
        try:
            while True:
                query = await reader.readmessage()
                assert str(query.segment("QPD")[3][1]) == "@PID.7^19910723"
                seen.append((str(query["MSH.F9.R1.C1"]), str(query["QPD.F3.R1.C1"]), str(query["QPD.F3.R1.C2"])))
                reply = hl7.parse(answer(str(query).encode(), PID).decode())
                writer.writemessage(reply)
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()
            await writer.wait_closed()
            connections.append(-1)

    async def run() -> list[Answer]:
        server = await hl7.mllp.start_hl7_server(serve, "127.0.0.1", 0, encoding="utf-8")
        connector = trust(server.sockets[0].getsockname()[1])
        replies = await asyncio.gather(*(connector.look_up(about(), unsure=False) for _ in range(20)))
        await connector.close()
        opened = sum(connections)
        while sum(connections):
            await asyncio.sleep(0.005)
        server.close()
        assert opened == 4
        return [reply.value for reply in replies]

    assert_found(asyncio.run(run()))
    assert seen == [("QBP", "@PID.5.1.1", "Wiśniewska")] * 20


class _Pdq(AbstractHandler):  # type: ignore[misc]
    """hl7apy's own reading of the query decides what is answered."""

    def reply(self) -> str:
        query = parse_message(self.incoming_message, find_groups=False)
        assert query.msh.msh_9.to_er7() == "QBP^Q22^QBP_Q21"
        family = query.qpd.qpd_3[0].to_er7()
        found = [PID] if family == "@PID.5.1.1^Wiśniewska" else []
        reply = answer(self.incoming_message.encode(), *found, status="OK" if found else "NF").decode()
        return f"\x0b{reply}\x1c\r"


@pytest.fixture
def hl7apy_port() -> Iterator[int]:
    server = MLLPServer("127.0.0.1", 0, {"QBP^Q22^QBP_Q21": (_Pdq,)})
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def test_hl7apys_server_closes_after_each_message_and_loses_none(hl7apy_port: int) -> None:
    assert_found(look_up_often(hl7apy_port, 30))


def test_hl7apys_server_says_that_nobody_is_known(hl7apy_port: int) -> None:
    async def run() -> Answer:
        connector = trust(hl7apy_port)
        reply = await connector.look_up(about("Nobody-Here"), unsure=False)
        await connector.close()
        return reply.value

    assert asyncio.run(run()).kind is AnswerKind.NOBODY
