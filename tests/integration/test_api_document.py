"""The OpenAPI document: valid, stable, and the same names as when it was last agreed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.joined_site import Site, site

__all__ = ["site"]

AGREED = Path(__file__).parents[1] / "golden" / "api" / "interface.json"
"""Paths, parameters and schemas as programs rely on them. A change here is a change for others: write it anew with REWRITE_GOLDEN=1."""


@pytest.fixture(scope="module")
def document(site: Site) -> dict[str, Any]:
    """As it is served."""
    return httpx.get(f"{site.api}/openapi.json").json()


def interface(document: dict[str, Any]) -> dict[str, Any]:
    operations = {
        f"{method.upper()} {path}": {
            "parameters": sorted(f"{p['in']} {p['name']}{'' if p.get('required') else '?'}" for p in operation.get("parameters", [])),
            "body": sorted(operation.get("requestBody", {}).get("content", {})),
            "answers": sorted(operation["responses"]),
        }
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    schemas = {
        name: {field: "required" if field in schema.get("required", ()) else "optional" for field in sorted(schema.get("properties", {}))}
        for name, schema in document["components"]["schemas"].items()
        if not name.startswith("Body_")
    }
    return {
        "version": document["info"]["version"],
        "operations": dict(sorted(operations.items())),
        "schemas": dict(sorted(schemas.items())),
    }


def test_the_interface_is_the_one_that_was_agreed(document: dict[str, Any]) -> None:
    now = interface(document)
    if os.environ.get("REWRITE_GOLDEN"):
        AGREED.parent.mkdir(parents=True, exist_ok=True)
        AGREED.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    assert now == json.loads(AGREED.read_text(encoding="utf-8"))


def test_every_reference_leads_somewhere_and_every_operation_is_explained(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    schemas = document["components"]["schemas"]
    for reference in {part.split('"')[0] for part in text.split('"$ref": "')[1:]}:
        assert reference.removeprefix("#/components/schemas/") in schemas
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["description"]
    assert len({o["operationId"] for operations in document["paths"].values() for o in operations.values()}) == sum(
        map(len, document["paths"].values())
    )


def test_it_is_an_openapi_document(document: dict[str, Any]) -> None:
    """The parts of OpenAPI 3.1 that generators of clients depend on; its schemas are JSON Schema of 2020-12."""
    from jsonschema import Draft202012Validator

    assert document["openapi"].startswith("3.1.")
    assert document["servers"] == [{"url": "/api/v1"}]
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert method in ("get", "post")
            named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}


def test_every_write_takes_a_key_and_every_error_is_a_problem(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            names = {p["name"].lower() for p in operation.get("parameters", [])}
            reads = method == "get" or path in ("/callbacks/{agency}", "/audit/search")
            assert ("idempotency-key" in names) != reads, path
            told = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
            assert told
            for status, answer in told.items():
                if path != "/callbacks/{agency}" or status != "422":
                    assert "ProblemOut" in json.dumps(answer), (path, status)


def test_it_names_nothing_that_says_what_the_gateway_is_for(document: dict[str, Any]) -> None:
    text = json.dumps(document).lower()
    assert not [word for word in ("perpetrator", "domestic", "abuse", "victim", "safelives") if word in text]
