"""Proposed gradients: with all their digits, and as they were printed with a few."""

import numpy as np
import pytest

from symgrad import cli
from symgrad.commands.session import BAD_INPUT, DISAGREES
from symgrad.court.errors import InputError
from symgrad.court.judging.contraction import as_blocks
from symgrad.court.judging.conventions import representative
from symgrad.court.judging.printing import NOT_ROUNDED, Printing, judge_proposed
from tests.helpers import exact_gradient, judged, reference

SIX = Printing(digits=6)
THREE = Printing(decimals=3)


def found(G, printing=NOT_ROUNDED, of=None, dtype="float64"):
    return judge_proposed(of or reference(), G, "somebody", dtype, printing)


def unit(G, i, j):
    """One unit of the sixth digit of an entry."""
    return 2 * SIX.half_units(G)[i, j]


# --- rounding


@pytest.mark.parametrize(
    ("printing", "x", "rounded", "half"),
    [
        (SIX, 0.72360679, 0.723607, 5e-7),
        (SIX, -1234567.0, -1234570.0, 5.0),
        (SIX, 9.9999996, 10.0, 5e-5),
        (SIX, 0.0, 0.0, 0.0),
        (THREE, 0.3120449, 0.312, 5e-4),
        (THREE, 1234.5678, 1234.568, 5e-4),
        (THREE, 1e-9, 0.0, 5e-4),
        (Printing(decimals=0), 2.6, 3.0, 0.5),
        (NOT_ROUNDED, 1 / 3, 1 / 3, 0.0),
    ],
)
def test_an_entry_is_known_to_half_a_unit_of_its_last_place(printing, x, rounded, half):
    G = np.array([[x]])
    assert printing.rounded(G)[0, 0] == rounded
    assert printing.half_units(printing.rounded(G))[0, 0] == pytest.approx(half, rel=1e-12, abs=0)
    assert abs(rounded - x) <= half * (1 + 1e-6)


@pytest.mark.parametrize("wrong", [{"digits": 0}, {"decimals": -1}, {"digits": 6, "decimals": 3}])
def test_a_printing_that_there_is_not_is_rejected(wrong):
    assert Printing(digits=1).said == "as printed to 1 digit"
    with pytest.raises(InputError):
        Printing(**wrong)


def test_an_entry_that_has_more_digits_was_not_printed_so():
    SIX.check(np.array([[0.723607, 12.0]]))
    with pytest.raises(InputError, match=r"0\.7236068 has more than 6 digits"):
        SIX.check(np.array([[0.7236068, 12.0]]))
    with pytest.raises(InputError, match=r"0\.0001 has more than 3 decimals"):
        THREE.check(np.array([[1 + 0.0001j]]))


# --- the verdict


@pytest.mark.parametrize("convention", ["symmetric", "lower", "upper"])
def test_a_transcription_agrees_as_printed_and_disagrees_otherwise(convention):
    G = SIX.rounded(representative(exact_gradient(reference()), convention))
    as_printed, sharp = found(G, SIX), found(G)
    assert (as_printed.verdict, as_printed.convention) == ("agrees", convention)
    assert as_printed.reason == "as printed to 6 digits"
    assert sharp.verdict == "disagrees"
    assert sharp.reason.endswith("as printed to 6 digits (--digits 6) it agrees")


@pytest.mark.parametrize(("i", "j"), [(0, 0), (1, 1), (2, 0)])
def test_one_unit_of_the_last_digit_is_wrong(i, j):
    G = SIX.rounded(exact_gradient(reference()))
    off = G.copy()
    off[i, j] = off[j, i] = SIX.rounded(np.array([[G[i, j] + unit(G, i, j)]]))[0, 0]
    assert found(G, SIX).verdict == "agrees"
    verdict = found(off, SIX)
    assert verdict.verdict == "disagrees"
    assert verdict.reason.endswith("as printed to 6 digits")
    assert found(off, Printing(digits=5)).verdict == "agrees"  # if it had been known to one less


def test_a_printed_mistake_is_convicted_and_named():
    S = exact_gradient(reference())
    for G, name in (
        (2 * S - np.diag(np.diag(S)), "it is 2S − diag(S)"),
        (np.tril(S), "it is tril(S)"),
    ):
        verdict = found(SIX.rounded(G), SIX)
        assert verdict.verdict == "disagrees"
        assert name in verdict.reason


def test_so_few_digits_that_a_mistake_would_pass_are_refused():
    S = exact_gradient(reference())
    off = np.max(np.abs(S - np.diag(np.diag(S))))
    fitting = int(np.ceil(-np.log10(off)))  # half a unit is at least half of the largest entry
    coarse, fine = Printing(decimals=max(fitting - 1, 0)), Printing(decimals=fitting + 3)
    refused, agreed = (found(p.rounded(S), p) for p in (coarse, fine))
    assert (refused.verdict, refused.convention) == ("refused", None)
    assert refused.reason.startswith("vacuous: printed alike, ")
    assert agreed.verdict == "agrees"


def test_where_nothing_is_off_the_diagonal_no_mistake_can_be_made():
    diagonal = reference("trace")
    S = exact_gradient(diagonal)
    assert found(S, Printing(decimals=0), diagonal).verdict == "agrees"
    assert found(1.5 * S, THREE, diagonal).verdict == "disagrees"


def test_a_printed_complex_gradient_is_judged_by_its_parts():
    of = reference(structure="hermitian")
    S = 2 * (of.S.high[:3, :3] + 1j * of.S.high[3:, :3])
    assert np.allclose(as_blocks(S), of.S.high)
    G = SIX.rounded(S)
    assert found(G, SIX, of, "complex128").verdict == "agrees"
    assert found(G, NOT_ROUNDED, of, "complex128").verdict == "disagrees"
    off = G.copy()
    step = 2j * SIX.half_units(np.array([[G[1, 0].imag]]))[0, 0]
    off[1, 0], off[0, 1] = G[1, 0] + step, G[0, 1] - step
    assert found(off, SIX, of, "complex128").verdict == "disagrees"


def test_a_gradient_of_another_shape_disagrees():
    verdict = found(np.eye(2), SIX)
    assert verdict.verdict == "disagrees"
    assert "the gradient has the shape 2×2, X is 3×3" in verdict.reason


# --- the command

AT = ("eigenvalue[0]", "--matrix", "2 1; 1 3")
RIGHT, WRONG = "0.723607 -0.447214; -0.447214 0.276393", "0.723608 -0.447214; -0.447214 0.276393"


@pytest.mark.parametrize(
    ("gradient", "options", "status"),
    [
        (RIGHT, ["--digits", "6"], 0),
        (RIGHT, ["--decimals", "6"], 0),
        (RIGHT, [], DISAGREES),
        (WRONG, ["--digits", "6"], DISAGREES),
        ("0.723607 0; -0.894427 0.276393", ["--digits", "6"], 0),
        ("0.723607 -0.894427; -0.894427 0.276393", ["--digits", "6"], DISAGREES),
        ("0.7 -0.4; -0.4 0.3", ["--digits", "1"], 0),
        ("1 0; 0 0", ["--decimals", "0"], BAD_INPUT),
    ],
)
def test_a_gradient_is_judged_by_itself(gradient, options, status, tmp_path):
    returned, verdicts = judged(tmp_path, *AT, "--gradient", gradient, *options)
    assert returned == status
    assert {name: len(of) for name, of in verdicts.items()} == {"proposed": 1}


def test_frameworks_are_asked_beside_it_where_they_are_named(tmp_path):
    status, verdicts = judged(tmp_path, *AT, "--gradient", RIGHT, "--digits", "6", "-f", "numpy")
    assert status == 0
    assert set(verdicts) == {"proposed", "numpy"}


def test_it_can_be_read_from_a_file_and_be_complex(tmp_path):
    file = tmp_path / "gradient.txt"
    file.write_text("0 -i\ni 1\n", encoding="utf-8")
    point = "re0_0=1, re0_1=2, re1_1=0, im0_1=1"
    command = ("det", "-p", "hermitian", "--point", point)
    status, verdicts = judged(tmp_path, *command, "--gradient", str(file))
    assert status == DISAGREES
    file.write_text("0 -2-i\n-2+i 1\n", encoding="utf-8")
    status, verdicts = judged(tmp_path, *command, "--gradient", str(file))
    assert status == 0, verdicts


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*AT, "--digits", "6"), "give that too"),
        ((*AT, "--gradient", RIGHT, "--digits", "5"), "has more than 5 digits"),
        ((*AT, "--gradient", RIGHT, "--digits", "6", "--decimals", "6"), "one of them"),
        ((*AT, "--gradient", "1 2"), "--gradient has 1 rows of 2 entries, X is 2×2"),
        ((*AT, "--gradient", "1 i; -i 1"), "--gradient is complex, X is real"),
        ((*AT, "--gradient", "nan 1; 1 1"), "'nan' is not a finite rational number"),
        (("eigenvalue", *AT[1:], "--gradient", RIGHT), "2 cases are chosen"),
        ((AT[0], "--gradient", RIGHT), "3 cases are chosen"),
        (("--gradient", RIGHT), "cases are chosen"),
    ],
)
def test_what_is_no_gradient_of_one_function_at_one_point_is_bad_input(arguments, said, capsys):
    assert cli.main(list(arguments)) == BAD_INPUT
    assert said in capsys.readouterr().err
