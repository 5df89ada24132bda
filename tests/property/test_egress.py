"""The gate lets out every message that a mapping makes of its release, and none that holds a word of somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapters.egress import Egress
from adapters.faults import Permanent
from contracts.outgoing import MLLP
from gateway.domain.case_list import PersonName
from gateway.domain.error_codes import Code
from gateway.domain.releases import LookupRelease
from mappings.fhir_r4 import profile as fhir
from mappings.fhir_r4.searches import plan as fhir_plan
from mappings.fhir_r4.searches import plan_again
from mappings.hl7v2.er7 import Unreadable
from mappings.hl7v2.pdq import Query, build_query, control_id
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.questions import plan
from mappings.housing import persons as housing
from mappings.police import persons as police
from tests.property.people import names, releases

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
OPTIONS = {"identifier_system": "https://trust.example/id/number", "own_authority": "CBNT", "own_oid": "2.999.42.7"}
EGRESS = Egress(OPTIONS)
FHIR_PROFILES = [
    fhir.Profile(match=match, search=True, open_to_service=True, identifier_system=(OPTIONS["identifier_system"],)) for match in (True, False)
]
HL7 = Profile.of(OPTIONS)


def questions(release: LookupRelease) -> Iterator[tuple[str, str, bytes]]:
    """Method, address and body of everything that is sent to ask about one person, at every kind of system."""
    for body in police.build_searches(release)[0]:
        yield "POST", "v1/persons/search", body
    for body in housing.build_searches(release)[0]:
        yield "POST", "api/v1/search/persons", body
    for profile in FHIR_PROFILES:
        for asked in (*fhir_plan(release, profile).asked, *plan_again(release, profile).asked):
            yield "POST", asked.path, asked.body
    planned = plan(release, HL7)
    for number, question in enumerate((*planned.first, *planned.second)):
        tag = control_id(release.lookup_id, AT, number, 0)
        try:
            yield MLLP, "QBP^Q22^QBP_Q21", build_query(Query(question, tag, tag), AT, HL7)
        except Unreadable:
            continue


@settings(max_examples=150, deadline=None)
@given(releases)
def test_every_question_of_every_connector_may_leave(release: LookupRelease) -> None:
    permit = EGRESS.permit(release)
    for method, path, body in questions(release):
        permit.check(method, path, {"Accept": "application/json"}, body)


@settings(max_examples=100, deadline=None)
@given(releases, names, st.sampled_from(["ZzyzxCanary", "9990000018", "Ødegård-Nwosu"]))
def test_no_question_about_one_person_leaves_for_another(release: LookupRelease, name: PersonName, family: str) -> None:
    """The message that was made of another release, as if a buffer had been mixed up."""
    other = replace(release, names=(replace(name, family=family), *release.names))
    permit = EGRESS.permit(release)
    assume(family not in {number.value for number in (release.nhs_number, *release.own_identifiers) if number})
    own = {body for _, _, body in questions(release)}
    sent = [one for one in questions(other) if one[2] not in own]
    assert sent
    for method, path, body in sent:
        if family.casefold().split("-")[0] in body.decode().casefold():
            with pytest.raises(Permanent) as refused:
                permit.check(method, path, {}, body)
            assert refused.value.reason is Code.MESSAGE_NAMES_ANOTHER
