"""One person against a whole extract, with nothing lost to blocking.

An agreement level depends only on two distinct values, so each field is compared once with every distinct value of the extract. A record
can only reach the bits that matter if its date of birth, home, number, telephone or name fits; those records are looked up from the columns
and weighed all at once. The bound is worked out from the model, so no record that could score as much is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from gateway.bulk.columns import NOBODY, NOTHING, Codes, Extract
from gateway.bulk.tables import Births, Families, Flags, Givens, Homes, Levels, Middles, Numbers, Phones
from gateway.policy.identity.comparing import FIELDS, LEVELS, MISSING
from gateway.policy.identity.deciding import Offered
from gateway.policy.identity.persons import Described
from gateway.policy.identity.scoring import ADDRESS, BIRTH, FAMILY, GIVEN, MIDDLE, NHS, PHONE, SEX, Question, Scorer

Bits = npt.NDArray[np.float64]
_FITS = {
    GIVEN: LEVELS["given"].index("near"),
    FAMILY: LEVELS["family"].index("part"),
    BIRTH: LEVELS["birth"].index("decade"),
    ADDRESS: LEVELS["address"].index("neighbour"),
}
"""The last level of each field by which a record is looked up."""
_HANDFUL = 256
"""Rows that are weighed in full first; what could not beat the worst of the best of these is left out."""


class Scan:
    """An extract made ready for any number of questions. Holds the people of the extract; it lives in memory only."""

    def __init__(self, extract: Extract, scorer: Scorer) -> None:
        self.extract, self.scorer = extract, scorer
        self.bits = np.array(scorer.model.bits)
        self.givens = Givens(extract.given, extract.tokens, scorer.model.variants)
        self.families = Families(extract.family)
        self.middles = Middles(extract.middles)
        self.births, self.homes = Births(extract.birth), Homes(extract.home)
        self.numbers, self.phones = Numbers(extract.nhs), Phones(extract.phone)
        self._seen = np.zeros(len(extract.record), bool)

    def question(self, asked: Described) -> Question:
        """A person, to be asked for in this extract."""
        return self.scorer.question(asked, len(self.extract))

    def offered(self, question: Question, top: int = 50, least: float = -12.0) -> list[Offered]:
        """The ``top`` records by score, best first, none under ``least`` bits; scored by the scorer itself."""
        keys, described = self.extract.keys, self.extract.described
        near = [(keys[n], described[n]) for n in self._near(question, top, least)]
        found = [Offered(key, one, self.scorer.score(question, one)) for key, one in near]
        return sorted([o for o in found if o.score.total >= least], key=lambda o: (-o.score.total, o.record))[:top]

    def ranked(self, question: Question, top: int, least: float) -> list[tuple[int, float]]:
        """The same records by number, with their scores."""
        keys, described = self.extract.keys, self.extract.described
        found = [(n, self.scorer.score(question, described[n]).total) for n in self._near(question, top, least)]
        return sorted([f for f in found if f[1] >= least], key=lambda f: (-f[1], keys[f[0]]))[:top]

    def _near(self, question: Question, top: int, least: float) -> list[int]:
        records: set[int] = set(self.extract.record[self._best(question, top, least)].tolist())
        return sorted(records.union(self.extract.crowded))

    def totals(self, question: Question, rows: Codes) -> Bits:
        """The score of each row by the name that says most; for a record of one row the same as the scorer's."""
        worth, totals = np.moveaxis(np.array([one.totals(rows) for one in self._each_name(question)]), 1, 0)
        return np.asarray(np.take_along_axis(totals, worth.argmax(axis=0)[None], axis=0)[0])

    def _each_name(self, question: Question) -> list[OneName]:
        fields = Fields(self, question.described)
        return [OneName(self, fields, question, n) for n in range(max(1, len(question.described.names)))]

    def _best(self, question: Question, top: int, least: float) -> Codes:
        names = self._each_name(question)
        rows = self._touched(names, least)
        reach = np.max([one.reach(rows) for one in names], axis=0)
        rows, reach = rows[reach >= least], reach[reach >= least]
        if len(rows) <= _HANDFUL:
            return np.asarray(rows)
        first = rows[np.argpartition(-reach, _HANDFUL)[:_HANDFUL]]
        return np.asarray(rows[reach >= self._bar(self.totals(question, first), first, top)])

    def _bar(self, totals: Bits, rows: Codes, top: int) -> float:
        """The score of the last of the ``top`` records among these rows; the least of all when they are fewer."""
        order = np.argsort(-totals)
        _, firsts = np.unique(self.extract.record[rows[order]], return_index=True)
        best = np.sort(firsts)[:top]
        return float(totals[order[best[-1]]]) if len(best) == top else -np.inf

    def _touched(self, names: Sequence[OneName], least: float) -> Codes:
        """Every row that could reach ``least``, once."""
        sure = names[0].sure() if names else []
        return self._once([*sure, *(one.likely(self._once(one.candidates(least)), least) for one in names)])

    def _once(self, lists: Iterable[Codes]) -> Codes:
        for rows in lists:
            self._seen[rows] = True
        found: Codes = np.flatnonzero(self._seen).astype(np.int32)
        self._seen[found] = False
        return found


class Fields:
    """What does not hang on the name: the levels of date of birth and home, the codes of fitting numbers."""

    def __init__(self, scan: Scan, asked: Described) -> None:
        self._scan, self._asked = scan, asked
        self.birth = scan.births.levels(asked.births)
        self.home = scan.homes.levels(asked.homes)
        self.same_number, self.slipped_number = scan.numbers.fitting(asked.nhs)
        self.same_phone = scan.phones.fitting(asked.phones)

    def fitting(self) -> list[Codes]:
        """Rows whose home, number or telephone fits."""
        e = self._scan.extract
        return [
            e.home.rows(np.flatnonzero(self.home[:-1] <= _FITS[ADDRESS])),
            e.nhs.rows(self.same_number + self.slipped_number),
            e.phone.rows(self.same_phone),
        ]

    def born(self) -> Codes:
        """Rows whose date of birth fits."""
        return self._scan.extract.birth.rows(np.flatnonzero(self.birth[:-1] <= _FITS[BIRTH]))

    def births(self, table: Bits, rows: Codes) -> Bits:
        """What the dates of birth of the rows are worth by this table."""
        return np.asarray(table[self.birth][self._scan.extract.birth.codes[rows]])

    def levels(self, rows: Codes) -> dict[int, Levels]:
        """Field to the level of each row."""
        e = self._scan.extract
        return {
            BIRTH: self.birth[e.birth.codes[rows]],
            ADDRESS: self.home[e.home.codes[rows]],
            NHS: _held(e.nhs.codes[rows], bool(self._asked.nhs), 2, [(self.slipped_number, 1), (self.same_number, 0)]),
            PHONE: _held(e.phone.codes[rows], bool(self._asked.phones), 1, [(self.same_phone, 0)]),
        }

    def sexes(self, rows: Codes, given: Levels) -> Levels:
        """The level of sex, where given names are not the same."""
        e = self._scan.extract
        codes = e.sex.codes[rows]
        ours = e.sex.number.get(self._asked.sex, NOTHING - 1)
        says = (codes != NOTHING) & bool(self._asked.sex) & (given != 0)
        return np.where(says, np.where(codes == ours, 0, 1), MISSING).astype(np.uint8)


def _held(codes: Codes, asked: bool, apart: int, fitting: Iterable[tuple[Sequence[int], int]]) -> Levels:
    """The level of each code: fitting ones as told, else ``apart``, nothing where one side says nothing."""
    table = np.where((codes == NOTHING) | (not asked), MISSING, apart).astype(np.uint8)
    for some, level in fitting:
        for code in some:
            table[codes == code] = level
    return table


_LEVEL, _SAME, _CLOSE = np.uint8(15), np.uint8(16), np.uint8(32)
"""A level and two flags in one small number, so that a row needs one look for all three."""


def _with_flags(levels: Levels, same: Flags, close: Flags) -> Levels:
    """``same``: the value is the person's other name; ``close``: it is or is near it."""
    return levels | np.where(same, _SAME, np.uint8(0)) | np.where(close, _CLOSE, np.uint8(0))


def _fits(table: Levels, level: int) -> Flags:
    """Values, but not the place of none, that fit by level or in the other name's place."""
    return np.asarray(((table[:-1] & _LEVEL) <= level) | (table[:-1] & _CLOSE != 0))


class OneName:
    """One name of the person asked about, beside every name of the extract."""

    def __init__(self, scan: Scan, fields: Fields, question: Question, number: int) -> None:
        names = question.described.names
        self._scan, self._fields, self._question = scan, fields, question
        self._name = names[number] if names else NOBODY
        self._bits = scan.bits.copy()
        self._joint = 0.0
        if names:
            self._bits[0, GIVEN, 0], self._bits[0, FAMILY, 0] = question.given_bits[number], question.family_bits[number]
            self._joint = question.joint_bits[number]
        self._most_given = self._reach_by_given(question.described.sex)
        self._given = _with_flags(scan.givens.levels(self._name), *scan.givens.swapped(self._name.family))
        self._family = _with_flags(scan.families.levels(self._name), *scan.families.swapped(self._name.given))
        self._across = scan.givens.across(self._name)

    def _reach_by_given(self, sex: str) -> Bits:
        """For each level of the given name the most that it, the middle name and the recorded sex can bring together."""
        most = self._bits[0, GIVEN].copy()
        most[:4] += self._bits[0, MIDDLE, 0] if self._name.middle else 0.0
        most[1:] += self._bits[0, SEX, 0] if sex else 0.0
        return np.asarray(most)

    def sure(self) -> list[Codes]:
        """Rows that are weighed whatever their names say, each list by what makes them fit."""
        return self._fields.fitting()

    def candidates(self, least: float) -> list[Codes]:
        """Rows that could reach ``least`` by name or date, each list by what makes them fit."""
        e, prior = self._scan.extract, self._question.priors[0]
        nothing, named = self._most_given[_FITS[GIVEN] + 1 :].max(), self._most_given.max()
        surname = float(self._bits[0, FAMILY, :3].max())
        if prior + nothing + self._weak() >= least:
            return [np.arange(len(e.record), dtype=np.int32)]
        given = e.given.rows(np.flatnonzero(_fits(self._given, _FITS[GIVEN])))
        family = e.family.rows(np.flatnonzero(_fits(self._family, _FITS[FAMILY])))
        found = [self._fields.born(), e.tokens.rows(np.flatnonzero(self._across[:-1] == 0))]
        if prior + named + self._weak() >= least:
            found.append(given)
        if prior + nothing + surname + self._weak() >= least:
            found.append(family)
        return [*found, self._both(given, family)]

    def likely(self, rows: Codes, least: float) -> Codes:
        """Those of the rows that could reach ``least`` by name and date alone, their home no more than in the district."""
        given, family = self.levels(rows)
        table = self._bits[0]
        total = self._most_given[given] + table[FAMILY][family] + self._fields.births(table[BIRTH], rows)
        return np.asarray(rows[total >= least - self._question.priors[0] - self._weakest(ADDRESS)])

    def _weakest(self, field: int) -> float:
        """The most that may come from levels of a field by which nobody is looked up."""
        return max(0.0, float(self._bits[0, field, _FITS[field] + 1 : len(LEVELS[FIELDS[field]])].max()))

    def _weak(self) -> float:
        return sum(map(self._weakest, (FAMILY, BIRTH, ADDRESS)))

    def _both(self, given: Codes, family: Codes) -> Codes:
        fits = np.append(_fits(self._given, _FITS[GIVEN]), False)
        return family[fits[self._scan.extract.given.codes[family]]] if len(family) else given[:0]

    def levels(self, rows: Codes) -> tuple[Levels, Levels]:
        """Levels of given and family name."""
        e = self._scan.extract
        g, f = self._given[e.given.codes[rows]], self._family[e.family.codes[rows]]
        given, across = g & _LEVEL, self._across[e.tokens.codes[rows]]
        across[self._scan.givens.single[e.given.codes[rows]] & (across != 0)] = MISSING
        given = np.where(given == MISSING, MISSING, np.minimum(given, across))
        family = f & _LEVEL
        swapped = ((g & _SAME != 0) & (f & _CLOSE != 0)) | ((f & _SAME != 0) & (g & _CLOSE != 0))
        swapped &= (given != 0) & (family != 0) & (given != MISSING) & (family != MISSING)
        return np.where(swapped, 1, given), np.where(swapped, 1, family)

    def reach(self, rows: Codes) -> Bits:
        """The most that a row can score: bits against a stranger, the best middle name and sex taken for granted."""
        given, family = self.levels(rows)
        table = self._bits[0]
        total = self._question.priors[0] + self._most_given[given] + table[FAMILY][family]
        for field, levels in self._fields.levels(rows).items():
            total += table[field][levels]
        return np.asarray(total)

    def totals(self, rows: Codes) -> tuple[Bits, Bits]:
        """What the names of each row are worth, and its score, relatives and twins taken off."""
        given, family = self.levels(rows)
        middle = np.where(given < 4, self._scan.middles.levels(self._name, rows), MISSING)
        levels = {GIVEN: given, FAMILY: family, MIDDLE: middle, SEX: self._fields.sexes(rows, given), **self._fields.levels(rows)}
        joint = np.where((given == 0) & (family == 0), self._joint, 0.0)
        odds = [sum(self._bits[null, field][lv] for field, lv in levels.items()) + prior for null, prior in enumerate(self._question.priors)]
        odds[0] = odds[0] + joint
        worth = self._bits[0][GIVEN][given] + self._bits[0][FAMILY][family] + self._bits[0][MIDDLE][middle] + joint
        return worth, -np.logaddexp2(np.logaddexp2(-odds[0], -odds[1]), -odds[2])
