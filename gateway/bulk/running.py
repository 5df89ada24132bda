"""A list, or a back-file, against a whole extract: every case is settled as one, results come out best first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.bulk.columns import Extract
from gateway.bulk.files import Journal, rows
from gateway.bulk.jobs import OFFERED, PEOPLE_AT_ONCE, RECORDS_AT_ONCE, Job
from gateway.bulk.rows import INDEX_COLUMNS, QUERY_COLUMNS, Row, describe
from gateway.bulk.scanning import Scan
from gateway.policy.identity.deciding import Offered, Outcome, Ruled, settle
from gateway.policy.identity.explaining import Waterfall, explained
from gateway.policy.identity.scoring import Question, Scorer

OUT_COLUMNS = ("query_id", "rec_id", "score", "tier")
TIERS = {Outcome.LINK: "auto", Outcome.REVIEW: "review"}
Told = Callable[[int, int], None]
"""Hears how many of how many steps are done."""


@dataclass(frozen=True, slots=True)
class Matched:
    """One record for one person asked about, as it leaves: nothing of either but their keys."""

    query_id: str
    ruled: Ruled
    others: tuple[Ruled, ...]

    def line(self) -> dict[str, str]:
        """A line of the result."""
        return {"query_id": self.query_id, "rec_id": self.ruled.record, "score": f"{self.ruled.score.total:.4f}", "tier": TIERS[self.ruled.outcome]}

    def explained(self) -> Waterfall:
        """Why."""
        return explained(self.ruled, self.others)


def scan_of(index: Iterable[Row], scorer: Scorer) -> Scan:
    """An extract read once and made ready."""
    return Scan(Extract.of((row["rec_id"], describe(row)) for row in index), scorer)


def matched(scan: Scan, case: Sequence[Row]) -> Iterator[Matched]:
    """All people of one case, each with the records to link and to review."""
    asked = {row["query_id"]: scan.question(describe(row)) for row in case}
    yield from _settled(scan.scorer, {query_id: (question, scan.offered(question, OFFERED)) for query_id, question in asked.items()})


def _settled(scorer: Scorer, offered: Mapping[str, tuple[Question, Sequence[Offered]]]) -> Iterator[Matched]:
    for query_id, ruled in settle(scorer, offered).items():
        for one in ruled:
            if one.outcome in TIERS:
                yield Matched(query_id, one, tuple(ruled))


def explained_in_files(index: Path, queries: Path, query: str, scorer: Scorer) -> list[Matched] | None:
    """The records of one person of a list, settled with the whole case; None when the list has no such query. For an index that fits in memory."""
    asked = list(rows(queries, QUERY_COLUMNS))
    mine = next((row for row in asked if row["query_id"] == query), None)
    if mine is None:
        return None
    case = [row for row in asked if row["case_id"] == mine["case_id"]] if mine["case_id"] else [mine]
    return [one for one in matched(scan_of(rows(index, INDEX_COLUMNS), scorer), case) if one.query_id == query]


# ------------------------------------------------------------------------------------------------------------- whole files


def match_files(
    index: Path, queries: Path, out: Path, scorer: Scorer, told: Told = lambda done, of: None, sizes: tuple[int, int] = (RECORDS_AT_ONCE, PEOPLE_AT_ONCE)
) -> Iterator[Matched]:
    """Matches file against file and yields what it wrote. Started again after a stop, it goes on with the first shard that has no result.

    ``sizes``: how many records and people are held at once; they change no result. Raises ``FileRefused`` and ``Unlike``.
    """
    job = Job.begun(working_folder(out), index, queries, scorer, sizes)
    shards_done(job, told)
    yield from written(job, out, told)


def working_folder(out: Path) -> Path:
    """Where a job keeps its place while the result ``out`` is not whole."""
    return out.with_name(f"{out.name}.work")


def shards_done(job: Job, told: Told = lambda done, of: None) -> None:
    """Works out here every shard that has no result."""
    missing = job.missing()
    for done, shard in enumerate(missing, job.plan.shards - len(missing)):
        told(done, job.plan.shards + job.plan.parts_of_list)
        job.work(shard)


def written(job: Job, out: Path, told: Told = lambda done, of: None) -> Iterator[Matched]:
    """Settles case by case from the shards' results, writes the result and yields it; then the job is done with and its folder goes."""
    steps = job.plan.shards + job.plan.parts_of_list
    with Journal(job.folder, "matches", OUT_COLUMNS) as journal:
        for part in range(journal.done, job.plan.parts_of_list):
            told(job.plan.shards + part, steps)
            found = list(_part(job, part))
            journal.add(one.line() for one in found)
            yield from found
    _as_asked(journal.part, out)
    job.finish()
    told(steps, steps)


def _part(job: Job, part: int) -> Iterator[Matched]:
    people, offered = job.people(part), job.offered(part)
    held = {n: (row["rec_id"], describe(row)) for n, row in job.index.at(n for some in offered.values() for n in some).items()}
    cases: dict[tuple[str, str], dict[str, tuple[Question, list[Offered]]]] = defaultdict(dict)
    for number, row in people:
        question = job.scorer.question(describe(row), job.plan.records)
        found = [Offered(key, one, job.scorer.score(question, one)) for key, one in map(held.__getitem__, offered.get(number, ()))]
        best = sorted(found, key=lambda o: (-o.score.total, o.record))[:OFFERED]
        cases[("case", row["case_id"]) if row["case_id"] else ("alone", row["query_id"])][row["query_id"]] = (question, best)
    for case in cases.values():
        yield from _settled(job.scorer, case)


def _as_asked(part: Path, out: Path) -> None:
    """The whole result under its own name, as Parquet if the name says so."""
    if out.suffix == ".parquet":
        from pyarrow import csv, parquet, string  # type: ignore[import-not-found,import-untyped,unused-ignore]

        texts = csv.ConvertOptions(column_types={"query_id": string(), "rec_id": string(), "tier": string()})
        whole = part.with_suffix(".parquet")
        parquet.write_table(csv.read_csv(part, convert_options=texts), whole)
        part = whole
    part.replace(out)
