"""What one would write first: httpx, fhir.resources, hl7apy and an ORM commit per look-up. The peer of the benchmark.

The same questions to the same responders, a client per agency, ten in flight; each answer parsed by the usual library, reduced to a
candidate, and stored with its audit row through the ORM, one commit per look-up.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from uuid import uuid4

import httpx
from fhir.resources.R4B.bundle import Bundle
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Message
from hl7apy.parser import parse_message
from sqlalchemy import DateTime, String, Uuid, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.benchmarks.people import BenchPerson

Found = dict[str, str]


class Base(DeclarativeBase):
    """ORM base."""


class LookupRow(Base):
    """One answered look-up."""

    __tablename__ = "usual_lookups"
    id: Mapped[object] = mapped_column(Uuid, primary_key=True, default=uuid4)
    agency: Mapped[str] = mapped_column(String)
    person: Mapped[str] = mapped_column(String)
    outcome: Mapped[str] = mapped_column(String)
    candidate: Mapped[str] = mapped_column(String)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AuditRow(Base):
    """Its audit row."""

    __tablename__ = "usual_audit"
    id: Mapped[object] = mapped_column(Uuid, primary_key=True, default=uuid4)
    about: Mapped[object] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(String)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


async def run_usual_stack(people: list[BenchPerson], ports: dict[str, int], database_url: str, in_flight: int) -> int:
    """Asks every agency about every person; the number of rows stored."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"), pool_size=20)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    await asyncio.gather(*(_agency(name, port, people, engine, in_flight) for name, port in ports.items()))
    with Session(engine) as session:
        stored = session.query(LookupRow).count()
    engine.dispose()
    return stored


async def _agency(name: str, port: int, people: list[BenchPerson], engine: object, in_flight: int) -> None:
    gate = asyncio.Semaphore(in_flight)
    limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=30, trust_env=False) as client:
        pool = [await asyncio.open_connection("127.0.0.1", port) for _ in range(in_flight)] if name.startswith("hl7") else []

        async def one(person: BenchPerson) -> None:
            async with gate:
                found = await _ask(name, client, pool, person)
            _store(engine, name, person, found)

        await asyncio.gather(*(one(person) for person in people))
        for _, writer in pool:
            writer.close()


async def _ask(name: str, client: httpx.AsyncClient, pool: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]], p: BenchPerson) -> Found:
    if name.startswith("fhir"):
        form = {"family": p.family, "given": p.given, "birthdate": p.born.isoformat(), "_revinclude": "EpisodeOfCare:patient"}
        reply = await client.post("/Patient/_search", data=form, headers={"authorization": "Bearer benchmark"})
        return _from_bundle(Bundle.model_validate_json(reply.content))
    if name.startswith("hl7"):
        return await _ask_mllp(pool, p)
    if name.startswith("police"):
        names = [{"givenName": p.given, "familyName": p.family}]
        reply = await client.post("/v1/persons/search", json={"names": names, "dateOfBirth": p.born.isoformat()})
        nominal = reply.json()["candidates"][0]
        return {"id": nominal["nominalId"], "family": nominal["names"][0]["familyName"], "born": nominal["dateOfBirth"]}
    asked = {"firstName": p.given, "surname": p.family, "dateOfBirth": p.born.isoformat()}
    reply = await client.post("/api/v1/search/persons", json=asked)
    person = reply.json()["results"]["persons"][0]
    return {"id": person["id"], "family": person["surname"], "born": person["dateOfBirth"]}


def _from_bundle(bundle: Bundle) -> Found:
    patient = bundle.entry[0].resource
    return {"id": patient.id, "family": patient.name[0].family, "born": patient.birthDate.isoformat()}


async def _ask_mllp(pool: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]], p: BenchPerson) -> Found:
    question = Message("QBP_Q21", version="2.5", validation_level=VALIDATION_LEVEL.TOLERANT)
    question.msh.msh_3, question.msh.msh_4 = "ASK", "ZZZ"
    question.msh.msh_9, question.msh.msh_10, question.msh.msh_11 = "QBP^Q22^QBP_Q21", uuid4().hex[:20], "P"
    question.qpd.qpd_1, question.qpd.qpd_2 = "IHE PDQ Query", uuid4().hex[:16]
    question.qpd.qpd_3 = f"@PID.5.1.1^{p.family}~@PID.5.2^{p.given}~@PID.7^{p.born:%Y%m%d}"
    question.rcp.rcp_1 = "I"
    reader, writer = pool.pop()
    writer.write(b"\x0b" + question.to_er7().encode() + b"\x1c\x0d")
    reply = (await reader.readuntil(b"\x1c\x0d"))[1:-2]
    pool.append((reader, writer))
    message = parse_message(reply.decode(), validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False)
    pid = message.children.get("PID")[0]
    return {"id": pid.pid_3[0].cx_1.to_er7(), "family": pid.pid_5[0].xpn_1.to_er7(), "born": pid.pid_7.to_er7()}


def _store(engine: object, agency: str, person: BenchPerson, found: Found) -> None:
    now = datetime.now(UTC)
    with Session(engine) as session:  # type: ignore[arg-type]
        row = LookupRow(id=uuid4(), agency=agency, person=person.family, outcome="KNOWN", candidate=json.dumps(found), at=now)
        session.add(row)
        session.add(AuditRow(about=row.id, kind="lookup_answered", at=now))
        session.commit()
