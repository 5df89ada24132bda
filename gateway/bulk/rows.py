"""Rows of an extract or a list (CSV or Parquet, columns by name) as descriptions for the scorer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import overload

from gateway.policy.identity.persons import Described, birth, described, home

INDEX_COLUMNS = ("rec_id", "nhs_number", "family_name", "given_name", "middle_names", "alias", "sex", "dob", "address", "town", "postcode", "phone")
QUERY_COLUMNS = (
    "query_id", "case_id", "role", "nhs_number", "family_name", "given_name", "middle_names", "alias", "sex", "dob", "address", "town",
    "postcode", "prev_address", "prev_postcode", "phone",
)  # fmt: skip
Row = Mapping[str, str]
_APART = "\x1f"


def describe(row: Row) -> Described:
    """A row of either kind; several aliases, dates and telephone numbers stand apart by semicolons."""
    homes = [home(row["address"], row["postcode"])]
    if row.get("prev_address") or row.get("prev_postcode"):
        homes.append(home(row["prev_address"], row["prev_postcode"], current=False))
    names = [(row["given_name"], row["middle_names"], row["family_name"])]
    if row["alias"]:
        names += map(_alias, row["alias"].split(";"))
    dob, phone = row["dob"], row["phone"]
    return described(
        names,
        [birth(part.strip()) for part in dob.split(";")] if dob else (),
        sex=row["sex"],
        nhs=row["nhs_number"],
        homes=homes,
        phones=phone.split(";") if phone else (),
    )


def _alias(alias: str) -> tuple[str, str, str]:
    given, _, family = alias.strip().rpartition(" ")
    return given, "", family


class Packed(Sequence[Described]):
    """Rows of an index kept as text, about a tenth of the room of their descriptions, and described again whenever one is looked at."""

    def __init__(self) -> None:
        self._rows: list[bytes] = []

    def keep(self, row: Row) -> Described:
        """Keeps a row; its description is for the caller alone."""
        self._rows.append(_APART.join(row[c].replace(_APART, " ") for c in INDEX_COLUMNS).encode())
        return describe(row)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, number: int) -> Described: ...
    @overload
    def __getitem__(self, number: slice) -> list[Described]: ...
    def __getitem__(self, number: int | slice) -> Described | list[Described]:
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        return describe(dict(zip(INDEX_COLUMNS, self._rows[number].decode().split(_APART), strict=True)))
