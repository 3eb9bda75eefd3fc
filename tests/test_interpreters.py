"""Frameworks under interpreters of their own: asked, of the right version, or lost alone."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from symgrad import cli
from symgrad.numeric import former, interpreters
from tests.helpers import beside_numpy, judged, script

ROOT = Path(__file__).parent.parent
NUMPY = f"numpy@{np.__version__}"


@pytest.fixture
def run(tmp_path, capfd):
    """Run the program: exit status, verdicts by framework, what was printed on standard error."""

    def run(*arguments):
        return (*judged(tmp_path, *arguments), capfd.readouterr().err)

    return run


# --- asked for, and answering


def test_numpy_under_another_interpreter_is_asked_beside_the_others(run):
    status, by, _ = run("eigenvalue", *beside_numpy(NUMPY, sys.executable))
    assert status == 0
    assert list(by) == ["numpy", NUMPY]
    assert [v.route for v in by[NUMPY]] == [v.route for v in by["numpy"]]
    assert {v.verdict for v in by[NUMPY]} == {"agrees"}
    assert {v.version for v in by[NUMPY]} == {np.__version__}


def test_it_can_be_asked_alone(run):
    status, by, _ = run("trace", "-f", NUMPY, "--interpreter", f"{NUMPY}={sys.executable}")
    assert (status, list(by)) == (0, [NUMPY])


def test_a_user_s_file_has_its_routes_by_the_plain_name(run, tmp_path):
    file = tmp_path / "planted.py"
    file.write_text(
        'formula, domain, citation = "tr X", "symmetric", "linear"\n'
        "def exact(X):\n    return X.trace()\n"
        "def route(X):\n    import numpy as np\n    return np.trace(X), np.eye(len(X))\n"
        'routes = {"numpy": {"planted": route}}\n'
    )
    status, by, _ = run(str(file), *beside_numpy(NUMPY, sys.executable))
    assert status == 0
    assert {v.route for v in by[NUMPY]} == {"planted"}


def test_what_is_about_this_python_does_not_lead_another_astray(run, tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise ImportError('planted')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    status, by, _ = run("trace", *beside_numpy(NUMPY, sys.executable))
    assert status == 3
    assert {v.verdict for v in by[NUMPY]} == {"agrees"}
    assert {v.verdict for v in by["numpy"]} == {"failed"}  # which runs under this one


def test_the_list_has_its_routes(capfd):
    arguments = ["--list", "-f", "numpy", "--interpreter", f"{NUMPY}={sys.executable}"]
    assert cli.main(arguments) == 0
    assert f"{NUMPY} {np.__version__}" in capfd.readouterr().out


# --- bad input


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("torch=python3", "'torch=python3' is not NAME@VERSION=PATH"),
        ("torch@1.0.1", "'torch@1.0.1' is not NAME@VERSION=PATH"),
        ("torch@=python3", "'torch@=python3' is not NAME@VERSION=PATH"),
        ("torch@one=python3", "'torch@one=python3' is not NAME@VERSION=PATH"),
        (f"torchh@1.0.1={sys.executable}", "unknown framework 'torchh'; did you mean 'torch'?"),
        ("torch@1.0.1=/nowhere/python", "'/nowhere/python' is no executable; give that of a"),
        (f"torch@1.0.1={__file__}", "is no executable; give that of a Python"),
        (f"torch@1.0.1={ROOT}", "is no executable; give that of a Python"),
    ],
)
def test_an_option_that_names_no_interpreter(run, text, reason):
    status, by, said = run("trace", "-f", "numpy", "--interpreter", text)
    assert (status, by) == (2, {})
    assert reason in said
    assert len(said.splitlines()) == 1


def test_an_interpreter_that_is_named_twice(run):
    twice = ("--interpreter", f"{NUMPY}={sys.executable}") * 2
    status, _, said = run("trace", "-f", "numpy", *twice)
    assert status == 2
    assert f"{NUMPY} has been given a Python before" in said


@pytest.mark.parametrize(
    ("asked", "option"),
    [
        ("theano", "theano@VERSION"),
        ("aesara", "aesara@VERSION"),
        ("torch@1.0.1", "torch@1.0.1"),
        ("mxnet@1.9.1", "mxnet@1.9.1"),
    ],
)
def test_a_former_framework_without_a_python(run, asked, option):
    status, _, said = run("trace", "-f", asked)
    assert status == 2
    assert said == f"error: {asked}: name the Python that runs it: --interpreter {option}=PATH\n"


def test_a_framework_that_has_ended_is_asked_by_its_version_alone(run):
    status, by, _ = run("trace", *beside_numpy("theano@1.0.5", sys.executable))
    assert status == 3
    assert list(by) == ["numpy", "theano@1.0.5"]


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A Python with nothing installed, and its folder of packages."""
    place = tmp_path_factory.mktemp("python")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    packages = next(place.glob("lib/python*/site-packages"))
    return place / "bin" / "python", packages


def assert_lost(ran, name, *reasons):
    """That this framework's row failed for these reasons, in one line, and no other did."""
    status, by, _ = ran
    assert status == 3
    assert {v.verdict for v in by["numpy"]} == {"agrees"}
    assert {v.verdict for v in by[name]} == {"failed"}
    (reason,) = {v.reason for v in by[name]}
    assert reason.startswith(f"{name}: ")
    assert "\n" not in reason
    for part in reasons:
        assert part in reason


def test_another_version_than_the_one_that_was_asked_for(run):
    mended = f"mend it with: {sys.executable} -m pip install numpy==0.1"
    ran = run("trace", *beside_numpy("numpy@0.1", sys.executable))
    assert_lost(ran, "numpy@0.1", f"{sys.executable} has numpy {np.__version__}; ", mended)


def test_a_python_without_numpy(run, bare):
    mended = f"mend it with: {bare[0]} -m pip install torch==1.0.1 numpy==1.16.6"
    ran = run("trace", *beside_numpy("torch@1.0.1", bare[0]))
    assert_lost(ran, "torch@1.0.1", "cannot import it", "No module named 'numpy'", mended)


@pytest.fixture
def plant(bare, tmp_path):
    """Plant a framework, beside this Python's NumPy, in the one that has nothing; its path."""
    python, packages = bare
    link = packages / "planted.pth"

    def plant(name, text):
        for package in ("numpy", "numpy.libs"):
            (tmp_path / package).symlink_to(Path(np.__file__).parent.with_name(package))
        (tmp_path / f"{name}.py").write_text(text)
        link.write_text(f"{tmp_path}\n")
        return python

    yield plant
    link.unlink()


def test_a_framework_that_fails_to_import(run, plant):
    python = plant("chainer", "raise ImportError('half installed')")
    ran = run("trace", *beside_numpy("chainer@6.0", python))
    mended = f"mend it with: {python} -m pip install chainer==6.0 numpy"
    assert_lost(ran, "chainer@6.0", "cannot import it", "ImportError: half installed", mended)


def test_a_version_that_the_routes_are_not_made_for(run, plant):
    python = plant("chainer", "__version__ = '0.1'")
    status, by, _ = run("trace", *beside_numpy("chainer@0.1", python))
    assert status == 3
    (reason,) = {v.reason for v in by["chainer@0.1"]}
    assert "No module named 'chainer.functions'" in reason
    assert "pip install" not in reason  # which would not mend it
    ran = run("trace", *beside_numpy("chainer@0.2", python))
    assert_lost(ran, "chainer@0.2", "has chainer 0.1; mend it with: ", "pip install chainer==0.2")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("#!/bin/sh\necho no such Python >&2\necho go away >&2\nexit 127\n", "no such Python"),
        ("#!/bin/sh\nexit 0\n", "ended with status 0;"),
        ("#!/nowhere/sh\n", "No such file or directory"),
        ("neither script nor program", "Exec format error"),
    ],
)
def test_an_executable_that_is_no_python(run, tmp_path, text, reason):
    path = script(tmp_path / "python", text)
    ran = run("trace", *beside_numpy("torch@1.0.1", path))
    assert_lost(ran, "torch@1.0.1", f"{path} does not run as a Python", reason)
    assert "name one that does: --interpreter torch@1.0.1=PATH" in ran[1]["torch@1.0.1"][0].reason


# --- which file, which version


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("torch", "frameworks.torch"),
        ("torch@1.0.1", "former.torch"),
        ("torch@1.13.1", "former.torch"),
        ("torch@2.0.0", "frameworks.torch"),
        ("torch@2.13.0", "frameworks.torch"),
        ("tensorflow@2.3.4", "former.tensorflow"),
        ("tensorflow@2.4.0", "frameworks.tensorflow"),
        ("autograd@1.3", "frameworks.autograd"),
        ("numpy@1.16.6", "frameworks.numpy"),
        ("mxnet@1.9.1", "former.mxnet"),
    ],
)
def test_which_file_serves_a_version(name, module):
    assert former.module(name) == f"symgrad.numeric.{module}"
    assert (ROOT / "numeric" / f"{module.replace('.', '/')}.py").is_file()


def test_every_file_of_the_former_frameworks_serves_some_version():
    files = {path.stem for path in (ROOT / "numeric" / "former").glob("*.py")} - {"__init__"}
    assert files == {*former.ENDED, *former.BEFORE}


@pytest.mark.parametrize("said", ["1.0.1", "1.0.1.post2", "1.0.1+cpu", "1.0.1.post2+cu92"])
def test_the_version_that_was_asked_for(said):
    assert interpreters.is_same("1.0.1", said)


@pytest.mark.parametrize("said", ["1.0.10", "1.0", "1.0.1rc1", "11.0.1", "2.0.1+1.0.1", ""])
def test_a_version_that_was_not(said):
    assert not interpreters.is_same("1.0.1", said)
