"""A large match cut into shards: each a part of the index beside a part of the list, worked out by whoever comes to it, in any order.

The folder of a job is all there is to know: ``plan.json`` (files by path, sizes, the model), where the rows of each file start, and a result
for each shard that is done. A result appears whole or not at all, and is the same whoever worked it out and however often. So a job goes on
after any stop with the shards that have no result. The folder holds keys, numbers and scores; names stay in the two files.

Memory: one part of the index (``RECORDS_AT_ONCE`` records, about 1 KB each), 8 bytes for each row of both files, and one part of the list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.bulk.columns import Extract
from gateway.bulk.files import CsvSource, Fault, FileRefused, ParquetSource, Places, Source, replaced, source
from gateway.bulk.rows import INDEX_COLUMNS, QUERY_COLUMNS, Row, describe
from gateway.bulk.scanning import Scan
from gateway.policy.identity.model import Model
from gateway.policy.identity.scoring import Scorer

RECORDS_AT_ONCE = 200_000
PEOPLE_AT_ONCE = 2_000
OFFERED = 50
LEAST_BITS = -12.0
_BLOCK = 1 << 20
Offers = npt.NDArray[np.void]
_OFFER = [("person", np.int32), ("record", np.int64), ("score", np.float64)]


class Unlike(ValueError):
    """The work that was begun here was begun with another model or in other sizes. The text says which, nothing of anybody."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job is. ``people`` and ``records``: how many there are; the two others: how many a shard takes."""

    index: str
    queries: str
    files: Mapping[str, tuple[int, str]]
    model: str
    records: int
    people: int
    records_at_once: int
    people_at_once: int

    @property
    def parts_of_index(self) -> int:
        """Into how many parts the index is cut."""
        return max(1, -(-self.records // self.records_at_once))

    @property
    def parts_of_list(self) -> int:
        """Into how many parts the list is cut."""
        return max(1, -(-self.people // self.people_at_once))

    @property
    def shards(self) -> int:
        """How many there are; their numbers go through the list for each part of the index."""
        return self.parts_of_index * self.parts_of_list


class Job:
    """A job in its folder. ``scorer`` must hold the model that the job was planned with."""

    def __init__(self, folder: Path, scorer: Scorer) -> None:
        self.folder, self.scorer = folder, scorer
        self.plan = _read_plan(folder)
        if self.plan.model != _weights(scorer.model):
            raise Unlike("the model is another one")
        self.index = _opened(folder, Path(self.plan.index), INDEX_COLUMNS)
        self.queries = _opened(folder, Path(self.plan.queries), QUERY_COLUMNS)
        self._order = np.load(folder / "order.npy", mmap_mode="r")
        self._scan: tuple[int, Scan] | None = None

    @classmethod
    def begun(cls, folder: Path, index: Path, queries: Path, scorer: Scorer, sizes: tuple[int, int] = (RECORDS_AT_ONCE, PEOPLE_AT_ONCE)) -> Job:
        """The job of these files in this folder, gone on with if it was begun before. ``sizes``: records and people of a shard.

        Raises ``FileRefused``, also when a file is not what it was when the job was begun, and ``Unlike``.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / "plan.json").exists():
            try:
                _write_plan(folder, index, queries, scorer, sizes)
            except (FileRefused, OSError):
                _emptied(folder)
                folder.rmdir()
                raise
        job = cls(folder, scorer)
        if (job.plan.index, job.plan.queries) != (str(index.resolve()), str(queries.resolve())):
            raise Unlike("the files are others")
        for path in (index, queries):
            if _digest(path) != tuple(job.plan.files[str(path.resolve())]):
                raise FileRefused(path, Fault.CHANGED)
        return job

    # ------------------------------------------------------------------------------------------------------------ shards

    def missing(self) -> list[int]:
        """Shards without a result."""
        return [n for n in range(self.plan.shards) if not self._result(n).exists()]

    def work(self, shard: int) -> None:
        """Works out one shard and writes its result. Harmless when somebody else has done so."""
        if not 0 <= shard < self.plan.shards:
            raise Unlike("there is no such shard")
        if not self._result(shard).exists():
            part, people = divmod(shard, self.plan.parts_of_list)
            _save(self._result(shard), self._offers(self._scan_of(part), part * self.plan.records_at_once, people))

    def _result(self, shard: int) -> Path:
        return self.folder / f"shard{shard:06d}.npy"

    def _scan_of(self, part: int) -> Scan:
        if self._scan is None or self._scan[0] != part:
            self._scan = None
            start = part * self.plan.records_at_once
            stop = min(start + self.plan.records_at_once, self.plan.records)
            self._scan = part, Scan(Extract.packed(self.index.span(start, stop)), self.scorer)
        return self._scan[1]

    def _offers(self, scan: Scan, first: int, people: int) -> Offers:
        found = []
        for number, row in self.people(people):
            question = self.scorer.question(describe(row), self.plan.records)
            found += [(number, first + n, score) for n, score in scan.ranked(question, OFFERED, LEAST_BITS)]
        return np.array(found, _OFFER)

    # ------------------------------------------------------------------------------------------------------------ people

    def people(self, part: int) -> list[tuple[int, Row]]:
        """The people of one part of the list with their numbers, case by case."""
        start, stop = self._order["part"].searchsorted([part, part + 1])
        numbers = self._order["number"][start:stop].tolist()
        found = self.queries.at(numbers)
        return [(n, found[n]) for n in numbers]

    def offered(self, part: int) -> dict[int, list[int]]:
        """Person to the numbers of the records to settle, for one part of the list; every shard of it must be done."""
        shards = range(part, self.plan.shards, self.plan.parts_of_list)
        offers = np.concatenate([np.load(self._result(n)) for n in shards])
        offers = offers[np.lexsort((-offers["score"], offers["person"]))]
        people, starts = np.unique(offers["person"], return_index=True)
        return {int(p): _best(some) for p, some in zip(people, np.split(offers, starts[1:]), strict=True)} if len(people) else {}

    def finish(self) -> None:
        """Removes the folder and what is in it, the plan first."""
        (self.folder / "plan.json").unlink()
        _emptied(self.folder)
        self.folder.rmdir()


def _best(offers: Offers) -> list[int]:
    """The best of one person, and whatever is as good as the last of them: which of those stays is settled by their keys."""
    last = offers["score"][min(OFFERED, len(offers)) - 1]
    return [int(n) for n in offers["record"][offers["score"] >= last]]


# -------------------------------------------------------------------------------------------------------------------- plan


def _write_plan(folder: Path, index: Path, queries: Path, scorer: Scorer, sizes: tuple[int, int]) -> None:
    """``plan.json`` comes last: without it nothing was begun, and whatever else is there is of no use."""
    _emptied(folder)
    records, people = source(index, INDEX_COLUMNS), source(queries, QUERY_COLUMNS)
    for one in (records, people):
        if isinstance(one, CsvSource):
            _save(_places(folder, one.path), one.places)
    order = _in_cases(people, sizes[1])
    _save(folder / "order.npy", order)
    plan = Plan(
        str(index.resolve()), str(queries.resolve()), {str(p.resolve()): _digest(p) for p in (index, queries)}, _weights(scorer.model),
        len(records), len(people), *sizes,
    )  # fmt: skip
    replaced(folder / "plan.json", json.dumps(asdict(plan)).encode())


def _emptied(folder: Path) -> None:
    for left in folder.iterdir():
        left.unlink()


def _read_plan(folder: Path) -> Plan:
    raw: dict[str, Any] = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    return Plan(**raw)


def _weights(model: Model) -> str:
    """The model's version and a digest of everything that a score is made from."""
    parts = (model.bits, model.chances, model.given, model.family, model.joint, model.rare_given, model.rare_family, model.variants)
    said = repr([sorted((k, repr(v)) for k, v in part.items()) if isinstance(part, Mapping) else part for part in parts])
    return f"{model.version} {sha256(said.encode()).hexdigest()}"


def _in_cases(people: Source, at_once: int) -> npt.NDArray[np.void]:
    """Numbers of people, case by case in the order in which cases first appear, and the part of the list to which each belongs.

    A case is never cut in two: it is settled as one. Somebody without a case is one alone.
    """
    cases: dict[str, int] = {}
    of: list[int] = []
    alone = 0
    for row in people.span(0, len(people)):
        key = f"case {row['case_id']}" if row["case_id"] else f"alone {(alone := alone + 1)}"
        of.append(cases.setdefault(key, len(cases)))
    case = np.array(of, np.int64)
    numbers = np.argsort(case, kind="stable")
    order = np.empty(len(case), [("number", np.int64), ("part", np.int64)])
    order["number"], order["part"] = numbers, _cut(case[numbers], at_once)
    return order


def _cut(cases: npt.NDArray[np.int64], at_once: int) -> npt.NDArray[np.int64]:
    """The part of each row: the one in which its case begins."""
    starts = np.flatnonzero(np.diff(cases, prepend=-1))
    return np.repeat(starts // at_once, np.diff(starts, append=len(cases)))


def _opened(folder: Path, path: Path, columns: Sequence[str]) -> Source:
    if path.suffix == ".parquet":
        return ParquetSource(path, columns, checked=True)
    return CsvSource(path, columns, np.load(_places(folder, path), mmap_mode="r"))


def _places(folder: Path, path: Path) -> Path:
    return folder / f"{sha256(str(path.resolve()).encode()).hexdigest()[:16]}.npy"


def _digest(path: Path) -> tuple[int, str]:
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return path.stat().st_size, digest.hexdigest()


def _save(path: Path, values: Offers | Places) -> None:
    whole = BytesIO()
    np.save(whole, values)
    replaced(path, whole.getvalue())
