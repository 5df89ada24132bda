"""The inventory of addresses: what stands in a path or a query is opaque, and says nothing about anybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Mount

from gateway.api.app import build_api
from gateway.api.auth import TokenChecker
from gateway.bootstrap import Gateway
from gateway.web.app import build_web
from gateway.web.sign_in import OidcSettings

IN_PATHS = {
    "list_id", "case_id", "subject_id", "lookup_id", "flag_id", "action_id", "task_id", "message_id", "agency", "agency_id", "lane", "thing",
    "kind", "path", "digest",
}  # fmt: skip
"""Opaque ids, ids of agencies, names of lanes and of blank files."""
IN_QUERIES = {"agency", "kind", "layout", "done", "thing", "lane", "show", "page", "reason", "state"}
"""Words from closed lists; ``thing`` is an opaque id."""


class NoSessions:
    """Nobody is signed in."""

    def begin(self, session: object) -> str:
        raise NotImplementedError

    def find(self, cookie: str, now: object) -> None:
        return None

    def end(self, cookie: str) -> None:
        return None


def routes_of(app: Any) -> Iterator[APIRoute]:
    for route in app.routes:
        if isinstance(route, APIRoute):
            yield route
        elif isinstance(route, Mount):
            yield from routes_of(route)
        elif hasattr(route, "original_router"):  # how FastAPI keeps a router that was included
            yield from routes_of(route.original_router)


@pytest.fixture
def inventory(gateway: Gateway) -> list[APIRoute]:
    oidc = OidcSettings("https://id.example", "client", "secret", "https://cases.example")
    web = build_web(gateway, oidc, NoSessions(), "x" * 32)
    api = build_api(gateway, TokenChecker("https://id.example", "audience", dict))
    return [*routes_of(web), *routes_of(api)]


def test_paths_hold_opaque_ids_and_nothing_else(inventory: list[APIRoute]) -> None:
    assert len(inventory) > 40
    for route in inventory:
        assert {param.name for param in route.dependant.path_params} <= IN_PATHS, route.path


def test_queries_hold_words_from_closed_lists(inventory: list[APIRoute]) -> None:
    for route in inventory:
        names = {param.name for dependant in (route.dependant, *route.dependant.dependencies) for param in dependant.query_params}
        assert names <= IN_QUERIES, f"{route.path}: {names - IN_QUERIES}"


def test_what_changes_something_is_never_a_get(inventory: list[APIRoute]) -> None:
    for route in inventory:
        if "GET" in route.methods:
            assert route.methods <= {"GET", "HEAD"}, route.path
            assert route.body_field is None, route.path


def test_titles_and_paths_are_neutral(inventory: list[APIRoute]) -> None:
    """An address stands in histories, bookmarks and on shared screens."""
    for route in inventory:
        assert not any(word in route.path.lower() for word in ("marac", "victim", "perpetrator", "abuse", "domestic", "risk")), route.path
