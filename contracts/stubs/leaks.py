"""Faults that a test may switch on in a stub, each as real systems have them: something that staff alone should see shows elsewhere.

``PUT /__staff/leaks`` ``{"leaks": [names]}`` makes exactly these leak from now on; ``GET /__leaks`` names those that the stub knows. Honest by default.
"""

from collections.abc import Iterable
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


class Leak(StrEnum):
    """What shows, and where."""

    LABELS_IGNORED = "labels-ignored"
    """The subject's own view shows what is labelled as hidden from them."""
    COUNT_BEFORE_FILTER = "count-before-filter"
    """A total counts what is then left out."""
    PAGING_UNFILTERED = "paging-unfiltered"
    """The first page leaves out what is hidden, the next does not."""
    HISTORY = "history"
    """Earlier versions and ended entries are not filtered."""
    REVINCLUDE = "revinclude"
    """What is found together with the record is not filtered."""
    NARRATIVE = "narrative"
    """The record's human-readable text is made from everything on it."""
    LETTERS_MERGE_ALERTS = "letters-merge-alerts"
    """Letter templates fill in every active alert."""
    ADT_REBROADCAST = "adt-rebroadcast"
    """A change on the record is sent to every subscriber of the feed."""
    ACCESS_LOG_REASON = "access-log-reason"
    """The log that the subject reads says that an alert was put, or why."""
    CODE_LABELS = "code-labels"
    """A hidden code shows under its friendly label."""
    TENANCY_SCOPE = "tenancy-scope"
    """An alert on a person shows to everybody of the home."""
    FLAGGED_NOTICE = "flagged-notice"
    """The subject is told that something was added."""
    PROXY_VIEW = "proxy-view"
    KIOSK = "kiosk"
    SUBJECT_ACCESS_PACK = "subject-access-pack"
    RECORD_TRANSFER = "record-transfer"
    SUBSCRIPTION = "subscription"
    """An application that listens is told that something happened."""
    BULK_EXPORT = "bulk-export"
    ENTITY_TAGS = "entity-tags"
    """The record's version and time of change move when an alert is put."""
    SUMMARY_COUNT = "summary-count"
    """``_summary=count`` counts what is hidden."""


class Leaks(set[str]):
    """The leaks that are on in one stub; ``known`` are those it has."""

    def __init__(self, known: Iterable[Leak]) -> None:
        super().__init__()
        self.known = tuple(known)

    def routes(self) -> list[Route]:
        """The switch."""
        return [Route("/__leaks", self._names), Route("/__staff/leaks", self._set, methods=["PUT"])]

    async def _names(self, _request: Request) -> Response:
        return JSONResponse(list(self.known))

    async def _set(self, request: Request) -> Response:
        wanted = set((await request.json())["leaks"])
        if not wanted <= set(self.known):
            return JSONResponse({"changed": False}, 422)
        self.clear()
        self.update(wanted)
        return JSONResponse({"changed": True})
