"""PDQ queries and answers against golden files: canonical YAML on our side, exact ER7 on the other.

A missing or empty expectation is printed in full, to be looked at and kept by hand.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from mappings.hl7v2 import er7
from mappings.hl7v2.pdq import Page, Query, build_query, read_response
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.questions import Question, plan
from tests.golden import canonical

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
ASKED = Question((("@PID.5.1.1", "Wiśniewska"), ("@PID.7", "19910723")))


@pytest.mark.parametrize("file", canonical.situations("hl7v2", "build_"), ids=lambda file: file.stem)
def test_queries_are_written_exactly_so(file: Path) -> None:
    told = canonical.load(file)
    profile = Profile.of(told["profile"])
    questions = plan(canonical.lookup(told["lookup"]), profile)
    written = [
        build_query(Query(question, f"TAG{number}", f"CTL{number}"), AT, profile).decode(er7.CHARACTER_SETS[profile.character_set])
        for number, question in enumerate((*questions.first, *questions.second), 1)
    ]
    assert "\n".join(written).replace("\r", "\n") == file.with_suffix(".er7").read_text(encoding="utf-8")


def page_of(file: Path) -> Page:
    query = Query(ASKED, "TAG1", "CTL1")
    return read_response(er7.read(canonical.er7(file)), query, Profile(own_authority="CBNT"))


@pytest.mark.parametrize("file", canonical.situations("hl7v2", "read_"), ids=lambda file: file.stem)
def test_answers_are_read_exactly_so(file: Path) -> None:
    read = canonical.plain(page_of(file))
    assert canonical.load(file) == read, yaml.safe_dump(read, allow_unicode=True, sort_keys=False)


@pytest.mark.parametrize("file", canonical.situations("hl7v2", "read_"), ids=lambda file: file.stem)
def test_nothing_of_an_answer_is_dropped(file: Path) -> None:
    raw = canonical.er7(file)
    assert er7.read(raw).encode() == raw
