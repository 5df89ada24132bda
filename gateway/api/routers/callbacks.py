"""Where agencies' systems report that a work item ended: signed, repeated, in any order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from gateway.api.schemas import ProblemOut
from gateway.domain.identifiers import AgencyId

router = APIRouter(tags=["callbacks"])

MOST_BYTES = 64 * 1024


@router.post(
    "/callbacks/{agency}", status_code=204,
    responses={401: {"model": ProblemOut, "description": "Unknown agency, or the notice is not genuine."}, 413: {"model": ProblemOut}},
)  # fmt: skip
async def completed(
    request: Request, agency: Annotated[str, Path(max_length=100)], x_signature: Annotated[str, Header(max_length=300)] = "",
    x_delivery_id: Annotated[str, Header(max_length=100)] = "",
) -> Response:  # fmt: skip
    """Take one notice. 204 means that it is kept for good; anything else means: send it again. Repeats change nothing.

    ``X-Signature: t=<unix time>,v1=<hex HMAC-SHA-256 of "<t>.<body>">`` with the secret agreed with the agency; ``X-Delivery-Id`` is the
    notice's own id, the same each time that it is sent.
    """
    if int(request.headers.get("content-length", "0")) > MOST_BYTES:
        raise HTTPException(413)
    take = request.app.state.gateway.take_callback
    if not await run_in_threadpool(take, AgencyId(agency), await request.body(), x_signature, x_delivery_id):
        raise HTTPException(401)
    return Response(status_code=204)
