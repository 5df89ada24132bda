"""The register of outputs, read from ``register.toml`` beside an agency's agreement: for every record system the 25 outputs that may
show a record to somebody other than its staff, each with an answer, an owner, evidence and the day of its review.

An output that nobody answered for means that the gateway looks people up there and writes nothing. docs/disclosure.md explains each key.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from contracts.tables import Problem, Table
from gateway.domain.agreements import RecordSystem
from gateway.domain.register import RECORD, Answer, Audience, Canary, CanaryRecord, Entry, Output, Register, Viewer

FILE_NAME = "register.toml"
_AT = r"/[^\s,#]*\{record_id\}[^\s,#]*"
_AT_FIX = "write paths, each with {record_id} where the record's number goes"
_TOKEN = r"(env:[A-Z][A-Z0-9_]*|file:[A-Za-z0-9][A-Za-z0-9._-]*)"  # noqa: S105  the form of a reference


def read_registers(agency: Path) -> tuple[Mapping[str, Register], Sequence[Problem]]:
    """The register of each system of an agency by the system's name, and everything that is wrong. None where there is no file."""
    file = f"{agency.name}/{FILE_NAME}"
    try:
        table = Table(file, tomllib.loads((agency / FILE_NAME).read_text(encoding="utf-8")), [])
    except FileNotFoundError:
        return {}, ()
    except UnicodeDecodeError:
        return {}, (Problem(file, "", "save it as UTF-8"),)
    except tomllib.TOMLDecodeError:
        return {}, (Problem(file, "", "is not TOML; see the line that your editor marks"),)
    registers = {name: _register(table.table(name)) for name in table.names()}
    return registers, tuple(table.problems)


def _register(table: Table) -> Register:
    """One system's table. The digest is of what it says, not of how it is laid out."""
    outputs, canaries = table.table("outputs"), table.table("canaries")
    answered = [entry for name in outputs.names() if (entry := _entry(name, outputs)) is not None]
    told_at, key = table.text("version_at", r"/\S*", "write the path that tells the release", ""), table.text("version_key", default="")
    register = Register(
        entries={entry.output: entry for entry in answered},
        canaries=_canaries(canaries),
        version=table.text("version", says="write the release of the system, as its owner calls it", default=""),
        version_at=(told_at, key),
        settle_s=table.number("settle_s", 0, 3600, 0),
        digest=hashlib.sha256(repr(table.content).encode()).hexdigest()[:16],
    )
    if bool(told_at) is not bool(key):
        table.wrong("version_key", "version_at and version_key go together, such as /metadata and software.version")
    table.close()
    return register


def _entry(name: str, outputs: Table) -> Entry | None:
    if name not in set(Output):
        outputs.wrong(name, f"is no output; known: {', '.join(Output)}")
        return None
    output, table = Output(name), outputs.table(name)
    answer, usual = table.one_of("answer", Answer), Audience.STAFF if name == Output.STAFF_VIEW else Audience.SUBJECT
    to = table.one_of("to", Audience) if "to" in table.content else usual
    at = table.texts("at", _AT_FIX) if "at" in table.content else ()
    seen_as = table.one_of("seen_as", Viewer) if "seen_as" in table.content else Viewer.GATEWAY
    entry = Entry(
        output=output,
        answer=answer or Answer.BY_HAND,
        to=to or usual,
        owner=table.text("owner", says="name who answers for this output at the agency"),
        evidence=table.text("evidence", says="say how it is known: a test, a supplier's statement, a setting"),
        review_on=table.day("review_on"),
        at=at,
        holds=table.text("holds", r"[^\s].{2,}", "write a text that the output holds for this record only, such as {record_id}", RECORD),
        ignores=table.text("ignores", default=""),
        seen_as=seen_as or Viewer.GATEWAY,
    )
    _check_addresses(table, entry)
    table.close()
    return entry if answer else None


def _check_addresses(table: Table, entry: Entry) -> None:
    if any(not re.fullmatch(_AT, at) for at in entry.at):
        table.wrong("at", _AT_FIX)
    if (entry.answer is Answer.LOOKED_AT) is not bool(entry.at):
        table.wrong("at", 'goes with answer = "looked at", and only with it')
    try:
        re.compile(entry.ignores)
    except re.error:
        table.wrong("ignores", "write a regular expression for what changes by itself")


def _canaries(table: Table) -> Mapping[Canary, CanaryRecord]:
    found: dict[Canary, CanaryRecord] = {}
    for name in table.names():
        if name not in set(Canary):
            table.wrong(name, f"is no test person; known: {', '.join(Canary)}")
            continue
        person = table.table(name)
        record_id = person.text("record_id", r"\S+", "write the number of the test person's record")
        token = person.text("token", _TOKEN, "write a reference, env:NAME or file:NAME", "")
        person.close()
        found[Canary(name)] = CanaryRecord(record_id, token)
    return found


def looked_at(register: Register) -> Mapping[str, str]:
    """The outputs that every alert is looked for in, as options of the connector (``subject_view_000``, ``subject_holds_000`` ...)."""
    seen = [(entry, at) for entry in register.answered(Answer.LOOKED_AT) if _is_everyday(entry) for at in entry.at]
    addresses = {f"subject_view_{place:03d}": at for place, (_, at) in enumerate(seen)}
    controls = {f"subject_holds_{place:03d}": entry.holds for place, (entry, _) in enumerate(seen) if entry.holds != RECORD}
    return addresses | controls


def _is_everyday(entry: Entry) -> bool:
    """What is asked for with a test person's right, or changes by itself, can be looked at by the probe alone."""
    return entry.to is not Audience.STAFF and entry.seen_as is Viewer.GATEWAY and not entry.ignores


def register_notes(file: str, system: RecordSystem, today: date) -> Iterable[Problem]:
    """What keeps a system for looking up only, or soon will, each with its key and what to do."""
    name, register = system.key.partition("/")[2], system.register
    if register is None:
        yield Problem(file, name, "has no register of outputs: people are looked up there, and nothing is written")
        return
    for output in register.unanswered:
        yield Problem(file, f"{name}.outputs.{output}", 'is not answered: nothing is written there; answer "looked at", "by hand" or "not offered"')
    for output in register.overdue(today):
        yield Problem(file, f"{name}.outputs.{output}.review_on", "has passed: look again, and set the next day; nothing is written until then")
