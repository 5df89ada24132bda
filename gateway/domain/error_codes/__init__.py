"""The error catalogue: every code that can be shown, with its cause and its remedy in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.domain.error_codes.codes import Code
from gateway.domain.error_codes.texts import TEXTS, CodeText

__all__ = ["CATALOGUE", "Code", "CodeText"]

CATALOGUE: Mapping[Code, CodeText] = MappingProxyType(TEXTS)
"""The words of every code."""
