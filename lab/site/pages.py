"""The pages as Markdown, from the records and the templates in docs/site/."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import markupsafe
import msgspec
import numpy as np

from lab.site.entries import DEFAULT, LETTERS, MEANINGS, Entry, entries, segments, slug
from lab.site.records import ROOT, Records
from symgrad.court.judging.conventions import representative
from symgrad.court.names import family
from symgrad.court.verdicts import RIGHT
from symgrad.studies.findings.record import CLASSES, SCRIPTS
from symgrad.studies.history.record import Story
from symgrad.symbolic.catalogue import CATALOGUE

SITE = ROOT / "docs" / "site"
DTYPES = ("float64", "float32", "float16", "bfloat16", "complex128", "complex64")
MODES = ("reverse", "forward")
LESSON = {"a": 2.0, "b": 1.0, "c": 3.0}
"""The lesson's matrix where no script changes it."""


def number(x: object, digits: int = 4) -> str:
    """A number as a page shows it, with a true minus."""
    text = f"{float(str(x)):.{digits}g}"
    return text.replace("-", "−", 1) if text.startswith("-") else text


def inline(text: str) -> markupsafe.Markup:
    """A record's line, what stands in backquotes as code; nothing else of it is markup."""
    parts = [markupsafe.escape(part) for part in text.split("`")]
    if len(parts) % 2 == 0:
        return markupsafe.escape(text)
    code = [
        markupsafe.Markup("<code>{}</code>").format(p) if k % 2 else p for k, p in enumerate(parts)
    ]
    return markupsafe.Markup("").join(code)


def environment() -> jinja2.Environment:
    """The templates; what is put in is text, and never markup."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(SITE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters |= {"number": number, "slug": slug, "inline": inline, "zip": zip}
    made.globals |= {"letters": LETTERS, "meanings": MEANINGS, "right": RIGHT, "default": DEFAULT}
    return made


def pages(records: Records) -> dict[str, str]:
    """The text of every page that is made of records, by its place."""
    all_entries = entries(records)
    today = [entry for entry in all_entries if entry.is_today]
    functions = sorted({entry.function for entry in today})
    frameworks = list(dict.fromkeys(entry.framework for entry in today))
    render = environment()
    versions = {e.framework: e.version for e in today}
    shared: dict[str, Any] = {
        "records": records,
        "functions": functions,
        "frameworks": frameworks,
        "versions": versions,
        "catalogue": CATALOGUE,
        "today": today,
    }

    def page(template: str, **more: Any) -> str:
        return render.get_template(template).render(**shared, **more)

    found = {
        "lesson.md": page("lesson.md.j2", start=lesson_start(), who=who(today)),
        "explorer.md": page("explorer.md.j2", cells=cells(today), choices=choices(all_entries)),
        "findings.md": page("findings.md.j2", classes=CLASSES, scripts=scripts(records)),
        "disputes.md": page("disputes.md.j2"),
        "history.md": page("history.md.j2", lines=lines(records.history.stories)),
        "assets/explorer-data.js": data(all_entries),
    }
    for function in functions:
        own = [entry for entry in today if entry.function == function]
        found[f"functions/{function}.md"] = page("function.md.j2", function=function, own=own)
    return found


def cards(records: Records) -> str:
    """What the first page shows above the README: where to go, and how much there is."""
    former = {s.framework for s in records.history.sources if "@" in s.framework}
    render = environment()
    return render.get_template("home.md.j2").render(records=records, former=len(former))


def cells(today: Sequence[Entry]) -> dict[tuple[str, str], dict[str, list[Entry]]]:
    """(function, framework) → what is shown → its routes."""
    found: dict[tuple[str, str], dict[str, list[Entry]]] = {}
    for entry in today:
        cell = found.setdefault((entry.function, entry.framework), {})
        cell.setdefault(entry.shown, []).append(entry)
    return found


def choices(all_entries: Sequence[Entry]) -> dict[str, list[str]]:
    """What each filter of the explorer may be set to."""
    outcomes = {o for e in all_entries for o in e.outcomes.values()}
    versions = dict.fromkeys(f"{e.framework} {e.version}" for e in all_entries)
    return {
        "framework": list(dict.fromkeys(e.framework for e in all_entries)),
        "function": sorted({e.function for e in all_entries}),
        "convention": [c for c in LETTERS if any(e.convention == c for e in all_entries)]
        + ["invalid"],
        "verdict": [*sorted(outcomes), "not asked"],
        "reads": sorted({e.reads for e in all_entries if e.reads}),
        "dtype": [*DTYPES],
        "mode": [*MODES],
        "version": ["installed", "former", *sorted(versions)],
    }


def data(all_entries: Sequence[Entry]) -> str:
    """The entries as a script, which a page that is opened as a file can load too."""
    rows = []
    for entry in all_entries:
        row = msgspec.to_builtins(entry, str_keys=True)
        row["matrix"] = _brief(row["matrix"])
        kept = {k: v for k, v in row.items() if k != "further" and v not in (None, {}, [], "")}
        rows.append(kept)
    shared = {"letters": LETTERS, "meanings": MEANINGS, "right": RIGHT}
    return f"window.SYMGRAD = {json.dumps({'entries': rows, **shared}, ensure_ascii=False)};\n"


def _brief(matrix: dict[str, Any] | None) -> dict[str, Any] | None:
    """What the explorer shows of a matrix: G, and each contraction, to the digits shown."""
    if matrix is None or matrix["gradient"] is None:
        return None
    parameters = [
        [c["name"], *(number(c[key], 6) for key in ("contracted", "exact"))]
        for c in matrix["parameters"]
    ]
    rows = [[number(x, 6) for x in row] for row in matrix["gradient"]]
    return {"gradient": rows, "parameters": parameters, "verdict": matrix["verdict"]}


def scripts(records: Records) -> dict[str, str]:
    """The text of each finding's script, by its name."""
    names = {e.finding.script for e in records.findings.findings}
    return {name: (ROOT / SCRIPTS / name).read_text(encoding="utf-8") for name in sorted(names)}


def lines(stories: Sequence[Story]) -> Mapping[str, list[dict[str, Any]]]:
    """Framework → a line per call: those functions in one for which it reports the same."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for story in stories:
        told = segments(story.steps)
        key = (story.framework, story.route, repr(told))
        line = found.setdefault(
            key, {"route": story.route, "functions": [], "segments": told, "changed": False}
        )
        line["functions"].append(family(story.function))
        line["changed"] = bool(story.changes) or line["changed"]
    by: dict[str, list[dict[str, Any]]] = {}
    for (framework, _, _), line in found.items():
        by.setdefault(framework, []).append(line)
    return {name: sorted(of, key=lambda line: not line["changed"]) for name, of in by.items()}


def lesson_start() -> dict[str, Any]:
    """λ₀ at the lesson's matrix: three matrices and what each gives, for who has no script."""
    a, b, c = LESSON.values()
    v = np.linalg.eigh(np.array([[a, b], [b, c]])).eigenvectors[:, 0]
    S = np.outer(v, v)
    doubled = 2 * S - np.diag(np.diag(S))
    matrices = {"symmetric": S, "lower": representative(S, "lower"), "doubled": doubled}
    rows = {
        name: {"G": G.tolist(), "contracted": (G[0, 0], G[0, 1] + G[1, 0], G[1, 1])}
        for name, G in matrices.items()
    }
    return {"X": LESSON, "exact": (S[0, 0], 2 * S[0, 1], S[1, 1]), "rows": rows}


def who(today: Sequence[Entry]) -> dict[str, str]:
    """Convention → the frameworks that report an eigenvalue's gradient so by eigh."""
    found: dict[str, dict[str, None]] = {}
    for e in today:
        if e.function == "eigenvalue" and re.search(r"\.eigh\b", e.route):
            found.setdefault(e.shown, {})[e.framework] = None
    return {name: ", ".join(frameworks) for name, frameworks in found.items()}


def write(texts: Mapping[str, str], folder: Path) -> None:
    """Put each text in its place."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
