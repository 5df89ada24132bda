"""Matching models, for those who run the gateway: what each would change, who offered it, and its approval by a second person."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, File, UploadFile
from fastapi.responses import Response
from markupsafe import Markup

from gateway.bulk.reporting import levels, names_counted, pictures, training_in
from gateway.domain.models import RELEASE, MatchingModel
from gateway.policy.identity.model import Model, read
from gateway.policy.permissions import Act, can_be_second_person, check_can
from gateway.services import models
from gateway.store.unit_of_work import SqlWork
from gateway.web.reader import Posting, Reader, Reading

router = APIRouter(include_in_schema=False)


@router.get("/models")
def overview(reader: Reading) -> Response:
    """Every model, and which one grades."""
    known, in_use = reader.do(lambda work: (models.known_models(work, reader.actor), work.scorer.model.version))
    return reader.page("models.html", models=known, in_use=in_use, me=reader.actor.user_id, release=RELEASE)


@router.get("/models/{digest}")
def one(reader: Reading, digest: str) -> Response:
    """What a model would change against the one in use: made from its own file, so that it is what would grade."""
    kept, content, in_use = reader.do(lambda work: _reviewed(work, reader, digest))
    raw = json.loads(content)
    model, training = read(content.decode("utf-8")), training_in(raw)
    return reader.page(
        "model.html", kept=kept, model=model, in_use=in_use, training=training, levels=list(levels(model, in_use)), names=names_counted(model, in_use),
        pictures={name: _drawn(svg) for name, svg in pictures(model, in_use, training, style="").items()},
        second=can_be_second_person(reader.actor, kept.offered_by), me=reader.actor.user_id, release=RELEASE,
    )  # fmt: skip


def _reviewed(work: SqlWork, reader: Reader, digest: str) -> tuple[MatchingModel, bytes, Model]:
    return *models.reviewed_model(work, reader.actor, digest), work.scorer.model


def _drawn(svg: str) -> Markup:
    """Drawn by us from numbers and from words of our own."""
    return Markup(svg)  # noqa: S704


@router.post("/models")
def offer(reader: Posting, file: Annotated[UploadFile, File()]) -> Response:
    """Keep a model as ``match train`` wrote it, not in use."""
    check_can(reader.actor, Act.OFFER_MODEL)
    content = file.file.read()
    kept = reader.do(lambda work: models.offer_model(work, reader.actor, content))
    return reader.back_to(f"/models/{kept.digest}", "offered")


@router.post("/models/{digest}/approval")
def approve(reader: Posting, digest: str) -> Response:
    """From now on it grades. Bound to the digest of what was shown."""
    reader.do(lambda work: models.approve_model(work, reader.actor, models.reviewed_model(work, reader.actor, digest)[0].version))
    return reader.back_to(f"/models/{digest}", "in_use")
