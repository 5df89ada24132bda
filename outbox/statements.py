"""The statements of the relay. Times are the database's, so that islands on machines with other clocks agree.

``claimable`` is said once: pending, unclaimed, due, not expired, and first of its order key. Whether a lane is worth taking and what a claim
finds are the same condition; else an island could take a lane again and again and find nothing in it.

How they are written matters for what PostgreSQL makes of them. Its statistics are mostly taken when nothing waits, so it believes that nothing
ever does, and would read whole tables or all that is due for each message. Therefore: LATERAL with LIMIT (which it does not turn into a join)
where one row is asked for; "pending" said as ``settled_at IS NULL`` where the index of what is due must not be chosen; and ``BY_KEY``.
"""

from __future__ import annotations

from sqlalchemy import text

LOCKS = 1_869_967_970
"""First half of the advisory lock that an island holds while it lives; its fencing token is the second."""

_CLAIMABLE = """
    m.state = 'pending' AND m.lease_token IS NULL AND m.due_at <= now() AND (m.not_after IS NULL OR m.not_after > now())
    AND (m.order_key = '' OR NOT EXISTS (
        SELECT FROM outbox_messages e
        WHERE e.order_key = m.order_key AND e.order_key <> '' AND e.settled_at IS NULL AND e.seq < m.seq))
"""
_PAUSED = "SELECT FROM outbox_pauses p WHERE p.lane IN (w.lane, '*')"
_SILENCE_S = 2
"""An island that has said nothing for so long takes no lanes now: it is stopped, or ending. It counts no more when lanes are shared out; those
that it has stay its own while its lease lasts."""
_ISLANDS = f"""
    islands AS MATERIALIZED (
        SELECT CAST(k.objid AS bigint) AS token, max(a.state_change) > now() - interval '{_SILENCE_S} seconds' AS speaks
        FROM pg_locks k JOIN pg_stat_activity a ON a.pid = k.pid
        WHERE k.locktype = 'advisory' AND k.classid = {LOCKS} AND k.objsubid = 2
            AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        GROUP BY k.objid)
"""  # noqa: S608 (parts are constants of this module)
_FREE = "l.token IS NULL OR l.lease_until < now() OR (l.token <> :token AND l.token NOT IN (SELECT token FROM islands))"
_WAITING = """
    waiting (lane) AS (
        (SELECT lane FROM outbox_messages WHERE state = 'pending' ORDER BY lane LIMIT 1)
        UNION ALL
        SELECT (SELECT m.lane FROM outbox_messages m WHERE m.state = 'pending' AND m.lane > w.lane ORDER BY m.lane LIMIT 1)
        FROM waiting w WHERE w.lane IS NOT NULL)
"""

NEW_TOKEN = text("SELECT nextval('outbox_island_tokens')")
HOLD = text(f"SELECT pg_advisory_lock_shared({LOCKS}, :token)")
"""Shared, so that an island that lost its session holds it again at once, though the server may not yet have noticed the loss."""
LET_GO = text("SELECT pg_advisory_unlock_all()")
BY_KEY = text("SET enable_seqscan = off")
NOT_IDLE = text("SELECT set_config('idle_in_transaction_session_timeout', :milliseconds, false)")
"""An island that is stopped within a transaction holds its locks no longer than its lanes."""
AS_USUAL = (text("RESET enable_seqscan"), text("RESET idle_in_transaction_session_timeout"))

# A lane that somebody has locked just now is not waited for: it is being claimed from, or its island is stopped within a transaction.
# Lanes are shared out evenly among the islands: nobody takes more than ``most``, and whoever has more is told how many to give back (``spare``).
TAKE = text(f"""
    WITH RECURSIVE {_WAITING}, {_ISLANDS},
    worth AS MATERIALIZED (
        SELECT w.lane, l.lane IS NULL AS new FROM waiting w LEFT JOIN outbox_lanes l ON l.lane = w.lane
        CROSS JOIN LATERAL (
            SELECT FROM outbox_messages m
            WHERE m.lane = w.lane AND m.state = 'pending' AND (m.lease_token IS NOT NULL OR {_CLAIMABLE}) LIMIT 1) AS m
        WHERE w.lane IS NOT NULL AND NOT EXISTS ({_PAUSED}) AND (l.lane IS NULL OR {_FREE})),
    held AS MATERIALIZED (SELECT l.token, count(*) AS n FROM outbox_lanes l WHERE NOT ({_FREE}) GROUP BY l.token),
    share AS MATERIALIZED (
        SELECT CAST((SELECT coalesce(sum(n), 0) FROM held WHERE token = :token) AS int) AS mine,
            CAST(ceil(((SELECT coalesce(sum(n), 0) FROM held) + (SELECT count(*) FROM worth))
                / greatest(1, (SELECT count(*) FROM islands WHERE speaks))) AS int) AS most),
    added AS (
        INSERT INTO outbox_lanes (lane, token, lease_until)
        SELECT lane, :token, now() + :lease * interval '1 second' FROM worth WHERE new
        ORDER BY lane LIMIT (SELECT greatest(0, most - mine) FROM share)
        ON CONFLICT DO NOTHING RETURNING lane),
    free AS MATERIALIZED (
        SELECT l.lane FROM outbox_lanes l JOIN worth w ON w.lane = l.lane WHERE NOT w.new AND ({_FREE})
        ORDER BY l.lane LIMIT (SELECT greatest(0, most - mine) FROM share) - (SELECT count(*) FROM added) FOR UPDATE OF l SKIP LOCKED),
    taken AS (
        UPDATE outbox_lanes SET token = :token, lease_until = now() + :lease * interval '1 second'
        WHERE lane IN (SELECT lane FROM free) RETURNING lane)
    SELECT ARRAY(SELECT lane FROM added UNION ALL SELECT lane FROM taken) AS lanes,
        greatest(0, mine - most) AS spare,
        mine < most AND EXISTS (SELECT FROM held WHERE n > most) AS promised
    FROM share
""")  # noqa: S608 (parts are constants of this module)

READY = text(f"""
    SELECT w.lane FROM unnest(CAST(:lanes AS text[])) AS w (lane)
    CROSS JOIN LATERAL (SELECT FROM outbox_messages m WHERE m.lane = w.lane AND {_CLAIMABLE} LIMIT 1) AS m
""")  # noqa: S608

# Whoever locks several lanes locks them in the order of their names, so that a claim and a renewal do not wait for each other.
RENEW = text("""
    UPDATE outbox_lanes SET lease_until = now() + :lease * interval '1 second'
    WHERE lane IN (SELECT lane FROM outbox_lanes WHERE token = :token ORDER BY lane FOR UPDATE) RETURNING lane
""")

PAUSED_LANES = text("SELECT lane FROM outbox_pauses")

GIVE_UP = text("""
    UPDATE outbox_lanes SET token = NULL, lease_until = NULL
    WHERE lane IN (SELECT lane FROM outbox_lanes WHERE token = :token AND lane = ANY(:lanes) ORDER BY lane FOR UPDATE)
""")

READ = """id, lane, kind, body, created_at, attempts, unsure, not_after, order_key, interruptions, lease_token, seq,
           CAST(extract(epoch FROM not_after - now()) AS float8) AS expires_in"""

CLAIM = text(f"""
    WITH mine AS (
        SELECT l.lane FROM outbox_lanes l
        WHERE l.token = :token AND l.lane = ANY(:lanes) AND l.lease_until > now() ORDER BY l.lane FOR SHARE),
    picked AS (
        SELECT p.id FROM unnest(CAST(:lanes AS text[]), CAST(:counts AS int[])) AS w (lane, n) JOIN mine USING (lane)
        CROSS JOIN LATERAL (
            SELECT m.id FROM outbox_messages m WHERE m.lane = w.lane AND {_CLAIMABLE}
            ORDER BY m.due_at, m.seq LIMIT w.n FOR UPDATE SKIP LOCKED) AS p
        WHERE NOT EXISTS ({_PAUSED}))
    UPDATE outbox_messages SET lease_token = :token WHERE id IN (SELECT id FROM picked) RETURNING {READ}
""")  # noqa: S608

ABANDONED = text(f"""
    SELECT {READ} FROM outbox_messages
    WHERE state = 'pending' AND lane = ANY(:lanes) AND lease_token IS NOT NULL AND lease_token <> :token ORDER BY seq
""")  # noqa: S608

OVERDUE = text(f"""
    SELECT {READ} FROM outbox_messages
    WHERE state = 'pending' AND not_after IS NOT NULL AND not_after <= now() AND lease_token IS NULL ORDER BY not_after LIMIT 500
""")  # noqa: S608

RELEASE = text("UPDATE outbox_messages SET lease_token = NULL WHERE id = ANY(:ids) AND lease_token = :token AND state = 'pending'")

RELEASE_ALL_BUT = text("""
    UPDATE outbox_messages SET lease_token = NULL WHERE lease_token = :token AND state = 'pending' AND id <> ALL(CAST(:ids AS uuid[]))
""")

NEXT_DUE = text(f"""
    WITH RECURSIVE {_WAITING}
    SELECT CAST(extract(epoch FROM min(d.due_at) - now()) AS float8) FROM waiting w
    CROSS JOIN LATERAL (
        SELECT m.due_at FROM outbox_messages m WHERE m.lane = w.lane AND m.state = 'pending' AND m.due_at > now()
        ORDER BY m.due_at LIMIT 1) AS d
    WHERE w.lane IS NOT NULL AND NOT EXISTS ({_PAUSED})
""")  # noqa: S608

SETTLE = text("""
    WITH r AS (
        SELECT * FROM unnest(CAST(:id AS uuid[]), CAST(:token AS int[]), CAST(:state AS text[]), CAST(:outcome AS text[]),
            CAST(:reason AS text[]), CAST(:digest AS bytea[]), CAST(:delay AS float8[]), CAST(:unsure AS bool[]), CAST(:counted AS int[]),
            CAST(:interrupted AS int[]))
        AS r (id, token, state, outcome, reason, digest, delay, unsure, counted, interrupted)),
    settled AS (
        UPDATE outbox_messages m SET
            state = r.state, reason = r.reason, unsure = r.unsure, lease_token = NULL,
            attempts = m.attempts + r.counted,
            interruptions = m.interruptions + r.interrupted,
            due_at = CASE r.state WHEN 'pending' THEN least(now() + r.delay * interval '1 second', m.not_after) ELSE m.due_at END,
            settled_at = CASE r.state WHEN 'pending' THEN NULL ELSE now() END,
            body = CASE WHEN r.state IN ('delivered', 'withdrawn') THEN '' ELSE m.body END
        FROM r WHERE m.id = r.id AND m.settled_at IS NULL AND m.lease_token IS NOT DISTINCT FROM r.token
        RETURNING m.id),
    kept AS (
        INSERT INTO outbox_attempts (message_id, outcome, reason, digest)
        SELECT r.id, r.outcome, r.reason, r.digest FROM r JOIN settled USING (id))
    SELECT id FROM settled
""")
