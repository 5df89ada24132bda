"""The stand-in identity provider does what RFC 6749, 7636 and OpenID Connect say, so that our side is tried against the real rules."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ROOT = Path(__file__).parents[2]
BACK = "http://127.0.0.1:1/sign-in/return"
SECRET = "a-secret-of-the-test"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The stub as a process of its own."""
    clients = tmp_path_factory.mktemp("identity") / "clients"
    clients.write_text(f'web = "{SECRET}"\ncoordinator-office = "{SECRET}"\nstranger = "{SECRET}"\n', encoding="utf-8")
    users = ROOT / "contracts" / "demonstration" / "users.toml"
    command = [sys.executable, "-m", "contracts.stubs.identity", "--users", str(users), "--client-secrets", str(clients)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = json.loads(process.stdout.readline())["port"]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            yield client
        process.terminate()


def code_for(provider: httpx.Client, verifier: str, **changes: str) -> httpx.Response:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "client_id": "web", "redirect_uri": BACK, "scope": "openid profile", "state": "s", "nonce": "n",
        "code_challenge": challenge, "code_challenge_method": "S256", **changes,
    }  # fmt: skip
    page = provider.get("/authorize", params=asked)
    return page if page.status_code != 200 else provider.post("/authorize", params=asked, data={"sub": "u-coordinator"})


def redeem(provider: httpx.Client, code: str, verifier: str, **changes: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": verifier}
    return provider.post("/token", data={**form, **changes}, auth=("web", SECRET))


def fresh(provider: httpx.Client) -> tuple[str, str]:
    verifier = secrets.token_urlsafe(48)
    back = parse_qs(urlsplit(code_for(provider, verifier).headers["location"]).query)
    assert back["state"] == ["s"]
    assert back["iss"] == [str(provider.base_url).rstrip("/")]
    return back["code"][0], verifier


def keys(provider: httpx.Client) -> KeySet:
    return KeySet.import_key_set(provider.get("/jwks").json())


def test_discovery_names_itself_and_its_endpoints(provider: httpx.Client) -> None:
    told = provider.get("/.well-known/openid-configuration").json()
    assert told["issuer"] == str(provider.base_url).rstrip("/")
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert "d" not in provider.get("/jwks").json()["keys"][0], "no private key is shown"


def test_a_code_gives_tokens_that_say_who_and_for_whom(provider: httpx.Client) -> None:
    code, verifier = fresh(provider)
    tokens = redeem(provider, code, verifier).json()
    identity = jwt.decode(tokens["id_token"], keys(provider), algorithms=["ES256"]).claims
    access = jwt.decode(tokens["access_token"], keys(provider), algorithms=["ES256"]).claims
    assert (identity["aud"], identity["nonce"], identity["sub"]) == ("web", "n", "u-coordinator")
    assert (access["aud"], access["roles"]) == ("case-gateway", ["coordinator"])
    assert identity["exp"] > identity["iat"]
    about = provider.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}).json()
    assert about["sub"] == "u-coordinator"


def test_a_code_works_once(provider: httpx.Client) -> None:
    code, verifier = fresh(provider)
    assert redeem(provider, code, verifier).status_code == 200
    assert redeem(provider, code, verifier).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize("changes", [{"code_verifier": "x" * 43}, {"redirect_uri": BACK + "x"}], ids=["verifier", "address"])
def test_a_code_is_bound_to_what_was_asked(provider: httpx.Client, changes: dict[str, str]) -> None:
    code, verifier = fresh(provider)
    assert redeem(provider, code, verifier, **changes).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    "changes", [{"code_challenge_method": "plain"}, {"response_type": "token"}, {"redirect_uri": "https://elsewhere.example/"}], ids=["plain", "implicit", "elsewhere"]
)
def test_what_is_not_safe_is_not_begun(provider: httpx.Client, changes: dict[str, str]) -> None:
    assert code_for(provider, "v" * 43, **changes).json() == {"error": "invalid_request"}


def test_a_client_must_know_its_secret(provider: httpx.Client) -> None:
    code, verifier = fresh(provider)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": verifier}
    for auth in (("web", "wrong"), ("nobody", SECRET)):
        refused = provider.post("/token", data=form, auth=auth)
        assert (refused.status_code, refused.json()) == (401, {"error": "invalid_client"})
    assert redeem(provider, code, verifier).status_code == 200, "a wrong secret uses no code up"


def test_programs_act_as_the_user_named_for_them_and_no_other(provider: httpx.Client) -> None:
    form = {"grant_type": "client_credentials"}
    token = provider.post("/token", data=form, auth=("coordinator-office", SECRET)).json()["access_token"]
    assert jwt.decode(token, keys(provider), algorithms=["ES256"]).claims["sub"] == "u-coordinator"
    assert provider.post("/token", data=form, auth=("stranger", SECRET)).json() == {"error": "unauthorized_client"}
    assert provider.post("/token", data={"grant_type": "password"}, auth=("web", SECRET)).json() == {"error": "unsupported_grant_type"}


def test_a_token_that_was_changed_is_not_ours(provider: httpx.Client) -> None:
    code, verifier = fresh(provider)
    token = redeem(provider, code, verifier).json()["access_token"]
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))) | {"roles": ["auditor"]}
    forged = ".".join((head, base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode(), signature))
    with pytest.raises(JoseError):
        jwt.decode(forged, keys(provider), algorithms=["ES256"])
    assert provider.get("/userinfo", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def test_its_page_says_that_it_is_a_demonstration_and_holds_no_password(provider: httpx.Client) -> None:
    page = provider.get("/authorize", params={"response_type": "code", "client_id": "web", "redirect_uri": BACK, "code_challenge": "x", "code_challenge_method": "S256"})
    assert "Demonstration only" in page.text
    assert "password" not in page.text
