"""Errors: one class, one meaning, one outward answer. They carry codes, never values.

    GatewayError
    ├── InvalidInput      what was given cannot be read or accepted; says what to do      HTTP 422, exit 1
    ├── Refused           a rule forbids it (permission, placement, agreement)            HTTP 403, exit 1
    ├── NotFound          absent, or not yours: the two are never told apart              HTTP 404, exit 1
    ├── Conflict          it changed meanwhile, or it exists already                      HTTP 409, exit 1
    └── Unavailable       a part that we need did not answer; try again                   HTTP 503, exit 1

The text of each code (what it means, its cause, what to do) is in ``gateway.domain.error_codes``.
"""

from __future__ import annotations

from gateway.domain.error_codes import CATALOGUE, Code, CodeText

__all__ = ["CATALOGUE", "Code", "CodeText", "Conflict", "GatewayError", "InvalidInput", "NotFound", "Refused", "Unavailable"]


class GatewayError(Exception):
    """Base of all errors that a person may be shown. ``str()`` gives the code alone."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)  # itself, and not its text: an error may have to come from another process
        self.code = code

    @property
    def text(self) -> CodeText:
        """Title, cause and remedy, from the catalogue."""
        return CATALOGUE[self.code]


class InvalidInput(GatewayError):
    """What was given cannot be read or accepted."""


class Refused(GatewayError):
    """A rule forbids it."""


class NotFound(GatewayError):
    """Absent, or not for this reader; the same answer for both."""


class Conflict(GatewayError):
    """It changed meanwhile, or it exists already."""


class Unavailable(GatewayError):
    """A part that we need did not answer."""
