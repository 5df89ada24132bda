"""Whatever a name holds: what we write others read as we meant it, and what is written to us we read as it was meant."""

from __future__ import annotations

from datetime import UTC, datetime

import hl7
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.mllp import Deframer
from gateway.domain.case_list import Address, BirthDate, PersonName, Phone, Sex
from gateway.domain.identifiers import LocalIdentifier, NhsNumber
from gateway.domain.lookup import AnswerKind, Candidate
from gateway.domain.releases import LookupRelease
from mappings.hl7v2 import er7
from mappings.hl7v2.er7 import escape, unescape
from mappings.hl7v2.grammar import findings
from mappings.hl7v2.pdq import Query, build_query, read_response
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.questions import MOST_QUESTIONS, Question, plan
from tests.property.people import dates, names, nhs_numbers, releases, texts, words

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
PROFILE = Profile(own_authority="CBNT")
visible = st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)) | st.sampled_from("\t\r\n"), max_size=200)


@given(visible)
@example("\\X41\\")
@example("\\.br\\\\T\\")
def test_escaping_is_undone_by_unescaping(text: str) -> None:
    assert unescape(escape(text), codec="utf-8") == text
    assert not set(escape(text)) & set("|^~&\r\n\t")


@given(releases)
def test_another_reader_finds_in_our_queries_what_we_asked(release: LookupRelease) -> None:
    questions = plan(release, PROFILE)
    assert len(questions.first) <= MOST_QUESTIONS
    for question in (*questions.first, *questions.second):
        raw = build_query(Query(question, "TAG", "CTL"), AT, PROFILE)
        theirs = hl7.parse(raw.decode())
        criteria = theirs.segment("QPD")[3]
        read = [(str(c[0][0]), theirs.unescape(str(c[1][0]))) for c in criteria]
        assert read == list(question.criteria)
        assert findings(er7.read(raw), "QBP_Q21") == ()


@given(releases)
def test_questions_hold_names_dates_and_numbers_of_the_release_and_nothing_else(release: LookupRelease) -> None:
    known = {name.family for name in release.names} | {name.given for name in release.names}
    known |= {date.iso().replace("-", "") for date in release.birth_dates} | {f"{date.year:04d}" for date in release.birth_dates}
    known |= {number.value for number in release.own_identifiers} | ({release.nhs_number.value} if release.nhs_number else set())
    known |= {"NHS", "CBNT", "2.16.840.1.113883.2.1.4.1", "ISO"}
    questions = plan(release, PROFILE)
    assert {value for question in (*questions.first, *questions.second) for _, value in question.criteria} <= known


@given(releases)
def test_a_plan_that_calls_itself_complete_asks_every_name_with_every_date(release: LookupRelease) -> None:
    questions = plan(release, PROFILE)
    asked = {(dict(q.criteria).get("@PID.5.1.1"), dict(q.criteria).get("@PID.7", "")) for q in questions.first}
    wanted = {(n.family, d.iso().replace("-", "")) for n in release.names for d in release.birth_dates or [None] if n.family and d}  # type: ignore[union-attr]
    if questions.complete:
        assert wanted <= asked


people = st.builds(
    Candidate,
    record_id=words,
    names=st.lists(names, min_size=1, max_size=4, unique=True).map(tuple),
    birth_dates=st.lists(dates, max_size=1).map(tuple),
    sex=st.none() | st.sampled_from(Sex),
    nhs_number=st.none() | nhs_numbers,
    identifiers=st.just(()),
    addresses=st.lists(
        st.builds(Address, lines=st.tuples(words, words), postcode=st.none() | words, current=st.booleans()), max_size=3
    ).map(tuple),
    phones=st.lists(words.filter(lambda text: text != '""'), max_size=3, unique=True).map(lambda numbers: tuple(map(Phone, numbers))),
    restricted=st.booleans(),
    deceased=st.booleans(),
)


def is_clear(candidate: Candidate) -> bool:
    """HL7's two quotes mean "nothing", whoever is called so."""
    texts = [
        candidate.record_id,
        *(p.number for p in candidate.phones),
        *(part for a in candidate.addresses for part in (*a.lines, a.postcode)),
    ]
    texts += [part for n in candidate.names for part in (n.family, n.given, *n.middle)]
    return '""' not in texts


def pid_of(candidate: Candidate) -> list[str]:
    """The candidate as a trust would write it, by this test alone."""
    e = escape
    numbers = [f"{e(candidate.record_id)}^^^CBNT^MR"]
    if candidate.nhs_number:
        numbers.insert(0, f"{candidate.nhs_number.value}^^^NHS&2.16.840.1.113883.2.1.4.1&ISO^NH")
    told = "~".join(f"{e(n.family)}^{e(n.given)}^{e(' '.join(n.middle))}^^^^L" for n in candidate.names)
    places = "~".join(
        f"{e(a.lines[0])}^{e(a.lines[1])}^^^{e(a.postcode or '')}^^H^^^^^^^{'' if a.current else '20200101'}" for a in candidate.addresses
    )
    phones = "~".join(f"^PRN^PH^^^^^^^^^{e(p.number)}" for p in candidate.phones)
    born = candidate.birth_dates[0].iso().replace("-", "") if candidate.birth_dates else ""
    sex = {Sex.FEMALE: "F", Sex.MALE: "M", Sex.OTHER: "O", None: "U"}[candidate.sex]
    dead = "|" * 17 + "Y" if candidate.deceased else ""
    pid = f"PID|1||{'~'.join(numbers)}||{told}||{born}|{sex}|||{places}||{phones}{dead}"
    return [pid, *(["PD1||||||||||||Y"] if candidate.restricted else [])]


@given(st.lists(people.filter(is_clear), min_size=1, max_size=4))
def test_people_written_to_us_are_read_as_they_were_meant(written: list[Candidate]) -> None:
    query = Query(Question((("@PID.5.1.1", "X"),)), "T", "C")
    count = len(written)
    lines = ["MSH|^~\\&|P|F|A|B|1||RSP^K22^RSP_K21|R|P|2.5||||||UNICODE UTF-8", "MSA|AA|C", f"QAK|T|OK|Q|{count}|{count}|0", "QPD|Q|T|"]
    raw = "\r".join([*lines, *(line for person in written for line in pid_of(person)), ""]).encode()
    page = read_response(er7.read(raw), query, PROFILE)
    assert page.answer.kind is AnswerKind.CANDIDATES
    for read, meant in zip(page.answer.candidates, written, strict=True):
        assert read.identifiers == (LocalIdentifier("CBNT", meant.record_id),)
        for field in ("record_id", "names", "birth_dates", "sex", "nhs_number", "addresses", "phones", "restricted", "deceased"):
            assert getattr(read, field) == getattr(meant, field), field


@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_a_problem(raw: bytes) -> None:
    for content in (raw, b"MSH|^~\\&|" + raw, b"MSH|^~\\&|A\rPID|" + raw):
        try:
            message = er7.read(content)
        except er7.Unreadable:
            continue
        assert message.encode().replace(b"\r", b"").replace(b"\n", b"") == content.replace(b"\r", b"").replace(b"\n", b"")


@given(st.lists(st.binary(max_size=60).map(lambda raw: raw.translate(None, b"\x0b\x1c")), max_size=6), st.data())
def test_frames_are_cut_out_of_a_stream_however_it_comes(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(b"\x0b" + message + b"\x1c\r" for message in messages)
    deframer, out = Deframer(1000), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        out += deframer.feed(stream[:size])
        stream = stream[size:]
    assert out == messages


@given(dates, texts)
def test_a_date_of_birth_is_read_as_far_as_it_is_known(born: BirthDate, text: str) -> None:
    from mappings.hl7v2.person import read_person
    from mappings.hl7v2.questions import written

    segment = er7.Segment(f"PID|||C1^^^CBNT||{escape(text)}||{written(born)}", er7.STANDARD, "utf-8")
    candidate = read_person([segment], PROFILE)
    assert candidate is not None
    assert candidate.birth_dates == (born,)
    assert candidate.names in ((PersonName(text),), ())


@given(nhs_numbers)
def test_an_nhs_number_is_one_by_its_authority_alone(number: NhsNumber) -> None:
    from mappings.hl7v2.person import read_person

    for authority, known in (("NHS", True), ("&2.16.840.1.113883.2.1.4.1&ISO", True), ("CBNT", False), ("OTHER", False)):
        segment = er7.Segment(f"PID|||C1^^^CBNT~{number.value}^^^{authority}||X", er7.STANDARD, "utf-8")
        candidate = read_person([segment], PROFILE)
        assert candidate is not None
        assert (candidate.nhs_number == number) is known
