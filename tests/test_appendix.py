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
from symgrad.studies.appendix.trust import Theorem, Trust

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
    *(f"recheck/{path.name}" for path in RECHECK.glob("*.py")),
}


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


def test_the_folder_holds_what_a_referee_needs(made):
    found = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert {name for name in found if "__pycache__" not in name} == FILES
    assert (made / "appendix.pdf").read_bytes().startswith(b"%PDF")
    assert len((made / "README.md").read_text().splitlines()) == 3
    found = run_recheck(made)
    assert found.returncode == 0, found.stdout
    assert re.search(r"enclosures: \d+ hold, 0 do not, 0 not checked", found.stdout)
    assert re.search(r"verdicts: [1-9]\d+ hold, 0 do not", found.stdout)


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
    numbers = re.findall(r"\^\\\[(\d+)\\\]\^", text)
    rows = re.findall(r"^\| (\d+) \|", text, re.MULTILINE)
    assert len(numbers) > 10
    assert numbers == rows == [str(k) for k in range(1, len(rows) + 1)]
    for kind in ("Rocq", "exact algebra", "enclosure"):
        assert re.search(rf"\| (proved|certified) by {kind} \|", text)
    assert "10 of the 10 claims" in text or "TensorFlow, or its documentation, was not" in text


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


@pytest.mark.slow
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "in a paper"])
def test_the_tex_compiles(made, tmp_path, alone):
    if not shutil.which("pdflatex"):
        pytest.skip("pdflatex is not installed: apt-get install texlive-latex-recommended")
    shutil.copy(made / "appendix.tex", tmp_path)
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage{amsmath,amssymb,array,booktabs,calc,longtable}"
        "\\begin{document}\\section{Ours}\\appendix\\input{appendix}\\end{document}"
    )
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode"]
    name = "appendix" if alone else "paper"
    done = subprocess.run([*command, name], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / f"{name}.pdf").stat().st_size > 50_000


@pytest.mark.slow
def test_the_page_shows_in_a_browser_without_scripts(made, tmp_path):
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
        f"--screenshot={picture}",
        "--window-size=1000,1600",
        f"file://{made}/appendix.html",
    ]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    from matplotlib.image import imread

    shown = imread(picture)
    assert shown.shape[:2] == (1600, 1000)
    assert 0.01 < (shown[..., :3].min(axis=2) < 0.5).mean() < 0.3  # ink, and paper
