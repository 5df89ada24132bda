"""What a line of the log says is written in the code, word for word: facts go into fields, where they are judged (``gateway.telemetry``)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import name_of, product_files, tree_of

LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})


def made_up(tree: ast.Module) -> Iterator[int]:
    """Lines that log a text which is not a literal: a name could stand in it, and nothing judges it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _logs(node.func) and not (node.args and _is_a_literal(node.args[0])):
            yield node.lineno


def _logs(called: ast.expr) -> bool:
    return isinstance(called, ast.Attribute) and called.attr in LEVELS and _is_a_logger(called.value)


def _is_a_literal(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _is_a_logger(value: ast.expr) -> bool:
    """A name with "log" in it, or what a maker of loggers gives."""
    called = value.func if isinstance(value, ast.Call) else value
    return "log" in ast.unparse(called).rpartition(".")[2].lower()


def test_what_a_line_says_is_a_literal() -> None:
    assert {name_of(path): found for path in product_files() if (found := list(made_up(tree_of(path))))} == {}


@pytest.mark.parametrize("planted", ['_log.info(f"closed {case.number}")', '_log.warning("closed " + name)', "log('x').error(str(fault))", 'logging.getLogger("gateway").info(text)'])
def test_the_check_sees_a_text_that_was_planted(planted: str) -> None:
    assert list(made_up(ast.parse(planted))) == [1]


def test_facts_in_fields_are_let_be() -> None:
    assert list(made_up(ast.parse('_log.info("closed", count=3)\n_log.exception("a fault")\nsheet.info(x)'))) == []
