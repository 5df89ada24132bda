"""Parquet in and out, which needs pyarrow: the same matches as from CSV, byte for byte where both are CSV, value for value in Parquet.

    PYTHONPATH=. python -m tests.benchmarks.matching.parquet_check
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

from gateway.bulk.running import match_files
from gateway.policy.identity.model import current
from gateway.policy.identity.scoring import Scorer
from tests.benchmarks.matching.generator import make


def main() -> None:
    made, scorer = make(36, people=1_500, cases=50), Scorer(current())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, rows in (("index", made.index), ("queries", made.queries)):
            frame = pd.DataFrame(rows)
            frame.to_csv(folder / f"{kind}.csv", index=False)
            frame.replace("", None).to_parquet(folder / f"{kind}.parquet", row_group_size=400)
        for source, result in (("csv", "a.csv"), ("parquet", "b.csv"), ("parquet", "c.parquet")):
            list(match_files(folder / f"index.{source}", folder / f"queries.{source}", folder / result, scorer, sizes=(500, 60)))
        assert (folder / "a.csv").read_bytes() == (folder / "b.csv").read_bytes()
        texts, table = pd.read_csv(folder / "a.csv", dtype={"query_id": str, "rec_id": str}), pd.read_parquet(folder / "c.parquet")
        pd.testing.assert_frame_equal(texts, table, check_dtype=False)
        print(f"{len(table)} matches, the same from CSV and Parquet")


if __name__ == "__main__":
    main()
