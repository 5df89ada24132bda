"""What the relay's statements read does not grow with what lies in the tables, whatever PostgreSQL believes of them.

Statistics are mostly taken when nothing waits. A plan made from them may be sound for nothing and ruinous for a day's work.
"""

import json
import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import text

from outbox import statements as q
from outbox.bulk import Blobs, Ids
from outbox.writer import Draft, Writer
from tests.integration.postbox import Office, office

LANES = [f"agency-{n}/record" for n in range(8)]
TOKEN = 7
MOST_PAGES = 45
"""Pages of memory touched per message, claimed or settled. Reading along the wrong index takes hundreds."""


@pytest.fixture(scope="module", params=["never analysed", "analysed while nothing waited", "analysed while all waited"])
def desk(request, databases, migrated_template):
    """Two thousand delivered, six thousand waiting, two of them in three with an order to keep."""
    url = databases.make(migrated_template)
    with office(url) as opened:
        fill(opened, 2000)
        opened.ask("UPDATE outbox_messages SET state = 'delivered', settled_at = now()")
        if request.param == "analysed while nothing waited":
            analyse(opened)
        fill(opened, 6000)
        if request.param == "analysed while all waited":
            analyse(opened)
        yield opened
    databases.drop(url)


def fill(desk, count):
    now = datetime.now(UTC)
    drafts = [Draft(uuid4(), LANES[n % 8], "lookup", b"body", now, order_key=str(uuid4()) if n % 3 else "") for n in range(count)]
    with desk.engine.begin() as connection:
        Writer(connection, desk.vault).send_many(drafts)


def analyse(desk):
    with desk.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE outbox_messages")


def pages(connection, statement, **values):
    """Pages touched by a statement, which is carried out; and the names of the tables read whole."""
    (told,) = connection.execute(text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"), values).scalars()
    plan = (told if isinstance(told, list) else json.loads(told))[0]["Plan"]
    whole = set(re.findall(r'"Node Type": "Seq Scan".{0,200}?"Relation Name": "(\w+)"', json.dumps(plan)))
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], whole


def test_claiming_and_settling_read_what_they_need(desk: Office):
    with desk.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(q.BY_KEY)
        connection.execute(q.NEXT_DUE)  # the first to pass clears the index of what ended
        taking, read_whole = pages(connection, q.TAKE, token=TOKEN, lease=30.0)
        assert taking < 400
        looking, also = pages(connection, q.READY, lanes=LANES)
        assert looking < 200
        claims = {"token": TOKEN, "lanes": LANES, "counts": [20] * 8}
        ids = [row.id for row in connection.execute(q.CLAIM, claims)]
        assert len(ids) == 160
        claiming, third = pages(connection, q.CLAIM, **claims)
        many = len(ids)
        settling, fourth = pages(
            connection, q.SETTLE, id=Ids(ids), token=[TOKEN] * many, state=["delivered"] * many, outcome=["delivered"] * many,
            reason=[""] * many, digest=Blobs([b"d" * 32] * many), delay=[0.0] * many, unsure=[False] * many, counted=[1] * many, interrupted=[0] * many,
        )  # fmt: skip
        transaction.rollback()
    assert claiming / 160 < MOST_PAGES
    assert settling / many < MOST_PAGES
    assert "outbox_messages" not in read_whole | also | third | fourth
