"""Pages of a search: what was found is kept, and the link to the rest is a number that says nothing."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.stubs.fhir_trust.oauth import Caller
from contracts.stubs.fhir_trust.wire import Refusal, Resource, searchset

_KEPT = 1000
_LARGEST = 100
Render = Callable[[Any], list[Resource]]
"""A found thing as entries: itself, then what is included with it."""


@dataclass(frozen=True, slots=True)
class _Search:
    caller: Caller
    path: str
    found: Sequence[Any]
    render: Render
    count: int


class Pages:
    """Searches that have more pages, the latest thousand of them."""

    def __init__(self) -> None:
        self._searches: dict[str, _Search] = {}
        self._secret = secrets.token_bytes(16)

    def first(self, base: str, caller: Caller, path: str, found: Sequence[Any], render: Render, asked: dict[str, str]) -> Resource:
        """The first page; ``asked`` holds _count and _summary as they came."""
        count = count_of(asked.get("_count"))
        if count == 0 or asked.get("_summary") == "count":
            return searchset((), len(found), {"self": f"{base}/{path}"})
        return self._page(base, _Search(caller, path, found, render, count), 0, "")

    def next(self, base: str, caller: Caller, path: str, link: str) -> Resource:
        """A further page, for the caller who began the search; 404 for anybody else's and for one that is forgotten."""
        token, _, offset = link.partition(".")
        search = self._searches.get(token)
        if search is None or search.path != path or (search.caller.kind, search.caller.id) != (caller.kind, caller.id):
            raise Refusal(404, "not-found", "PAGE_GONE")
        if not offset.isdigit():
            raise Refusal(404, "not-found", "PAGE_GONE")
        return self._page(base, search, int(offset), token)

    def _page(self, base: str, search: _Search, offset: int, token: str) -> Resource:
        links = {"self": f"{base}/{search.path}" + (f"?_page={token}.{offset}" if token else "")}
        rest = offset + search.count
        if rest < len(search.found):
            links["next"] = f"{base}/{search.path}?_page={token or self._keep(search)}.{rest}"
        entries = [entry for thing in search.found[offset:rest] for entry in search.render(thing)]
        return searchset(entries, len(search.found), links)

    def _keep(self, search: _Search) -> str:
        """The same search by the same caller has the same link for as long as the server runs, so that pages can be compared."""
        names = [str(thing["id"]) if isinstance(thing, dict) else str(thing.local_id) for thing in search.found]
        told = "|".join((search.caller.kind, search.caller.id, search.path, str(search.count), *names))
        token = hmac.new(self._secret, told.encode(), hashlib.sha256).hexdigest()[:20]
        self._searches.pop(token, None)
        self._searches[token] = search
        while len(self._searches) > _KEPT:
            self._searches.pop(next(iter(self._searches)))
        return token


def count_of(text: str | None) -> int:
    """``_count`` as a number, 20 by default and at most 100; 400 for anything else."""
    if text is None:
        return 20
    if not text.isdigit():
        raise Refusal(400, "value", "COUNT_FORM")
    return min(int(text), _LARGEST)
