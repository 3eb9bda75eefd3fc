"""One's own route to a function that the catalogue knows: a file whose ``exact`` is its name."""

import numpy as np
import pytest

from symgrad import cli
from symgrad.commands.session import BAD_INPUT, DISAGREES
from symgrad.court.errors import InputError
from symgrad.symbolic.catalogue import choose, instances
from symgrad.symbolic.certified.reference import refer
from symgrad.symbolic.extension import load_function
from symgrad.symbolic.parameterizations import symmetric
from symgrad.symbolic.points import coordinates, parse_matrix
from tests.helpers import judged

FILE = """
exact = "{exact}"

def right(X{constants}):
    import torch
    return {right}

def wrong(X{constants}):
    import torch
    return {right} + (X[-1, 0] - X[-1, 0].detach()) / 1000

routes = {{"torch": {{"right": right, "wrong": wrong}}}}
"""
TRIDIAGONAL = "4 1 0 0; 1 3 1 0; 0 1 2 1; 0 0 1 1"


def own(folder, exact="largest_eigenvalue", right="torch.linalg.eigvalsh(X)[-1]", more="", **with_):
    path = folder / "mine.py"
    text = FILE.format(exact=exact, right=right, constants=with_.get("constants", ""))
    path.write_text(text + more, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("exact", "right", "constants", "size"),
    [
        ("largest_eigenvalue", "torch.linalg.eigvalsh(X)[-1]", "", 2),
        ("largest_eigenvalue", "torch.linalg.eigvalsh(X)[-1]", "", 9),
        ("eigenvalue[1]", "torch.linalg.eigvalsh(X)[i]", ", i", 3),
        ("log_det", "2 * torch.linalg.cholesky(X).diagonal().log().sum()", "", 20),
        ("inverse_quadratic_form", "u @ torch.linalg.inv(X) @ u", ", u", 6),
    ],
)
@pytest.mark.sampled(3)
def test_it_is_judged_at_sizes_at_which_its_own_formula_is_not(
    tmp_path, exact, right, constants, size
):
    path = own(tmp_path, exact, right, constants=constants)
    status, verdicts = judged(tmp_path, str(path), "-f", "torch", "-n", str(size))
    outcomes = {(v.function, v.route, v.verdict) for v in verdicts["torch"]}
    assert outcomes == {("mine", "right", "agrees"), ("mine", "wrong", "disagrees")}
    assert status == DISAGREES


def test_it_is_judged_at_hermitian_matrices_too(tmp_path):
    path = own(tmp_path)
    _, verdicts = judged(tmp_path, str(path), "-f", "torch", "-p", "hermitian", "-n", "3")
    assert {v.verdict for v in verdicts["torch"] if v.route == "right"} == {"agrees"}
    assert {v.verdict for v in verdicts["torch"] if v.route == "wrong"} == {"disagrees"}


def test_what_is_true_of_it_is_what_is_true_of_the_catalogue(tmp_path):
    (mine,) = instances(load_function(own(tmp_path), ["torch"], 60), 4)
    (known,) = choose("largest_eigenvalue", 4)
    theta = coordinates(parse_matrix(TRIDIAGONAL), symmetric(4), "symmetric")
    found, expected = (refer(f, symmetric(4), theta, "float64", False) for f in (mine, known))
    assert found.value == expected.value
    assert np.array_equal(found.S.high, expected.S.high)
    assert float(found.value.mid) == pytest.approx(4.74528124017413908, rel=1e-15, abs=0)
    row = [0.60520705317831, 0.45104946315487, 0.18200111325650, 0.04859477875900]
    assert found.S.high[0] == pytest.approx(row, abs=1e-14)


@pytest.mark.parametrize(
    ("changes", "size", "said"),
    [
        ({"exact": "largest_eigenvalues"}, 2, "did you mean 'largest_eigenvalue'?"),
        ({"exact": "eigenvalue"}, 3, "is 3 functions; name one, as eigenvalue[0]"),
        ({"exact": "eigenvalue[7]"}, 3, "does not exist at size 3"),
        ({"exact": "log_det", "more": "domain = 'symmetric'"}, 2, "leave out domain"),
        ({"more": "domain = 'anything'"}, 2, "domain 'anything' is unknown"),
        ({"more": "formula = ''"}, 2, "formula must be a text"),
        ({"more": "del routes"}, 2, "routes must be a dict"),
        ({"more": "exact = 3"}, 2, "formula is missing"),
        ({}, 101, "a function file is judged for sizes 1 to 100"),
    ],
)
def test_what_names_no_function_is_bad_input(tmp_path, capsys, changes, size, said):
    path = own(tmp_path, **changes)
    assert cli.main([str(path), "-f", "torch", "-n", str(size)]) == BAD_INPUT
    assert said in capsys.readouterr().err


def test_a_formula_of_its_own_is_still_for_small_sizes_alone(tmp_path, capsys):
    text = "formula, domain, citation = 'tr X', 'symmetric', 'linear'\ndel exact\n"
    path = own(tmp_path, right="X.trace()", more=text + "def exact(X):\n    return X.trace()\n")
    assert cli.main([str(path), "-f", "torch", "-n", "5"]) == DISAGREES
    assert cli.main([str(path), "-f", "torch", "-n", "6"]) == BAD_INPUT
    assert "is differentiated for sizes 1 to 5" in capsys.readouterr().err


def test_what_it_says_of_itself_is_the_catalogues_unless_it_says_more(tmp_path):
    known = choose("largest_eigenvalue", 2)[0].function
    found = load_function(own(tmp_path), ["torch"], 60)
    assert (found.name, found.formula, found.citation) == ("mine", known.formula, known.citation)
    named = load_function(own(tmp_path, more="formula = 'λ_max'"), ["torch"], 60)
    assert named.formula == "λ_max"
    with pytest.raises(InputError, match="citation must be a text"):
        load_function(own(tmp_path, more="citation = 3"), ["torch"], 60)
