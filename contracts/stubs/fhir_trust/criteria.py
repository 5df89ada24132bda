"""Search parameters of Flag and Task, as R4 defines them; a parameter that is not here is refused, never ignored."""

from collections.abc import Callable
from datetime import UTC, datetime

from contracts.stubs.fhir_trust.wire import Refusal, Resource

Test = Callable[[Resource], bool]


def criterion(kind: str, name: str, value: str) -> Test:
    """The test that one search parameter puts to a resource; 400 for an unknown parameter or form."""
    make = _PARAMETERS[kind].get(name)
    if make is None:
        raise Refusal(400, "not-supported", "UNKNOWN_PARAMETER")
    if not value:
        raise Refusal(400, "value", "EMPTY_PARAMETER")
    if name in _DATES:
        return make(value)
    tests = [make(option) for option in value.split(",")]
    return lambda resource: any(test(resource) for test in tests)


def _token(element: str) -> Callable[[str], Test]:
    def make(value: str) -> Test:
        system, bar, wanted = value.rpartition("|")

        def holds(resource: Resource) -> bool:
            held = resource.get(element, [])
            return any(
                one.get("value") == wanted and (not bar or one.get("system", "") == system)
                for one in (held if isinstance(held, list) else [held])
            )

        return holds

    return make


def _reference(element: str, kind: str = "") -> Callable[[str], Test]:
    def make(value: str) -> Test:
        wanted = value if "/" in value or not kind else f"{kind}/{value}"
        return lambda resource: resource.get(element, {}).get("reference") == wanted

    return make


def _code(element: str) -> Callable[[str], Test]:
    def make(value: str) -> Test:
        system, bar, wanted = value.rpartition("|")
        return lambda resource: any(
            coding.get("code") == wanted and (not bar or coding.get("system", "") == system)
            for coding in resource.get(element, {}).get("coding", ())
        )

    return make


def _date(element: str) -> Callable[[str], Test]:
    def make(value: str) -> Test:
        prefix, moment = (value[:2], value[2:]) if value[:2] in ("eq", "ge", "le", "gt", "lt") else ("eq", value)
        wanted = _moment(moment)

        def holds(resource: Resource) -> bool:
            text = resource["meta"]["lastUpdated"] if element == "_lastUpdated" else resource.get(element)
            if text is None:
                return False
            held = _moment(text)
            return {"eq": held == wanted, "ge": held >= wanted, "le": held <= wanted, "gt": held > wanted, "lt": held < wanted}[prefix]

        return holds

    return make


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, "value", "DATE_FORM") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _status(value: str) -> Test:
    return lambda resource: resource["status"] == value.rpartition("|")[2]


def _id(value: str) -> Test:
    return lambda resource: resource["id"] == value


_DATES = frozenset({"_lastUpdated", "modified", "authored-on"})
_PARAMETERS: dict[str, dict[str, Callable[[str], Test]]] = {
    # R4 has no status, code or category search for Flag.
    "Flag": {
        "_id": _id, "_lastUpdated": _date("_lastUpdated"), "identifier": _token("identifier"),
        "patient": _reference("subject", "Patient"), "subject": _reference("subject"), "author": _reference("author"),
    },
    "Task": {
        "_id": _id, "_lastUpdated": _date("_lastUpdated"), "identifier": _token("identifier"),
        "group-identifier": _token("groupIdentifier"), "status": _status, "owner": _reference("owner"),
        "patient": _reference("for", "Patient"), "subject": _reference("for"), "focus": _reference("focus"),
        "requester": _reference("requester"), "code": _code("code"), "business-status": _code("businessStatus"),
        "modified": _date("lastModified"), "authored-on": _date("authoredOn"),
    },
}  # fmt: skip
