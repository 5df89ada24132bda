"""Housing mappings against golden files, and what we send against the landlord's own OpenAPI file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from gateway.domain.releases import ActionRelease
from mappings.housing.persons import build_searches, read_search
from mappings.work_items import build_item
from tests.contract.stub_processes import AGENCIES, OpenApi
from tests.golden import canonical

API = OpenApi(AGENCIES / "northmoor-homes" / "openapi.yaml")


def written(file: Path) -> list[tuple[str, str, bytes]]:
    """Method, path and body of what a situation sends."""
    told = canonical.load(file)
    if "lookup" in told:
        return [("post", "/api/v1/search/persons", body) for body in build_searches(canonical.lookup(told["lookup"]))[0]]
    release = canonical.other(told)
    assert isinstance(release, ActionRelease)
    return [("put", f"/api/v1/tasks/{release.reference}", build_item(release))]


@pytest.mark.parametrize("file", canonical.situations("housing", "build_"), ids=lambda file: file.stem)
def test_requests_are_written_exactly_so(file: Path) -> None:
    bodies = [body.decode() for _, _, body in written(file)]
    assert "\n".join(bodies) + "\n" == file.with_suffix(".json").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", canonical.situations("housing", "build_"), ids=lambda file: file.stem)
def test_requests_are_as_the_interface_has_them(file: Path) -> None:
    for method, path, body in written(file):
        assert API.request_is_valid(method, path, json.loads(body))


@pytest.mark.parametrize("file", canonical.situations("housing", "read_"), ids=lambda file: file.stem)
def test_answers_are_read_exactly_so(file: Path) -> None:
    release = canonical.lookup({"names": ["Begum, Shabnam"], "own_identifiers": {"ashby": "b7d3a2c4-51e6-4f08-9a1d-000000000009"}})
    read = canonical.plain(read_search(file.with_suffix(".json").read_bytes(), release))
    assert canonical.load(file) == read, yaml.safe_dump(read, allow_unicode=True, sort_keys=False)
