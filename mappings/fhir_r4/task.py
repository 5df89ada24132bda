"""Task: an action as work in the agency's own system, in nobody's compartment, and the answer that the agency's people give to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from gateway.domain.actions import Completion
from gateway.domain.error_codes import Code
from gateway.domain.releases import ActionRelease
from mappings.fhir_r4 import resources as r4
from mappings.fhir_r4.codes import labels
from mappings.fhir_r4.profile import Profile
from mappings.strict_json import Unreadable

_UNDONE = frozenset({"rejected", "cancelled", "failed"})


def build_task(release: ActionRelease, profile: Profile) -> bytes:
    """A Task to be taken up, due at ``restriction.period.end``; neither ``for`` nor ``focus``, so that it stands on no record."""
    task: dict[str, Any] = {
        "resourceType": "Task",
        "meta": {"security": labels(profile.task_labels)},
        "identifier": [profile.identifier(release.reference)],
        "status": "requested",
        "intent": "order",
        "description": release.text,
    }
    if release.owner:
        task["owner"] = {"display": release.owner}
    task["restriction"] = {"period": {"end": release.due_on.isoformat()}}
    return msgspec.json.encode(task)


def read_tasks(pages: Iterable[r4.Bundle]) -> list[r4.Task]:
    """The Tasks of a search; those entered in error are not there. Raises ``Unreadable`` for anything else in it."""
    tasks = []
    for page in pages:
        for entry in page.entry:
            if not isinstance(entry.resource, r4.Task | r4.OperationOutcome):
                raise Unreadable(Code.REPLY_UNEXPECTED)
            if isinstance(entry.resource, r4.Task) and entry.resource.status != "entered-in-error":
                tasks.append(entry.resource)
    return tasks


def references_by_token(references: Iterable[str], profile: Profile) -> dict[tuple[str, str], str]:
    """Our references by how they stand on the wire, to know them again."""
    written = ((profile.identifier(reference), reference) for reference in references)
    return {(identifier.get("system", ""), identifier["value"]): reference for identifier, reference in written}


def reference_of(task: r4.Task, known: Mapping[tuple[str, str], str]) -> str | None:
    """Which of our references a Task carries; None for one that is not ours, or was not asked about."""
    found = (known.get((i.system, i.value)) or known.get(("", i.value)) for i in task.identifier)
    return next((reference for reference in found if reference), None)


def read_completion(task: r4.Task, reference: str, profile: Profile) -> Completion | None:
    """The agency's answer, if the Task has one. Raises ``Unreadable`` when it does not say when.

    ``key`` is the Task and how it ended: a Task that is touched again afterwards is the same answer.
    """
    outcome = _outcome(task, profile)
    if outcome is None:
        return None
    return Completion(reference, outcome, _detail(task), _ended_at(task), "poll", f"{task.id}:{task.status}")


def _outcome(task: r4.Task, profile: Profile) -> str | None:
    if task.status == "completed":
        return "completed"
    if task.status not in _UNDONE:
        return None
    given = {coding.code for coding in task.status_reason.coding}
    return "not_possible" if given & profile.not_possible_codes else "not_done"


def _detail(task: r4.Task) -> str:
    """What was done, in the words of whoever did it: outputs that are text (but for who it was), then notes, then the reason."""
    said = [output.value_string for output in task.output if not _tells_who(output)]
    said += [note.text for note in task.note]
    said.append(task.status_reason.text)
    return "\n".join(dict.fromkeys(text.strip() for text in said if text.strip()))


def _tells_who(output: r4.TaskOutput) -> bool:
    return any(coding.code == "completed-by" for coding in output.type.coding)


def _ended_at(task: r4.Task) -> datetime:
    """When it ended, or else when it was last touched. A day alone is its beginning, in UTC."""
    for text in (task.execution_period.end, task.last_modified, task.meta.last_updated):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            continue
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    raise Unreadable(Code.REPLY_UNEXPECTED)
