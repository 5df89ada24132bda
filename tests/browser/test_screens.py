"""Every page in a real browser, wide and narrow: no barrier, nothing wider than the screen, nothing on paper, nothing left behind."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from gateway.policy.identity.model import shipped_file
from tests.browser.conftest import DESKTOP, PHONE, Seat
from tests.integration.joined_site import Site, site

__all__ = ["site"]

HERE = "/lists/{list}"
RELEASED = hashlib.sha256(shipped_file()).hexdigest()
PAGES = {
    "Nadia Holt": ("/lists", HERE, f"{HERE}/actions", "/tasks", "/queue", "/writing", "/reconciliation", "/help"),
    "Rosa Lindqvist": (HERE, f"{HERE}/review", f"{HERE}/alerts", f"{HERE}/actions", "/tasks"),
    "Gwen Abara": (f"{HERE}/review", "/tasks"),
    "Priya Venn": ("/queue", "/writing", "/reconciliation", "/models", f"/models/{RELEASED}"),
    "Hugh Marsden": ("/audit",),
}


@pytest.mark.parametrize("name", PAGES)
def test_no_page_has_a_barrier_or_is_wider_than_the_screen(site: Site, seat: Callable[..., Seat], name: str) -> None:
    person = seat(name)
    for path in PAGES[name]:
        page = person.go(path.replace("{list}", str(site.list_id)))
        for screen in (DESKTOP, PHONE):
            page.set_viewport_size(screen)
            assert person.overflow() <= 0, (path, screen)
            assert not person.barriers(), (path, screen)


def test_the_page_before_signing_in_has_no_barrier(seat: Callable[..., Seat]) -> None:
    person = seat(screen=PHONE)
    person.go("/")
    assert not person.barriers()
    assert person.overflow() <= 0
    assert person.page.title() == "Case gateway"


def test_paper_shows_only_a_notice(site: Site, seat: Callable[..., Seat]) -> None:
    person = seat("Nadia Holt")
    page = person.go(f"/lists/{site.list_id}")
    assert "O'Brien" in page.inner_text("body")
    page.emulate_media(media="print")
    assert not page.evaluate("document.body.innerText").strip()
    assert page.evaluate("getComputedStyle(document.body, '::after').content") == '"This page is not for printing."'


def test_the_page_covers_itself_when_somebody_turns_away(site: Site, seat: Callable[..., Seat]) -> None:
    person = seat("Nadia Holt")
    page = person.go(f"/lists/{site.list_id}")
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    assert "O'Brien" not in page.evaluate("document.body.innerText")
    assert not person.barriers()
    page.get_by_role("button", name="Show it again").click()
    assert "O'Brien" in page.evaluate("document.body.innerText")


def test_an_idle_page_covers_itself_and_then_ends(site: Site, seat: Callable[..., Seat]) -> None:
    person = seat("Nadia Holt")
    person.page.clock.install()
    page = person.go(f"/lists/{site.list_id}")
    page.clock.run_for(62_000)
    assert "O'Brien" not in page.evaluate("document.body.innerText")
    page.clock.run_for(10 * 60_000)
    page.wait_for_url(lambda url: not url.endswith(str(site.list_id)))


def test_after_signing_out_nothing_comes_back(site: Site, seat: Callable[..., Seat]) -> None:
    person = seat("Nadia Holt")
    page = person.go(f"/lists/{site.list_id}")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in").wait_for()
    page.go_back()
    page.get_by_role("link", name="Sign in").wait_for()
    assert "O'Brien" not in page.content()
    assert [c["name"] for c in person.context.cookies() if c["name"] == "session"] == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_everything_can_be_reached_with_the_keyboard(site: Site, seat: Callable[..., Seat]) -> None:
    person = seat("Rosa Lindqvist")
    page = person.go(f"/lists/{site.list_id}/review")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the main content"
    page.keyboard.press("Enter")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))
    assert {"record", "note", "Record the decision"} <= reached


def test_the_pages_work_without_any_script(site: Site, seat: Callable[..., Seat]) -> None:
    person = seat("Rosa Lindqvist")
    cookies = person.context.cookies()
    plain = person.context.browser.new_context(java_script_enabled=False)
    plain.add_cookies(cookies)
    page = plain.new_page()
    page.goto(f"{site.base}/lists/{site.list_id}?state=KNOWN")
    assert page.get_by_role("heading", level=1).inner_text().startswith("Meeting of")
    plain.close()


def test_a_second_press_while_the_first_is_under_way_sends_nothing(site: Site, seat: Callable[..., Seat]) -> None:
    page = seat("Nadia Holt").go("/reconciliation")
    stopped = page.evaluate("""() => { const form = document.querySelector("main form");
        return [1, 2].map(() => !form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }))); }""")
    assert stopped == [False, True]
