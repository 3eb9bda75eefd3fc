"""The mutants before the court.  ``make mutants``: every wrong gradient has to be convicted.

A mutant that the court lets pass is explained if it is a valid gradient after all, which
:mod:`lab.trial.truth` finds out in rational arithmetic; else it is a bug of the court, and fails
the run.  So does a valid gradient that is convicted.  Writes ``docs/mutants.json`` and its table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click
import msgspec
from msgspec import Struct

from lab.trial.kinds import KINDS
from lab.trial.scenes import Place, Scene, places, scene
from lab.trial.truth import is_valid
from lab.trial.valid import Band, judge_valid
from symgrad.court.data import decode
from symgrad.court.judging.judge import judge
from symgrad.court.names import family
from symgrad.report.pages import linked, opening

DOCS = Path(__file__).parents[2] / "docs"


class Tally(Struct, frozen=True):
    """What became of the mutants of one kind; the unexplained survivors are said in full.

    A mutant is ``valid`` if it is a gradient in S + Skew(n) and agrees, and ``alarms`` counts the
    valid ones that did not agree.
    """

    kind: str
    mutants: int = 0
    killed: int = 0
    valid: int = 0
    survived: int = 0
    alarms: int = 0

    def __add__(self, other: Tally) -> Tally:
        """The counts of both together."""
        mine = (self.mutants, self.killed, self.valid, self.survived, self.alarms)
        others = (other.mutants, other.killed, other.valid, other.survived, other.alarms)
        return Tally(self.kind, *(a + b for a, b in zip(mine, others, strict=True)))


class Trial(Struct, frozen=True):
    """All that came out; ``bugs`` are lines about what should not have been."""

    functions: int
    scenes: int
    sizes: list[int]
    structures: list[str]
    kinds: list[Tally]
    bands: list[Band]
    bugs: list[str]


def judge_mutants(at: Scene) -> Iterator[tuple[Tally, str]]:
    """The tallies of all mutants of a scene, one each, with what is wrong with it if anything."""
    own = judge(at.reference, at.report(at.S), at.dtype)
    if own.verdict != "agrees":
        raise ValueError(f"{at.name}: the gradient itself is {own.verdict}, {own.reason}")
    for kind, mutate in KINDS.items():
        for G in mutate(at):
            verdict = judge(at.reference, at.report(G), at.dtype)
            agrees, valid = verdict.verdict == "agrees", is_valid(G, at.reference)
            killed = verdict.verdict == "disagrees" and not valid
            survived, alarm = not killed and not valid, valid and not agrees
            counts = (killed, valid and agrees, survived, alarm)
            said = f"{at.name}, {kind}: {verdict.verdict}, {verdict.reason}"
            yield Tally(kind, 1, *map(int, counts)), said if survived or alarm else ""


Found = tuple[list[Tally], list[Band], list[str]]


def examine(place: Place, valid: int) -> Found:
    """The mutants of the scene at a place, and ``valid`` valid gradients of it."""
    at = scene(place)
    mutants, gradients = list(judge_mutants(at)), list(judge_valid(at, valid))
    bugs = [said for _, said in (*mutants, *gradients) if said]
    return [tally for tally, _ in mutants], [band for band, _ in gradients], bugs


def conclude(tried: list[Place], found: Iterable[Found]) -> Trial:
    """The findings of all scenes, added up."""
    kinds = {kind: Tally(kind) for kind in KINDS}
    bands: dict[tuple[str, str], Band] = {}
    bugs: list[str] = []
    for tallies, of_valid, said in found:
        for tally in tallies:
            kinds[tally.kind] += tally
        for band in of_valid:
            key = (band.dtype, band.above)
            bands[key] = bands.get(key, Band(*key)) + band
        bugs += said
    return Trial(
        len({family(place.function) for place in tried}),
        len(tried),
        sorted({place.n for place in tried}),
        sorted({place.structure for place in tried}),
        list(kinds.values()),
        [bands[key] for key in sorted(bands, key=lambda key: (key[0], float(key[1][3:] or -1)))],
        bugs,
    )


def run(count: int | None, valid: int, jobs: int) -> Trial:
    """The trial at all scenes or the first ``count``, with ``valid`` valid gradients in all."""
    tried = places(count)
    share = -(-valid // len(tried))
    if jobs == 1:
        return conclude(tried, [examine(place, share) for place in tried])
    with ProcessPoolExecutor(jobs) as pool:
        return conclude(tried, pool.map(examine, tried, [share] * len(tried), chunksize=4))


def to_json(trial: Trial) -> bytes:
    """The trial as data."""
    return msgspec.json.format(msgspec.json.encode(trial), indent=1) + b"\n"


def from_json(text: bytes) -> Trial:
    """The trial again.

    Raises:
        msgspec.DecodeError: it does not have the shape of a trial.
    """
    return decode(text, Trial)


def to_markdown(trial: Trial) -> str:
    """The trial as a page."""
    total = sum((tally for tally in trial.kinds), Tally("all"))
    kinds = [
        f"| {t.kind} | {t.mutants} | {t.killed} | {t.valid} | {t.survived} |"
        for t in (*trial.kinds, total)
    ]
    bands = [
        f"| {b.dtype} | {'≤ 1' if b.above == '0' else f'> {b.above}'} | {b.gradients} "
        f"| {b.agrees} | {b.vacuous} | {b.alarms} |"
        for b in trial.bands
    ]
    return PAGE.format(
        opening=opening("The court on trial", "doubts the court"),
        functions=trial.functions,
        scenes=trial.scenes,
        smallest=trial.sizes[0],
        largest=trial.sizes[-1],
        structures=len(trial.structures),
        valid=sum(b.gradients for b in trial.bands),
        agrees=sum(b.agrees for b in trial.bands),
        refused=sum(b.vacuous for b in trial.bands),
        alarms=sum(b.alarms for b in trial.bands) + total.alarms,
        kinds="\n".join(kinds),
        bands="\n".join(bands),
        bugs="".join(f"- {line}\n" for line in trial.bugs) or "None.\n",
    )


PAGE = """{opening}

A verifier is worth what it would have caught. Here wrong gradients are planted at {scenes} points
of {functions} functions, in {structures} structures of sizes {smallest} to {largest}, real and
complex Hermitian, and put before the court with references that are certified. Made by
`make mutants`.

## Wrong gradients

*Killed*: the verdict is `disagrees`. *Valid*: the mutant is a gradient after all, S + K with K skew
(of S or, complex, of its conjugate), which is found by rational arithmetic without the court; it
has to agree. So a doubled triangle is right where S is diagonal, a neighbouring point has the same
gradient where f is linear, single precision is exact where S is a small rational, a transposed
gradient differs by a skew matrix. *Survived*: anything else, a bug of the court.

| kind | mutants | killed | valid | survived |
|---|---|---|---|---|
{kinds}

## Valid gradients

S + K, K skew, of random conventions and any size: {valid} of them, of which {agrees} agree, with
{alarms} false alarms. Where storing K has rounded S away, or X itself is rounded too coarsely,
there is nothing left to judge, and the verdict is a refusal ({refused}): never that it disagrees.
K up to 1000 times as large as S has to be seen through in double precision; a refusal there counts
as a false alarm too.

| dtype | ‖K‖/‖S‖ | gradients | agree | refused | false alarms |
|---|---|---|---|---|---|
{bands}

## Bugs found

{bugs}"""


@click.command()
@click.option("--scenes", "count", type=int, help="So many points alone.")
@click.option("--valid", default=14_000, show_default=True, help="Valid gradients in all.")
@click.option("--jobs", default=2, show_default=True, help="Processes.")
@click.option("--output", type=click.Path(path_type=Path), default=DOCS, show_default=True)
def main(count: int | None, valid: int, jobs: int, output: Path) -> None:
    """Put the mutants before the court, print the page and write it; status 1 for a bug."""
    trial = run(count, valid, jobs)
    output.mkdir(parents=True, exist_ok=True)
    (output / "mutants.json").write_bytes(to_json(trial))
    (output / "mutants.md").write_text(linked(to_markdown(trial), output), encoding="utf-8")
    click.echo(to_markdown(trial))
    sys.exit(1 if trial.bugs else 0)


if __name__ == "__main__":
    main()
