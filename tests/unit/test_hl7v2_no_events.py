"""No template of ours can produce an event message (ADT): it would be copied to patient apps, kiosks and every subscriber (C08).

And nothing that we write says why we ask (C39).
"""

from __future__ import annotations

import ast
import re
from datetime import UTC, date, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import adapters.health.hl7v2
import mappings.hl7v2
from gateway.domain.case_list import BirthDate, PersonName
from mappings.hl7v2 import er7
from mappings.hl7v2.ack import build_accept
from mappings.hl7v2.pdq import Query, build_query
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.questions import Question
from tests.contract.asked import about

SOURCES = [*Path(mappings.hl7v2.__file__).parent.glob("*.py"), Path(adapters.health.hl7v2.__file__), Path("adapters/mllp.py")]
AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
WHY_WE_ASK = re.compile(
    rb"marac|idva|idaa|dash|abuse|violen|perpetrat|victim|safelives|refuge|safeguard|stalk|alert|risk|domestic", re.IGNORECASE
)
OF_AN_EVENT = {"ADT", "EVN", "AL1", "DG1", "PV1", "IN1", "OBX", "ZU1"}


def literals(source: Path) -> set[str]:
    """Every text in the code that is not a docstring."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes
    }


def test_no_text_in_the_code_names_an_event_message_or_a_segment_of_one() -> None:
    assert len(SOURCES) > 8
    for source in SOURCES:
        words = {word for text in literals(source) for word in re.findall(r"[A-Z][A-Z0-9]{2}", text)}
        assert words & OF_AN_EVENT == set(), source.name


def test_headers_are_made_in_one_place_for_two_kinds_of_message() -> None:
    """Only ``build_query`` and ``build_accept`` call ``header``, with a type that no caller chooses."""
    calls = {}
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "header":
                calls[source.stem] = ast.unparse(node.args[0])
    assert calls == {"pdq": "QUERY", "ack": "'ACK'"}
    assert [source.stem for source in SOURCES if any("MSH|" in text for text in literals(source))] == ["segments"]


texts = st.text(st.characters(codec="utf-8", exclude_characters=[chr(code) for code in range(0x7F, 0xA0)]), min_size=1, max_size=30)


@given(family=texts, given_name=texts, pointer=texts, born=st.dates(date(1900, 1, 1), date(2026, 1, 1)))
def test_whatever_is_asked_the_message_is_a_query_and_nothing_more(family: str, given_name: str, pointer: str, born: date) -> None:
    criteria = (("@PID.5.1.1", family), ("@PID.5.2", given_name), ("@PID.7", f"{born:%Y%m%d}"))
    message = er7.read(build_query(Query(Question(criteria), "T1", "C1", pointer), AT, Profile()))
    assert message.names == ["MSH", "QPD", "RCP", "DSC"]
    assert message.header.field(9) == "QBP^Q22^QBP_Q21"


def test_an_accept_acknowledgement_is_one() -> None:
    reply = er7.read(b"MSH|^~\\&|A|B|C|D|1||ADT^A31^ADT_A05|R|9|P|2.5\rMSA|AA|X\r")
    assert er7.read(build_accept(reply, "X1", AT, Profile())).header.field(9) == "ACK"


def test_what_we_write_does_not_say_why_we_ask() -> None:
    from mappings.hl7v2.questions import plan

    release = about("Smith", "Anna", BirthDate(1980), aliases=(PersonName("Jones", "Anna"),), nhs_number="9990022224")
    questions = plan(release, Profile())
    for number, question in enumerate((*questions.first, *questions.second)):
        assert not WHY_WE_ASK.search(build_query(Query(question, f"T{number}", f"C{number}"), AT, Profile()))
