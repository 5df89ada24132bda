"""Where agencies' systems report that a work item ended: signed, repeated, in any order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from gateway.api.problems import problem
from gateway.domain.identifiers import AgencyId

router = APIRouter(tags=["callbacks"])

MAX_BODY = 64 * 1024


@router.post("/callbacks/{agency}", status_code=204, responses={401: {"description": "Unknown agency, or the signature is not good."}})
async def completed(
    request: Request, agency: Annotated[str, Path(max_length=100)], x_signature: Annotated[str, Header(max_length=300)] = ""
) -> Response:
    """Take one notice. 204 means that it is kept for good; anything else means: send it again. Repeats change nothing.

    ``X-Signature: t=<unix time>,v1=<hex HMAC-SHA-256 of "<t>.<body>">`` with the secret agreed with the agency.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            return problem(413, "CONTENT_TOO_LARGE", "The notice is too large")
    taken = await run_in_threadpool(request.app.state.gateway.take_callback, AgencyId(agency), body, x_signature)
    return Response(status_code=204) if taken else problem(401, "UNAUTHORIZED", "Unauthorized")
