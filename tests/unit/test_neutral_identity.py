"""Who we are on the wire says nothing of why: options, client ids, certificates, addresses and names of files, each checked before use."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.egress import USER_AGENT, Egress
from adapters.faults import Permanent
from adapters.http import HttpReply, HttpSystem
from adapters.neutral import check_identity, names_in
from adapters.registry import Registry, Withholding
from contracts.agreements import AgreementFolder, read_agreement
from gateway.bootstrap import Misconfigured, settings_from
from gateway.domain.agreements import AlertReach, Limits
from gateway.domain.error_codes import Code
from gateway.domain.identifiers import AgencyId, SystemKey
from gateway.policy.vocabulary import tells
from gateway.web.rendering import SERVICE_NAME
from mappings.case_list.template import TemplateKind
from mappings.hl7v2.profile import Profile
from tests.unit.test_agreements import WHOLE, agency
from tests.unit.test_config import WHOLE as SETTINGS


def certificate(common_name: str, *alternatives: str) -> str:
    """A client certificate as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Marac authority")])).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    if alternatives:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in alternatives]), critical=False)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_what_we_say_of_ourselves_unless_told_otherwise_is_neutral() -> None:
    profile = Profile()
    said = [USER_AGENT, SERVICE_NAME, profile.sending_application, profile.sending_facility, profile.query_name, *TemplateKind]
    assert not [text for text in said if tells(text.encode())]


@pytest.mark.parametrize(("options", "key"), [
    ('sending_application = "MARAC-GW"', "sending_application"), ('our_identifier_system = "https://marac.example/id"', "our_identifier_system"),
    ('user_agent = "idva-tool/2"', "user_agent"), ('scope = "domestic-abuse/read"', "scope"),
])  # fmt: skip
def test_an_option_that_says_why_is_named_with_its_fix_and_shares_nothing(tmp_path: Path, options: str, key: str) -> None:
    _, problems = read_agreement(agency(tmp_path, f"{WHOLE}\n[systems.record.options]\n{options}\n"))
    assert [(problem.file, problem.key) for problem in problems] == [("ashby-trust/agreement.toml", f"systems.record.options.{key}")]
    assert "neutral" in problems[0].fix


def test_how_the_other_side_calls_itself_is_its_own(tmp_path: Path) -> None:
    _, problems = read_agreement(agency(tmp_path, f'{WHOLE}\n[systems.record.options]\nreceiving_facility = "REFUGE"\n'))
    assert problems == ()


@pytest.mark.parametrize("credentials", [
    {"client_id": "marac-gateway"}, {"client_certificate": certificate("marac.example")}, {"client_certificate": certificate("x", "idva.example")},
    {"token_url": "https://id.example/domestic-abuse/token"},
], ids=["client id", "subject", "alternative name", "address of tokens"])  # fmt: skip
def test_a_credential_that_says_why_opens_no_lane(credentials: Mapping[str, str]) -> None:
    with pytest.raises(Permanent) as refused:
        check_identity(credentials)
    assert refused.value.reason is Code.IDENTITY_TELLS_WHY


def test_neutral_credentials_and_secrets_of_chance_are_let_be() -> None:
    check_identity({"client_id": "records-exchange", "client_secret": "dash-idva-marac", "client_certificate": certificate("records.example", "records.example")})
    assert names_in("no certificate") == ()


def test_the_registry_opens_nothing_under_a_telling_client_id(tmp_path: Path) -> None:
    agreement, _ = read_agreement(agency(tmp_path, WHOLE))
    assert agreement is not None
    book = AgreementFolder({AgencyId("ashby-trust"): agreement})
    registry = Registry(book, {"env:ASHBY_URL": "https://a.example", "env:ASHBY_CLIENT": "marac", "file:ashby.pem": "k"}.__getitem__, lambda: date(2026, 11, 2))
    transport = registry.open("ashby-trust/record")
    assert isinstance(transport, Withholding)


def test_the_name_of_the_client_is_as_agreed() -> None:
    class Wire:
        async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int) -> HttpReply:
            return HttpReply(200, headers, b"{}")

        async def close(self) -> None: ...

    def said(egress: Egress | None) -> str:
        talk = HttpSystem("https://a.example", Limits(), Wire(), egress=egress).talk()
        return asyncio.run(talk.ask("GET", "x", {})).headers["User-Agent"]

    assert said(None) == USER_AGENT
    assert said(Egress({"user_agent": "trust-links/3"})) == "trust-links/3"


@pytest.mark.parametrize(("name", "value"), [
    ("MARAC_BASE_URL", "https://marac.example"), ("OIDC_CLIENT_ID", "domestic-abuse-gateway"), ("MARAC_API_AUDIENCE", "idva"),
])  # fmt: skip
def test_production_does_not_start_under_a_telling_name(name: str, value: str) -> None:
    with pytest.raises(Misconfigured) as told:
        settings_from(SETTINGS | {name: value})
    assert [problem.split(":")[0] for problem in told.value.problems] == [name]


@pytest.mark.parametrize("reach", AlertReach)
def test_whose_record_alerts_stand_on_is_declared_and_only_a_persons_own_is_written_to(tmp_path: Path, reach: AlertReach) -> None:
    text = WHOLE.replace('kind = "fhir_r4"', f'kind = "fhir_r4"\nalerts_stand_on = "{reach}"')
    agreement, problems = read_agreement(agency(tmp_path, text))
    assert agreement is not None
    assert agreement.system(SystemKey("ashby-trust/record")).alerts_stand_on is reach
    assert [problem.key for problem in problems] == ([] if reach is AlertReach.PERSON else ["systems.record.alerts_stand_on"])


def test_a_landlords_alerts_stand_on_the_tenancy_unless_said_otherwise(tmp_path: Path) -> None:
    text = WHOLE.replace('"fhir_r4"', '"housing"').replace('"hidden_flag", "subject_view"', '"work_items"')
    agreement, problems = read_agreement(agency(tmp_path, text))
    assert agreement is not None
    assert not problems
    assert agreement.systems[0].alerts_stand_on is AlertReach.TENANCY
