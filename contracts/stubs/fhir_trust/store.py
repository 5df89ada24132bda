"""Versioned resources in memory: what a FHIR server keeps of Flags and Tasks."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from contracts.stubs.fhir_trust.wire import Refusal, Resource


@dataclass(slots=True)
class _Kept:
    versions: list[Resource] = field(default_factory=list)
    deleted_at: str | None = None


class VersionedStore:
    """Every version of every resource. Ids are made from content, so that one kind's traffic shows in no other kind's ids."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._by_identifier: dict[tuple[str, str], dict[str, None]] = {}

    def create(self, resource: Resource) -> Resource:
        """Keeps a new resource; the id and version are the server's."""
        kind = resource["resourceType"]
        content = orjson.dumps({name: value for name, value in resource.items() if name not in ("id", "meta")})
        place = 0
        while (kind, new_id := hashlib.sha256(b"%d|%b" % (place, content)).hexdigest()[:20]) in self._kept:
            place += 1
        self._kept[(kind, new_id)] = _Kept()
        return self._add_version(kind, new_id, resource)

    def update(self, kind: str, resource_id: str, resource: Resource) -> Resource:
        """Adds a version."""
        return self._add_version(kind, resource_id, resource)

    def delete(self, kind: str, resource_id: str) -> None:
        """Marks as deleted; its versions stay readable to those who may read history."""
        self._kept[(kind, resource_id)].deleted_at = self._now().isoformat(timespec="milliseconds")

    def read(self, kind: str, resource_id: str) -> Resource:
        """The current version; 404 where there never was one, 410 where it was deleted."""
        kept = self._kept.get((kind, resource_id))
        if kept is None:
            raise Refusal(404, "not-found", "NOT_FOUND")
        if kept.deleted_at:
            raise Refusal(410, "deleted", "DELETED")
        return kept.versions[-1]

    def version(self, kind: str, resource_id: str, version: str) -> Resource:
        """One version, deleted or not."""
        kept = self._kept.get((kind, resource_id))
        if kept is None or not version.isdigit() or not 0 < int(version) <= len(kept.versions):
            raise Refusal(404, "not-found", "NOT_FOUND")
        return kept.versions[int(version) - 1]

    def versions(self, kind: str, resource_id: str) -> tuple[list[Resource], str | None]:
        """All versions, oldest first, and when it was deleted."""
        kept = self._kept.get((kind, resource_id))
        if kept is None:
            raise Refusal(404, "not-found", "NOT_FOUND")
        return kept.versions, kept.deleted_at

    def current(self, kind: str) -> Iterator[Resource]:
        """Every resource of a kind that is not deleted, in the order of creation."""
        for (held_kind, _), kept in self._kept.items():
            if held_kind == kind and kept.versions and not kept.deleted_at:
                yield kept.versions[-1]

    def every_version(self, kind: str) -> Iterator[Resource]:
        """Every version of every resource of a kind, deleted ones too, in the order of creation."""
        for (held_kind, _), kept in self._kept.items():
            if held_kind == kind:
                yield from kept.versions

    def identified(self, kind: str, token: str) -> list[Resource]:
        """Current resources with the identifier ``system|value`` or ``value``."""
        ids = self._by_identifier.get((kind, token), {})
        return [self._kept[(kind, held)].versions[-1] for held in ids if not self._kept[(kind, held)].deleted_at]

    def _add_version(self, kind: str, resource_id: str, resource: Resource) -> Resource:
        kept = self._kept[(kind, resource_id)]
        meta = {name: value for name, value in resource.get("meta", {}).items() if name not in ("versionId", "lastUpdated")}
        stamp = {"versionId": str(len(kept.versions) + 1), "lastUpdated": self._now().isoformat(timespec="milliseconds")}
        stored = {**resource, "id": resource_id, "meta": {**stamp, **meta}}
        kept.versions.append(stored)
        for identifier in stored.get("identifier", ()):
            for token in (identifier.get("value", ""), f"{identifier.get('system', '')}|{identifier.get('value', '')}"):
                self._by_identifier.setdefault((kind, token), {})[resource_id] = None
        return stored
