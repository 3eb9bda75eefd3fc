"""The hearing: what both witnesses have said of the cases, and the judgement on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec import structs

from symgrad.court.formats import with_products_in
from symgrad.court.judging.gauge import refuse_both_signs
from symgrad.court.judging.judge import judge
from symgrad.court.judging.printing import NOT_ROUNDED, Matrix, Printing, judge_proposed
from symgrad.court.program import Program
from symgrad.court.questions import Choice, Event, Excerpt, Nearby, Reported, Started
from symgrad.court.reasons import Reason
from symgrad.court.references import Demonstration, Reference
from symgrad.court.scenario import Part, Scenario
from symgrad.court.verdicts import Verdict

Near = tuple[Reported, Sequence[Reference | None]]
"""A report with what the route said at matrices beside X, and what is true there, if known."""
AskNear = Callable[[Sequence[Reported]], "Sequence[Near] | None"]
"""For each report, in order, what is said and what is true beside X; none if it is cut short."""
NOT_ASKED_AGAIN = (
    "more is lost than by a backward stable algorithm, and the run was cut short before the route "
    "was asked near X: rounding and a wrong formula are not told apart"
)


class Judged(NamedTuple):
    """The verdict on what was reported in one scenario; nothing was of what a user proposes."""

    scenario: Scenario
    reported: Reported | None
    verdict: Verdict


class Recorded(NamedTuple):
    """A callable of a user's file, as it ran at the matrix of a scenario.

    There is no program if it could not be recorded.  ``digest`` is the SHA-256 of the ``file``, and
    ``closed_form`` gives f and its derivatives at [[a, b], [b, c]] in LaTeX, nothing if none is
    found.
    """

    program: Program | None
    file: str
    digest: str
    closed_form: Callable[[], tuple[str, ...]]


class Hearing:
    """One run.

    The ``references`` are in the order of the ``scenarios``, as far as they are known; reports name
    their scenario by its number.  ``executions`` are those that anybody who was asked knows,
    ``devices`` the accelerators, by framework.
    ``proposed`` is a gradient in the first scenario that no framework reported, and ``printing``
    how it was rounded.  Of callables, what was ``recorded`` is in the order of the scenarios.
    """

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.scenarios: list[Scenario] = []
        self.references: list[Reference] = []
        self.reported: list[Reported] = []
        self.excerpts: list[Excerpt] = []
        self.versions: dict[str, str] = {}
        self.executions: set[str] = set()
        self.devices: dict[str, str] = {}
        self.demonstration: Demonstration | None = None
        self.proposed: Matrix | None = None
        self.printing: Printing = NOT_ROUNDED
        self.judged: list[Judged] = []
        self.recorded: list[Recorded] = []

    def note(self, event: Event) -> None:
        """Put down what a worker said."""
        if isinstance(event, Reported):
            self.reported.append(event)
        elif isinstance(event, Started):
            self.versions[event.framework] = event.version
            self.executions.update(event.executions)
            if event.device:
                self.devices[event.framework] = event.device
        elif isinstance(event, Excerpt):
            self.excerpts.append(event)

    def judge(self, ask_near: AskNear = lambda _: []) -> None:
        """Judge what has been reported, in the order of scenarios and frameworks.

        ``ask_near`` asks both witnesses once more, near X, of the reports that would disagree.
        """
        reports = self.in_order()
        found = [self._judge(report) for report in reports]
        seem_wrong = [k for k, verdict in enumerate(found) if _seems_wrong(verdict)]
        near = ask_near([reports[k] for k in seem_wrong])
        for k in seem_wrong if near is None else ():
            why = Reason("not asked again", NOT_ASKED_AGAIN)
            found[k] = found[k].saying(why, verdict="refused", convention=None)
        for k, (report, references) in zip(seem_wrong, near or (), strict=False):
            found[k] = self._judge(report, references)
            self._replace(reports[k], report)
            reports[k] = report
        scenarios = (self.scenarios[r.problem] for r in reports)
        told = zip(scenarios, reports, refuse_both_signs(found), strict=True)
        self.judged = [Judged(*about) for about in told]
        if self.proposed is not None and self.references:
            scenario = self.scenarios[0]
            about = (self.references[0], self.proposed, "--gradient", scenario.dtype, self.printing)
            self.judged.insert(0, Judged(scenario, None, judge_proposed(*about)))

    def _judge(self, report: Reported, near: Sequence[Reference | None] = ()) -> Verdict:
        dtype = with_products_in(report.products, self.scenarios[report.problem].dtype)
        return judge(self.references[report.problem], report, dtype, near)

    def _replace(self, old: Reported, new: Reported) -> None:
        (place,) = (k for k, report in enumerate(self.reported) if report is old)
        self.reported[place] = new

    def in_order(self) -> list[Reported]:
        """What is judged: the reports where there is a reference, by scenarios and frameworks."""
        order = {name: k for k, name in enumerate(self.choice.resources.frameworks)}
        known = [r for r in self.reported if r.problem < len(self.references)]
        return sorted(known, key=lambda r: (r.problem, order[r.framework]))

    def verdicts(self, *parts: Part, label: str | None = None) -> list[Verdict]:
        """The verdicts on some parts, or on all; on what has one label alone, if it is given."""
        return [
            found.verdict
            for found in self.judged
            if found.scenario.part in parts or not parts
            if label in (None, found.scenario.label)
        ]

    def numbers(self, part: Part, label: str | None = None) -> list[int]:
        """The numbers of a part's scenarios, as :meth:`verdicts` chooses them."""
        return [
            k
            for k, scenario in enumerate(self.scenarios)
            if scenario.part == part and label in (None, scenario.label)
        ]

    def heard(self, framework: str) -> bool:
        """Whether the framework answered in this run, to the end; a route that crashes did so."""
        lost = any(
            r.worker_died and not r.crashed and r.framework == framework for r in self.reported
        )
        return framework in self.versions and not lost

    @property
    def worker_died(self) -> bool:
        """Whether a worker was lost."""
        return any(r.worker_died for r in self.reported)


def _seems_wrong(verdict: Verdict) -> bool:
    """Whether it is worth asking again: more numbers tell rounding from a wrong formula."""
    return verdict.verdict == "disagrees"


def confirm(first: Reported, again: Sequence[tuple[Reported | None, Reference | None]]) -> Near:
    """The report with what is said in its place when the route is asked again, at X and then near.

    It is the error, if there is one now.  The rest stays, as what the route reads.
    """
    here, near = (again[0][0], again[1:]) if again else (None, [])
    if here is not None and here.error:
        return structs.replace(first, error=here.error, declined=here.declined), ()
    if here is not None:
        first = structs.replace(
            first,
            value=here.value,
            gradient=here.gradient,
            dtype=here.dtype,
            again=here.again or first.again,
        )
    nearby = tuple(
        said and Nearby(said.value, said.gradient) if said and said.gradient is not None else None
        for said, _ in near
    )
    return structs.replace(first, nearby=nearby), [true for _, true in near]
