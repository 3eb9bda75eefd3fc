"""The plugin of pytest: what a test is given, what a failure shows, and whom it leaves alone."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from symgrad import checks
from symgrad.reproduction import MOST_ROWS, Case, code

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent
BASE = """
import numpy as np
import pytest

X = np.array([[2.0, 1.0, 0.3], [1.0, 3.0, 0.2], [0.3, 0.2, 1.5]])

def right(X):
    return np.linalg.slogdet(X)[1], np.linalg.inv(X)

def wrong(X):
    value, G = right(X)
    return value, 2 * G - np.diag(np.diag(G))

RNG = np.random.default_rng(0)

def noisy(X):
    value, G = right(X)
    return value, G + 1e-9 * RNG.standard_normal(G.shape)
"""


@pytest.fixture
def run(pytester):
    """Runs a file of tests with the plugin, in a process of its own.

    In this one Pytester forgets what is first imported while it is there, and parts of NumPy can
    be imported but once.
    """

    def run_file(text, *words):
        pytester.makepyfile(BASE + text)
        return pytester.runpytest_subprocess("-p", "symgrad.pytest_plugin", *words)

    return run_file


def properties(path):
    """The properties of the one test in a JUnit file."""
    (case,) = ElementTree.parse(path).iter("testcase")
    return {p.get("name"): p.get("value") for p in case.iter("property")}


def test_the_fixture_judges(run):
    run("""
def test_right(symgrad):
    assert symgrad(right, X, function="log_det").convention == "symmetric"
    assert symgrad.check(right, X, function="log_det")
    assert symgrad.assert_gradient(right, X, function="log_det").is_right

def test_wrong(symgrad):
    assert not symgrad(wrong, X, function="log_det")
    with pytest.raises(AssertionError, match="disagrees"):
        symgrad.assert_gradient(wrong, X, function="log_det")

def test_the_rest_of_the_package(symgrad):
    assert symgrad.derive("det", np.eye(2)).value == 1
    assert symgrad.check_gradient(np.eye(2), "trace", np.eye(2)).verdict == "agrees"
    with pytest.raises(AttributeError):
        symgrad.chek
""").assert_outcomes(passed=3)


def test_a_failure_shows_the_contraction_and_how_to_see_it_again(run):
    done = run("""
def test_wrong(symgrad):
    symgrad.assert_gradient(wrong, X, function="log_det")
""")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            "E*AssertionError: log_det at a 3×3 matrix in float64, numpy *: disagrees",
            "E*worst: ⟨G, ∂X/∂b⟩ is -0.79*, exactly -0.39*",
            "E*to see it again:",
            "E*import numpy as np",
            "E*from * import wrong as f  # *.py:*",
            "E*[[]2.0, 1.0, 0.3[]],",
            "E*print(check(f, X, function='log_det'))",
        ]
    )
    done.stdout.no_fnmatch_line("*pytest_plugin.py:*")
    done.stdout.no_fnmatch_line("*Captured symgrad*")


def test_of_a_batch_the_first_wrong_one_is_shown(run):
    done = run(
        """
def half(X):
    value, G = right(X)
    return value, G if X[0, 0] == 2 else 2 * G - np.diag(np.diag(G))

def test_wrong(symgrad):
    symgrad.assert_gradient(half, np.stack([X, 2 * X, 3 * X]), function="log_det")

def test_right(symgrad):
    assert symgrad(right, np.stack([X, 2 * X]), function="log_det")
"""
    )
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*# X is 3×3×3*"])


def test_a_bare_assert_shows_it_too(run):
    done = run("""
def test_wrong(symgrad):
    assert symgrad(right, X, function="log_det")
    assert symgrad(wrong, X, function="log_det")
""")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        ["*Captured symgrad call*", "*: disagrees", "*worst: ⟨G, *", "*import wrong as f*"]
    )


def test_what_cannot_be_judged_fails_with_the_reason(run):
    done = run("""
def test_refused(symgrad):
    symgrad.assert_gradient(lambda X: (1.0, X), np.eye(3), function="eigenvalue[0]")
""")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        ["E*: refused", "E*coincide*", "E*# f is test_refused.<locals>.<lam*"]
    )


def test_the_step_to_blame_is_shown(run):
    """Of a report that names one, as that of a recorded callable does."""
    done = run("""
from msgspec import structs
from symgrad import checks
from symgrad.court.blame import Blame

@pytest.fixture(autouse=True)
def blaming(monkeypatch):
    plain = checks.check
    blame = Blame(call=2, name="inv", line="my.py:7", custom=True, share=9.0, mistake="the sign")
    def check(f, X, *, function=None, framework=None, strict=False):
        report = plain(f, X, function=function, framework=framework, strict=strict)
        return structs.replace(report, blame=(blame,))
    monkeypatch.setattr(checks, "check", check)

def test_wrong(symgrad):
    symgrad.assert_gradient(wrong, X, function="log_det")
""")
    done.stdout.fnmatch_lines(["E*step 2, inv (my.py:7): its cotangent has the wrong sign"])


NOISY = """
def test_noisy(symgrad):
    symgrad.assert_gradient(noisy, X, function="log_det")
"""


@pytest.mark.parametrize(
    ("mark", "setting", "failed"),
    [
        ("", "", False),
        ("@pytest.mark.symgrad(strict=True)", "", True),
        ("", "symgrad_strict = true", True),
        ("@pytest.mark.symgrad(strict=False)", "symgrad_strict = true", False),
    ],
)
def test_strict_by_a_marker_or_by_a_setting(run, pytester, mark, setting, failed):
    pytester.makeini(f"[pytest]\n{setting}\n")
    done = run(f"{mark}{NOISY}", "--strict-markers", "--strict-config")
    done.assert_outcomes(failed=int(failed), passed=int(not failed))


def test_the_nearer_marker_goes_before_and_what_is_given_before_both(run):
    run("""
@pytest.mark.symgrad(strict=True, function="det")
class TestMarked:
    @pytest.mark.symgrad(function="log_det")
    def test_nearer(self, symgrad):
        report = symgrad(right, X)
        assert (report.record.function, report.strict) == ("log_det", True)

    @pytest.mark.symgrad(function="log_det")
    def test_given(self, symgrad):
        assert symgrad(wrong, X, function="trace", strict=False).record.function == "trace"
""").assert_outcomes(passed=2)


def test_a_marker_with_what_is_no_option_is_told(run):
    done = run("""
@pytest.mark.symgrad(stricter=True)
def test_misspelt(symgrad):
    symgrad(right, X, function="log_det")

@pytest.mark.symgrad("torch")
def test_without_a_name(symgrad):
    symgrad(right, X, function="log_det")
""")
    done.assert_outcomes(failed=2)
    done.stdout.fnmatch_lines(["E*unknown option of the marker symgrad 'stricter'; did you mean *"])
    done.stdout.fnmatch_lines(["E*the marker symgrad has 'torch'; give options by name"])


@pytest.mark.skipif(find_spec("autograd") is None, reason="autograd is not installed")
@pytest.mark.slow
def test_a_setting_names_the_framework_of_arrays_that_do_not(run, pytester):
    pytester.makeini("[pytest]\nsymgrad_framework = autograd\n")
    done = run("""
import autograd.numpy as anp

def test_by_autograd(symgrad):
    report = symgrad(lambda X: anp.linalg.slogdet(X)[1], X, function="log_det")
    assert (report.verdict, report.record.framework) == ("agrees", "autograd")

def test_by_another(symgrad):
    assert symgrad(right, X, function="log_det", framework="numpy")

def test_failed(symgrad):
    symgrad.assert_gradient(lambda X: 2 * anp.linalg.slogdet(X)[1], X, function="log_det")
""")
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines(["E*# autograd *, symgrad *", "E*framework='autograd'*"])


def test_a_junit_file_has_the_verdict(run, pytester):
    run(
        """
def test_it(symgrad):
    symgrad(right, X, function="log_det")
    symgrad(wrong, X, function="log_det")
    symgrad(right, X, function="log_det")
""",
        "--junit-xml=out.xml",
    ).assert_outcomes(passed=1)
    found = properties(pytester.path / "out.xml")
    assert found.pop("symgrad_version") == np.__version__
    assert float(found.pop("symgrad_error")) > 0.1 > float(found.pop("symgrad_tolerance")) > 0
    assert found == {
        "symgrad_verdict": "disagrees",
        "symgrad_convention": "invalid",
        "symgrad_function": "log_det",
        "symgrad_framework": "numpy",
        "symgrad_checks": "3",
    }


def test_a_junit_file_of_what_does_not_use_it_has_nothing(run, pytester):
    run("\ndef test_it(symgrad):\n    pass\n", "--junit-xml=out.xml").assert_outcomes(passed=1)
    assert properties(pytester.path / "out.xml") == {}


def test_hypothesis_may_run_a_test_with_it(run):
    done = run("""
from hypothesis import Phase, given, settings
from symgrad.strategies import positive_definite

PHASES = (Phase.generate, Phase.shrink)
SETTINGS = settings(
    max_examples=5, deadline=None, derandomize=True, database=None, phases=PHASES
)

@SETTINGS
@given(positive_definite(2))
def test_right(symgrad, X):
    symgrad.assert_gradient(right, X, function="log_det")

@SETTINGS
@given(positive_definite(2))
def test_wrong(symgrad, X):
    symgrad.assert_gradient(wrong, X, function="log_det")
""")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["E*[[]1.0, 1.0[]],", "E*[[]1.0, 2.0[]],"])
    done.stdout.fnmatch_lines(["E*X=array([[][[]1., 1.[]],"])


def test_a_run_that_does_not_use_it_is_as_without_it(pytester):
    pytester.makepyfile(
        "def test_it():\n    assert True\n\ndef test_not():\n    assert [1] == [2]\n"
    )
    words = ("-p", "no:randomly", "-p", "no:cacheprovider", "--durations=0", "--durations-min=99")

    def shown(*more):
        done = pytester.runpytest_subprocess(*words, *more)
        varies = (" in ", "plugins: ")
        return [line for line in done.outlines if not any(word in line for word in varies)]

    without = shown("-p", "no:symgrad.pytest_plugin")
    assert len(without) > 10
    assert shown("-p", "symgrad.pytest_plugin") == without


@pytest.mark.slow
def test_it_may_be_named_twice(pytester):
    """By -p, by a conftest, and, where the package is installed, by its entry point."""
    pytester.makeconftest('pytest_plugins = ["symgrad.pytest_plugin"]')
    pytester.makepyfile("def test_it(symgrad):\n    assert symgrad.catalogue()\n")
    pytester.runpytest_subprocess("-p", "symgrad.pytest_plugin").assert_outcomes(passed=1)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_it_imports_nothing_heavy():
    code = (
        "import sys, pytest; before = set(sys.modules); import symgrad.pytest_plugin; "
        "print(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == {"symgrad", "symgrad.pytest_plugin"}


def test_a_run_that_does_not_use_it_imports_nothing_heavy(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # others do
    pytester.makepyfile(
        "import sys\n\ndef test_it(pytestconfig):\n"
        "    assert pytestconfig.pluginmanager.has_plugin('symgrad.pytest_plugin')\n"
        "    assert not {'numpy', 'sympy', 'msgspec', 'symgrad.checks'} & set(sys.modules)\n"
    )
    done = pytester.runpytest_subprocess("-p", "symgrad.pytest_plugin")
    done.assert_outcomes(passed=1)


@pytest.mark.slow
def test_under_xdist_it_is_the_same(run, pytester):
    text = """
@pytest.mark.symgrad(strict=True)
def test_wrong(symgrad):
    symgrad.assert_gradient(wrong, X, function="log_det")
"""
    done = run(text, "-n", "1", "--strict-markers", "--junit-xml=out.xml")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E*to see it again:"])
    assert properties(pytester.path / "out.xml")["symgrad_verdict"] == "disagrees"


def by_numpy(X):
    """A callable that can be imported."""
    return np.linalg.slogdet(X)[1], 2 * np.linalg.inv(X)


TINY = np.array([[2.0, 1 / 3, -0.0], [1 / 3, np.nextafter(3, 4), 5e-324], [-0.0, 5e-324, 1e300]])
THIRDS = np.array([[2, 1 / 3 + 1j / 7], [1 / 3 - 1j / 7, complex(3.0, -0.0)]])


@pytest.mark.parametrize(
    "X",
    [TINY, THIRDS, TINY[:2, :2].astype(np.float32), THIRDS.astype(np.complex64)],
    ids=lambda X: X.dtype.name,
)
def test_the_lines_give_x_to_the_last_bit_and_run(X, capsys):
    report = checks.check(by_numpy, X, function="log_det")
    found = {}
    exec(code(Case.of(by_numpy, X, {"function": "log_det"}), report), found)
    assert (found["X"].dtype, found["X"].tobytes()) == (X.dtype, X.tobytes())
    assert found["f"] is by_numpy
    assert capsys.readouterr().out == f"{report}\n"


def test_the_lines_say_what_they_cannot_have():
    big = np.eye(MOST_ROWS + 1)
    report = checks.check(by_numpy, big, function="log_det")
    shown = code(Case.of(by_numpy, big, {"function": len}), report)
    assert 'np.save("X.npy", X)' in shown
    assert "# function is len" in shown
    assert "check(f, X, function=function)" in shown
    small = code(Case.of(by_numpy, big[1:, 1:], {}), report)
    assert "np.save" not in small
    assert "  # was in" not in small
    assert "# was in bfloat16" in code(Case(by_numpy, np.eye(2), "bfloat16", {}), report)
