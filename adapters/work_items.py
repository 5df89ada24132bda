"""Actions as work in an agency's own system: put under our reference, and asked about by list and by reference."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from adapters.connectors import Reply
from adapters.faults import Permanent, Transient, Unsure
from adapters.http import HttpReply, HttpSystem, Talk
from adapters.records import JSON, READ
from gateway.domain.error_codes import Code
from gateway.domain.receipts import PollReport, WorkItemReport
from gateway.domain.releases import ActionRelease, PollRelease
from mappings import strict_json
from mappings.work_items import (
    PAGE_LIMIT,
    REFERENCE,
    REFUSALS,
    WorkItem,
    build_item,
    completions,
    is_ours,
    read_item,
    read_page,
    since,
)

MOST_PAGES = 50
"""Of one poll; whatever stands further back is found by its reference."""


class WorkItems:
    """The work items of one system under one path (``v1/work-items``, ``api/v1/tasks``)."""

    def __init__(self, system: HttpSystem, path: str) -> None:
        self._system = system
        self._path = path

    async def send(self, release: ActionRelease) -> Reply[WorkItemReport]:
        """Put the item. The same reference with the same content changes nothing, so a second attempt needs no look first."""
        talk = self._system.talk(release)
        if not REFERENCE.fullmatch(release.reference):
            raise Permanent(Code.AGENCY_REFUSED)
        reply = await talk.write("PUT", f"{self._path}/{release.reference}", JSON, build_item(release))
        if reply.status not in (200, 201):
            return Reply(WorkItemReport(False, reason=REFUSALS.get(reply.status, Code.AGENCY_REFUSED)), talk.digest)
        if not is_ours(_item(reply, talk), release):
            raise Unsure(Code.REPLY_OTHER_RECORD, digest=talk.digest)
        return Reply(WorkItemReport(True, release.reference), talk.digest)

    async def poll(self, release: PollRelease) -> Reply[PollReport]:
        """Everything that changed since the moment asked for, and each item asked about that was not among it."""
        talk = self._system.talk(release)
        items = await self._changed(talk, release.since)
        for reference in release.references:
            if reference not in items and REFERENCE.fullmatch(reference) and (item := await self._one(talk, reference)):
                items[reference] = item
        present = frozenset(reference for reference in release.references if reference in items)
        return Reply(PollReport(completions(items.values(), "poll"), present), talk.digest)

    async def _changed(self, talk: Talk, moment: datetime | None) -> dict[str, WorkItem]:
        items: dict[str, WorkItem] = {}
        query = {"limit": str(PAGE_LIMIT)} | ({"updatedSince": since(moment)} if moment else {})
        for _ in range(MOST_PAGES):
            reply = await talk.ask("GET", f"{self._path}?{urlencode(query)}", READ)
            if reply.status != 200:
                raise Permanent(Code.AGENCY_REFUSED, digest=talk.digest)
            try:
                page = read_page(reply.body)
            except strict_json.Unreadable as fault:
                raise Transient(fault.code, digest=talk.digest) from None
            items |= {item.reference: item for item in page.items}
            if page.cursor is None:
                break
            query["cursor"] = page.cursor
        return items

    async def _one(self, talk: Talk, reference: str) -> WorkItem | None:
        """The item, or None when the system has none of this reference."""
        reply = await talk.ask("GET", f"{self._path}/{reference}", READ)
        if reply.status in (404, 410):
            return None
        if reply.status != 200:
            raise Permanent(Code.AGENCY_REFUSED, digest=talk.digest)
        try:
            item = read_item(reply.body)
        except strict_json.Unreadable as fault:
            raise Transient(fault.code, digest=talk.digest) from None
        if item.reference != reference:
            raise Transient(Code.REPLY_OTHER_RECORD, digest=talk.digest)
        return item


def _item(reply: HttpReply, talk: Talk) -> WorkItem:
    """What the system says that it took. What cannot be read may have had its effect all the same."""
    try:
        return read_item(reply.body)
    except strict_json.Unreadable as fault:
        raise Unsure(fault.code, digest=talk.digest) from None
