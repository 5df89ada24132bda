"""The completion that the coordinator's system is told, against a golden file and that system's own OpenAPI file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.domain.releases import CompletionRelease
from mappings.case_system.completions import build_completion, idempotency_key, is_told, path
from tests.contract.stub_processes import AGENCIES, OpenApi
from tests.golden import canonical

API = OpenApi(AGENCIES / "northmoor-marac" / "openapi.yaml")


@pytest.mark.parametrize("file", canonical.situations("case_system", "build_"), ids=lambda file: file.stem)
def test_completions_are_written_exactly_so(file: Path) -> None:
    release = canonical.other(canonical.load(file))
    assert isinstance(release, CompletionRelease)
    place = path(release)
    assert place is not None
    sent = f"{place}\n{idempotency_key(release)}\n{build_completion(release).decode()}\n"
    assert sent == file.with_suffix(".txt").read_text(encoding="utf-8")
    assert API.request_is_valid("put", f"/{place}", json.loads(build_completion(release)))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, True),
        ({"completedAt": "2026-11-12T16:04:05+01:00"}, True),
        ({"completedAt": "2026-11-12T15:04:06Z"}, False),
        ({"outcome": "completed"}, False),
        ({"detail": "Other words"}, False),
        ({"agency": "another"}, False),
        ({"actionRef": "ref-another1"}, False),
        ({"caseRef": "NM-102"}, False),
    ],
)
def test_what_is_held_is_ours_only_if_nothing_differs(changed: dict[str, str], told: bool) -> None:
    release = canonical.other(canonical.load(canonical.situations("case_system", "build_")[0]))
    assert isinstance(release, CompletionRelease)
    held = json.loads(build_completion(release)) | {
        "caseRef": release.case_number, "actionRef": release.reference, "receivedAt": "2026-11-12T15:05:00Z", **changed
    }  # fmt: skip
    assert is_told(json.dumps(held).encode(), release) is told
