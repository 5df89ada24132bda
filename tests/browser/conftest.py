"""A browser, and people in front of it. What goes wrong in any page of theirs (console, outside requests) fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.chrome import checker, chrome
from tests.integration.joined_site import Site, site

__all__ = ["site"]

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 740}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser, for one module: while playwright runs, its event loop stands in the way of every other test's."""
    with chrome() as running:
        yield running


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker's script."""
    return checker()


class Seat:
    """One person at one screen. ``complaints`` gathers what the console and the network should never show."""

    def __init__(self, site: Site, context: BrowserContext, axe: str) -> None:
        self.site, self.context, self._axe = site, context, axe
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.expected: tuple[int, ...] = ()
        self.page.on("console", lambda said: self._listen(said.type, said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", lambda request: self._check(request.url))

    def _listen(self, kind: str, text: str) -> None:
        """A browser calls a refusal an error, too: only those that the test is about are let pass."""
        if kind in ("error", "warning") and not any(f"status of {status}" in text for status in self.expected):
            self.complaints.append(f"console: {text}")

    def _check(self, url: str) -> None:
        if not url.startswith((self.site.base, self.site.issuer, "data:")):
            self.complaints.append(f"outside: {url}")

    def sign_in(self, name: str) -> Page:
        """From the front page, through the identity provider, to the first page."""
        self.page.goto(self.site.base)
        self.page.get_by_role("link", name="Sign in").click()
        self.page.get_by_role("button", name=name).click()
        self.page.get_by_role("button", name="Sign out").wait_for()
        return self.page

    def go(self, path: str) -> Page:
        """Opens a page of ours."""
        self.page.goto(self.site.base + path)
        return self.page

    def barriers(self) -> list[str]:
        """What axe calls serious or critical, with where."""
        self.page.evaluate(self._axe)
        found: list[dict[str, Any]] = self.page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
        grave = [v for v in found if v["impact"] in ("serious", "critical")]
        return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in grave]

    def overflow(self) -> int:
        """By how many pixels the page is wider than the screen."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@pytest.fixture
def seat(site: Site, browser: Browser, axe: str) -> Iterator[Callable[..., Seat]]:
    """Seats people: ``seat("Nadia Holt")``, ``seat("Rosa Lindqvist", PHONE)``."""
    seated: list[Seat] = []

    def sit(name: str = "", screen: dict[str, int] | None = None) -> Seat:
        taken = Seat(site, browser.new_context(viewport=screen or DESKTOP, locale="en-GB"), axe)
        seated.append(taken)
        if name:
            taken.sign_in(name)
        return taken

    yield sit
    complaints = [complaint for taken in seated for complaint in taken.complaints]
    for taken in seated:
        taken.context.close()
    assert not complaints
