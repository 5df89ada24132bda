"""Only disclosure makes releases: nothing else can let anything out."""

from __future__ import annotations

import ast
from pathlib import Path

from gateway.domain import releases
from tests.architecture.source import name_of, product_files, tree_of

RELEASES = {name for name, value in vars(releases).items() if isinstance(value, type) and issubclass(value, releases.Release)}
MAKER = "gateway/policy/disclosure.py"


def made_in(path: Path) -> list[tuple[str, int]]:
    """Names of release types that are called, or given to something that calls them, with their lines."""
    found = []
    for node in ast.walk(tree_of(path)):
        called = node.func if isinstance(node, ast.Call) else None
        name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
        if name in RELEASES:
            found.append((name, node.lineno))
    return found


def test_there_are_releases_to_watch() -> None:
    assert {"LookupRelease", "FlagRelease", "ActionRelease", "CompletionRelease"} <= RELEASES


def test_a_release_is_made_in_one_module() -> None:
    makers = {name_of(path): made_in(path) for path in product_files() if made_in(path)}
    assert list(makers) == [MAKER]


def test_no_release_is_changed_after_it_was_made() -> None:
    """``replace(release, ...)`` would be another way to make one."""
    for path in product_files():
        if name_of(path) == MAKER:
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "replace" and node.args:
                first = node.args[0]
                assert not (isinstance(first, ast.Name) and "release" in first.id), f"{name_of(path)}:{node.lineno}"
                assert not (isinstance(first, ast.Attribute) and first.attr == "release"), f"{name_of(path)}:{node.lineno}"


def test_the_check_sees_a_release_made_elsewhere(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("from gateway.domain import releases\nreleases.LookupRelease(lookup_id=1)\n", encoding="utf-8")
    assert made_in(planted) == [("LookupRelease", 2)]


TURNS_FIELDS_INTO_DATA = {"asdict", "astuple"}
MAY = {
    "gateway/services/issues.py",  # compares what two issues say of the people of a case; the result is never shown
    "gateway/bulk/jobs.py",  # the settings of a job
    "gateway/bulk/reporting.py",  # counts of a training
    "gateway/store/stops.py", "gateway/store/proofs.py",  # rows that hold nobody's data
    "mappings/envelopes.py",  # what is written here is sealed by the store
}  # fmt: skip


def test_nothing_else_turns_a_sealed_value_into_a_dictionary() -> None:
    """``Sealed`` cannot refuse that to the standard library, so it is watched here."""
    users = {
        name_of(path)
        for path in product_files()
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Name) and node.id in TURNS_FIELDS_INTO_DATA) or (isinstance(node, ast.Attribute) and node.attr in TURNS_FIELDS_INTO_DATA)
    }
    assert users <= MAY


PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}


def test_nothing_is_pickled() -> None:
    users = {name_of(path) for path in product_files() for node in ast.walk(tree_of(path)) if isinstance(node, ast.Import) and {a.name for a in node.names} & PICKLES}
    assert users == set()
