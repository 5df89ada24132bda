"""Work items: asked for under the caller's own reference, done by the agency's people, told back by list, read and notice."""

import base64
import binascii
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from contracts.stubs.ledger import Ledger
from contracts.stubs.rest.bodies import Record, now, plain
from contracts.stubs.rest.notices import Notices, new_delivery_id
from contracts.stubs.rest.problems import Problem

Text = Annotated[str, Meta(min_length=1, max_length=4000)]
OutcomeCode = Literal["completed", "not-possible", "not-done"]


class NewWorkItem(Record, frozen=True):
    """What the caller asks for."""

    text: Text
    due_on: date
    kind: Literal["action", "record-alert"] = "action"
    owner: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    subject: dict[str, str] | UnsetType = UNSET
    withdrawn: bool = False


class Outcome(Record, frozen=True):
    """How the agency's person finished it."""

    code: OutcomeCode
    detail: Annotated[str, Meta(max_length=4000)] = ""
    finished_at: str = ""
    finished_by: str | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Wording:
    """How one agency's interface names things."""

    noun: str
    """Property of a notice: ``workItem`` or ``task``."""
    event: str
    """Stem of event names: ``work-item`` or ``task``."""
    subject_key: str
    """Property of ``subject``."""
    stale: int
    """Status for an If-Match that is not the current version: 412, or 409."""


@dataclass(slots=True)
class Item:
    """One work item as it stands."""

    reference: str
    asked: NewWorkItem
    created_at: str
    updated_at: str
    sequence: int
    """Place in the order of changes."""
    version: int = 1
    status: str = "open"
    outcome: Outcome | None = None

    @property
    def subject(self) -> str:
        """The record it is about; '' for none."""
        return next(iter((self.asked.subject or {}).values()), "")

    def shown(self) -> dict[str, object]:
        """As the interface writes it."""
        asked = {"kind": "action", "withdrawn": False} | plain(self.asked)
        shown = asked | {
            "reference": self.reference, "status": self.status, "version": self.version, "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        }  # fmt: skip
        if self.outcome:
            shown["outcome"] = plain(self.outcome) | {"detail": self.outcome.detail}
        return shown


class WorkItems:
    """The agency's work items that came by this interface."""

    def __init__(self, wording: Wording, ledger: Ledger, notices: Notices, known: Callable[[str], bool]) -> None:
        """``known``: whether a record with this local id is held here."""
        self.wording, self._ledger, self._notices, self._known = wording, ledger, notices, known
        self._items: dict[str, Item] = {}
        self._changes = itertools.count(1)

    def get(self, reference: str) -> Item:
        """The item. Raises Problem 404."""
        if reference not in self._items:
            raise Problem(404, "not-found")
        return self._items[reference]

    def put(self, reference: str, asked: NewWorkItem, if_match: str | None) -> tuple[Item, bool]:
        """Create, repeat or (under If-Match) replace; whether it was created. Raises Problem 404, 409, 412 or 422."""
        self._check_subject(asked)
        item = self._items.get(reference)
        if item is None:
            return self._create(reference, asked), True
        if item.asked != asked:
            self._replace(item, asked, if_match)
        return item, False

    def accept(self, reference: str) -> Item:
        """Somebody of the agency takes it on."""
        item = self.get(reference)
        if item.status == "finished":
            raise Problem(409, "already-finished")
        item.status = "accepted"
        self._changed(item, "accept")
        return item

    def finish(self, reference: str, outcome: Outcome) -> Item:
        """Somebody of the agency finishes it. A second time replaces the outcome, as a correction does."""
        item = self.get(reference)
        item.status = "finished"
        item.outcome = msgspec.structs.replace(outcome, finished_at=outcome.finished_at or now())
        self._changed(item, "finish")
        return item

    def tell(self, item: Item, manner: str = "") -> None:
        """Send the notice of the item's latest change."""
        event = f"{self.wording.event}.{item.status}"
        body: dict[str, object] = {"deliveryId": new_delivery_id(), "event": event, "sentAt": now(), self.wording.noun: item.shown()}
        self._notices.tell(item.reference, body, manner)

    def page(self, since: str | None, cursor: str | None, limit: int) -> tuple[list[Item], str | None]:
        """Items in the order of their latest change, and the cursor of the next page. Raises Problem 400."""
        after = _read_cursor(cursor)
        wanted = [item for item in self._items.values() if item.sequence > after and _not_before(item.updated_at, since)]
        wanted.sort(key=lambda item: item.sequence)
        page = wanted[:limit]
        return page, _cursor(page[-1].sequence) if len(wanted) > limit else None

    def _check_subject(self, asked: NewWorkItem) -> None:
        if isinstance(asked.subject, UnsetType):
            return
        if list(asked.subject) != [self.wording.subject_key]:
            raise Problem(422, "invalid-request", "/subject")
        if not self._known(asked.subject[self.wording.subject_key]):
            raise Problem(404, "subject-not-found", f"/subject/{self.wording.subject_key}")

    def _create(self, reference: str, asked: NewWorkItem) -> Item:
        at = now()
        item = Item(reference, asked, at, at, next(self._changes))
        self._items[reference] = item
        self._record("create", item)
        return item

    def _replace(self, item: Item, asked: NewWorkItem, if_match: str | None) -> None:
        if if_match is None:
            raise Problem(409, "reference-in-use")
        if if_match != f'"{item.version}"':
            raise Problem(self.wording.stale, "version-mismatch")
        if item.status == "finished":
            raise Problem(409, "already-finished")
        item.asked = asked
        self._changed(item, "replace")

    def _changed(self, item: Item, deed: str) -> None:
        item.version += 1
        item.updated_at, item.sequence = now(), next(self._changes)
        self._record(deed, item)

    def _record(self, deed: str, item: Item) -> None:
        content = msgspec.json.encode(item.outcome if deed == "finish" else item.asked)
        self._ledger.record(f"{self.wording.event}.{deed}", item.reference, item.subject, content)


def _cursor(sequence: int) -> str:
    return base64.urlsafe_b64encode(b"after:%d" % sequence).decode()


def _read_cursor(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(cursor).partition(b":")
        if word == b"after":
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise Problem(400, "invalid-request")


def _not_before(updated_at: str, since: str | None) -> bool:
    if since is None:
        return True
    try:
        return datetime.fromisoformat(updated_at) >= datetime.fromisoformat(since.replace(" ", "+"))
    except (ValueError, TypeError):
        raise Problem(400, "invalid-request") from None
