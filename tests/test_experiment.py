"""The claims: each one's check holds on true evidence, and fails on evidence that is falsified."""

import msgspec
import numpy as np
import pytest

from symgrad.court.judging.judge import judge
from symgrad.court.questions import Excerpt
from symgrad.studies.experiment import rule as experiment
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.certified.reference import refer
from symgrad.symbolic.parameterizations import symmetric
from symgrad.symbolic.points import coordinates, draw_points, parse_matrix
from symgrad.symbolic.proofs.by_sympy.two_by_two import two_by_two
from tests.helpers import report

SOLVERS = {
    "numpy": ("np.linalg.eigh(UPLO='L')", "symmetric", "lower"),
    "torch": ("torch.linalg.eigh(UPLO='U')", "symmetric", "upper"),
    "tensorflow": ("tf.linalg.eigh", "lower", "lower"),
}
TRIANGLE = "Only the lower triangular part is used."


@pytest.fixture(scope="module")
def evidence():
    """Evidence as true frameworks would give it."""
    text = "; ".join(" ".join(map(repr, row)) for row in experiment.matrix().tolist())
    theta = coordinates(parse_matrix(text), symmetric(4), "symmetric")
    references = [refer(f, symmetric(4), theta, "float64") for f in choose("eigenvalue", 4)]
    verdicts = []
    for framework, (route, convention, reads) in SOLVERS.items():
        about = {"framework": framework, "route": route, "reads": reads, "version": "2.0"}
        reported = report(references[0], convention=convention, **about)
        verdicts.append(judge(references[0], reported, "float64"))
    (total,) = choose("sum_entries", 2)
    x = symmetric(2)
    reference = refer(total, x, draw_points(x, "symmetric", 1, 0)[0], "float64")
    sums = [
        judge(reference, report(reference, convention=c), "float64") for c in ("symmetric", "upper")
    ]
    values = {(f, r): [float(x.value.mid) for x in references] for f, (r, _, _) in SOLVERS.items()}
    excerpts = [Excerpt("tensorflow", "linalg.eigh", TRIANGLE)]
    return experiment.Experiment(
        references, values, verdicts, sums, two_by_two().identities, excerpts
    )


def settled(evidence):
    return {claim.id: claim.settled for claim in experiment.settle(evidence)}


def replace(record, **changes):
    return msgspec.structs.replace(record, **changes)


def test_all_hold_on_true_evidence(evidence):
    assert all(settled(evidence).values()), experiment.settle(evidence)


def changed_verdict(e, k, **changes):
    verdicts = list(e.verdicts)
    verdicts[k] = replace(verdicts[k], **changes)
    return replace(e, verdicts=verdicts)


def with_wrong_value(e):
    values = {key: list(found) for key, found in e.values.items()}
    values["torch", SOLVERS["torch"][0]][2] += 1e-10
    return replace(e, values=values)


def with_identities(e, prefix, **changes):
    identities = [
        replace(i, **changes) if i.gradient.startswith(prefix) else i for i in e.identities
    ]
    return replace(e, identities=identities)


FALSIFIED = {
    "C1": with_wrong_value,
    "C2": lambda e: changed_verdict(e, 2, convention="unsymmetric"),
    "C3": lambda e: changed_verdict(e, 1, convention="upper"),
    "C4": lambda e: with_identities(e, "weighted", vanishes=False, residual="w"),
    "C5": lambda e: replace(e, sums=e.sums[:1] * 2),
    "C6": lambda e: replace(e, sums=[replace(e.sums[0], parameters=e.sums[0].parameters[:2])]),
    "C8": lambda e: changed_verdict(e, 2, reads="entries"),
    "C9": lambda e: with_identities(e, "spurious", vanishes=True, residual="0"),
    "C10": lambda e: changed_verdict(e, 0, verdict="disagrees"),
}


@pytest.mark.parametrize(("claim", "falsify"), FALSIFIED.items(), ids=FALSIFIED)
def test_a_claim_does_not_hold_on_falsified_evidence(evidence, claim, falsify):
    assert settled(evidence)[claim]
    assert not settled(falsify(evidence))[claim]


def test_the_steps_of_c7_are_taken(evidence, monkeypatch):
    assert settled(evidence)["C7"]
    monkeypatch.setattr(experiment, "representative", lambda S, convention: S)
    assert not settled(evidence)["C7"]


def test_documentation_that_does_not_name_a_triangle_settles_nothing(evidence):
    silent = replace(evidence, excerpts=[Excerpt("tensorflow", "linalg.eigh", "Eigenvalues.")])
    assert not settled(silent)["C8"]
    assert not settled(silent)["C10"]


def test_without_tensorflow_its_claims_stay_open(evidence):
    others = [v for v in evidence.verdicts if v.framework != "tensorflow"]
    found = settled(replace(evidence, verdicts=others))
    assert not found["C2"]
    assert not found["C8"]


def test_the_matrix_is_the_experiments(evidence):
    X = experiment.matrix()
    assert np.array_equal(X, X.T)
    S = evidence.references[0].S.high.round(3).tolist()
    assert S == [
        [0.312, -0.204, -0.398, -0.12],
        [-0.204, 0.133, 0.26, 0.079],
        [-0.398, 0.26, 0.509, 0.154],
        [-0.12, 0.079, 0.154, 0.046],
    ]
