"""Logs that cannot tell on anybody: JSON lines with allow-listed fields, and none of the text that a library writes.

Everything that logs through the standard library passes here too. Of our own lines the wording stays and only arguments of harmless
shape are filled in; of a library's line only who wrote it, where, and the class of its exception remain.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import PurePath
from types import TracebackType
from typing import Any, TextIO
from uuid import UUID

import orjson
import structlog

from gateway.domain.errors import Code, GatewayError
from gateway.domain.events import EventKind
from gateway.domain.releases import MessageKind

FIELDS = frozenset({
    "event", "level", "at", "process", "logger", "place", "error", "code", "message_id", "nudge", "lane", "kind", "outcome", "reason",
    "count", "seconds", "job", "port", "agency", "list_id", "status", "method", "route", "version",
})  # fmt: skip
"""The only fields that a line may have; another one is left out and counted in ``left_out``."""

SILENT = ("httpx", "httpcore", "aiohttp", "urllib3", "sqlalchemy", "uvicorn.access", "asyncio", "hl7apy", "faker")
"""Libraries whose lines hold addresses, statements or messages even as a rule; nothing of theirs is written."""

QUIET = ("celery", "kombu", "redis", "uvicorn", "uvicorn.error", "alembic", "authlib", "py.warnings")
"""Libraries of which warnings are counted, without their text."""

OURS = ("gateway", "adapters", "mappings", "outbox", "contracts")

_SHAPES = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # an opaque id
    r"|[A-Za-z_]+ at [\w.]+:\d+"  # the class and place of an error
    r"|(?:/(?:\{[a-z_]+\}|[a-z]+(?:-[a-z]+)*|v1))+"  # a route as declared, with the names of its parts and never their values
    r"|-?\d{1,6}(?:\.\d+)?|\d{4}-\d{2}-\d{2}T[\d:.+]+Z?"  # a count, a duration, a moment; never as long as an identifier
)
_known = {word.value for kind in (Code, EventKind, MessageKind) for word in kind}
WITHHELD = "(withheld)"


def know(words: Iterable[str]) -> None:
    """Adds words that may be written: ids of agencies, names of lanes and jobs, codes of other rooms. No word is shown that nobody named."""
    _known.update(words)


def start_logging(process: str, stream: TextIO | None = None) -> None:
    """Sets up logging for this process, once, before anything else runs. ``process`` names it in each line."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Formatter(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[_to_standard_library],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    sys.excepthook = _last_words
    threading.excepthook = lambda told: _last_words(told.exc_type, told.exc_value, told.exc_traceback)


def log(name: str) -> structlog.stdlib.BoundLogger:
    """A logger of ours: ``log("gateway.worker").info("sweep done", count=3)``. The event is a literal; facts go into fields."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger


def place_of(error: BaseException) -> str:
    """Class and place of an error, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown:0"
    return f"{type(error).__name__} at {where}"


def safe(value: object) -> object:
    """The value, if it is one of the known words or of a shape that cannot hold anything about a person; else ``(withheld)``."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, Enum):
        return value.value  # a closed list
    text = str(value) if isinstance(value, int | str | UUID) else ""
    if not (text in _known or _SHAPES.fullmatch(text)):
        return WITHHELD
    return value if isinstance(value, int) else text


def _to_standard_library(_: object, method: str, event: MutableMapping[str, Any]) -> tuple[tuple[str], dict[str, Any]]:
    """structlog's last step: the fields travel beside the record, not in its text."""
    words = str(event.pop("event"))
    error = event.pop("exc_info", None)
    return (words,), {"extra": {"facts": event}, **({"exc_info": error} if error else {})}


class _Formatter(logging.Formatter):
    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """One JSON line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            **_words(record),
            **_facts(getattr(record, "facts", {})),
        }
        if record.exc_info and record.exc_info[1]:
            line |= _about(record.exc_info[1])
        return orjson.dumps(line).decode()


def _words(record: logging.LogRecord) -> dict[str, object]:
    if record.name.split(".")[0] not in OURS:
        return {"event": "a library said something", "place": f"{record.filename}:{record.lineno}"}
    arguments = record.args if isinstance(record.args, tuple) else ()
    try:
        return {"event": str(record.msg) % tuple(safe(argument) for argument in arguments)}
    except (TypeError, ValueError):
        return {"event": str(record.msg)}


def _facts(facts: Mapping[str, object]) -> dict[str, object]:
    kept = {name: safe(value) for name, value in facts.items() if name in FIELDS}
    left_out = len(facts) - len(kept)
    return {**kept, "left_out": left_out} if left_out else kept


def _about(error: BaseException) -> dict[str, object]:
    told: dict[str, object] = {"error": place_of(error)}
    if isinstance(error, GatewayError):
        told["code"] = error.code.value
    return told


def _last_words(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """An exception that nobody caught: its class and place. The interpreter's own traceback would quote values."""
    if issubclass(kind, KeyboardInterrupt):
        return
    told = error.with_traceback(trace) if error else kind()
    logging.getLogger("gateway").critical("ended by an error", exc_info=(kind, told, trace))
