"""Disputes: public threads in which a gradient was disputed, and the checks that settle each.

What is typed in is where to look, and what must come out there.  What does come out is found by a
run, and where it is something else the dispute is not settled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
from jaxtyping import Float
from msgspec import Meta, Struct

from symgrad.court.errors import InputError, check_known
from symgrad.court.judging.conventions import representative
from symgrad.court.judging.printing import Printing
from symgrad.court.questions import Mode, Reads
from symgrad.court.verdicts import Conjugation, Convention, Outcome
from symgrad.studies.atlas.record import OffSymmetric

Rule = Literal["symmetric", "lower", "upper", "spurious"]
Repair = Literal["none", "symmetrized", "mirrored"]
Sign = Literal["positive", "negative"]

KNOWN = Path(__file__).with_name("known.json")
SCRIPTS = KNOWN.with_name("scripts")


class Outcomes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a check gives; of one that is expected, what is not said may be anything."""

    verdict: Outcome
    convention: Convention | None = None
    reads: Annotated[Reads | None, Meta(description="entries that the forward pass reads")] = None
    off_symmetric: Annotated[
        OffSymmetric | None,
        Meta(description="whether G is the gradient of the forward pass off Sym(n) too"),
    ] = None
    conjugation: Conjugation | None = None
    sign: Annotated[Sign | None, Meta(description="of the exact value of f")] = None
    reason: Annotated[str, Meta(description="if expected: words that are in the reason")] = ""


class Check(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """One gradient that is judged: of which function at which matrix, and what must come out."""

    function: Annotated[str, Meta(description="a member of the catalogue, or a file in scripts/")]
    matrix: Annotated[str, Meta(description="symmetric, or Hermitian by i")]
    expected: Outcomes

    @property
    def file(self) -> str:
        """The path of its function file, if it has one."""
        return str(SCRIPTS / self.function) if self.function.endswith(".py") else ""


class Asked(Check, frozen=True, kw_only=True, tag="asked"):
    """A gradient that a framework is asked for."""

    framework: str
    route: str
    dtype: str = "float64"
    mode: Mode = "reverse"


class Proposed(Check, frozen=True, kw_only=True, tag="proposed"):
    """A gradient that people proposed, or that a former version returned.

    It is given as numbers, or made from S by a rule.
    """

    by: Annotated[str, Meta(description="who or what stands for it")]
    rule: Rule | None = None
    gradient: Annotated[
        tuple[tuple[float, ...], ...] | None, Meta(description="by rows, if there is no rule")
    ] = None
    repair: Annotated[
        Repair, Meta(description="mirrored: its lower triangle taken for both, and halved")
    ] = "none"
    digits: Annotated[
        int | None, Meta(description="significant digits that each entry was printed with")
    ] = None
    decimals: Annotated[int | None, Meta(description="or decimals that it was printed with")] = None

    def __post_init__(self) -> None:
        if (self.rule is None) == (self.gradient is None):
            raise ValueError("a proposed gradient has either a rule or a gradient by rows")
        n = len(self.gradient or ())
        if any(len(row) != n for row in self.gradient or ()):
            raise ValueError("the proposed gradient is not square")
        printing = self.printing
        if self.gradient is not None:
            printing.check(np.array(self.gradient))

    @property
    def printing(self) -> Printing:
        """How its entries were rounded."""
        return Printing(self.digits, self.decimals)

    def of(self, S: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
        """The matrix that is proposed, S being the symmetric gradient, as it was printed."""
        if self.gradient is not None:
            return np.array(self.gradient)
        assert self.rule is not None
        doubled = 2 * S - np.diag(np.diag(S))
        G = doubled if self.rule == "spurious" else representative(S, self.rule)
        if self.repair == "symmetrized":
            G = (G + G.T) / 2
        if self.repair == "mirrored":
            G = (np.tril(G) + np.tril(G).T) / 2
        return np.asarray(self.printing.rounded(G))


class Thread(Struct, frozen=True, forbid_unknown_fields=True):
    """Where it was disputed."""

    name: str
    url: str = ""


class Dispute(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question that was disputed, its answer, and the checks that bear the answer out."""

    id: str
    threads: Annotated[tuple[Thread, ...], Meta(min_length=1)]
    question: str
    answer: str
    checks: Annotated[tuple[Asked | Proposed, ...], Meta(min_length=1)]
    note: Annotated[str, Meta(description="what the checks leave out, or stand for")] = ""

    def label(self, number: int) -> str:
        """What the scenario of one of its checks is labelled with."""
        return f"{self.id} {number}"


def read_known() -> list[Dispute]:
    """The disputes that are kept with the code."""
    return read(KNOWN.read_bytes())


def read(text: bytes) -> list[Dispute]:
    """The list of disputes.

    Raises:
        InputError: it has not the shape of one, or gives an id twice.
    """
    try:
        disputes = msgspec.json.decode(text, type=list[Dispute])
    except msgspec.DecodeError as error:
        raise InputError(f"the list of disputes cannot be read: {error}") from error
    twice = [name for name, times in Counter(d.id for d in disputes).items() if times > 1]
    if twice:
        raise InputError(f"two disputes have the id {min(twice)}")
    return disputes


def choose(disputes: Sequence[Dispute], ids: Sequence[str]) -> list[Dispute]:
    """Those with these ids; all if none is named.

    Raises:
        InputError: there is none of that id.
    """
    for name in ids:
        check_known("dispute", name, [d.id for d in disputes])
    return [d for d in disputes if d.id in ids or not ids]
