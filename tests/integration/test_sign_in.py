"""Signing in through the stand-in provider, over real HTTP: what is kept, how long it lasts, and what is refused."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.integration.joined_site import Person, Site, site

__all__ = ["site"]


def test_the_request_to_the_provider_carries_pkce_a_nonce_and_a_state(site: Site) -> None:
    asked = Person(site).get("/sign-in")
    query = parse_qs(urlsplit(asked.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == 43
    assert query["response_type"] == ["code"]
    assert len(query["nonce"][0]) >= 16
    assert len(query["state"][0]) >= 16
    assert query["redirect_uri"] == [f"{site.base}/sign-in/return"]


def test_a_signed_in_person_sees_their_first_page_and_holds_an_opaque_strict_cookie(site: Site) -> None:
    person = Person(site)
    back = person.sign_in("u-coordinator")
    cookies = [v for k, v in back.headers.multi_items() if k == "set-cookie" and v.startswith("session=")]
    assert len(cookies) == 1
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip().lower() for part in cookies[0].split(";")}
    value = cookies[0].split(";")[0].partition("=")[2]
    assert len(value) >= 40
    assert "coordinator" not in value
    assert person.get("/").headers["location"] == "/lists"


def test_the_cookie_is_bound_to_the_host_and_https_outside_a_demonstration() -> None:
    from gateway.web.sign_in import OidcSettings

    real = OidcSettings("https://identity.example", "client", "secret", "https://gateway.example")
    assert real.secure
    assert real.cookie_name == "__Host-session"


def test_the_sign_in_page_is_the_same_for_everybody_and_every_address_leads_to_it(site: Site) -> None:
    stranger = Person(site)
    first = stranger.page("/")
    stranger.http.cookies.set("session", "x" * 43)
    assert stranger.page("/") == first
    for path in ("/lists", f"/lists/{site.list_id}", "/tasks", "/queue", "/audit", "/help"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("user", ["u-nobody-with-a-part"])
def test_a_person_without_any_role_gets_help_and_nothing_else(site: Site, user: str) -> None:
    from gateway.domain.actors import Actor
    from gateway.domain.identifiers import UserId
    from gateway.store.sessions import SqlSessions
    from gateway.web.session import Session

    now = site.gateway.clock()
    sessions = SqlSessions(site.gateway.engine, site.gateway.vault, Session)
    person = Person(site)
    person.http.cookies.set("session", sessions.begin(Session(Actor(UserId(user), frozenset()), "Somebody", "c" * 32, now, now)))
    assert person.get("/").headers["location"] == "/help"
    assert "gives you no part here" in person.page("/help")
    for path in ("/lists", f"/lists/{site.list_id}", "/tasks", "/queue", "/reconciliation", "/audit"):
        assert person.get(path).status_code == 403, path


@contextlib.contextmanager
def after(site: Site, **time: float):
    site.later = timedelta(**time)
    yield
    site.later = timedelta()


def test_a_session_ends_after_ten_idle_minutes(site: Site) -> None:
    person = site.sign_in("u-coordinator")
    with after(site, minutes=9.9):
        assert person.get("/lists").status_code == 200
    with after(site, minutes=19):  # nine more: the clock began anew
        assert person.get("/lists").status_code == 200
    with after(site, minutes=29.5):
        assert person.get("/lists").status_code == 303
    assert person.get("/lists").status_code == 303, "an ended session does not come back"


def test_what_a_page_asks_by_itself_does_not_keep_a_session_alive(site: Site) -> None:
    person = site.sign_in("u-coordinator")
    for minutes in (4, 8):
        with after(site, minutes=minutes):
            assert person.get(f"/lists/{site.list_id}/progress").status_code == 200
    with after(site, minutes=11):
        assert person.get(f"/lists/{site.list_id}/progress").status_code == 401


def test_a_session_ends_after_eight_hours_however_busy(site: Site) -> None:
    person = site.sign_in("u-coordinator")
    for tens in range(1, 49):
        with after(site, minutes=9.9 * tens):
            assert person.get("/help").status_code == (200 if 9.9 * tens <= 480 else 303), tens


def test_signing_out_ends_the_session_for_good(site: Site) -> None:
    person = site.sign_in("u-coordinator")
    stolen = person.http.cookies["session"]
    answer = person.post("/sign-out")
    assert answer.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    person.http.cookies.set("session", stolen)
    assert person.get("/lists").status_code == 303


def test_every_sign_in_is_a_new_session(site: Site) -> None:
    person = site.sign_in("u-coordinator")
    first = person.http.cookies["session"]
    person.sign_in("u-coordinator")
    assert person.http.cookies["session"] != first


def test_an_answer_that_was_not_asked_for_signs_nobody_in(site: Site) -> None:
    asked = Person(site).get("/sign-in")
    chosen = httpx.post(asked.headers["location"], data={"sub": "u-coordinator"})
    other = Person(site)  # the code of one browser, brought to another
    answer = other.get(chosen.headers["location"])
    assert answer.status_code == 401
    assert "session" not in other.http.cookies


def test_an_answer_with_another_state_or_of_another_provider_signs_nobody_in(site: Site) -> None:
    for swap in (("state=", "state=x"), ("iss=", "iss=x")):
        person = Person(site)
        asked = person.get("/sign-in")
        chosen = person.http.post(asked.headers["location"], data={"sub": "u-coordinator"})
        assert person.get(chosen.headers["location"].replace(*swap)).status_code == 401
        assert "session" not in person.http.cookies


def test_a_code_works_once(site: Site) -> None:
    person = Person(site)
    asked = person.get("/sign-in")
    kept = dict(person.http.cookies)
    chosen = person.http.post(asked.headers["location"], data={"sub": "u-coordinator"})
    assert person.get(chosen.headers["location"]).status_code == 200
    again = Person(site)
    again.http.cookies.update(kept)
    assert again.get(chosen.headers["location"]).status_code == 401


def test_a_refusal_by_the_provider_is_told_plainly(site: Site) -> None:
    person = Person(site)
    query = parse_qs(urlsplit(person.get("/sign-in").headers["location"]).query)
    answer = person.get(f"/sign-in/return?error=access_denied&error_description=secret-words&state={query['state'][0]}")
    assert answer.status_code == 401
    assert "Signing in did not work" in answer.text
    assert "secret-words" not in answer.text


def test_a_sign_in_is_audited(site: Site) -> None:
    from gateway.domain.events import EventKind

    site.sign_in("u-auditor")
    with site.gateway.transaction() as work:
        kinds = [event.kind for _, event in work.audit.about("u-auditor")]
    assert EventKind.SIGNED_IN in kinds


def test_sessions_are_sealed_in_the_database(site: Site) -> None:
    person = site.sign_in("u-police-lead")
    with site.gateway.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT key, user_key, sealed FROM sessions").all()
    everything = b"".join(bytes(part) for row in rows for part in row)
    assert rows
    for clear in ("Rowntree", "u-police-lead", "named_lead", person.http.cookies["session"]):
        assert clear.encode() not in everything
