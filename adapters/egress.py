"""The gate on every way out: what leaves has an agreed shape, comes from its own release, and says nowhere why we ask.

Each delivery has a ``Permit``, made of its release. It is shown every message before the first byte of it leaves. What it refuses is never
sent: the fault is permanent, its code goes to the person who gets the task, and the log says that the gate refused.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import unquote_plus

from adapters import wording
from adapters.faults import Permanent
from contracts.outgoing import ACCEPT, SHAPES, TOKEN, Shape
from gateway.domain.agreements import RecordSystem
from gateway.domain.error_codes import Code
from gateway.domain.releases import (
    KIND_OF,
    ActionRelease,
    CompletionRelease,
    FlagRelease,
    LookupRelease,
    Release,
)
from gateway.domain.releases import MessageKind as Kind
from gateway.policy.vocabulary import tells

REFUSALS = frozenset({Code.MESSAGE_NOT_AS_AGREED, Code.MESSAGE_TELLS_WHY, Code.MESSAGE_NAMES_ANOTHER})
"""What the gate refuses with. Any of these is a fault of the gateway or of an agreement, and an alarm."""
USER_AGENT = "records-gateway/1"
"""The whole of what we say about ourselves, unless the agreement has another name (option ``user_agent``)."""
_READS = frozenset({"GET", "HEAD"})
_NOT_JUDGED = frozenset({"Authorization", "X-Request-ID", "If-Match"})
"""Headers whose values are secrets, chance, or the system's own word."""
_OF_NOBODY = re.compile(r"\d{1,3}|[0-9a-f]{20}|20\d{12}")
"""Words that name nobody: a small number, a control id, a moment."""
_ASSERTION = re.compile(rb"(?<=client_assertion=)([\w-]+)\.([\w-]+)\.[\w-]+(?=&|$)")
"""Of a request for a token: the header and the claims of what proves who we are."""
_CHANGED = frozenset({"status", "active", "inactive", "entered", "error", "in", "live", "ended", "need", "to", "know"})
"""What is changed in what is given back."""


class Egress:
    """The gate as one record system has it. ``options`` are those of its agreement: what they say may stand in any message to it.
    ``codec`` is that of messages of HL7 v2; ``longest_alert`` the letters that its field for alerts holds (0: no limit declared)."""

    def __init__(self, options: Mapping[str, str] = MappingProxyType({}), codec: str = "utf-8", longest_alert: int = 0) -> None:
        self.longest_alert = longest_alert
        self.user_agent = options.get("user_agent", USER_AGENT)
        self.names = tuple(value for name, value in options.items() if name.startswith("receiving_"))
        said = " ".join(options.values())
        self.constants = frozenset() if tells(said.encode(), self.names) else frozenset(wording.words(said))
        self.codec = codec

    @classmethod
    def of(cls, system: RecordSystem, codec: str = "utf-8") -> Egress:
        """As the agreement describes the system."""
        return cls(system.options, codec, system.limits.max_flag_text)

    def permit(self, release: Release | None) -> Permit:
        """For one delivery; None for what is sent for no release (tokens, keys)."""
        return Permit(release, self)


class Permit:
    """What one delivery may send."""

    __slots__ = ("_egress", "_kind", "_own", "_release", "_told")

    def __init__(self, release: Release | None, egress: Egress) -> None:
        self._release, self._egress = release, egress
        self._kind = KIND_OF.get(type(release)) if release else None
        self._told: list[bytes] = []
        self._own: frozenset[str] | None = None

    def told(self, reply: bytes) -> None:
        """Takes down what the system answered: it may be given back to it."""
        self._told.append(reply)

    def check(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> None:
        """Returns if the message may leave. Raises ``Permanent`` with one of ``REFUSALS``, or ``APPROVED_WORDS_ONLY``."""
        if code := self._address_judged(path, headers) or self._body_judged(method, path, body):
            raise Permanent(code)

    def _address_judged(self, path: str, headers: Mapping[str, str]) -> Code | None:
        if not _is_neutral(path) and tells(path.encode(), self._names()):
            return Code.MESSAGE_TELLS_WHY
        if any(name not in _NOT_JUDGED and not _is_neutral(value) for name, value in headers.items()):
            return Code.MESSAGE_TELLS_WHY
        return None

    def _body_judged(self, method: str, path: str, body: bytes | None) -> Code | None:
        if body is None and method in _READS:
            return Code.MESSAGE_NAMES_ANOTHER if self._names_somebody(path) else None
        shape = _shape_of(self._kind, method, path)
        if shape is None or body is None:
            return Code.MESSAGE_NOT_AS_AGREED
        if isinstance(self._release, LookupRelease) and not self._of_somebody(wording.words_at_a_glance(body), shape):
            return None
        if shape.fields and not wording.field_names(method, body) <= shape.fields:
            return Code.MESSAGE_NOT_AS_AGREED
        return self._judged_as_theirs(shape, body) if shape.theirs else self._judged_as_ours(shape, method, body)

    def _names_somebody(self, path: str) -> bool:
        """Addresses are written down all along the way: no name of the person may stand in one."""
        if not isinstance(self._release, LookupRelease):
            return False
        names = {word for name in self._release.names for word in wording.words(f"{name.family} {name.given}") if len(word) > 2}
        return not names.isdisjoint(wording.words(unquote_plus(path)))

    def _judged_as_theirs(self, shape: Shape, body: bytes) -> Code | None:
        """Given back is only what the system told itself, or what is always the same."""
        if shape in (TOKEN, ACCEPT):
            return Code.MESSAGE_TELLS_WHY if tells(_unsigned(body), self._names(), packed=True) else None
        strange = wording.words_sent(shape.method, body, "utf-8") - _CHANGED - self._told_words()
        return Code.MESSAGE_NAMES_ANOTHER if self._of_somebody(strange, shape) else None

    def _judged_as_ours(self, shape: Shape, method: str, body: bytes) -> Code | None:
        release, rest = self._release, body
        if isinstance(release, FlagRelease | CompletionRelease):
            field, value = ("text", release.text) if isinstance(release, FlagRelease) else ("detail", release.detail)
            if shape.alert or isinstance(release, CompletionRelease):
                taken_out = wording.without(body, field, value)
                if isinstance(release, FlagRelease) and 0 < self._egress.longest_alert < len(release.text):
                    return Code.FIELD_TOO_SHORT
                if taken_out is None:
                    return Code.APPROVED_WORDS_ONLY if shape.alert else Code.MESSAGE_NOT_AS_AGREED
                rest = taken_out
        if tells(rest, self._names(), in_work=isinstance(release, ActionRelease), packed=not isinstance(release, LookupRelease)):
            return Code.MESSAGE_TELLS_WHY
        strange = wording.words_sent(method, body, self._egress.codec)
        if b"\rDSC|" in body:  # the pointer to the next page is the system's own word
            strange -= self._told_words()
        return Code.MESSAGE_NAMES_ANOTHER if self._of_somebody(strange, shape) else None

    def _of_somebody(self, words: set[str], shape: Shape) -> bool:
        """Whether a word is neither the release's own nor always the same: it may be another person's, or tell why we ask.

        Of a look-up that settles it, for no word of a shape, and none of an agreement that is used, is of the vocabulary.
        """
        strange = words.difference(shape.words, self._own_words(), self._egress.constants)
        return any(_OF_NOBODY.fullmatch(word) is None for word in strange)

    def _own_words(self) -> frozenset[str]:
        if self._own is None:
            self._own = wording.words_of(self._release) if self._release else frozenset()
        return self._own

    def _told_words(self) -> set[str]:
        return {word for reply in self._told for word in wording.words_of_json(reply)}

    def _names(self) -> tuple[str, ...]:
        """What may be called like a word of the vocabulary: people, and organisations."""
        release, names = self._release, self._egress.names
        if isinstance(release, LookupRelease):
            return (*names, *(part for name in release.names for part in (name.family, name.given, *name.middle)))
        return (*names, release.case_number, release.agency) if isinstance(release, CompletionRelease) else names


@lru_cache(maxsize=2048)
def _is_neutral(text: str) -> bool:
    """Whether an address or a header says nothing; most are the same in every message."""
    return not tells(text.encode())


def _unsigned(form: bytes) -> bytes:
    """The request for a token with what its assertion says in place of the assertion. A signature is chance: of a thousand one holds a short word."""
    try:
        return _ASSERTION.sub(lambda found: b" ".join(urlsafe_b64decode(part + b"=" * (-len(part) % 4)) for part in found.groups()), form)
    except binascii.Error:
        return form


@lru_cache(maxsize=2048)
def _shape_of(kind: Kind | None, method: str, path: str) -> Shape | None:
    """The shape of this address for this kind of message; None where there is none."""
    address, shapes = path.partition("?")[0], SHAPES[kind] if kind else (TOKEN,)
    return next((shape for shape in shapes if shape.method == method and shape.path.fullmatch(address)), None)
