"""``marac-gateway flags``: alerts, proposed by one person and approved by another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

import typer

from gateway.cli.output import columns, print_facts, print_rows
from gateway.cli.session import As, Incomplete, Json, actor_named, opened, telling
from gateway.domain.errors import CATALOGUE
from gateway.domain.identifiers import AgencyId, CaseListId, FlagId, SubjectId
from gateway.services import closing, flag_recall, flagging
from gateway.services.flag_recall import Place
from gateway.services.flagging import FlagPreview

app = typer.Typer(help="Alerts on agencies' records.", no_args_is_help=True)
_SHOWN = ("id", "agency_id", "role", "state", "review_on", "proposed_by", "approved_by", "reason", "version")

Alert = Annotated[UUID, typer.Argument(help="The alert, by its id.")]
Version = Annotated[int, typer.Option(help="As shown: what you decided on.")]


@app.command("list")
@telling
def list_(list_id: Annotated[UUID, typer.Argument(help="The case list, by its id.")], user: As, as_json: Json = False) -> None:
    """The alerts of a case list at one's own agency."""
    with opened() as gateway, gateway.transaction() as work:
        rows = columns(flagging.of_list(work, actor_named(gateway, user), CaseListId(list_id)), *_SHOWN)
    print_rows(rows, as_json=as_json, title="Alerts", empty="No alert.")


@app.command()
@telling
def propose(
    subject: Annotated[UUID, typer.Argument(help="The person, by the id in the report.")],
    agency: Annotated[str, typer.Argument(help="The agency, by its id.")], user: As, as_json: Json = False,
) -> None:  # fmt: skip
    """Propose an alert and see, word for word, what would be written; or why none is possible (exit 1)."""
    with opened() as gateway, gateway.transaction() as work:
        preview = flagging.propose(work, actor_named(gateway, user), SubjectId(subject), AgencyId(agency))
    _print_preview(preview, as_json=as_json)


@app.command()
@telling
def preview(flag: Alert, user: As, as_json: Json = False) -> None:
    """See again what would be written."""
    with opened() as gateway, gateway.transaction() as work:
        found = flagging.preview(work, actor_named(gateway, user), FlagId(flag))
    _print_preview(found, as_json=as_json)


@app.command()
@telling
def approve(
    flag: Alert, user: As, content: Annotated[str, typer.Option(help="The content hash of the preview that you read.")], version: Version,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Approve exactly what was previewed, as a second person."""
    with opened() as gateway, gateway.transaction() as work:
        done = flagging.approve(work, actor_named(gateway, user), FlagId(flag), content, version)
    print_facts(columns([done], *_SHOWN)[0], as_json=as_json)


@app.command()
@telling
def refuse(
    flag: Alert, user: As, reason: Annotated[str, typer.Option(help="Why.")], version: Version, as_json: Json = False
) -> None:
    """Decline a proposal. Nothing is written."""
    with opened() as gateway, gateway.transaction() as work:
        done = flagging.refuse(work, actor_named(gateway, user), FlagId(flag), reason, version)
    print_facts(columns([done], *_SHOWN)[0], as_json=as_json)


@app.command()
@telling
def end(flag: Alert, user: As, reason: Annotated[str, typer.Option(help="Why.")], as_json: Json = False) -> None:
    """Remove an alert of ours; the removal is read back."""
    with opened() as gateway, gateway.transaction() as work:
        done = flagging.end(work, actor_named(gateway, user), FlagId(flag), reason)
    print_facts(columns([done], *_SHOWN)[0], as_json=as_json)


def _print_preview(preview: FlagPreview, *, as_json: bool) -> None:
    flag, placement = preview.flag, preview.placement
    facts: dict[str, object] = {
        "verdict": placement.verdict,
        "because": ", ".join(CATALOGUE[code].title for code in placement.findings) or "nothing stands against it",
    }
    if flag:
        facts |= {
            "alert": flag.id, "agency": flag.agency_id, "record": flag.record_id, "words": flag.text, "labels": ", ".join(preview.labels),
            "content": flag.content_hash, "version": flag.version, "state": flag.state,
        }  # fmt: skip
    print_facts(facts, as_json=as_json)
    if flag is None:
        raise Incomplete


@app.command()
@telling
def renew(
    flag: Alert, user: As, basis: Annotated[str, typer.Option(help="The date that its time counts from anew, as 2026-11-22.")],
    as_json: Json = False,
) -> None:  # fmt: skip
    """Count an alert's time anew from a repeat (last referral or last meeting: the area's own rule)."""
    try:
        day = date.fromisoformat(basis)
    except ValueError:
        raise typer.BadParameter("write a date as 2026-11-22", param_hint="--basis") from None
    with opened() as gateway, gateway.transaction() as work:
        done = flagging.renew(work, actor_named(gateway, user), FlagId(flag), day)
    print_facts(columns([done], *_SHOWN)[0], as_json=as_json)


@app.command()
@telling
def recall(flag: Alert, user: As, as_json: Json = False) -> None:
    """Recall an alert that should never have stood there: from the record that the gateway wrote to, and from where a person may have typed
    it. Exit 1 until it is known to be gone; see  flags recalled."""
    with opened() as gateway, gateway.transaction() as work:
        actor = actor_named(gateway, user)
        flag_recall.recall(work, actor, FlagId(flag))
        place = flag_recall.proof(work, actor, FlagId(flag))
    _print_places([place], as_json=as_json)


@app.command()
@telling
def recalled(flag: Alert, user: As, as_json: Json = False) -> None:
    """Where an alert went, and whether it is known to be gone. Exit 1 while it is not."""
    with opened() as gateway, gateway.transaction() as work:
        place = flag_recall.proof(work, actor_named(gateway, user), FlagId(flag))
    _print_places([place], as_json=as_json)


@app.command("recall-person")
@telling
def recall_person(
    subject: Annotated[UUID, typer.Argument(help="The person, by the id in the report.")], user: As, as_json: Json = False
) -> None:
    """Recall every alert for a person at every agency: the wrong person was on the list. For the coordinator. Exit 1 until all are known to
    be gone."""
    with opened() as gateway, gateway.transaction() as work:
        actor = actor_named(gateway, user)
        flag_recall.recall_person(work, actor, SubjectId(subject))
        places = flag_recall.proof_of_person(work, actor, SubjectId(subject))
    _print_places(places, as_json=as_json)


def _print_places(places: Sequence[Place], *, as_json: bool) -> None:
    rows = columns(places, "flag_id", "agency_id", "system", "state", "went_at", "gone_at", "by", "open_task", "proved")
    print_rows(rows, as_json=as_json, title="Where it went", empty="Nowhere.")
    if not all(place.proved for place in places):
        raise Incomplete


@app.command("close-case")
@telling
def close_case_(
    list_id: Annotated[UUID, typer.Argument(help="The case list, by its id.")],
    case: Annotated[str, typer.Argument(help="The case, by the coordinator's own number.")], user: As, as_json: Json = False,
) -> None:  # fmt: skip
    """A case is closed: remove its alerts everywhere."""
    with opened() as gateway, gateway.transaction() as work:
        begun = closing.close_case(work, actor_named(gateway, user), CaseListId(list_id), case)
    print_facts({"removals_begun": begun}, as_json=as_json)
