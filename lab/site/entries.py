"""The entries of the explorer: a route of one version of a framework, with all that is on record.

Today's are rows of the atlas, joined with their matrices and further axes; those of former versions
are steps of the history.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from lab.site.matrices import Reported
from lab.site.records import Records
from symgrad.court.names import family, name_of, public
from symgrad.court.questions import Reads
from symgrad.court.verdicts import Convention, Outcome
from symgrad.studies.atlas.axes_record import AxisRow
from symgrad.studies.atlas.record import Row
from symgrad.studies.history.record import Step, Story

PARTS = {"real": "float64", "hermitian": "complex128"}
DEFAULT = "float64 reverse"
Shown = Literal[
    "symmetric", "lower", "upper", "unsymmetric", "ambiguous",
    "disagrees", "refused", "failed", "not asked",
]  # fmt: skip
LETTERS: dict[Shown, str] = {
    "symmetric": "S", "lower": "L", "upper": "U", "unsymmetric": "K", "ambiguous": "A",
    "disagrees": "✗", "refused": "R", "failed": "F", "not asked": "–",
}  # fmt: skip
"""What a cell of the heat map may show, and how it is shown without its colour."""
MEANINGS: dict[Shown, str] = {
    "symmetric": "G = S, the symmetric gradient",
    "lower": "G = 2 tril(S) − diag(S), in the lower triangle",
    "upper": "G = 2 triu(S) − diag(S), in the upper triangle",
    "unsymmetric": "G = S + K with another skew K",
    "ambiguous": "S is diagonal, so that several of them coincide",
    "disagrees": "no valid gradient under any convention",
    "refused": "no derivative is there, or the framework declines",
    "failed": "the route raised an error",
    "not asked": "there is no such mode or dtype on record",
}


class Segment(Struct, frozen=True):
    """Successive versions in which a call reports the same."""

    first: str
    last: str
    shown: Shown
    recorded: bool

    @property
    def versions(self) -> str:
        """From which to which."""
        return self.first if self.first == self.last else f"{self.first} – {self.last}"


class Entry(Struct, frozen=True):
    """One route of one version."""

    id: str
    framework: str
    version: str
    function: str
    route: str
    reads: Reads | None
    convention: Convention | None
    outcomes: dict[str, Outcome]
    since: str
    is_today: bool
    recorded: bool
    segments: list[Segment]
    notes: dict[str, str] = {}
    known: dict[str, str] = {}
    matrix: Reported | None = None
    further: list[AxisRow] = []

    @property
    def shown(self) -> Shown:
        """What its cell shows of the gradient in float64."""
        return shown(self.convention, self.outcomes.get(DEFAULT))


def shown(convention: Convention | None, outcome: Outcome | None) -> Shown:
    """The convention of what is right, else the verdict."""
    if outcome is None:
        return "not asked"
    if outcome == "agrees" or outcome == "inaccurate":
        return "ambiguous" if convention is None or convention == "invalid" else convention
    return outcome


def slug(*words: str) -> str:
    """An anchor: ``torch-torch-linalg-eigh-uplo-l``."""
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")


def entries(records: Records) -> list[Entry]:
    """Today's, in the order of the atlas, then those of former versions.

    Raises:
        ValueError: two routes of a function would have the same anchor.
    """
    matrices = {(m.framework, m.function, m.route): m for m in records.matrices.rows}
    further = _further(records)
    stories = {(s.framework, s.function, s.route): s for s in records.history.stories}
    found = [
        _today(row, stories.get(_key(row)), matrices.get(_key(row)), further.get(_key(row), []))
        for row in records.atlas.rows
    ]
    found += [
        _former(story, step)
        for story in records.history.stories
        for step in story.steps
        if "@" in step.framework
    ]
    names = [(entry.function, entry.id) for entry in found]
    if len(set(names)) < len(names):
        raise ValueError(f"two routes have one anchor: {max(names, key=names.count)}")
    return found


def _further(records: Records) -> dict[tuple[str, str, str], list[AxisRow]]:
    """The rows along further axes, those of ``jax.jit: jnp.linalg.eigh`` with jnp.linalg.eigh."""
    routes = {_key(row) for row in records.atlas.rows}
    found: dict[tuple[str, str, str], list[AxisRow]] = {}
    for row in records.axes.rows if records.axes else []:
        framework, function, route = _key(row)
        plain = route.split(": ", 1)[-1]
        key = (framework, function, route if _key(row) in routes else plain)
        found.setdefault(key, []).append(row)
    return found


def _key(row: Row | AxisRow) -> tuple[str, str, str]:
    return row.framework, family(row.function), row.route


def _today(row: Row, story: Story | None, matrix: Reported | None, further: list[AxisRow]) -> Entry:
    outcomes: dict[str, Outcome] = {f"{dtype} reverse": v for dtype, v in row.dtypes.items()}
    outcomes[DEFAULT] = row.valid
    for dtype, verdict in (("float64", row.forward), ("complex128", row.forward_hermitian)):
        if verdict:
            outcomes[f"{dtype} forward"] = verdict
    outcomes |= {f"{name} reverse": verdict for name, verdict in row.singular.items()}
    digits = {name: f"{left} digits are left" for name, left in row.digits.items()}
    return Entry(
        slug(row.framework, row.route),
        row.framework,
        public(row.version),
        family(row.function),
        row.route,
        row.reads,
        row.convention,
        outcomes,
        row.since,
        True,
        False,
        segments(story.steps if story else []),
        {place(name): text for name, text in (digits | row.missing | row.wrong).items()},
        {place(name): finding for name, finding in row.known.items()},
        matrix,
        further,
    )


def place(column: str) -> str:
    """A column of the atlas by its dtype: ``real reverse`` is ``float64 reverse``."""
    part, _, mode = column.partition(" ")
    return f"{PARTS.get(part, part)} {mode}"


def _former(story: Story, step: Step) -> Entry:
    version = public(step.version)
    return Entry(
        slug(name_of(step.framework), version, story.route),
        name_of(step.framework),
        version,
        story.function,
        story.route,
        step.reads,
        step.convention,
        {DEFAULT: step.verdict},
        "",
        False,
        step.recorded,
        segments(story.steps),
    )


def segments(steps: Sequence[Step]) -> list[Segment]:
    """The steps, those that show the same in one."""
    found: list[Segment] = []
    for step in steps:
        version, seen = public(step.version), shown(step.convention, step.verdict)
        if found and (found[-1].shown, found[-1].recorded) == (seen, step.recorded):
            found[-1] = Segment(found[-1].first, version, seen, step.recorded)
        else:
            found.append(Segment(version, version, seen, step.recorded))
    return found
