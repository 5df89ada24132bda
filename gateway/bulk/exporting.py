"""The model as Splink settings, so that auditors can run the same weights in a tool that they know.

Splink sees columns that this project prepared (folded names, their sounds and forms, parts of dates and addresses) and finds the levels in
its own SQL, so that levels and weights are both checked. Frequencies and joint names, relatives, twins and rules are left to the scorer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.policy.identity.comparing import ALIKE, FIELDS, LEVELS, LONG_LETTERS, NEAR_LETTERS, sound
from gateway.policy.identity.model import Model
from gateway.policy.identity.persons import PARTICLES, Described

_WITHOUT = ("number", "context", "middle", "address")
"""Not exported: what hangs on several values of one record at once, and what only a case or an agency knows."""
EXPORTED = tuple(f for f in FIELDS if f not in _WITHOUT)


def prepared(key: str, one: Described) -> dict[str, Any]:
    """One record as a row for Splink: its first name and first date only."""
    first = one.names[0] if one.names else None
    born = one.births[0] if one.births else (None, None, None)
    return {
        "unique_id": key,
        "given": first.given if first and first.given else None,
        "tokens": list(first.tokens) if first else [],
        "given_whole": "".join(first.tokens) if first else None,
        "given_sound": sound(first.given) if first else None,
        "family": first.family if first and first.family else None,
        "parts": list({*first.parts, first.family}) if first and first.family else [],
        "several_parts": bool(first and first.parts),
        "bare": [first.family[len(p) :] for p in PARTICLES if first.family.startswith(p) and len(first.family) - len(p) > 2] if first else [],
        "family_sound": sound(first.family) if first else None,
        "year": born[0], "month": born[1], "day": born[2],
        "nhs": one.nhs or None,
        "sex": one.sex or None,
        "phone": sorted(one.phones) or None,
    }  # fmt: skip


def with_forms(row: dict[str, Any], model: Model) -> dict[str, Any]:
    """The row with the groups of forms that its given name belongs to."""
    return row | {"forms": sorted(model.variants.get(row["given"] or "", ()))}


def _near(column: str) -> str:
    a, b, x, y = f"{column}_l", f"{column}_r", f"{column}_sound_l", f"{column}_sound_r"
    long_enough = f"least(length({a}), length({b})) >= {NEAR_LETTERS} and greatest(length({a}), length({b})) >= {LONG_LETTERS}"
    alike = f"jaro_winkler_similarity({a}, {b}) >= {ALIKE} or damerau_levenshtein({a}, {b}) <= 1"
    return f"({long_enough} and ({alike} or ({a}[1] = {b}[1] and {x} = {y} and length({x}) > 1)))"


_SWAPPED = (
    "coalesce(given_l <> family_l and ((given_l = family_r and (family_l = given_r or "
    + _near("X").replace("X_l", "family_l").replace("X_r", "given_r").replace("X_sound_l", "family_sound_l").replace("X_sound_r", "given_sound_r")
    + ")) or (given_l <> family_r and family_l = given_r and "
    + _near("X").replace("X_l", "given_l").replace("X_r", "family_r").replace("X_sound_l", "given_sound_l").replace("X_sound_r", "family_sound_r")
    + ")), false)"
)
_WHOLE = "day_l > 0 and day_r > 0"
_GAP = "abs(year_l - year_r)"
_ONE_DIGIT = "({0}_l::int % 10 = {0}_r::int % 10 or {0}_l::int // 10 = {0}_r::int // 10)"
_SQL: Mapping[str, Sequence[str]] = {
    "given": (
        f"not {_SWAPPED} and length(given_l) > 1 and (given_l = given_r or given_whole_l = given_whole_r)",
        _SWAPPED,
        "length(given_l) > 1 and length(given_r) > 1 and list_has_any(forms_l, forms_r)",
        _near("given"),
        "length(given_l) > 1 and length(given_r) > 1 and (list_contains(tokens_r, given_l) or list_contains(tokens_l, given_r) or tokens_l[1] = tokens_r[1])",
        "(length(given_l) = 1 or length(given_r) = 1) and given_l[1] = given_r[1]",
    ),
    "family": (
        f"not {_SWAPPED} and family_l = family_r",
        _SWAPPED,
        f"{_near('family')} or list_contains(bare_l, family_r) or list_contains(bare_r, family_l)",
        "(several_parts_l or several_parts_r) and list_has_any(parts_l, parts_r)",
    ),
    "birth": (
        f"{_WHOLE} and {_GAP} = 0 and month_l = month_r and day_l = day_r and not (month_l = 1 and day_l = 1)",
        f"{_WHOLE} and {_GAP} = 0 and month_l = 1 and day_l = 1 and month_r = 1 and day_r = 1",
        f"{_WHOLE} and {_GAP} = 0 and month_l = day_r and day_l = month_r",
        f"{_WHOLE} and (({_GAP} = 0 and ((day_l = day_r and {_ONE_DIGIT.format('month')}) or (month_l = month_r and {_ONE_DIGIT.format('day')}))) or ({_GAP} = 1 and month_l = month_r and day_l = day_r))",
        f"{_WHOLE} and {_GAP} = 0 and (month_l = month_r or day_l = day_r)",
        f"not ({_WHOLE}) and {_GAP} = 0 and (month_l = 0 or month_r = 0 or month_l = month_r)",
        f"{_WHOLE} and {_GAP} in (10, 20) and month_l = month_r and day_l = day_r",
        f"{_GAP} <= 12",
    ),
    "sex": ("sex_l = sex_r",),
    "phone": ("list_has_any(phone_l, phone_r)",),
    "nhs": ("nhs_l = nhs_r", "damerau_levenshtein(nhs_l, nhs_r) <= 1"),
}
_COLUMN = {"birth": "year"}
_SAYS_NOTHING = {"sex": f"(given_l is not null and given_r is not null and {_SQL['given'][0]})"}
"""Besides one side being empty: sex says something only where the given names are not the same."""


def splink_settings(model: Model) -> dict[str, Any]:
    """Settings for ``splink.Linker`` with ``link_only``; the weights are the model's own."""
    return {
        "link_type": "link_only",
        "probability_two_random_records_match": 1 / model.population,
        "comparisons": [_comparison(model, field) for field in EXPORTED],
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": rule, "sql_dialect": "duckdb"}
            for rule in ("l.nhs = r.nhs", "l.year = r.year and l.month = r.month and l.day = r.day", "l.given = r.given and l.family = r.family")
        ],
        "retain_intermediate_calculation_columns": True,
        "retain_matching_columns": True,
    }


def _comparison(model: Model, field: str) -> dict[str, Any]:
    column = _COLUMN.get(field, field)
    silent = " or ".join([f"{column}_l is null", f"{column}_r is null", *([_SAYS_NOTHING[field]] if field in _SAYS_NOTHING else [])])
    levels: list[dict[str, Any]] = [{"sql_condition": silent, "label_for_charts": "missing", "is_null_level": True}]
    conditions = [*_SQL[field], "ELSE"]
    bits = model.bits[0][FIELDS.index(field)]
    for n, (level, condition) in enumerate(zip(LEVELS[field], conditions, strict=True)):
        levels.append({"sql_condition": condition, "label_for_charts": level, **_chances(model.chances[field][level], bits[n])})
    return {"output_column_name": field, "comparison_levels": levels, "comparison_description": f"{model.version}: {field}"}


def _chances(chance: float, bits: float) -> dict[str, float]:
    """m and u whose ratio is exactly 2**bits and neither of which is more than 1."""
    scale = min(1.0, 0.999 * 2.0**bits / chance)
    return {"m_probability": chance * scale, "u_probability": chance * scale / 2.0**bits}
