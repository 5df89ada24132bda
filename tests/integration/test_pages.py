"""The pages for every role, over real HTTP: who sees what, what is refused, and what no page ever gives away."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import pytest

from gateway.domain.flags import ALERT_TEXT
from tests.integration.joined_site import LIST, Person, Site, site

__all__ = ["site"]

ROLES = {
    "u-coordinator": {"models", "lists", "report", "actions", "tasks", "queue", "reconciliation", "writing"},
    "u-chair": {"lists", "report", "actions", "writing"},
    "u-trust-administrator": {"models", "lists", "report", "review", "alerts", "tasks", "queue", "writing"},
    "u-trust-representative": {"models", "lists", "report", "review", "alerts", "actions", "tasks", "queue", "reconciliation", "writing"},
    "u-trust-lead": {"models", "lists", "report", "alerts", "actions", "tasks", "reconciliation", "writing"},
    "u-calderbrook-representative": {"models", "lists", "report", "review", "alerts", "actions", "tasks", "queue", "reconciliation", "writing"},
    "u-police-representative": {"models", "lists", "report", "review", "alerts", "actions", "tasks", "queue", "reconciliation", "writing"},
    "u-homes-lead": {"models", "lists", "report", "alerts", "actions", "tasks", "reconciliation", "writing"},
    "u-system-administrator": {"models", "queue", "reconciliation", "writing"},
    "u-auditor": {"models", "audit"},
}
"""What each role may open; everything else is refused (safety reference, who sees what)."""


@pytest.fixture(scope="module")
def people(site: Site) -> dict[str, Person]:
    """Everybody, signed in."""
    return {user: site.sign_in(user) for user in ROLES}


def paths(site: Site) -> dict[str, str]:
    here = f"/lists/{site.list_id}"
    return {
        "lists": "/lists", "report": here, "review": f"{here}/review", "alerts": f"{here}/alerts", "actions": f"{here}/actions",
        "tasks": "/tasks", "queue": "/queue", "reconciliation": "/reconciliation", "writing": "/writing", "models": "/models", "audit": "/audit",
    }  # fmt: skip


@pytest.mark.parametrize("user", ROLES)
def test_each_role_opens_its_own_pages_and_no_other(site: Site, people: dict[str, Person], user: str) -> None:
    opened = {name for name, path in paths(site).items() if people[user].get(path).status_code == 200}
    assert opened == ROLES[user]
    refused = {name: people[user].get(path).status_code for name, path in paths(site).items() if name not in opened}
    assert set(refused.values()) <= {403}


@pytest.mark.parametrize("user", ROLES)
def test_the_menu_offers_what_can_be_opened(people: dict[str, Person], user: str) -> None:
    offered = re.findall(r'<nav aria-label="Pages">.*?</nav>', people[user].page("/help"), re.DOTALL)[0]
    links = re.findall(r'href="([^"]+)"', offered)
    assert links
    assert all(people[user].get(link).status_code == 200 for link in links)


def names_on_the_list(site: Site) -> set[str]:
    with site.gateway.transaction() as work:
        subjects = work.case_lists.get(site.list_id).subjects
    return {name.family for s in subjects for name in s.person.names if len(name.family) > 4}


@pytest.mark.parametrize("user", ["u-system-administrator", "u-auditor"])
def test_who_runs_or_audits_the_gateway_sees_nobody(site: Site, people: dict[str, Person], user: str) -> None:
    text = "".join(people[user].get(path).text for path in [*paths(site).values(), "/help", "/"])
    text += people[user].post("/audit", {"thing": str(site.list_id)}).text
    assert not {name for name in names_on_the_list(site) if name in text}


def test_an_agency_sees_its_own_detail_and_of_others_the_state_alone(people: dict[str, Person], site: Site) -> None:
    trust, police = (people[f"u-{agency}-representative"].page(paths(site)["report"]) for agency in ("trust", "police"))
    assert re.search(r"record NM\d+", trust)
    assert not re.search(r"record NM\d+", police)
    assert "Northmoor NHS Trust" in police


def test_the_administrator_sees_no_part_and_no_other_agency(people: dict[str, Person], site: Site) -> None:
    text = people["u-trust-administrator"].page(paths(site)["report"])
    table = text[text.index('<table class="stack grouped"') :]
    assert "Calderbrook" not in table
    assert not re.search(r"\b(victim|perpetrator)\b", table)


Pages = list[tuple[str, str, str]]


@pytest.fixture(scope="module")
def every_page(site: Site, people: dict[str, Person]) -> Pages:
    """User, name and text of every page that somebody may open."""
    return [(user, name, person.page(paths(site)[name])) for user, person in people.items() for name in sorted(ROLES[user])]


def test_every_page_has_the_same_neutral_title_and_loads_nothing_from_elsewhere(every_page: Pages) -> None:
    for user, name, text in every_page:
        assert re.findall(r"<title>(.*?)</title>", text) == ["Case gateway"], (user, name)
        loaded = re.findall(r'(?:src|href)="([^"]+)"', text)
        assert all(link.startswith(("/", "#", "?", "data:,")) for link in loaded), (user, name)
        assert "<style" not in text
        assert not re.search(r"<script(?! src=\"/static/)", text)
        assert not re.search(r"\son[a-z]+=|style=\"", text), (user, name)


def test_no_address_says_anything_about_anybody(site: Site, every_page: Pages) -> None:
    words = {w.lower() for w in names_on_the_list(site)} | {"victim", "perpetrator", "marac", "nm-1", "abuse"}
    for user, name, text in every_page:
        links = [unquote(link).lower() for link in re.findall(r'(?:href|action)="([^"]+)"', text)]
        assert not [link for link in links for word in words if word in urlsplit(link).path + urlsplit(link).query], (user, name)


HEADERS = {
    "cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff", "x-frame-options": "DENY",
    "x-robots-tag": "noindex", "cross-origin-opener-policy": "same-origin",
}  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/", "/lists", "/nowhere", "/static/style.css", "/static/page.js", "/api/v1/openapi.json", "/api/v1/queue", "/sign-in/return"]
)
def test_every_answer_carries_the_guarding_headers(site: Site, people: dict[str, Person], path: str) -> None:
    answer = people["u-coordinator"].get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "server" not in answer.headers


def test_what_is_not_there_and_what_is_not_yours_are_the_same_page(site: Site, people: dict[str, Person]) -> None:
    police = people["u-police-representative"]
    with site.gateway.transaction() as work:
        of_others = next(k for k in work.lookups.of_list(site.list_id) if k.agency_id == "northmoor-nhs-trust")
    given = {"version": "1", "record": "this:x"}
    absent = police.post(f"/lists/{site.list_id}/review", {**given, "lookup_id": str(uuid4())})
    others = police.post(f"/lists/{site.list_id}/review", {**given, "lookup_id": str(of_others.id)})
    assert (absent.status_code, others.status_code) == (404, 404)
    assert absent.text == others.text
    assert police.get(f"/lists/{uuid4()}").text.count("NOT_FOUND") == police.get("/nowhere").text.count("NOT_FOUND") == 1


def test_a_decision_needs_a_choice(site: Site, people: dict[str, Person]) -> None:
    with site.gateway.transaction() as work:
        possible = next(k for k in work.lookups.of_list(site.list_id) if k.agency_id == "northmoor-police" and k.outcome == "POSSIBLE" and k.graded)
    given = {"lookup_id": str(possible.id), "version": str(possible.version)}
    for choice in ({}, {"record": ""}, {"record": possible.graded[0].candidate.record_id}):
        assert people["u-police-representative"].post(f"/lists/{site.list_id}/review", given | choice).status_code == 422
    page = people["u-police-representative"].post_and_follow(f"/lists/{site.list_id}/review", given | {"record": "nobody"})
    assert "Recorded: none of these records" in page


def test_a_list_of_another_marac_does_not_exist(site: Site) -> None:
    from dataclasses import replace

    from gateway.domain.identifiers import MaracId
    from gateway.store.sessions import SqlSessions
    from gateway.web.session import Session
    from tests.integration.joined_site import user

    now = site.gateway.clock()
    elsewhere = replace(user("u-coordinator"), marac_ids=frozenset({MaracId("elsewhere")}))
    person = Person(site)
    sessions = SqlSessions(site.gateway.engine, site.gateway.vault, Session)
    person.http.cookies.set("session", sessions.begin(Session(elsewhere, "A coordinator elsewhere", "c" * 32, now, now)))
    assert person.get(f"/lists/{site.list_id}").status_code == 404
    assert "No list has been handed in yet" in person.page("/lists")


def forms(text: str) -> list[str]:
    return re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', text)


def test_every_form_is_refused_without_the_sessions_own_hidden_field(people: dict[str, Person], every_page: Pages) -> None:
    other = people["u-chair"].csrf
    tried = set()
    for user, _, text in every_page:
        for action in set(forms(text)) - {"/sign-out"}:
            for csrf in ("", other if user != "u-chair" else "x"):
                answer = people[user].http.post(action, data={"csrf": csrf})
                assert answer.status_code in (403, 422), (user, action)
            tried.add(re.sub(r"[0-9a-f-]{36}", "{id}", action))
    assert {"/lists", "/lists/{id}/review", "/lists/{id}/alerts", "/lists/{id}/export", "/reconciliation"} <= tried


def test_every_form_of_ours_carries_the_hidden_field(every_page: Pages) -> None:
    for user, name, text in every_page:
        posted = re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL)
        assert all('name="csrf"' in form for form in posted), (user, name)


def test_the_export_has_a_neutral_name_and_inert_cells(site: Site, people: dict[str, Person]) -> None:
    answer = people["u-coordinator"].post(f"/lists/{site.list_id}/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="report.csv"'
    rows = answer.content.decode("utf-8-sig").splitlines()
    assert rows[0].startswith("case,role,family_name")
    assert len(rows) == 1 + 44 * 4
    assert not [row for row in rows for cell in row.split(",") if cell[:1] in "=+@-" and cell]


def test_a_list_handed_in_twice_changes_nothing(site: Site, people: dict[str, Person]) -> None:
    coordinator = people["u-coordinator"]
    with site.gateway.transaction() as work:
        meeting = work.case_lists.get(site.list_id).meeting_date.isoformat()
    page = coordinator.post_and_follow(
        "/lists", {"marac": "northmoor", "meeting_date": meeting}, files={"file": (LIST.name, LIST.read_bytes())}
    )
    assert "Nothing was changed" in page


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("list.pdf", b"%PDF-1.7", "PDF"), ("list.csv", b"", "empty"), ("list.xlsx", b"\x00" * 200, "What to do"),
        ("list.csv", "Höhe;Gewicht\n1;2\n".encode("latin-1"), "row"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_is_explained_on_the_page(people: dict[str, Person], name: str, content: bytes, code: str) -> None:
    answer = people["u-coordinator"].post("/lists", {"marac": "northmoor"}, files={"file": (name, content)})
    assert answer.status_code == 422
    assert "The file was not accepted" in answer.text
    assert code.lower() in answer.text.lower()


def test_wrong_rows_are_told_by_place_without_their_values(people: dict[str, Person]) -> None:
    content = b"Case number,Role,First name,Last name,DOB\n1,Victim,Zebediah,Quizzlewick,31/02/1990\n"
    answer = people["u-coordinator"].post(
        "/lists", {"marac": "northmoor", "meeting_date": "2027-01-04"}, files={"file": ("list.csv", content)}
    )
    page = answer.text if answer.status_code == 422 else people["u-coordinator"].page(answer.headers["location"])
    assert "31/02/1990" not in page
    if answer.status_code == 422:
        assert "Quizzlewick" not in page


def test_a_request_that_is_too_large_is_not_read(site: Site, people: dict[str, Person]) -> None:
    answer = people["u-coordinator"].post("/lists", {"marac": "northmoor"}, files={"file": ("list.xlsx", b"x" * (5 * 1024 * 1024))})
    assert answer.status_code == 413
    assert "What was sent is too large" in answer.text
    chunks = people["u-coordinator"].http.post("/lists", content=iter([b"x"]))
    assert chunks.status_code == 411


def test_only_the_coordinator_hands_in(people: dict[str, Person]) -> None:
    for user in ("u-chair", "u-trust-representative", "u-system-administrator", "u-auditor"):
        answer = people[user].post("/lists", {"marac": "northmoor"}, files={"file": (LIST.name, LIST.read_bytes())})
        assert answer.status_code == 403, user


def test_the_words_of_alerts_stand_on_no_page_but_the_alerts_own(every_page: Pages) -> None:
    for user, name, text in every_page:
        if name != "tasks":
            assert not [words for words in ALERT_TEXT.values() if words in text], (user, name)


def test_the_report_is_filtered_by_state_and_agency(site: Site, people: dict[str, Person]) -> None:
    coordinator = people["u-coordinator"]
    page = coordinator.page(f"/lists/{site.list_id}?state=NO_ANSWER&agency=northmoor-police")
    assert "at Northmoor Police" in page
    shown = re.search(r"Showing (\d+) of 44 people", page)
    assert shown
    assert int(shown[1]) == page.count('<tr id="p-')
    assert "44 people" in coordinator.page(f"/lists/{site.list_id}?state=<script>&agency=%00")


def test_deadlines_stand_beside_each_list(site: Site, people: dict[str, Person]) -> None:
    from gateway.domain.calendar import list_due

    with site.gateway.transaction() as work:
        meeting = work.case_lists.get(site.list_id).meeting_date
    due = list_due(meeting, site.gateway.holidays.of("england-wales")).day
    assert due
    assert f"{due.day} {due:%B %Y}" in people["u-coordinator"].page("/lists")
