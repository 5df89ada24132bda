"""File against file: what comes out, what a stop in the middle leaves behind, and what is refused."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from importlib.resources import files as files_of
from math import log2
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from gateway.bulk.exporting import EXPORTED, splink_settings
from gateway.bulk.files import Fault, FileRefused, Journal, rows, source
from gateway.bulk.jobs import Job, Unlike
from gateway.bulk.rows import INDEX_COLUMNS, QUERY_COLUMNS, describe
from gateway.bulk.running import OUT_COLUMNS, match_files, scan_of, shards_done, working_folder
from gateway.cli import match
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
    assert heard[0][0] == 0
    assert heard[-1][0] == heard[-1][1]
    for query_id in {line["query_id"] for line in lines}:
        scores = [float(line["score"]) for line in lines if line["query_id"] == query_id]
        assert scores == sorted(scores, reverse=True)
    assert all(line["rec_id"] in made.truth[line["query_id"]] for line in lines if line["tier"] == "auto")


def test_in_whatever_parts_the_result_is_the_same(files, tmp_path):
    index, queries, _ = files
    whole, parts = tmp_path / "whole.csv", tmp_path / "parts.csv"
    list(match_files(index, queries, whole, SCORER))
    list(match_files(index, queries, parts, SCORER, sizes=(97, 13)))
    assert parts.read_bytes() == whole.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["parts.csv", "whole.csv"], "the working folders are gone"


def test_stopped_in_the_middle_it_goes_on_and_ends_with_the_same_file(files, tmp_path):
    index, queries, _ = files
    whole, stopped = tmp_path / "whole.csv", tmp_path / "stopped.csv"
    list(match_files(index, queries, whole, SCORER))
    job = Job.begun(working_folder(stopped), index, queries, SCORER, (400, 30))
    for shard in (5, 1):
        job.work(shard)
    kept = {p: p.stat().st_mtime_ns for p in job.folder.glob("shard*")}
    run = match_files(index, queries, stopped, SCORER, sizes=(400, 30))
    for _ in range(15):
        next(run)
    run.close()
    assert {p: p.stat().st_mtime_ns for p in kept} == kept, "what was done is not done again"
    with (working_folder(stopped) / "matches.part").open("ab") as file:
        file.write(b"half a li")
    assert not stopped.exists()
    list(match_files(index, queries, stopped, SCORER, sizes=(400, 30)))
    assert stopped.read_bytes() == whole.read_bytes()


def test_work_in_progress_holds_nobodys_name(files, tmp_path):
    index, queries, made = files
    job = Job.begun(tmp_path / "work", index, queries, SCORER, (400, 30))
    shards_done(job)
    kept = b"".join(p.read_bytes() for p in job.folder.iterdir())
    assert len(kept) > 1_000
    told = {row[column] for row in made.queries for column in ("family_name", "nhs_number", "dob") if len(row[column]) > 6}
    assert not [value for value in told if value.encode() in kept]


def test_work_goes_on_only_with_what_it_was_begun_with(files, tmp_path):
    index, queries, _ = files
    again = tmp_path / "index.csv"
    again.write_bytes(index.read_bytes())
    Job.begun(tmp_path / "work", again, queries, SCORER)
    with pytest.raises(Unlike, match="model"):
        Job(tmp_path / "work", Scorer(replace(current(), rare_given=0.5)))
    with pytest.raises(Unlike, match="files"):
        Job.begun(tmp_path / "work", index, queries, SCORER)
    again.write_bytes(index.read_bytes()[:-2])
    with pytest.raises(FileRefused) as refused:
        Job.begun(tmp_path / "work", again, queries, SCORER)
    assert refused.value.fault is Fault.CHANGED


INDEX_HEADINGS = ",".join(INDEX_COLUMNS)
ANNA = "1,,Ames,Anna,,,F,1980-01-02,1 Mill Lane,,ZZ1 1AA,"


@pytest.mark.parametrize(
    ("content", "fault", "where"),
    [
        (b"rec_id,given_name\n1,Anna\n", Fault.COLUMNS_MISSING, "nhs_number, family_name"),
        (f"{INDEX_HEADINGS},alias\n{ANNA},\n".encode(), Fault.COLUMNS_TWICE, "alias"),
        (f"{INDEX_HEADINGS}\n{ANNA}\n{ANNA.replace('Ames', 'Amés')}\n".encode("latin-1"), Fault.NOT_UTF8, "line 3"),
        (f"{INDEX_HEADINGS}\n{ANNA}\n".encode("utf-16"), Fault.NOT_UTF8, "line 1"),
        (f"{INDEX_HEADINGS}\n{ANNA},extra\n".encode(), Fault.UNEVEN, "row 2"),
        (f"{INDEX_HEADINGS}\n{ANNA}\n{ANNA}\n".encode(), Fault.ID_TWICE, "row 3"),
        (f"{INDEX_HEADINGS}\n{ANNA.replace('1,', ' ,', 1)}\n".encode(), Fault.ID_EMPTY, "row 2"),
        (f'{INDEX_HEADINGS}\n{ANNA.replace("Anna", chr(34) + "Anna")}\n'.encode(), Fault.BROKEN, "line 2"),
        (b"", Fault.COLUMNS_MISSING, "rec_id"),
        (INDEX_HEADINGS.encode() + b"x" * (1 << 20), Fault.BROKEN, "line 1"),
    ],
)
def test_a_file_that_will_not_do_is_refused_by_place_and_reason(tmp_path, content, fault, where):
    (tmp_path / "index.csv").write_bytes(content)
    with pytest.raises(FileRefused) as refused:
        rows(tmp_path / "index.csv", INDEX_COLUMNS)
    assert refused.value.fault is fault
    assert where in str(refused.value)
    assert "Anna" not in str(refused.value)
    assert "Am" not in str(refused.value).replace("family_name", "")


def test_any_row_is_found_by_its_number_whatever_lines_it_takes(tmp_path):
    rows_in = [ANNA, f'2,,"Two\r\nLines","Q""uoted",,,F,,,,,{""}', "", ANNA.replace("1,", "3,", 1)]
    (tmp_path / "index.csv").write_bytes(b"\xef\xbb\xbf" + f"{INDEX_HEADINGS}\r\n{chr(10).join(rows_in)}".encode())
    found = source(tmp_path / "index.csv", INDEX_COLUMNS)
    assert [r["rec_id"] for r in found.span(0, 3)] == ["1", "2", "3"]
    assert [r["rec_id"] for r in found.span(2, 3)] == ["3"]
    assert list(found.span(3, 3)) == []
    second = found.at([2, 1])[1]
    assert (second["family_name"], second["given_name"]) == ("Two\r\nLines", 'Q"uoted')


def test_a_list_of_nobody_is_an_empty_result(files, tmp_path):
    index, _, _ = files
    (tmp_path / "none.csv").write_text(",".join(QUERY_COLUMNS) + "\n", encoding="utf-8")
    assert list(match_files(index, tmp_path / "none.csv", tmp_path / "out.csv", SCORER)) == []
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "query_id,rec_id,score,tier\n"


def test_a_journal_cuts_off_what_was_half_written(tmp_path):
    with Journal(tmp_path, "some", ("a", "b")) as journal:
        journal.add([{"a": "1", "b": "x,y"}])
    with (tmp_path / "some.part").open("ab") as file:
        file.write(b"2,ha")
    with Journal(tmp_path, "some", ("a", "b")) as journal:
        assert journal.done == 1
        journal.add([{"a": "2", "b": 'z"'}])
    assert (tmp_path / "some.part").read_bytes() == b'a,b\r\n1,"x,y"\r\n2,"z"""\r\n'


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


def _run(*arguments):
    return CliRunner().invoke(match.app, [str(a) for a in arguments])


def test_the_command_matches_files_and_says_why(files, tmp_path):
    index, queries, _ = files
    out = tmp_path / "matches.csv"
    done = _run("bulk", "--index", index, "--queries", queries, "--out", out, "--explain", "1")
    assert done.exit_code == 0
    assert "total" in done.stdout
    told = _run("bulk", "--index", index, "--queries", queries, "--out", tmp_path / "again.csv", "--json", "--explain", "2")
    facts = json.loads(told.stdout)
    lines = _lines(out)
    assert facts["auto"] == sum(line["tier"] == "auto" for line in lines) > 10
    assert facts["review"] == sum(line["tier"] == "review" for line in lines) > 0
    assert [one["rec_id"] for one in facts["explained"]] == [line["rec_id"] for line in lines[:2]]
    assert sum(bits for _, _, bits in facts["explained"][0]["bars"]) == pytest.approx(float(facts["explained"][0]["score"]), abs=1e-3)
    shown = _run("explain", "--index", index, "--queries", queries, "--query", lines[0]["query_id"])
    assert lines[0]["rec_id"] in shown.stdout
    assert _run("explain", "--index", index, "--queries", queries, "--query", "nobody").exit_code == 2
    refused = _run("explain", "--index", queries, "--queries", queries, "--query", lines[0]["query_id"])
    assert refused.exit_code == 1
    assert "columns missing: rec_id" in refused.stderr.replace("\n", " ")


def test_the_command_refuses_a_bad_file_in_words(files, tmp_path):
    index, _, _ = files
    (tmp_path / "queries.csv").write_text("query_id,case_id\nq1,c1\n", encoding="utf-8")
    done = _run("bulk", "--index", index, "--queries", tmp_path / "queries.csv", "--out", tmp_path / "out.csv")
    assert done.exit_code == 1
    assert "queries.csv: columns missing: role" in done.stderr.replace("\n", " ")
    assert [p.name for p in tmp_path.iterdir()] == ["queries.csv"], "nothing was written"
    missing = _run("bulk", "--index", tmp_path / "none.csv", "--queries", tmp_path / "queries.csv", "--out", tmp_path / "out.csv", "--json")
    assert missing.exit_code == 1
    assert "no such file" in json.loads(missing.stderr.splitlines()[-1])["cause"]
    assert [p.name for p in tmp_path.iterdir()] == ["queries.csv"]
    assert _run("bulk", "--index", index, "--queries", index, "--out", tmp_path / "o.csv", "--jobs", tmp_path).exit_code == 2


def test_a_model_is_learned_without_labels_with_a_report_and_pictures(files, tmp_path):
    index, _, made = files
    done = _run("train", index, "--out", tmp_path / "model.json", "--version", "learned-here", "--json")
    assert done.exit_code == 0
    facts = json.loads(done.stdout)
    assert facts["in use"] is False
    assert facts["files"] == ["model.json", "model.md", "model-weights.svg", "model-calibration.svg"]
    learned = read((tmp_path / "model.json").read_text(encoding="utf-8"))
    assert learned.version == "learned-here"
    assert learned.bits[0][FIELDS.index("given")][0] > 4 > learned.bits[0][FIELDS.index("given")][6]
    report = (tmp_path / "model.md").read_text(encoding="utf-8")
    assert "Not in use until approved by name" in report
    assert "| given | different" in report
    for name in facts["files"][2:]:
        picture = ElementTree.fromstring((tmp_path / name).read_text(encoding="utf-8"))  # noqa: S314  written a moment ago
        assert picture.find("{http://www.w3.org/2000/svg}title").text
        assert f"![{picture.find('{http://www.w3.org/2000/svg}title').text}]({name})" in report
    written = "".join((tmp_path / name).read_text(encoding="utf-8") for name in facts["files"][1:])
    assert not [row for row in made.index if row["family_name"] in written and len(row["family_name"]) > 5]


def test_nothing_is_learned_under_the_name_of_what_is_in_use(files, tmp_path):
    assert _run("train", files[0], "--out", tmp_path / "model.json", "--version", current().version).exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_the_model_is_exported_for_splink(tmp_path):
    assert _run("splink", "--out", tmp_path / "settings.json").exit_code == 0
    assert json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))["link_type"] == "link_only"


def test_the_command_finds_people_held_twice_and_in_two_indexes(files, tmp_path):
    index, _, made = files
    done = _run("pairs", "--index", index, "--out", tmp_path / "twice.csv", "--json")
    assert done.exit_code == 0
    facts, lines = json.loads(done.stdout), _lines(tmp_path / "twice.csv")
    assert facts["compared"] > len(lines) == facts["auto"] + facts["review"] > 0
    assert all(line["left_rec_id"] != line["right_rec_id"] for line in lines)
    beside = _run("pairs", "--index", index, "--beside", index, "--out", tmp_path / "both.csv", "--json")
    themselves = {line["left_rec_id"] for line in _lines(tmp_path / "both.csv") if line["left_rec_id"] == line["right_rec_id"]}
    assert beside.exit_code == 0
    assert len(themselves) > 0.9 * len(made.index)


def test_a_record_of_absurdly_many_names_is_found_and_takes_little_room():
    names, phones = ";".join(f"Anna Name{n}" for n in range(300)), ";".join(f"07700 9{n:05d}" for n in range(300))
    row = dict.fromkeys(INDEX_COLUMNS, "") | {"rec_id": "r1", "given_name": "Anna", "family_name": "Ames", "alias": names, "phone": phones, "dob": "1980-02-03"}
    scan = scan_of([row, row | {"rec_id": "r2", "alias": "", "phone": ""}], SCORER)
    assert len(scan.extract.record) < 1_000
    asked = dict.fromkeys(QUERY_COLUMNS, "") | {"given_name": "Anna", "dob": "1980-02-03", "phone": "07700 900001"}
    question = scan.question(describe(asked | {"family_name": "Name299"}))
    assert scan.offered(question)[0].record == "r1"
    assert scan.offered(question)[0].score.total == SCORER.score(question, describe(row)).total
