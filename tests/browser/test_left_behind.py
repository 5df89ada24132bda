"""After somebody has signed out, nothing about anybody lies in the browser's profile, and going back shows nothing (C22, C23, C51)."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.acceptance.witnesses import canaries, numbers_of
from tests.browser.chrome import ARGUMENTS, unpacked
from tests.integration.joined_site import Site, site

__all__ = ["site"]

VIEWS = ("/lists/{list}", "/lists/{list}/review", "/lists/{list}/alerts", "/lists/{list}/actions", "/tasks")


def test_the_profile_holds_nobody_after_signing_out(site: Site, tmp_path: Path) -> None:
    folder, profile = unpacked(), tmp_path / "profile"
    environment = {**os.environ, "LD_LIBRARY_PATH": str(folder / "lib"), "FONTCONFIG_PATH": str(folder / "fonts"), "HOME": str(folder)}
    shown = ""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=str(folder / "chromium"), args=list(ARGUMENTS), env=environment, headless=True, chromium_sandbox=False
        )
        page = context.new_page()
        page.goto(site.base)
        page.get_by_role("link", name="Sign in").click()
        page.get_by_role("button", name="Nadia Holt").click()
        for view in VIEWS:
            page.goto(site.base + view.format(list=site.list_id))
            shown += page.inner_text("body")
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_load_state()
        page.go_back()
        page.wait_for_load_state()
        after = page.inner_text("body")
        stored = page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length")
        context.close()
    names = {word for word in canaries() if word.isalpha() and re.search(rf"\b{re.escape(word)}\b", shown)}
    assert len(names) > 5, "nobody was shown, so nothing could have been left"
    assert not [word for word in names if re.search(rf"\b{re.escape(word)}\b", after)]
    assert stored == 0
    files = [path for path in profile.rglob("*") if path.is_file()]
    assert len(files) > 5
    left = b"".join(path.read_bytes() for path in files)
    assert site.base.removeprefix("http://").encode() in left, "the profile is not where it was looked for"
    wanted = [word for word in names | numbers_of(canaries()) if len(word) > 5]
    assert len(wanted) > 3
    assert not [word for word in wanted if word.encode() in left or word.encode("utf-16-le") in left]
