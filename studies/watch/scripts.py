"""The smallest script that shows a change: by the framework and NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from symgrad.commands.session import Session
from symgrad.court.names import name_of
from symgrad.court.questions import Choice, Mode
from symgrad.court.scenario import RANK
from symgrad.studies.atlas.cases import of_rank
from symgrad.studies.findings.candidates import search
from symgrad.studies.findings.record import Finding, Seen
from symgrad.studies.findings.scripting import Rows, Shown, script
from symgrad.studies.watch.changes import Change, Compared, Illustrated
from symgrad.symbolic.catalogue import CATALOGUE, instances

SCRIPTS = Path(__file__).parents[1] / "findings" / "scripts"
MOST = 20
"""So many changes of one release have a script of their own."""
REAL = [[2.0, 1.0], [1.0, 3.0]]
HERMITIAN = [[2.0, 1.0j], [-1.0j, 3.0]]
ALONG = [[0.0, 1.0], [1.0, 0.0]]
"""The direction of a derivative by forward mode."""
WITHOUT = ("new", "gone")
"""Of these there is nothing to be shown by a gradient."""


class Asked(NamedTuple):
    """What a script is about."""

    framework: str
    route: str
    dtype: str
    mode: Mode


def illustrate(
    session: Session, choice: Choice, compared: Compared, findings: Sequence[Finding]
) -> dict[int, Illustrated]:
    """Scripts of the changes of one release, by their place; of some there is none."""
    python = choice.resources.interpreters[compared.framework]
    seconds = choice.resources.timeout
    files = {finding.id: SCRIPTS / finding.script for finding in findings}
    chosen = [k for k, c in enumerate(compared.changes) if c.kind not in WITHOUT][:MOST]
    texts: dict[int, str] = {
        k: files[compared.changes[k].finding].read_text(encoding="utf-8")
        for k in chosen
        if compared.changes[k].finding in files
    }
    texts |= _smallest(session, choice, compared, [k for k in chosen if k not in texts])
    rest = [k for k in chosen if k not in texts]
    wanted = [_wanted(compared.changes[k]) for k in rest]
    name = name_of(compared.framework)
    sources = session.written(name, wanted, [], seconds, python) if wanted else []
    for k, source in zip(rest, sources, strict=True):
        texts[k] = _plain(compared, compared.changes[k], source)
    return {
        k: Illustrated(texts[k].rstrip(), session.run_script(texts[k], seconds, python))
        for k in chosen
        if texts[k]
    }


def _wanted(change: Change) -> tuple[str, str]:
    """(family, route) as a framework's table has them."""
    return change.functions[0], change.route


def _smallest(
    session: Session, choice: Choice, compared: Compared, places: Sequence[int]
) -> dict[int, str]:
    """Scripts of what is newly wrong, at the smallest matrix that shows it."""
    wrong = [k for k in places if compared.changes[k].kind == "wrong"]
    seen = [_seen(compared, compared.changes[k]) for k in wrong]
    if not seen:
        return {}
    found, _, interrupted = search(session, choice, seen)
    if interrupted:
        raise KeyboardInterrupt
    told = {(c.examined.finding.route, c.examined.finding.mode): c.script for c in found}
    pairs = zip(wrong, seen, strict=True)
    scripts = {k: told.get((s.route, s.mode), "") for k, s in pairs}
    return {k: text for k, text in scripts.items() if text}


def _seen(compared: Compared, change: Change) -> Seen:
    dtype, mode, rank = _place(change.columns[0])
    column = f"{f'rank {rank}' if rank is not None else 'scale 1'} {dtype} {mode}"
    about = (compared.framework, compared.version, change.functions[0], change.route)
    return Seen(*about, (column,), ("wrong",))


def _place(column: str) -> tuple[str, Mode, int | None]:
    """(dtype, mode, rank) of a column of the table; a rank only of a singular matrix."""
    kind, mode = column.split()
    dtype = {"real": "float64", "hermitian": "complex128"}.get(kind, kind)
    if kind.startswith(RANK):
        return "float64", cast("Mode", mode), int(kind.removeprefix(RANK))
    return dtype, cast("Mode", mode), None


def _plain(compared: Compared, change: Change, source: str) -> str:
    """A script that prints the gradient at one small matrix; empty where the route is unwritten."""
    dtype, mode, rank = _place(change.columns[0])
    X: Rows = HERMITIAN if dtype.startswith("complex") else REAL
    if rank is not None:
        X = np.array(of_rank(rank, max(2, rank + 1)), dtype=np.float64).tolist()
    members = instances(CATALOGUE[change.functions[0]], len(X))
    if not members:
        return ""
    constants = {k: _given(v) for k, v in members[len(members) // 2].told.items()}
    title = (
        f"{change.route}, {change.columns[0]}: {change.before} in {compared.against}, "
        f"{change.after} in {compared.version}."
    )
    shown = Shown(X, ALONG, constants)
    return script(Asked(compared.framework, change.route, dtype, mode), source, shown, title)


def _given(constant: object) -> object:
    """A constant as a script has it; a complex matrix comes by its parts."""
    if not isinstance(constant, dict):
        return constant
    parts = np.array(constant["real"]) - 1j * np.array(constant["imaginary"])
    return cast("object", parts.tolist())
