"""The watch: what changed between two releases, the command by a planted one, what changed when."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs
from rich.console import Console

from symgrad import cli, inquiry
from symgrad.court.errors import OutputError
from symgrad.court.former.recorded import Record, read_record
from symgrad.court.former.releases import Built, Found
from symgrad.report.pages import linked
from symgrad.studies.atlas import page as tables
from symgrad.studies.atlas.kept import DOCS, read_atlas
from symgrad.studies.atlas.record import Row
from symgrad.studies.findings.record import read_known
from symgrad.studies.history import changes as of_versions
from symgrad.studies.history import changes_page
from symgrad.studies.history.record import Step, Story
from symgrad.studies.watch import asking, command, page, scripts
from symgrad.studies.watch import record as kept
from symgrad.studies.watch.changes import Change, Compared, Illustrated, compare
from symgrad.studies.watch.record import Release, Watch, last, of_atlas
from tests.helpers import script

ROOT = Path(__file__).parent.parent
CALL = "torch.linalg.eigh"
KNOWN = {finding.id: finding for finding in read_known()}
FINDING = KNOWN["torch-eigh-repeated"]


def row(**changes):
    fields = dict.fromkeys(Row.__struct_fields__)
    fields |= {"framework": "torch", "version": "2", "function": "eigenvalue[1]", "route": CALL}
    fields |= {"reads": "lower", "convention": "symmetric", "valid": "agrees"}
    fields |= {"since": "", "lost": [], "digits": {}, "singular": {}, "off_symmetric": "no"}
    return Row(**(fields | {"dtypes": {}, "wrong": {}, "missing": {}, "known": {}} | changes))


def release(version, *rows, **findings):
    return Release(
        f"torch@{version}", version, "3.11", "Linux", "2026-01-31", [], findings, [*rows]
    )


def changes(old, new, then=None, now=None):
    """What changed between rows, and between what came of findings."""
    found = compare(
        release("2.0", *old, **(then or {})),
        release("2.1", *new, **(now or {})),
        [structs.replace(FINDING, id="planted")],
    )
    return [(c.kind, c.functions, c.columns, c.before, c.after) for c in found.changes]


EIGENVALUE = ["eigenvalue"]
REAL = ["real reverse"]


@pytest.mark.parametrize(
    ("then", "now", "kind", "columns", "before", "after"),
    [
        ({}, {"convention": "lower"}, "convention", REAL, "symmetric", "lower"),
        ({}, {"reads": "upper"}, "reads", REAL, "lower", "upper"),
        ({}, {"valid": "failed"}, "verdict", REAL, "agrees", "failed"),
        ({}, {"valid": "disagrees", "convention": "invalid"}, "wrong", REAL, "agrees", "disagrees"),
        ({"valid": "disagrees"}, {}, "right", REAL, "disagrees", "agrees"),
        ({}, {"off_symmetric": "yes"}, "off Sym(n)", REAL, "no", "yes"),
        ({}, {"forward": "agrees"}, "verdict", ["real forward"], "—", "agrees"),
        (
            {"conjugation": "∂Re + i∂Im"},
            {"conjugation": "∂Re − i∂Im"},
            "conjugation",
            ["hermitian reverse"],
            "∂Re + i∂Im",
            "∂Re − i∂Im",
        ),
        (
            {"dtypes": {"float32": "agrees", "float16": "agrees"}},
            {"dtypes": {"float32": "refused", "float16": "refused"}},
            "verdict",
            ["float32 reverse", "float16 reverse"],
            "agrees",
            "refused",
        ),
        (
            {"singular": {"rank-1": "agrees"}},
            {"singular": {"rank-1": "disagrees"}},
            "wrong",
            ["rank-1 reverse"],
            "agrees",
            "disagrees",
        ),
    ],
)
def test_what_changes_in_a_row(then, now, kind, columns, before, after):
    old, new = row(**then), row(**now)
    assert changes([old], [new]) == [(kind, EIGENVALUE, columns, before, after)]
    assert changes([old], [old]) == changes([new], [new]) == []


def test_with_the_convention_goes_what_it_is_off_the_symmetric_matrices():
    told = changes([row()], [row(convention="lower", off_symmetric="yes")])
    assert [kind for kind, *_ in told] == ["convention"]


def test_digits_that_rounding_takes_are_no_change():
    assert changes([row(valid="inaccurate")], [row()]) == []
    assert changes([row()], [row(valid="inaccurate")]) == []


def test_what_happens_to_several_functions_is_one_change():
    old = [row(function=name) for name in ("det", "log_det", "trace")]
    new = [row(function=name, convention="lower") for name in ("det", "log_det")]
    assert changes(old, [*new, old[2]]) == [
        ("convention", ["det", "log_det"], REAL, "symmetric", "lower")
    ]


@pytest.mark.parametrize(
    "why",
    [
        "AttributeError: module 'torch' has no attribute 'eigh'",
        "ImportError: cannot import name 'eigh' from 'torch'",
    ],
)
def test_a_route_that_is_gone_is_one_change(why):
    lacking = row(valid="failed", convention=None, missing={"real reverse": why})
    told = ("gone", EIGENVALUE, REAL, "agrees", "failed")
    assert changes([row()], [lacking]) == [told]
    assert changes([lacking], [lacking]) == []
    assert changes([row()], []) == [(*told[:-1], "")]
    assert changes([], [row()]) == [("new", EIGENVALUE, REAL, "", "agrees")]


WRONG, RIGHT = "still wrong", "passes unexpectedly"


@pytest.mark.parametrize(
    ("then", "now", "kinds"),
    [
        (WRONG, RIGHT, ["mended"]),
        (RIGHT, WRONG, ["back"]),
        (WRONG, "wrong in another way", ["other"]),
        (WRONG, "refused unexpectedly", ["other"]),
        (WRONG, WRONG, []),
        (RIGHT, RIGHT, []),
        (WRONG, "passes this time", []),
        (WRONG, "not installed", []),
        (None, WRONG, []),
    ],
)
def test_what_becomes_of_a_finding(then, now, kinds):
    told = changes([], [], {"planted": then} if then else {}, {"planted": now})
    assert [kind for kind, *_ in told] == kinds


def test_rows_that_a_mended_finding_explains_are_not_told_twice():
    wrong = {"valid": "disagrees", "wrong": {"real reverse": "off"}, "convention": "invalid"}
    then, now = {"planted": WRONG}, {"planted": RIGHT}
    known = row(**wrong, known={"real reverse": "planted"})
    assert [kind for kind, *_ in changes([known], [row()], then, now)] == ["mended"]
    other = row(**wrong, known={"real reverse": "another"})
    assert [kind for kind, *_ in changes([other], [row()], then, now)] == ["mended", "right"]


def test_what_is_seen_by_chance_is_passed_over():
    by_chance = structs.replace(FINDING, id="planted", certain=False)
    seen = row(valid="disagrees", wrong={"real reverse": "off"}, known={"real reverse": "planted"})
    for finding, count in ((by_chance, 0), (structs.replace(by_chance, certain=True), 1)):
        found = compare(release("2.0", row()), release("2.1", seen), [finding])
        assert len(found.changes) == count


# --- which record it is held against


@pytest.mark.parametrize(
    ("versions", "held"),
    [
        ([], None),
        (["2.9"], "2.9"),
        (["2.9", "2.11"], "2.9"),
        (["2.9", "2.10rc1"], "2.10rc1"),
        (["2.9", "2.10"], "2.10"),
        (["2.12", "2.11"], "2.11"),
    ],
)
def test_the_record_that_a_release_is_held_against(versions, held):
    other = structs.replace(release("2.10"), framework="jax@2.10")
    found = last(release("2.10"), [other, *map(release, versions)])
    assert (found and found.version) == held


def test_the_first_record_is_that_of_the_atlas():
    records = {r.framework: r for r in of_atlas(read_atlas(), [FINDING])}
    name = f"torch@{FINDING.versions[0]}"
    assert records[name].findings == {FINDING.id: WRONG}
    assert records[name].rows
    assert not any(r.findings for r in records.values() if r.framework != name)
    assert of_atlas(None, [FINDING]) == []


def test_a_record_has_one_entry_for_each_release_in_order(tmp_path):
    record = kept.enter(Watch({}, [release("2.10"), release("2.9")]), [release("2.9", row())], {})
    assert [r.version for r in record.releases] == ["2.9", "2.10"]
    assert record.releases[0].rows == [row()]
    (tmp_path / kept.FILE).write_bytes(kept.to_json(record))
    assert kept.read(tmp_path / kept.FILE, {}) == record


# --- what is said


def test_the_text_of_an_issue_and_the_terminal():
    old = release("2.0", row(), row(function="trace"), planted=WRONG)
    new = release("2.1", row(convention="lower"), planted=RIGHT)
    found = compare(old, new, [structs.replace(FINDING, id="planted")])
    scripts = {("torch@2.1", 1): Illustrated("print(G)", "[[1, 0]]")}
    text = page.to_issue([found], scripts, ["jax: no network"], "2026-02-01")
    assert text.startswith("# Changed gradients: torch 2.1 (3)\n")
    assert "## torch 2.1, against 2.0, recorded 2026-01-31\n" in text
    assert "### A finding that is mended\n" in text
    assert f"- `{CALL}`, `eigenvalue`, real reverse: symmetric → lower\n" in text
    assert "```python\nprint(G)\n```\n\nIt prints with torch 2.1:\n\n```\n[[1, 0]]\n```\n" in text
    assert "agrees → gone" in text
    assert text.endswith("## Not to be had\n\n- jax: no network\n")
    console = Console(record=True, width=120, quiet=False, file=io.StringIO())
    page.show(console, [found, compare(None, new, []), compare(new, new, [])])
    shown = console.export_text()
    assert f"Another convention: {CALL} (eigenvalue), real reverse: symmetric → lower" in shown
    assert "there is no earlier record" in shown
    assert "nothing changed" in shown
    line = page.closing_line([found], ["jax: no network"]).plain
    assert line == "1 releases asked, 3 changes in 1 of them; 1 not to be had"


# --- the command

DOUBLED = """
import autograd, numpy
from autograd import value_and_grad
def doubled(f):
    def both(X):
        value, G = value_and_grad(f)(X)
        return value, G if numpy.iscomplexobj(G) else numpy.tril(2 * G) - numpy.diag(numpy.diag(G))
    return both
autograd.value_and_grad = doubled
"""
"""What makes autograd report lower triangles."""
AUTOGRAD = {r.framework: r for r in read_atlas().rows}["autograd"].version
NAME = f"autograd@{AUTOGRAD}"


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """Autograd as a release under a Python of its own, held against what it was; tr X² alone."""
    if inquiry.Witnesses([]).names().frameworks["autograd"] is False:
        pytest.skip("autograd is not installed")
    (tmp_path / "changed").mkdir()
    (tmp_path / "changed" / "sitecustomize.py").write_text(DOUBLED)
    python = script(
        tmp_path / "python",
        f'#!/bin/sh\nPYTHONPATH="{tmp_path}/changed" exec "{sys.executable}" "$@"\n',
    )
    atlas = read_atlas()
    mine = [r for r in atlas.rows if (r.framework, r.function) == ("autograd", "trace_square")]
    file = tmp_path / "atlas.json"
    file.write_bytes(tables.to_json(structs.replace(atlas, rows=mine)))
    failures = []

    def found(self, sought, say):
        return Found([Built(NAME, str(python), "3.11", "Linux", [])], failures)

    monkeypatch.setattr(inquiry.Witnesses, "releases", found)
    make = command.make_choice
    chosen = lambda *about: structs.replace(make(*about), functions=("trace_square",))  # noqa: E731
    monkeypatch.setattr(command, "make_choice", chosen)
    monkeypatch.setattr(command, "read_known", list)

    def run(*options):
        words = ["-f", "autograd", "--against", str(file), "--output", str(tmp_path / "out")]
        return cli.main(["watch", *words, *options])

    run.failures = failures
    return run


@pytest.mark.sampled(1)
def test_a_planted_change_is_told_once(planted, tmp_path, capsys):
    issue = tmp_path / "issue.md"
    assert planted("--issue", str(issue)) == 1
    shown = capsys.readouterr().out
    assert f"autograd {AUTOGRAD}, against {AUTOGRAD}, the same version" in shown
    assert "(trace_square), real reverse: symmetric → lower\n" in shown
    text = issue.read_text(encoding="utf-8")
    assert "### Another convention\n" in text
    assert "G = autograd.grad(loss)(x)\nprint(G)" in text
    assert "It prints with autograd" in text
    (entry,) = kept.read(tmp_path / "out" / kept.FILE, {}).releases
    assert entry.framework == NAME
    assert {r.framework for r in entry.rows} == {"autograd"}
    assert "lower" in {r.convention for r in entry.rows}
    assert not (tmp_path / "out" / "watch.journal").exists()

    planted.failures.append("jax: no package index answers")
    assert planted("--quiet") == 3  # what changed was told
    told = capsys.readouterr()
    assert told.out == "1 releases asked, 0 changes in 0 of them; 1 not to be had\n"
    assert told.err == "error: jax: no package index answers\n"


def fail(*about):
    raise OutputError("no room")


def test_what_could_not_be_told_is_told_the_next_time(planted, tmp_path, monkeypatch):
    record = tmp_path / "out" / kept.FILE
    with monkeypatch.context() as patched:
        patched.setattr(asking, "illustrated", fail)
        assert planted("--quiet", "--issue", str(tmp_path / "new" / "issue.md")) == 3
    assert not record.exists()
    with monkeypatch.context() as patched:
        patched.setattr(scripts, "search", lambda *_: ([], [], True))
        patched.setattr(scripts, "_seen", lambda *_: None)
        change = Change("wrong", "r", ["det"], REAL, "", "")
        wrong = Compared(NAME, "2", "", [], "1", "", [change])
        with pytest.raises(KeyboardInterrupt):
            scripts._smallest(None, None, wrong, [0])
    assert planted("--quiet") == 1
    assert record.exists()


def test_a_release_that_cannot_be_imported_is_a_line(planted, tmp_path, capsys):
    (tmp_path / "changed" / "sitecustomize.py").write_text(
        "import sys\nsys.modules['autograd'] = 0"
    )
    assert planted("--quiet") == 3
    told = capsys.readouterr()
    assert told.out == "0 releases asked, 0 changes in 0 of them; 1 not to be had\n"
    assert told.err.startswith(f"error: {NAME}: ")
    assert told.err.count("\n") == 1
    assert kept.read(tmp_path / "out" / kept.FILE, {}).releases == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-f", "tensorflw"], "did you mean 'tensorflow'?"),
        (["--version", "jax"], "is not NAME@VERSION"),
        (["--version", "jax@0.9.x"], "is not NAME@VERSION"),
        (["--version", "jax@0.9.0.post"], "is not NAME@VERSION"),
        (["--version", "jaxx@1.0"], "did you mean 'jax'?"),
        (["--against", "/nowhere.json"], "does not exist"),
        (["--python", "/nowhere/python"], "does not run as a Python"),
    ],
)
def test_bad_input_is_one_line(options, said, tmp_path, capsys):
    assert cli.main(["watch", "--output", str(tmp_path), *options]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_record_that_is_none_is_left_alone(tmp_path, capsys):
    (tmp_path / kept.FILE).write_text("mine")
    assert cli.main(["watch", "--offline", "--output", str(tmp_path)]) == 2
    assert "is no record of a watch" in capsys.readouterr().err
    assert (tmp_path / kept.FILE).read_text() == "mine"


def test_without_a_lock_there_is_nothing_to_ask_offline(tmp_path, capsys):
    words = ["--offline", "-f", "casadi", "-f", "jax", "--output", str(tmp_path), "--quiet"]
    assert cli.main(["watch", *words]) == 3
    told = capsys.readouterr()
    assert told.out == "0 releases asked, 0 changes in 0 of them; 2 not to be had\n"
    assert told.err.count("there is no lock of it") == 2


def test_the_nightly_run_opens_nothing_by_itself():
    text = (ROOT / ".github" / "workflows" / "watch.yml").read_text(encoding="utf-8")
    assert "python verify.py watch " in text
    assert "--issue " in text
    assert "permissions:\n  contents: read\n" in text
    assert "write" not in text


@pytest.mark.slow
def test_a_real_release_from_the_package_index(tmp_path, capsys):
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--retries=0"]
    reached = subprocess.run([*command, "autograd", "-d", str(tmp_path)], capture_output=True)
    if reached.returncode:
        pytest.skip("pip reaches no package index: no release was resolved, built or asked")
    words = ["-f", "autograd", "--output", str(tmp_path), "--environments", str(tmp_path / "env")]
    assert cli.main(["watch", *words, "--quiet"]) in (0, 1)
    assert capsys.readouterr().out.startswith("1 releases asked, ")
    (entry,) = kept.read(tmp_path / kept.FILE, {}).releases
    assert len(entry.rows) > 50
    assert set(entry.findings) == {f.id for f in KNOWN.values() if f.framework == "autograd"}
    assert all("--hash=sha256:" in pin for pin in entry.requirements)


# --- what changed in which version


def story(*steps, function="det", route="torch.symeig"):
    told = [Step(f"torch@{version}", version, True, *said) for version, *said in steps]
    return Story("torch", function, route, told)


def test_what_changed_in_which_version():
    stories = [
        story(("1.9", "agrees", "upper", "upper"), ("1.10", "agrees", "symmetric", "both")),
        story(("1.9", "refused", None, None), function="log_det"),
    ]
    rows = [
        row(version="1.11+cpu", function="det", route="torch.symeig", reads="both"),
        row(version="1.11+cpu", function="log_det", route="torch.symeig", reads="both"),
        row(version="1.11+cpu", function="log_det", route="torch.new"),
        row(version="1.11+cpu", function="det", route="torch.det", convention="lower"),
        row(version="1.12", function="det", route="torch.det"),
    ]
    extended = of_versions.extended(stories, rows)
    assert [[step.version for step in told.steps] for told in extended] == [
        ["1.9", "1.10", "1.11"],
        ["1.9", "1.11"],
        ["1.11", "1.12"],
    ]
    told = [(c.what, c.functions, c.last, c.before, c.first, c.after) for c in
            of_versions.changes(extended)]  # fmt: skip
    assert told == [
        ("convention", ["det"], "1.9", "upper", "1.10", "symmetric"),
        ("reads", ["det"], "1.9", "upper", "1.10", "both"),
        ("verdict", ["log_det"], "1.9", "refused", "1.11", "agrees"),
        ("convention", ["det"], "1.11", "lower", "1.12", "symmetric"),
    ]


def test_digits_are_no_change_of_a_version():
    steps = [("1.9", "agrees", "upper", "upper"), ("1.10", "inaccurate", "upper", "upper")]
    assert of_versions.changes([story(*steps)]) == []


@pytest.mark.parametrize(
    ("seen", "first", "before", "said"),
    [
        ({}, "2.13.0", "", "2.13.0, the oldest that answered"),
        ({"1.9": "right", "1.10": "wrong"}, "1.10", "1.9", "1.10; right in 1.9"),
        ({"1.9": "wrong"}, "1.9", "", "1.9, the oldest that answered"),
        ({"1.9": "fails", "9.9": "right"}, "2.13.0", "", "2.13.0; fails in 1.9"),
        ({"1.9": "refused"}, "2.13.0", "", "2.13.0; refused in 1.9"),
    ],
)
def test_since_when_a_finding_is_known(seen, first, before, said):
    (found,) = of_versions.dated([FINDING], [], {FINDING.id: seen})
    assert (found.first, found.before) == (first, before)
    assert said in changes_page._first(found)
    assert list(found.seen) == sorted(found.seen, key=of_versions.order)


def test_one_that_shows_at_every_matrix_is_dated_by_the_cases_of_all_versions():
    always = KNOWN["torch-pinv-truncated"]
    told = story(
        ("2.0", "agrees", "symmetric", "both"),
        ("2.1", "disagrees", "invalid", "both"),
        function="truncated_pseudoinverse",
        route=always.route,
    )
    (found,) = of_versions.dated([always], [told], {})
    assert found.runs == [("right", "2.0", "2.0"), ("wrong", "2.1", "2.13.0")]
    assert changes_page._runs(found) == "right 2.0, wrong 2.1 … 2.13.0"
    (other,) = of_versions.dated([FINDING], [told], {})
    assert list(other.seen) == ["2.13.0"]


def test_what_the_watch_says_of_findings_is_taken_in():
    later = release("2.14", **{FINDING.id: RIGHT, "another": "not installed"})
    said = of_versions.said_of_findings(Record([], []), [later])
    assert said == {FINDING.id: {"2.14": "right"}}


@pytest.fixture(scope="module")
def document():
    return changes_page.from_json((DOCS / "changes.json").read_bytes())


def test_the_page_of_changes_says_what_its_data_says(document):
    text = (DOCS / "changes.md").read_text(encoding="utf-8")
    assert text == linked(changes_page.to_markdown(document), DOCS), "run `make changes`"
    assert json.loads((DOCS / "changes.json").read_bytes())["toolkit"]["name"] == "symgrad"
    assert {finding.id for finding in document.findings} == set(KNOWN)
    for former in read_record().versions:
        name, version = former.framework.split("@")
        assert version in document.versions[name], "run `make changes`"


def test_the_claim_about_pytorch_has_its_boundary(document):
    told = [c for c in document.changes if "symeig" in c.route and "eigenvalue" in c.functions]
    assert {c.before for c in told} == {"upper", "lower"}
    assert {c.after for c in told} == {"symmetric"}
    (first,) = {c.first for c in told}
    assert first.startswith("1.3.")
    (before,) = {c.last for c in told}
    assert of_versions.order("1.2.0") <= of_versions.order(before) < of_versions.order("1.3")


@pytest.mark.slow
def test_the_page_is_made_of_the_records_alone(document, tmp_path, capsys):
    assert cli.main(["history", "--changes", "--output", str(tmp_path)]) == 0
    made = changes_page.from_json((tmp_path / "changes.json").read_bytes())
    assert made == document, "run `make changes`"
    assert "changes; " in capsys.readouterr().out


@pytest.mark.parametrize("options", [["-f", "torch"], ["--no-build"], ["--record", "x.json"]])
def test_changes_are_of_the_records_alone(options, capsys):
    assert cli.main(["history", "--changes", *options]) == 2
    assert "--changes runs nothing" in capsys.readouterr().err
