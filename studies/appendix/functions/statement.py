"""What the appendix states of a function: f, its symmetric gradient S, and where there is one."""

from __future__ import annotations

from typing import NamedTuple


class Statement(NamedTuple):
    r"""A function's theorem in words and LaTeX (Pandoc's Markdown).

    ``f`` and ``S`` are formulae; ``constants`` define what is in them beside X; ``where`` tells the
    hypotheses beyond the domain, and where f has no derivative; ``proof`` argues, with citations as
    ``@magnus1985`` and ``@thm:inverse``.  ``rocq`` are names of theorems for every n; those that
    ``proofs/theorems.json`` has are cited.  Of what has no gradient anywhere S is empty.
    """

    f: str
    S: str
    where: str
    proof: str
    constants: str = ""
    rocq: tuple[str, ...] = ()


SMOOTH = "$f$ is smooth on all of this domain."
W = r"$W_{ij}=2i-j+1$, $i,j=0,\dots,n-1$ (`[full]`), or $W+W^{\mathsf T}$ (`[symmetric]`)"
FULL = r"$W_{ij}=2i-j+1$, $i,j=0,\dots,n-1$"
U = r"$u_i=(-1)^i(i+1)$, $i=0,\dots,n-1$"
SYM_W = r"$\overline W=(W+W^{\mathsf T})/2$"
T = r"$T$ has ones on its diagonal, $-1$ right below it and $0$ elsewhere"
