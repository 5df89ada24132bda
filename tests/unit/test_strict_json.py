"""JSON from elsewhere: what is refused, what is read, and the suite that others wrote for exactly this."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

from gateway.domain.error_codes import Code
from mappings.strict_json import MAX_BYTES, MAX_DEPTH, Unreadable, check, read, read_any

CORPUS = Path(os.environ.get("MARAC_CORPORA", Path(__file__).parents[3] / "shared" / "data")) / "json_test_suite"


def verdict(content: bytes) -> str:
    try:
        check(content)
    except Unreadable as fault:
        return fault.code
    return "read"


@pytest.mark.parametrize(
    "content",
    [
        b'{"a":1}',
        b'{"a":{"a":1},"b":{"a":2}}',
        b'[{"a":1},{"a":1}]',
        b'{"a":"x:y","b":"\\" : \\\\"}',
        b'{"a\\u003a":1,"b":2}',
        '{"é":"ü"}'.encode(),
        b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
        b'{"a":"' + b"[{" * 500 + b'"}',
        b'["' + b'\\"[' * 500 + b'"]',
    ],
)
def test_sound_json_is_read(content: bytes) -> None:
    assert verdict(content) == "read"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   ",
        b"<html><body>Sign in</body></html>",
        b'{"a":1',
        b'{"a":1}{"b":2}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"x":{"a":":","a":2}}',
        b'[{"b":[{"a":1,"a":2}]}]',
        b'{"k\\u003a":1,"a":2,"a":3}',
        b'{"a":1,"a":"\\u003A"}',
        b'{"a":"\xff"}',
        '{"a":1}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"a":1e999}',
        b'{"a":"\\ud800"}',
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(content: bytes) -> None:
    assert verdict(content) == Code.REPLY_UNREADABLE


def test_an_escaped_colon_does_not_cover_for_a_repeated_key() -> None:
    """The quick check counts colons; an escape that becomes one must not make up for the one that a repeated key loses."""
    assert verdict(b'{"a":1,"a":2,"b":"\\u003a"}') == Code.REPLY_UNREADABLE
    assert verdict(b'{"a":"\\u003A\\u003a"}') == "read"


def test_what_is_too_large_is_not_looked_at() -> None:
    assert verdict(b" " * (MAX_BYTES + 1)) == Code.REPLY_TOO_LARGE


def test_a_number_of_five_thousand_digits_ends_in_a_verdict() -> None:
    assert verdict(b'{"a":' + b"9" * 5000 + b"}") in ("read", Code.REPLY_UNREADABLE)


def test_another_shape_is_told_apart_from_no_json_and_tells_no_value() -> None:
    decoder = msgspec.json.Decoder(dict[str, int])
    with pytest.raises(Unreadable) as refused:
        read(b'{"a":"secret"}', decoder)
    assert refused.value.code is Code.REPLY_UNEXPECTED
    assert "secret" not in f"{refused.value} {refused.value!r}"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    assert read(b'{"a":1}', decoder) == {"a": 1}


def test_untyped_reading_keeps_everything() -> None:
    assert read_any(b'{"a":[1,{"b":null}]}') == {"a": [1, {"b": None}]}


def test_the_suite_written_by_others() -> None:
    """JSONTestSuite: y_ must be read, n_ refused, i_ may go either way. Two y_ files repeat a key, which we refuse on purpose."""
    files = sorted(CORPUS.glob("*.json"))
    print(f"corpus {'present' if files else 'absent'}: {len(files)} of 318 run")
    if not files:
        return
    wrong = []
    for file in files:
        kind = file.name.split("__")[-1][0]
        found = verdict(file.read_bytes())
        if (kind == "y" and found != "read") or (kind == "n" and found == "read"):
            wrong.append(file.name.split("__")[-1])
    assert wrong == ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"]
    assert len(files) == 318


GENERATED = [
    *(("y", json.dumps(value)) for value in ({}, [], "", 0, -1.5e3, None, True, {"a": [1, {"b": "ü"}]}, [[[[]]]], {"": ""})),
    *(("n", text) for text in ("[1,]", '{"a":1,}', "[1 2]", "{'a':1}", '{a:1}', "[01]", "[.5]", "[1.]", "[+1]", '["\t"]', '["\\x"]',
                               "[True]", "nul", "[-]", '["a', "]", "//\n[]", "[1]x", '{"a"}', '{:1}', '{"a":}')),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), GENERATED)
def test_the_twin_that_always_runs(kind: str, text: str) -> None:
    assert (verdict(text.encode()) == "read") is (kind == "y")
