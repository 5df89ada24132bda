"""Words that tell a stranger why we ask are found however they are written; ordinary words and people's names are not taken for them."""

from __future__ import annotations

import base64
import gzip

import pytest

from gateway.domain.flags import ALERT_TEXT
from gateway.policy.vocabulary import IN_WORK, STEMS, tells


def test_there_are_some_sixty_stems_each_in_letters_alone() -> None:
    assert 60 <= len(STEMS) == len(set(STEMS))
    assert all(stem.replace(" ", "").isalpha() and stem.islower() and stem.isascii() for stem in STEMS)


WRITTEN = {
    "plain": lambda stem: stem,
    "capitals": str.upper,
    "mixed case": lambda stem: stem.title(),
    "joined": lambda stem: stem.replace(" ", ""),
    "underscores": lambda stem: stem.replace(" ", "_"),
    "hyphen within": lambda stem: f"{stem[:2]}-{stem[2:]}",
    "soft hyphen within": lambda stem: f"{stem[:2]}\N{SOFT HYPHEN}{stem[2:]}",
    "zero width within": lambda stem: f"{stem[:3]}\N{ZERO WIDTH SPACE}{stem[3:]}",
    "letter by letter": lambda stem: " ".join(stem.replace(" ", "")),
    "with points": lambda stem: ".".join(stem.replace(" ", "")),
    "accents": lambda stem: stem.replace("a", "\N{LATIN SMALL LETTER A WITH ACUTE}").replace("i", "\N{LATIN SMALL LETTER I WITH DIAERESIS}"),
    "wide": lambda stem: "".join(chr(ord(letter) + 0xFEE0) if letter != " " else letter for letter in stem),
    "percent": lambda stem: "".join(f"%{ord(letter):02X}" for letter in stem),
    "JSON escape": lambda stem: "".join(f"\\u{ord(letter):04x}" for letter in stem),
    "ER7 escape": lambda stem: f"\\X{stem.encode().hex().upper()}\\",
    "HTML": lambda stem: "".join(f"&#{ord(letter)};" for letter in stem),
    "quoted-printable": lambda stem: "".join(f"={ord(letter):02X}" for letter in stem),
}


@pytest.mark.parametrize("way", WRITTEN)
@pytest.mark.parametrize("stem", STEMS)
def test_every_stem_is_found_however_it_is_written(stem: str, way: str) -> None:
    assert tells(f"[{WRITTEN[way](stem)}]".encode())
    assert tells(f'{{"name":"The {WRITTEN[way](stem)} desk"}}'.encode())


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-16", "utf-32-le"])
def test_wide_encodings_hide_nothing(codec: str) -> None:
    assert tells("a victim".encode(codec))


def test_what_is_packed_in_base64_is_unpacked_where_asked() -> None:
    claims = base64.urlsafe_b64encode(b'{"iss":"marac-client","sub":"x"}').rstrip(b"=")
    token = b"client_assertion=eyJhbGciOiJSUzM4NCJ9." + claims + b".c2lnbmF0dXJl"
    assert tells(token, packed=True)
    assert not tells(b"client_assertion=" + base64.b64encode(b'{"iss":"records-client","aud":"x"}'), packed=True)


@pytest.mark.parametrize("content", [
    '{"identifier":"4b547b1a-7b12-4133-9c2c-aada79535c07"}', "MSH|^~\\&|A|B|C|D|20261102||QBP^Q22|0123CAADA9ABCDEF0123|P|2.5", "6caada7953b54b1a7b12413b9c2c0c07",
])  # fmt: skip
def test_chance_writes_no_word_in_our_ids(content: str) -> None:
    assert not tells(content.encode(), packed=True)
    assert tells(content.encode() + b" sent by CAADA", packed=True)


def test_a_word_in_hexadecimal_is_no_id() -> None:
    assert tells(f"OBX|1|TX|\\X{b'the perpetrator'.hex()}\\".encode())


@pytest.mark.parametrize("words", ALERT_TEXT.values())
def test_the_words_of_an_alert_tell(words: str) -> None:
    assert tells(words.encode())


@pytest.mark.parametrize("text", [
    '{"family":"Crane","given":["Tamara"]}', "lab use only", "convict immediately", "the dashboard", "Mad Ash", "Abbas Usman", "a rapid reply", "drapery",
    "mashed", "grape", "Records exchange", "Health visitor team", "Joint visit with the advocate within the week",
    '{"identifiers":[{"type":"nominalId","value":"N1"}]}', "Idvania", "", "Offer an appointment at the hospital site and not at home",
    "Review attendances of the last 12 months and tell the representative", "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "Check that the address is treated as urgent and update the officer in charge",
])  # fmt: skip
def test_ordinary_words_are_not_taken_for_them(text: str) -> None:
    assert not tells(text.encode())


@pytest.mark.parametrize("name", ["Dash", "Stalker", "Mash", "Domestico", "Víctimez", "Violenta"])
def test_a_person_may_be_called_so(name: str) -> None:
    body = f'{{"familyName":"{name}"}}'.encode()
    assert tells(body)
    assert not tells(body, [name])
    assert tells(body + b" a victim", [name])


def test_the_names_of_posts_are_borne_in_the_text_of_work_and_nowhere_else() -> None:
    assert len(IN_WORK) < 6
    assert not tells(b'{"owner":"Safeguarding midwife","text":"Speak to the school\'s safeguarding lead"}', in_work=True)
    assert tells(b'{"owner":"Safeguarding midwife"}')
    assert tells(b'{"text":"Tell the safeguarding lead about the perpetrator"}', in_work=True)


def test_bytes_of_any_kind_end_in_an_answer() -> None:
    for content in (gzip.compress(b"x" * 500), bytes(range(256)), b"%", b"\\u00", b"=\xff", b"&#;", b"&#999999999;"):
        tells(content, packed=True)
