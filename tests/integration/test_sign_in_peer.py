"""Signing in with a provider that others wrote (npm oidc-provider): our side of the protocol is judged by theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from gateway.cli.site import build_site
from gateway.embedded.ports import free_port
from tests.integration.joined_site import Site, served, site
from tests.peers.node import ensure_installed, start_node

__all__ = ["site"]

PEER = Path(__file__).parents[1] / "peers" / "oidc"
SECRET = "a-secret-for-this-test-only-and-long-enough"


@pytest.fixture(scope="module")
def with_peer(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same gateway behind another port, with the peer as its identity provider."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    secret = tmp_path_factory.mktemp("peer") / "secret"
    secret.touch(0o600)
    secret.write_text(SECRET, encoding="ascii")
    with start_node(ensure_installed(PEER) / "server.mjs", "case-gateway-web", SECRET, f"{base}/sign-in/return") as peer:
        told = {"base_url": base, "oidc_issuer": peer.url, "oidc_client_id": "case-gateway-web", "oidc_client_secret_file": secret}
        gateway = replace(site.gateway, settings=site.gateway.settings.model_copy(update=told))
        with served(build_site(gateway), port):
            yield replace(site, gateway=gateway, base=base, issuer=peer.url)


class Browser:
    """Follows redirects and sends the peer's forms, as a person would."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def follow(self, answer: httpx.Response) -> httpx.Response:
        while answer.has_redirect_location:
            answer = self.http.get(urljoin(str(answer.url), answer.headers["location"]))
        return answer

    def submit(self, page: httpx.Response, **typed: str) -> httpx.Response:
        action = re.search(r'<form[^>]*action="([^"]+)"', page.text)
        assert action, page.text[:2000]
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        return self.follow(self.http.post(urljoin(str(page.url), action[1]), data={**hidden, **typed}))


def signed_in(site: Site) -> tuple[httpx.Client, httpx.Response]:
    http = site.client(site.base)
    browser = Browser(http)
    login = browser.follow(http.get("/sign-in"))
    consent = browser.submit(login, login="u-coordinator", password="any")
    return http, browser.submit(consent)


def test_a_person_signs_in_through_the_other_provider(with_peer: Site) -> None:
    http, end = signed_in(with_peer)
    assert end.status_code == 200
    assert str(end.url).startswith(f"{with_peer.base}/sign-in/return")
    page = http.get("/lists")
    assert page.status_code == 200
    assert "Coordinator" in page.text


def test_the_provider_insists_on_pkce_and_we_send_it(with_peer: Site) -> None:
    http = with_peer.client(with_peer.base)
    asked = http.get("/sign-in").headers["location"]
    without = re.sub(r"&code_challenge(_method)?=[^&]*", "", asked)
    refused = http.get(without)
    assert "invalid_request" in refused.headers["location"]
    answer = http.get(refused.headers["location"])
    assert answer.status_code == 401
    assert "session" not in http.cookies


def test_a_person_who_turns_back_at_the_provider_is_not_signed_in(with_peer: Site) -> None:
    http = with_peer.client(with_peer.base)
    browser = Browser(http)
    login = browser.follow(http.get("/sign-in"))
    abort = re.search(r'href="([^"]*/abort)"', login.text)
    assert abort
    end = browser.follow(http.get(urljoin(str(login.url), abort[1])))
    assert end.status_code == 401
    assert "Signing in did not work" in end.text
    assert http.get("/lists").status_code == 303
