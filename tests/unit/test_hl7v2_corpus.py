"""HL7 v2 messages that others wrote (microsoft/FHIR-Converter, 139 files), and a generated twin that always runs.

The files are found through ``MARAC_CORPORA`` (usual place: ``shared/data`` beside the repository); without them it is said loudly.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import hl7
import pytest

from mappings.hl7v2 import er7
from mappings.hl7v2.grammar import findings
from mappings.hl7v2.pdq import Query, read_response
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.questions import Question

CORPORA = Path(os.environ.get("MARAC_CORPORA", Path(__file__).parents[3] / "shared" / "data"))
EXPECTED = 139
FOREIGN = Query(Question((("@PID.5.1.1", "Nobody"),)), "T", "C")


def samples() -> list[bytes]:
    """The corpus, or nothing."""
    return [file.read_bytes() for file in sorted((CORPORA / "hl7v2_samples").glob("*.hl7"))]


def twin(count: int = EXPECTED) -> list[bytes]:
    """Messages of many kinds made up here: every separator and escape, unknown segments, long and empty ones."""
    rng = random.Random("hl7v2 twin")
    alphabet = ["A", "é", "李", "'", "-", " ", "\\T\\", "\\F\\", "\\X41\\", "\\.br\\", "", "0", "^", "~", "&", "^^", '""', "|"]
    made = []
    for number in range(count):
        kind = rng.choice(["ADT^A31^ADT_A05", "ORU^R01^ORU_R01", "SIU^S12", "RSP^K22^RSP_K21", "ZZZ^Z01", ""])
        version = rng.choice(["2.3", "2.4", "2.5", "2.5.1", "2.8"])
        lines = [f"MSH|^~\\&|A|B|C|D|20260101||{kind}|M{number}|P|{version}||||||UNICODE UTF-8"]
        for _ in range(rng.randrange(30)):
            name = rng.choice(["EVN", "PID", "PD1", "NK1", "PV1", "OBX", "AL1", "DG1", "ZU1", "ZZ9", "ARV", "QRI"])
            lines.append("|".join([name, *("".join(rng.choices(alphabet, k=rng.randrange(8))) for _ in range(rng.randrange(20)))]))
        made.append("\r".join([*lines, ""]).encode())
    return made


def outcome_rule(raw: bytes) -> None:
    """Read, every segment kept, parts as python-hl7 has them, judged without a crash; and never an answer to a question of ours."""
    message = er7.read(raw)
    lines = [line for line in raw.removeprefix(b"\xef\xbb\xbf").decode().replace("\r\n", "\r").replace("\n", "\r").split("\r") if line]
    assert [segment.raw for segment in message.segments] == lines
    assert message.encode().decode(message.codec) == "".join(f"{line}\r" for line in lines)
    theirs = hl7.parse("\r".join(lines))
    for ours, other in zip(message.segments, theirs, strict=True):
        # python-hl7 takes spaces away at the end of a message; we keep them.
        assert [field.rstrip() for field in ours.fields[1:]] == [str(field).rstrip() for field in other][1:]
    structure = message.header.text(9, 3) or "_".join((message.header.text(9, 1), message.header.text(9, 2)))
    assert all(finding.place.count("^") <= 2 for finding in findings(message, structure))
    assert read_response(message, FOREIGN, Profile()).answer.candidates == ()


@pytest.mark.parametrize("number", range(EXPECTED))
def test_the_generated_twin(number: int) -> None:
    outcome_rule(twin()[number])


def test_the_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    messages = samples()
    if not messages:
        with capsys.disabled():
            print(f"\nCORPUS ABSENT: 0 of {EXPECTED} run (hl7v2_samples; set MARAC_CORPORA)")
        return
    assert len(messages) == EXPECTED
    for raw in messages:
        outcome_rule(raw)


def test_truncated_anywhere_a_message_is_read_or_refused_and_never_a_crash() -> None:
    for raw in [*twin(12), *samples()[:12]]:
        for cut in range(0, len(raw), max(1, len(raw) // 60)):
            try:
                message = er7.read(raw[:cut])
            except er7.Unreadable:
                continue
            assert read_response(message, FOREIGN, Profile()).answer.candidates == ()
