"""A plugin of pytest: the fixture ``symgrad``, its marker and its settings.

The fixture is the package, but that ``check`` and ``assert_gradient`` take what the marker and the
settings say as defaults, and that a test that fails shows what was judged and how to see it again:

>>> @pytest.mark.symgrad(strict=True)
... def test_my_log_det(symgrad):
...     symgrad.assert_gradient(my_log_det, X, function="log_det")

``symgrad(f, X, …)`` is ``symgrad.check``.  The fixture lasts a session, so that Hypothesis's
``@given`` takes a test that uses it.  With ``--junit-xml`` the verdict is among the properties of
the test.  Settings, of ``[pytest]``: ``symgrad_strict``, ``symgrad_framework``.

A run that does not use it imports nothing by it.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from symgrad.report.here import Report, Reports
    from symgrad.reproduction import Case

MARKER = (
    "symgrad(strict=…, framework=…, …): defaults of the options of symgrad.check, for the fixture "
    "symgrad"
)


class Judged:
    """What was judged in one test.

    ``last`` is the last report that is not right, or the last of all if all are: of a test that
    Hypothesis runs many times, the one that it has shrunk to.
    """

    def __init__(self) -> None:
        self.count = 0
        self.last: tuple[Case, Report] | None = None

    def add(self, case: Case, report: Report) -> None:
        """One more."""
        self.count += 1
        if self.last is None or self.last[1].is_right or not report.is_right:
            self.last = (case, report)


RUNNING = pytest.StashKey[pytest.Item]()
JUDGED = pytest.StashKey[Judged]()


class Checker:
    """What the fixture ``symgrad`` is: the package, with the defaults of the test that runs."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def __getattr__(self, name: str) -> Any:
        """Whatever else the package has."""
        return getattr(importlib.import_module("symgrad"), name)

    def __call__(self, f: Callable[..., Any], X: Any, **options: Any) -> Report | Reports:
        """:func:`symgrad.check`."""
        return self.check(f, X, **options)

    def check(self, f: Callable[..., Any], X: Any, **options: Any) -> Report | Reports:
        """:func:`symgrad.check`; what is given here goes before the marker and the settings.

        Raises:
            InputError: as there, or the marker has an option that there is none of.
        """
        return self._judge(f, X, options)[1]

    def assert_gradient(self, f: Callable[..., Any], X: Any, **options: Any) -> Report | Reports:
        """:func:`symgrad.assert_gradient`; the message says how to see it again, too."""
        __tracebackhide__ = True
        case, report = self._judge(f, X, options)
        if not report.is_right:
            raise AssertionError(_told(case, _one(report)))
        return report

    def _judge(
        self, f: Callable[..., Any], X: Any, options: dict[str, Any]
    ) -> tuple[Case, Report | Reports]:
        from symgrad.checks import check
        from symgrad.reproduction import Case

        item = self._config.stash[RUNNING]
        case = Case.of(f, X, {**_settings(item.config, X), **_marked(item), **options})
        report = check(f, X, **case.options)
        item.stash.setdefault(JUDGED, Judged()).add(case, _one(report))
        return case, report


def _one(report: Report | Reports) -> Report:
    """Of a batch the first that is not right, or else the last."""
    if not isinstance(report, tuple):
        return report
    return next((one for one in report if not one.is_right), report[-1])


@pytest.fixture(scope="session")
def symgrad(pytestconfig: pytest.Config) -> Checker:
    """Judge gradients: symgrad.check and symgrad.assert_gradient, with the marker's options."""
    return Checker(pytestconfig)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The settings."""
    parser.addini("symgrad_strict", "whether digits that rounding lost fail a test", "bool", False)
    parser.addini("symgrad_framework", "who differentiates at a NumPy array", default="")


def pytest_configure(config: pytest.Config) -> None:
    """The marker."""
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Keep which test runs: a fixture of the session is not told."""
    item.config.stash[RUNNING] = item


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Add what was judged to the report of a test."""
    judged = item.stash.get(JUDGED, None)
    if call.when != "call" or judged is None or judged.last is None:
        return
    del item.stash[JUDGED]  # what a plugin that runs a test again would count twice
    item.user_properties += _properties(judged.count, judged.last[1])
    if call.excinfo is not None:
        text = _told(*judged.last)
        if text not in str(call.excinfo.value):
            item.add_report_section("call", "symgrad", text)


def _settings(config: pytest.Config, X: Any) -> dict[str, Any]:
    from symgrad.numeric.here import framework_of

    found: dict[str, Any] = {"strict": True} if config.getini("symgrad_strict") else {}
    framework = config.getini("symgrad_framework")
    if framework and framework_of(X) == "numpy":
        found["framework"] = framework
    return found


def _marked(item: pytest.Item) -> dict[str, Any]:
    """What the markers of a test say; of two that say the same the nearer one."""
    from symgrad.checks import check
    from symgrad.court.errors import InputError, check_known

    parameters = inspect.signature(check).parameters.values()
    known = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    found: dict[str, Any] = {}
    for marker in reversed([*item.iter_markers("symgrad")]):
        if marker.args:
            raise InputError(f"the marker symgrad has {marker.args[0]!r}; give options by name")
        for name in marker.kwargs:
            check_known("option of the marker symgrad", name, known)
        found |= marker.kwargs
    return found


def _properties(count: int, report: Report) -> list[tuple[str, object]]:
    """Texts, which any report can hold."""
    record = report.record
    said = {
        "verdict": report.verdict,
        "convention": report.convention,
        "error": report.error,
        "tolerance": report.tolerance,
        "function": record.function,
        "framework": record.framework,
        "version": record.version,
        "checks": count,
    }
    return [(f"symgrad_{name}", str(value)) for name, value in said.items()]


def _told(case: Case, report: Report) -> str:
    from symgrad.reproduction import told

    return told(case, report)
