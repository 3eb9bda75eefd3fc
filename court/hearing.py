"""The hearing: what both witnesses have said of the cases, and the judgement on it."""

from __future__ import annotations

from court import experiment, recorded
from court.gauge import refuse_both_signs
from court.judge import judge
from court.records import (
    Choice,
    Claim,
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
    their case by its number.
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
        self.judged: list[tuple[str, Verdict]] = []

    def note(self, event: Event) -> None:
        """Put down what a worker said."""
        if isinstance(event, Reported):
            self.reported.append(event)
        elif isinstance(event, Started):
            self.versions[event.framework] = event.version
        elif isinstance(event, Excerpt):
            self.excerpts.append(event)

    def judge(self) -> None:
        """Judge what has been reported, in the order of cases and frameworks."""
        reports = self.in_order()
        cases = [self.cases[r.problem] for r in reports]
        found = [
            judge(self.references[r.problem], r, dtype)
            for r, (_, dtype) in zip(reports, cases, strict=True)
        ]
        parts = [part for part, _ in cases]
        self.judged = list(zip(parts, refuse_both_signs(found), strict=True))

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

    def claims(self) -> list[Claim]:
        """The claims of the reference experiment, settled; none if it was not run.

        What is said of versions that were not run is from the record.
        """
        chosen = self.numbers("experiment")
        if not chosen or self.demonstration is None or len(self.references) < len(self.cases):
            return []
        record = recorded.read_record()
        values: dict[tuple[str, str], list[float]] = {}
        for r in sorted(self.reported, key=lambda r: r.problem):
            if r.problem in chosen and not r.error and self._bears(r.framework):
                values.setdefault((r.framework, r.route), []).append(r.value)
        complete = {key: found for key, found in values.items() if len(found) == len(chosen)}
        recalled = [r.verdict for r in recorded.unheard(self, record, chosen[:1])]
        return experiment.settle(
            experiment.Experiment(
                [self.references[k] for k in chosen],
                complete,
                [v for v in self._bearing("experiment") if v.function == "eigenvalue[0]"],
                self._bearing("sum"),
                self.demonstration.identities,
                self.excerpts,
                [v for v in recalled if experiment.is_about(v.framework)],
                recorded.unheard_excerpts(self, record),
            )
        )

    def _bearing(self, part: str) -> list[Verdict]:
        """The verdicts on a part that the claims are settled from."""
        return [v for v in self.verdicts(part) if self._bears(v.framework)]

    def _bears(self, framework: str) -> bool:
        """Whether a framework bears on the claims: no former one that was lost or is of another."""
        if "@" not in framework:
            return True
        return experiment.is_about(framework) and self.heard(framework)

    def heard(self, framework: str) -> bool:
        """Whether the framework answered in this run, to the end."""
        lost = any(r.worker_died and r.framework == framework for r in self.reported)
        return framework in self.versions and not lost

    @property
    def worker_died(self) -> bool:
        """Whether a worker was lost."""
        return any(r.worker_died for r in self.reported)
