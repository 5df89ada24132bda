"""One call: who makes it, in which transaction, and once even when it is sent twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Header, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from gateway.domain.actors import Actor, actor_of
from gateway.domain.errors import Code, InvalidInput

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway
    from gateway.store.unit_of_work import SqlWork

Result = TypeVar("Result")
_bearer = HTTPBearer(auto_error=False, description="Access token of your organisation's identity provider.")
IdempotencyKey = Annotated[
    str | None,
    Header(min_length=8, max_length=200, description="Any text of your own that names this request. Sent again, it gives the first answer."),
]


@dataclass(frozen=True, slots=True)
class Caller:
    """The actor behind the token, and the gateway that serves them."""

    actor: Actor
    gateway: Gateway
    key: str = ""
    digest: bytes = b""
    """What was asked (``gateway.api.gate.digest``): the same key with another request is refused."""

    def read(self, use_case: Callable[[SqlWork], Result]) -> Result:
        """Run in one transaction (views are recorded, so reading writes too)."""
        with self.gateway.transaction() as work:
            return use_case(work)

    def write(self, use_case: Callable[[SqlWork], BaseModel | Sequence[BaseModel]], status: int = 200) -> Response:
        """Run once per Idempotency-Key. The answer is kept in the same transaction, so it is never lost apart from the change."""
        if not self.key:
            raise InvalidInput(Code.IDEMPOTENCY_KEY_MISSING)
        with self.gateway.transaction() as work:
            kept = work.answers.recall(self.actor.user_id, self.key, self.digest)
            if kept is None:
                kept = _json(use_case(work))
                work.answers.keep(self.actor.user_id, self.key, self.digest, kept)
                return Response(kept, status_code=status, media_type="application/json")
        return Response(kept, status_code=status, media_type="application/json", headers={"Idempotent-Replay": "true"})


def _json(result: BaseModel | Sequence[BaseModel]) -> bytes:
    if isinstance(result, BaseModel):
        return result.model_dump_json().encode()
    return b"[" + b",".join(item.model_dump_json().encode() for item in result) + b"]"


def caller(request: Request, _token: Annotated[object, Depends(_bearer)] = None) -> Caller:
    """The dependency of every operation that reads; the gate has checked the token."""
    return Caller(actor_of(request.state.claims), request.app.state.gateway)


def writer(request: Request, idempotency_key: IdempotencyKey = None, _token: Annotated[object, Depends(_bearer)] = None) -> Caller:
    """The same for operations that write."""
    return Caller(actor_of(request.state.claims), request.app.state.gateway, idempotency_key or "", request.state.digest)


Calling = Annotated[Caller, Depends(caller)]
Writing = Annotated[Caller, Depends(writer)]
