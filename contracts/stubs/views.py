"""Control routes that show what others than staff see of a record. No real counterpart has these; a probe and the tests read them."""

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

Look = Callable[[str], str | None]
"""From a record's local id to the text of one output, or None where there is no such record."""


def view_routes(looks: Mapping[str, Look]) -> list[Route]:
    """``GET /__views`` names the outputs; ``GET /__views/{output}/{local id}`` is one, as the subject would get it."""

    async def names(_request: Request) -> Response:
        return JSONResponse(list(looks))

    async def one(request: Request) -> Response:
        look = looks.get(request.path_params["view"])
        text = look(request.path_params["local_id"]) if look else None
        if text is None:
            return PlainTextResponse("", 404)
        return PlainTextResponse(text, headers={"Cache-Control": "no-store"})

    return [Route("/__views", names), Route("/__views/{view}/{local_id}", one)]
