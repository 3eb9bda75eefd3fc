"""A notebook: the verdict, and the matrices side by side with the wrong entries marked.

Text and lines take the colours of the page, so that it is read on light and on dark.  A wrong entry
has a cross beside its colour, which is the vermilion that the colour-blind tell apart (M. Okabe and
K. Ito, Color universal design, 2008).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Inexact

from symgrad.court.blame import Blame
from symgrad.court.verdicts import JUDGED, Component, Verdict

MARKS = {"agrees": "✓", "inaccurate": "≈", "disagrees": "✗", "refused": "?", "failed": "!"}
MOST_ROWS = 8
"""Larger matrices are cut."""
STYLE = """
.symgrad-report p, .symgrad-report ul { margin: 0.3em 0; }
.symgrad-report .matrices { display: flex; flex-wrap: wrap; gap: 0.5em 2em; overflow-x: auto; }
.symgrad-report table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.symgrad-report table { color: inherit; font-size: inherit; }
.symgrad-report caption { text-align: left; color: inherit; }
.symgrad-report th { font-weight: normal; opacity: 0.7; text-align: right; padding: 0 0.5em; }
.symgrad-report td { text-align: right; padding: 0 0.5em; white-space: nowrap; }
.symgrad-report td.wrong { background: rgb(213 94 0 / 0.3); border: 1px solid rgb(213 94 0); }
"""


class Matrices(NamedTuple):
    """S, G and |(G + Gᵀ)/2 − S| over its tolerance, n×n each, where they are there."""

    exact: Inexact[np.ndarray, "n n"] | None
    reported: Inexact[np.ndarray, "n n"] | None
    deviations: Float[np.ndarray, "n n"] | None


def to_html(
    verdict: Verdict,
    worst: Component | None,
    blame: Sequence[Blame],
    matrices: Matrices,
    queried: str = "",
) -> str:
    """A fragment of HTML; whatever a user or a framework has named is escaped.

    ``queried`` is what is differentiated, where it is not f.
    """
    body = [*_told(verdict, worst, blame, queried), *_shown(verdict, matrices)]
    return f'<div class="symgrad-report"><style>{STYLE}</style>\n' + "\n".join(body) + "\n</div>"


def _told(
    verdict: Verdict, worst: Component | None, blame: Sequence[Blame], queried: str
) -> Iterator[str]:
    v = verdict
    who = " ".join(filter(None, (v.framework, v.version)))
    about = f"{v.function} at a {v.size}×{v.size} matrix in {v.dtype}, {who}"
    said = f"{about}; convention: {v.layout}" if v.convention else about
    yield f"<p><strong>{MARKS[v.verdict]} {v.verdict}</strong> — {escape(said)}</p>"
    if queried:
        yield f"<p>{escape(queried)}</p>"
    if v.reason:
        yield f"<p>{escape(v.reason)}</p>"
    if blame:
        yield f"<ul>{''.join(f'<li>{escape(str(b))}</li>' for b in blame)}</ul>"
    if worst:
        contraction = f"⟨G, ∂X/∂{worst.name}⟩ is {worst.contracted}, exactly {float(worst.exact)}"
        off = f"off by {float(worst.error):.1e}, of which rounding explains {worst.tolerance:.1e}"
        yield f"<p>worst: {escape(contraction)}; {off}</p>"


def _shown(verdict: Verdict, matrices: Matrices) -> Iterator[str]:
    S, G, off = matrices
    if S is None or G is None or G.shape != S.shape or off is None or verdict.verdict not in JUDGED:
        given = {"exact S": S, "reported G": G if G is not None and G.ndim == 2 else None}
        tables = [_table(name, M, _number) for name, M in given.items() if M is not None]
        yield from [f'<div class="matrices">{"".join(tables)}</div>'] if tables else []
        return
    wrong = (off > 1) & (verdict.verdict == "disagrees")
    worst = tuple(int(k) for k in np.unravel_index(np.argmax(off), off.shape))
    yield (
        f'<div class="matrices">{_table("exact S", S, _number, worst)}'
        f"{_table('reported G', G, _number, worst, wrong)}"
        f"{_table('|(G + Gᵀ)/2 − S| over its tolerance', off, _ratio, worst, wrong)}</div>"
    )
    count = int(np.sum(np.triu(wrong)))
    if count:
        yield f"<p>✗: wrong, {count} of the {len(S) * (len(S) + 1) // 2} entries with i ≤ j</p>"


def _table(
    caption: str,
    M: Inexact[np.ndarray, "n m"],
    write: Callable[[complex], str],
    worst: tuple[int, ...] = (),
    wrong: Bool[np.ndarray, "n m"] | None = None,
) -> str:
    """A matrix with its numbers of rows and columns; where it is cut, the worst entry is kept."""
    rows, columns = (_kept(size, worst) for size in M.shape)

    def cell(i: int | None, j: int | None) -> str:
        if i is None or j is None:
            return "<td>…</td>"
        text = escape(write(M[i, j]))
        return (
            f'<td class="wrong">✗ {text}</td>'
            if wrong is not None and wrong[i, j]
            else (f"<td>{text}</td>")
        )

    head = "".join(f"<th>{_index(j)}</th>" for j in columns)
    body = (f"<th>{_index(i)}</th>" + "".join(cell(i, j) for j in columns) for i in rows)
    lines = "".join(f"<tr>{line}</tr>" for line in [f"<th></th>{head}", *body])
    return f"<table><caption>{escape(caption)}</caption>{lines}</table>"


def _kept(size: int, worst: tuple[int, ...]) -> list[int | None]:
    """The numbers of the rows that are shown, with None for those between that are not."""
    if size <= MOST_ROWS:
        return list(range(size))
    kept: list[int | None] = []
    for k in sorted({0, 1, 2, size - 1, *worst}):
        if kept and kept[-1] != k - 1:
            kept.append(None)
        kept.append(k)
    return kept


def _index(k: int | None) -> str:
    return "…" if k is None else str(k)


def _number(x: complex) -> str:
    return f"{x:.6g}"


def _ratio(x: complex) -> str:
    return f"{x.real:.2g}"
