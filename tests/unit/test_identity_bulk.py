"""File against file: what comes out, what a stop in the middle leaves behind, and what is refused."""

from __future__ import annotations

import csv
import json
from importlib.resources import files as files_of
from math import log2

import pytest
from typer.testing import CliRunner

from gateway.bulk.__main__ import app
from gateway.bulk.exporting import EXPORTED, splink_settings
from gateway.bulk.files import ColumnsMissing, Journal, rows
from gateway.bulk.rows import INDEX_COLUMNS, QUERY_COLUMNS, describe
from gateway.bulk.running import OUT_COLUMNS, match_files
from gateway.bulk.training import trained
from gateway.policy.identity.comparing import FIELDS, LEVELS
from gateway.policy.identity.model import ModelRefused, current, read
from gateway.policy.identity.scoring import Scorer
from tests.benchmarks.matching.generator import make

SCORER = Scorer(current())


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("lists"), make(32, people=1_200, cases=40)
    for name, columns, content in (("index.csv", INDEX_COLUMNS, made.index), ("queries.csv", QUERY_COLUMNS, made.queries)):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(content)
    return folder / "index.csv", folder / "queries.csv", made


def _lines(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_links_and_reviews_come_out_best_first(files, tmp_path):
    index, queries, made = files
    out, heard = tmp_path / "matches.csv", []
    found = list(match_files(index, queries, out, SCORER, lambda done, of: heard.append((done, of))))
    lines = _lines(out)
    assert tuple(lines[0]) == OUT_COLUMNS
    assert len(lines) == len(found) > 40
    assert {line["tier"] for line in lines} == {"auto", "review"}
    assert heard[-1] == (40, 40)
    for query_id in {line["query_id"] for line in lines}:
        scores = [float(line["score"]) for line in lines if line["query_id"] == query_id]
        assert scores == sorted(scores, reverse=True)
    assert all(line["rec_id"] in made.truth[line["query_id"]] for line in lines if line["tier"] == "auto")


def test_stopped_in_the_middle_it_goes_on_and_ends_with_the_same_file(files, tmp_path):
    index, queries, _ = files
    whole, stopped = tmp_path / "whole.csv", tmp_path / "stopped.csv"
    list(match_files(index, queries, whole, SCORER))
    run = match_files(index, queries, stopped, SCORER)
    for _ in range(15):
        next(run)
    run.close()
    with (tmp_path / "stopped.csv.part").open("ab") as file:
        file.write(b"half a li")
    assert not stopped.exists()
    list(match_files(index, queries, stopped, SCORER))
    assert stopped.read_bytes() == whole.read_bytes()
    assert [p.name for p in tmp_path.iterdir() if "stopped" in p.name] == ["stopped.csv"]


def test_a_file_without_its_columns_is_refused_by_their_names(tmp_path):
    (tmp_path / "index.csv").write_text("rec_id,given_name\n1,Anna\n", encoding="utf-8")
    with pytest.raises(ColumnsMissing, match="family_name") as refused:
        list(rows(tmp_path / "index.csv", INDEX_COLUMNS))
    assert "Anna" not in str(refused.value)


def test_a_journal_of_nothing_is_an_empty_result(tmp_path):
    with Journal(tmp_path / "none.csv", OUT_COLUMNS) as journal:
        journal.finish()
    assert (tmp_path / "none.csv").read_text(encoding="utf-8") == "query_id,rec_id,score,tier\n"


def test_a_model_is_learned_without_labels_and_may_be_read(files):
    index, _, _ = files
    model, report = trained([describe(r) for r in rows(index, INDEX_COLUMNS)], "learned", current())
    learned = read(json.dumps(model))
    assert learned.version == "learned"
    assert learned.bits[0][FIELDS.index("given")][0] > 4 > learned.bits[0][FIELDS.index("given")][6]
    assert "Not in use until approved by name" in report
    assert "| given | different" in report


def test_a_model_out_of_order_is_refused():
    model = json.loads(files_of("gateway.policy.identity").joinpath("model.json").read_text(encoding="utf-8"))
    model["fields"]["phone"]["different"]["stranger"] = 20.0
    with pytest.raises(ModelRefused, match="phone"):
        read(json.dumps(model))


def test_splink_gets_the_very_weights():
    settings, model = splink_settings(current()), current()
    for comparison in settings["comparisons"]:
        field = comparison["output_column_name"]
        told = [log2(lv["m_probability"] / lv["u_probability"]) for lv in comparison["comparison_levels"] if not lv.get("is_null_level")]
        assert told == pytest.approx(model.bits[0][FIELDS.index(field)][: len(LEVELS[field])], abs=1e-6)
    assert len(settings["comparisons"]) == len(EXPORTED)


def test_the_commands_match_explain_and_export(files, tmp_path):
    index, queries, _ = files
    run, out = CliRunner(), tmp_path / "matches.csv"
    done = run.invoke(app, ["bulk", "--index", str(index), "--queries", str(queries), "--out", str(out), "--explain", "1"])
    assert done.exit_code == 0
    assert "total" in done.stdout
    first = _lines(out)[0]
    shown = run.invoke(app, ["explain", "--index", str(index), "--queries", str(queries), "--query", first["query_id"]])
    assert first["rec_id"] in shown.stdout
    assert run.invoke(app, ["explain", "--index", str(index), "--queries", str(queries), "--query", "nobody"]).exit_code == 2
    assert run.invoke(app, ["splink", "--out", str(tmp_path / "settings.json")]).exit_code == 0
    assert json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))["link_type"] == "link_only"
