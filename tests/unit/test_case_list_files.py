"""Files before and while their cells are read: what is refused, with which code, and what a workbook or a CSV file says cell by cell."""

from __future__ import annotations

import codecs
import io
import stat
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment

from gateway.domain.errors import InvalidInput
from mappings.case_list.delimited import read_delimited
from mappings.case_list.grid import MAX_CELL, MAX_COLUMNS, MAX_ROWS, Book, Cell, Reply, read_reply, write_reply
from mappings.case_list.package import MAX_FILE, check_ending, check_start, check_workbook
from mappings.case_list.workbook import read_workbook
from tests.unit.workbooks import LIST, package, parts_of, saved, sheet_xml, with_parts, with_sheet_xml, workbook

OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def code_of(call: object, *arguments: object) -> str:
    with pytest.raises(InvalidInput) as refused:
        call(*arguments)  # type: ignore[operator]
    return str(refused.value)


@pytest.mark.parametrize(
    ("ending", "code"),
    [(".xls", "FILE_OLD_EXCEL"), (".xlsb", "FILE_BINARY_EXCEL"), (".xlsm", "FILE_HAS_MACROS"), (".ods", "FILE_OPEN_DOCUMENT"), (".pdf", "FILE_PDF"),
     (".docx", "FILE_WORD"), (".doc", "FILE_WORD"), (".exe", "FILE_KIND_NOT_ACCEPTED"), ("", "FILE_KIND_NOT_ACCEPTED")],
)  # fmt: skip
def test_endings_that_are_not_read(ending: str, code: str) -> None:
    assert code_of(check_ending, ending) == code


@pytest.mark.parametrize(
    ("data", "ending", "code"),
    [
        (b"", ".csv", "FILE_EMPTY"),
        (b" \r\n\t\x00", ".xlsx", "FILE_EMPTY"),
        (b"a" * (MAX_FILE + 1), ".csv", "FILE_TOO_LARGE"),
        (OLE + b"\0" * 600, ".xlsx", "FILE_OLD_EXCEL"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), ".xlsx", "FILE_ENCRYPTED"),
        (b"%PDF-1.7", ".csv", "FILE_PDF"),
        (b"name,dob", ".xlsx", "FILE_KIND_DIFFERS"),
        (b"PK\x03\x04", ".csv", "FILE_KIND_DIFFERS"),
    ],
)
def test_first_bytes(data: bytes, ending: str, code: str) -> None:
    assert code_of(check_start, data, ending) == code


MACRO_TYPES = b'<Types><Override ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (with_parts(xl__vbaProject_dot_bin=b"x"), "FILE_HAS_MACROS"),
        (with_parts(xl__macrosheets__sheet1_dot_xml=b"<x/>"), "FILE_HAS_MACROS"),
        (package({**parts_of(workbook()), "[Content_Types].xml": MACRO_TYPES}), "FILE_HAS_MACROS"),
        (with_parts(xl__externalLinks__externalLink1_dot_xml=b"<x/>"), "FILE_HAS_EXTERNAL_LINKS"),
        (with_parts(xl__connections_dot_xml=b"<x/>"), "FILE_HAS_EXTERNAL_LINKS"),
        (with_parts(xl__embeddings__oleObject1_dot_bin=b"x"), "FILE_HAS_EMBEDDED_OBJECTS"),
        (with_parts(xl__activeX__activeX1_dot_xml=b"<x/>"), "FILE_HAS_EMBEDDED_OBJECTS"),
        (with_parts(xl__media__inner_dot_zip=b"PK"), "FILE_HAS_EMBEDDED_OBJECTS"),
        (with_parts(xl__workbook_dot_bin=b"x"), "FILE_BINARY_EXCEL"),
        (package({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}), "FILE_WORD"),
        (package({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"}), "FILE_OPEN_DOCUMENT"),
        (package({"hello.txt": b"hello"}), "FILE_STRUCTURE_REFUSED"),
        (package({**parts_of(workbook()), "../../etc/cron.d/x": b"x"}), "FILE_STRUCTURE_REFUSED"),
        (package({**parts_of(workbook()), "/etc/passwd": b"x"}), "FILE_STRUCTURE_REFUSED"),
        (package({**parts_of(workbook()), "C:\\x": b"x"}), "FILE_STRUCTURE_REFUSED"),
        (package({**parts_of(workbook()), "XL/Workbook.xml": b"x"}), "FILE_STRUCTURE_REFUSED"),
        (package({"[Content_Types].xml": b"<x/>", **{f"p{n}": b"" for n in range(201)}}), "FILE_STRUCTURE_REFUSED"),
        (with_parts(xl__big_dot_xml=b" " * (51 * 1024 * 1024)), "FILE_TOO_LARGE"),
        (with_parts(xl__ratio_dot_xml=b" " * (4 * 1024 * 1024)), "FILE_TOO_LARGE"),
        (with_sheet_xml('<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'), "FILE_STRUCTURE_REFUSED"),
        (with_sheet_xml('<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'), "FILE_STRUCTURE_REFUSED"),
        (with_sheet_xml('<?xml version="1.0" encoding="UTF-7"?><x/>'), "FILE_STRUCTURE_REFUSED"),
        (with_parts(xl__wide_dot_xml="\ufeff<x/>".encode("utf-16-le")), "FILE_STRUCTURE_REFUSED"),
        (b"PK\x03\x04" + b"\0" * 100, "FILE_UNREADABLE"),
        (workbook()[:-100], "FILE_UNREADABLE"),
    ],
)  # fmt: skip
def test_packages(data: bytes, code: str) -> None:
    check_workbook(workbook())
    assert code_of(check_workbook, data) == code


def test_a_package_with_a_password_a_link_or_a_lie_about_its_size() -> None:
    good = bytearray(workbook())
    central = good.index(b"PK\x01\x02")
    encrypted = bytearray(good)
    encrypted[central + 8] |= 1
    assert code_of(check_workbook, bytes(encrypted)) == "FILE_ENCRYPTED"
    lie = bytearray(good)
    lie[central + 24 : central + 28] = (1).to_bytes(4, "little")
    assert code_of(check_workbook, bytes(lie)) in {"FILE_UNREADABLE", "FILE_STRUCTURE_REFUSED"}
    linked = io.BytesIO()
    with zipfile.ZipFile(linked, "w") as written:
        link = zipfile.ZipInfo("xl/link.xml")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        written.writestr("[Content_Types].xml", b"<x/>")
        written.writestr(link, "/etc/passwd")
    assert code_of(check_workbook, linked.getvalue()) == "FILE_STRUCTURE_REFUSED"


def only_sheet(book: Book) -> dict[int, tuple[Cell | None, ...]]:
    assert len(book.sheets) == 1
    return book.sheets[0].rows


def test_cells_of_every_kind() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["text", 9990020744, 9990020744.0, 0.5, True, date(1980, 2, 1), datetime(1980, 2, 1, 13, 5), None, "  ", "#N/A"])  # noqa: DTZ001
    sheet["A2"] = "=1+1"
    sheet["A3"], sheet["B3"] = datetime(1984, 11, 1), datetime(2026, 2, 1)  # noqa: DTZ001
    sheet["A3"].number_format, sheet["B3"].number_format = "mmm-yy", "d-mmm"
    sheet["A1"].comment = Comment("not read", "x")
    rows = only_sheet(read_workbook(saved(book)))
    told = [(c.kind, c.text) if c else None for c in rows[1]]
    assert told == [("text", "text"), ("number", "9990020744"), ("number", "9990020744"), ("number", "0.5"), ("yes_no", "1"),
                    ("date", "1980-02-01T00:00:00"), ("date", "1980-02-01T13:05:00"), None, None, ("error", "")]  # fmt: skip
    assert rows[2] == (Cell("uncalculated", ""),)
    assert [c.shows for c in rows[3] if c] == ["ym", "md"]


def test_a_formula_is_its_last_result_and_never_worked_out() -> None:
    row = '<row r="1"><c r="A1" t="str"><f>"Ja"&amp;"ne"</f><v>Jane</v></c><c r="B1"><f>HYPERLINK("http://example.invalid")</f></c></row>'
    rows = only_sheet(read_workbook(with_sheet_xml(sheet_xml(row))))
    assert rows[1] == (Cell("text", "Jane"), Cell("uncalculated", ""))


def test_hidden_rows_columns_and_sheets_merges_and_the_1904_calendar() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in LIST:
        sheet.append(row)
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["B"].hidden = True
    sheet.merge_cells("A2:A3")
    book.create_sheet("old").sheet_state = "veryHidden"
    book.epoch = datetime(1904, 1, 1)  # noqa: DTZ001
    read = read_workbook(saved(book))
    assert read.sheets[0].hidden_rows == {2}
    assert read.sheets[0].hidden_columns == {1}
    assert read.sheets[0].merged == ((2, 0, 3, 0),)
    assert [s.hidden for s in read.sheets] == [False, True]
    assert read.year_zero == 1904


def test_escaped_line_ends_of_excel() -> None:
    assert only_sheet(read_workbook(workbook([["a_x000D_\nb_x0041_"]])))[1] == (Cell("text", "a\nb_x0041_"),)


def test_a_cell_far_down_and_one_far_right() -> None:
    far_down = sheet_xml('<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row>')
    far_right = sheet_xml('<row r="1"><c r="XFD1" t="inlineStr"><is><t>x</t></is></c></row>')
    assert list(only_sheet(read_workbook(with_sheet_xml(far_down)))) == [1048576]
    assert code_of(read_workbook, with_sheet_xml(far_right)) == "LIST_TOO_LONG"


@pytest.mark.parametrize(
    ("rows", "code"), [([["x"]] * (MAX_ROWS + 1), "LIST_TOO_LONG"), ([["x"] * (MAX_COLUMNS + 1)], "LIST_TOO_LONG"), ([["x" * (MAX_CELL + 1)]], "FILE_CELL_TOO_LONG")]
)  # fmt: skip
def test_sizes(rows: list[list[str]], code: str) -> None:
    assert code_of(read_workbook, workbook(rows)) == code
    assert code_of(read_delimited, "\n".join(",".join(row) for row in rows).encode()) == code


NAMES = "Surname,First name,Role\nO\u2019Brien,Zo\u00eb,V\nM\u00fcller,Ren\u00e9e,P\n"


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (NAMES.encode(), ()),
        (codecs.BOM_UTF8 + NAMES.encode(), ()),
        (codecs.BOM_UTF16_LE + NAMES.encode("utf-16-le"), ()),
        (codecs.BOM_UTF16_BE + NAMES.encode("utf-16-be"), ()),
        (NAMES.encode("cp1252"), ("FILE_ENCODING_ASSUMED",)),
    ],
)
def test_encodings_that_are_certain(data: bytes, codes: tuple[str, ...]) -> None:
    book = read_delimited(data)
    assert [cell.text for cell in only_sheet(book)[2] if cell] == ["O\u2019Brien", "Zo\u00eb", "V"]
    assert book.codes == codes


@pytest.mark.parametrize(
    "data",
    [
        NAMES.encode("mac_roman"),
        NAMES.encode("utf-16-le"),  # no mark: every second byte is a NUL
        "Wa\u0142\u0119sa,Lech".encode("cp1250"),
        "\u0418\u0432\u0430\u043d,\u041f".encode("cp1251"),
        b"a,b\n\xe9,c\n",
        b"a,b\nSm\x00ith,c\n",
        b"a,b\n\xed\xa0\x80,c\n",
        codecs.BOM_UTF8 + NAMES.encode("cp1252"),
        codecs.BOM_UTF16_LE + b"\x00\xd8\x00",
    ],
)
def test_encodings_that_are_not(data: bytes) -> None:
    assert code_of(read_delimited, data) == "FILE_ENCODING_UNCERTAIN"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_and_line_ends(delimiter: str, end: str) -> None:
    text = end.join(delimiter.join(row) for row in LIST) + end
    assert [[c.text for c in row if c] for row in only_sheet(read_delimited(text.encode())).values()] == [list(row) for row in LIST]
    named = f"sep={delimiter}{end}{text}"
    assert list(only_sheet(read_delimited(named.encode()))) == [2, 3, 4]


def test_quotes_commas_and_line_ends_in_cells() -> None:
    rows = only_sheet(read_delimited(b'Surname,Address\n"O""Brien","1 A St,\nNorthmoor"\nSmith,2 B St\n'))
    assert rows[2] == (Cell("text", 'O"Brien'), Cell("text", "1 A St,\nNorthmoor"))
    assert rows[3] == (Cell("text", "Smith"), Cell("text", "2 B St"))


@pytest.mark.parametrize(
    ("text", "row"), [('Surname,Address\nSmith,"1 A St\nJones,2 B St\n', 2), ('Surname,Address\nSmith,1 A St\nJones,"2 B" St\n', 3)]
)
def test_broken_quotes_are_an_error_at_their_row(text: str, row: int) -> None:
    assert read_delimited(text.encode()).faults == ((row, "FILE_QUOTES_BROKEN"),)


def test_texts_that_look_like_formulas_stay_texts() -> None:
    rows = only_sheet(read_delimited(b"Surname,Notes\n'=1+1,'+44 7700 900123\n=cmd|x,O'Brien\n"))
    assert [cell.text for row in rows.values() for cell in row if cell][2:] == ["=1+1", "+44 7700 900123", "=cmd|x", "O'Brien"]


GOOD = write_reply(Reply(book=read_delimited(NAMES.encode())))


@pytest.mark.parametrize(
    "reply",
    [
        b"", b"{}", b"null", b"[]", GOOD[:-5], GOOD + b"x", b'{"book":null,"refusal":null}', b'{"refusal":{"refused":"NO_SUCH_CODE"}}',
        b'{"book":{"sheets":[{"rows":{"1":[["text","a"]]}}],"codes":["NO_SUCH_CODE"]}}',
        b'{"book":{"sheets":[{"rows":{"1":[["date","soon"]]}}]}}',
        b'{"book":{"sheets":[{"rows":{"1":[["date","1980-02-01T00:00:00+01:00"]]}}]}}',
        b'{"book":{"sheets":[{"rows":{"1":[["secret","a"]]}}]}}',
        b'{"book":{"sheets":[{"rows":{"1":[["text","' + b"a" * (MAX_CELL + 1) + b'"]]}}]}}',
        b'{"book":{"sheets":[{"rows":{"1":[' + b",".join([b"null"] * (MAX_COLUMNS + 1)) + b"]}}]}}",
        b'{"book":{"sheets":' + b"[" * 5000,
    ],
)  # fmt: skip
def test_the_parent_believes_only_a_well_formed_reply(reply: bytes) -> None:
    assert code_of(read_reply, reply) == "FILE_UNREADABLE"


def test_replies_read_back() -> None:
    assert read_reply(GOOD) == read_delimited(NAMES.encode())
    assert code_of(read_reply, b'{"refusal":{"refused":"FILE_HAS_MACROS"}}') == "FILE_HAS_MACROS"
    too_long = Book(sheets=(), codes=("x" * (5 * 1024 * 1024),))
    assert code_of(read_reply, write_reply(Reply(book=too_long))) == "LIST_TOO_LONG"
