"""Bad input of every kind: no traceback, no hang, no wrong verdict, and nothing is executed."""

import ast
import json
import runpy
from operator import attrgetter
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.trial import fuzz
from lab.trial.fuzz import TRIALS, BrokenError, Outcome, attempt, call, check
from symgrad.court.data import decode, plain
from symgrad.court.errors import InputError
from symgrad.numeric.conversation import reported
from symgrad.report import document
from symgrad.report.run import Run
from symgrad.studies.atlas import page as atlas
from symgrad.studies.findings import page as findings
from symgrad.studies.findings import record as known
from symgrad.symbolic.extension import running
from symgrad.symbolic.points import parse_rational

ROOT = Path(__file__).parent.parent
MODEST = settings(
    derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
RANDOMS = st.randoms(use_true_random=False)


def sound(kind, rng):
    """Try one input, and fail with it if it broke something."""
    tried, error = attempt(kind, rng)
    if error is not None:
        raise AssertionError(f"{type(error).__name__}: {error}\n{tried!r}") from error


@settings(MODEST, max_examples=60)
@given(RANDOMS)
def test_command_lines(rng):
    sound("command line", rng)


@pytest.mark.slow
@settings(MODEST, max_examples=20)
@given(RANDOMS)
def test_function_files(rng):
    sound("function file", rng)


@settings(MODEST, max_examples=300)
@given(RANDOMS)
def test_json_that_is_read_back(rng):
    sound("JSON", rng)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TRIALS)
def test_many_more_of_each(kind):
    for seed in range({"JSON": 5000}.get(kind, 400)):
        sound(kind, Random(f"test {seed}"))


# The fuzzer itself can fail


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(4, "", ""),
        Outcome(2, "", ""),
        Outcome(2, "", "error: this\nerror: and that\n"),
        Outcome(2, "", "Traceback (most recent call last):\n"),
        Outcome(0, "", "Exception ignored in: nothing\n"),
        Outcome(2, "", "error: 'x' (KeyError; --debug shows where)\n"),
    ],
)
def test_the_fuzzer_sees_what_no_command_may_do(outcome):
    check(Outcome(0, "", ""))
    check(Outcome(2, "", "error: this\n"))
    check(Outcome(2, "1 gradient: 0 agree\n", ""))
    with pytest.raises(BrokenError):
        check(outcome)


def test_the_fuzzer_sees_a_wrong_gradient_that_agrees(monkeypatch):
    right = fuzz.own_file

    def denied(rng):
        return right(rng)._replace(is_right=False)

    monkeypatch.setattr(fuzz, "own_file", denied)
    found = (attempt("function file", Random(seed))[1] for seed in range(60))
    assert any("what is wrong agrees" in str(error) for error in found)


def test_the_fuzzer_sees_a_reader_that_raises_or_executes(monkeypatch):
    def careless(text, folder):
        (folder / "executed").touch()

    for reader, said in ((careless, "it was executed"), (lambda *_: 1 / 0, "division by zero")):
        monkeypatch.setattr(fuzz, "READERS", {"run": reader})
        _, error = attempt("JSON", Random(0))
        assert said in str(error)


# What it found


def said_of(arguments, status=2):
    """The one line that is said of a command line."""
    outcome = call(["-f", "numpy", *arguments] if arguments[0] != "atlas" else arguments)
    assert outcome.status == status, outcome
    check(outcome)
    return outcome.err.strip()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dett"], "unknown function 'dett'; did you mean 'det'?"),
        (["eigenvalue[0]"], "unknown function 'eigenvalue[0]'; did you mean 'eigenvalue'?"),
        (["det", "-n", "0"], "size 0: an atlas has sizes 1 to 100"),
        (["det", "-n", "101"], "size 101: an atlas has sizes 1 to 100"),
    ],
)
def test_an_atlas_of_what_there_is_not(words, said, tmp_path):
    arguments = ["atlas", *words, "-f", "numpy", "--output", str(tmp_path / "atlas")]
    assert said_of(arguments) == f"error: {said}"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--timeout", "nan", "is no time"),
        ("--memory", "9" * 30, "is not in the range"),
        ("--point", "a=1e99999999, b=0, c=0", "too large or too small: see its exponent"),
        ("--matrix", "1e-99999999 0; 0 1", "too large or too small: see its exponent"),
    ],
)
def test_numbers_that_are_none_or_take_for_ever(option, value, said):
    assert said in said_of(["det", option, value])
    assert call(["det", "-f", "numpy", "--timeout", "inf", "--point", "a=2, b=1, c=3"]).status == 0


def test_exponents_within_reason_are_read():
    assert parse_rational("1e400") == 10**400
    assert parse_rational("1E-4_9") * 10**49 == 1
    with pytest.raises(InputError, match="exponent"):
        parse_rational("1e5001")


@pytest.mark.parametrize(
    ("exact", "route", "matrix", "outcome"),
    [
        ("sympy.sqrt((X * X).trace())", "(X @ X).trace().sqrt()", "0", "refused"),
        ("sympy.sqrt((X * X).trace())", "(X @ X).trace().sqrt()", "-2", "agree"),
        ("sympy.Abs(X.trace())", "X.trace().abs()", "1 0; 0 -1", "refused"),
        ("sympy.Abs(X.trace())", "X.trace().abs()", "1 0; 0 -2", "agree"),
    ],
)
def test_a_modulus_has_no_derivative_at_zero(exact, route, matrix, outcome, tmp_path):
    file = tmp_path / "kink.py"
    file.write_text(
        "import sympy\nformula, domain, citation = 'f', 'symmetric', 'none'\n"
        f"exact = lambda X: {exact}\nroutes = {{'torch': {{'f': lambda X: {route}}}}}\n"
    )
    done = call([str(file), "-f", "torch", f"--matrix={matrix}"])
    assert f"1 {outcome}" in done.out
    assert ("neither |u| nor the sign of u has one" in done.out) == (outcome == "refused")


@pytest.mark.parametrize(
    ("route", "said"),
    [("float(X.trace())", "the route gave a float, not a tensor"), ("X.trace()", "1 agree")],
)
def test_a_route_without_a_tensor_is_told_so(route, said, tmp_path):
    file = tmp_path / "plain.py"
    file.write_text(
        "formula, domain, citation = 'f', 'symmetric', 'none'\n"
        f"exact = lambda X: X.trace()\nroutes = {{'torch': {{'f': lambda X: {route}}}}}\n"
    )
    assert said in " ".join(call([str(file), "-f", "torch", "--points", "1"]).out.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-p", "hermitian", "--matrix", "1 2; 2 5"], "1 agree"),
        (["--matrix", "2 i; -i 3"], "1 agree"),
        (["--matrix", "2 1i; -1i 3", "-p", "hermitian"], "1 agree"),
    ],
)
def test_a_hermitian_matrix_is_asked_as_one(arguments, said):
    assert said in call(["trace", "-f", "numpy", *arguments]).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--matrix", "2 i; i 3"], "the matrix is not Hermitian"),
        (["--matrix", "2 i; -i 3", "-p", "toeplitz"], "leave it out"),
        (["--matrix", "2 i; -i 3", "--dtype", "float16"], "no complex dtype"),
    ],
)
def test_a_matrix_that_is_no_hermitian_one_is_told_so(arguments, said):
    assert said in call(["trace", "-f", "numpy", *arguments]).err


def test_a_matrix_whose_inverse_overflows_is_refused_without_a_warning():
    outcome = call(["det", "-f", "numpy", "--matrix", "1e-308 0; 0 1"])
    check(outcome)
    assert outcome.err == ""
    assert "refused: numpy, np.linalg.det: out of range" in outcome.out


def test_words_that_are_no_utf8_are_written_out(tmp_path):
    assert plain("é\udcff") == "é\\udcff"
    path = tmp_path / "run.json"
    said_of(["d\udcff", "--json", str(path)])
    assert "d\\udcff" not in plain("det")
    outcome = call(["det", "-f", "numpy", "--quiet", "--json", f"{tmp_path}/\udcff.json"])
    check(outcome)
    (written,) = tmp_path.glob("*.json")
    assert document.from_json(written.read_bytes()).command[-1].endswith("\\udcff.json")


OWN = """
formula, domain, citation = "f", "symmetric", "none"
def exact(X):
    {exact}
def route(X):
    import numpy as np
    return np.trace(X @ X), {factor} * X
routes = {{"numpy": {{{label!r}: route}}}}
{last}
"""


def own(tmp_path, exact="return (X**2).trace()", label="r", last="", factor=2):
    path = tmp_path / "mine.py"
    text = OWN.format(exact=exact, label=label, last=last, factor=factor)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return path


def test_a_route_with_a_name_that_is_no_utf8(tmp_path):
    path, told = own(tmp_path, label="a\udcffb"), tmp_path / "run.json"
    outcome = call([str(path), "-f", "numpy", "--points", "1", "--json", str(told)])
    assert outcome.status == 0
    check(outcome)
    assert document.from_json(told.read_bytes()).verdicts[0].route == "a\\udcffb"


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ("raise GeneratorExit", "GeneratorExit"),
        ("class E(BaseException): __str__ = None\nraise E", ": E"),
        ("raise StopIteration", "StopIteration"),
        ("raise SystemExit(0)", "SystemExit: 0"),
    ],
)
def test_a_file_that_ends_in_some_odd_way(last, said, tmp_path):
    line = said_of([str(own(tmp_path, last=last))])
    assert line.startswith(f"error: {tmp_path / 'mine.py'}")
    assert said in line


@pytest.mark.parametrize(
    "last",
    [
        "while True: pass",
        "while True:\n    try:\n        while True: pass\n    except Exception: pass",
    ],
)
def test_a_file_that_does_not_end(last, tmp_path):
    line = said_of([str(own(tmp_path, last=last)), "--timeout", "0.5"])
    assert line.startswith(f"error: {tmp_path / 'mine.py'}")
    assert "it does not end within 0.5 s (--timeout)" in line


def test_an_exact_that_does_not_end(tmp_path):
    path = own(tmp_path, exact="while True: pass")
    exact = runpy.run_path(str(path))["exact"]
    with (
        pytest.raises(InputError, match=r"mine\.py:4: exact: it does not end within 1 s"),
        running(path, 1, "exact: "),
    ):
        exact(None)
    line = said_of([str(path), "--timeout=0.5"])  # who ends it is the load's to say
    assert line.startswith(f"error: {path}")
    assert "not end within 0.5 s (--timeout)" in line
    assert call([str(own(tmp_path)), "-f", "numpy", "--timeout", "60"]).status == 0


def test_a_function_file_is_not_judged_at_hermitian_matrices_as_if_they_were_real(tmp_path):
    path = own(tmp_path)
    assert "exact is asked at real matrices" in said_of([str(path), "-p", "hermitian"])
    assert call([str(path), "-f", "numpy", "-p", "toeplitz"]).status == 0


def test_a_power_that_would_be_multiplied_out_a_million_times(tmp_path):
    path = own(tmp_path, exact="import sympy; return sympy.exp(10**6 * X[0, 0]**2)")
    outcome = call([str(path), "-f", "numpy", "--points", "1"])
    check(outcome)
    assert outcome.status == 2
    assert "out of range: f or its gradient exceeds float64 here" in " ".join(outcome.out.split())


def test_a_worker_says_what_it_reads_in_known_words():
    answer = {"problem": 0, "route": "r", "value": 1, "dtype": "float64", "reads": "lower"}
    answer["gradient"] = {"shape": [1, 1], "real": "AAAAAAAA8D8=", "imaginary": None}
    assert reported("numpy", "1", answer).reads == "lower"
    with pytest.raises(ValueError, match="what the route reads"):
        reported("numpy", "1", {**answer, "reads": 5})


# JSON is data


@pytest.mark.parametrize(
    "text", [b"\xff", b'{"a": "\xff"}', b"[" * 100_000, b"", b"{", b"[1e999999]"]
)
def test_what_is_no_json_is_one_error(text):
    for read in (document.from_json, atlas.from_json, findings.from_json):
        with pytest.raises(msgspec.DecodeError):
            read(text)
    with pytest.raises(InputError):
        known.read(text)


@pytest.mark.parametrize(
    "text", ["__import__('os').system('false')", "!!python/object/apply:os.system [false]", "{{1}}"]
)
def test_a_string_stays_a_string(text):
    run = Run({"name": text}, {text: text}, [text], [], [], [])
    assert decode(document.to_json(run), Run) == run
    assert decode(json.dumps([text]).encode(), list[str]) == [text]


NAME = attrgetter("name")
EXECUTING = {"eval", "exec", "compile", "__import__"}
UNSAFE = {"pickle", "marshal", "shelve", "yaml", "runpy", "importlib", "subprocess", "code"}
READERS = (
    "court/data.py",
    "studies/findings/record.py",
    "report/document.py",
    "studies/atlas/page.py",
    "studies/findings/page.py",
    "numeric/journal.py",
    "numeric/conversation.py",
    "numeric/transport.py",
    "studies/appendix/recheck/reading.py",
)


def means_of_execution(source):
    """What in a module could execute what it reads."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found |= {node.func.id} & EXECUTING
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names} & UNSAFE
        harmless = "importlib", ["metadata"]
        if isinstance(node, ast.ImportFrom) and (node.module, [*map(NAME, node.names)]) != harmless:
            found |= {(node.module or "").split(".")[0]} & UNSAFE
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found |= {"os.system"} if (node.value.id, node.attr) == ("os", "system") else set()
    return found


@pytest.mark.parametrize("name", READERS)
def test_no_reader_has_the_means_to_execute(name):
    source = (ROOT / name).read_text(encoding="utf-8")
    assert means_of_execution(source) == set()
    for planted in (
        "import pickle",
        "eval('1')",
        "import os\nos.system('')",
        "from yaml import load",
    ):
        assert means_of_execution(f"{source}\n{planted}\n")
