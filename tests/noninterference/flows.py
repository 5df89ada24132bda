"""The declared flows: what an observer may learn, from ``flows.toml``. Whatever is not declared there, and differs, is a leak."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

FILE = Path(__file__).with_name("flows.toml")


@dataclass(frozen=True, slots=True)
class Flow:
    """Patterns of observer and surface, and the pairs of secrets for which it holds."""

    id: str
    observer: str
    surface: str
    pairs: frozenset[str]
    why: str


@dataclass(frozen=True, slots=True)
class Flows:
    """All of them."""

    declared: tuple[Flow, ...]

    @classmethod
    def read(cls, file: Path = FILE) -> Flows:
        """From the file."""
        told = tomllib.loads(file.read_text(encoding="utf-8"))["flow"]
        return cls(tuple(Flow(f["id"], f["observer"], f["surface"], frozenset(f["pairs"]), f["why"]) for f in told))

    def allow(self, pair: str, observer: str, surface: str) -> bool:
        """Whether this observer may see a difference here."""
        return any(pair in f.pairs and fnmatchcase(observer, f.observer) and fnmatchcase(surface, f.surface) for f in self.declared)
