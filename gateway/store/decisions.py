"""What people decided about matches, found again by a keyed hash of person, system and record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter

from sqlalchemy import Connection, text

from gateway.domain.lookup import Pairing, Remembered
from gateway.store.crypto import Vault
from gateway.store.sealed_column import SealedColumn
from outbox.bulk import Blobs, Moments

WORDS = SealedColumn("match_decisions.sealed", Remembered, at_least=512)
_RECALL = text("SELECT key, sealed FROM match_decisions WHERE key = ANY(CAST(:keys AS bytea[]))")
_REMEMBER = text("""
    INSERT INTO match_decisions (key, decided_at, sealed)
    SELECT * FROM unnest(CAST(:keys AS bytea[]), CAST(:decided_at AS timestamptz[]), CAST(:sealed AS bytea[]))
    ON CONFLICT (key) DO UPDATE SET decided_at = excluded.decided_at, sealed = excluded.sealed
""")


class SqlDecisions:
    """Implements ``services.ports.Decisions``."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self._connection, self._vault = connection, vault

    def recall(self, pairings: Sequence[Pairing]) -> Mapping[Pairing, Remembered]:
        """Those about which somebody decided."""
        if not pairings:
            return {}
        keys = {self._key(pairing): pairing for pairing in pairings}
        found = self._connection.execute(_RECALL, {"keys": Blobs(keys)})
        return {keys[row.key]: WORDS.open(self._vault, row.sealed, row.key) for row in found}

    def remember(self, decided: Mapping[Pairing, Remembered]) -> None:
        """The newer word replaces the one before."""
        rows = sorted([(self._key(pairing), word) for pairing, word in decided.items()], key=itemgetter(0))
        if rows:
            values = {
                "keys": Blobs(key for key, _ in rows),
                "decided_at": Moments(word.decided_at for _, word in rows),
                "sealed": Blobs(WORDS.seal(self._vault, word, key) for key, word in rows),
            }
            self._connection.execute(_REMEMBER, values)

    def _key(self, pairing: Pairing) -> bytes:
        return self._vault.index("match_decisions.key", pairing.marac_id, pairing.who, pairing.system, pairing.record_id)
