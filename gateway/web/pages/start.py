"""The first page, and help."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from gateway.web.reader import Reading, menu_for, signed_in
from gateway.web.rendering import page

router = APIRouter(include_in_schema=False)

@router.get("/")
def start(request: Request) -> Response:
    """The first page that the reader may open; for anybody else the same page with a way to sign in."""
    session = signed_in(request)
    if session is None:
        return page("welcome.html", None)
    menu = menu_for(session)
    return RedirectResponse(menu[0].href if menu else "/help", status_code=303)


@router.get("/help")
def how_to(reader: Reading) -> Response:
    """What each part of the gateway is for, in the reader's role."""
    return reader.page("help.html")
