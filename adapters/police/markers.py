"""Need-to-know markers at a police records system: put, read back and compared, looked for where the subject can see, ended."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.faults import Fault, Permanent, Transient, Unsure
from adapters.http import HttpReply, Talk
from adapters.records import JSON, READ
from adapters.subject_side import Hiding, Looks, SubjectSide, is_persons_number
from gateway.domain.error_codes import Code
from gateway.domain.receipts import FlagFinding, FlagReport
from gateway.domain.releases import FlagCheckRelease, FlagRelease, FlagRemovalRelease
from mappings import strict_json
from mappings.police.markers import REFERENCE, Marker, build_end, build_live, build_marker, can_hide, etag, is_unchanged, read_markers
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
            report = await (self.check(release, before) if reply.status == 201 else self._check_without_before(release))
        except Fault as fault:
            # It has been written; what cannot be read now must not pass for "no effect".
            raise Unsure(fault.reason, digest=self._talk.digest) from None
        if reply.status == 409 and report.finding is FlagFinding.NOT_THERE:
            return FlagReport(FlagFinding.WRONG_RECORD, reason=Code.FLAG_WRONG_RECORD)
        return report

    async def _check_without_before(self, release: FlagRelease) -> FlagReport:
        """Ours stood already, so the look taken now is no "before": it is ended, looked at, and made live again."""
        stands = await self._standing(release)
        if isinstance(stands, FlagReport):
            return stands
        unproved = FlagReport(FlagFinding.NOT_HIDDEN_PROVABLY, stands.marker_id, str(stands.version), Code.FLAG_NOT_HIDDEN_PROVABLY)
        ended = await self._replaced(release, stands, build_end(stands), "ended")
        before = await self._subject_side.look(self._talk, release.record_id) if ended else None
        if ended is None or before is None:
            return unproved
        live = await self._replaced(release, ended, build_live(ended), "live")
        return await self.check(release, before) if live else unproved

    async def _replaced(self, release: FlagRelease, marker: Marker, become: bytes, status: str) -> Marker | None:
        """The marker as it is read back with the status; None where it was not taken."""
        if (await self._replace(marker, release.record_id, release.identifier, become)).status != 200:
            return None
        reply = await self._talk.ask("GET", _path(release.record_id, release.identifier), READ)
        held = self._read(reply) if reply.status == 200 else ()
        return next((m for m in held if m.marker_id == marker.marker_id and m.status == status), None)

    async def check(self, release: FlagRelease | FlagCheckRelease, before: Looks | None = None) -> FlagReport:
        """Read our marker back and compare; then look where the subject can see.

        Without "before" (the check of every night) that is only for words of ours, and for outputs that are no longer the record's: no
        marker is ended and made live again to compare. A trace without words was looked for when the marker was put.
        """
        stands = await self._standing(release)
        if isinstance(stands, FlagReport):
            return stands
        found, reason = await self._judge(release, before)
        return FlagReport(found, stands.marker_id, str(stands.version), reason)

    async def _standing(self, release: FlagRelease | FlagCheckRelease) -> Marker | FlagReport:
        """Ours, once, on the right record and as it was put."""
        reply = await self._talk.ask("GET", _path(release.record_id, release.identifier), READ)
        if reply.status != 200:
            return _unread(reply)
        ours = [marker for marker in self._read(reply) if marker.reference == release.identifier]
        if not ours:
            return FlagReport(FlagFinding.NOT_THERE, reason=Code.FLAG_NOT_THERE)
        if len(ours) > 1:
            return FlagReport(FlagFinding.ALTERED, reason=Code.SEVERAL_WITH_OUR_IDENTIFIER)
        [marker] = ours
        if marker.nominal_id != release.record_id:
            return FlagReport(FlagFinding.WRONG_RECORD, marker.marker_id, str(marker.version), Code.FLAG_WRONG_RECORD)
        if not is_unchanged(marker, release):
            return FlagReport(FlagFinding.ALTERED, marker.marker_id, str(marker.version), Code.FLAG_ALTERED)
        return marker

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
            ended = await self._replace(live[0], release.record_id, release.identifier, build_end(live[0]))
            if ended.status not in (200, 412):
                return FlagReport(FlagFinding.REFUSED, live[0].marker_id, reason=_REFUSALS.get(ended.status, Code.AGENCY_REFUSED))
            if ended.status == 200 and len(live) == 1:
                return await self._read_end(release)
        raise Transient(Code.RECORD_CHANGED_MEANWHILE, digest=self._talk.digest)

    async def _replace(self, marker: Marker, record_id: str, identifier: str, become: bytes) -> HttpReply:
        """Under the version that was read."""
        if not REFERENCE.fullmatch(marker.marker_id):
            raise Permanent(Code.REPLY_UNEXPECTED, digest=self._talk.digest)
        place = f"{_path(record_id, identifier)}/{marker.marker_id}"
        return await self._talk.write("PUT", place, {**JSON, "If-Match": etag(marker)}, become)

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

    async def _judge(self, release: FlagRelease | FlagCheckRelease, before: Looks | None) -> tuple[FlagFinding, str]:
        hiding = await self._subject_side.judge(self._talk, release.record_id, before, (release.text, release.identifier))
        if hiding is Hiding.SEEN:
            return FlagFinding.SEEN_BY_SUBJECT, Code.FLAG_SEEN_BY_SUBJECT
        if hiding is Hiding.UNPROVED:
            return FlagFinding.NOT_HIDDEN_PROVABLY, Code.FLAG_NOT_HIDDEN_PROVABLY
        return FlagFinding.PLACED, ""

    def _read(self, reply: HttpReply) -> tuple[Marker, ...]:
        try:
            return read_markers(reply.body)
        except strict_json.Unreadable as fault:
            raise Transient(fault.code, digest=self._talk.digest) from None


def _path(record_id: str, identifier: str) -> str:
    """Where the markers of a record are. Raises ``Permanent`` when a number or our identifier cannot stand where it must."""
    if not RECORD_ID.fullmatch(record_id) or not REFERENCE.fullmatch(identifier) or is_persons_number(record_id):
        raise Permanent(Code.AGENCY_REFUSED)
    return f"v1/persons/{record_id}/markers"


def _unread(reply: HttpReply) -> FlagReport:
    """The markers of the record are not shown to us: whether ours is there is not known."""
    return FlagReport(FlagFinding.UNSURE, reason=_REFUSALS.get(reply.status, Code.AGENCY_REFUSED))


def _gone(ours: list[Marker]) -> FlagReport:
    if not ours:
        return FlagReport(FlagFinding.NOT_THERE, reason=Code.FLAG_NOT_THERE)
    return FlagReport(FlagFinding.ENDED, ours[0].marker_id, str(ours[0].version))
