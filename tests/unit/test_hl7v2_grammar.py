"""Our reading of the grammar beside hl7apy's own strict validation, message by message; where they differ, the reason is given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message

from mappings.hl7v2 import er7
from mappings.hl7v2.grammar import Breach, Finding, findings, keeps_structure, lacks_required
from mappings.hl7v2.pdq import Query, build_query
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.questions import Question
from tests.growth import grows_with_its_size_only

WHOLE = "\r".join(
    [
        "MSH|^~\\&|CBNT-PAS|ZCB|RECORDS|GATEWAY|20261102093001||RSP^K22^RSP_K21|R1|P|2.5||||||UNICODE UTF-8",
        "MSA|AA|CTL1",
        "QAK|TAG1|OK|IHE PDQ Query|1|1|0",
        "QPD|IHE PDQ Query|TAG1|@PID.3.1^M77",
        "PID|1||M77^^^CBNT&2.999.42.7&ISO^MR~9990022224^^^NHS^NH||Wiśniewska^Katarzyna^^^^^L||19910723|F|||"
        "27 Tansy Grove&Tansy Grove&27^Flat 2^Northmoor^^ZZ9 2DE^GBR^H||^PRN^PH^^^^^^^^^07700900703|||S||||||||||||||20250314|Y",
        "QRI|100|NA~DB",
        "",
    ]
)


def changed(old: str, new: str) -> Callable[[], str]:
    assert old in WHOLE
    return lambda: WHOLE.replace(old, new)


def without(name: str) -> Callable[[], str]:
    return lambda: "\r".join(line for line in WHOLE.split("\r") if not line.startswith(name))


MUTATIONS: dict[str, Callable[[], str]] = {
    "nothing changed": lambda: WHOLE,
    "a letter in a date": changed("19910723", "1991O723"),
    "a thirteenth month": changed("19910723", "19911323"),
    "the 31st of February": changed("19910723", "19910231"),
    "the 31st of April": changed("19910723", "19910431"),
    "a month": changed("19910723", "199107"),
    "a time": changed("19910723", "199107231015+0100"),
    "no MSA": without("MSA"),
    "no QAK": without("QAK"),
    "MSA twice": changed("MSA|AA|CTL1\r", "MSA|AA|CTL1\rMSA|AA|CTL1\r"),
    "MSA-1 empty": changed("MSA|AA", "MSA|"),
    "MSA-2 empty": changed("MSA|AA|CTL1", "MSA|AA|"),
    "PID-3 empty": changed("M77^^^CBNT&2.999.42.7&ISO^MR~9990022224^^^NHS^NH", ""),
    "PID-5 empty": changed("Wiśniewska^Katarzyna^^^^^L||1", "||1"),
    "PID-7 twice": changed("|19910723|", "|19910723~19910724|"),
    "PID-8 twice": changed("|F|", "|F~M|"),
    "an eleventh component of CX": changed("^MR~", "^MR^^^^^^x~"),
    "a fourth subcomponent of HD": changed("&ISO^MR", "&ISO&x^MR"),
    "more fields than PID has": changed("|20250314|Y", "|20250314|Y||||||||||x"),
    "empty components at the end": changed("^L||1", "^L^^^^^^^^^^^^||1"),
    "letters for a number": changed("QRI|100", "QRI|high"),
    "a set id of letters": changed("PID|1|", "PID|A|"),
    "a set id of five digits": changed("PID|1|", "PID|12345|"),
    "a name of 250 letters": changed("Katarzyna", "K" * 250),
    "an error": changed("QAK|", "ERR||PID^1^7|102|E\rQAK|"),
    "an error without its severity": changed("QAK|", "ERR||PID^1^7|102|\rQAK|"),
    "a continuation": lambda: WHOLE + "DSC|p1|I\r",
    "two people": lambda: WHOLE + "PID|2||M78^^^CBNT||Other^Person\rQRI|3\r",
    "next of kin": changed("\rQRI", "\rNK1|1|Someone^Else\rQRI"),
    "protection": changed("\rQRI", "\rPD1||||||||||||Y\rQRI"),
    "no message type": changed("RSP^K22^RSP_K21", ""),
    "no control id": changed("|R1|", "||"),
    "no time": changed("20261102093001", ""),
    "a time in words": changed("20261102093001", "yesterday"),
    "no processing id": changed("|P|2.5", "||2.5"),
}
STRICTER = {
    "the continuation before the person": changed("PID|1", "DSC|p1|I\rPID|1"),
    "PD1 after NK1": changed("\rQRI", "\rNK1|1|S^E\rPD1||||||||||||Y\rQRI"),
}
"""hl7apy counts segments and does not look at their order."""
LOOSER = {
    "no confidence": without("QRI"),
    "a segment of ours alone": lambda: WHOLE + "ZZZ|1|2\r",
    "a segment of a later version": lambda: WHOLE + "ARV|1|A|x\r",
    "a segment of another message": lambda: WHOLE + "PV1|1|O\r",
}
"""ITI-21 leaves QRI to the responder; hl7apy finds no fault with the other three because it drops them without a word."""


def hl7apy_finds_fault(text: str) -> bool:
    try:
        message = parse_message(text, validation_level=VALIDATION_LEVEL.STRICT, find_groups=True)
        return not message.validate()
    except (HL7apyException, ValueError):
        return True


def we_find_fault(text: str) -> bool:
    return bool(findings(er7.read(text.encode()), "RSP_K21"))


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_the_same_verdict_as_hl7apy(mutation: str) -> None:
    text = MUTATIONS[mutation]()
    assert we_find_fault(text) == hl7apy_finds_fault(text)


@pytest.mark.parametrize("mutation", STRICTER)
def test_stricter_where_hl7apy_does_not_look(mutation: str) -> None:
    text = STRICTER[mutation]()
    assert (we_find_fault(text), hl7apy_finds_fault(text)) == (True, False)


@pytest.mark.parametrize("mutation", LOOSER)
def test_looser_where_the_profile_is_and_nothing_dropped(mutation: str) -> None:
    message = er7.read(LOOSER[mutation]().encode())
    assert findings(message, "RSP_K21") == ()
    assert message.encode() == LOOSER[mutation]().encode()


@pytest.mark.parametrize("mutation", ["a segment of ours alone", "a segment of a later version", "a segment of another message"])
def test_hl7apy_would_have_dropped_it(mutation: str) -> None:
    kept = parse_message(LOOSER[mutation](), validation_level=VALIDATION_LEVEL.STRICT, find_groups=True).to_er7()
    assert len([line for line in kept.split("\r") if line]) == len(er7.read(LOOSER[mutation]().encode()).segments) - 1


@pytest.mark.parametrize(
    ("mutation", "expected"),
    [
        ("MSA-1 empty", Finding(Breach.REQUIRED, "MSA^1^1")),
        ("a letter in a date", Finding(Breach.DATA_TYPE, "PID^1^7")),
        ("PID-8 twice", Finding(Breach.REPEATED, "PID^1^8")),
        ("an eleventh component of CX", Finding(Breach.UNKNOWN_COMPONENT, "PID^1^3")),
        ("more fields than PID has", Finding(Breach.UNKNOWN_FIELD, "PID^1")),
        ("a name of 250 letters", Finding(Breach.LENGTH, "PID^1^5")),
        ("no MSA", Finding(Breach.STRUCTURE)),
    ],
)
def test_a_finding_names_its_place_and_no_value(mutation: str, expected: Finding) -> None:
    assert findings(er7.read(MUTATIONS[mutation]().encode()), "RSP_K21") == (expected,)


def test_other_delimiters_change_no_verdict() -> None:
    translated = str.maketrans({"|": "$", "^": "*", "~": "%", "&": "!", "\\": "?"})
    for mutation, make in MUTATIONS.items():
        message = er7.read(make().translate(translated).encode())
        assert bool(findings(message, "RSP_K21")) == we_find_fault(make()), mutation


def test_a_query_of_ours_keeps_to_the_grammar_of_iti_21() -> None:
    query = WHOLE.split("\r")[0].replace("RSP^K22^RSP_K21", "QBP^Q22^QBP_Q21")
    message = er7.read(f"{query}\rQPD|IHE PDQ Query|T|@PID.5.1.1^X~@PID.7^1990|||||^^^CBNT&2.999.42.7&ISO\rRCP|I|50^RD\r".encode())
    assert findings(message, "QBP_Q21") == ()
    assert not lacks_required(message.segments[1])


def test_a_structure_that_the_version_does_not_have_is_kept_by_nothing() -> None:
    assert not keeps_structure(er7.read(WHOLE.encode()), "RSP_K99")


def test_repetition_without_end_is_judged_in_a_time_that_grows_with_its_length_only() -> None:
    def judged(many: int) -> None:
        people = "PID|2||M78^^^CBNT||Other^Person\rNK1|1\r" * many
        assert findings(er7.read((WHOLE + people + "MSA|AA|x\r").encode()), "RSP_K21") == (Finding(Breach.STRUCTURE),)

    assert grows_with_its_size_only(judged, 8_000)


QUERY = (
    "MSH|^~\\&|QUERIES|RX1|PAS|RX2|20261102093000+0000||QBP^Q22^QBP_Q21|C1|P|2.5|||AL|AL||UNICODE UTF-8\r"
    "QPD|IHE PDQ Query|T1|@PID.3.1^9990022224\rRCP|I|50^RD\rDSC|p1|I\r"
)


def test_our_query_is_found_without_fault_by_hl7apys_strict_reading() -> None:
    """With one criterion: hl7apy 2.5 has QPD-3 once, ITI-21 repeats it."""
    profile = Profile(sending_application="QUERIES", sending_facility="RX1", receiving_application="PAS", receiving_facility="RX2",
                      acknowledgement="enhanced")  # fmt: skip
    question = Question((("@PID.3.1", "9990022224"),))
    ours = build_query(Query(question, "T1", "C1", "p1"), datetime(2026, 11, 2, 9, 30, tzinfo=UTC), profile)
    assert ours.decode() == QUERY
    assert not hl7apy_finds_fault(QUERY)


def test_hl7apy_reads_several_criteria_as_we_wrote_them() -> None:
    """``find_groups=False``: the way in which hl7apy drops nothing."""
    question = Question((("@PID.5.1.1", "O'Brien & Sons"), ("@PID.7", "19880314")))
    ours = build_query(Query(question, "T1", "C1"), datetime(2026, 11, 2, 9, 30, tzinfo=UTC), Profile()).decode()
    message = parse_message(ours, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False)
    assert [child.name for child in message.children] == ["MSH", "QPD", "RCP"]
    assert [field.to_er7() for field in message.qpd.qpd_3] == ["@PID.5.1.1^O'Brien \\T\\ Sons", "@PID.7^19880314"]
    assert message.to_er7().rstrip("\r") == ours.rstrip("\r")
