"""What a coordinator writes into the blank template is what is read back, in every form of the template."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.case_list import Address, BirthDate, Person, PersonName, Phone, Role, Sex
from gateway.domain.case_list_reading import ParsedCase, ParsedList, ParsedPerson
from gateway.domain.identifiers import LocalIdentifier, NhsNumber
from mappings.case_list.dates import Reader
from mappings.case_list.delimited import read_delimited
from mappings.case_list.grid import Cell, Reply, read_reply, write_reply
from mappings.case_list.problems import SEVERITY
from mappings.case_list.reading import read_list
from mappings.case_list.template import CHILDREN, TemplateKind, case_list_template, write_case_list
from mappings.case_list.workbook import read_workbook

TODAY = date(2026, 11, 20)
LISTS = (TemplateKind.PEOPLE_XLSX, TemplateKind.CASES_XLSX, TemplateKind.PEOPLE_CSV, TemplateKind.CASES_CSV)
_ENDS = ("ab", "\u00e9a", "ine", "o\u2019ra", "ley", "\u0142yk", "e-may", "sson")
_STARTS = ("Br", "Kw", "St", "Th", "\u0141", "\u00d8r", "Mc", "D'", "Fitz")
_GIVEN = ("Aoife", "Zo\u00eb", "JAMES", "Mary-Ann", "Ren\u00e9e", "Bo", "Siobh\u00e1n", "d'Arcy", "Iman", "Xu")

families = st.builds(
    lambda start, end, more: f"{start}{end}{more}",
    st.sampled_from(_STARTS),
    st.sampled_from(_ENDS),
    st.sampled_from(["", " Ribeiro", "-Smith"]),
)
names = st.builds(PersonName, families, st.sampled_from(_GIVEN), st.lists(st.sampled_from(_GIVEN), max_size=2).map(tuple))
whole_dates = st.dates(date(1917, 1, 1), TODAY).map(BirthDate.of)
partial_dates = st.builds(BirthDate, st.integers(1917, 2025), st.none() | st.integers(1, 12))
lines = st.lists(
    st.sampled_from(["3 Cornflower Walk", "Flat 2", "Northmoor", "=The Old Mill", "c/o St Mary's", "Ynys M\u00f4n"]),
    min_size=1,
    max_size=3,
    unique=True,
).map(tuple)
postcodes = st.none() | st.sampled_from(["ZZ9 1AB", "ZZ99 9ZZ", "Z1 2ZZ", "ZZ1Z 3ZZ"])
homes = st.builds(Address, lines, postcodes, st.none() | st.integers(1, 10**12 - 1).map(str))
previous = st.builds(Address, lines, postcodes, st.none(), st.just(False))
notes = st.sampled_from(["", "after 6pm", "text first", "weekdays only"])
phones = st.builds(Phone, st.integers(0, 999).map(lambda n: f"07700 900{n:03d}"), st.sampled_from([True, False, None]), notes)
identifiers = st.builds(LocalIdentifier, st.sampled_from(["mrn", "tenancy", "niche"]), st.from_regex(r"[A-Z0-9/-]{1,12}", fullmatch=True))


def _nhs_number(serial: int) -> NhsNumber | None:
    digits = f"999{serial:06d}"
    check = 11 - sum(int(d) * w for d, w in zip(digits, range(10, 1, -1), strict=True)) % 11
    return NhsNumber(digits + str(check % 11)) if check != 10 else None


@st.composite
def people(draw: st.DrawFn, mark: str) -> Person:
    """A person like nobody else on the list: ``mark`` ends the surname, and a serial made from it is in the number."""
    main = draw(names)
    aliases = draw(st.lists(names, max_size=2))
    own = tuple(dict.fromkeys(PersonName(f"{name.family}{mark}", name.given, name.middle) for name in (main, *aliases)))
    return Person(
        names=own,
        birth_dates=tuple(dict.fromkeys(draw(st.lists(whole_dates | partial_dates, max_size=2)))),
        sex=draw(st.none() | st.sampled_from(Sex)),
        nhs_number=draw(st.none() | st.just(_nhs_number(sum(ord(c) * 131**n for n, c in enumerate(mark)) % 10**6))),
        identifiers=tuple(dict.fromkeys(draw(st.lists(identifiers, max_size=2)))),
        addresses=(*draw(st.lists(homes, max_size=1)), *dict.fromkeys(draw(st.lists(previous, max_size=2)))),
        phones=tuple(dict.fromkeys(draw(st.lists(phones, max_size=2)))),
    )


@st.composite
def cases(draw: st.DrawFn, number: int) -> ParsedCase:
    """A case with one victim, one perpetrator and children, as a row of the template holds them."""
    roles = [Role.VICTIM, Role.PERPETRATOR, *[Role.CHILD] * draw(st.integers(0, CHILDREN))]
    listed = tuple(ParsedPerson(role, draw(people(chr(97 + number) + chr(97 + at))), 0) for at, role in enumerate(roles))
    referred = draw(st.none() | st.dates(date(2025, 1, 1), TODAY))
    return ParsedCase(
        f"NM-{number}",
        listed,
        0,
        referred,
        draw(st.sampled_from([True, False, None])),
        draw(st.sampled_from(["", "careful", "+ see file"])),
    )


lists = st.integers(1, 3).flatmap(lambda size: st.tuples(*(cases(number) for number in range(size))))


def read(data: bytes, kind: TemplateKind) -> ParsedList:
    book = read_workbook(data) if kind.endswith(".xlsx") else read_delimited(data)
    return read_list(read_reply(write_reply(Reply(book=book))), TODAY)


def content(written: tuple[ParsedCase, ...]) -> list[object]:
    return [(c.number, c.referral_date, c.repeat, c.notes, [(p.role, p.person) for p in c.people]) for c in written]


@pytest.mark.parametrize("kind", LISTS)
@settings(max_examples=25, deadline=None)
@given(written=lists, meeting=st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_a_filled_template_reads_back(kind: TemplateKind, written: tuple[ParsedCase, ...], meeting: date | None) -> None:
    parsed = read(write_case_list(written, kind, meeting), kind)
    assert {p.severity for p in parsed.problems} <= {"warning"}
    assert content(parsed.cases) == content(written)
    assert parsed.meeting_date == meeting
    assert not parsed.held


@pytest.mark.parametrize("kind", LISTS)
def test_a_blank_template_has_known_headings_and_nobody(kind: TemplateKind) -> None:
    parsed = read(case_list_template(kind), kind)
    assert [p.code for p in parsed.problems] == ["LIST_EMPTY"]


def test_a_row_per_case_has_room_for_six_children_and_says_so() -> None:
    child = ParsedPerson(Role.CHILD, Person((PersonName("Smith", "Ann"),)), 0)
    with pytest.raises(ValueError, match="more people than columns"):
        write_case_list((ParsedCase("1", (child,) * (CHILDREN + 1), 0),), TemplateKind.CASES_CSV)


FORMATS = (
    "%d/%m/%Y",
    "%-d/%-m/%Y",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%Y-%m-%d",
    "%Y-%m-%dT00:00:00",
    "%-d %B %Y",
    "%d-%b-%Y",
    "%A %-d %b %Y",
    "%B %-d, %Y",
)


@given(born=st.dates(date(1917, 1, 1), TODAY), form=st.sampled_from(FORMATS))
def test_a_day_is_the_same_day_however_it_is_written(born: date, form: str) -> None:
    found = Reader(TODAY).birth_dates(Cell("text", born.strftime(form)), None)
    assert found.dates == (BirthDate.of(born),)
    assert all(SEVERITY[code] == "warning" for code in found.codes)


@given(born=st.dates(date(1935, 1, 1), TODAY), year_zero=st.sampled_from([1900, 1904]))
def test_a_serial_number_is_its_day_in_the_calendar_of_the_workbook(born: date, year_zero: int) -> None:
    first = date(1899, 12, 30) if year_zero == 1900 else date(1904, 1, 1)
    found = Reader(TODAY, year_zero).birth_dates(Cell("number", str((born - first) // timedelta(days=1))), None)
    assert found.dates == (BirthDate.of(born),)


@given(born=st.dates(date(1927, 1, 1), TODAY))
def test_two_digits_of_a_year_never_make_a_date_in_the_future(born: date) -> None:
    for role in (Role.CHILD, Role.VICTIM):
        found = Reader(TODAY).birth_dates(Cell("text", f"{born:%d/%m/%y}"), role).dates[0]
        assert found.whole is not None
        assert found.whole <= TODAY
        assert found.whole.year % 100 == born.year % 100
        assert role is Role.CHILD or found.whole.year <= TODAY.year - 10
