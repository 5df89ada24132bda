"""Alerts on a FHIR server: written once, read back from the right record, looked for from the subject's side, and taken away again.

An acknowledgement is not an alert. What cannot be read back as it was written is reported as what was found; what may have been
written is never written again before it was looked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from adapters.connectors import Reply
from adapters.faults import Fault, Permanent, Transient, Unsure
from adapters.health.fhir_server import ACCEPT, FhirServer, only, refusal, unless_there
from adapters.http import HttpReply, Talk
from adapters.subject_side import Hiding, Looks, SubjectSide
from gateway.domain.error_codes import Code
from gateway.domain.receipts import FlagFinding, FlagReport, Footing
from gateway.domain.releases import FlagCheckRelease, FlagRelease, FlagRemovalRelease
from mappings.fhir_r4 import flag as flags
from mappings.fhir_r4 import resources as r4
from mappings.fhir_r4.codes import FHIR_JSON
from mappings.fhir_r4.footing import build_footing
from mappings.fhir_r4.patient import id_in, read_record
from mappings.fhir_r4.profile import Profile
from mappings.fhir_r4.searches import build_identifier_search
from mappings.strict_json import Unreadable

_JSON = {**ACCEPT, "Content-Type": FHIR_JSON, "Prefer": "return=representation"}
_PATIENCE_S = (0.1, 0.4, 1.0)
"""Waits for a copy of the server's data that lags behind, before a flag counts as not there."""
_STALE = frozenset({409, 412})
"""Servers answer a stale If-Match with either; both mean: read again, then decide."""

_TAKEN = frozenset({200, 201, 204})

Sleep = Callable[[float], Coroutine[Any, Any, None]]


class Flags:
    """Alerts at one server. ``conditional`` says that it heeds If-None-Exist."""

    def __init__(self, server: FhirServer, profile: Profile, side: SubjectSide, *, conditional: bool, sleep: Sleep = asyncio.sleep) -> None:
        self._server, self._profile, self._side, self._conditional, self._sleep = server, profile, side, conditional, sleep

    # ------------------------------------------------------------------------------------------------------------ place

    async def place(self, release: FlagRelease, unsure: bool) -> Reply[FlagReport]:
        """Writes unless it is there, reads back, compares, and looks at the subject's side with the alert and without it.

        From the moment that a write may have had its effect, nothing that fails is "no effect": every fault is then ``Unsure``.
        """
        talk = self._server.system.talk(release)
        try:
            return _reply(talk, await self._with_footing(talk, release, await self._place(talk, release, look_first=unsure or not self._conditional)))
        except Fault as fault:
            raise (Unsure(fault.reason, digest=talk.digest) if unsure else fault) from None

    async def _place(self, talk: Talk, release: FlagRelease, look_first: bool) -> FlagReport:
        if look_first and await self._ours(talk, release.identifier):
            return await self._prove(talk, release, None, None)
        before = await self._side.look(talk, release.record_id)
        if before is None:
            return FlagReport(FlagFinding.NOT_HIDDEN_PROVABLY, reason=Code.SUBJECT_VIEW_UNREADABLE)
        if wrong := await self._wrong_with_record(talk, release.record_id):
            return FlagReport(FlagFinding.REFUSED, reason=wrong)
        written = await self._write(talk, release)
        if isinstance(written, FlagReport):
            return written
        remote_id, is_new = written
        return await self._prove(talk, release, remote_id, before if is_new else None)

    async def _with_footing(self, talk: Talk, release: FlagRelease | FlagCheckRelease, report: FlagReport) -> FlagReport:
        """With what the record says now, of an alert that is as it should be: merged, renamed, moved or opened to others, it is a person's."""
        if report.finding is not FlagFinding.PLACED:
            return report
        try:
            read = await self._server.read(talk, r4.Patient, release.record_id)
            related = await self._related(talk, release.record_id) if self._profile.related_persons else None
        except Fault as fault:
            raise Unsure(fault.reason, digest=talk.digest) from None
        return replace(report, footing=build_footing(read[1].body, related) if read else Footing(links="gone"))

    async def _related(self, talk: Talk, record_id: str) -> list[bytes]:
        reply = await talk.ask("GET", f"RelatedPerson?patient={quote(record_id, safe='')}&_count=100", ACCEPT)
        if reply.status != 200:
            raise refusal(reply, talk.digest)
        return [reply.body]

    async def _wrong_with_record(self, talk: Talk, record_id: str) -> Code | None:
        """What speaks against an alert on the record as it is at this moment: much may have happened since it was found and approved."""
        read = await self._server.read(talk, r4.Patient, record_id)
        if read is None:
            return Code.RECORD_NOT_FOUND
        try:
            record = read_record(read[0], self._profile)
        except Unreadable as fault:
            raise Permanent(fault.code, digest=talk.digest) from None
        wrong = (
            (record.superseded_by is not None, Code.SUPERSEDED),
            (record.restricted, Code.RESTRICTED),
            (record.deceased, Code.DECEASED),
        )
        return next((code for is_so, code in wrong if is_so), None)

    async def _prove(self, talk: Talk, release: FlagRelease, remote_id: str | None, before: Looks | None) -> FlagReport:
        """Proves what has been written. What stood before it could be compared is put aside for that."""
        try:
            if before is None:
                return await self._verify_without_before(talk, release, remote_id)
            return await self._verify(talk, release, remote_id, before)
        except Fault as fault:
            raise Unsure(fault.reason, digest=talk.digest) from None

    async def _verify_without_before(self, talk: Talk, release: FlagRelease, remote_id: str | None) -> FlagReport:
        """Ours stands already, so a look at the subject's side now is no "before": it is switched off, looked at, and switched on.

        Where it cannot be switched under its version it stays as it is, unproved, and is taken away.
        """
        found = await self._standing(talk, release, remote_id)
        if isinstance(found, FlagReport):
            return found
        if not await self._switch(talk, found.id, release, "inactive"):
            return _report(FlagFinding.NOT_HIDDEN_PROVABLY, found, Code.SUBJECT_VIEW_UNREADABLE)
        before = await self._side.look(talk, release.record_id)
        if before is None or not await self._switch(talk, found.id, release, "active"):
            return _report(FlagFinding.NOT_HIDDEN_PROVABLY, found, Code.SUBJECT_VIEW_UNREADABLE)
        return await self._verify(talk, release, found.id, before)

    async def _switch(self, talk: Talk, remote_id: str, release: FlagRelease, status: str) -> bool:
        """Whether ours has the status now, as it is read back; once more where somebody saved in between."""
        for _ in range(2):
            read = await self._server.read(talk, r4.Flag, remote_id)
            if read is None or not flags.is_ours(read[0], release.identifier, self._profile) or not _tag(*read):
                return False
            reply = await self._write_status(talk, *read, status)
            if reply.status in _TAKEN:
                again = await self._server.read(talk, r4.Flag, remote_id)
                return again is not None and again[0].status == status
            if reply.status not in _STALE:
                _final(reply, talk)
                return False
        return False

    async def _write(self, talk: Talk, release: FlagRelease) -> tuple[str | None, bool] | FlagReport:
        """The id that the server gave, and whether the Flag is new; or the refusal."""
        body = flags.build_flag(release.record_id, release.text, release.identifier, self._profile)
        condition = unless_there(self._profile.token(release.identifier)) if self._conditional else {}
        reply = await talk.write("POST", "Flag", {**_JSON, **condition}, body)
        if reply.status in (200, 201):
            return _id_given(reply), reply.status == 201
        if reply.status in _STALE:
            return None, False
        return FlagReport(FlagFinding.REFUSED, reason=_final(reply, talk))

    # ------------------------------------------------------------------------------------------------------------ check

    async def check(self, release: FlagCheckRelease) -> Reply[FlagReport]:
        """Reads it again: there, once, ours, unchanged, on the same record.

        Of the subject's side it only says that every output is still this record's and holds no words of the alert. It switches
        nothing off to compare, every night and on every record: a trace without words was looked for when the alert was placed.
        """
        talk = self._server.system.talk(release)
        return _reply(talk, await self._with_footing(talk, release, await self._verify(talk, release, release.remote_id, None)))

    async def _verify(self, talk: Talk, release: FlagRelease | FlagCheckRelease, remote_id: str | None, before: Looks | None) -> FlagReport:
        found = await self._standing(talk, release, remote_id)
        if isinstance(found, FlagReport):
            return found
        traces = (release.text, release.text[:24], release.identifier, found.id)
        hiding = await self._side.judge(talk, release.record_id, before, traces)
        if hiding is Hiding.SEEN:
            return _report(FlagFinding.SEEN_BY_SUBJECT, found, Code.SUBJECT_VIEW_CHANGED)
        if hiding is Hiding.UNPROVED:
            return _report(FlagFinding.NOT_HIDDEN_PROVABLY, found, Code.SUBJECT_VIEW_UNREADABLE)
        return _report(FlagFinding.PLACED, found)

    async def _standing(self, talk: Talk, release: FlagRelease | FlagCheckRelease, remote_id: str | None) -> r4.Flag | FlagReport:
        """Ours, once, on the right record and as it was written, both as a search and as a read by its id show it."""
        held = await self._found_again(talk, release.identifier, remote_id)
        if not held:
            return FlagReport(FlagFinding.NOT_THERE, remote_id, reason=Code.RECORD_NOT_FOUND)
        found = held[0]
        if len(held) > 1:
            return _report(FlagFinding.ALTERED, found, Code.SEVERAL_WITH_OUR_IDENTIFIER)
        if wrong := flags.compare(found, release.record_id, release.text, self._profile, self._server.system.base):
            return _report(wrong, found)
        read = await self._server.read(talk, r4.Flag, found.id)
        if read is None:
            raise Transient(Code.RECORD_CHANGED_MEANWHILE, digest=talk.digest)
        flag: r4.Flag = read[0]
        wrong = flags.compare(flag, release.record_id, release.text, self._profile, self._server.system.base)
        if wrong or not flags.holds_nothing_more(read[1].body, release.text, release.identifier, self._profile):
            return _report(wrong or FlagFinding.ALTERED, flag)
        return flag

    async def _found_again(self, talk: Talk, identifier: str, remote_id: str | None) -> list[r4.Flag]:
        """Ours, by identifier and by id, each once. Waits a little when there is none: it may only not be visible yet."""
        for wait in (*_PATIENCE_S, None):
            held = {flag.id: flag for flag in await self._ours(talk, identifier)}
            if remote_id and remote_id not in held and (read := await self._server.read(talk, r4.Flag, remote_id)):
                held |= {remote_id: read[0]} if flags.is_ours(read[0], identifier, self._profile) else {}
            if held or wait is None:
                return list(held.values())
            await self._sleep(wait)
        return []

    async def _ours(self, talk: Talk, identifier: str) -> list[r4.Flag]:
        """What a search for our identifier finds; a server that ignores the parameter must not make others' alerts ours."""
        pages = await self._server.search(talk, build_identifier_search("Flag", (self._profile.token(identifier),)))
        return [flag for flag in only(pages, r4.Flag) if flags.is_ours(flag, identifier, self._profile)]

    # -------------------------------------------------------------------------------------------------------------- end

    async def end(self, release: FlagRemovalRelease) -> Reply[FlagReport]:
        """Ends every alert that carries our identifier, and no other; what is not there needs no ending."""
        talk = self._server.system.talk(release)
        held = await self._found_again(talk, release.identifier, release.remote_id)
        if not held and release.remote_id and await self._server.read(talk, r4.Flag, release.remote_id):
            return _reply(talk, FlagReport(FlagFinding.ALTERED, release.remote_id, reason=Code.IDENTIFIER_NOT_OURS))
        report = FlagReport(FlagFinding.ENDED, release.remote_id, reason=Code.RECORD_NOT_FOUND)
        for flag in held:
            report = await self._end_one(talk, flag.id, release)
            if report.finding is not FlagFinding.ENDED:
                break
        return _reply(talk, report)

    async def _end_one(self, talk: Talk, remote_id: str, release: FlagRemovalRelease) -> FlagReport:
        """Reads, writes with If-Match, reads again; where somebody saved in between, once more from the start."""
        for _ in range(2):
            read = await self._server.read(talk, r4.Flag, remote_id)
            if read is None:
                return FlagReport(FlagFinding.ENDED, remote_id, reason=Code.RECORD_NOT_FOUND)
            flag, reply = read
            if not flags.is_ours(flag, release.identifier, self._profile):
                return _report(FlagFinding.ALTERED, flag, Code.IDENTIFIER_NOT_OURS)
            if _has_ended(flag, release):
                return _report(FlagFinding.ENDED, flag)
            told = await self._write_status(talk, flag, reply, flags.ended_status(error=release.error))
            if told.status in _TAKEN:
                return await self._confirm_end(talk, remote_id, release)
            if told.status not in _STALE:
                return _report(FlagFinding.REFUSED, flag, _final(told, talk))
        raise Transient(Code.RECORD_CHANGED_MEANWHILE, digest=talk.digest)

    async def _write_status(self, talk: Talk, flag: r4.Flag, read: HttpReply, status: str) -> HttpReply:
        """Writes what was read with another status, under the version that was read."""
        try:
            body = flags.with_status(read.body, status)
        except Unreadable as fault:
            raise Permanent(fault.code, digest=talk.digest) from None
        condition = {"If-Match": tag} if (tag := _tag(flag, read)) else {}
        return await talk.write("PUT", f"Flag/{flag.id}", {**_JSON, **condition}, body)

    async def _confirm_end(self, talk: Talk, remote_id: str, release: FlagRemovalRelease) -> FlagReport:
        try:
            read = await self._server.read(talk, r4.Flag, remote_id)
        except Fault as fault:
            raise Unsure(fault.reason, digest=talk.digest) from None
        if read is None or _has_ended(read[0], release):
            return _report(FlagFinding.ENDED, read[0]) if read else FlagReport(FlagFinding.ENDED, remote_id)
        return _report(FlagFinding.UNSURE, read[0], Code.RECORD_CHANGED_MEANWHILE)


def _has_ended(flag: r4.Flag, release: FlagRemovalRelease) -> bool:
    """A mistake stays on view as one: ``inactive`` is not enough to say that it should never have been there."""
    return flag.status == "entered-in-error" or (not release.error and flag.status == "inactive")


def _tag(flag: r4.Flag, read: HttpReply) -> str:
    """The version that was read, as If-Match names it; "" where the server tells none."""
    return read.headers.get("ETag") or (f'W/"{flag.meta.version_id}"' if flag.meta.version_id else "")


def _final(reply: HttpReply, talk: Talk) -> Code:
    """Why it was refused for good; raises where the server says that it will pass."""
    fault = refusal(reply, talk.digest)
    if isinstance(fault, Transient):
        raise fault
    return fault.reason


def _id_given(reply: HttpReply) -> str | None:
    """The new id, from the body or else from ``Location``; None where neither says."""
    try:
        told = r4.read_one(reply.body, r4.Flag)
    except Unreadable:
        told = None
    if isinstance(told, r4.Flag):
        return told.id
    return id_in(reply.headers.get("Location", ""), "Flag") or None


def _report(finding: FlagFinding, flag: r4.Flag, reason: str = "") -> FlagReport:
    return FlagReport(finding, flag.id, flag.meta.version_id or None, reason)


def _reply(talk: Talk, report: FlagReport) -> Reply[FlagReport]:
    return Reply(report, talk.digest)
