"""Need-to-know markers at a police records system: put, read back and compared, looked for where the subject can see, ended."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.faults import Fault, Permanent, Transient, Unsure
from adapters.http import HttpReply, Talk
from adapters.police.subject_side import Looks, SubjectSide, finding
from adapters.records import JSON, READ
from gateway.domain.error_codes import Code
from gateway.domain.receipts import FlagFinding, FlagReport
from gateway.domain.releases import FlagCheckRelease, FlagRelease, FlagRemovalRelease
from mappings import strict_json
from mappings.police.markers import REFERENCE, Marker, build_end, build_marker, can_hide, etag, is_unchanged, read_markers
from mappings.police.persons import RECORD_ID

_REFUSALS: Mapping[int, Code] = {
    301: Code.SUPERSEDED,
    403: Code.RECORD_PROTECTED,
    404: Code.RECORD_NOT_FOUND,
    405: Code.SYSTEM_CANNOT_HIDE,
    422: Code.FIELD_TOO_SHORT,
}


class Markers:
    """The markers of one system, in one conversation."""

    def __init__(self, talk: Talk, subject_side: SubjectSide) -> None:
        self._talk, self._subject_side = talk, subject_side

    async def place(self, release: FlagRelease) -> FlagReport:
        """Put our marker and prove that it stands on the right record, word for word, and is seen by nobody outside.

        Nothing is written unless the installation offers need-to-know markers long enough, and every subject-facing output can be read.
        """
        place = _path(release.record_id, release.identifier)
        await self._check_offered(release)
        before = await self._subject_side.look(self._talk, release.record_id)
        if before is None:
            raise Permanent(Code.SYSTEM_CANNOT_HIDE, digest=self._talk.digest)
        reply = await self._talk.write("POST", place, JSON, build_marker(release))
        if reply.status not in (200, 201, 409):
            return FlagReport(FlagFinding.REFUSED, reason=_REFUSALS.get(reply.status, Code.AGENCY_REFUSED))
        try:
            report = await self.check(release, before)
        except Fault as fault:
            # It has been written; what cannot be read now must not pass for "no effect".
            raise Unsure(fault.reason, digest=self._talk.digest) from None
        if reply.status == 409 and report.finding is FlagFinding.NOT_THERE:
            return FlagReport(FlagFinding.WRONG_RECORD, reason=Code.FLAG_WRONG_RECORD)
        return report

    async def check(self, release: FlagRelease | FlagCheckRelease, before: Looks | None = None) -> FlagReport:
        """Read our marker back and compare; then look where the subject can see."""
        reply = await self._talk.ask("GET", _path(release.record_id, release.identifier), READ)
        if reply.status != 200:
            return _unread(reply)
        ours = [marker for marker in self._read(reply) if marker.reference == release.identifier]
        if not ours:
            return FlagReport(FlagFinding.NOT_THERE, reason=Code.FLAG_NOT_THERE)
        if len(ours) > 1:
            return FlagReport(FlagFinding.ALTERED, reason=Code.SEVERAL_WITH_OUR_IDENTIFIER)
        [marker] = ours
        found, reason = await self._judge(marker, release, before)
        return FlagReport(found, marker.marker_id, str(marker.version), reason)

    async def end(self, release: FlagRemovalRelease) -> FlagReport:
        """End our marker, and only ours, under the version that was read; once more when somebody saved it meanwhile."""
        for _ in range(2):
            reply = await self._talk.ask("GET", _path(release.record_id, release.identifier), READ)
            if reply.status != 200:
                return _unread(reply)
            ours = [marker for marker in self._read(reply) if marker.reference == release.identifier]
            live = [marker for marker in ours if marker.status == "live"]
            if not live:
                return _gone(ours)
            ended = await self._end(live[0], release)
            if ended.status not in (200, 412):
                return FlagReport(FlagFinding.REFUSED, live[0].marker_id, reason=_REFUSALS.get(ended.status, Code.AGENCY_REFUSED))
            if ended.status == 200 and len(live) == 1:
                return await self._read_end(release)
        raise Transient(Code.RECORD_CHANGED_MEANWHILE, digest=self._talk.digest)

    async def _end(self, marker: Marker, release: FlagRemovalRelease) -> HttpReply:
        if not REFERENCE.fullmatch(marker.marker_id):
            raise Permanent(Code.REPLY_UNEXPECTED, digest=self._talk.digest)
        place = f"{_path(release.record_id, release.identifier)}/{marker.marker_id}"
        return await self._talk.write("PUT", place, {**JSON, "If-Match": etag(marker)}, build_end(marker))

    async def _read_end(self, release: FlagRemovalRelease) -> FlagReport:
        """Read back that none of ours is live."""
        try:
            reply = await self._talk.ask("GET", _path(release.record_id, release.identifier), READ)
            ours = [m for m in self._read(reply) if m.reference == release.identifier] if reply.status == 200 else []
        except Fault as fault:
            raise Unsure(fault.reason, digest=self._talk.digest) from None
        if any(marker.status == "live" for marker in ours):
            raise Unsure(Code.RECORD_CHANGED_MEANWHILE, digest=self._talk.digest)
        return _gone(ours)

    async def _check_offered(self, release: FlagRelease) -> None:
        reply = await self._talk.ask("GET", "v1/capabilities", READ)
        try:
            longest = can_hide(reply.body) if reply.status == 200 else 0
        except strict_json.Unreadable:
            longest = 0
        if not longest:
            raise Permanent(Code.SYSTEM_CANNOT_HIDE, digest=self._talk.digest)
        if len(release.text) > longest:
            raise Permanent(Code.FIELD_TOO_SHORT, digest=self._talk.digest)

    async def _judge(self, marker: Marker, release: FlagRelease | FlagCheckRelease, before: Looks | None) -> tuple[FlagFinding, str]:
        if marker.nominal_id != release.record_id:
            return FlagFinding.WRONG_RECORD, Code.FLAG_WRONG_RECORD
        if not is_unchanged(marker, release):
            return FlagFinding.ALTERED, Code.FLAG_ALTERED
        after = await self._subject_side.look(self._talk, release.record_id)
        against = finding(before, after, (release.text, release.identifier))
        if against is FlagFinding.SEEN_BY_SUBJECT:
            return against, Code.FLAG_SEEN_BY_SUBJECT
        return (against, Code.FLAG_NOT_HIDDEN_PROVABLY) if against else (FlagFinding.PLACED, "")

    def _read(self, reply: HttpReply) -> tuple[Marker, ...]:
        try:
            return read_markers(reply.body)
        except strict_json.Unreadable as fault:
            raise Transient(fault.code, digest=self._talk.digest) from None


def _path(record_id: str, identifier: str) -> str:
    """Where the markers of a record are. Raises ``Permanent`` when a number or our identifier cannot stand where it must."""
    if not RECORD_ID.fullmatch(record_id) or not REFERENCE.fullmatch(identifier):
        raise Permanent(Code.AGENCY_REFUSED)
    return f"v1/persons/{record_id}/markers"


def _unread(reply: HttpReply) -> FlagReport:
    """The markers of the record are not shown to us: whether ours is there is not known."""
    return FlagReport(FlagFinding.UNSURE, reason=_REFUSALS.get(reply.status, Code.AGENCY_REFUSED))


def _gone(ours: list[Marker]) -> FlagReport:
    if not ours:
        return FlagReport(FlagFinding.NOT_THERE, reason=Code.FLAG_NOT_THERE)
    return FlagReport(FlagFinding.ENDED, ours[0].marker_id, str(ours[0].version))
