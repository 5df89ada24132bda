"""Police mappings against golden files, and what we send against the force's own OpenAPI file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from gateway.domain.releases import ActionRelease, FlagRelease
from mappings.police.markers import build_marker
from mappings.police.persons import build_searches, read_search
from mappings.work_items import build_item
from tests.contract.stub_processes import AGENCIES, OpenApi
from tests.golden import canonical

API = OpenApi(AGENCIES / "northmoor-police" / "openapi.yaml")


def written(file: Path) -> list[tuple[str, str, bytes]]:
    """Method, path and body of what a situation sends."""
    told = canonical.load(file)
    if "lookup" in told:
        return [("post", "/v1/persons/search", body) for body in build_searches(canonical.lookup(told["lookup"]))[0]]
    release = canonical.other(told)
    if isinstance(release, FlagRelease):
        return [("post", "/v1/persons/N1234567/markers", build_marker(release))]
    assert isinstance(release, ActionRelease)
    return [("put", f"/v1/work-items/{release.reference}", build_item(release))]


@pytest.mark.parametrize("file", canonical.situations("police", "build_"), ids=lambda file: file.stem)
def test_requests_are_written_exactly_so(file: Path) -> None:
    bodies = [body.decode() for _, _, body in written(file)]
    assert "\n".join(bodies) + "\n" == file.with_suffix(".json").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", canonical.situations("police", "build_"), ids=lambda file: file.stem)
def test_requests_are_as_the_interface_has_them(file: Path) -> None:
    for method, path, body in written(file):
        assert API.request_is_valid(method, path, json.loads(body))


@pytest.mark.parametrize("file", canonical.situations("police", "read_"), ids=lambda file: file.stem)
def test_answers_are_read_exactly_so(file: Path) -> None:
    release = canonical.lookup({"names": ["Khan, Imran"], "own_identifiers": {"ashby": "N1234567"}})
    read = canonical.plain(read_search(file.with_suffix(".json").read_bytes(), release))
    assert canonical.load(file) == read, yaml.safe_dump(read, allow_unicode=True, sort_keys=False)
