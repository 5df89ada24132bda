"""A list, or a back-file, against a whole extract: every case is settled as one, results come out best first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.bulk.columns import Extract
from gateway.bulk.files import Journal, rows
from gateway.bulk.rows import INDEX_COLUMNS, QUERY_COLUMNS, Row, describe
from gateway.bulk.scanning import Scan
from gateway.policy.identity.deciding import Outcome, Ruled, settle
from gateway.policy.identity.explaining import Waterfall, explained
from gateway.policy.identity.scoring import Scorer

OUT_COLUMNS = ("query_id", "rec_id", "score", "tier")
TIERS = {Outcome.LINK: "auto", Outcome.REVIEW: "review"}
_OFFERED = 50


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


def cases_of(queries: Iterable[Row]) -> list[list[Row]]:
    """People by case, in the order in which cases first appear; somebody without a case is one alone."""
    cases: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in queries:
        cases[("case", row["case_id"]) if row["case_id"] else ("alone", row["query_id"])].append(row)
    return list(cases.values())


def matched(scan: Scan, case: Sequence[Row]) -> Iterator[Matched]:
    """All people of one case, each with the records to link and to review."""
    asked = {row["query_id"]: scan.question(describe(row)) for row in case}
    offered = {query_id: (question, scan.offered(question, _OFFERED)) for query_id, question in asked.items()}
    for query_id, ruled in settle(scan.scorer, offered).items():
        for one in ruled:
            if one.outcome in TIERS:
                yield Matched(query_id, one, tuple(ruled))


def match_files(
    index: Path, queries: Path, out: Path, scorer: Scorer, told: Callable[[int, int], None] = lambda done, of: None
) -> Iterator[Matched]:
    """Matches file against file and yields what it wrote. Started again after a stop, it goes on with the first case not yet whole.

    ``told`` hears how many of how many cases are done.
    """
    scan, cases = scan_of(rows(index, INDEX_COLUMNS), scorer), cases_of(rows(queries, QUERY_COLUMNS))
    with Journal(out, OUT_COLUMNS) as journal:
        for case in cases[journal.done :]:
            found = list(matched(scan, case))
            journal.add([one.line() for one in found])
            told(journal.done, len(cases))
            yield from found
        journal.finish()
