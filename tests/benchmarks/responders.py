"""Eight agencies that answer as fast as Python can, after a set latency: the far side of the benchmark.

    python tests/benchmarks/responders.py --people 160 --latency-ms 20

Three FHIR R4 servers, three HL7 v2 ones over MLLP, a police and a housing system. Replies are made once and looked up by the family
name in the question; nothing is parsed that need not be, so that the benchmark measures the asker. Prints one JSON line with the
ports, answers ``GET /count`` on each HTTP port, and ends with its parent.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.people import BenchPerson, bench_people

FAMILY = re.compile(rb"Bench[a-z]{4}", re.IGNORECASE)


def _fhir(p: BenchPerson) -> bytes:
    return searchset([p])


def searchset(people: list[BenchPerson]) -> bytes:
    """A FHIR searchset that holds these people and an episode of care of each; some 840 bytes a person."""
    entries = [entry for p in people for entry in _entries(p)]
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "total": len(people), "link": [], "entry": entries}).encode()


def _entries(p: BenchPerson) -> list[dict[str, object]]:
    patient = {
        "resourceType": "Patient", "id": f"p{p.number}", "meta": {"versionId": "1", "lastUpdated": "2026-01-05T09:00:00Z"},
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": p.nhs_number}],
        "active": True, "name": [{"use": "official", "family": p.family, "given": [p.given]}], "gender": "female",
        "birthDate": p.born.isoformat(),
        "address": [{"use": "home", "line": [p.street, "Northmoor"], "postalCode": p.postcode}],
        "telecom": [{"system": "phone", "value": "07700 900001", "use": "mobile"}],
    }  # fmt: skip
    episode = {
        "resourceType": "EpisodeOfCare", "id": f"e{p.number}", "status": "active", "patient": {"reference": f"Patient/p{p.number}"}
    }
    return [
        {"fullUrl": f"urn:p{p.number}", "resource": patient, "search": {"mode": "match", "score": 1}},
        {"fullUrl": f"urn:e{p.number}", "resource": episode, "search": {"mode": "include"}},
    ]


def _police(p: BenchPerson) -> bytes:
    nominal = {
        "nominalId": f"N{p.number:08d}", "names": [{"use": "legal", "givenName": p.given, "familyName": p.family}],
        "dateOfBirth": p.born.isoformat(), "sex": "female",
        "addresses": [{"use": "current", "lines": [p.street], "town": "Northmoor", "postcode": p.postcode}],
        "telephones": [], "openMatters": 1, "version": 1, "updatedAt": "2026-01-05T09:00:00Z",
    }  # fmt: skip
    return json.dumps({"outcome": "matches", "candidates": [nominal], "someWithheld": False}).encode()


def _housing(p: BenchPerson) -> bytes:
    person = {
        "id": f"00000000-0000-4000-8000-{p.number:012d}", "firstName": p.given, "surname": p.family,
        "dateOfBirth": p.born.isoformat(), "gender": "F", "personTypes": ["Tenant"], "tenures": [], "isAMinor": False,
        "versionNumber": 1,
    }  # fmt: skip
    return json.dumps({"results": {"persons": [person]}, "total": 1, "totalWithheld": 0}).encode()


def _pid(p: BenchPerson) -> bytes:
    return (
        f"PID|1||{p.nhs_number}^^^NHS&2.16.840.1.113883.2.1.4.1&ISO^NH~M{p.number}^^^CBNT&2.999.42.7&ISO^MR||"
        f"{p.family}^{p.given}^^^^^L||{p.born:%Y%m%d}|F|||{p.street}^^Northmoor^^{p.postcode}^GBR^H\rQRI|100|NA~DB\r"
    ).encode()


class Counter:
    """How many questions were answered, over all agencies."""

    def __init__(self) -> None:
        self.answered = 0


def _http_agency(replies: dict[bytes, bytes], latency: float, counter: Counter) -> Callable[..., Awaitable[None]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length[1])) if length else b""
                kind = b"application/fhir+json" if b"_search" in head else b"application/json"
                reply = await _http_reply(head, body, replies, latency, counter)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (kind, len(reply), reply))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    return serve


async def _http_reply(head: bytes, body: bytes, replies: dict[bytes, bytes], latency: float, counter: Counter) -> bytes:
    if b"/token" in head.split(b"\r\n", 1)[0]:
        return b'{"access_token":"benchmark","token_type":"Bearer","expires_in":3600}'
    if head.startswith(b"GET /count"):
        return b"%d" % counter.answered
    await asyncio.sleep(latency)
    counter.answered += 1
    found = FAMILY.search(body)
    return replies[found[0].lower() if found else b""]


def _mllp_agency(replies: dict[bytes, bytes], latency: float, counter: Counter) -> Callable[..., Awaitable[None]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                message = (await reader.readuntil(b"\x1c\x0d"))[1:-2]
                await asyncio.sleep(latency)
                counter.answered += 1
                writer.write(b"\x0b" + _mllp_reply(message, replies) + b"\x1c\x0d")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    return serve


def _mllp_reply(message: bytes, replies: dict[bytes, bytes]) -> bytes:
    segments = message.split(b"\r")
    msh = segments[0].split(b"|")
    qpd = next(s for s in segments if s.startswith(b"QPD"))
    tag = qpd.split(b"|")[2]
    found = FAMILY.search(qpd)
    return (
        b"MSH|^~\\&|CBNT-PAS|ZCB|" + msh[2] + b"|" + msh[3] + b"|20260105090000||RSP^K22^RSP_K21|R" + msh[9]
        + b"|P|2.5||||||UNICODE UTF-8\rMSA|AA|" + msh[9] + b"\rQAK|" + tag + b"|OK|IHE PDQ Query|1|1|0\r" + qpd + b"\r"
        + replies[found[0].lower() if found else b""]
    )  # fmt: skip


async def _run(people: int, latency: float) -> None:
    persons, counter = bench_people(people), Counter()
    parent = os.getppid()

    def table(make: Callable[[BenchPerson], bytes]) -> dict[bytes, bytes]:
        return {p.family.lower().encode(): make(p) for p in persons}

    agencies = {
        **{f"fhir{n}": _http_agency(table(_fhir), latency, counter) for n in (1, 2, 3)},
        **{f"hl7{n}": _mllp_agency(table(_pid), latency, counter) for n in (1, 2, 3)},
        "police1": _http_agency(table(_police), latency, counter),
        "housing1": _http_agency(table(_housing), latency, counter),
    }
    servers = {name: await asyncio.start_server(serve, "127.0.0.1", 0, backlog=512) for name, serve in agencies.items()}
    print(json.dumps({name: server.sockets[0].getsockname()[1] for name, server in servers.items()}), flush=True)
    while os.getppid() == parent:
        await asyncio.sleep(0.25)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=160)
    parser.add_argument("--latency-ms", type=float, default=20)
    options = parser.parse_args()
    import uvloop

    uvloop.run(_run(options.people, options.latency_ms / 1000))
