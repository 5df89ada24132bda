"""Tasks name their person and lead to the page where they are done, for those who may see both."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import pytest

from gateway.domain.case_list import Role
from gateway.domain.events import EventKind
from gateway.domain.flags import ALERT_TEXT
from gateway.domain.tasks import TaskKind
from gateway.services import tasks
from gateway.services.recording import give_task
from tests.integration.joined_site import Site, site, user

__all__ = ["site"]


def test_every_task_about_a_person_names_them_and_leads_to_their_place(site: Site) -> None:
    page = site.sign_in("u-trust-representative").page("/tasks")
    links = re.findall(r'<a class="button second" href="([^"]+)">([^<]+)</a>', page)
    assert links
    assert {label for _, label in links} <= {"Compare and decide", "Open in the hit report"}
    with site.gateway.transaction() as work:
        mine = work.tasks.open_of("northmoor-nhs-trust")
        lookups = work.lookups.many([UUID(t.about) for t in mine])
        names = {s.person.names[0].family for s in work.case_lists.subjects([k.subject_id for k in lookups.values()]).values()}
        viewed = [event.kind for _, event in work.audit.about(mine[0].about)]
    assert len(links) == len(mine)
    assert all(name in page.replace("&#39;", "'") for name in names)
    assert EventKind.PERSON_VIEWED in viewed


def test_each_kind_of_thing_is_found(site: Site) -> None:
    with site.gateway.transaction() as work:
        subject = work.case_lists.get(site.list_id).subjects[0]
        give_task(work, "northmoor-police", TaskKind.REVIEW_FLAG, subject.id, "RECORDS_CHANGED")
    page = site.sign_in("u-police-representative").page("/tasks")
    assert f"/lists/{site.list_id}#p-{subject.id}" in page


def test_a_thing_that_is_gone_leaves_the_task_with_its_reference_and_a_way_to_close_it(site: Site) -> None:
    gone = uuid4()
    with site.gateway.transaction() as work:
        give_task(work, "northmoor-police", TaskKind.MESSAGE_STUCK, gone, "TAKES_TOO_LONG")
        give_task(work, "northmoor-police", TaskKind.DIFFERENCE_FOUND, "not-an-id", "")
    police = site.sign_in("u-police-representative")
    page = police.page("/tasks")
    assert f"Reference {gone}" in page
    task = re.search(rf'Reference {gone}.*?action="(/tasks/[0-9a-f-]+)".*?name="version" value="(\d+)"', page, re.DOTALL)
    assert task
    after = police.post_and_follow(task[1], {"version": task[2], "receipt": "Looked; it had got through"})
    assert "The task is closed" in after
    assert str(gone) not in after


def test_a_list_of_another_marac_names_nobody(site: Site) -> None:
    from dataclasses import replace

    from gateway.domain.identifiers import MaracId
    from gateway.web import whereabouts

    here = user("u-trust-representative")
    elsewhere = replace(here, marac_ids=frozenset({MaracId("elsewhere")}))
    with site.gateway.transaction() as work:
        open_ = tasks.open_tasks(work, here)
        assert open_
        assert not tasks.open_tasks(work, elsewhere)
        assert whereabouts.of_tasks(work, elsewhere, open_) == {}


def test_what_cannot_wait_comes_first(site: Site) -> None:
    with site.gateway.transaction() as work:
        subject = work.case_lists.get(site.list_id).subjects[0]
        give_task(work, "northmoor-homes", TaskKind.FLAG_SEEN_BY_SUBJECT, subject.id, "")
    page = site.sign_in("u-homes-lead").page("/tasks")
    assert re.findall(r'<h2 id="k-([a-z_]+)"', page)[0] == TaskKind.FLAG_SEEN_BY_SUBJECT


@pytest.mark.parametrize("role", [Role.VICTIM, Role.PERPETRATOR])
def test_by_the_task_route_the_words_arrive_byte_for_byte(site: Site, role: Role) -> None:
    """On the page, from the API and from the command line's own source: nothing before them, nothing after them, nothing changed."""
    words = ALERT_TEXT[role]
    with site.gateway.transaction() as work:
        thing = uuid4()
        give_task(work, "northmoor-nhs-trust", TaskKind.PLACE_FLAG_BY_HAND, thing, "SYSTEM_CANNOT_HIDE", words)
    page = site.sign_in("u-trust-representative").page("/tasks")
    assert f'<code class="words">{words}</code>' in page
    told = site.program("trust-office").get("/tasks").json()
    assert [task["words"] for task in told if task["about"] == str(thing)] == [words]
    with site.gateway.transaction() as work:
        assert [t.words for t in tasks.open_tasks(work, user("u-trust-representative")) if t.about == str(thing)] == [words]
