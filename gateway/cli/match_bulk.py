"""``marac-gateway match bulk | train | splink | pairs | work``: files against files, without a running gateway. Keys, scores and codes only."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar
from uuid import UUID

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.bulk.blocking import decided, passed
from gateway.bulk.columns import Extract
from gateway.bulk.compiling import COMPILED
from gateway.bulk.exporting import splink_settings
from gateway.bulk.files import FileRefused, replaced, rows
from gateway.bulk.jobs import PEOPLE_AT_ONCE, RECORDS_AT_ONCE, Job, Unlike
from gateway.bulk.reporting import Training, pictures, report
from gateway.bulk.rows import INDEX_COLUMNS, describe
from gateway.bulk.running import TIERS, Matched, Told, shards_done, working_folder, written
from gateway.bulk.training import trained
from gateway.cli.output import err, print_facts, print_json, print_trouble
from gateway.cli.session import REFUSED, Json, telling
from gateway.policy.identity.explaining import text
from gateway.policy.identity.model import Model, current, read
from gateway.policy.identity.scoring import Scorer

P = ParamSpec("P")
R = TypeVar("R")
File = Annotated[Path, typer.Option(dir_okay=False)]
New = Annotated[Path, typer.Option(dir_okay=False, writable=True)]
Jobs = Annotated[Path | None, typer.Option(help="A folder that the workers see too: the shards are theirs to work out.", file_okay=False)]
Redis = Annotated[str, typer.Option(help="Where the workers are rung for.", envvar="REDIS_URL")]


def add_to(app: typer.Typer) -> None:
    """Puts the commands into the group."""
    for command in (bulk, pairs, train, splink, work):
        app.command()(command)


def refusing(command: Callable[P, R]) -> Callable[P, R]:
    """A file that cannot be used is told by name, line and reason, with exit 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except FileRefused as fault:
            print_trouble(str(fault), "Mend the file and start again; nothing was written.", as_json=bool(kwargs.get("as_json", False)))
        except Unlike as fault:
            remedy = "Finish it with what it was begun with, or remove the folder NAME.work beside the result and start again."
            print_trouble(f"This work was begun before, and {fault}.", remedy, as_json=bool(kwargs.get("as_json", False)))
        raise typer.Exit(REFUSED)

    return telling(run)


@contextmanager
def bar(name: str) -> Iterator[Told]:
    """A progress bar on standard error."""
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err, transient=True) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


@refusing
def bulk(
    index: File,
    queries: File,
    out: New,
    explain: Annotated[int, typer.Option(help="Show why for so many of the results.", min=0)] = 0,
    records: Annotated[int, typer.Option(help="Records of the index held at once, about 1 KB each.", min=1)] = RECORDS_AT_ONCE,
    people: Annotated[int, typer.Option(help="People of the list held at once.", min=1)] = PEOPLE_AT_ONCE,
    jobs: Jobs = None,
    job: Annotated[UUID | None, typer.Option(help="With --jobs: an id for this work, to go on with it after a stop.")] = None,
    redis: Redis = "",
    as_json: Json = False,
) -> None:
    """Match a list or a back-file against a whole extract (CSV or Parquet). Stopped and started again, it goes on where it was."""
    if jobs and not (job and redis):
        raise typer.BadParameter("needs --job and --redis beside it", param_hint="--jobs")
    folder = jobs / str(job) if jobs else working_folder(out)
    with bar("matching") as told:
        begun = Job.begun(folder, index, queries, Scorer(current()), (records, people))
        if jobs:
            _by_workers(begun, redis, told)
        else:
            shards_done(begun, told)
        sums, shown = _summed(written(begun, out, told), explain)
    facts = {"people": begun.plan.people, "records": begun.plan.records, "auto": sums["auto"], "review": sums["review"], "model": current().version, "out": str(out)}
    if as_json:
        print_json({**facts, "explained": [{**m.line(), "bars": [[b.label, b.sentence, b.bits] for b in m.explained().bars]} for m in shown]})
        return
    for one in shown:
        typer.echo(f"\n{one.query_id} {one.ruled.record}\n{text(one.explained())}")
    print_facts(facts, as_json=False)


def _by_workers(job: Job, redis: str, told: Told) -> None:
    from gateway.bulk.sharing import shared

    shared(job, redis, told)


def _summed(found: Iterator[Matched], explain: int) -> tuple[Counter[str], list[Matched]]:
    shown = list(islice(found, explain))
    sums = Counter(m.line()["tier"] for m in shown)
    sums.update(m.line()["tier"] for m in found)
    return sums, shown


@refusing
def pairs(
    index: File,
    out: New,
    beside: Annotated[Path | None, typer.Option(help="Another index; without it, the index is searched for people held twice.", dir_okay=False)] = None,
    as_json: Json = False,
) -> None:
    """Compare an index with another, or with itself: pairs that share a number, telephone, date, home or name. CSV of keys, scores and tiers."""
    scorer = Scorer(current())
    left, right = (Extract.packed(rows(path, INDEX_COLUMNS)) if path else None for path in (index, beside))
    if left is None or not len(left) or (right is not None and not len(right)):
        raise typer.BadParameter("holds nobody", param_hint="--index")
    found = passed(left, right, scorer, scorer.model.thresholds.review)
    lines = [(d.left, d.right, f"{d.score:.4f}", TIERS[d.outcome]) for d in decided(left, right, scorer, found)]
    text_of = io.StringIO(newline="")
    csv.writer(text_of).writerows([("left_rec_id", "right_rec_id", "score", "tier"), *lines])
    replaced(out, text_of.getvalue().encode())
    sums = Counter(line[3] for line in lines)
    facts = {"compared": found.compared, "compiled": COMPILED, "auto": sums["auto"], "review": sums["review"], "model": current().version, "out": str(out)}
    print_facts(facts, as_json=as_json)


@refusing
def work(jobs: Annotated[Path, typer.Option(file_okay=False, exists=True)], redis: Redis) -> None:
    """Work out shards of large matches for others, until stopped."""
    from gateway.bulk.sharing import run_matcher

    raise typer.Exit(run_matcher(redis, jobs, Scorer(current())))


@refusing
def train(
    index: Annotated[Path, typer.Argument(dir_okay=False)],
    out: New,
    version: Annotated[str, typer.Option(help="The new model's name; it is approved by it.")],
    as_json: Json = False,
) -> None:
    """Learn a new model version from an index, without labels, with a report and pictures. Nothing is used until it is approved by name."""
    before = current()
    if version == before.version:
        raise typer.BadParameter("is the version in use", param_hint="--version")
    raw, training = trained([describe(r) for r in rows(index, INDEX_COLUMNS)], version, before)
    file = json.dumps(raw, indent=1, ensure_ascii=False) + "\n"
    written_to = {out: file, **_reported(out, read(file), before, training)}
    for path, content in written_to.items():
        replaced(path, content.encode())
    facts = {"version": version, "before": before.version, "in use": False, "files": [p.name for p in written_to]}
    print_facts(facts, as_json=as_json)


def _reported(out: Path, model: Model, before: Model, training: Training) -> dict[Path, str]:
    """The report beside a model's file and its pictures, by path."""
    drawn = {name: (out.with_name(f"{out.stem}-{name}.svg"), picture) for name, picture in pictures(model, before, training).items()}
    text = report(model, before, training, {name: path.name for name, (path, _) in drawn.items()})
    return {out.with_suffix(".md"): text, **dict(drawn.values())}


@refusing
def splink(out: New) -> None:
    """Write the model in use as settings for Splink, the independent check."""
    out.write_text(json.dumps(splink_settings(current()), indent=1) + "\n", encoding="utf-8")
