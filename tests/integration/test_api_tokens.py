"""Access tokens and the keys that they are checked by: which are good, when keys are fetched, and what holds while their issuer is away."""

from __future__ import annotations

import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.api.auth import NotGood, TokenChecker
from gateway.domain.errors import Code, Unavailable

ISSUER, AUDIENCE = "https://identity.example", "case-gateway"


class Issuer:
    """An identity provider whose keys, absence and clock are in our hands."""

    def __init__(self) -> None:
        self.keys = [self.new_key("first")]
        self.away = False
        self.asked = 0
        self.now = 1_000.0
        self.checker = TokenChecker(ISSUER, AUDIENCE, self.fetch, lambda: self.now)

    @staticmethod
    def new_key(name: str) -> ECKey:
        return ECKey.generate_key("P-256", parameters={"kid": name})

    def fetch(self) -> dict[str, Any]:
        self.asked += 1
        if self.away:
            raise Unavailable(Code.IDENTITY_UNAVAILABLE)
        return {"keys": [key.as_dict(private=False) for key in self.keys]}

    def token(self, key: ECKey | None = None, **changes: Any) -> str:
        signer = key or self.keys[0]
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u-coordinator", "exp": int(time.time()) + 900} | changes
        return jwt.encode({"alg": "ES256", "kid": signer.kid}, {k: v for k, v in claims.items() if v is not None}, signer)

    def good(self, token: str) -> bool:
        try:
            return self.checker.claims(token)["sub"] == "u-coordinator"
        except NotGood:
            return False


@pytest.fixture
def issuer() -> Issuer:
    """A provider that works."""
    return Issuer()


CHANGES = {
    "another issuer": {"iss": "https://other.example"}, "another audience": {"aud": "another-service"}, "several audiences but not ours": {"aud": ["a", "b"]},
    "expired": {"exp": 1}, "without an end": {"exp": None}, "of nobody": {"sub": None}, "not valid yet": {"nbf": 4_102_444_800},
    "without an issuer": {"iss": None}, "an end that is no number": {"exp": "soon"},
}  # fmt: skip


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_a_well_signed_token_for_something_else_is_not_good(issuer: Issuer, changes: dict[str, Any]) -> None:
    assert issuer.good(issuer.token())
    assert not issuer.good(issuer.token(**changes))


def test_one_of_several_audiences_may_be_ours(issuer: Issuer) -> None:
    assert issuer.good(issuer.token(aud=["another-service", AUDIENCE]))


def test_keys_are_fetched_once_for_many_tokens(issuer: Issuer) -> None:
    assert all(issuer.good(issuer.token()) for _ in range(20))
    assert issuer.asked == 1
    issuer.now += 301
    assert issuer.good(issuer.token())
    assert issuer.asked == 2


def test_a_changed_key_is_learnt_by_itself_and_bad_tokens_cannot_make_us_ask_at_will(issuer: Issuer) -> None:
    assert issuer.good(issuer.token())
    issuer.keys = [issuer.new_key("second")]
    assert not any(issuer.good(issuer.token()) for _ in range(20))
    assert issuer.asked == 1
    issuer.now += 11
    assert issuer.good(issuer.token())
    assert issuer.asked == 2


def test_while_the_issuer_is_away_its_last_keys_count_for_an_hour(issuer: Issuer) -> None:
    assert issuer.good(issuer.token())
    issuer.away = True
    issuer.now += 3_000
    assert all(issuer.good(issuer.token()) for _ in range(5))
    assert issuer.asked == 2, "a silent issuer is not asked for each request"
    issuer.now += 700
    with pytest.raises(Unavailable):
        issuer.checker.claims(issuer.token())
    issuer.away = False
    issuer.now += 11
    assert issuer.good(issuer.token())


def test_an_issuer_that_was_never_reached_lets_nobody_in(issuer: Issuer) -> None:
    issuer.away = True
    with pytest.raises(Unavailable):
        issuer.checker.claims(issuer.token())


def test_keys_that_are_none_let_nobody_in(issuer: Issuer) -> None:
    checker = TokenChecker(ISSUER, AUDIENCE, lambda: {"keys": [{"kty": "EC"}]}, lambda: 1_000.0)
    with pytest.raises((NotGood, Unavailable)):
        checker.claims(issuer.token())
