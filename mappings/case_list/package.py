"""Is this file safe to open? What a file is by its first bytes, and what a workbook's zip package holds, before any parser sees it."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib

from gateway.domain.errors import Code, InvalidInput

MAX_FILE = 10 * 1024 * 1024
MAX_PARTS = 200
MAX_UNPACKED = 50 * 1024 * 1024
MAX_RATIO = 100
_RATIO_FLOOR = 1024 * 1024
"""Below a mebibyte unpacked, no ratio is dangerous; sheets of empty rows pack very well."""

WORKBOOK_ENDINGS = frozenset({".xlsx"})
TEXT_ENDINGS = frozenset({".csv", ".txt", ".tsv"})
_REFUSED_ENDINGS = {
    ".xls": Code.FILE_OLD_EXCEL,
    ".xlsb": Code.FILE_BINARY_EXCEL,
    ".xlsm": Code.FILE_HAS_MACROS,
    ".xltm": Code.FILE_HAS_MACROS,
    ".ods": Code.FILE_OPEN_DOCUMENT,
    ".pdf": Code.FILE_PDF,
    ".doc": Code.FILE_WORD,
    ".docx": Code.FILE_WORD,
    ".docm": Code.FILE_WORD,
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_PARTS_THAT_TELL = (
    (re.compile(r"(^|/)vbaproject\w*\.bin$|(^|/)macrosheets/|(^|/)dialogsheets/", re.IGNORECASE), Code.FILE_HAS_MACROS),
    (re.compile(r"^xl/workbook\.bin$", re.IGNORECASE), Code.FILE_BINARY_EXCEL),
    (re.compile(r"^word/", re.IGNORECASE), Code.FILE_WORD),
    (re.compile(r"^content\.xml$|^mimetype$", re.IGNORECASE), Code.FILE_OPEN_DOCUMENT),
    (re.compile(r"(^|/)externallinks/|(^|/)connections\.xml$|(^|/)querytables/", re.IGNORECASE), Code.FILE_HAS_EXTERNAL_LINKS),
    (re.compile(r"(^|/)embeddings/|(^|/)activex/|(^|/)ctrlprops/|oleobject", re.IGNORECASE), Code.FILE_HAS_EMBEDDED_OBJECTS),
)
_DOCUMENTS_AND_PROGRAMS = (
    ".zip",
    ".exe",
    ".dll",
    ".js",
    ".vbs",
    ".xlsx",
    ".xlsm",
    ".xls",
    ".docx",
    ".doc",
    ".pptx",
    ".ppt",
    ".pdf",
    ".rtf",
    ".csv",
)
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
_MOST_MERGED = 200_000
"""Cells in merged blocks together; the parser makes one for each."""
_ENTITIES = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_MACRO_TYPE = re.compile(rb"macroenabled", re.IGNORECASE)
_OTHER_THAN_UTF8 = re.compile(rb"^\s*<\?xml[^>]{0,200}encoding\s*=\s*[\"'](?!utf-?8[\"']|us-ascii[\"'])", re.IGNORECASE)
_FAULTS = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, OSError, RuntimeError)


def check_ending(ending: str) -> None:
    """Raises ``InvalidInput`` unless files with this ending (".xlsx", lower case) are read at all."""
    if ending in _REFUSED_ENDINGS:
        raise InvalidInput(_REFUSED_ENDINGS[ending])
    if ending not in WORKBOOK_ENDINGS | TEXT_ENDINGS:
        raise InvalidInput(Code.FILE_KIND_NOT_ACCEPTED)


def check_start(data: bytes, ending: str) -> None:
    """Raises ``InvalidInput`` when the size, or the first bytes, are not those of a file with this ending."""
    if not data.strip(b"\x00\t\r\n "):
        raise InvalidInput(Code.FILE_EMPTY)
    if len(data) > MAX_FILE:
        raise InvalidInput(Code.FILE_TOO_LARGE)
    if data.startswith(_OLE):
        raise InvalidInput(Code.FILE_ENCRYPTED if _ENCRYPTED_STREAM in data else Code.FILE_OLD_EXCEL)
    if data.startswith(b"%PDF"):
        raise InvalidInput(Code.FILE_PDF)
    if data.startswith(b"PK\x03\x04") != (ending in WORKBOOK_ENDINGS):
        raise InvalidInput(Code.FILE_KIND_DIFFERS)


def check_workbook(data: bytes) -> None:
    """Raises ``InvalidInput`` unless the zip package is a plain workbook: no macros, links, embedded files, entities or bombs."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            _check_parts(parts, len(data))
            _check_contents(package, parts)
    except _FAULTS:
        raise InvalidInput(Code.FILE_UNREADABLE) from None


def _check_parts(parts: list[zipfile.ZipInfo], packed: int) -> None:
    names = [part.filename for part in parts]
    if len(names) > MAX_PARTS or len({name.lower() for name in names}) != len(names):
        raise InvalidInput(Code.FILE_STRUCTURE_REFUSED)
    for part in parts:
        _check_part(part)
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED or unpacked > max(MAX_RATIO * packed, _RATIO_FLOOR):
        raise InvalidInput(Code.FILE_TOO_LARGE)
    if "[content_types].xml" not in {name.lower() for name in names}:
        raise InvalidInput(Code.FILE_STRUCTURE_REFUSED)


def _check_part(part: zipfile.ZipInfo) -> None:
    name = part.filename
    if part.flag_bits & 1:
        raise InvalidInput(Code.FILE_ENCRYPTED)
    climbs = ".." in name.split("/") or name.startswith(("/", "\\")) or "\\" in name or ":" in name or "\x00" in part.orig_filename
    if climbs or stat.S_ISLNK(part.external_attr >> 16):
        raise InvalidInput(Code.FILE_STRUCTURE_REFUSED)
    if name.lower().endswith(_DOCUMENTS_AND_PROGRAMS):
        raise InvalidInput(Code.FILE_HAS_EMBEDDED_OBJECTS)
    for pattern, code in _PARTS_THAT_TELL:
        if pattern.search(name):
            raise InvalidInput(code)


def _check_contents(package: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    """Every part unpacks to what it declares (zipfile checks length and CRC), and no XML part brings entities of its own."""
    for part in parts:
        with package.open(part) as stream:
            content = stream.read(part.file_size + 1)
        if len(content) != part.file_size:
            raise InvalidInput(Code.FILE_STRUCTURE_REFUSED)
        if part.filename.lower().endswith((".xml", ".rels", ".vml")):
            _check_xml(part.filename, content)


def _check_xml(name: str, content: bytes) -> None:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content or _OTHER_THAN_UTF8.match(content):
        raise InvalidInput(Code.FILE_STRUCTURE_REFUSED)
    if _ENTITIES.search(content):
        raise InvalidInput(Code.FILE_STRUCTURE_REFUSED)
    if sum(_cells_of(*block) for block in _MERGED.findall(content)) > _MOST_MERGED:
        raise InvalidInput(Code.LIST_TOO_LONG)
    if name.lower() == "[content_types].xml" and _MACRO_TYPE.search(content):
        raise InvalidInput(Code.FILE_HAS_MACROS)


def _cells_of(left: bytes, top: bytes, right: bytes, bottom: bytes) -> int:
    return abs(_column(right) - _column(left) + 1) * abs(int(bottom) - int(top) + 1)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
