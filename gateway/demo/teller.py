"""How the demonstration tells what happens: one line for each step, a bar while it waits, a verdict at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text


def make_console() -> Console:
    """As wide as the terminal; in a file or pipe wide enough that no line is broken."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=120)


@dataclass
class Teller:
    """``failures`` holds every step that did not end as it should."""

    console: Console = field(default_factory=make_console)
    failures: list[str] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def starting(self, what: str) -> None:
        """A part that is being started."""
        self.console.print(Text(f"  starting {what}", style="dim"))

    def step(self, words: str) -> None:
        """A step that ended as it should."""
        self.console.print(Text("ok    ", style="green").append(words, style="default"), soft_wrap=True)

    def check(self, true: bool, words: str, otherwise: str = "") -> bool:
        """A step that must hold; if not, the whole fails, and goes on to show what else there is."""
        if true:
            self.step(words)
        else:
            self.failures.append(otherwise or words)
            self.console.print(Text("FAIL  ", style="bold red").append(otherwise or words, style="default"), soft_wrap=True)
        return true

    def wait(self, words: str, total: int, done: Callable[[], int], limit_s: float) -> bool:
        """Waits until ``done()`` reaches ``total``, with a bar; whether it did in time."""
        columns = (TextColumn("      {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        until = time.monotonic() + limit_s
        with Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal) as progress:
            bar = progress.add_task(words, total=total)
            while (reached := done()) < total and time.monotonic() < until:
                progress.update(bar, completed=reached)
                time.sleep(0.2)
        return self.check(reached >= total, f"{words}: all {total}", f"{words}: {reached} of {total} after {limit_s:.0f} seconds")

    def verdict(self) -> bool:
        """The last line; whether everything ended as it should."""
        seconds = time.monotonic() - self._began
        if self.failures:
            self.console.print(Text(f"{len(self.failures)} steps did not end as they should ({seconds:.0f} seconds).", style="bold red"))
        else:
            self.console.print(Text(f"Every step ended as it should ({seconds:.0f} seconds).", style="bold green"))
        return not self.failures
