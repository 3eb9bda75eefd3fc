"""The hearing: what both witnesses have said of the cases, and the judgement on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from court.judging.gauge import refuse_both_signs
from court.judging.judge import judge
from court.judging.printing import NOT_ROUNDED, Matrix, Printing, judge_proposed
from court.records import (
    Choice,
    Constants,
    Demonstration,
    Event,
    Excerpt,
    Reference,
    Reported,
    Started,
    Verdict,
)


class Hearing:
    """One run.  Each case has a part of the report that it belongs to, and a dtype.

    ``constants`` of their functions and ``references`` are in the order of ``cases``; reports name
    their case by its number.  ``proposed`` is a gradient in the first case that no framework
    reported, and ``printing`` how it was rounded.
    """

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.cases: list[tuple[str, str]] = []
        self.constants: list[Constants] = []
        self.references: list[Reference] = []
        self.reported: list[Reported] = []
        self.excerpts: list[Excerpt] = []
        self.versions: dict[str, str] = {}
        self.demonstration: Demonstration | None = None
        self.proposed: Matrix | None = None
        self.printing: Printing = NOT_ROUNDED
        self.judged: list[tuple[str, Verdict]] = []

    def note(self, event: Event) -> None:
        """Put down what a worker said."""
        if isinstance(event, Reported):
            self.reported.append(event)
        elif isinstance(event, Started):
            self.versions[event.framework] = event.version
        elif isinstance(event, Excerpt):
            self.excerpts.append(event)

    def judge(self, nearby: Callable[[int], Sequence[Reference]] = lambda _: ()) -> None:
        """Judge what has been reported, in the order of cases and frameworks.

        ``nearby`` says what is true near X in the case of a number.  It is asked only where a
        gradient would disagree otherwise.
        """
        reports, known = self.in_order(), cache(nearby)
        found = [self._judge(report, known) for report in reports]
        parts = [self.cases[r.problem][0] for r in reports]
        self.judged = list(zip(parts, refuse_both_signs(found), strict=True))
        if self.proposed is not None and self.references:
            part, dtype = self.cases[0]
            about = (self.references[0], self.proposed, "--gradient", dtype, self.printing)
            self.judged.insert(0, (part, judge_proposed(*about)))

    def _judge(self, report: Reported, nearby: Callable[[int], Sequence[Reference]]) -> Verdict:
        about = (self.references[report.problem], report, self.cases[report.problem][1])
        verdict = judge(*about)
        is_open = verdict.verdict == "disagrees" and verdict.parameters and report.nearby
        return judge(*about, nearby(report.problem)) if is_open else verdict

    def in_order(self) -> list[Reported]:
        """What is judged: the reports on cases with a reference, by cases and frameworks."""
        order = {name: k for k, name in enumerate(self.choice.frameworks)}
        known = [r for r in self.reported if r.problem < len(self.references)]
        return sorted(known, key=lambda r: (r.problem, order[r.framework]))

    def verdicts(self, *parts: str) -> list[Verdict]:
        """The verdicts on some parts' cases, or on all."""
        return [verdict for part, verdict in self.judged if part in parts or not parts]

    def numbers(self, part: str) -> list[int]:
        """The numbers of a part's cases."""
        return [k for k, case in enumerate(self.cases) if case[0] == part]

    def heard(self, framework: str) -> bool:
        """Whether the framework answered in this run, to the end."""
        lost = any(r.worker_died and r.framework == framework for r in self.reported)
        return framework in self.versions and not lost

    @property
    def worker_died(self) -> bool:
        """Whether a worker was lost."""
        return any(r.worker_died for r in self.reported)
