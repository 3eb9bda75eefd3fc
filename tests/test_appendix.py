"""The proof appendix: what is written, what the re-checker accepts, and what it catches."""

import errno
import hashlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs

from symgrad import cli
from symgrad.court.errors import InputError
from symgrad.studies.appendix import recheck
from symgrad.studies.appendix.certificate import _case as certified
from symgrad.studies.appendix.formats import _tex
from symgrad.studies.appendix.trust import Theorem, Trust
from symgrad.symbolic.catalogue import choose
from tests.helpers import reference
from tests.records import scenario

ROOT = Path(__file__).parent.parent
COMMAND = ["appendix", "det", "weighted_inverse", "-f", "numpy", "-f", "torch", "--quiet"]
FILES = {
    "README.md",
    "appendix.html",
    "appendix.md",
    "appendix.pdf",
    "appendix.tex",
    "certificate.json",
    "recheck.py",
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
    command = [sys.executable, "-I", "-S", "recheck.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def reseal(folder, change):
    """Tamper with the certificate as one would who can compute its digest."""
    path = folder / "certificate.json"
    certificate = json.loads(path.read_text())
    change(certificate)
    certificate["digest"] = recheck.digest(certificate)
    path.write_text(json.dumps(certificate))


def test_the_folder_holds_what_a_referee_needs(made):
    assert {path.name for path in made.iterdir()} == FILES
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


def test_the_re_checker_is_one_short_file_of_the_standard_library():
    text = (ROOT / "studies" / "appendix" / "recheck.py").read_text()
    assert len(text.splitlines()) <= 300
    imported = set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE))
    assert imported <= set(sys.stdlib_module_names)


def last_digit(text):
    """A hexadecimal float with another last digit of its significand."""
    head, exponent = text.split("p")
    return f"{head[:-1]}{'0' if head[-1] != '0' else '1'}p{exponent}"


def spoil_gradient(certificate):
    report = next(r for r in certificate["reports"] if r["verdict"] == "agrees")
    G = report["gradient"]
    i, j = next((i, j) for i in (0, 1) for j in (0, 1) if "p" in G[i][j] and "0x0" not in G[i][j])
    G[i][j] = last_digit(G[i][j])


def spoil_verdict(certificate):
    certificate["reports"][0]["verdict"] = "disagrees"


def spoil_convention(certificate):
    certificate["reports"][0]["convention"] = "upper"


def spoil_enclosure(certificate):
    high = certificate["cases"][0]["high"]
    high[0][0] = last_digit(high[0][0])


def spoil_value(certificate):
    certificate["cases"][0]["value"][0] += "1"


def spoil_derivative(certificate):
    certificate["cases"][0]["directions"][0][2][0] += "1"


def spoil_matrix(certificate):
    X = certificate["cases"][0]["X"]
    X[0][0] = (float.fromhex(X[0][0]) * (1 + 2**-52)).hex()


def spoil_hash(certificate):
    found = certificate["files"]["appendix.pdf"]
    certificate["files"]["appendix.pdf"] = ("0" if found[0] != "0" else "1") + found[1:]


SPOILT = [
    spoil_gradient,
    spoil_verdict,
    spoil_convention,
    spoil_enclosure,
    spoil_value,
    spoil_derivative,
    spoil_matrix,
    spoil_hash,
]


@pytest.mark.parametrize("change", SPOILT)
def test_tampering_is_caught_even_under_a_new_digest(copy, change):
    reseal(copy, lambda certificate: None)
    assert run_recheck(copy).returncode == 0
    reseal(copy, change)
    found = run_recheck(copy)
    assert found.returncode == 1
    assert "FAILED" in found.stdout
    assert found.stderr == ""


def test_a_certificate_that_was_edited_is_caught_by_its_digest(copy):
    path = copy / "certificate.json"
    path.write_text(path.read_text().replace('"version": "', '"version": "9', 1))
    assert "its digest does not hold" in run_recheck(copy).stdout


@pytest.mark.parametrize("name", sorted(FILES - {"certificate.json", "recheck.py"}))
def test_a_file_that_was_changed_or_lost_is_caught(copy, name):
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert f"FAILED {name}: not the file" in run_recheck(copy).stdout
    (copy / name).unlink()
    assert f"FAILED {name}: missing" in run_recheck(copy).stdout


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"files": 1, "digest": 2}', "nonsense", "\0"])
def test_a_certificate_that_is_none_is_an_error_in_one_line(tmp_path, text):
    (tmp_path / "certificate.json").write_text(text)
    shutil.copy(ROOT / "studies" / "appendix" / "recheck.py", tmp_path)
    found = run_recheck(tmp_path)
    assert found.returncode == 1
    assert found.stderr == ""


DERIVED = [
    "eigenvalue[1]",
    "largest_eigenvalue",
    "smallest_eigenvalue",
    "det",
    "log_det",
    "inverse_entry",
    "weighted_inverse",
    "inverse_quadratic_form",
    "inverse_quadratic_form_pd",
    "sum_entries",
    "trace",
    "trace_square",
    "trace_cube",
    "rayleigh_quotient",
]


@pytest.mark.parametrize("name", DERIVED)
@pytest.mark.parametrize("structure", ["symmetric", "toeplitz"])
def test_the_re_checker_derives_enclosures_of_its_own(name, structure):
    function = choose(name, 3)[-1]
    asked = structs.replace(scenario(), constants=function.constants)
    case = json.loads(json.dumps(certified(asked, reference(function.name, structure))))
    assert recheck.check_case(case) is None
    i, j = next((i, j) for i in range(3) for j in range(3) if float.fromhex(case["high"][i][j]))
    case["low"][i][j] = (float.fromhex(case["low"][i][j]) + 1e-28).hex()
    with pytest.raises(ValueError, match="not in its enclosure"):
        recheck.check_case(case)


def test_what_it_has_no_argument_for_is_said():
    case = certified(scenario(), reference("trace_exp"))
    assert recheck.check_case(case) == "no argument for trace_exp"


def test_a_repeated_eigenvalue_is_not_taken_for_simple():
    X = [[recheck.Q(2), recheck.Q(0)], [recheck.Q(0), recheck.Q(2)]]
    with pytest.raises(ValueError, match="alone is not where"):
        recheck.eigenvalue(X, 0, (recheck.Q(2), recheck.Q(2)))


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
