"""The way to PostgreSQL: one engine, its time limits, and the one boundary at which database errors lose their values.

A driver's message can quote a row (``DETAIL: Key (...)=(...)``). ``StoreError`` carries the SQLSTATE and the name of the constraint, and the
driver's own error is emptied as well, because a traceback prints causes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, event, exc, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

import outbox.bulk  # noqa: F401 (its array types must be known to the driver before an engine copies what the driver knows)
from gateway.domain.errors import Code, GatewayError, Unavailable

_SESSION = {
    "statement_timeout": "30000",
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "30000",
    "timezone": "UTC",
    "application_name": "gateway",
}
_KEEPALIVE = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "connect_timeout": 10}
_PASSING = ("08", "40", "53", "55", "57")
"""Classes of SQLSTATE that say that the server is away, full, or that others were faster: try again. The statement is not at fault."""


class StoreError(GatewayError):
    """A statement was refused. ``sqlstate`` and ``constraint`` name the fault; no value is kept."""

    def __init__(self, sqlstate: str, constraint: str = "") -> None:
        super().__init__(Code.STORE_FAILED)
        self.sqlstate, self.constraint = sqlstate, constraint

    def __str__(self) -> str:
        return f"{self.code.value} {self.sqlstate} {self.constraint}".rstrip()


class _Pool(QueuePool):
    """When every connection is in use for too long, that is the store's being away, not a fault of whoever asked."""

    def connect(self) -> PoolProxiedConnection:
        try:
            return super().connect()
        except exc.TimeoutError:
            raise Unavailable(Code.STORE_UNAVAILABLE) from None


logging.getLogger(f"{__name__}.{_Pool.__name__}").disabled = True
"""SQLAlchemy names a pool's log after our class; its remarks are the library's and no event of ours."""


def open_engine(url: str, *, pool: int = 5, patience_s: float = 10, statement_timeout_ms: int = 30_000) -> Engine:
    """An engine for ``postgresql://`` URLs. ``pool`` connections are kept, as many again may be opened under load; for one of them a caller
    waits up to ``patience_s``."""
    session = _SESSION | {"statement_timeout": str(statement_timeout_ms)}
    options = " ".join(f"-c {name}={value}" for name, value in session.items())
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        poolclass=_Pool,
        pool_size=pool,
        max_overflow=pool,
        pool_pre_ping=True,
        pool_use_lifo=True,  # the connection used last has most prepared
        pool_timeout=patience_s,
        hide_parameters=True,
        connect_args={"options": options, **_KEEPALIVE},
    )
    event.listen(engine, "handle_error", _translate)
    event.listen(engine, "connect", _keep_prepared)
    return engine


def _keep_prepared(connection: psycopg.Connection[Any], _: object) -> None:
    """Room for every statement that the product has: the driver's own 100 are fewer, and what drops out is planned anew each time."""
    connection.prepared_max = 500


def _translate(context: ExceptionContext) -> None:
    """SQLAlchemy asks here before it raises; what is raised here takes the place of its own error."""
    error = context.original_exception
    if isinstance(error, psycopg.Error):
        fault = _fault(error)
        if context.is_disconnect or context.connection is None:
            fault = Unavailable(Code.STORE_UNAVAILABLE)
        if not context.is_pre_ping:
            raise fault


@contextmanager
def translated() -> Iterator[None]:
    """The same boundary for what goes to the driver directly (COPY)."""
    try:
        yield
    except psycopg.Error as error:
        raise _fault(error) from None
    except exc.DBAPIError:
        raise Unavailable(Code.STORE_UNAVAILABLE) from None


def _fault(error: psycopg.Error) -> GatewayError:
    sqlstate, constraint = error.sqlstate or "", error.diag.constraint_name or ""
    error.args = (sqlstate or "no SQLSTATE",)
    if not sqlstate or sqlstate[:2] in _PASSING:
        return Unavailable(Code.STORE_UNAVAILABLE)
    return StoreError(sqlstate, constraint)
