"""The wheel, built and installed for real, and used beside files that are called as rooms are."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from symgrad.court import VERSION

ROOT = Path(__file__).parent.parent
MISLEADING = ("report", "court", "numeric", "symbolic", "commands", "verify", "findings")
"""What a user's own files may be called."""
RIGHT = "0 disagree, 0 refused, 0 failed"
BUILD = """
import os, sys
from setuptools import build_meta
_, tree, folder = sys.argv
os.chdir(tree)
print(build_meta.build_sdist(folder), build_meta.build_wheel(folder), sep="\\n")
"""


def run(*words, cwd, status=0):
    """What a command says, run without this checkout on its path."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COLUMNS"))}
    done = subprocess.run(
        list(map(str, words)), cwd=cwd, env=inherited, capture_output=True, text=True
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def build(tree, folder):
    """The sdist and the wheel of a source tree."""
    folder.mkdir()
    lines = run(sys.executable, "-c", BUILD, tree, folder, cwd=folder).splitlines()
    return [folder / name for name in lines[-2:]]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the repository's files, as a clone has them, with its links."""
    copy = tmp_path_factory.mktemp("clone") / "symgrad"
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() or (ROOT / name).is_symlink():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
    return copy


@pytest.fixture(scope="module")
def built(tree, tmp_path_factory):
    return build(tree, tmp_path_factory.mktemp("built") / "dist")


class Environment:
    """A Python of its own that has all that symgrad needs, and not symgrad."""

    def __init__(self, place, folder):
        run(sys.executable, "-m", "venv", "--without-pip", place, cwd=folder)
        self.bin, self.folder = place / "bin", folder
        (self.packages,) = place.glob("lib/python*/site-packages")
        needed = {
            str(Path(find_spec(name).origin).parent.parent) for name in ("numpy", "setuptools")
        }
        (self.packages / "dependencies.pth").write_text("\n".join(map(str, needed)))

    def install(self, *what):
        options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation")
        pip = (sys.executable, "-m", "pip", "--python", self.bin / "python", "install")
        run(*pip, *options, *what, cwd=self.folder)

    def python(self, *words, **how):
        return run(self.bin / "python", *words, cwd=self.folder, **how)

    def symgrad(self, *words, **how):
        return run(self.bin / "symgrad", *words, cwd=self.folder, **how)


@pytest.fixture
def place(tmp_path):
    """A folder with files that are called as the rooms of the house are."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in MISLEADING:
        (folder / f"{name}.py").write_text("raise SystemExit('my own file was imported')\n")
    return folder


@pytest.fixture(scope="module")
def shared(built, tmp_path_factory):
    """An environment with the wheel in it."""
    folder = tmp_path_factory.mktemp("environment")
    made = Environment(folder / "env", folder)
    made.install(built[1])
    return made


@pytest.fixture
def installed(shared, place):
    """The same, used from that folder."""
    shared.folder = place
    return shared


def test_the_wheel_has_one_name_and_its_data(built):
    names = zipfile.ZipFile(built[1]).namelist()
    assert {name.split("/")[0] for name in names} == {"symgrad", f"symgrad-{VERSION}.dist-info"}
    files = {name.removeprefix("symgrad/") for name in names}
    data = ("py.typed", "report/schema.json", "report/page.html.jinja")
    data += ("proofs/theorems.json", "proofs/_CoqProject")
    data += tuple(f"studies/appendix/{name}" for name in ("references.bib", "layout/page.tex"))
    own = ("appendix/template.md", "disputes/known.json", "findings/known.json")
    assert files.issuperset((*data, *(f"studies/{name}" for name in own)))
    rooms = [path for path in (ROOT / "symgrad").iterdir() if path.is_dir()]
    for room in rooms:
        for path in room.glob("**/*.py"):
            assert f"{room.name}/{path.relative_to(room).as_posix()}" in files


def test_the_sdist_builds_the_same_wheel(built, tmp_path):
    shutil.unpack_archive(built[0], tmp_path)
    (unpacked,) = tmp_path.glob("symgrad-*")
    _, again = build(unpacked, tmp_path / "dist")
    first, second = zipfile.ZipFile(built[1]), zipfile.ZipFile(again)
    assert sorted(first.namelist()) == sorted(second.namelist())
    for name in first.namelist():
        if not name.endswith("RECORD"):  # in the order of the folder's listing
            assert first.read(name) == second.read(name), name


def test_it_is_imported_and_run_from_a_folder_with_such_files(installed, place):
    shown = installed.python("-c", "import symgrad; print(symgrad.__file__)")
    assert Path(shown.strip()).is_relative_to(installed.packages)
    assert VERSION in installed.symgrad("--version")
    for program in (installed.symgrad, lambda *words: installed.python("-m", "symgrad", *words)):
        assert RIGHT in program("det", "-f", "numpy", "--points", "1", "--quiet")


OWN = """
formula, domain, citation = "tr X²", "symmetric", "d tr X² = 2 tr(X dX)"

def exact(X):
    return (X * X).trace()

def by_numpy(X):
    {also}
    return (X @ X).trace(), 2 * X

routes = {{"numpy": {{"X @ X": by_numpy}}}}
"""


def test_a_function_file_of_a_user(installed, place):
    (place / "own.py").write_text(OWN.format(also="pass"))
    shown = installed.symgrad("own.py", "-f", "numpy", "--points", "1", "--quiet")
    assert RIGHT in shown


PLUGIN = """
import numpy as np

def test_my_trace(symgrad):
    f = lambda X: (np.trace(X), FACTOR * np.eye(2))
    symgrad.assert_gradient(f, np.eye(2), function="trace")
"""


def test_pytest_finds_the_plugin(installed, place):
    for factor, status in ((1, 0), (2, 1)):
        (place / "test_mine.py").write_text(PLUGIN.replace("FACTOR", str(factor)))
        words = ("-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "test_mine.py")
        shown = installed.python(*words, status=status)
        assert ("to see it again:" in shown) == (status == 1)


def test_an_appendix(installed, place):
    installed.symgrad("appendix", "det", "-f", "numpy", "--output", "proof")
    assert (place / "proof" / "certificate.json").is_file()
    assert "contraction.v" in (place / "proof" / "appendix.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_history_writes_nothing_into_the_package(installed, place):
    data = [path for path in installed.packages.glob("symgrad/**/*") if path.suffix == ".json"]
    before = {path: path.stat().st_mtime_ns for path in data}
    shown = installed.symgrad("history", "--no-build", "--output", "out", "--quiet")
    assert "recorded" in shown
    assert json.loads((place / "out" / "history.json").read_bytes())
    assert {path: path.stat().st_mtime_ns for path in data} == before


def test_a_worker_imports_nothing_of_what_lies_beside_the_package(installed, place):
    """The Python of an ``--interpreter`` has packages of its own, and no others."""
    (installed.packages / "beside.py").write_text("")
    (place / "own.py").write_text(OWN.format(also="import beside"))
    command = ("own.py", "--points", "1", "--json", "run.json")
    installed.symgrad(*command, "-f", "numpy")
    other = f"numpy@{np.__version__}"
    installed.symgrad(*command, "-f", other, "--interpreter", f"{other}={sys.executable}", status=1)
    (verdict,) = json.loads((place / "run.json").read_bytes())["verdicts"]
    assert "No module named 'beside'" in verdict["reason"]


def test_it_can_be_installed_for_development(tree, place, tmp_path):
    environment = Environment(tmp_path / "env", place)
    environment.install("--editable", tree)
    shown = environment.python("-c", "import symgrad; print(symgrad.__file__)")
    assert Path(shown.strip()) == tree / "symgrad" / "__init__.py"
    assert RIGHT in environment.symgrad("det", "-f", "numpy", "--points", "1", "--quiet")


def test_a_clone_runs_without_being_installed(tree, place, tmp_path):
    environment = Environment(tmp_path / "env", place)
    environment.python("-c", "import symgrad", status=1)
    words = ("trace", "-f", "numpy", "--points", "1", "--quiet")
    assert RIGHT in environment.python(tree / "verify.py", *words)


def test_a_checkout_without_links_says_what_to_do(tree, tmp_path):
    """As Git leaves it where links are not allowed: files with the names of their targets."""
    package = tmp_path / "symgrad"
    package.mkdir()
    for path in (tree / "symgrad").iterdir():
        if path.is_symlink():
            (package / path.name).write_text(os.readlink(path))
        elif path.is_file():
            shutil.copy(path, package)
    words = (sys.executable, "-c", "import sys; sys.path.insert(0, ''); import symgrad")
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "git clone -c core.symlinks=true" in done.stderr.splitlines()[-1]
