"""Matching models: offered by one person, approved by name by another. Nothing is used before that, but what the release brings."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from gateway.domain.actors import Actor
from gateway.domain.errors import Code, InvalidInput, NotFound
from gateway.domain.events import EventKind
from gateway.domain.models import MatchingModel
from gateway.policy import permissions
from gateway.policy.identity import model
from gateway.policy.permissions import Act
from gateway.services.ports import Work
from gateway.services.recording import noted

_VERSION = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)


def known_models(work: Work, actor: Actor) -> Sequence[MatchingModel]:
    """Every model with who offered and approved it; the one in use is ``work.scorer.model.version``."""
    permissions.check_can(actor, Act.VIEW_MODELS)
    return work.models.all()


def reviewed_model(work: Work, actor: Actor, digest: str) -> tuple[MatchingModel, bytes]:
    """A model and its file, to be looked through before it is approved. ``digest`` as ``MatchingModel``. Raises ``NotFound``."""
    found = next((known for known in known_models(work, actor) if known.digest == digest), None)
    if found is None:
        raise NotFound(Code.NOT_FOUND)
    return found, work.models.content(found.version)


def offer_model(work: Work, actor: Actor, content: bytes) -> MatchingModel:
    """Keeps a model as ``match train`` wrote it. Raises ``InvalidInput(MODEL_REFUSED)``, ``Conflict(MODEL_EXISTS)``."""
    permissions.check_can(actor, Act.OFFER_MODEL)
    offered = MatchingModel(_version_of(content), hashlib.sha256(content).hexdigest(), actor.user_id)
    event = noted(EventKind.MODEL_OFFERED, actor, offered.version, digest=offered.digest)
    work.models.add(offered, content, work.now(), event)
    return work.models.get(offered.version)


def approve_model(work: Work, actor: Actor, version: str) -> MatchingModel:
    """From now on this model grades. Raises ``Refused(APPROVER_IS_PROPOSER)`` to whoever offered it, ``NotFound``."""
    permissions.check_can(actor, Act.APPROVE_MODEL)
    offered = work.models.get(version)
    permissions.check_second_person(actor, offered.offered_by)
    event = noted(EventKind.MODEL_APPROVED, actor, version, digest=offered.digest)
    work.models.approve(version, actor.user_id, work.now(), event)
    return work.models.get(version)


def _version_of(content: bytes) -> str:
    try:
        version = str(model.read(content.decode("utf-8")).version)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        raise InvalidInput(Code.MODEL_REFUSED) from None
    if not _VERSION.fullmatch(version):
        raise InvalidInput(Code.MODEL_REFUSED)
    return version
