"""The audit, for auditors: everything recorded about one opaque id."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from gateway.policy.permissions import Act, check_can
from gateway.services import audit
from gateway.web.reader import Posting, Reading

router = APIRouter(include_in_schema=False)


@router.get("/audit")
def blank(reader: Reading) -> Response:
    """Ask for an id."""
    check_can(reader.actor, Act.VIEW_AUDIT)
    return reader.page("audit.html", thing="", events=None)


@router.post("/audit")
def about(reader: Posting, thing: Annotated[str, Form(max_length=100)]) -> Response:
    """Everything about it, oldest first. Searched by POST, so that the id stands in no address."""
    found = reader.do(lambda work: audit.about(work, reader.actor, thing.strip()))
    return reader.page("audit.html", thing=thing.strip(), events=found)
