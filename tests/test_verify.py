"""The command line: the main job, chosen parts, bad input."""

import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from symgrad import cli, inquiry
from symgrad.commands.session import BAD_INPUT
from symgrad.court.verdicts import Claim
from symgrad.report import html, plot
from symgrad.report.answer import answer
from symgrad.report.document import from_json
from symgrad.studies.experiment import answer as screen
from symgrad.symbolic.proofs.conventions import prove_conventions
from tests.helpers import OWN

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What the main job writes, by the three required frameworks."""
    folder = tmp_path_factory.mktemp("run")
    options = ["-f", "numpy", "-f", "torch", "-f", "tensorflow", "--quiet"]
    for kind in ("json", "html", "plot"):
        options += [f"--{kind}", str(folder / kind)]
    assert cli.main(options) == 0
    return folder


@pytest.fixture(scope="module")
def main_job(written):
    """The main job's data."""
    return from_json((written / "json").read_bytes())


def test_the_main_job_settles_all_claims(main_job):
    assert [claim.id for claim in main_job.claims] == [f"C{k}" for k in range(1, 11)]
    assert all(claim.settled for claim in main_job.claims), main_job.claims
    assert all(isinstance(claim, Claim) and claim.how for claim in main_job.claims)


def test_the_main_job_covers_what_it_promises(main_job):
    eigen = [v for v in main_job.verdicts if v.function.startswith("eigenvalue") and v.size == 2]
    assert len({str(v.point) for v in eigen}) == 3
    routes = {v.route for v in eigen}
    for uplo in ("L", "U"):
        assert {f"np.linalg.eigh(UPLO='{uplo}')", f"torch.linalg.eigh(UPLO='{uplo}')"} <= routes
    assert {"tf.linalg.eigh", "tf.linalg.eigvalsh", "tf.linalg.eigvals"} <= routes
    sums = [v for v in main_job.verdicts if v.function == "sum_entries"]
    assert len(sums) == 6
    for v in sums:
        assert [(c.name, c.contracted, int(c.exact)) for c in v.parameters] == [
            ("a", 1.0, 1), ("b", 2.0, 2), ("c", 1.0, 1),
        ]  # fmt: skip
    assert {v.size for v in main_job.verdicts} == {2, 4}
    assert {v.evidence for v in eigen} == {"proved"}
    assert all(v.verdict == "agrees" for v in main_job.verdicts)


class Page(HTMLParser):
    """What a page would fetch, and what it holds."""

    def __init__(self, text):
        super().__init__()
        self.fetched, self.rows, self.text = [], 0, ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.rows += tag == "tr"
        self.fetched += [u for key in ("src", "href") if (u := given.get(key)) and u != "data:,"]
        self.fetched += re.findall(r"url\(|@import", given.get("style") or "")

    def handle_data(self, data):
        self.text += data


def test_a_page_has_all_and_fetches_nothing(written, main_job):
    page = Page((written / "html").read_text(encoding="utf-8"))
    assert page.fetched == []
    assert "All of them." in page.text
    assert "10 of 10 claims settled" in page.text
    assert page.rows > len(main_job.verdicts)
    for route in {v.route for v in main_job.verdicts}:
        assert route in page.text
    assert Page("<img src=x>").fetched == ["x"]


def test_an_answer_tells_what_is_wrong(main_job):
    eigen = [v for v in main_job.verdicts if v.function.startswith("eigenvalue")]
    experiment = [v for v in eigen if v.size == 4]
    right = answer(eigen, experiment, main_job.identities)
    assert (right.right, right.is_one_number, right.why) == (right.judged, True, {})
    first = experiment[0]
    planted = msgspec.structs.replace(first, verdict="disagrees", reason="it is tril(S)")
    others = [planted if v is first else v for v in eigen]
    wrong = answer(others, [planted, *experiment[1:]], main_job.identities)
    assert (wrong.judged - wrong.right, wrong.is_one_number) == (1, False)
    console = Console(file=io.StringIO(), width=80)
    screen.show(console, wrong)
    shown = " ".join(console.file.getvalue().split())
    assert "NOT one number" in shown
    assert "All of them" not in shown
    assert f"Wrong: {first.route}, it is tril(S)" in shown


def test_what_a_user_names_is_escaped_on_the_page(main_job):
    planted = msgspec.structs.replace(main_job.verdicts[0], route="<script>alert(1)</script>")
    run = msgspec.structs.replace(main_job, verdicts=[planted])
    page = html.render(run, None, None).decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_a_picture_is_the_same_for_the_same_run(written, main_job):
    drawn = (written / "plot").read_bytes()
    assert drawn.startswith(b"<?xml")
    assert drawn == plot.to_svg(main_job.plot())
    other = msgspec.structs.replace(main_job, verdicts=main_job.verdicts[1:])
    assert drawn != plot.to_svg(other.plot())


def test_files_of_one_name_are_refused(tmp_path, capsys):
    both = [f"--{kind}={tmp_path / 'one'}" for kind in ("json", "html")]
    assert cli.main(["trace", "-f", "numpy", "--quiet", *both]) == BAD_INPUT
    assert "give each a file of its own" in capsys.readouterr().err


def test_the_main_job_answers_last(capsys):
    assert cli.main(["-f", "numpy", "-f", "torch"]) == 0
    shown = capsys.readouterr().out
    parts = [
        "λ_min",
        "numpy 2",
        "torch 2",
        "G01 + G10",
        "Routes by",
        "counts entries",
        "Who is right?",
    ]
    places = [shown.index(part) for part in parts]
    assert places == sorted(places)
    assert "\x1b" not in shown  # no colour where there is no terminal
    *lines, last = shown.rstrip().splitlines()
    assert len(lines) < 39
    assert last.startswith("94 gradients: 94 agree")


def test_the_parts_of_the_main_job_are_an_option_away(capsys):
    assert cli.main(["-f", "numpy", "--verbose"]) == 0
    shown = capsys.readouterr().out
    parts = ["1  x = ", "λ₁ =", "│ refuted", "2  What", "3  The sum", "4  The ref", "5  The claims"]
    places = [shown.index(part) for part in [*parts, "Who is right?"]]
    assert places == sorted(places)
    assert cli.main(["-f", "numpy", "--section", "sum", "--section", "claims"]) == 0
    shown = capsys.readouterr().out
    assert [part in shown for part in parts] == [False, False, False, False, True, False, True]
    assert shown.rstrip().splitlines()[-1].startswith("32 gradients: 32 agree")
    assert cli.main(["det", "-f", "numpy", "--section", "sum"]) == BAD_INPUT
    assert "--section sum is a part of the main job" in capsys.readouterr().err


def test_chosen_parts(tmp_path, capsys):
    output = tmp_path / "run.json"
    options = "eigenvalue[1] log_det --framework torch --parameterization toeplitz --size 4"
    options += " --dtype float32 --seed 7 --points 2"
    assert cli.main([*options.split(), "--json", str(output)]) == 0
    run = from_json(output.read_bytes())
    assert {v.function for v in run.verdicts} == {"eigenvalue[1]", "log_det"}
    assert {(v.framework, v.parameterization, v.size, v.dtype) for v in run.verdicts} == {
        ("torch", "toeplitz", 4, "float32")
    }
    assert run.claims == []
    assert run.command[-2:] == ["--json", str(output)]
    assert "log_det of toeplitz(4) in float32 at 2 points" in capsys.readouterr().out


def test_proofs_on_request(capsys):
    assert cli.main(["--prove", "-n", "2", "-p", "symmetric", "-p", "ar1"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "every convention of symmetric(2)" in shown
    assert "the closed formula equals the implicit derivative" in shown
    assert "log_det of ar1(2): 1 residual is zero; SymPy and python-flint" in shown
    assert shown.endswith("as stated, 0 not")
    assert cli.main(["--prove", "eigenvalue", "-n", "8", "--quiet"]) == 0
    assert capsys.readouterr().out == "253 identities for all parameters: 253 as stated, 0 not\n"


@pytest.mark.parametrize("command", ["det -n 5", "eigenvalue -n 11", "eigenvalue -n 5 -p toeplitz"])
def test_what_is_too_large_to_prove_says_so(command, capsys):
    assert cli.main(["--prove", *command.split()]) == 2
    assert capsys.readouterr().err.startswith("error: size ")


def test_a_wrong_theorem_is_not_proved(capsys, monkeypatch):
    import symgrad.symbolic.proving as module

    def falsified(n):
        identities = prove_conventions(n)
        return [msgspec.structs.replace(identities[0], vanishes=False, residual="x"), *identities]

    monkeypatch.setattr(module, "prove_conventions", falsified)
    assert cli.main(["--prove", "trace"]) == 1
    assert "NOT PROVED" in capsys.readouterr().out


def test_quiet_is_one_line(capsys):
    assert cli.main(["trace", "-f", "numpy", "--quiet"]) == 0
    line = "3 gradients: 3 agree, 0 inaccurate, 0 disagree, 0 refused, 0 failed\n"
    assert capsys.readouterr().out == line


def test_the_same_command_gives_the_same_bytes(tmp_path):
    texts = []
    for name in ("first", "second"):
        output = tmp_path / name
        cli.main(["det", "-f", "numpy", "-f", "torch", "--quiet", "--json", str(output)])
        texts.append(output.read_text().replace(str(output), ""))
    assert texts[0] == texts[1]


def test_list_has_a_line_for_each_name(capsys):
    assert cli.main(["--list"]) == 0
    shown = capsys.readouterr().out
    for name in ("log_det", "log det X", "toeplitz", "ar1", "Frameworks (-f): numpy"):
        assert name in shown
    assert "np.linalg.slogdet" not in shown
    assert len(shown.splitlines()) < 80


def test_list_tells_all_about_a_name(capsys):
    assert cli.main(["--list", "eigenvalue", "-f", "numpy"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for told in ("Magnus", "proved for n = 1 to 4", "(λ0 - c)/(2*λ0 - a - c)", "np.linalg.eigh("):
        assert told in shown
    assert "np.linalg.slogdet" not in shown
    assert "installed" not in shown
    assert cli.main(["--list", "toeplitz"]) == 0
    assert "[t0, t1, t2; t1, t0, t1; t2, t1, t0]" in capsys.readouterr().out
    assert cli.main(["--list", "-f", "numpy"]) == 0
    assert "np.linalg.slogdet" in capsys.readouterr().out
    assert cli.main(["--list", "toeplit"]) == BAD_INPUT
    assert "did you mean 'toeplitz'?" in capsys.readouterr().err


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    "matrix",
    [
        # the pair 1, 1 + 2.3e-10 has directions in which entries of S have no first derivative
        "17179869183/8589934592 8589934593/8589934592 1;"
        "8589934593/8589934592 17179869183/8589934592 1; 1 1 2",
        "1e-160 1e-165; 1e-165 1.0001e-160",
        "1e-25 1e-33 0; 1e-33 1.0000001e-25 1e-33; 0 1e-33 3e-25",
        "1 1.2e-15; 1.2e-15 1",
        "1 1e-90; 1e-90 1",
        "2e-170 1e-170; 1e-170 3.3e-170",
        "1e200 0; 0 2",
        "1e100 3; 3 2",
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_no_correct_gradient_is_called_wrong_at_a_difficult_point(matrix, dtype, tmp_path, capsys):
    functions = ["eigenvalue", "log_det", "inverse_quadratic_form", "trace_square", "det"]
    domains = functions if "17179869183" not in matrix else functions[:1]
    command = [*domains, "--matrix", matrix, "--dtype", dtype, "-f", "numpy", "-f", "torch"]
    output = tmp_path / "verdicts.json"
    status = cli.main([*command, "--quiet", "--json", str(output)])
    told = capsys.readouterr().err
    if not output.exists():
        assert "too large for float32" in told
        return
    wrong = [v for v in json.loads(output.read_text())["verdicts"] if v["verdict"] == "disagrees"]
    # rounded to float32 the second and the sixth are 0, where log|det X| has no derivative
    assert not [v for v in wrong if "exactly it is finite" not in v["reason"]]
    assert {v["route"] for v in wrong} <= {"torch.linalg.slogdet"}
    assert status in ((1,) if wrong else (0, 2))


BAD = {
    "log_dett": "unknown function 'log_dett'; did you mean 'log_det'?",
    "det -f torhc": "unknown framework 'torhc'; did you mean 'torch'?",
    "det -p toplitz": "unknown parameterization 'toplitz'; did you mean 'toeplitz'?",
    "det -n 0": "size 0: enclosures are computed for sizes 1 to 2000",
    "det -n -2": "size -2",
    "det -n 2001": "size 2001",
    "eigenvalue[2]": "function 'eigenvalue[2]' does not exist at size 2",
    "nowhere.py": "nowhere.py: there is no such file",
    "log_det --point a=1,b=2,c=1": "its leading 2×2 minor is -3",
    "det --point a=1,b=2": "--point gives a, b; symmetric(2) has the parameters a, b, c",
    "det --point a=1,b=inf,c=2": "'inf' is not a finite rational number",
    "det --point a=1,b=1/0,c=2": "'1/0' is not a finite rational number",
    "det --point a": "--point 'a' is not of the form",
    "det -p ar1 --point ρ=1": "|ρ| < 1 is needed",
    "det --matrix 1,2;3,4": "the matrix is not symmetric: entry (1, 0) is 3, entry (0, 1) is 2",
    "det --matrix 1,2;3": "the matrix is not square",
    "det --matrix 1,2,2,1": "rows are told apart by ; as in '2 1; 1 3'",
    "det -f torch,jax": "-f takes one framework, and is repeated: -f torch -f jax",
    "--list mine.py": "mine.py: --list tells of names",
    "det --matrix nan,2;2,1": "'nan' is not a finite rational number",
    "det --points 0": "'--points'",
    "det --dtype int8": "'--dtype'",
    "det --json /proc/nowhere/run.json": "cannot be written",
    "atals": "did you mean the command atlas?",
    "list": "did you mean --list?",
    "--bogus": "No such option '--bogus'",
    "det --matrix 1e400,0;0,2": "too large for float64",
    "det --matrix 1e40,0;0,2 --dtype float32": "too large for float32",
    "det --matrix nosuch.txt": "--matrix nosuch.txt: cannot be read as rows or as a file",
    "det --matrix 1,2;2,1 --point a=1,b=2,c=3": "leave out --size and --point",
    "det --matrix 1,2;2,1 -p ar1": "|ρ| < 1 is needed",
    "det --point a=1,a=2,b=1,c=3": "a parameter twice",
    "det --matrix 2,1j;-1j,3": "'1j' is no number here; write i for the imaginary unit, as in 1+2i",
    "det --matrix 2,(1+1J);1-1i,3": "'(1+1J)' is no number here; write i for the imaginary unit",
    "det --matrix 1,0;0,1 --gradient 1,j;0,1": "'j' is no number here; write i",
    "det --matrix 1,xj;xj,1": "'xj' is not a finite rational number",
}


@pytest.mark.parametrize(
    "command",
    [
        "atlas det -f numpy",
        "watch -f jax --offline",
        "findings -f torch",
        "disputes -f torch",
        "history --no-build -f numpy@1.21.0",
        "history --changes",
    ],
)
def test_a_folder_that_cannot_be_made_is_one_line_and_status_3(command, tmp_path, capsys):
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "new"
    assert cli.main([*command.split(), "--output", str(folder)]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"error: {folder}: cannot be made, Not a directory\n"


@pytest.mark.parametrize(("command", "message"), BAD.items(), ids=BAD)
def test_bad_input_is_one_line_and_status_2(command, message, capsys):
    frameworks = [] if " -f " in command else ["-f", "numpy"]
    assert cli.main([*command.split(), *frameworks, "--quiet"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err


def test_debug_shows_the_traceback():
    with pytest.raises(ValueError, match="unknown function"):
        cli.main(["log_dett", "-f", "numpy", "--debug"])


def test_a_framework_that_is_asked_for_and_missing_is_status_3(monkeypatch, capsys):
    monkeypatch.setattr(inquiry, "is_installed", lambda name: name != "jax")
    assert cli.main(["trace", "-f", "numpy", "-f", "jax", "--quiet"]) == 3
    assert capsys.readouterr().out.rstrip().endswith("jax is not installed")
    assert cli.main(["trace", "-f", "jax", "--quiet"]) == 3
    assert cli.main(["trace", "-f", "numpy", "--quiet"]) == 0


def test_a_point_without_a_derivative_is_refused_and_nothing_is_judged(capsys):
    command = ["eigenvalue[0]", "-f", "numpy", "--quiet"]
    assert cli.main([*command, "--matrix", "1 0; 0 1"]) == 2
    assert "3 refused" in capsys.readouterr().out
    assert cli.main([*command, "--matrix", "1 0; 0 1.001"]) == 0


def test_a_matrix_can_come_from_a_file(tmp_path, capsys):
    file = tmp_path / "matrix.txt"
    file.write_text("2 1/3\n1/3 1\n")
    assert cli.main(["trace", "-f", "numpy", "--quiet", "--matrix", str(file)]) == 0
    assert "1 agree" in capsys.readouterr().out


def test_an_output_that_fails_leaves_what_was_there(tmp_path):
    output = tmp_path / "run.json"
    output.write_text("before")
    assert cli.main(["log_dett", "-f", "numpy", "--json", str(output)]) == 2
    assert output.read_text() == "before"
    assert os.listdir(tmp_path) == ["run.json"]
    assert cli.main(["trace", "-f", "numpy", "--quiet", "--json", str(output)]) == 0
    assert json.loads(output.read_text())["verdicts"]
    assert os.listdir(tmp_path) == ["run.json"]


MISTAKES = {
    "a missing domain": ('domain = "symmetric"', "", "domain is missing"),
    "an unknown domain": ('"symmetric"', '"compact"', "domain 'compact' is unknown; choose one of"),
    "an empty citation": ('"linear"', '""', "citation must be a text"),
    "an unknown framework": ('{"numpy": {', '{"numppy": {', "did you mean 'numpy'?"),
    "routes that are no dict": ('{"np.trace": by_numpy}', "by_numpy", "must be a dict"),
    "a syntax error": ("def exact(X):", "def exact(X)", ".py:5: SyntaxError"),
    "an error at import": ("formula =", "1/0; formula =", ".py:2: ZeroDivisionError"),
    "an exact side that raises": ("X.trace()", "X.tarce()", ".py:6: exact: AttributeError"),
    "an exact side that exits": ("X.trace()", "exit(0)", ".py:6: exact: SystemExit"),
    "a file that exits": ("formula =", "exit(0); formula =", ".py:2: SystemExit"),
    "a float": ("X.trace()", "0.5 * X.trace()", "write sympy.Rational(1, 2) for 0.5"),
    "a route that has no name": ('"np.trace"', "(1, 2)", "must be a dict, route name → function"),
    "an exact side that gives a matrix": ("X.trace()", "X", "must give a scalar SymPy expression"),
}


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_function_file_says_what_and_where(tmp_path, capsys, old, new, message):
    file = tmp_path / "mine.py"
    file.write_text(OWN)
    assert cli.main([str(file), "-f", "numpy", "--quiet"]) == 0
    capsys.readouterr()
    file.write_text(OWN.replace(old, new))
    assert cli.main([str(file), "-f", "numpy", "--quiet"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert str(file) in captured.err


def test_a_function_file_may_not_take_a_name_of_the_catalogue(tmp_path, capsys):
    file = tmp_path / "det.py"
    file.write_text(OWN)
    assert cli.main([str(file), "-f", "numpy", "--quiet"]) == 2
    assert "rename the file" in capsys.readouterr().err


def test_two_files_of_one_name_are_told_apart(tmp_path, capsys):
    files = [tmp_path / folder / "mine.py" for folder in ("one", "two")]
    for file in files:
        file.parent.mkdir()
        file.write_text(OWN)
    assert cli.main([*map(str, files), "-f", "numpy", "--quiet"]) == 2
    assert "two files define the function mine" in capsys.readouterr().err


def test_a_function_without_a_route_says_so(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(OWN)
    assert cli.main([str(file), "-f", "torch", "--quiet"]) == 2
    assert "no route of these frameworks computes it" in capsys.readouterr().out


def test_a_rounded_point_is_said_to_be_rounded(tmp_path):
    output = tmp_path / "run.json"
    for point, note in (
        ("a=1/3, b=1, c=2", "judged at X(θ) rounded to float64"),
        ("a=1, b=1, c=2", ""),
    ):
        command = ["det", "--point", point, "-f", "numpy", "--quiet", "--json", str(output)]
        assert cli.main(command) == 0
        assert {v.reason for v in from_json(output.read_bytes()).verdicts} == {note}


def test_a_reader_that_leaves_changes_nothing(tmp_path):
    output = tmp_path / "run.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "symgrad", "trace", "-f", "numpy", "--json", str(output)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0
    assert from_json(output.read_bytes()).verdicts


def test_an_output_may_be_a_link(tmp_path):
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    link.symlink_to(target)
    assert cli.main(["trace", "-f", "numpy", "--quiet", "--json", str(link)]) == 0
    assert link.is_symlink()
    assert from_json(target.read_bytes()).verdicts


def test_a_gradient_that_is_truly_wrong_is_convicted(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(OWN.replace("np.eye(len(X))", "np.eye(len(X)) * 1.000001"))
    assert cli.main([str(file), "-f", "numpy"]) == 1
    shown = capsys.readouterr().out
    assert "the contraction with ∂X/∂a is 1.000001, exactly 1.0" in shown
    assert "3 disagree" in shown


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", ["frobenius_norm", "multivariate_normal"])
def test_the_examples(name, capsys):
    file = Path(__file__).parent.parent / "docs" / "examples" / f"{name}.py"
    assert cli.main([str(file), "-n", "3", "-p", "symmetric", "-p", "ar1", "--quiet"]) == 0
    assert "0 disagree, 0 refused, 0 failed" in capsys.readouterr().out


@pytest.mark.sampled(1)
@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252", "utf-8"])
def test_a_terminal_is_told_everything_in_the_characters_that_it_has(encoding):
    command = [sys.executable, "verify.py", "trace", "-f", "numpy", "--verbose"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    out = done.stdout.decode(encoding)
    assert out.endswith("3 gradients: 3 agree, 0 inaccurate, 0 disagree, 0 refused, 0 failed\n")
    assert "\\u" not in out
    assert ("⟨G, ∂X/∂θ⟩" in out) == (encoding == "utf-8")
    assert ("<G, dX/d" in out) == (encoding != "utf-8")
    bad = subprocess.run([*command[:2], "λ"], cwd=ROOT, env=environment, capture_output=True)
    assert bad.returncode == 2
    assert b"unknown function" in bad.stderr
