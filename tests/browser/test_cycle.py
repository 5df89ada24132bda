"""The main job as people do it in a browser: a list handed in, matches settled, an alert placed by two people, actions closed."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

from playwright.sync_api import Page, expect

from gateway.domain.flags import ALERT_TEXT
from tests.browser.conftest import PHONE, Seat
from tests.integration.joined_site import LIST, Site, site

__all__ = ["site"]

SMALL = b"""Case number,Role,First name,Last name,DOB,Address,Postcode
NM-901,Victim,Wilhelmina,Oddfellow,12/05/1990,1 Samphire Way,ZZ9 1YZ
NM-901,Perpetrator,Barnaby,Oddfellow,03/11/1986,1 Samphire Way,ZZ9 1YZ
"""


def test_the_coordinator_hands_a_list_in_and_watches_the_answers_come(site: Site, seat: Callable[..., Seat]) -> None:
    page = seat("Nadia Holt").page
    with site.gateway.transaction() as work:
        meeting = work.case_lists.get(site.list_id).meeting_date
    page.get_by_label("File").set_input_files(LIST)
    page.get_by_label("Date of the meeting").fill(meeting.isoformat())
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("status").first).to_contain_text("Nothing was changed")

    page.get_by_role("link", name="Case lists", exact=True).click()
    page.get_by_label("File").set_input_files({"name": "list.csv", "mimeType": "text/csv", "buffer": SMALL})
    page.get_by_label("Date of the meeting").fill(meeting.replace(year=meeting.year + 1).isoformat())
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("heading", name="Agencies are still being asked")).to_be_visible()
    sending = threading.Thread(target=site.deliver)
    sending.start()
    expect(page.get_by_role("heading", name="Agencies are still being asked")).to_have_count(0, timeout=20_000)
    sending.join()
    expect(page.get_by_role("region", name="Hit report")).to_contain_text("Wilhelmina Oddfellow")


def test_a_file_with_faults_is_explained_row_by_row(seat: Callable[..., Seat]) -> None:
    nadia = seat("Nadia Holt", PHONE)
    page, nadia.expected = nadia.page, (422,)
    page.get_by_label("File").set_input_files({"name": "list.csv", "mimeType": "text/csv", "buffer": b"Colour,Shape\nred,round\n"})
    with page.expect_response(lambda answer: answer.status == 422):
        page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("alert")).to_contain_text("The file was not accepted")


def test_a_representative_settles_a_possible_match(site: Site, seat: Callable[..., Seat]) -> None:
    page = seat("Rosa Lindqvist").go(f"/lists/{site.list_id}/review")
    waiting = page.locator("section.card")
    count = waiting.count()
    first = waiting.first
    first.get_by_label("None of these").check()
    first.get_by_label("Why").fill("Another date of birth on the paper file")
    first.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_role("status")).to_contain_text("Recorded: none of these")
    expect(page.locator("section.card")).to_have_count(count - 1)


def test_a_match_settled_by_two_people_at_once_is_decided_once(site: Site, seat: Callable[..., Seat]) -> None:
    slower = seat("Aled Pryce")
    slower.expected = (409,)
    rosa, aled = (person.go(f"/lists/{site.list_id}/review") for person in (seat("Rosa Lindqvist"), slower))
    for page in (rosa, aled):
        page.locator("section.card").first.get_by_label("None of these").check()
    rosa.locator("section.card").first.get_by_role("button", name="Record the decision").click()
    expect(rosa.get_by_role("status")).to_contain_text("Recorded")
    with aled.expect_response(lambda answer: answer.status == 409):
        aled.locator("section.card").first.get_by_role("button", name="Record the decision").click()
    expect(aled.get_by_role("alert")).to_contain_text("It has changed since you opened it")


def propose(page: Page) -> None:
    rows = page.locator("table").last.locator("tr").filter(has_text=re.compile("victim")).filter(has=page.get_by_text("Yes", exact=True))
    rows.first.get_by_role("button", name="Propose an alert").click()


def test_an_alert_is_proposed_by_one_and_approved_by_another_and_read_back(site: Site, seat: Callable[..., Seat]) -> None:
    rosa = seat("Rosa Lindqvist").go(f"/lists/{site.list_id}/alerts")
    propose(rosa)
    expect(rosa.get_by_role("status").first).to_contain_text("A second person must approve it")
    expect(rosa.locator("code.words")).to_have_text(set_of_words())
    expect(rosa.get_by_role("button", name="Approve exactly this")).to_have_count(0)

    lead = seat("Imran Sattar")
    imran = lead.go(rosa.url.removeprefix(site.base).split("?")[0])
    assert not lead.barriers()
    imran.get_by_role("button", name="Approve exactly this").click()
    expect(imran.get_by_role("status").first).to_contain_text("read back")
    site.deliver()
    imran.reload()
    expect(imran.locator(".chip").first).to_have_text("Placed")


def set_of_words() -> re.Pattern[str]:
    return re.compile("|".join(f"^{re.escape(words)}$" for words in ALERT_TEXT.values()))


def test_an_action_is_assigned_and_closed_by_the_agency(site: Site, seat: Callable[..., Seat]) -> None:
    nadia = seat("Nadia Holt").go(f"/lists/{site.list_id}/actions")
    nadia.get_by_label("For case").select_option("NM-101")
    nadia.get_by_label("Agency").select_option(label="Northmoor NHS Trust")
    nadia.get_by_label("Action", exact=True).fill("Offer an appointment with the advocate")
    nadia.get_by_role("button", name="Assign", exact=True).click()
    expect(nadia.get_by_role("status").first).to_contain_text("assigned")

    rosa = seat("Rosa Lindqvist", PHONE).go(f"/lists/{site.list_id}/actions")
    rosa.get_by_text("Close it").first.click()
    rosa.get_by_label("Not possible: circumstances changed").first.check()
    rosa.get_by_label("In detail").first.fill("Moved to another area before the date")
    rosa.get_by_role("button", name="Close the action").first.click()
    expect(rosa.get_by_role("status").first).to_contain_text("closed")
    nadia.reload()
    expect(nadia.locator("table").first).to_contain_text("Moved to another area before the date")
    expect(nadia.locator("table").first).to_contain_text("Not possible")


def test_a_task_leads_to_the_person_and_is_closed_by_the_answer(site: Site, seat: Callable[..., Seat]) -> None:
    page = seat("Rosa Lindqvist").go("/tasks")
    card = page.locator("section.card").filter(has_text="Look somebody up by hand")
    count = card.get_by_role("link", name="Open in the hit report").count()
    card.get_by_role("link", name="Open in the hit report").first.click()
    row = page.locator("tr:target")
    row.get_by_text("What can be done").first.click()
    row.get_by_label("I looked in our own system").fill("Nobody of that name and date of birth")
    row.get_by_role("button", name="Not known to us").click()
    expect(page.get_by_role("status").first).to_contain_text("What you found is recorded")
    page.goto(f"{site.base}/tasks")
    expect(page.locator("section.card").filter(has_text="Look somebody up by hand").get_by_role("link")).to_have_count(count - 1)


def test_the_system_administrator_stops_and_starts_a_destination(seat: Callable[..., Seat]) -> None:
    page = seat("Priya Venn").page
    row = page.locator("tr").filter(has_text="northmoor-nhs-trust/record").first
    row.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_contain_text("Sending is paused")
    row.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("status")).to_contain_text("Sending goes on")


def test_the_auditor_follows_a_reference(site: Site, seat: Callable[..., Seat]) -> None:
    page = seat("Hugh Marsden").page
    page.get_by_label("Reference").fill(str(site.list_id))
    page.get_by_role("button", name="Show").click()
    expect(page.locator("table")).to_contain_text("List received")
    assert page.url.endswith("/audit")
