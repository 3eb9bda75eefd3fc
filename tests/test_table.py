"""The test table: functions as people write them, in PyTorch, JAX and TensorFlow.

Each agrees in each; the three enclosures of f and S are one, to 27 digits; and each with a mistake
planted in the backward of one of its steps disagrees, and that step is blamed.
"""

import importlib
import inspect
from fractions import Fraction

import pytest

import symgrad
from symgrad.court.judging.tolerance import norm
from symgrad.symbolic import here as symbolic
from symgrad.symbolic.traced import certify
from tests.functions import data, plants
from tests.functions.torch_functions import FUNCTIONS

FRAMEWORKS = ("torch", "jax", "tensorflow")
NARROW = "mixed_precision"
RADIUS = Fraction(1, 10**27)
TRANSPOSED = "the cotangent of a matrix that is symmetric for every X: its transpose is valid too"
ANNIHILATED = {
    **{(name, plants.TRANSPOSED): TRANSPOSED for name in FUNCTIONS if name not in data.GENERAL},
    ("gaussian_process", plants.HALVED): "the diagonal of that kernel is 1 + 1/8 for every X",
}
"""Where what is planted is no mistake, and why."""
APPROXIMATED = {"matrix_exponential": Fraction(1, 10**14)}
"""Where JAX and TensorFlow execute a Padé approximant, which is then what is recorded: how far the
three may be apart."""
NAMED = {
    plants.TWICE: ("a factor", 2.0),
    plants.MORE: ("a factor", 1 + 1e-9),
    plants.SIGN: ("the sign", None),
    plants.TRANSPOSED: ("not transposed", None),
    plants.TRIANGLE: ("one triangle dropped", None),
    plants.DOUBLED: ("doubled off the diagonal", None),
    plants.HALVED: ("the diagonal halved", None),
    plants.ENTRY: (None, None),
    plants.GAP: ("a gap floor", None),
    plants.HELD: ("held constant", None),
}
"""The mistake that blame names, and the factor."""


@pytest.fixture(autouse=True)
def in_64_bits():
    """Only here: what else runs in this process has the default."""
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def array_of(framework):
    """Its constructor from NumPy's arrays."""
    if framework == "torch":
        return importlib.import_module("torch").tensor
    if framework == "jax":
        return pytest.importorskip("jax.numpy").asarray
    return pytest.importorskip("tensorflow").constant


def functions_of(framework):
    return importlib.import_module(f"tests.functions.{framework}_functions").FUNCTIONS


def judged(framework, name, n, kind=None):
    """The report on a function at n×n, of which one step may have a mistake of that kind."""
    array = array_of(framework)
    dtype = "float32" if name == NARROW else "float64"
    own = plants.own_of(framework, kind, name not in data.GENERAL, dtype) if kind else plain
    f, c = functions_of(framework)[name], data.constants(n, array)
    return symgrad.check(lambda X: f(X, c, own), array(data.point(n)))


def plain(op):
    return op


def line_of_step(framework, name):
    """file:line of the call of the step that can have a backward of its own."""
    lines, first = inspect.getsourcelines(functions_of(framework)[name])
    (found,) = (k for k, line in enumerate(lines) if "own(" in line and "def " not in line)
    return f"{framework}_functions.py:{first + found}"


def spread(a, b):
    """By how much two enclosures, (numbers, radii), miss each other; nothing where they meet."""
    return [abs(x - y) - (r + s) for x, r, y, s in zip(*a, *b, strict=True)]


def enclosed(report, n):
    """f and the entries of S as (numbers, radii), in fractions."""
    reference = certify(report.program, symbolic.exactly(data.point(n))[0], "f")
    value, S = reference.value, reference.S
    entries = zip(S.high.flat, S.low.flat, strict=True)
    numbers = [value.mid, *(Fraction(a) + Fraction(b) for a, b in entries)]
    radii = [value.radius, *map(Fraction, S.radius.flat)]
    assert radii[0] <= RADIUS * max(abs(value.mid), 1)
    assert max(radii[1:]) <= RADIUS * Fraction(norm(S.high))
    return numbers, radii


def agrees_everywhere(name, n):
    """Whether it does in every framework, with one enclosure."""
    reports = [judged(framework, name, n) for framework in FRAMEWORKS]
    for report in reports:
        assert report.verdict == "agrees", str(report)
        assert (report.record.evidence, report.blame) == ("traced", ())
    first, *others = (enclosed(report, n) for report in reports)
    apart = max(max(spread(first, other)) for other in others)
    assert apart <= APPROXIMATED.get(name, 0), (name, float(apart))


def is_told(framework, name, kind, n=3):
    """Whether a planted mistake is found, where it is one, and blamed on its step."""
    report = judged(framework, name, n, kind)
    if (name, kind) in ANNIHILATED:
        assert (report.verdict, report.blame) == ("agrees", ()), str(report)
        return
    assert report.verdict == "disagrees", str(report)
    assert report.blame
    mistake, factor = NAMED[kind]
    for blame in report.blame:
        assert blame.mistake in (mistake, None), str(blame)
        if kind == plants.HELD:
            assert blame.line.startswith("plants.py:")
            continue
        assert (blame.custom, blame.line) == (True, line_of_step(framework, name)), str(blame)
        if blame.factor is not None and name != NARROW:
            assert blame.factor == pytest.approx(factor, rel=1e-12)
    assert mistake is None or report.blame[0].mistake == mistake


PLANTED = [
    (name, kind)
    for name in FUNCTIONS
    for kind in plants.KINDS
    if kind != plants.GAP or name in data.OF_EIGENVECTORS
]
"""Every kind in every function that it makes sense in."""
QUICK = ("log_eig", "attention", "stein")
"""These are asked in the other frameworks too, where time is short."""


def test_the_table_is_the_same_in_every_framework():
    tables = [functions_of(framework) for framework in FRAMEWORKS]
    assert all(list(table) == list(FUNCTIONS) for table in tables)
    assert len(FUNCTIONS) >= 40
    assert data.GENERAL | data.OF_EIGENVECTORS <= set(FUNCTIONS)


@pytest.mark.sampled(12)
@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in QUICK])
def test_a_function_agrees(name):
    report = judged("torch", name, 3)
    assert (report.verdict, report.blame) == ("agrees", ()), str(report)


@pytest.mark.parametrize("name", QUICK)
def test_a_function_agrees_in_every_framework(name):
    agrees_everywhere(name, 3)


@pytest.mark.slow
@pytest.mark.parametrize("n", data.SIZES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_agrees_in_every_framework(name, n):
    agrees_everywhere(name, n)


def test_two_functions_that_differ_have_two_enclosures():
    first, second = (enclosed(judged("torch", name, 3), 3) for name in ("stein", "wishart"))
    nearly = [x * (1 + 3 * RADIUS) for x in first[0]], first[1]
    assert max(spread(first, second)) > 0
    assert max(spread(first, nearly)) > 0


SAMPLED = [
    (name, kind)
    for k, name in enumerate(FUNCTIONS)
    for kind in [plants.KINDS[k % len(plants.KINDS)]]
    if (name, kind) in PLANTED
]
"""Every function with one kind."""
DEAR = ("kalman", "layer_norm_network", "newton_schulz", "power_until", "sinkhorn", "rayleigh")
"""Functions of many steps."""


@pytest.mark.parametrize(("name", "kind"), [s for s in SAMPLED[::2] if s[0] not in DEAR])
def test_a_planted_mistake_is_found_and_blamed(name, kind):
    is_told("torch", name, kind)


@pytest.mark.parametrize("framework", FRAMEWORKS[1:])
@pytest.mark.parametrize("kind", [plants.TRIANGLE, plants.GAP])
def test_a_planted_mistake_is_found_in_the_other_frameworks(framework, kind):
    is_told(framework, "log_eig", kind)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), PLANTED)
def test_every_planted_mistake_is_found_and_blamed(name, kind):
    is_told("torch", name, kind)


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS[1:])
@pytest.mark.parametrize(("name", "kind"), SAMPLED)
def test_a_planted_mistake_is_found_in_every_framework(framework, name, kind):
    is_told(framework, name, kind)
