"""The command line above n = 100: what it accepts, rejects, refuses, and what it cannot do."""

import numpy as np
import pytest

from symgrad import cli
from symgrad.court.errors import InputError
from symgrad.report.document import from_json
from symgrad.symbolic.float64.eigenpairs import spectrum
from symgrad.symbolic.large_cases import LargeCase, draw, parse_floats

N = 150
NUMPY = ["-n", str(N), "-f", "numpy", "--quiet"]


def random_rows(n, seed=0):
    A = np.random.default_rng(seed).standard_normal((n, n))
    return (A + A.T) / 2


def test_a_large_matrix_is_accepted(tmp_path, capsys):
    output = tmp_path / "run.json"
    functions = ["eigenvalue[0]", "eigenvalue[149]", "det", "log_det", "weighted_inverse"]
    functions += ["singular_value[3]", "condition_number", "ky_fan_norm[2]", "inverse_entry[9,4]"]
    functions += ["inverse_quadratic_form", "gaussian_log_likelihood", "trace_cube", "sum_entries"]
    assert cli.main([*functions, *NUMPY, "--json", str(output)]) == 0
    assert ", 0 disagree, 0 refused, 0 failed" in capsys.readouterr().out
    verdicts = from_json(output.read_bytes()).verdicts
    assert {v.function for v in verdicts} == set(functions)
    for v in verdicts:
        assert np.shape(v.gradient) == (N, N)
        assert v.point == {"seed": "0", "draw": "0"}
        assert [c.name[0] for c in v.parameters] == ["x"]
    reads = {v.route: v.reads for v in verdicts if v.function == "eigenvalue[0]"}
    assert reads["np.linalg.eigh(UPLO='L')"] == "lower"
    assert reads["np.linalg.eigh(UPLO='U')"] == "upper"
    assert reads["np.linalg.eig"] == "entries"


@pytest.mark.slow
def test_every_framework_reports_large_gradients(capsys):
    assert cli.main(["eigenvalue[0]", "-n", "101", "-f", "torch", "-f", "tensorflow"]) == 0
    shown = capsys.readouterr().out
    assert "eigenvalue[0] of symmetric(101) in float64 at seed = 0" in shown
    assert "all 5151 symmetric directions are judged, the worst is shown" in shown
    assert "tf.linalg.eigh" in shown


def test_frameworks_that_see_another_matrix_are_rejected(monkeypatch, capsys):
    true = LargeCase.problem

    def elsewhere(case, number):
        return true(case._replace(X=case.X + 1e-9 * random_rows(N)), number)

    monkeypatch.setattr(LargeCase, "problem", elsewhere)
    assert cli.main(["eigenvalue[3]", "log_det", *NUMPY]) == 1
    said = capsys.readouterr().out
    assert ": 0 agree, " in said
    assert ", 0 refused, 0 failed" in said


def test_draws_are_repeatable_different_and_in_the_domain(tmp_path):
    X = draw(N, "symmetric", 0, 0)
    assert np.array_equal(X, X.T)
    assert np.array_equal(X, draw(N, "symmetric", 0, 0))
    for other in (draw(N, "symmetric", 1, 0), draw(N, "symmetric", 0, 1)):
        assert not np.any(np.triu(X) == np.triu(other) + np.tril(np.ones((N, N)), -1))
    found = spectrum(draw(N, "positive definite", 0, 0))
    assert np.all(found.values > found.radii)
    assert not np.all(spectrum(X).values > 0)
    output = tmp_path / "run.json"
    command = ["trace", *NUMPY, "--points", "2", "--seed", "5", "--json", str(output)]
    assert cli.main(command) == 0
    points = [v.point for v in from_json(output.read_bytes()).verdicts]
    assert points == [{"seed": "5", "draw": "0"}, {"seed": "5", "draw": "1"}]


@pytest.mark.parametrize("n", [101, 500, 1000])
def test_the_determinant_of_a_draw_is_in_range(n):
    assert abs(np.linalg.slogdet(draw(n, "invertible", 0, 0))[1]) < 100


def test_a_large_matrix_can_come_from_a_file(tmp_path, capsys):
    X, file = random_rows(N), tmp_path / "matrix.txt"
    file.write_text("\n".join(", ".join(map(repr, row)) for row in X.tolist()))
    command = ["-f", "numpy", "--matrix", str(file)]
    assert cli.main(["eigenvalue[1]", *command]) == 0
    shown = capsys.readouterr().out
    assert "eigenvalue[1] of symmetric(150) in float64 at the given matrix" in shown
    assert "judged at the entries of X as float64 reads them" in shown
    assert cli.main(["log_det", *command]) == 2
    assert "could not be proved positive definite" in capsys.readouterr().out
    X[3, 5] += 1e-9
    file.write_text("\n".join(" ".join(map(repr, row)) for row in X.tolist()))
    assert cli.main(["eigenvalue[1]", *command]) == 2
    assert "the matrix is not symmetric: entry (3, 5) is" in capsys.readouterr().err


def test_entries_are_rounded_once():
    X = parse_floats("0.1 1/3; 1/3, 1e-400")
    assert X.tolist() == [[0.1, 1 / 3], [1 / 3, 0.0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2; 2", "is not square: it has 2 rows, and 1 entries in row 1"),
        ("1 2; 3 1", "is not symmetric: entry (0, 1) is 2.0, entry (1, 0) is 3.0"),
        ("1 x; x 1", "'x' is not a finite rational number"),
        ("1 nan; nan 1", "'nan' is not a finite rational number"),
        ("1 inf; inf 1", "'inf' is not a finite rational number"),
        ("1 1/0; 1/0 1", "'1/0' is not a finite rational number"),
        ("1 1e400; 1e400 1", "an entry of X is 1e400, too large for float64"),
        ("1 1e400/3; 1e400/3 1", "'1e400/3' is not a finite rational number"),
        (f"1 {10**400}/3; {10**400}/3 1", "too large for float64"),
        ("", "it has no rows"),
    ],
)
def test_matrices_that_cannot_be_used(text, message):
    with pytest.raises(InputError) as caught:
        parse_floats(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


IMPOSSIBLE = {
    "eigenvalue -n 150": "above 100 name one eigenvalue, as eigenvalue[0]",
    "eigenvalue[150] -n 150": "function 'eigenvalue[150]' does not exist at size 150",
    "projector[0] -n 150": "above 100 there is no float64 route to projector; choose one",
    "log_dett -n 150": "unknown function 'log_dett'; did you mean 'log_det'?",
    "-n 150": "above 100 name the function, one of eigenvalue[0], largest_eigenvalue, ",
    "det -n 150 -p toeplitz": "above 100 a matrix is symmetric(n) in float64; toeplitz is not",
    "det -n 150 -p toplitz": "unknown parameterization 'toplitz'; did you mean 'toeplitz'?",
    "det -n 150 --dtype float32": "above 100 a matrix is symmetric(n) in float64; float32 is not",
    "det -n 150 --point a=1": "above 100 a point is given by --matrix, not by --point",
    "det -n 150 --forward": "above 100 forward mode would take 11325 passes; leave it out",
    "inverse_entry -n 150": "above 100 name one inverse_entry, as inverse_entry[0,0]",
    "trace_exp -n 150": "above 100 there is no float64 route to trace_exp; choose one",
    "det -n 2001": "size 2001: enclosures are computed for sizes 1 to 2000",
}


@pytest.mark.parametrize(("command", "message"), IMPOSSIBLE.items(), ids=IMPOSSIBLE)
def test_what_is_not_possible_is_one_line_and_status_2(command, message, capsys):
    assert cli.main([*command.split(), "-f", "numpy", "--quiet"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err


@pytest.mark.slow
@pytest.mark.parametrize("n", [500, 1000, 2000])
def test_larger_matrices_are_accepted(n, capsys):
    assert cli.main(["eigenvalue[0]", "-n", str(n), "-f", "numpy", "-f", "torch"]) == 0
    assert ", 0 disagree, 0 refused, 0 failed" in capsys.readouterr().out
