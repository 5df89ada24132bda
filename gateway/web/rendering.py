"""Templates: always escaped, one neutral title, and the things every page needs."""

from __future__ import annotations

from calendar import month_abbr
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gateway.domain.case_list import BirthDate
from gateway.domain.releases import MessageKind
from gateway.policy.identity.explaining import Waterfall, comparisons, explained_again, picture
from gateway.web.session import Session

SERVICE_NAME = "Case gateway"
"""Neutral on purpose: it stands in browser histories, task bars and bookmarks (safety channel C39)."""

_LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A line of the menu; ``here`` marks the page that is open."""

    label: str
    href: str
    here: bool = False


def _day(value: date | None) -> str:
    return f"{value.day} {value:%B %Y}" if value else ""


def _born(value: BirthDate | None) -> str:
    """A date of birth as people write it, as far as it is known."""
    if value is None:
        return ""
    return value.iso() if value.month is None else f"{value.day or ''} {month_abbr[value.month]} {value.year}".strip()


def _moment(value: datetime | None) -> str:
    """As a clock in London shows it; stored times are UTC."""
    return f"{value.astimezone(_LONDON):%d %b %Y, %H:%M}" if value else ""


def _brief(value: datetime) -> str:
    """The same without the year, for tables whose page tells it."""
    return f"{value.astimezone(_LONDON):%d %b %H:%M}"


def _field_name(field: str) -> str:
    """A field of a comparison as people call it."""
    return field.replace("_", " ").replace("birth date", "date of birth").capitalize().replace("Nhs", "NHS")


def _capitalize_first(text: str) -> str:
    """The rest stays as it is: NHS number."""
    return text[:1].upper() + text[1:]


def _ago(value: datetime | None) -> str:
    """How long ago, in the largest whole unit."""
    if value is None:
        return ""
    seconds = int((datetime.now(UTC) - value).total_seconds())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "under a minute"


def _picture(waterfall: Waterfall, name: str) -> Markup:
    """Drawn by us from numbers and words of our own; no value of anybody is in it."""
    return Markup(picture(waterfall, name))  # noqa: S704


_MESSAGES: Mapping[str, str] = {
    MessageKind.LOOKUP: "look-up", MessageKind.FLAG_PLACE: "alert", MessageKind.FLAG_CHECK: "look at an alert", MessageKind.FLAG_END: "removal of an alert",
    MessageKind.ACTION_SEND: "action", MessageKind.ACTION_POLL: "question about actions", MessageKind.COMPLETION_TELL: "completion",
}  # fmt: skip


def _message_kind(kind: str) -> str:
    """What a message carries, in the words of the other pages; a kind of another version as it stands."""
    return _MESSAGES.get(kind, kind)


def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    env.filters.update(day=_day, born=_born, moment=_moment, brief=_brief, field_name=_field_name, ago=_ago, capitalize_first=_capitalize_first, comparisons=comparisons, explained=explained_again, picture=_picture, message_kind=_message_kind, words=lambda text: str(text).replace("_", " ").lower())
    return env


_TEMPLATES = _environment()


def page(
    template: str, session: Session | None, menu: Sequence[MenuEntry] = (), *, status: int = 200, notice: str = "", **values: object
) -> HTMLResponse:
    """A rendered page. ``notice`` is shown as what was just done."""
    html = _TEMPLATES.get_template(template).render(
        service_name=SERVICE_NAME, user=session, csrf=session.csrf if session else "", menu=menu, notice=notice, **values
    )
    return HTMLResponse(html, status_code=status)
