"""The court on trial: it kills the mutants, spares the valid, and the trial itself can fail."""

from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from lab.trial import kinds, mutants, valid
from lab.trial.scenes import Place, places, scene
from lab.trial.truth import is_valid
from symgrad.court.judging.judge import judge
from symgrad.report.pages import linked

DOCS = Path(__file__).parent.parent / "docs"
SAMPLE = [
    Place("eigenvalue[1]", "symmetric", 3),
    Place("log_det", "hermitian", 3),
    Place("weighted_square[full]", "toeplitz", 3),
    Place("condition_number", "diagonal", 3),
    Place("trace", "symmetric", 5),
    Place("projector[2]", "ar1", 4),
    Place("trace_exp", "hermitian", 2),
]
HARMLESS = {"G transposed", "G conjugated", "a skew matrix added"}
"""Kinds that are never wrong."""


@pytest.fixture(scope="module")
def sample():
    """The trial of a few scenes."""
    return mutants.conclude(SAMPLE, [mutants.examine(place, 60) for place in SAMPLE])


def test_no_mutant_survives_and_no_valid_gradient_is_convicted(sample):
    assert sample.bugs == []
    assert sum(tally.mutants for tally in sample.kinds) > 200
    assert sum(band.gradients for band in sample.bands) > 400
    for tally in sample.kinds:
        assert tally.mutants == tally.killed + tally.valid
        assert (tally.killed == 0) == (tally.kind in HARMLESS), tally


def test_each_band_of_the_valid_has_both_ends(sample):
    double = [band for band in sample.bands if band.dtype == "float64"]
    assert double[0].vacuous == 0 < double[0].agrees
    assert double[-1].agrees == 0 < double[-1].vacuous


def test_a_court_that_is_deaf_is_found_out(monkeypatch):
    def deaf(reference, reported, dtype):
        return structs.replace(judge(reference, reported, dtype), verdict="agrees")

    monkeypatch.setattr(mutants, "judge", deaf)
    trial = mutants.conclude(SAMPLE[:1], [mutants.examine(SAMPLE[0], 0)])
    assert {tally.kind for tally in trial.kinds if tally.survived} >= {"the sign"}
    assert len(trial.bugs) == sum(tally.survived for tally in trial.kinds) > 20


def test_a_court_that_convicts_the_innocent_is_found_out(monkeypatch):
    def strict(reference, reported, dtype):
        verdict = judge(reference, reported, dtype)
        skew = np.any(reported.gradient != reported.gradient.T)
        return structs.replace(verdict, verdict="disagrees") if skew else verdict

    monkeypatch.setattr(mutants, "judge", strict)
    monkeypatch.setattr(valid, "judge", strict)
    trial = mutants.conclude(SAMPLE[:1], [mutants.examine(SAMPLE[0], 20)])
    assert sum(tally.alarms for tally in trial.kinds) > 0
    assert sum(band.alarms for band in trial.bands) > 0
    assert trial.bugs


def test_a_bug_is_status_1(monkeypatch, tmp_path):
    command = ["--scenes", "1", "--valid", "3", "--jobs", "1", "--output", str(tmp_path)]
    with pytest.raises(SystemExit) as done:
        mutants.main(command)
    assert done.value.code == 0
    monkeypatch.setitem(mutants.KINDS, "planted", lambda at: iter([at.S * (1 + 3e-16)]))
    with pytest.raises(SystemExit) as done:
        mutants.main(command)
    assert done.value.code == 0  # it is as valid as rounding lets it be
    monkeypatch.setitem(mutants.KINDS, "planted", lambda at: iter([at.S * (1 + 2e-15)]))
    with pytest.raises(SystemExit) as done:
        mutants.main(command)
    assert done.value.code == 1  # it agrees, and is no gradient: a tolerance is no explanation


@pytest.mark.parametrize("place", [SAMPLE[0], SAMPLE[1]], ids=["real", "hermitian"])
def test_the_rational_test_of_validity_is_sharp(place):
    at = scene(place)
    S, n = at.S, place.n
    K = 1e3 * (np.arange(n * n).reshape(n, n) - np.arange(n * n).reshape(n, n).T)
    near = np.zeros((n, n))
    near[0, 1] = 1e-12
    assert is_valid(S, at.reference)
    assert is_valid(S + K, at.reference)
    assert is_valid(S.conj(), at.reference)
    assert not is_valid(S + near, at.reference)
    assert not is_valid(-S, at.reference)
    assert not is_valid(np.full((n, n), np.nan), at.reference)
    if at.is_hermitian:
        assert is_valid(S + 1j * (K + K.T + np.eye(n)), at.reference)
        assert not is_valid(S + 1j * K, at.reference)
        assert not is_valid(np.tril(S) + np.triu(S, 1).conj(), at.reference)


def test_the_smallest_detectable_error_is_what_the_kinds_say():
    at = scene(SAMPLE[0])
    for place in ((0, 0), (2, 1)):
        for factor, outcome in ((0.9, "agrees"), (1.1, "disagrees")):
            G = at.S.copy()
            G[place] += factor * kinds.smallest_detectable(at, *place)
            assert judge(at.reference, at.report(G), at.dtype).verdict == outcome


@pytest.mark.parametrize(("bits", "dtype"), [(24, np.float32), (11, np.float16)])
def test_rounding_is_that_of_the_dtype(bits, dtype):
    G = np.random.default_rng(0).standard_normal((9, 9))
    assert np.array_equal(valid.rounded(G, bits), G.astype(dtype).astype(float))
    assert np.array_equal(valid.rounded(G, 53), G)


def test_the_page_says_what_the_data_says():
    kept = mutants.from_json((DOCS / "mutants.json").read_bytes())
    assert (DOCS / "mutants.md").read_text(encoding="utf-8") == linked(
        mutants.to_markdown(kept), DOCS
    )
    assert kept.bugs == []
    assert [tally.kind for tally in kept.kinds] == list(kinds.KINDS)
    assert kept.scenes == len(places())
    assert sum(tally.killed for tally in kept.kinds) >= 200
    assert sum(band.agrees for band in kept.bands) >= 10_000


@pytest.mark.slow
def test_a_trial_of_today_tells_the_same():
    kept = mutants.from_json((DOCS / "mutants.json").read_bytes())
    assert mutants.run(None, 14_000, 2) == kept
