"""References at drawn points, and reports made from them: right ones and planted wrong ones."""

import signal
from functools import cache

import numpy as np

from symgrad import cli
from symgrad.court.judging.conventions import representative
from symgrad.court.questions import Reported
from symgrad.court.references import Reference
from symgrad.report.document import from_json
from symgrad.symbolic.catalogue import DIFFERENTIABLE, choose
from symgrad.symbolic.certified.reference import refer
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS
from symgrad.symbolic.points import draw_points

FUNCTIONS = (
    "eigenvalue[0]",
    "eigenvalue[1]",
    "trace_square",
    "det",
    "log_det",
    "inverse_quadratic_form",
    "weighted_inverse",
)
"""Functions whose gradient has entries off the diagonal that vary from point to point."""


@cache
def reference(function="eigenvalue[0]", structure="symmetric", n=3, dtype="float64", seed=0):
    """What is true of the function at one drawn point."""
    (instance,) = choose(function, n)
    x = PARAMETERIZATIONS[structure](n)
    (theta,) = draw_points(x, instance.function.domain, 1, seed)
    return refer(instance, x, theta, dtype)


def exact_gradient(reference: Reference) -> np.ndarray:
    """S, rounded to float64."""
    return reference.S.high.copy()


def report(reference: Reference, G=None, *, convention="symmetric", dtype="float64", **changes):
    """A report of the gradient G, or of the representative of S of that convention."""
    if G is None:
        G = representative(exact_gradient(reference), convention)
    fields = {
        "problem": 0,
        "framework": "planted",
        "version": "0",
        "route": "planted",
        "dtype": dtype,
        "value": float(reference.value.mid) if reference.value else 0.0,
        "gradient": np.asarray(G, dtype=np.float64),
        "reads": "lower",
    }
    return Reported(**(fields | changes))


OTHERS = ("hermitian", "kronecker", "circulant", "fixed_rank")
REAL = [name for name in PARAMETERIZATIONS if name not in OTHERS]
PROVED = [(name, n, "symmetric") for name in DIFFERENTIABLE for n in (1, 2, 3)]
PROVED += [
    (name, 3, structure)
    for name in ("eigenvalue", "det", "weighted_inverse", "trace_exp")
    for structure in REAL[1:]
]
PROVED += [(name, 3, "fixed_rank") for name in ("eigenvalue", "det", "trace_square")]
"""Each theorem for a generic matrix, and some for every structure with distinct eigenvalues."""


def heed_interrupts() -> None:
    """Before a program starts: let SIGINT reach it, also where the tests run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


OWN = """
formula = "tr X"
domain = "symmetric"
citation = "linear"
def exact(X):
    return X.trace()
def by_numpy(X):
    import numpy as np
    return np.trace(X), np.eye(len(X))
routes = {"numpy": {"np.trace": by_numpy}}
"""
"""A user's own function, as a file has it."""


def own_function(folder, framework="numpy"):
    """A file in the folder that defines a user's own function, with a route of the framework."""
    file = folder / "own.py"
    file.write_text(OWN.replace('"numpy"', f'"{framework}"'))
    return str(file)


def script(path, text):
    """An executable file."""
    path.write_text(text)
    path.chmod(0o755)
    return path


def judged(folder, *arguments):
    """Run the program: its exit status, and the verdicts by framework."""
    output = folder / "run.json"
    output.unlink(missing_ok=True)
    status = cli.main([*arguments, "--quiet", "--json", str(output)])
    verdicts = from_json(output.read_bytes()).verdicts if output.exists() else []
    return status, {
        v.framework: [w for w in verdicts if w.framework == v.framework] for v in verdicts
    }


def beside_numpy(name, interpreter):
    """The options that ask a framework under an interpreter of its own, and NumPy."""
    return ("-f", "numpy", "--interpreter", f"{name}={interpreter}")
