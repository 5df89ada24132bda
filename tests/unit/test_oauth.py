"""How we are let in: what a request for a token holds, which keys can sign it, and when a token is asked for again."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc import jwk, jwt

from adapters.connectors import Destination
from adapters.faults import Transient
from adapters.http import HttpReply, HttpSystem, NotSent
from adapters.oauth import ApiKey, ClientCredentials, SignedGrant, authority_of
from gateway.domain.agreements import SystemKind
from gateway.domain.error_codes import Code
from tests.contract.asked import destination

RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP384R1())


def pem(key: Any, form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8) -> str:
    return str(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode())


class Office:
    """A wire to an authorisation server that answers as it is told."""

    def __init__(self, *replies: tuple[int, Any]) -> None:
        self.replies, self.asked = list(replies), list[tuple[str, Mapping[str, str], bytes]]()

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int) -> HttpReply:
        self.asked.append((url, headers, body or b""))
        await asyncio.sleep(0.01)
        status, told = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if status == 0:
            raise NotSent(Code.AGENCY_UNREACHABLE, again=False)
        return HttpReply(status, {}, told if isinstance(told, bytes) else json.dumps(told).encode())

    async def close(self) -> None:
        """Nothing to close."""


def target(**options: Any) -> Destination:
    given = options.pop("credentials", {"client_id": "us", "private_key": pem(EC_KEY)})
    return destination(SystemKind.FHIR_R4, "https://trust.example/fhir", credentials=given, options=options)


def authority(office: Office, to: Destination) -> Any:
    return authority_of(to, HttpSystem(to.endpoint, to.system.limits, office), "/oauth/token")


TOKEN = {"access_token": "abc.def-1~2+3/4=", "token_type": "bearer", "expires_in": 300}


@pytest.mark.parametrize(("key", "algorithm"), [
    (pem(RSA_KEY), "RS384"), (pem(RSA_KEY, serialization.PrivateFormat.TraditionalOpenSSL), "RS384"),
    (pem(EC_KEY), "ES384"), (pem(EC_KEY, serialization.PrivateFormat.TraditionalOpenSSL), "ES384"),
    (json.dumps(jwk.ECKey.import_key(pem(EC_KEY)).as_dict(private=True) | {"kid": "k-7"}), "ES384"),
])  # fmt: skip
def test_an_assertion_is_signed_and_says_who_to_whom_and_until_when(key: str, algorithm: str) -> None:
    form, headers = SignedGrant("us", key, scope="system/Patient.rs").request("https://trust.example/oauth/token")
    assert headers == {}
    assert form["grant_type"] == "client_credentials"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert form["scope"] == "system/Patient.rs"
    public = jwk.import_key(pem(RSA_KEY), "RSA") if algorithm == "RS384" else jwk.import_key(pem(EC_KEY), "EC")
    read = jwt.decode(form["client_assertion"], public, algorithms=[algorithm])
    claims = read.claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("us", "us", "https://trust.example/oauth/token")
    assert 0 < claims["exp"] - time.time() <= 300
    assert read.header["kid"] == ("k-7" if key.startswith("{") else public.thumbprint())


def test_no_assertion_is_used_twice() -> None:
    grant = SignedGrant("us", pem(EC_KEY))
    ids = {jwt.decode(grant.request("x")[0]["client_assertion"], jwk.import_key(pem(EC_KEY), "EC"), algorithms=["ES384"]).claims["jti"]
           for _ in range(5)}  # fmt: skip
    assert len(ids) == 5


@pytest.mark.parametrize("key", [
    "", "no key", "{}", '{"kty":"oct","k":"c2VjcmV0"}', pem(ed25519.Ed25519PrivateKey.generate()),
    pem(ec.generate_private_key(ec.SECP256R1())),
    EC_KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode(),
])  # fmt: skip
def test_a_key_that_cannot_sign_is_told_before_anything_leaves(key: str) -> None:
    with pytest.raises(Transient) as refused:
        SignedGrant("us", key)
    assert refused.value.reason is Code.CREDENTIALS_MISSING


def test_many_at_once_ask_for_one_token() -> None:
    office = Office((200, TOKEN))

    async def run() -> list[Mapping[str, str]]:
        door = authority(office, target())
        return list(await asyncio.gather(*(door.headers() for _ in range(20))))

    shown = asyncio.run(run())
    assert shown == [{"Authorization": "Bearer abc.def-1~2+3/4="}] * 20
    assert len(office.asked) == 1
    url, headers, _ = office.asked[0]
    assert url == "https://trust.example/oauth/token"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_token_is_asked_for_again_before_it_expires_and_when_it_was_refused() -> None:
    office = Office(
        (200, TOKEN | {"expires_in": 0.05}), (200, TOKEN | {"access_token": "second"}), (200, TOKEN | {"access_token": "third"})
    )

    async def run() -> list[str]:
        door = authority(office, target())
        first = await door.headers()
        await asyncio.sleep(0.05)
        second = await door.headers()
        assert door.refused(first)  # an old one: the newer stays
        again = await door.headers()
        assert door.refused(again)
        third = await door.headers()
        return [shown["Authorization"] for shown in (first, second, again, third)]

    assert asyncio.run(run()) == ["Bearer abc.def-1~2+3/4=", "Bearer second", "Bearer second", "Bearer third"]


@pytest.mark.parametrize(
    ("status", "told", "reason"),
    [
        (400, {"error": "invalid_client"}, Code.CREDENTIALS_REFUSED),
        (401, {"error": "invalid_client"}, Code.CREDENTIALS_REFUSED),
        (200, b"<html>", Code.CREDENTIALS_REFUSED),
        (200, {"token_type": "bearer"}, Code.CREDENTIALS_REFUSED),
        (200, TOKEN | {"access_token": "a\r\nX-Injected: 1"}, Code.CREDENTIALS_REFUSED),
        (200, TOKEN | {"access_token": ""}, Code.CREDENTIALS_REFUSED),
        (200, TOKEN | {"token_type": "mac"}, Code.CREDENTIALS_REFUSED),
        (200, TOKEN | {"expires_in": -1}, Code.CREDENTIALS_REFUSED),
        (200, TOKEN | {"expires_in": "soon"}, Code.CREDENTIALS_REFUSED),
        (302, {}, Code.REDIRECT_REFUSED),
        (503, {}, Code.AGENCY_BUSY),
        (0, {}, Code.AGENCY_UNREACHABLE),
    ],
)
def test_no_token_is_a_fault_that_may_pass(status: int, told: Any, reason: Code) -> None:
    async def run() -> None:
        await authority(Office((status, told)), target()).headers()

    with pytest.raises(Transient) as refused:
        asyncio.run(run())
    assert refused.value.reason is reason


def test_a_client_secret_goes_into_the_header_and_never_into_the_form() -> None:
    office = Office((200, TOKEN))
    to = target(credentials={"client_id": "us", "client_secret": "p:w d", "token_url": "https://login.example/t"}, scope="a b")
    asyncio.run(authority(office, to).headers())
    url, headers, body = office.asked[0]
    assert url == "https://login.example/t"
    assert headers["Authorization"] == "Basic dXM6cCUzQXclMjBk"
    assert parse_qs(body.decode()) == {"grant_type": ["client_credentials"], "scope": ["a b"]}


def test_an_api_key_or_nothing() -> None:
    office = Office((200, TOKEN))
    keyed = authority(office, target(credentials={"api_key": "k"}, api_key_header="X-Key"))
    assert isinstance(keyed, ApiKey)
    assert asyncio.run(keyed.headers()) == {"X-Key": "k"}
    assert keyed.refused({}) is False
    assert asyncio.run(authority(office, target(credentials={})).headers()) == {}
    assert office.asked == []


def test_the_tokens_outlive_the_connector() -> None:
    office, to = Office((200, TOKEN)), target()
    for _ in range(3):
        door = authority(office, to)
        assert isinstance(door, ClientCredentials)
        asyncio.run(door.headers())
    assert len(office.asked) == 1
