"""The MLLP line against a peer that misbehaves in every way a line can: framing, foreign and late answers, closed connections."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from adapters.connectors import Reply
from adapters.faults import Fault, Permanent, Transient
from adapters.health.hl7v2 import Hl7v2Connector
from adapters.mllp import Deframer, FramingFault
from gateway.domain.agreements import Limits, SystemKind
from gateway.domain.error_codes import Code
from gateway.domain.lookup import Answer, AnswerKind
from tests.contract.asked import AT, about, destination
from tests.contract.mllp_peer import PID, Peer, answer, frame, peer, refusal

Script = Callable[[Peer, asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
OPTIONS = {"receiving_application": "CBNT-PAS", "receiving_facility": "ZCB", "own_authority": "CBNT", "second_question": "no"}


def connector(port: int, timeout_s: float = 1.0, concurrency: int = 4, **options: str) -> Hl7v2Connector:
    limits = Limits(concurrency=concurrency, timeout_s=timeout_s, max_reply_bytes=200_000)
    moments = itertools.count()
    target = destination(SystemKind.HL7V2, f"mllp://127.0.0.1:{port}", limits=limits, options={**OPTIONS, **options})
    return Hl7v2Connector(target, clock=lambda: AT.replace(microsecond=next(moments)))


def ask(script: Script, times: int = 1, **settings: Any) -> tuple[Peer, list[Answer | Fault]]:
    """Look the same person up so many times, one after the other, over a line that follows the script."""

    async def run() -> tuple[Peer, list[Answer | Fault]]:
        async with peer(script) as (state, port):
            trust = connector(port, **settings)
            results: list[Answer | Fault] = []
            for _ in range(times):
                try:
                    results.append((await trust.look_up(about(), unsure=False)).value)
                except Fault as fault:
                    results.append(fault)
            await asyncio.sleep(0.01)  # what was written last is on its way to the peer
            await trust.close()
            return state, results

    return asyncio.run(run())


def reason(result: Answer | Fault) -> str:
    return result.reason


async def answers_well(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(frame(answer(await state.next(reader), PID)))


def test_one_connection_serves_many_messages() -> None:
    state, results = ask(answers_well, times=5)
    assert [r.kind for r in results if isinstance(r, Answer)] == [AnswerKind.CANDIDATES] * 5
    assert state.connections == 1
    assert len({message.split(b"|")[9] for message in state.messages}) == 5


def test_no_more_connections_than_agreed() -> None:
    async def run() -> tuple[int, list[Reply[Answer]]]:
        async def slowly(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                query = await state.next(reader)
                await asyncio.sleep(0.02)
                writer.write(frame(answer(query, PID)))

        async with peer(slowly) as (state, port):
            trust = connector(port, concurrency=3)
            replies = await asyncio.gather(*(trust.look_up(about(), unsure=False) for _ in range(12)))
            await trust.close()
            return state.connections, list(replies)

    connections, replies = asyncio.run(run())
    assert connections == 3
    assert all(reply.value.kind is AnswerKind.CANDIDATES for reply in replies)


def test_a_frame_in_a_hundred_segments() -> None:
    async def trickle(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        whole = frame(answer(await state.next(reader), PID))
        size = len(whole) // 100 + 1
        for place in range(0, len(whole), size):
            writer.write(whole[place : place + size])
            await writer.drain()
            await asyncio.sleep(0.001)

    _, [result] = ask(trickle)
    assert isinstance(result, Answer)
    assert result.candidates[0].record_id == "M77"


def test_two_frames_in_one_segment_cost_the_connection_and_not_the_next_answer() -> None:
    async def twice(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            whole = frame(answer(await state.next(reader), PID))
            writer.write(whole + whole)

    state, results = ask(twice, times=3)
    assert all(isinstance(r, Answer) and r.kind is AnswerKind.CANDIDATES for r in results)
    assert state.connections == 3


@pytest.mark.parametrize(
    ("cut", "code"),
    [
        pytest.param(lambda whole: whole[: len(whole) // 2], Code.AGENCY_UNREACHABLE, id="half a frame, then closed"),
        pytest.param(lambda whole: b"", Code.AGENCY_UNREACHABLE, id="closed without a word"),
        pytest.param(lambda whole: whole[1:], Code.REPLY_UNREADABLE, id="no start byte"),
        pytest.param(lambda whole: whole[:-2] + whole, Code.REPLY_UNREADABLE, id="a frame begins within a frame"),
        pytest.param(lambda whole: whole[:-1] + b"\n", Code.REPLY_UNREADABLE, id="an end byte and no CR"),
        pytest.param(lambda whole: whole.replace(b"PID|1", b"PID|\x1c1"), Code.REPLY_UNREADABLE, id="an end byte inside"),
        pytest.param(lambda whole: frame(b"<html><body>Sign in</body></html>"), Code.REPLY_UNEXPECTED, id="a web page in a frame"),
        pytest.param(lambda whole: whole.replace(b"F\r", b"\x00F\r"), Code.REPLY_UNEXPECTED, id="NUL inside"),
        pytest.param(lambda whole: frame(whole[1:-2] * 2), Code.REPLY_UNEXPECTED, id="two messages in a frame"),
    ],
)
def test_nothing_is_accepted_from_a_broken_line(cut: Callable[[bytes], bytes], code: Code) -> None:
    async def broken(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(cut(frame(answer(await state.next(reader), PID))))

    _, [result] = ask(broken)
    assert isinstance(result, Transient)
    assert reason(result) == code


def test_missing_end_bytes_are_waited_for_until_the_deadline_only() -> None:
    async def endless(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(answer(await state.next(reader), PID))[:-2])
        await reader.read()

    begun = time.monotonic()
    _, [result] = ask(endless, timeout_s=0.3)
    assert isinstance(result, Transient)
    assert reason(result) == Code.AGENCY_TIMEOUT
    assert 0.3 <= time.monotonic() - begun < 2


def test_a_reply_that_trickles_ends_at_the_deadline_of_the_whole_exchange() -> None:
    async def drip(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in frame(answer(await state.next(reader), PID)):
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)

    _, [result] = ask(drip, timeout_s=0.4)
    assert reason(result) == Code.AGENCY_TIMEOUT


def test_a_reply_larger_than_agreed_is_refused_and_not_kept() -> None:
    async def flood(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(answer(await state.next(reader), *[PID] * 20_000)))
        await reader.read()

    _, [result] = ask(flood)
    assert isinstance(result, Permanent)
    assert reason(result) == Code.REPLY_TOO_LARGE


def test_an_answer_to_another_message_is_not_accepted_and_the_line_closed() -> None:
    async def foreign(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await state.next(reader)
        writer.write(frame(answer(query, PID, control_id="X" * 20 if state.connections == 1 else "")))
        await reader.read()

    state, [first, second] = ask(foreign, times=2)
    assert isinstance(first, Transient)
    assert reason(first) == Code.REPLY_UNEXPECTED
    assert isinstance(second, Answer)
    assert state.connections == 2


def test_a_late_answer_never_reaches_the_next_question() -> None:
    """The first answer comes after its deadline; were the line kept, it would be the first thing that the second question reads."""

    async def late(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await state.next(reader)
        if state.connections == 1:
            await asyncio.sleep(0.35)
            writer.write(frame(answer(query, PID.replace("M77", "M00"))))
        else:
            await asyncio.sleep(0.2)
            writer.write(frame(answer(query, PID)))
        await reader.read()

    state, [first, second] = ask(late, times=2, timeout_s=0.25)
    assert reason(first) == Code.AGENCY_TIMEOUT
    assert isinstance(second, Answer)
    assert [c.record_id for c in second.candidates] == ["M77"]
    assert state.connections == 2


def test_what_comes_unasked_costs_the_connection() -> None:
    async def unasked(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await state.next(reader)
        writer.write(frame(answer(query, PID)))
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(frame(answer(query, PID.replace("M77", "M00"))))
        await reader.read()

    async def run() -> tuple[int, list[str]]:
        async with peer(unasked) as (state, port):
            trust = connector(port)
            found = []
            for _ in range(2):
                found.append((await trust.look_up(about(), unsure=False)).value.candidates[0].record_id)
                await asyncio.sleep(0.15)
            await trust.close()
            return state.connections, found

    assert asyncio.run(run()) == (2, ["M77", "M77"])


def test_a_peer_that_closes_after_each_answer_is_connected_to_anew() -> None:
    async def once(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(answer(await state.next(reader), PID)))
        await writer.drain()

    state, results = ask(once, times=4)
    assert all(isinstance(r, Answer) for r in results)
    assert state.connections == 4
    assert len(state.messages) == 4


def test_one_message_under_way_in_a_connection_however_many_wait() -> None:
    under_way: list[int] = []

    async def silent(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await state.next(reader)
        under_way.append(len(state.messages))
        await reader.read()

    async def run() -> tuple[int, list[Any]]:
        async with peer(silent) as (state, port):
            trust = connector(port, timeout_s=0.1, concurrency=2)
            results = await asyncio.gather(*(trust.look_up(about(), unsure=False) for _ in range(20)), return_exceptions=True)
            await trust.close()
            return len(state.messages), results

    sent, results = asyncio.run(run())
    assert sent == 20
    assert all(isinstance(r, Transient) and r.reason is Code.AGENCY_TIMEOUT for r in results)


def test_nobody_listens() -> None:
    async def run() -> None:
        await connector(1).look_up(about(), unsure=False)

    with pytest.raises(Transient) as refused:
        asyncio.run(run())
    assert refused.value.reason is Code.AGENCY_UNREACHABLE


@pytest.mark.parametrize(
    ("code", "error", "expected"),
    [
        ("AE", "207", Transient),
        ("AR", "206", Transient),
        ("AE", "102", Answer),
        ("AR", "203", Answer),
        ("CE", "102", Answer),
        ("CR", "207", Transient),
    ],
)
def test_refusals_are_told_apart_by_whether_asking_later_may_help(code: str, error: str, expected: type) -> None:
    async def refuse(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(refusal(await state.next(reader), code, error, "ACK^Q22^ACK")))
        await reader.read()

    _, [result] = ask(refuse)
    assert isinstance(result, expected)
    assert reason(result) == (Code.AGENCY_FAULT if expected is Transient else Code.AGENCY_REFUSED)
    if isinstance(result, Answer):
        assert result.kind is AnswerKind.FAILED


def test_enhanced_mode_waits_past_the_accept_and_acknowledges_the_reply() -> None:
    receipts: list[bytes] = []

    async def enhanced(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await state.next(reader)
        assert query.split(b"\r")[0].split(b"|")[14:16] == [b"AL", b"AL"]
        writer.write(frame(refusal(query, "CA", "0", "ACK^Q22^ACK").rsplit(b"ERR", 1)[0]))
        await writer.drain()
        await asyncio.sleep(0.02)
        reply = answer(query, PID).replace(b"|P|2.5||||||", b"|P|2.5|||AL|NE||")
        writer.write(frame(reply))
        receipts.append(await state.next(reader))

    _, [result] = ask(enhanced, acknowledgement="enhanced")
    assert isinstance(result, Answer)
    assert result.kind is AnswerKind.CANDIDATES
    assert b"\rMSA|CA|R" in receipts[0]


def test_an_accept_without_a_reply_is_no_answer() -> None:
    async def accepted(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(refusal(await state.next(reader), "CA", "0", "ACK^Q22^ACK").rsplit(b"ERR", 1)[0]))
        await reader.read()

    _, [result] = ask(accepted, acknowledgement="enhanced", timeout_s=0.3)
    assert reason(result) == Code.AGENCY_TIMEOUT


def test_continuation_is_followed_to_its_end_and_no_further_than_agreed() -> None:
    def pages(last: int) -> Script:
        async def serve(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                query = await state.next(reader)
                number = len(state.messages)
                person = PID.replace("M77", f"M{number}")
                writer.write(frame(answer(query, person, pointer="" if number == last else f"next{number}")))

        return serve

    state, [result] = ask(pages(3))
    assert isinstance(result, Answer)
    assert [c.record_id for c in result.candidates] == ["M1", "M2", "M3"]
    assert result.kind is AnswerKind.CANDIDATES
    assert [b"DSC|next" in message for message in state.messages] == [False, True, True]
    assert len({message.split(b"\r")[1] for message in state.messages}) == 1
    assert len({message.split(b"|")[9] for message in state.messages}) == 3

    state, [endless] = ask(pages(0))
    assert isinstance(endless, Answer)
    assert (endless.kind, endless.reason) == (AnswerKind.TOO_MANY, Code.ANSWER_INCOMPLETE)
    assert len(state.messages) == 5


def test_a_forgotten_continuation_is_asked_anew_later() -> None:
    async def forgets(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(answer(await state.next(reader), PID, pointer="p1")))
        query = await state.next(reader)
        writer.write(frame(refusal(query, "AE", "204").replace(b"MSH^1^9", b"DSC^1^1")))
        await reader.read()

    _, [result] = ask(forgets)
    assert isinstance(result, Transient)


def test_the_second_question_is_asked_only_when_nobody_was_found() -> None:
    async def nobody_first(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            query = await state.next(reader)
            found = len(state.messages) > 1
            writer.write(frame(answer(query, *([PID.replace("0723", "0327")] if found else []), status="OK" if found else "NF")))

    state, [result] = ask(nobody_first, second_question="yes")
    assert isinstance(result, Answer)
    assert result.kind is AnswerKind.CANDIDATES
    assert b"@PID.7^19910723" in state.messages[0]
    assert "@PID.5.1.1^Wiśniewska~@PID.5.2^Katarzyna~@PID.7^1991|" in state.messages[1].decode().replace("\r", "|")
    state, [result] = ask(answers_well, second_question="yes")
    assert len(state.messages) == 1


@pytest.mark.parametrize(("status", "kind"), [("TM", AnswerKind.TOO_MANY), ("NF", AnswerKind.NOBODY)])
def test_a_second_question_that_finds_too_many_is_not_nobody(status: str, kind: AnswerKind) -> None:
    async def wide(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(frame(answer(await state.next(reader), status="NF" if len(state.messages) < 2 else status)))

    _, [result] = ask(wide, second_question="yes")
    assert isinstance(result, Answer)
    assert result.kind is kind


def test_somebody_else_is_no_answer() -> None:
    async def stranger(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(answer(await state.next(reader), "PID|1||S1^^^CBNT||Blenkinsop^Arthur||19300101|M")))
        await reader.read()

    _, [result] = ask(stranger)
    assert isinstance(result, Answer)
    assert (result.kind, result.reason, result.candidates) == (AnswerKind.FAILED, Code.REPLY_OTHER_RECORD, ())


def test_the_agreed_rate_is_kept() -> None:
    async def run() -> float:
        async with peer(answers_well) as (_, port):
            limits = Limits(concurrency=5, timeout_s=1, per_second=50)
            trust = Hl7v2Connector(destination(SystemKind.HL7V2, f"mllp://127.0.0.1:{port}", limits=limits, options=OPTIONS))
            begun = time.monotonic()
            await asyncio.gather(*(trust.look_up(about(), unsure=False) for _ in range(11)))
            await trust.close()
            return time.monotonic() - begun

    assert 0.2 <= asyncio.run(run()) < 2


def test_the_digest_is_of_all_bytes_sent() -> None:
    import hashlib

    async def run() -> tuple[bytes, bytes]:
        async with peer(answers_well) as (state, port):
            trust = connector(port)
            reply = await trust.look_up(about(nhs_number="9990020744"), unsure=False)
            await trust.close()
            return reply.digest, hashlib.sha256(b"".join(state.messages)).digest()

    digest, expected = asyncio.run(run())
    assert digest == expected


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://127.0.0.1:1",
        "mllp://127.0.0.1",
        "mllp://:99999999",
        "127.0.0.1:2575",
        "",
        "mllp://trust.example:2575",
        "mllp://10.1.2.3:2575",
    ],
)
def test_an_endpoint_that_is_none_or_in_the_clear_is_refused(endpoint: str) -> None:
    with pytest.raises(Permanent) as refused:
        Hl7v2Connector(destination(SystemKind.HL7V2, endpoint))
    assert refused.value.reason is Code.ENDPOINT_NOT_SECURE


def test_a_plain_line_within_a_protected_network_must_be_agreed() -> None:
    Hl7v2Connector(destination(SystemKind.HL7V2, "mllp://trust.example:2575", options={"plain_line": "agreed"}))
    Hl7v2Connector(destination(SystemKind.HL7V2, "mllps://trust.example:2575"))


def test_frames_come_out_the_same_however_the_stream_is_cut() -> None:
    messages = [b"MSH|1", b"", b"MSH|" + b"x" * 300]
    stream = b"\r\n".join(frame(m) for m in messages)
    for size in range(1, len(stream) + 1):
        deframer = Deframer(1000)
        out = [m for place in range(0, len(stream), size) for m in deframer.feed(stream[place : place + size])]
        assert out == messages
        assert deframer.empty


def test_a_frame_grows_no_larger_than_agreed() -> None:
    deframer = Deframer(100)
    for piece in (b"\x0b", *[b"x" * 10] * 10):
        assert deframer.feed(piece) == []
    with pytest.raises(FramingFault) as fault:
        deframer.feed(b"x")
    assert fault.value.reason is Code.REPLY_TOO_LARGE


# ------------------------------------------------------------------------------------------------------- the second round


@pytest.mark.parametrize(
    ("second", "expected", "told"),
    [
        (lambda query: answer(query, status="NF"), AnswerKind.NOBODY, ""),
        (lambda query: answer(query, status="TM"), AnswerKind.TOO_MANY, Code.TOO_MANY_MATCHES),
        (lambda query: refusal(query, "AR", "200"), AnswerKind.MAYBE_HIDDEN, Code.NOT_ALL_ASKED),
    ],
)
def test_what_a_wider_question_could_not_tell_is_not_nobody(second: Callable[[bytes], bytes], expected: AnswerKind, told: str) -> None:
    async def nobody_first(state: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            query = await state.next(reader)
            writer.write(frame(answer(query, status="NF") if len(state.messages) == 1 else second(query)))

    state, [result] = ask(nobody_first, second_question="yes")
    assert len(state.messages) > 1
    assert isinstance(result, Answer)
    assert (result.kind, result.reason) == (expected, told)
