"""Restricted notes on a person, which only named staff see: where the association's own people would put an alert by hand.

There is no way to write one from outside; the test controls stand for the person at the screen.
"""

from collections import defaultdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contracts.stubs.leaks import Leak, Leaks
from contracts.stubs.people import AgencyPerson

LEAKS = (
    Leak.LABELS_IGNORED, Leak.TENANCY_SCOPE, Leak.LETTERS_MERGE_ALERTS, Leak.FLAGGED_NOTICE, Leak.SUBJECT_ACCESS_PACK, Leak.RECORD_TRANSFER,
    Leak.COUNT_BEFORE_FILTER, Leak.BULK_EXPORT,
)  # fmt: skip


class Notes:
    """All notes, and the leaks through which they show."""

    def __init__(self) -> None:
        self.leaks = Leaks(LEAKS)
        self._of: defaultdict[str, list[str]] = defaultdict(list)

    def shown(self, person: AgencyPerson, leak: Leak) -> list[str]:
        """What an output shows of a person's notes: nothing, unless it leaks."""
        return list(self._of[person.local_id]) if leak in self.leaks else []

    def routes(self) -> list[Route]:
        """``POST /__staff/notes`` ``{"localId", "text"}``, ``GET`` and ``DELETE /__staff/notes/{local id}``."""
        one = "/__staff/notes/{local_id}"
        return [Route("/__staff/notes", self._add, methods=["POST"]), Route(one, self._read), Route(one, self._clear, methods=["DELETE"])]

    async def _add(self, request: Request) -> Response:
        told = await request.json()
        self._of[told["localId"]].append(told["text"])
        return JSONResponse({"changed": True})

    async def _read(self, request: Request) -> Response:
        return JSONResponse({"person": request.path_params["local_id"], "notes": self._of[request.path_params["local_id"]]})

    async def _clear(self, request: Request) -> Response:
        self._of.pop(request.path_params["local_id"], None)
        return JSONResponse({"changed": True})
