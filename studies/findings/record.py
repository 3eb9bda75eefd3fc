"""Findings: wrong gradients of released frameworks, each with its smallest case.

At least half of the digits are gone in each, by an error of √u or more relative to the gradient (or
the value), or nothing finite is left; less is rounding, and a verdict ``inaccurate`` at most.

What is typed in is where to look: a framework, a route, a matrix, and why it is wrong.  What comes
back, what is true and whether the two still differ is found by a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Protocol, cast

import msgspec
from msgspec import Meta, Struct

from symgrad.court.data import decode
from symgrad.court.errors import InputError
from symgrad.court.names import family, public
from symgrad.court.questions import Mode
from symgrad.court.scenario import RANK

COVERED = {
    "real": ("real", "float32", "float16", "bfloat16"),
    "hermitian": ("hermitian", "complex64"),
}
"""What is wrong in double precision is so in the shorter dtypes of the atlas."""
Kind = Literal["wrong", "value", "unstable", "not finite", "raises"]
CLASSES: dict[str, str] = {
    "wrong": "Silent and wrong: the value is right, and the formula of the gradient is not",
    "value": "Silent and wrong: the value itself",
    "unstable": "Silent and unstable: half of the digits or more are lost",
    "not finite": "NaN or infinity, without an error, where the gradient is finite",
    "raises": "An error is raised, where the gradient exists",
    "documented": "What the documentation excludes or warns of",
}
"""The classes of findings, the gravest first, by what is said of them."""
ANY = "*"
OTHERS = "others "
"""How the label of a finding's question to every framework begins."""
KNOWN = Path(__file__).with_name("known.json")
SCRIPTS = "studies/findings/scripts"
"""Where the scripts are, from the top of the repository."""


class Row(Protocol):
    """What is known of a row of the atlas here: who was asked what, and by which route."""

    @property
    def framework(self) -> str:
        """Its name."""

    @property
    def version(self) -> str:
        """What it calls itself."""

    @property
    def function(self) -> str:
        """A member of the catalogue."""

    @property
    def route(self) -> str:
        """The public call."""


class Seen(NamedTuple):
    """What a sweep sees wrong by one route of one framework.

    It is seen in the ``columns`` of the axes, the first of which tells how it is looked for, and
    likewise of ``others``, families and routes.
    """

    framework: str
    version: str
    function: str
    route: str
    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]
    others: tuple[tuple[str, str], ...] = ()

    @property
    def axis(self) -> str:
        """The axis of the first column."""
        return self.columns[0].split(" ", 3)[0]

    @property
    def scale(self) -> str:
        """The unit."""
        return self.columns[0].split(" ", 3)[1] if self.axis == "scale" else "1"

    @property
    def weight(self) -> str:
        """Which kind of W it is with, in a query of one."""
        what = self.columns[0].split(" ", 3)[1]
        return what.removeprefix("vjp-") if what.startswith("vjp-") else ""

    @property
    def dtype(self) -> str:
        """That of the matrix."""
        return self.columns[0].split(" ", 3)[2]

    @property
    def mode(self) -> Mode:
        """How it is differentiated."""
        return cast("Mode", self.columns[0].split(" ", 3)[3])

    @property
    def is_complex(self) -> bool:
        """Whether the matrix is Hermitian."""
        return self.dtype.startswith("complex")


class Finding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that one framework gets wrong, and where it is seen."""

    id: str
    kind: Annotated[
        Kind,
        Meta(description="the formula; f itself; the digits; NaN or infinity; an error is raised"),
    ]
    framework: str
    versions: Annotated[tuple[str, ...], Meta(description="known to be wrong", min_length=1)]
    function: Annotated[str, Meta(description="a member of the catalogue, at the matrix's size")]
    route: str
    matrix: Annotated[str, Meta(description="the smallest case: symmetric, or Hermitian by i")]
    dtype: str
    reason: Annotated[str, Meta(description="what goes wrong, and why no convention explains it")]
    documentation: Annotated[
        str, Meta(description="what the framework's own says of such an input, and where")
    ]
    documented: Annotated[
        bool, Meta(description="whether that excludes the input, or warns of what comes out")
    ] = False
    script: Annotated[
        str, Meta(description=f"the file in {SCRIPTS} that shows it without this toolkit")
    ]
    mode: Mode = "reverse"
    certain: Annotated[bool, Meta(description="seen in every run; memory never written to is not")]
    in_atlas: Annotated[
        Literal["always", "sometimes", "never"],
        Meta(description="whether it shows at well-conditioned matrices with simple spectrum"),
    ]
    at_singular: Annotated[
        bool, Meta(description="whether it shows at the atlas's singular matrices, if nowhere else")
    ] = False
    issue: Annotated[str, Meta(description="address of the framework's own report of it")] = ""
    only_digits: Annotated[bool, Meta(description="it is a loss of digits and no more")] = False
    against: Annotated[
        str, Meta(description="a right route whose conjugation is the framework's; this one's not")
    ] = ""
    along: Annotated[
        tuple[str, ...],
        Meta(description="how columns of further axes begin where it shows, as `ties`"),
    ] = ()
    also: Annotated[
        tuple[tuple[str, str], ...],
        Meta(description="(family or *, what the route's name has in it) of the same cause"),
    ] = ()
    also_at: Annotated[
        tuple[str, ...], Meta(description="other columns of the atlas, as `hermitian reverse`")
    ] = ()

    @property
    def is_complex(self) -> bool:
        """Whether its matrix is Hermitian."""
        return self.dtype.startswith("complex")

    @property
    def rank(self) -> str:
        """The class that it is listed in, one of CLASSES."""
        return "documented" if self.documented else self.kind

    @property
    def is_noise(self) -> bool:
        """Whether what comes back depends on the processor, or on the run."""
        return self.kind == "unstable" or not self.certain

    @property
    def own_place(self) -> str:
        """The column of the atlas that its own case belongs to, as ``real reverse``."""
        kinds = {"float64": "real", "complex128": "hermitian"}
        return f"{kinds.get(self.dtype, self.dtype)} {self.mode}"

    def covers(self, name: str, is_lost: bool) -> bool:
        """Whether what is wrong in this column of the atlas is this finding.

        ``is_lost`` says that no more than digits are lost there.
        """
        kind, mode = name.split()
        if kind.startswith(RANK):
            return mode == self.mode and (self.at_singular or self.own_place == "real reverse")
        if self.in_atlas == "never":
            return False
        if self.only_digits and not is_lost:
            return False
        return any(
            mode == place.split()[1] and kind in COVERED.get(place.split()[0], (place.split()[0],))
            for place in (self.own_place, *self.also_at)
        )

    def covers_axis(self, column: str) -> bool:
        """Whether what is wrong in a column of a further axis is this finding."""
        return column.startswith(self.along) if self.along else False

    def is_of(self, row: Row) -> bool:
        """Whether it is about the version that a row of the atlas is about."""
        return self.framework == row.framework and public(row.version) in self.versions

    def is_own(self, row: Row) -> bool:
        """Whether a row is that of its own function and route."""
        own = (family(self.function), self.route)
        return self.is_of(row) and (family(row.function), row.route) == own

    def is_of_cause(self, row: Row) -> bool:
        """Whether a row is its own, or one with the same cause."""
        alike = any(
            name in (ANY, family(row.function)) and part in row.route for name, part in self.also
        )
        return self.is_own(row) or (alike and self.is_of(row))

    def is_about(self, row: Row) -> bool:
        """Whether it is seen in a row of the atlas."""
        return (self.at_singular or self.in_atlas != "never") and self.is_of_cause(row)


def read_known() -> list[Finding]:
    """The findings that are kept with the code."""
    return read(KNOWN.read_bytes())


def read(text: bytes) -> list[Finding]:
    """The list of known findings.

    Raises:
        InputError: it has not the shape of one, or gives an id twice.
    """
    try:
        findings = decode(text, list[Finding])
    except msgspec.DecodeError as error:
        raise InputError(f"the list of findings cannot be read: {error}") from error
    ids = [finding.id for finding in findings]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise InputError(f"two findings have the id {twice[0]}")
    return findings


def ranked(findings: Sequence[Finding]) -> list[Finding]:
    """The same, the gravest class first."""
    return sorted(findings, key=lambda finding: list(CLASSES).index(finding.rank))
