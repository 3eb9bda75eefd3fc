"""Check a proof appendix without trusting the program that wrote it: python -m recheck [FOLDER].

1. files: each is the one that the certificate names, and its own digest holds;
2. enclosures: X(θ) and ∂X/∂θ from the structure and the point, f(X) and its symmetric gradient S
   from X, in interval arithmetic on integers; of a recorded program by running it there and back;
3. verdicts: the contractions ⟨G, ∂X/∂θ⟩, the tolerances and the verdict on each gradient G;
4. the document: its tables, made of these.

It ends with what it did not check.  Exit status: 0 if all that was checked holds, 1 otherwise.
"""

from collections import Counter
from pathlib import Path

from .cases import check_case
from .document import check_document, check_page, check_programs
from .judging import check_report
from .reading import check_files, load
from .recorded import check_recorded, narrowest

FORMAT = 2
SHOWN = 20
"""So many failures are told one by one."""
ERRORS = (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RuntimeError)
RECORDED = (
    "what the frameworks answered, which is recorded",
    "the document's prose, proofs and claims, and that .tex and .pdf are made of appendix.md",
)
"""What nothing here could check."""


def of_programs(cases):
    """What nothing here could check of recorded programs."""
    files = {(case["file"], case["sha256"]): 0 for case in cases if "program" in case}
    for name, digest in files:
        yield f"that the programs are what {name} (SHA-256 {digest}) executes"
    casts = {(case["function"], *case["program"]["casts"]): 0 for case in cases if casts_of(case)}
    for name, *dtypes in casts:
        yield f"that {name} computes in {', '.join(dtypes)} too, by which it is judged"
    if files:
        yield "what roundings of a program's steps move, but for a factor of 10"


def casts_of(case):
    """The dtypes that its program casts to."""
    return case["program"]["casts"] if "program" in case else []


def each(kind, items, check):
    """(What was found of each item, what failed, what was not checked and how often)."""
    found, failed, left = [], [], Counter()
    for label, item in items:
        result, why = None, None
        try:
            result, why = check(item)
        except ERRORS as error:
            failed.append(f"{kind} {label}: {error}")
        else:
            left[why or ""] += 1
        found.append(result)
    held = left.pop("", 0)
    print(f"{kind}s: {held} hold, {len(failed)} do not, {sum(left.values())} not checked")
    return found, failed, [f"{count} {kind}s: {why}" for why, count in sorted(left.items())]


def check_header(certificate, judged):
    """What the certificate says of the run, that does not go with the rest of it."""
    environment, command = certificate["environment"], certificate["command"]
    if certificate["format"] != FORMAT:
        yield f"the format is {certificate['format']}, not {FORMAT}"
    if not certificate["cases"] or not certificate["reports"]:
        yield "there is nothing in it"
    if command[:1] != ["appendix"] or f"--seed={certificate['seed']}" not in command:
        yield "the command does not have the seed"
    for framework in {report["framework"]: 0 for _, report in judged}:
        if framework not in command or framework not in environment:
            yield f"{framework} was not asked"
    for case, report in judged:
        program = case.get("program")
        if report["dtype"] != (narrowest(program) if program else case["dtype"]):
            yield f"{report['dtype']} was not asked for"
        if program and any(program[key] != report[key] for key in ("framework", "version")):
            yield "a program is one of another framework"
        if program and program["dtype"] != case["dtype"]:
            yield "a program is one of another dtype"
        if report["version"] != environment.get(report["framework"]):
            yield f"a version of {report['framework']} is another"
        if report["verdict"] not in ("refused", "failed") and report["reason"]:
            yield "a reason is given for a verdict that has none"
    words = {word.partition("=")[0] for word in command[1:]}
    own = {Path(word).stem for word in command if word.endswith(".py")}
    own |= {word.rpartition(":")[2] for word in command if ".py:" in word}
    asked = {*command, *own, "eigenvalue", "sum_entries"}
    for case in certificate["cases"]:
        if not asked.intersection((case["function"], case["function"].partition("[")[0])):
            yield f"{case['function']} was not asked for"
        files = [Path(word.rpartition(":")[0] or word).name for word in command if ".py" in word]
        if "program" in case and case["file"] not in files:
            yield f"{case['file']} was not asked for"
        structure = case["parameterization"]
        if structure != "symmetric" and f"--parameterization={structure}" not in command:
            yield f"{structure} was not asked for"
    if "--size" not in words:
        yield "the command does not have the size"


def check(folder):
    """(What failed, what was not checked), of a folder with a certificate that can be read."""
    certificate = load((folder / "certificate.json").read_text(encoding="utf-8"))
    failed, other = check_files(folder, certificate)
    print(f"files: {len(certificate['files'])} named, {len(failed)} differ")
    cases, reports = certificate["cases"], certificate["reports"]
    labelled = [(f"{k} ({case['function']})", case) for k, case in enumerate(cases)]
    truths, wrong, left = each("enclosure", labelled, _check_case)
    failed += wrong
    judged = [(cases[_index(r["case"])], r) for r in reports]
    failed += dict.fromkeys(check_header(certificate, judged))
    largest = [0.0]

    def verdict(report):
        truth = truths[report["case"]]
        if truth is None:
            raise ValueError("its case does not hold")
        finding, ratio, why = check_report(truth, report)
        largest.append(ratio if finding.verdict == "agrees" else 0.0)
        return finding, why

    named = [(f"{r['framework']} {r['route']}", r) for r in reports]
    findings, wrong, missing = each("verdict", named, verdict)
    print(f"largest tolerance of a gradient that agrees: {max(largest):.1e} of ‖S‖")
    failed, left = failed + wrong, left + missing
    if None in truths or None in findings:
        left.append("the document's tables, as not all that they are made of was checked")
    elif all((folder / name).is_file() for name in ("appendix.md", "appendix.html")):
        told = [(c["function"], r, f) for (c, r), f in zip(judged, findings)]
        text, page = (
            (folder / f"appendix.{form}").read_text(encoding="utf-8") for form in ("md", "html")
        )
        wrong = dict.fromkeys(check_document(text, certificate["environment"], truths, told))
        wrong |= dict.fromkeys(check_programs(text, cases))
        failed += [f"appendix.md: {why}" for why in wrong]
        failed += [f"appendix.html: {why}" for why in check_page(page, text)]
    left += [f"{name}, which the certificate does not name" for name in other]
    left += of_programs(cases)
    return failed, left


def _check_case(case):
    return check_recorded(case) if "program" in case else check_case(case)


def _index(k):
    if not isinstance(k, int) or k < 0:
        raise ValueError(f"{k} is no case")
    return k


def main(folder="."):
    """Check a folder and say what was checked; the exit status."""
    try:
        failed, left = check(Path(folder))
    except (OSError, *ERRORS) as error:
        print(f"error: {folder}: no certificate that can be read ({error})")
        return 1
    for line in [*left, *RECORDED]:
        print("not checked:", line)
    told = list(dict.fromkeys(failed))
    for line in told[:SHOWN]:
        print("FAILED", line)
    if told[SHOWN:]:
        print(f"and {len(told) - SHOWN} more like these")
    print("does not hold" if failed else "all that was checked holds")
    return 1 if failed else 0
