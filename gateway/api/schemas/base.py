"""What every part shares: strict schemas, errors, and places in files."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gateway.domain.case_list import RowProblem
from gateway.domain.errors import CATALOGUE, Code

Words = Annotated[str, Field(max_length=2000)]


class Schema(BaseModel):
    """Base: unknown fields are refused, and errors never show what was given."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)


class ProblemOut(BaseModel):
    """An error, by RFC 9457: ``type`` and ``code`` are stable, ``remedy`` says what to do. ``errors`` and ``problems`` say where."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    remedy: str = ""
    errors: list[PlaceOut] = []
    problems: list[ProblemRow] = []


class PlaceOut(Schema):
    """Where in a request, and what kind of fault."""

    at: str
    kind: str


class ProblemRow(Schema):
    """A problem in a file: where, which code, what to do. Never the value."""

    row: int
    column: str
    code: str
    severity: str
    title: str
    remedy: str

    @classmethod
    def of(cls, problem: RowProblem) -> ProblemRow:
        """With the catalogue's words."""
        text = CATALOGUE[Code(problem.code)]
        return cls(row=problem.row, column=problem.column, code=problem.code, severity=problem.severity, title=text.title, remedy=text.remedy)


class StartedOut(Schema):
    """How many questions were sent."""

    started: int


class ReasonIn(Schema):
    """Why."""

    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    version: int = 0
