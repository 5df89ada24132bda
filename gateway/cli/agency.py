"""``marac-gateway agency``: agreements, checked before they are used."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from contracts.agreements import AgreementFolder, expiry_notes, in_force, load_agreements, lookup_only_notes
from contracts.tables import Problem
from gateway.cli.output import out, print_json, print_rows
from gateway.cli.session import Incomplete, Json, telling
from gateway.domain.agreements import SharingAgreement

app = typer.Typer(help="Agencies and what they agreed.", no_args_is_help=True)
DEMONSTRATION = Path(__file__).resolve().parents[2] / "contracts" / "agencies"

Folder = Annotated[
    Path, typer.Argument(help="The folder of agencies; MARAC_AGENCIES, else the demonstration's.", envvar="MARAC_AGENCIES", show_default=False)
]


@app.command()
@telling
def check(folder: Folder = DEMONSTRATION, as_json: Json = False) -> None:
    """Check a folder of agreements. Names the file, the key and the fix for everything that is wrong; exit 1 if anything is."""
    book = load_agreements(folder)
    today = datetime.now(UTC).date()
    if as_json:
        print_json(_document(book, today))
    else:
        _print(book, (*(f"{agency} {note}" for agency, note in expiry_notes(book.all(), today)), *map(str, lookup_only_notes(book.all(), today))))
    all_in_force = all(in_force(agreement, today) for agreement in book.all())
    if book.problems or not all_in_force:
        raise Incomplete


@app.command("list")
@telling
def list_(folder: Folder = DEMONSTRATION, as_json: Json = False) -> None:
    """The agencies, what they agreed to and through which systems."""
    agreements = load_agreements(folder).all()
    print_rows([_row(agreement) if as_json else _line(agreement) for agreement in agreements], as_json=as_json, title="Agencies")


def _row(agreement: SharingAgreement) -> dict[str, object]:
    return {
        "agency": agreement.agency_id,
        "name": agreement.name,
        "purposes": ", ".join(sorted(agreement.purposes)),
        "people": ", ".join(sorted(agreement.roles)) or "nobody",
        "asked_with": ", ".join(sorted(agreement.lookup_fields)).replace("_", " "),
        "systems": ", ".join(f"{system.key.partition('/')[2]} ({system.kind})" for system in agreement.systems) or "none",
        "until": agreement.valid_until,
    }


def _line(agreement: SharingAgreement) -> dict[str, object]:
    """What fits a terminal."""
    whole = _row(agreement)
    return {name: whole[name] for name in ("agency", "purposes", "people", "systems", "until")}


def _document(book: AgreementFolder, today: date) -> dict[str, object]:
    def told(found: Iterable[Problem]) -> list[dict[str, str]]:
        return [{"file": problem.file, "key": problem.key, "fix": problem.fix} for problem in found]

    agencies = [_row(agreement) for agreement in book.all()]
    return {"agencies": agencies, "problems": told(book.problems), "lookup_only": told(lookup_only_notes(book.all(), today))}


def _print(book: AgreementFolder, notes: Iterable[str]) -> None:
    lines = [_line(agreement) for agreement in book.all()]
    print_rows(lines, as_json=False, title="Agreements that can be used", empty="No agreement can be used.")
    for note in notes:
        out.print(f"{note}.", style="yellow", markup=False)
    for problem in book.problems:
        out.print(str(problem), style="red", markup=False)
    if book.problems:
        out.print(f"{len(book.problems)} to mend. Nothing is shared with these agencies until then.", style="bold red")
