"""Logs: whatever is written, by us or by a library, nothing about anybody comes out."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from uuid import UUID

import httpx
import pydantic
import pytest
import sqlalchemy
import structlog

from gateway.domain.case_list import PersonName
from gateway.domain.errors import Code, NotFound
from gateway.telemetry import FIELDS, WITHHELD, know, log, place_of, safe, start_logging

CANARIES = ("Zzyzxcanary", "Aoife O'Canary", "999 002 0744", "9990020744", "1988-03-14", "14/03/1988", "07700 900701")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the log holds. Everything that ``start_logging`` sets is put back."""
    root, stream = logging.getLogger(), io.StringIO()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook)
    levels = {name: logging.getLogger(name).level for name in list(logging.root.manager.loggerDict)}
    start_logging("test", stream)
    yield stream
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    root.handlers[:], root.level = before[0], before[1]
    sys.excepthook, threading.excepthook = before[2], before[3]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(autouse=True)
def known() -> None:
    """What bootstrap tells of the agreements."""
    know(["northmoor-nhs-trust/record", "northmoor-police/records"])


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_of_ours_has_the_facts_and_no_others(written: io.StringIO) -> None:
    message = UUID("0d3c2f7a-5b1e-4c58-9a56-3f1f1a6b7c2d")
    log("gateway.worker").info("delivered", count=3, message_id=message, lane="northmoor-police/records", name="Zzyzxcanary")
    [line] = lines(written)
    assert (line["event"], line["level"], line["process"], line["logger"]) == ("delivered", "info", "test", "gateway.worker")
    assert (line["count"], line["message_id"], line["lane"]) == (3, str(message), "northmoor-police/records")
    assert line["left_out"] == 1
    assert line.keys() <= FIELDS | {"left_out"}


@pytest.mark.parametrize("canary", CANARIES)
def test_a_value_in_an_allowed_field_is_withheld_by_its_shape(written: io.StringIO, canary: str) -> None:
    log("gateway.worker").warning("odd", reason=canary, lane=canary, job=canary)
    assert canary not in written.getvalue()
    assert lines(written)[0]["reason"] == WITHHELD


@pytest.mark.parametrize(
    "value",
    ["AGENCY_TIMEOUT", "northmoor-nhs-trust/record", "flag.place", 12, 0.25, None, True, "0d3c2f7a-5b1e-4c58-9a56-3f1f1a6b7c2d", "ValueError at fhir.py:12", "/api/v1/alerts/{flag_id}"],
)
def test_codes_ids_counts_and_places_are_shown(value: object) -> None:
    assert safe(value) == value


@pytest.mark.parametrize("value", [*CANARIES, 9990020744, "Some words", "O'Brien", "smith", "SMITH", "smith-jones", "/lists/x1988", ["a"], object(), PersonName("Canary", "Zzyzx"), b"bytes"])
def test_everything_else_is_withheld(value: object) -> None:
    assert safe(value) == WITHHELD


@pytest.mark.parametrize("name", ["httpx", "httpcore", "aiohttp.client", "sqlalchemy.engine", "uvicorn.access", "urllib3.connectionpool"])
def test_libraries_that_write_addresses_and_statements_are_silent(written: io.StringIO, name: str) -> None:
    logging.getLogger(name).critical("GET https://trust.example/Patient?family=%s", "Zzyzxcanary")
    assert written.getvalue() == ""


@pytest.mark.parametrize("name", ["celery.app.trace", "kombu.connection", "redis", "somebody.elses.library"])
def test_of_other_libraries_only_who_and_where_is_told(written: io.StringIO, name: str) -> None:
    logging.getLogger(name).error("Task failed with args %s", "Zzyzxcanary")
    [line] = lines(written)
    assert line["event"] == "a library said something"
    assert line["logger"] == name
    assert "Zzyzxcanary" not in written.getvalue()


def test_of_our_own_lines_the_wording_stays_and_arguments_are_judged(written: io.StringIO) -> None:
    logging.getLogger("adapters").error("connector failed: %s for %s", "ValueError at fhir.py:7", "Zzyzx Canary")
    assert lines(written)[0]["event"] == f"connector failed: ValueError at fhir.py:7 for {WITHHELD}"


def _worst_of(library: str) -> None:
    """The exception of each library that quotes the most."""
    if library == "pydantic":
        pydantic.TypeAdapter(int).validate_python("Zzyzxcanary")
    if library == "sqlalchemy":
        engine = sqlalchemy.create_engine("sqlite://")
        try:
            engine.connect().execute(sqlalchemy.text("SELECT :v FROM nowhere"), {"v": "Zzyzxcanary"})
        finally:
            engine.dispose()
    if library == "httpx":
        request = httpx.Request("GET", "https://trust.example/?family=Zzyzxcanary")
        httpx.Response(500, request=request).raise_for_status()
    if library == "json":
        json.loads('{"name": Zzyzxcanary}')
    raise KeyError("Zzyzxcanary")


@pytest.mark.parametrize("library", ["pydantic", "sqlalchemy", "httpx", "json", "our own"])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_worst_exception_is_told_as_class_and_place(written: io.StringIO, library: str) -> None:
    try:
        _worst_of(library)
    except Exception as error:
        log("gateway.web").exception("page failed")
        logging.getLogger("celery").exception("Task handler raised error: %r", error)
    assert "Zzyzxcanary" not in written.getvalue()
    for line in lines(written):
        assert " at " in str(line["error"])


def test_an_error_of_ours_is_told_with_its_code(written: io.StringIO) -> None:
    try:
        raise NotFound(Code.NOT_FOUND)
    except NotFound:
        log("gateway.api").exception("refused")
    assert lines(written)[0]["code"] == "NOT_FOUND"


def test_what_nobody_caught_is_told_without_its_text(written: io.StringIO) -> None:
    try:
        raise ValueError("Zzyzxcanary")
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert "Zzyzxcanary" not in written.getvalue()
    assert "ValueError at test_telemetry.py" in str(lines(written)[0]["error"])


def test_a_thread_that_fails_is_told_in_the_same_way(written: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError("Zzyzxcanary")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert "Zzyzxcanary" not in written.getvalue()
    assert "ValueError" in written.getvalue()


def test_warnings_come_without_their_text(written: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("field Zzyzxcanary is odd", stacklevel=1)
    assert "Zzyzxcanary" not in written.getvalue()


def test_a_sealed_value_in_an_event_shows_nothing(written: io.StringIO) -> None:
    name = PersonName("Zzyzxcanary", "Aoife")
    logging.getLogger("gateway").warning("odd: %s %r", name, name)
    assert "Zzyzxcanary" not in written.getvalue()


def test_a_place_is_known_even_of_an_error_that_was_never_raised() -> None:
    assert place_of(ValueError("x")) == "ValueError at unknown:0"
