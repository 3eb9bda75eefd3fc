"""What the README says to type is what works."""

import re
from pathlib import Path

import pytest

from lab import interface
from symgrad import cli
from symgrad.court import VERSION
from symgrad.report.pages import BACK, FOR, linked, opening
from symgrad.studies.appendix.references import SOFTWARE
from symgrad.symbolic import large_cases
from symgrad.symbolic.cases import CERTIFIED_SIZE_LIMIT
from symgrad.symbolic.derivation import SIZE_LIMIT

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
NAMES = "command-line check verdicts functions structures versions cite design schema disagrees api"
PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in NAMES.split()}
INDEX = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")


def blocks(language, *pages):
    found = re.compile(rf"```{language}\n(.*?)```", re.DOTALL)
    return [block for page in pages or (README, *PAGES.values()) for block in found.findall(page)]


def commands():
    """The verify.py commands of all pages, but for those that its own file is needed for."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    found = [re.sub(r"#.*", "", line).strip() for line in lines if "verify.py" in line]
    found = [c.removeprefix(".venv/bin/") for c in found]  # which `make verify` makes
    return [c.removeprefix("python verify.py").strip() for c in found if c.startswith("python")]


def split(command):
    return [part.strip('"') for part in re.findall(r'"[^"]*"|\S+', command)]


def test_the_readme_is_short_and_leads_everywhere():
    assert len(README.splitlines()) <= 120
    assert "](docs/README.md)" in README
    assert "](docs/disagrees.md)" in README
    assert all(f"]({name}.md)" in INDEX for name in PAGES)


def test_every_page_says_for_whom_it_is_and_leads_back(tmp_path):
    (tmp_path / "README.md").touch()
    for path in (ROOT / "docs").glob("[a-z]*.md"):
        page = path.read_text(encoding="utf-8")
        assert f"]({path.name})" in INDEX, path.name
        assert any(line.startswith(FOR) and line.endswith(BACK) for line in page.splitlines()), path
    made = opening("Title", "asks")
    assert linked(made, tmp_path) == f"{made} {BACK}"
    assert linked(made, tmp_path / "elsewhere") == made


def links(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.findall(r"\]\((?!http|#)([^)#]+)", text)


def test_every_link_of_the_pages_leads_somewhere(tmp_path):
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    broken = [(p.name, to) for p in pages for to in links(p) if not (p.parent / to).exists()]
    assert broken == []
    (tmp_path / "page.md").write_text("[x](nowhere.md)")
    assert links(tmp_path / "page.md") == ["nowhere.md"]


def test_the_page_of_the_interface_is_that_of_the_docstrings():
    assert PAGES["api"] == interface.page(), "run `make api`"
    assert "check(\n    f: " in PAGES["api"]


def test_the_interface_of_the_readme(capsys):
    exec(blocks("python", README)[0], {})
    assert ": agrees" in capsys.readouterr().out


def test_the_interface_of_the_page(capsys):
    code, more, *_ = blocks("python", PAGES["check"])
    names = {}
    exec(code, names)
    shown = capsys.readouterr().out
    assert "loss at a 2×2 matrix in float64, torch " in shown
    assert ": agrees\n" in shown
    assert "∂f/∂b = " in shown
    exec(more, names)


@pytest.mark.parametrize(
    ("page", "route", "count", "most"),
    [
        (README, "(X @ X @ X @ X).trace()", 3, 15),
        (PAGES["functions"], "tf.linalg.trace(X @ X @ X @ X)", 6, 20),
    ],
    ids=["README", "functions"],
)
@pytest.mark.sampled(1)
def test_the_function_of_a_page(page, route, count, most, tmp_path, capsys):
    (text,) = [block for block in blocks("python", page) if "routes = {" in block]
    file = tmp_path / "quartic_trace.py"
    file.write_text(text)
    assert len([line for line in text.splitlines() if line.strip()]) <= most
    assert cli.main([str(file), "-n", "3"]) == 0
    shown = capsys.readouterr().out
    assert route in shown
    assert f"{count} gradients: {count} agree" in shown


def test_the_wrong_step_is_named_as_the_readme_says(capsys, monkeypatch):
    command, kernel = [c for c in commands() if "log_eig" in c]
    monkeypatch.chdir(ROOT)
    assert cli.main(split(command)) == 1
    shown = " ".join(capsys.readouterr().out.split())
    (quoted,) = re.findall("“(step 1, .*?)”", PAGES["check"])
    assert quoted in shown
    assert cli.main(split(kernel)) == 1
    assert quoted.partition(", ")[2] in " ".join(capsys.readouterr().out.split())


def test_the_structure_of_the_readme_is_the_example():
    (text,) = blocks("python", PAGES["structures"])
    example = (ROOT / "docs" / "examples" / "squared_exponential.py").read_text(encoding="utf-8")
    assert text in example


ELSEWHERE = ("quartic_trace", "log_eig", "--query", "--changes", "watch", "--device")
LONG = ("history", "atlas --axes scale,ties")
OTHERS = [
    pytest.param(c, marks=pytest.mark.slow if c in LONG else (), id=c)
    for c in commands()
    if not any(part in c for part in ELSEWHERE)
]


@pytest.mark.parametrize("command", OTHERS)
def test_the_commands_of_the_readme(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if command == "--help":
        assert cli.main(["--help"]) == 0
        return
    there = command.replace("docs/", f"{ROOT}/docs/")
    assert cli.main([*split(there), "-f", "numpy"]) == 0


@pytest.mark.slow
def test_the_hessian_of_the_readme_is_asked_in_every_way(capsys):
    (command,) = [c for c in commands() if "--query" in c]
    assert cli.main([*split(command), "-f", "tensorflow", "--points=1", "--quiet"]) == 0
    assert "0 disagree, 0 refused, 0 failed" in capsys.readouterr().out


def test_there_are_commands():
    assert len(commands()) >= 6


def test_the_make_targets_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(
        r"(?:^|`)make ([\w-]+)", "\n".join([README, *PAGES.values()]), re.MULTILINE
    )
    assert {"verify", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_version_and_the_size_limits_are_those_of_the_code():
    assert [SOFTWARE.strip()] == [entry.strip() for entry in blocks("bibtex", PAGES["cite"])]
    assert f"version = {{{VERSION}}}" in SOFTWARE
    told = PAGES["command-line"]
    assert f"at sizes 1 to {CERTIFIED_SIZE_LIMIT}, a" in told
    assert f"own at sizes 1 to {SIZE_LIMIT}." in told
    assert f"At sizes up to {large_cases.SIZE_LIMIT} one eigenvalue" in told
