"""The atlas: of each route, all that its verdicts and its slopes tell, in one row."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from jaxtyping import Float
from msgspec import Meta, Struct, structs

from symgrad.court.formats import PARTS
from symgrad.court.former.recorded import Record
from symgrad.court.hearing import Hearing
from symgrad.court.names import family, order_of, public
from symgrad.court.questions import Reads, Reported
from symgrad.court.scenario import RANK, Scenario
from symgrad.court.verdicts import Conjugation, Convention, Outcome, Verdict

OffSymmetric = Literal["yes", "no", "rejected"]
CLOSE = 1e-3
"""Largest difference, relative to the largest entry, of slopes by differences that are equal."""
REAL = "real reverse"
"""The column of the gradient on the symmetric matrices, in float64."""


class Row(Struct, frozen=True):
    """One route of one framework."""

    framework: str
    version: str
    function: str
    route: str
    reads: Annotated[Reads | None, Meta(description="entries that the forward pass reads")]
    convention: Convention | None
    valid: Annotated[
        Outcome,
        Meta(description="the gradient on the symmetric matrices, float64; in a mode, float32"),
    ]
    off_symmetric: Annotated[
        OffSymmetric | None,
        Meta(description="whether G is the gradient of the forward pass off Sym(n) too"),
    ]
    forward: Annotated[Outcome | None, Meta(description="forward mode; none if there is none")]
    hermitian: Annotated[Outcome | None, Meta(description="the gradient at a Hermitian matrix")]
    conjugation: Conjugation | None
    forward_hermitian: Outcome | None
    dtypes: Annotated[dict[str, Outcome], Meta(description="dtype → verdict")]
    wrong: Annotated[dict[str, str], Meta(description="what disagrees → why")]
    missing: Annotated[dict[str, str], Meta(description="what was refused or failed → why")]
    lost: Annotated[
        list[str], Meta(description="what disagrees by digits that are lost, and no more")
    ] = []
    digits: Annotated[dict[str, int], Meta(description="what is inaccurate → digits left")] = {}
    singular: Annotated[
        dict[str, Outcome], Meta(description="the rank of a singular matrix, as `rank-2` → verdict")
    ] = {}
    known: Annotated[
        dict[str, str],
        Meta(description="what disagrees, or fails → the id of the finding"),
    ] = {}
    since: Annotated[
        str, Meta(description="oldest version known to show the convention, without a break")
    ] = ""

    @property
    def is_wrong(self) -> bool:
        """Whether anything of it disagrees."""
        return bool(self.wrong)

    @property
    def is_news(self) -> bool:
        """Whether anything of it disagrees, or it fails in float64, that is no known finding."""
        failed = {REAL} if self.valid == "failed" else set()
        return not set(self.wrong) | failed <= set(self.known)


class Made(Struct, frozen=True):
    """What differs between two runs that find the same."""

    date: Annotated[str, Meta(description="the day of the run, UTC, as 2026-01-31")]


class Atlas(Struct, frozen=True):
    """The table, and what it was made with."""

    toolkit: dict[str, str]
    environment: dict[str, str]
    made: Made
    size: int
    rows: list[Row]
    devices: Annotated[
        dict[str, str],
        Meta(description="framework → accelerator that it computed on, with its libraries"),
    ] = {}


def with_since(atlas: Atlas, record: Record) -> Atlas:
    """The atlas with the oldest version of each row's convention; no framework is asked."""
    return structs.replace(
        atlas, rows=[structs.replace(row, since=_since(row, record)) for row in atlas.rows]
    )


def _since(row: Row, record: Record) -> str:
    """The oldest version on record, going back from the row's own, with the same convention."""
    if row.convention in (None, "invalid"):
        return ""
    oldest = public(row.version)
    for former in sorted(record.versions, key=lambda f: order_of(f.framework), reverse=True):
        name, version = order_of(former.framework)
        if name == row.framework and version < order_of(f"{name}@{public(row.version)}")[1]:
            shown = {
                answer.convention
                for answer in former.answers
                if answer.route == row.route
                and family(record.questions[answer.question].function) == family(row.function)
            }
            if shown != {row.convention}:
                break
            oldest = former.framework.split("@")[1]
    return oldest


def rows(hearing: Hearing) -> list[Row]:
    """One row per route that was asked, in the order of frameworks and functions."""
    slopes = {
        (r.framework, hearing.references[r.problem].function, r.route): r
        for r in hearing.reported
        if r.mode == "reverse" and hearing.scenarios[r.problem].part == "real"
    }
    order = {name: k for k, name in enumerate(hearing.choice.resources.frameworks)}
    found: dict[tuple[str, str, str], dict[str, Verdict]] = {}
    for scenario, _, verdict in hearing.judged:
        key = (verdict.framework, verdict.function, verdict.route)
        name = _column(scenario, verdict)
        found.setdefault(key, {})[f"{name} {verdict.mode}"] = verdict
    ordered = sorted(found.items(), key=lambda item: order[item[0][0]])
    return [_row(verdicts, slopes.get(key)) for key, verdicts in ordered]


def _column(scenario: Scenario, verdict: Verdict) -> str:
    if scenario.part == "rank":
        return RANK + scenario.label
    return verdict.dtype if scenario.part == "dtype" else scenario.part


def _row(verdicts: dict[str, Verdict], reported: Reported | None) -> Row:
    real = verdicts.get(REAL) or _in_mode(verdicts)
    hermitian = verdicts.get("hermitian reverse")
    any_verdict = next(iter(verdicts.values()))
    reverse = {
        name.removesuffix(" reverse"): v for name, v in verdicts.items() if v.mode == "reverse"
    }
    singular = {name: v.verdict for name, v in reverse.items() if name.startswith(RANK)}
    dtypes = {v.dtype: v.verdict for name, v in reverse.items() if name not in singular}
    return Row(
        framework=any_verdict.framework,
        version=any_verdict.version,
        function=any_verdict.function,
        route=any_verdict.route,
        reads=real.reads if real else None,
        convention=real.convention if real else None,
        valid=real.verdict if real else "failed",
        off_symmetric=off_symmetric(reported) if reported else None,
        forward=_outcome(verdicts.get("real forward")),
        hermitian=_outcome(hermitian),
        conjugation=hermitian.conjugation if hermitian else None,
        forward_hermitian=_outcome(verdicts.get("hermitian forward")),
        dtypes=dtypes,
        singular=singular,
        wrong={name: v.reason for name, v in verdicts.items() if v.verdict == "disagrees"},
        lost=[name for name, v in verdicts.items() if loses_digits_alone(v)],
        missing={
            name: v.reason for name, v in verdicts.items() if v.verdict in ("refused", "failed")
        },
        digits={name: v.digits for name, v in verdicts.items() if v.digits is not None},
    )


def _in_mode(verdicts: dict[str, Verdict]) -> Verdict | None:
    """Of a mode that says how float32 is multiplied, and is asked in nothing else: the real one."""
    label = next(iter(verdicts.values())).route
    real = (v for v in verdicts.values() if v.dtype not in PARTS and v.mode == "reverse")
    return next(real, None) if ": " in label else None


def loses_digits_alone(verdict: Verdict) -> bool:
    """Whether it disagrees, and no formula need be wrong."""
    off = [r for r in verdict.reasons if r.kind in ("value", "contraction", "entry")]
    return verdict.verdict == "disagrees" and all(reason.lost for reason in off)


def _outcome(verdict: Verdict | None) -> Outcome | None:
    return verdict.verdict if verdict else None


def off_symmetric(reported: Reported) -> OffSymmetric | None:
    """Whether G has the slopes that the forward pass has in single entries."""
    G, slopes = reported.gradient, reported.entrywise
    if G is None or not np.all(np.isfinite(G)):
        return None
    if slopes is None or not np.all(np.isfinite(slopes)):
        return "rejected"
    return "yes" if _close(np.real(G), slopes) else "no"


def _close(G: Float[np.ndarray, "n n"], slopes: Float[np.ndarray, "n n"]) -> bool:
    return bool(np.max(np.abs(G - slopes)) <= CLOSE * np.max(np.abs(slopes), initial=0.0))
