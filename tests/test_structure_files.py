"""``-p my_kernel.py``: a structure of a user's own, that says X(θ) in SymPy."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy

from symgrad import cli
from symgrad.court.errors import InputError
from symgrad.court.judging.judge import judge
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.certified.reference import refer
from symgrad.symbolic.limits import Limits
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS
from symgrad.symbolic.structure_files import load
from tests.helpers import exact_gradient, judged, report

EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "squared_exponential.py"
LIMITS = Limits(30)
FILE = """
from sympy import *
formula = "X_ij = a·b^|i−j|"
theta = ("a", "b")
def X(n, a, b):
    return Matrix(n, n, lambda i, j: a * b ** abs(i - j))
"""


def written(folder, text, name="my_kernel"):
    path = folder / f"{name}.py"
    path.write_text(text)
    return path


def test_a_file_says_what_the_catalogue_says(tmp_path):
    text = (
        FILE.replace("a * b **", "b **").replace('("a", "b")', '("b",)').replace("n, a, b", "n, b")
    )
    own, known = load(written(tmp_path, text), 4, LIMITS), PARAMETERIZATIONS["ar1"](4)
    third = Fraction(1, 3)
    assert own.at({"b": third}) == known.at({"ρ": third})
    assert own.directions({"b": third})["b"] == known.directions({"ρ": third})["ρ"]
    assert own.directions({"b": third})["b"] != known.directions({"ρ": third + Fraction(1, 2**60)})


def test_entries_that_are_no_rational_numbers_are_right_to_all_their_bits():
    x = load(EXAMPLE, 2, LIMITS)
    theta = {"ell": Fraction(3, 2), "s": Fraction(1), "t": Fraction(1, 4)}
    e = sympy.exp(-sympy.Rational(2, 9))
    X, slopes = x.at(theta), dict(x.directions(theta))
    assert abs(sympy.Rational(*X[0][1].as_integer_ratio()) - e).evalf(60) < 1e-38
    ((_, _, slope), _) = slopes["ell"]
    assert (
        abs(sympy.Rational(*slope.as_integer_ratio()) - e * sympy.Rational(8, 27)).evalf(60) < 1e-38
    )
    assert X[0][0] == Fraction(5, 4)
    assert slopes["t"] == ((0, 0, 1), (1, 1, 1))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("def X", "1 / 0\ndef X", "my_kernel.py:5: ZeroDivisionError"),
        ("    return", "    raise ValueError('no')\n    return", "py:6: X: ValueError: no"),
        ("def X", "def Y", "X must be a function of n"),
        ("formula", "formulas", "formula must be a text"),
        ("theta", "thetas", "the names of the parameters are needed"),
        ('"b")', '"b")\nparameters = len', "one of the two"),
        ('("a", "b")', '("a", "a")', "two parameters are named a"),
        ('("a", "b")', '("a", "b c")', "'b c' is no name of a parameter"),
        ('("a", "b")', '("a", "λ")', "'λ' is no name of a parameter"),  # which is an eigenvalue
        ('("a", "b")', "()", "is no name of a parameter"),
        ('("a", "b")', "7", "7 is no name of a parameter"),
        ('("a", "b")', '("a", "b", "c")', "py: X: TypeError"),
        ("a * b", "(a + i) * b", "X is not symmetric: X[1, 0] is b*(a + 1), X[0, 1] is a*b"),
        ("Matrix(n, n,", "Matrix(n, n + 1,", "X is not square: X(3, …) is 3×4"),
        ("Matrix(n, n,", "Matrix(2, 2,", "X(3, …) is 2×2; give the rows of X by -n 2"),
        ("a * b", "0.5 * a * b", "has the float 0.5; write Rational(1, 2) for 0.5"),
        ("a * b", "c * b", "X: NameError"),
        ("a * b", "Symbol('c') * a * b", "has the symbol c, none of those that it is given: a, b"),
        ("a * b", "Symbol('a') * a * b", "has the symbol a, none of those"),
        ("a * b", "Abs(a) * b", "X[0, 0] has Abs; write it by sums"),
        ("a * b", "Max(a, b) * b", "has Max"),
        ("a * b", "I * a * b", "has an I; a structure is of real matrices"),
        ("a * b", "oo * a * b", "which is no number"),
        ("a * b", "a + 0 * b", "the parameter b is not in X(3, …)"),
        (
            "Matrix(n, n, lambda i, j: a * b ** abs(i - j))",
            "[[a, b]]",
            "not list; write sympy.Matrix",
        ),
        ("def X", "points = [(0.5, 1)]\ndef X", "0.5 is no exact number; write Rational(1, 2)"),
        ("def X", "points = [(1, 2, 3)]\ndef X", "(1, 2, 3) is no value for each of a, b"),
        ("def X", "points = [{'a': 1}]\ndef X", "is no value for each of a, b"),
        ("def X", "points = 3\ndef X", "points must be a list"),
        ("def X", "points = [(1, 'x')]\ndef X", "is not a finite rational number"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(tmp_path, capsys, old, new, told):
    assert old in FILE
    path = written(tmp_path, FILE.replace(old, new, 1))
    assert cli.main(["det", "-p", str(path), "-n", "3", "-f", "numpy"]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.strip().splitlines()) == 1


@pytest.mark.parametrize("endless", ["while True: pass", "9 ** 9 ** 9 ** 9"])
def test_a_file_that_does_not_end_is_ended(tmp_path, capsys, endless):
    """Who ends it, the alarm or the parent, is the load's to say."""
    path = written(tmp_path, FILE.replace("    return", f"    {endless}\n    return"))
    assert cli.main(["det", "-p", str(path), "-n", "3", "-f", "numpy", "--timeout", "1"]) == 2
    error = capsys.readouterr().err
    assert "my_kernel.py:" in error
    assert "not end within 1 s (--timeout)" in error
    assert len(error.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a * b", "((a + i) * b + (a - i) * b) / 2 * b"),  # symmetric once it is multiplied out
        ("a * b", "Rational(1, 2) * a * b"),
        ("a * b", "exp(-a) * pi * b"),
        ("Matrix(n, n, lambda i, j: a * b ** abs(i - j))", "a * Identity(n) + b * OneMatrix(n, n)"),
        ("def X", "points = [(Rational(1, 2), 2), {'b': '0.5', 'a': 1}]\ndef X"),
        ("theta = ", "parameters = lambda n: "),
        ("def X", "points = lambda n: [(1, Rational(1, n))]\ndef X"),
    ],
)
def test_what_is_right_is_taken(tmp_path, old, new):
    assert old in FILE
    x = load(written(tmp_path, FILE.replace(old, new, 1)), 3, LIMITS)
    assert x.names == ("a", "b")
    X = x.at({"a": Fraction(1), "b": Fraction(1, 2)})
    assert all(X[i][j] == X[j][i] for i in range(3) for j in range(3))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-p", "{}", "--point", "a=1, b=1"], "X is not positive definite"),
        (["-p", "{}", "--point", "a=1, c=1"], "has the parameters a, b"),
        (["-p", "{}", "-p", "{}"], "two files define the structure my_kernel"),
        (["-p", "{}:X"], "is for a callable of a file"),
        (["-p", "{}x.py"], "there is no such file"),
        (["-p", "{}", "-n", "101"], "is not possible"),
        (["-p", "{}", "--matrix", "2 1; 1 2"], "cannot be read off a matrix"),
    ],
)
def test_how_it_cannot_be_asked_is_said_in_one_line(tmp_path, capsys, arguments, told):
    path = written(tmp_path, FILE)
    assert cli.main(["log_det", "-f", "numpy", *(a.format(path) for a in arguments)]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.strip().splitlines()) == 1


def test_a_name_of_the_catalogue_is_not_taken(tmp_path):
    with pytest.raises(InputError, match="toeplitz is in the catalogue already"):
        load(written(tmp_path, FILE, "toeplitz"), 2, LIMITS)


def test_a_point_without_a_derivative_is_none(tmp_path, capsys):
    path = written(tmp_path, FILE.replace("a * b **", "sqrt(a**2 + b**2 - 25) +"))
    ask = ["trace_exp", "-p", str(path), "-f", "numpy", "--quiet", "--point"]
    assert cli.main([*ask, "a=3, b=5"]) == 0
    assert cli.main([*ask, "a=3, b=4"]) == 2
    assert cli.main([*ask, "a=3, b=3"]) == 2
    assert "is no real number at a = 3, b = 3" in capsys.readouterr().err


ROUTES = ["-f", "numpy", "-f", "torch", "-f", "tensorflow"]


@pytest.mark.slow
def test_the_routes_of_frameworks_agree_in_new_structures(tmp_path):
    new = ["fixed_trace", "fixed_rank", "pencil", "correlation", str(EXAMPLE)]
    asked = [part for name in new for part in ("-p", name)]
    names = ["trace_square", "largest_eigenvalue"]
    status, by = judged(tmp_path, *names, *asked, *ROUTES, "-n", "3", "--points", "1")
    assert status == 0
    assert set(by) == {"numpy", "torch", "tensorflow"}
    for verdicts in by.values():
        assert {v.verdict for v in verdicts} == {"agrees"}
        assert {v.parameterization for v in verdicts} == {*new[:-1], "squared_exponential"}


@pytest.mark.parametrize("function", ["log_det", "weighted_inverse"])
def test_right_gradients_agree_and_planted_ones_disagree(function):
    x, (instance,) = load(EXAMPLE, 3, LIMITS), choose(function, 3)
    there = refer(instance, x, x.own_points()[0], "float64")
    S = exact_gradient(there)
    assert there.note == "judged at X(θ) rounded to float64"
    assert judge(there, report(there), "float64").verdict == "agrees"
    assert judge(there, report(there, convention="upper"), "float64").verdict == "agrees"
    doubled = report(there, 2 * S - np.diag(np.diag(S)))
    assert judge(there, doubled, "float64").verdict == "disagrees"
    for direction in there.directions:  # one parameter's derivative is off by 10⁻¹⁰
        D = np.zeros_like(S)
        for i, j, d in direction.D:
            D[i, j] = float(d)
        planted = report(there, S + 1e-10 * np.linalg.norm(S) / np.linalg.norm(D) * D)
        assert judge(there, planted, "float64").verdict == "disagrees"


def test_it_is_proved_by_both_routes(tmp_path, capsys):
    path = written(tmp_path, FILE)
    assert cli.main(["--prove", "det", "trace_square", "-p", str(path), "-n", "3"]) == 0
    told = capsys.readouterr().out
    assert "det of my_kernel(3): 2 residuals are zero; SymPy and python-flint" in told
