"""The tables of the document, made anew from the certificate, and compared with what it says."""

import re
from collections import Counter
from html.parser import HTMLParser

HEADER = {"framework", "function", "route", "reads", "convention", "valid", "error", "of tol."}
REFUSED = {"framework", "function", "route", "why", "gradients"}
PROGRAMS = {"program", "operations", "held", "casts to", "computed without X", "matrices"}
JUDGED = ("agrees", "inaccurate", "disagrees")
MATRIX = re.compile(r"\\begin\{pmatrix\}([-\d. &\\]+)\\end\{pmatrix\}")


def plain(text):
    """Text that Markdown takes for nothing but text."""
    return re.sub(r"([\\`*_{}\[\]<>^~|$#@])", r"\\\1", " ".join(text.split()))


def cell(text):
    return " ".join(text.split()).replace("|", "\\|")


def tables(text):
    """Of each table with such a header: its columns, and its rows by column."""
    lines = text.splitlines()
    for k, line in enumerate(lines):
        if not re.match(r"\| :?-", line) or k == 0:
            continue
        columns, rows = cells(lines[k - 1]), []
        for row in lines[k + 1 :]:
            if not row.startswith("|"):
                break
            rows.append(dict(zip(columns, cells(row))))
        yield set(columns), rows


def cells(line):
    return [part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1]]


def family(name):
    return name.partition("[")[0]


def listed(values):
    return ", ".join(dict.fromkeys(value or "—" for value in values))


def reported(judged):
    """The table of what the frameworks report: a row for each framework, function and route."""
    rows = {}
    for name, report, finding in judged:
        if report["verdict"] in JUDGED:
            who = f"{report['framework']} {report['version']}"
            rows.setdefault((who, family(name), report["route"]), []).append((report, finding))
    for (who, name, route), found in rows.items():
        parts = [(float(off), float(t)) for _, f in found for off, t in f.components]
        agree = sum(report["verdict"] == "agrees" for report, _ in found)
        yield {
            "framework": plain(who),
            "function": plain(name.replace("_", " ")),
            "route": f"`{route}`",
            "reads": listed(report["reads"] for report, _ in found),
            "convention": listed(report["convention"] for report, _ in found),
            "valid": f"{agree} of {len(found)}",
            "error": f"{max((off for off, _ in parts), default=0.0):.1e}",
            "of tol.": f"{max((off / t for off, t in parts if t), default=0.0):.2f}",
        }


def refused(judged):
    """The table of what is refused, and why."""
    counted = {}
    for name, report, _ in judged:
        if report["verdict"] == "refused":
            key = (report["framework"], name, report["route"], report["reason"])
            counted[key] = counted.get(key, 0) + 1
    for (framework, name, route, reason), count in counted.items():
        yield {
            "framework": plain(framework),
            "function": plain(name),
            "route": f"`{route}`",
            "why": plain(reason),
            "gradients": str(count),
        }


def programs(cases):
    """The tables of recorded programs: a row for each function, file, framework and length."""
    counted = Counter()
    for case in cases:
        if "program" in case:
            told = case["program"]
            steps = [step["operation"] for step in told["steps"]] if told else None
            row = (
                plain(case["function"]),
                "—" if steps is None else str(len(steps)),
                "—" if steps is None else str(steps.count("hold")),
                plain(", ".join(told["casts"])) if told else "",
                plain(", ".join(told["folded"])) if told else "",
            )
            who = (case["file"], told["framework"] if told else "")
            counted[who, row] += 1
    names = ("program", "operations", "held", "casts to", "computed without X", "matrices")
    for (_, row), count in counted.items():
        yield dict(zip(names, (*row, str(count))))


def check_programs(text, cases):
    """What of the programs in the document is not what the certificate has."""
    told = [row for columns, found in tables(text) if columns == PROGRAMS for row in found]
    rows = [{k: cell(x) for k, x in row.items()} for row in programs(cases)]
    if _sorted(told, sorted(PROGRAMS)) != _sorted(rows, sorted(PROGRAMS)):
        yield "the tables of programs are not those of the certificate"
    own = {case["sha256"] for case in cases if "program" in case}
    if own != set(re.findall(r"SHA-256 ([0-9a-f]{64})", text)):
        yield "it has another SHA-256 of a file"


def largest_radius(truths):
    """The largest radius of an entry of S, for ‖S‖."""
    found = [float(max(map(max, t.radius))) / (t.size or 1.0) for t in truths if not t.refusal]
    return f"{max(found, default=0.0):.1e}"


def shown(judged):
    """The real gradients that were reported, to three decimals."""
    found = set()
    for _, report, _ in judged:
        for answer in report["answers"]:
            rows = answer["gradient"] or []
            if all(isinstance(x, str) for row in rows for x in row):
                printed = [[f"{float.fromhex(x):.3f}" for x in row] for row in rows]
                found.add(tuple(map(tuple, printed)))
    return found


class Page(HTMLParser):
    """The rows of all tables of a page, cell by cell."""

    def __init__(self):
        super().__init__()
        self.rows, self.inside = [], False

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        self.inside = self.inside or tag in ("td", "th")
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data


def bare(text):
    """A cell without what typography changes: its letters, its digits and what joins these."""
    return re.sub(r"[^0-9A-Za-z.+]|\.\.+", "", text)


def check_page(text, told):
    """Check that each row of the document's tables of reports is one of the page, as often."""
    page = Page()
    page.feed(text)
    there = Counter(tuple(sorted(map(bare, row))) for row in page.rows)
    rows = [
        row
        for columns, rows in tables(told)
        if columns in (HEADER, REFUSED, PROGRAMS)
        for row in rows
    ]
    wanted = Counter(tuple(sorted(map(bare, row.values()))) for row in rows)
    if wanted - there:
        yield "its tables are not those of appendix.md"


def check_document(text, environment, truths, judged):
    """What in the document is not what the certificate has."""
    for header, expected in ((HEADER, reported(judged)), (REFUSED, refused(judged))):
        rows = [{k: cell(x) for k, x in row.items()} for row in expected]
        there = [found for columns, found in tables(text) if columns == header]
        told = there[0] if there else []
        order = sorted(header)
        if len(there) > 1 or _sorted(told, order) != _sorted(rows, order):
            yield f"the table of {', '.join(order)} is not that of the certificate"
    for name, version in environment.items():
        if plain(f"{name} {version}") not in text:
            yield f"it does not say that {name} is {version}"
    for name in {report["framework"] for _, report, _ in judged}:
        for version in re.findall(rf"\b{re.escape(name)} (\d[^\s,:;|]*)", text):
            if version != plain(environment[name]):
                yield f"it says that {name} is {version}"
    about = [line for line in text.splitlines() if "largest radius" in line]
    told = {number for line in about for number in re.findall(r"\d\.\de[-+]\d+", line)}
    if told != {largest_radius(truths)}:
        yield f"the largest radius is {largest_radius(truths)}"
    gradients = shown(judged)
    for matrix in MATRIX.findall(text):
        rows = [tuple(x.strip() for x in row.split("&")) for row in matrix.split(r"\\")]
        if "." in matrix and tuple(rows) not in gradients:
            yield "it shows a matrix that no framework reported"


def _sorted(rows, order):
    return sorted([row.get(column) for column in order] for row in rows)
