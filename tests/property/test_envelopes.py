"""What is stored comes back as it was, whatever it holds; what is not of this version, or is damaged, is a clear error without a value."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import Code, InvalidInput
from gateway.domain.releases import Release
from mappings.envelopes import VERSION, open_release, seal_release
from tests.property.releases import RELEASES


@given(RELEASES)
def test_a_release_comes_back_as_it_was(release: Release) -> None:
    sealed = seal_release(release)
    assert open_release(sealed) == release
    assert type(open_release(sealed)) is type(release)
    assert seal_release(open_release(sealed)) == sealed


@given(RELEASES, st.integers(-(2**31), 2**31).filter(lambda version: version != VERSION))
def test_another_version_is_told_by_its_code(release: Release, version: int) -> None:
    other = json.dumps(json.loads(seal_release(release)) | {"v": version}).encode()
    with pytest.raises(InvalidInput) as refused:
        open_release(other)
    assert refused.value.code is Code.ENVELOPE_VERSION_UNKNOWN


@given(RELEASES, st.data())
def test_a_damaged_release_is_refused_without_a_value(release: Release, data: st.DataObject) -> None:
    """Cut short anywhere, it is unreadable; and the error says nothing of what it held."""
    sealed = seal_release(release)
    cut = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises(InvalidInput) as refused:
        open_release(sealed[:cut])
    assert str(refused.value) == "ENVELOPE_UNREADABLE"
    assert refused.value.__suppress_context__


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_value_or_a_code(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        open_release(content)


def test_a_number_that_fails_its_check_is_not_restored() -> None:
    content = b'{"v":1,"kind":"lookup","body":{"agency_id":"a","system":"a/b","purpose":"lookup","agreement_version":"1",'
    content += b'"lookup_id":"00000000-0000-0000-0000-000000000001","nhs_number":{"value":"9990000019"}}}'
    with pytest.raises(InvalidInput) as refused:
        open_release(content)
    assert refused.value.code is Code.ENVELOPE_UNREADABLE
    assert open_release(content.replace(b"9990000019", b"9990000018")) is not None


def test_words_that_nobody_agreed_are_not_restored() -> None:
    content = b'{"v":1,"kind":"flag.place","body":{"agency_id":"a","system":"a/b","purpose":"flag","agreement_version":"1",'
    content += b'"flag_id":"00000000-0000-0000-0000-000000000001","record_id":"1","text":"beware","identifier":"x"}}'
    with pytest.raises(InvalidInput):
        open_release(content)


def test_a_field_that_a_later_version_left_out_has_its_default() -> None:
    """Fields with defaults may be added without a new version: what was stored before must still open."""
    content = b'{"v":1,"kind":"action.poll","body":{"agency_id":"a","system":"a/b","purpose":"action","agreement_version":"1"}}'
    restored = open_release(content)
    assert getattr(restored, "references", None) == ()
