"""The proof appendix: what is written, what the re-checker accepts, and what it catches."""

import errno
import hashlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from symgrad import cli
from symgrad.court.errors import InputError
from symgrad.studies.appendix.formats import _tex
from symgrad.studies.appendix.machine import proof_files
from symgrad.studies.appendix.trust import Theorem, Trust
from symgrad.symbolic.catalogue import DIFFERENTIABLE

ROOT = Path(__file__).parent.parent
RECHECK = ROOT / "studies" / "appendix" / "recheck"
COMMAND = ["appendix", "det", "weighted_inverse", "-f", "numpy", "-f", "torch", "--quiet"]
FILES = {
    "README.md",
    "appendix.html",
    "appendix.md",
    "appendix.pdf",
    "appendix.tex",
    "certificate.json",
    "references.bib",
    *(f"proofs/{name}" for name in proof_files()),
    *(f"recheck/{path.name}" for path in RECHECK.glob("*.py")),
}


@pytest.fixture(scope="module", autouse=True)
def day():
    """One day for all folders, which have its date."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1800000000")
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "appendix"
    assert cli.main([*COMMAND, "--output", str(folder)]) == 0
    return folder


@pytest.fixture
def copy(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "copy"))


def run_recheck(folder):
    """As a referee would: with nothing but Python."""
    command = [sys.executable, "-I", "-S", "recheck", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.sampled(1)
def test_the_folder_holds_what_a_referee_needs(made):
    found = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert {name for name in found if "__pycache__" not in name} == FILES
    assert (made / "appendix.pdf").read_bytes().startswith(b"%PDF")
    assert r"\cite[Theorem 1]{symgrad}" in (made / "README.md").read_text()
    found = run_recheck(made)
    assert found.returncode == 0, found.stdout
    assert re.search(r"enclosures: \d+ hold, 0 do not, 0 not checked", found.stdout)
    assert re.search(r"verdicts: [1-9]\d+ hold, 0 do not", found.stdout)


@pytest.mark.slow
def test_the_command_that_is_named_checks_the_folder_from_where_it_was_written(tmp_path):
    command = [sys.executable, str(ROOT / "verify.py"), *COMMAND, "--output", "my proofs"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    named = shlex.split(made.stdout.splitlines()[-1].partition("check them: ")[2])
    found = subprocess.run(
        [sys.executable, *named[1:]], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout
    spoilt = tmp_path / "my proofs" / "appendix.md"
    spoilt.write_text(spoilt.read_text() + "\n")
    found = subprocess.run([sys.executable, *named[1:]], cwd=tmp_path, check=False)
    assert found.returncode == 1


def test_a_certificate_that_was_edited_is_caught_by_its_digest(copy):
    path = copy / "certificate.json"
    path.write_text(path.read_text().replace('"version": "', '"version": "9', 1))
    assert "its digest does not hold" in run_recheck(copy).stdout


@pytest.mark.parametrize("name", ["README.md", "appendix.pdf"])
def test_a_file_that_was_changed_or_lost_is_caught(copy, name):
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content + b"\n")
    assert f"FAILED {name}: not the file" in run_recheck(copy).stdout
    (copy / name).unlink()
    assert f"FAILED {name}: missing" in run_recheck(copy).stdout


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"files": 1, "digest": 2}', "nonsense", "\0"])
def test_a_certificate_that_is_none_is_an_error_in_one_line(tmp_path, text):
    (tmp_path / "certificate.json").write_text(text)
    shutil.copytree(RECHECK, tmp_path / "recheck")
    found = run_recheck(tmp_path)
    assert found.returncode == 1
    assert found.stderr == ""


def test_the_same_command_writes_the_same_bytes(made, tmp_path):
    again = tmp_path / "elsewhere"
    assert cli.main([*COMMAND, "--output", str(again)]) == 0
    for name in FILES:
        first, second = ((folder / name).read_bytes() for folder in (made, again))
        assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest(), name


def test_every_sentence_has_its_row(made):
    text = (made / "appendix.md").read_text()
    numbers = re.findall(r"\(#trust:(\d+)\)", text)
    rows = re.findall(r"^\| \[\[(\d+)\]\(#from:\1\)\]\{#trust:\1\} \|", text, re.MULTILINE)
    assert len(numbers) > 10
    assert numbers == rows == [str(k) for k in range(1, len(rows) + 1)]
    for kind in ("Rocq", "exact algebra", "enclosure"):
        assert re.search(rf"\| (proved|certified) by {kind} \|", text)
    assert 'date: "2027-01-15"' in text
    assert "10 of the 10 claims" in text or "TensorFlow, or its documentation, was not" in text


def test_every_theorem_and_every_row_has_an_anchor_and_every_link_a_target(made):
    page = (made / "appendix.html").read_text()
    ids, links = re.findall(r'\bid="([^"]+)"', page), re.findall(r'href="#([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(links) <= set(ids)
    assert {"thm:contraction", "thm:eigenvalue-derivative", "fn:det", "trust:1"} <= set(ids)
    tex = (made / "appendix.tex").read_text()
    for label in ("thm:contraction", "thm:eigenvalue-derivative", "fn:det", "fn:weighted_inverse"):
        assert f"\\label{{{label}}}" in tex
    cited = set(re.findall(r"\\cite\{(\w+)\}", tex))
    assert cited == set(re.findall(r"\\bibitem\{(\w+)\}", tex))
    assert all(f"{{{key}," in (made / "references.bib").read_text() for key in {*cited, "symgrad"})


@pytest.mark.slow
def test_what_has_no_gradient_is_listed_and_stops_nothing(tmp_path):
    folder = tmp_path / "appendix"
    command = ["appendix", "eigenvector_entry", "det", "-f", "torch", "--quiet"]
    assert cli.main([*command, "--output", str(folder)]) == 0
    text = (folder / "appendix.md").read_text()
    assert "$f(X)=(v_i)_0$ has no gradient anywhere." in text
    assert re.search(r"^\| torch \| eigenvector\\_entry\\\[0\\\] \|.*gauge", text, re.MULTILINE)
    assert "{.theorem #fn:det" in text
    assert "#fn:eigenvector_entry" not in text


def test_a_theorem_that_rocq_has_not_checked_cannot_be_cited():
    trust = Trust([Theorem("contraction", "…", "contraction.v", [])])
    assert trust.sentence("rocq", "True.", ["contraction"]).startswith("True.")
    with pytest.raises(InputError, match="cites contradiction"):
        trust.sentence("rocq", "False.", ["contradiction"])


def test_the_tex_is_plain_ascii_and_refuses_what_it_cannot_print(made):
    assert (made / "appendix.tex").read_bytes().isascii()
    with pytest.raises(InputError, match="no LaTeX"):
        _tex("ж")


def test_a_folder_is_not_overwritten_unasked(copy, capsys, tmp_path):
    assert cli.main([*COMMAND, "--output", str(copy)]) == 2
    assert "it is there already; --force replaces it" in capsys.readouterr().err
    (copy / "certificate.json").unlink()
    assert cli.main([*COMMAND, "--force", "--output", str(copy)]) == 2
    assert "it is no appendix" in capsys.readouterr().err
    (tmp_path / "file").write_text("mine")
    assert cli.main([*COMMAND, "--force", "--output", str(tmp_path / "file")]) == 2
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.sampled(1)
def test_force_replaces_an_appendix(made, copy):
    (copy / "appendix.pdf").write_bytes(b"old")
    assert cli.main([*COMMAND, "--force", "--output", str(copy)]) == 0
    assert (copy / "appendix.pdf").read_bytes() == (made / "appendix.pdf").read_bytes()


def test_a_full_disk_ends_with_the_status_of_what_cannot_be_written(tmp_path, monkeypatch, capsys):
    write = Path.write_bytes

    def full(path, content):
        if path.name == "certificate.json":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    folder = tmp_path / "appendix"
    assert cli.main(["appendix", "-f", "numpy", "--output", str(folder)]) == 3
    said = f"error: --output {folder}: cannot be written, No space left on device\n"
    assert capsys.readouterr().err == said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--output", "/nowhere/at/all"], "cannot be written"),
        (["--output", "/proc/appendix"], "cannot be written"),
        (["unheard_of"], "unheard_of"),
        (["det", "-n", "9"], "size 9"),
        (["weighted_log", "-f", "casadi"], "no route"),
        (["loss.py:loss"], "loss.py: there is no such file"),
        ([f"{__file__}:run_recheck", "-n", "9"], "size 9: an appendix has callables"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    own = [] if "-f" in arguments else ["-f", "numpy"]
    status = cli.main(["appendix", *arguments, *own])
    error = capsys.readouterr().err
    assert status == 2
    assert said in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", ["pypandoc", "typst", "jinja2"])
def test_a_converter_that_is_missing_is_named(module, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    assert cli.main(["appendix", "-f", "numpy"]) == 2
    assert "pip install 'symgrad[appendix]'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


CLASSES = {
    "article": r"\documentclass{article}",
    "amsart": r"\documentclass{amsart}",
    "two columns": r"\documentclass[twocolumn]{article}\usepackage[hidelinks]{hyperref}",
}
PACKAGES = r"\usepackage{amsmath,amssymb,amsthm,array,booktabs,calc,longtable}"


def compile_tex(folder, name, *passes):
    """Run pdflatex and bibtex; the log of the last of them."""
    log = ""
    for program in passes:
        options = ["-halt-on-error", "-interaction=nonstopmode"] if program == "pdflatex" else []
        command = [program, *options, name]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        log = done.stdout.decode(errors="replace")
        assert done.returncode == 0, log[-2000:]
    return log


@pytest.mark.slow
def test_the_tex_compiles_alone(made, tmp_path):
    if not shutil.which("pdflatex"):
        pytest.skip("pdflatex is not installed: apt-get install texlive-latex-recommended")
    shutil.copy(made / "appendix.tex", tmp_path)
    log = compile_tex(tmp_path, "appendix", "pdflatex", "pdflatex", "pdflatex")
    assert not re.search(r"Reference|Citation|multiply", log)
    assert (tmp_path / "appendix.pdf").stat().st_size > 50_000


@pytest.mark.slow
def test_the_theorems_of_all_functions_compile(tmp_path):
    if not shutil.which("pdflatex"):
        pytest.skip("pdflatex is not installed: apt-get install texlive-latex-recommended")
    folder = tmp_path / "appendix"
    command = ["appendix", *DIFFERENTIABLE, "-f", "numpy", "--quiet", "--output", str(folder)]
    assert cli.main(command) == 0
    log = compile_tex(folder, "appendix", "pdflatex", "pdflatex", "pdflatex")
    assert not re.search(r"Reference|Citation|multiply", log)
    stated = re.findall(r"\\label\{fn:(\w+)\}", (folder / "appendix.tex").read_text())
    assert sorted(stated) == sorted(DIFFERENTIABLE)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CLASSES)
def test_a_paper_takes_the_tex_in_and_cites_its_theorems(made, tmp_path, kind):
    if not shutil.which("pdflatex"):
        pytest.skip("pdflatex is not installed: apt-get install texlive-latex-recommended")
    for name in ("appendix.tex", "references.bib"):
        shutil.copy(made / name, tmp_path)
    (tmp_path / "paper.tex").write_text(
        CLASSES[kind] + PACKAGES + r"\newtheorem{theorem}{Theorem}\begin{document}"
        r"\section{Ours}\begin{theorem}\label{thm:ours}By Theorem~\ref{thm:contraction}, "
        r"Theorem~\ref{fn:det} and \cite{magnus1985}.\end{theorem}\appendix\input{appendix}"
        r"\bibliographystyle{plain}\bibliography{references}\end{document}"
    )
    log = compile_tex(tmp_path, "paper", "pdflatex", "bibtex", "pdflatex", "pdflatex")
    assert not re.search(r"Reference|Citation|multiply", log)
    (tmp_path / "paper.bbl").write_text("")  # without its list nothing that is cited is found
    compile_tex(tmp_path, "paper", "pdflatex")
    assert "Citation" in compile_tex(tmp_path, "paper", "pdflatex")


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 800, 1280])
def test_the_page_shows_in_a_browser_without_scripts(made, tmp_path, width):
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("chromium is not installed: apt-get install chromium")
    text = (made / "appendix.html").read_text()
    assert "<math" in text
    assert "<script" not in text
    picture = tmp_path / "page.png"
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-sync"]
    command += ["--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}"]
    command += [
        "--hide-scrollbars",
        f"--screenshot={picture}",
        f"--window-size={width},1600",
        f"file://{made}/appendix.html",
    ]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    from matplotlib.image import imread

    shown = imread(picture)
    assert shown.shape[:2] == (1600, width)
    assert 0.01 < (shown[..., :3].min(axis=2) < 0.5).mean() < 0.3  # ink, and paper
