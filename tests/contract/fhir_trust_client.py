"""A client of the trust's patient record that shares nothing with the product: plain httpx, assertions signed by hand, and
fhir.resources to judge every answer."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from fhir.resources.R4B import get_fhir_model_class

from tests.contract.stub_processes import AGENCIES, RunningStub

FOLDER = AGENCIES / "northmoor-nhs-trust"
CLIENT_ID = "northmoor-exchange"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
HOSPITAL_NUMBER = "https://northmoor-nhs-trust.example/id/hospital-number"
OURS = "https://records-exchange.example/id"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
LABELS = [{"system": CONFIDENTIALITY, "code": "V"}, *({"system": ACT_CODE, "code": code} for code in ("SDV", "NOPAT", "NOLIST"))]
VICTIM_WORDS = "high risk victim of domestic abuse"

Json = dict[str, Any]


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class EllipticKey:
    """ES384."""

    algorithm = "ES384"

    def __init__(self, kid: str = "ec-1") -> None:
        self.kid, self._key = kid, ec.generate_private_key(ec.SECP384R1())

    def jwk(self) -> Json:
        numbers = self._key.public_key().public_numbers()
        x, y = (base64url(part.to_bytes(48, "big")) for part in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-384", "alg": "ES384", "use": "sig", "kid": self.kid, "x": x, "y": y}

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(hashes.SHA384())))
        return r.to_bytes(48, "big") + s.to_bytes(48, "big")


class RsaKey:
    """RS384."""

    algorithm = "RS384"

    def __init__(self, kid: str = "rsa-1") -> None:
        self.kid, self._key = kid, rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwk(self) -> Json:
        numbers = self._key.public_key().public_numbers()
        n, e = base64url(numbers.n.to_bytes(256, "big")), base64url(numbers.e.to_bytes(3, "big"))
        return {"kty": "RSA", "alg": "RS384", "use": "sig", "kid": self.kid, "n": n, "e": e}

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message, padding.PKCS1v15(), hashes.SHA384())


Key = EllipticKey | RsaKey


def write_jwks(path: Path, *keys: Key) -> Path:
    """The client's public keys, as they are given to the trust."""
    path.write_text(json.dumps({"keys": [key.jwk() for key in keys]}), encoding="utf-8")
    return path


def signed(key: Key, claims: Mapping[str, Any], algorithm: str = "") -> str:
    """A compact JWS."""
    header = {"alg": algorithm or key.algorithm, "typ": "JWT", "kid": key.kid}
    head, body = base64url(json.dumps(header).encode()), base64url(json.dumps(dict(claims)).encode())
    return f"{head}.{body}.{base64url(key.sign(f'{head}.{body}'.encode()))}"


class TrustClient:
    """Speaks to one running stub as the exchange would."""

    def __init__(self, stub: RunningStub, key: Key) -> None:
        self.stub, self.key = stub, key
        self.http = stub.client(stub.port, 10)
        self.base = str(stub.ready["fhir_base"])

    def claims(self, **changes: Any) -> Json:
        """A good assertion's claims, with changes."""
        good = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": self.stub.ready["token_url"], "jti": secrets.token_hex(16)}
        return good | {"exp": int(time.time()) + 240} | changes

    def ask_token(self, assertion: str, **changes: str) -> httpx.Response:
        """The token request as it is."""
        form = {
            "grant_type": "client_credentials", "client_assertion": assertion,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }  # fmt: skip
        return self.http.post("/oauth/token", data=form | changes)

    def sign_in(self) -> None:
        """Gets a token and uses it from now on."""
        told = self.ask_token(signed(self.key, self.claims())).raise_for_status().json()
        self.http.headers["Authorization"] = f"Bearer {told['access_token']}"

    def token_of(self, who: str, patient_id: str = "") -> dict[str, str]:
        """Headers with the token of a patient, a proxy or staff."""
        told = self.http.post("/__staff/sign-in", json={"as": who, "id": patient_id}).json()
        return {"Authorization": f"Bearer {told['access_token']}"}

    def send(self, method: str, path: str, body: Json | None = None, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """One interaction; whatever JSON comes back is held against the R4B models."""
        sent = {"Content-Type": "application/fhir+json", **(headers or {})}
        answer = self.http.request(method, path, content=json.dumps(body).encode() if body is not None else None, headers=sent)
        if answer.content and answer.headers["content-type"].startswith("application/fhir+json"):
            judge(answer.json())
        return answer

    def search(self, kind: str, headers: Mapping[str, str] | None = None, **criteria: str) -> httpx.Response:
        """POST _search; underscores at the end of a name for reserved words, double ones for hyphens."""
        form = {name.replace("__", "-"): value for name, value in criteria.items()}
        answer = self.http.post(f"/{kind}/_search", data=form, headers=dict(headers or {}))
        if answer.headers["content-type"].startswith("application/fhir+json"):
            judge(answer.json())
        return answer

    def match(self, patient: Json, **parameters: Any) -> httpx.Response:
        """Patient/$match."""
        told: list[Json] = [{"name": "resource", "resource": {"resourceType": "Patient", **patient}}]
        if "count" in parameters:
            told.append({"name": "count", "valueInteger": parameters["count"]})
        if "certain" in parameters:
            told.append({"name": "onlyCertainMatches", "valueBoolean": parameters["certain"]})
        return self.send("POST", "/Patient/$match", {"resourceType": "Parameters", "parameter": told})


def judge(resource: Json) -> None:
    """Fails unless the R4B model of this kind takes the resource, and all within it."""
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def code_of(answer: httpx.Response) -> str:
    """The trust's own code in an OperationOutcome."""
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


def found(answer: httpx.Response) -> list[Json]:
    """The matches of a searchset."""
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.json().get("entry", ()) if entry["search"]["mode"] == "match"]


def flag(patient_id: str, key: str, text: str = VICTIM_WORDS, /, **changes: Any) -> Json:
    """An alert as the exchange would write it."""
    return {
        "resourceType": "Flag", "meta": {"security": LABELS}, "identifier": [{"system": OURS, "value": key}],
        "status": "active", "code": {"text": text}, "subject": {"reference": f"Patient/{patient_id}"}, **changes,
    }  # fmt: skip


def task(key: str, /, **changes: Any) -> Json:
    """An action as the exchange would hand it over."""
    return {
        "resourceType": "Task", "identifier": [{"system": OURS, "value": key}], "status": "requested", "intent": "order",
        "description": "Review the plan and say when done", "owner": {"display": "Safeguarding team"},
        "restriction": {"period": {"end": "2026-12-04"}}, **changes,
    }  # fmt: skip
