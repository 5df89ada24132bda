"""Reading ER7: separators as given, escapes, character sets, everything kept, and every hostile text refused with a problem of its own."""

from __future__ import annotations

import pytest

from mappings.hl7v2 import er7
from mappings.hl7v2.er7 import Delimiters, Problem, Unreadable, escape, read, unescape
from tests.growth import grows_with_its_size_only

HEAD = b"MSH|^~\\&|A|B|C|D|20261102093000||RSP^K22^RSP_K21|R1|P|2.5"
UTF8 = HEAD + b"||||||UNICODE UTF-8"


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        pytest.param(b"", Problem.NOT_HL7, id="nothing"),
        pytest.param(b"<html>", Problem.NOT_HL7, id="a web page"),
        pytest.param(b"PID|1", Problem.NOT_HL7, id="no header"),
        pytest.param(b" " + HEAD, Problem.NOT_HL7, id="a space first"),
        pytest.param(b"MSH", Problem.ENCODING_CHARACTERS, id="a header of three letters"),
        pytest.param(b"MSH|", Problem.ENCODING_CHARACTERS, id="no encoding characters"),
        pytest.param(b"MSH|^~\\|A", Problem.ENCODING_CHARACTERS, id="three encoding characters"),
        pytest.param(b"MSH|^~\\&##|A", Problem.ENCODING_CHARACTERS, id="six encoding characters"),
        pytest.param(b"MSH|^^\\&|A", Problem.ENCODING_CHARACTERS, id="one twice"),
        pytest.param(b"MSH|^~\\||A", Problem.ENCODING_CHARACTERS, id="the separator again"),
        pytest.param(b"MSH|A~\\&|A", Problem.ENCODING_CHARACTERS, id="a letter"),
        pytest.param(b"MSH|^~\\1|A", Problem.ENCODING_CHARACTERS, id="a digit"),
        pytest.param(b'MSH|^~\\"|A', Problem.ENCODING_CHARACTERS, id="a quote"),
        pytest.param(b"MSHA^~\\&AB", Problem.ENCODING_CHARACTERS, id="a letter for a separator"),
        pytest.param(HEAD + b"\rPID|\x00", Problem.CONTROL_BYTES, id="NUL"),
        pytest.param(HEAD + b"\rPID|\x0b", Problem.CONTROL_BYTES, id="a start byte inside"),
        pytest.param(HEAD + b"\rPID|\x1c", Problem.CONTROL_BYTES, id="an end byte inside"),
        pytest.param(HEAD + b"\rPID|\x1b$B", Problem.CONTROL_BYTES, id="a change of set by escape bytes"),
        pytest.param(HEAD + b"\rpid|1", Problem.SEGMENT_NAME, id="a name in small letters"),
        pytest.param(HEAD + b"\rPIDX|1", Problem.SEGMENT_NAME, id="a name of four"),
        pytest.param(HEAD + b"\rPI", Problem.SEGMENT_NAME, id="a name of two"),
        pytest.param(HEAD + b"\r|1|2", Problem.SEGMENT_NAME, id="no name"),
        pytest.param(HEAD + b"\r" + HEAD, Problem.SEVERAL_MESSAGES, id="two messages"),
        pytest.param(HEAD + "\rPID|é".encode(), Problem.CHARACTER_SET, id="other letters and no set named"),
        pytest.param(UTF8 + b"\rPID|\xe9", Problem.CHARACTER_SET, id="Latin 1 said to be UTF-8"),
        pytest.param(UTF8.replace(b"UNICODE UTF-8", b"8859/1") + "\rPID|Wiśniewska".encode(), Problem.CHARACTER_SET, id="UTF-8 said to be Latin 1"),
        pytest.param(UTF8.replace(b"UNICODE UTF-8", b"8859/1") + b"\rPID|\x93quoted\x94", Problem.CHARACTER_SET, id="Windows said to be Latin 1"),
        pytest.param(UTF8.replace(b"UNICODE UTF-8", b"ISO IR87"), Problem.CHARACTER_SET, id="a set that is not borne"),
        pytest.param(UTF8.replace(b"UNICODE UTF-8", b"UNICODE UTF-16"), Problem.CHARACTER_SET, id="UTF-16 cannot stand in a frame"),
        pytest.param(UTF8.replace(b"UTF-8", b"UTF-8~ISO IR87"), Problem.CHARACTER_SET, id="several sets"),
        pytest.param(HEAD + b"\rNTE" * (er7.MAX_SEGMENTS + 1), Problem.TOO_MANY_SEGMENTS, id="segments without end"),
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused_for_what_it_is(raw: bytes, problem: Problem) -> None:
    with pytest.raises(Unreadable) as refused:
        read(raw)
    assert refused.value.problem is problem
    assert str(refused.value) == problem.value


@pytest.mark.parametrize(
    ("declared", "raw"),
    [
        ("ASCII", b"Renee"),
        ("8859/1", "Renée".encode("latin-1")),
        ("8859/2", "Łukasz".encode("iso8859-2")),
        ("8859/9", "Işık".encode("iso8859-9")),
        ("UNICODE UTF-8", "Wiśniewska Ł 李".encode()),
    ],
)
def test_each_set_is_read_as_it_is_named(declared: str, raw: bytes) -> None:
    message = read(UTF8.replace(b"UNICODE UTF-8", declared.encode()) + b"\rPID|1||||" + raw)
    assert message.segments[1].text(5) == raw.decode(er7.CHARACTER_SETS[declared])


def test_an_empty_set_is_read_as_agreed_and_a_mark_says_utf_8() -> None:
    raw = HEAD + b"\rPID|1||||Ren\xe9e"
    assert read(raw, assumed="8859/1").segments[1].text(5) == "Renée"
    assert read(b"\xef\xbb\xbf" + HEAD + "\rPID|1||||Renée".encode()).segments[1].text(5) == "Renée"


def test_segments_fields_and_their_parts_are_counted_as_the_standard_counts() -> None:
    message = read(HEAD + b'\rPID|1||A^^^X&1.2&ISO~B^^^Y||Smith&van^Anna^^""')
    header, pid = message.segments
    assert (header.field(1), header.field(2), header.field(3), header.text(9, 2), header.text(12)) == ("|", "^~\\&", "A", "K22", "2.5")
    assert [value.text(1) for value in pid.values(3)] == ["A", "B"]
    assert [pid.text(3, 4, part) for part in (1, 2, 3, 4)] == ["X", "1.2", "ISO", ""]
    assert [pid.text(5), pid.text(5, 1, 2), pid.text(5, 2, 2), pid.text(5, 4), pid.text(5, 9), pid.text(99)] == [
        "Smith",
        "van",
        "",
        "",
        "",
        "",
    ]
    assert pid.values(4) == []


@pytest.mark.parametrize("separator", ["\r", "\n", "\r\n"])
def test_segments_may_end_in_what_senders_end_them_in(separator: str) -> None:
    text = HEAD.decode() + separator + separator.join(["PID|1", "PV1|1", ""])
    assert read(text.encode()).names == ["MSH", "PID", "PV1"]


def test_a_line_feed_within_a_field_is_kept_where_cr_ends_segments() -> None:
    assert read(HEAD + b"\rNTE|1||two\nlines\r").segments[1].text(3) == "two\nlines"


def test_segments_of_no_table_are_kept_in_their_place() -> None:
    raw = HEAD + b"\rZU1|a|b\rARV|1|A\rPID|1\rQQQ\rZZZ|" + b"x" * 1000 + b"\r"
    message = read(raw)
    assert message.names == ["MSH", "ZU1", "ARV", "PID", "QQQ", "ZZZ"]
    assert message.encode() == raw


def test_other_delimiters_are_used_as_given() -> None:
    message = read(b"MSH$*%?!$A$B$C$D$1$$ACK$X\rPID$$$1*2!3%4$?F?tag?S?")
    assert message.delimiters == Delimiters("$", "*", "%", "?", "!")
    assert [value.text(2, 2) for value in message.segments[1].values(3)] == ["3", ""]
    assert message.segments[1].text(4) == "$tag*"


def test_the_truncation_character_of_later_versions_is_borne() -> None:
    assert read(b"MSH|^~\\&#|A").delimiters == er7.STANDARD


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("plain", "plain"),
        ("\\F\\\\S\\\\R\\\\E\\\\T\\", "|^~\\&"),
        ("a\\T\\b\\T\\c", "a&b&c"),
        ("one\\.br\\two", "one\ntwo"),
        ("\\X41\\\\X4243\\", "ABC"),
        ("\\X0D\\", "\r"),
        ("\\H\\loud\\N\\", "loud"),
        ("\\XC3A9\\", "\\XC3A9\\"),
        ("\\X1C\\", "\\X1C\\"),
        ("\\X00\\", "\\X00\\"),
        ("\\X4\\", "\\X4\\"),
        ("\\XGG\\", "\\XGG\\"),
        ("\\X\\", "\\X\\"),
        ("\\Z12\\", "\\Z12\\"),
        ("\\C2842\\", "\\C2842\\"),
        ("\\\\", "\\\\"),
        ("\\", "\\"),
        ("\\T", "\\T"),
        ("\\T\\T\\", "&T\\"),
        ("C:\\dir\\file", "C:\\dir\\file"),
    ],
)
def test_escapes(raw: str, text: str) -> None:
    assert unescape(raw) == text


def test_hexadecimal_is_of_the_messages_own_set() -> None:
    assert unescape("\\XC3A9\\", codec="utf-8") == "é"
    assert unescape("\\XE9\\", codec="iso8859-1") == "é"


def test_what_is_written_cannot_break_out_of_its_place() -> None:
    hostile = "x|y^z~\\&\r\nPID|1||evil\x0b\x1c"
    assert set(escape(hostile)) & set("|^~&\r\n\x0b\x1c") == set()
    assert unescape(escape(hostile.replace("\x0b\x1c", ""))) == hostile.replace("\x0b\x1c", "")


def test_a_letter_outside_the_set_is_not_replaced() -> None:
    with pytest.raises(Unreadable) as refused:
        er7.encode(["PID|Łukasz"], "8859/1")
    assert refused.value.problem is Problem.NOT_WRITABLE


def test_ten_thousand_repetitions_are_an_attack_where_they_are_read() -> None:
    message = read(HEAD + b"\rPID|1||" + b"~".join([b"A"] * 10_000))
    assert message.segments[1].text(3) == "A"
    with pytest.raises(Unreadable) as refused:
        message.segments[1].values(3)
    assert refused.value.problem is Problem.TOO_MANY_REPETITIONS


@pytest.mark.parametrize(
    ("before", "unit", "after", "times"),
    [(b"", b"x", b"", 5_000_000), (b"", b"\\", b"", 1_000_000), (b"\\X", b"41", b"\\", 500_000), (b"", b"^", b"", 1_000_000), (b"", b"~", b"", 1_000_000)],
)  # fmt: skip
def test_huge_fields_are_read_in_a_time_that_grows_with_their_size_only(before: bytes, unit: bytes, after: bytes, times: int) -> None:
    assert grows_with_its_size_only(lambda many: read(HEAD + b"\rPID|1||||" + before + unit * many + after).segments[1].text(5), times)
