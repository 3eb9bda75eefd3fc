"""Runs of former versions that never happened: answers planted from what is true."""

from functools import cache

from msgspec import structs

from symgrad.court.former.recorded import Record
from symgrad.court.hearing import Hearing
from symgrad.court.questions import Excerpt
from symgrad.studies.experiment import rule as experiment
from symgrad.studies.history import cases
from symgrad.symbolic.proofs.by_sympy.two_by_two import two_by_two
from tests import helpers
from tests.records import choice

SYMEIG = "torch.symeig(eigenvectors=True, upper=True)"
EIGH = "np.linalg.eigh(UPLO='L')"
THEN = {
    "numpy": (EIGH, "symmetric"),
    "torch@1.0.1": (SYMEIG, "upper"),
    "torch@1.3.1": (SYMEIG, "symmetric"),
    "tensorflow@1.14.0": ("tf.linalg.eigh", "lower"),
}
"""What was printed, and what came of it: version → route, convention."""
FORMER = [name for name in THEN if "@" in name]
ORIGINS = dict.fromkeys(FORMER, ("3.7.16", "Linux"))
TRIANGLE = "Only the lower triangular part is used."
EMPTY = Record([], [])


@cache
def asked():
    """The cases of the history about eigenvalues, and what is true of them."""
    planned = cases.history(choice(frameworks=()), experiment.matrix().tolist())
    chosen = [case for case in planned if case.function.name.startswith("eigenvalue[")]
    return [(case, case.reference()) for case in chosen]


def hearing(answers, **changes):
    """A run in which each version answers by one route, with the gradient of its convention."""
    found = Hearing(choice(frameworks=answers))
    found.demonstration = two_by_two()
    for number, (case, reference) in enumerate(asked()):
        found.scenarios.append(case.scenario)
        found.references.append(reference)
        for framework, (route, convention) in answers.items():
            about = {"framework": framework, "route": route, "problem": number} | changes
            version = framework.partition("@")[2] or "2.0"
            answer = helpers.report(reference, convention=convention, version=version, **about)
            found.reported.append(answer)
            found.versions[framework] = version
    found.excerpts = [Excerpt(name, "linalg.eigh", TRIANGLE) for name in answers if name != "numpy"]
    found.judge()
    return found


def only(answers, *names):
    return {name: answers[name] for name in names}


def with_answer(record, framework, k=0, **changes):
    """The record with one answer changed; a change may be a function of the old value."""
    versions = []
    for former in record.versions:
        answers = list(former.answers)
        if former.framework == framework:
            old = answers[k]
            new = {n: c(getattr(old, n)) if callable(c) else c for n, c in changes.items()}
            answers[k] = structs.replace(old, **new)
        versions.append(structs.replace(former, answers=answers))
    return structs.replace(record, versions=versions)


def moved(by):
    """The gradient with its last entry moved."""
    return lambda rows: [*rows[:-1], [*rows[-1][:-1], by(rows[-1][-1])]]
