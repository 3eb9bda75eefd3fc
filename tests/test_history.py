"""Former versions: what is shown of them, the claims, the column since, the command."""

import re
import sys
from pathlib import Path

import pytest

from symgrad import cli
from symgrad.court.former import recorded
from symgrad.court.former.gathered import Gathered
from symgrad.court.former.recorded import enter, read_record, to_json
from symgrad.court.names import name_of, public
from symgrad.numeric import environments, past
from symgrad.report.pages import linked
from symgrad.studies.atlas.record import Atlas, Row, with_since
from symgrad.studies.experiment import claims as settled
from symgrad.studies.history import cases
from symgrad.studies.history import page as report
from symgrad.studies.history.printout import PRINTED
from symgrad.studies.history.record import as_printed, reprints, stories, tell
from tests.planted_history import (
    EIGH,
    EMPTY,
    FORMER,
    ORIGINS,
    SYMEIG,
    THEN,
    hearing,
    moved,
    only,
    with_answer,
)

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def heard():
    return hearing(THEN)


@pytest.fixture(scope="module")
def record(heard):
    return enter(EMPTY, heard, ORIGINS, "2026-01-31")


# --- what is shown


def test_what_is_recorded_is_never_shown_as_measured(heard, record, monkeypatch):
    monkeypatch.setattr(recorded, "read_record", lambda: record)
    today = hearing(only(THEN, "numpy", "torch@1.3.1"))
    gathered = Gathered({}, only(ORIGINS, "torch@1.3.1"), [], [])
    found = report.make_history(today, record, FORMER, gathered, [])
    marks = {source.framework: source.recorded for source in found.sources}
    absent = {"torch@1.0.1", "tensorflow@1.14.0"}
    assert marks == {name: name in absent for name in THEN}
    assert all(line.recorded == (line.framework in absent) for line in found.lines)
    steps = [step for story in found.stories for step in story.steps]
    assert all(step.recorded == (step.framework in absent) for step in steps)
    page = report.to_markdown(found)
    assert "| torch 1.0.1 (recorded) | recorded 2026-01-31, Python 3.7.16, Linux |" in page
    assert "| torch 1.3.1 | measured " in page
    assert "upper in 1.0.1 (recorded), symmetric in 1.3.1" in page
    here = report.make_history(heard, record, FORMER, Gathered({}, ORIGINS, [], []), [])
    assert not any(source.recorded for source in here.sources)
    assert "(recorded)" not in report.to_markdown(here)
    assert report.from_json(report.to_json(found)) == found


def test_a_version_whose_worker_died_is_shown_from_the_record(record):
    lost = hearing(only(THEN, "numpy", "torch@1.0.1"), worker_died=True, error="lost")
    told = [t for t in tell(lost, record, FORMER) if t.verdict.framework == "torch@1.0.1"]
    assert told
    assert all(t.recorded and t.verdict.verdict == "agrees" for t in told)


def test_the_printed_matrices_come_back(heard):
    found = reprints(tell(heard, EMPTY, FORMER))
    assert [r.framework for r in found] == ["numpy", "torch@1.0.1", "tensorflow@1.14.0"]
    assert all(r.same and r.verdict == "agrees" and r.error <= r.tolerance for r in found)


@pytest.mark.parametrize("k", range(len(PRINTED)))
@pytest.mark.parametrize("off", [0.001, -0.001])
def test_a_printed_matrix_with_one_other_digit_does_not(heard, k, off, monkeypatch):
    rows = [list(row) for row in PRINTED[k].rows]
    rows[2][1] += off
    changed = [*PRINTED[:k], PRINTED[k]._replace(rows=rows), *PRINTED[k + 1 :]]
    monkeypatch.setattr("symgrad.studies.history.record.PRINTED", changed)
    found = reprints(tell(heard, EMPTY, FORMER))
    assert [r.same for r in found] == [place != k for place in range(len(PRINTED))]


def test_a_zero_is_printed_without_a_sign():
    assert as_printed([[-0.0001, -0.0006]]) == [["0.000", "-0.001"]]


def test_when_a_call_changed_its_convention(heard):
    found = {(s.framework, s.route): s for s in stories(tell(heard, EMPTY, FORMER))}
    assert set(found) == {("torch", SYMEIG), ("tensorflow", "tf.linalg.eigh")}
    ((old, new),) = found["torch", SYMEIG].changes
    assert (old.version, old.convention) == ("1.0.1", "upper")
    assert (new.version, new.convention) == ("1.3.1", "symmetric")
    assert found["tensorflow", "tf.linalg.eigh"].changes == []


def test_versions_are_in_the_order_of_their_numbers():
    names = ("torch@1.10.0", "torch@1.9.1", "torch")
    run = hearing(dict.fromkeys(names, (SYMEIG, "symmetric")))
    (story,) = stories(tell(run, EMPTY, names[:2]))
    assert [step.framework for step in story.steps] == ["torch@1.9.1", "torch@1.10.0", "torch"]


# --- the claims


def claims(run, record, monkeypatch):
    monkeypatch.setattr(recorded, "read_record", lambda: record)
    return {claim.id: claim for claim in settled.claims(run)}


def test_c3_is_settled_by_all_versions(record, monkeypatch):
    today = {**THEN, "torch": ("torch.linalg.eigh(UPLO='L')", "symmetric")}
    settled = claims(hearing(today), EMPTY, monkeypatch)["C3"]
    assert settled.settled
    told = "1.0.1 upper (measured, 1 routes), 1.3.1 symmetric (measured, 1 routes)"
    assert told in settled.how
    by_record = claims(hearing(only(today, "numpy", "torch")), record, monkeypatch)["C3"]
    assert by_record.settled
    assert "1.0.1 upper (recorded, 1 routes)" in by_record.how
    alone = claims(hearing(only(today, "numpy", "torch")), EMPTY, monkeypatch)["C3"]
    assert "releases before 1.3 were not run" in alone.how


@pytest.mark.parametrize(("version", "convention"), [("1.0.1", "symmetric"), ("1.3.1", "upper")])
def test_c3_is_open_where_a_version_contradicts_it(version, convention, monkeypatch):
    today = {**THEN, "torch": ("torch.linalg.eigh(UPLO='L')", "symmetric")}
    contrary = {**today, f"torch@{version}": (SYMEIG, convention)}
    assert not claims(hearing(contrary), EMPTY, monkeypatch)["C3"].settled
    record = enter(EMPTY, hearing(contrary), ORIGINS, "2026-01-31")
    only_today = hearing(only(today, "numpy", "torch"))
    assert not claims(only_today, record, monkeypatch)["C3"].settled


def test_c2_has_the_upper_form_of_then(record, monkeypatch):
    today = {**only(THEN, "numpy"), "tensorflow": ("tf.linalg.eigh", "lower")}
    told = claims(hearing(today), record, monkeypatch)["C2"]
    assert told.settled
    assert "2× above and 0 below: torch@1.0.1 (recorded)" in told.how


def test_what_is_documented_then_settles_nothing_today(record, heard, monkeypatch):
    told = claims(hearing(only(THEN, "numpy")), record, monkeypatch)["C10"]
    assert not told.settled
    assert "tensorflow@1.14.0 linalg.eigh (recorded)" in told.how
    assert claims(heard, record, monkeypatch)["C10"].settled


# --- since


def atlas_row(**changes):
    fields = dict.fromkeys(Row.__struct_fields__)
    fields |= {"framework": "torch", "version": "2.13.0+cpu", "function": "eigenvalue[1]"}
    fields |= {"route": SYMEIG, "convention": "symmetric", "valid": "agrees", "since": ""}
    return Row(**(fields | {"dtypes": {}, "wrong": {}, "missing": {}, "known": {}} | changes))


@pytest.mark.parametrize(
    ("changes", "since"),
    [
        ({}, "1.3.1"),
        ({"convention": "upper"}, "2.13.0"),  # 1.3.1 is a break
        ({"convention": None}, ""),
        ({"convention": "invalid"}, ""),
        ({"route": "torch.linalg.eigh(UPLO='L')"}, "2.13.0"),
        ({"function": "det"}, "2.13.0"),
        ({"version": "1.2.0", "convention": "upper"}, "1.0.1"),
        ({"framework": "tensorflow", "route": "tf.linalg.eigh", "convention": "lower"}, "1.14.0"),
    ],
)
def test_since(record, changes, since):
    atlas = Atlas({}, {}, "2026-01-31", 3, [atlas_row(**changes)])
    (row,) = with_since(atlas, record).rows
    assert row.since == since


# --- the command


@pytest.fixture
def planted(heard, record, monkeypatch, tmp_path):
    """A way to keep another record, of a former NumPy that answered as today's does."""

    def plant(**changes):
        run = hearing({"numpy@1.0": (EIGH, "symmetric")})
        kept = enter(EMPTY, run, {"numpy@1.0": ("3.7.16", "Linux")}, "2026-01-31")
        kept = with_answer(kept, "numpy@1.0", **changes)
        monkeypatch.setattr(recorded, "RECORD", tmp_path / "recorded.json")
        recorded.RECORD.write_bytes(to_json(kept))

    return plant


def command(tmp_path, *options):
    return cli.main(["history", *options, "--no-build", "--environments", str(tmp_path)])


def test_a_version_that_cannot_be_had_is_shown_from_the_record(planted, tmp_path, capsys):
    planted()
    assert command(tmp_path, "-f", "numpy", "--output", str(tmp_path)) == 0
    shown = capsys.readouterr().out
    assert "numpy 1.0 (recorded): recorded 2026-01-31, Python 3.7.16, Linux" in shown
    assert shown.rstrip().endswith("the record holds")
    assert "versions: 1 measured, 1 recorded; 1 of 1 printed matrices come back" in shown
    page = (tmp_path / "history.md").read_text(encoding="utf-8")
    assert page == report.to_markdown(report.from_json((tmp_path / "history.json").read_bytes()))


def test_a_planted_record_fails(planted, tmp_path, capsys):
    planted(gradient=moved(lambda x: x + 1e-6))
    assert command(tmp_path, "-f", "numpy", "--quiet") == 1
    assert capsys.readouterr().out.rstrip().endswith("the record does not hold")


def test_a_version_that_is_asked_for_by_name_must_be_there(planted, tmp_path, capsys):
    planted()
    assert command(tmp_path, "-f", "numpy@1.16.6", "--quiet") == 3
    assert "numpy@1.16.6: " in capsys.readouterr().err


def test_so_must_a_framework_that_has_ended(planted, tmp_path, capsys):
    planted()
    assert command(tmp_path, "-f", "theano", "--quiet") == 3
    assert "theano@" in capsys.readouterr().err


def test_nothing_can_be_recorded_where_nothing_was_run(planted, tmp_path, capsys):
    planted()
    file = tmp_path / "new.json"
    assert command(tmp_path, "-f", "numpy", "--record", str(file)) == 2
    assert "nothing to record" in capsys.readouterr().err
    assert not file.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-f", "torch@0"], "unknown version 'torch@0'"),
        (["-f", "tensorflw"], "did you mean 'tensorflow'?"),
        (["--python", "/nowhere/python3.7"], "/nowhere/python3.7 does not run as a Python"),
        (
            ["-f", "torch@1.0.1", "--python", sys.executable],
            "3.7 is needed; name one: --python PATH",
        ),
        (["--interpreter", "torch@1.0.1=/nowhere/python"], "is no executable"),
    ],
)
def test_bad_input_is_one_line(options, said, tmp_path, capsys):
    assert command(tmp_path, *options) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def gather(monkeypatch, tmp_path, wanted_by_name):
    """What is gathered of TensorFlow 1.14.0 on a machine without any Python to build it with."""
    for name in ("PATH", "HOME", "PYENV_ROOT"):
        monkeypatch.setenv(name, str(tmp_path / "empty"))
    name = "tensorflow@1.14.0"
    asked_for = [name] if wanted_by_name else []
    return past.gather([name], asked_for, {}, None, tmp_path, "required", lambda text: None)


def test_without_an_old_python_the_record_is_shown_and_what_mends_it_said(monkeypatch, tmp_path):
    found = gather(monkeypatch, tmp_path, False)
    assert (found.paths, found.failures) == ({}, [])
    assert re.match("tensorflow@1.14.0: no Python 3.7 .* --python PATH$", found.notes[0])


def test_what_was_asked_for_by_name_is_then_a_failure(monkeypatch, tmp_path):
    found = gather(monkeypatch, tmp_path, True)
    assert (found.paths, found.notes) == ({}, [])
    assert re.match("tensorflow@1.14.0: no Python 3.7 .* --python PATH$", found.failures[0])


def test_a_failed_build_costs_its_own_rows_and_says_what_mends_it(monkeypatch, tmp_path):
    python = "{}.{}".format(*sys.version_info)
    built = [
        environments.Environment(name, python, True, 1, (str(tmp_path / "nothing.whl"),))
        for name in ("torch@9.9", "numpy@9.9")
    ]
    monkeypatch.setattr(environments, "environments", lambda: built)
    names, given = ["torch@9.9", "numpy@9.9"], {"numpy@9.9": sys.executable}
    said = []
    about = (Path(sys.executable), tmp_path, "required", said.append)
    found = past.gather(names, [], given, *about)
    assert (list(found.paths), found.notes) == (["numpy@9.9"], [])
    assert re.match(r"torch@9\.9: cannot be built, .*; try: .*pip install", found.failures[0])
    assert found.origins["numpy@9.9"][0] == sys.version.split()[0]
    assert all("torch@9.9: " in line for line in said)


# --- what is kept


def test_the_page_that_is_kept_is_that_of_its_data_and_of_the_record():
    kept = report.from_json((DOCS / "history.json").read_bytes())
    assert (DOCS / "history.md").read_text(encoding="utf-8") == linked(
        report.to_markdown(kept), DOCS
    )
    told = {
        (name_of(step.framework), public(step.version), story.function, story.route): (
            step.verdict,
            step.convention,
            step.reads,
        )
        for story in kept.stories
        for step in story.steps
        if "@" in step.framework
    }
    record = read_record()
    on_record = {
        (name_of(f.framework), public(f.version), question.function.split("[")[0], answer.route): (
            answer.verdict,
            answer.convention,
            answer.reads,
        )
        for f in record.versions
        for answer in f.answers
        for question in [record.questions[answer.question]]
        if len(question.matrix) == cases.ATLAS_SIZE
    }
    assert told == on_record, "run `make history`"
    assert kept.check.holds


def test_the_short_table_says_what_the_page_says():
    kept = report.from_json((DOCS / "history.json").read_bytes())
    readme = " ".join((DOCS / "versions.md").read_text(encoding="utf-8").split())
    found = {
        (story.framework, story.route, story.function): [
            f"{old.convention}: {old.version} | {new.convention}: {new.version}"
            for old, new in story.changes
        ]
        for story in kept.stories
    }
    for framework, call, route, function in (
        ("torch", "`torch.symeig(upper=True)` (`upper=False`)", SYMEIG, "eigenvalue"),
        ("torch", "`torch.cholesky` (`upper=True`)", "torch.cholesky", "cholesky_entry"),
        ("autograd", "`anp.linalg.eigh(UPLO='L')` of", "anp.linalg.eigh(UPLO='L')", "eigenvalue"),
    ):
        (change,) = found[framework, route, function]
        row = readme.split(f"| {call}")[1].split("| |")[0]
        assert change in re.sub(r" \(\w+\):", ":", row)
    assert found["tensorflow", "tf.linalg.eigh", "eigenvalue"] == []
    today = {(f.framework, f.route) for f in kept.faults if "@" not in f.framework}
    wrong = {
        fault.route.split("(")[0]
        for fault in kept.faults
        if fault.verdict == "disagrees" and (name_of(fault.framework), fault.route) not in today
    }
    assert wrong == {
        *(f"mx.np.linalg.{name}" for name in ("eigh", "eigvalsh", "pinv")),
        "at.slinalg.solve_triangular",
        "pt.linalg.cholesky",
    }
    assert all(fault.known for fault in kept.faults)
    assert "`mx.np.linalg.eigh`, `eigvalsh` and `pinv` report zero" in readme
    transposed = "whose transposed `solve_triangular` (`trans='T'`, `trans='C'`) is"
    assert f"of Aesara 2.9.4 and PyTensor 2.25.5, {transposed}" in readme


def test_the_versions_that_are_listed_are_those_on_record():
    page = (DOCS / "versions.md").read_text(encoding="utf-8")
    by_python = {}
    for former in read_record().versions:
        name, version = former.framework.split("@")
        python = former.python.rpartition(".")[0]
        by_python.setdefault((name, python), []).append(version)
    listed = {
        (row.group(1).lower().replace("pytorch", "torch"), python): versions.split(", ")
        for row in re.finditer(r"^\| (\w+) \| (\d.*) \|$", page, re.MULTILINE)
        for versions, python in re.findall(r"([\d., ]+) \(Python ([\d.]+)\)", row.group(2))
    }
    assert {k: [v.strip() for v in of] for k, of in listed.items()} == by_python


@pytest.mark.slow
def test_the_record_holds_where_the_versions_of_the_question_run(capsys):
    """Builds what it needs in .venv-history, and keeps it there."""
    if environments.find_python("3.7") is None:
        pytest.skip("no Python 3.7 on the PATH: PyTorch 1.0.1 and TensorFlow 1.14.0 were NOT run")
    folder = str(ROOT / ".venv-history")
    names = ["-f", "numpy", "-f", "torch", "-f", "torch@1.0.1", "-f", "tensorflow@1.14.0"]
    assert cli.main(["history", *names, "--environments", folder, "--quiet"]) == 0
    told = capsys.readouterr().out
    assert "3 of 3 printed matrices come back" in told
    assert "from the record" not in told
    assert told.rstrip().endswith("the record holds")
