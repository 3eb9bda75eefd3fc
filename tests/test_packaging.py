"""What is kept beside the code agrees with it: locks, extras, the change log, the workflow."""

import re
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from symgrad.court import VERSION
from symgrad.numeric.pool import known_frameworks

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = sorted((ROOT / "locks").glob("python*.txt"))


def pins(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_there_is_a_lock_for_every_python_that_the_makefile_names():
    named = re.search(r"^LOCKED := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [path.stem.removeprefix("python") for path in LOCKS] == named[1].split()
    assert PROJECT["requires-python"] == f">={named[1].split()[0]}"


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_lock_has_the_pins_of_the_constraints(path):
    version = path.stem.removeprefix("python")
    environment = {**default_environment(), "python_version": version}
    locked = {pin.name.lower().replace("_", "-"): str(pin.specifier) for pin in pins(path)}
    assert all(specifier.startswith("==") for specifier in locked.values())
    assert not {"nvidia-cudnn-cu13", "triton"} & set(locked)
    for pin in pins(ROOT / "constraints.txt"):
        if pin.marker is None or pin.marker.evaluate(environment):
            assert locked.get(pin.name, str(pin.specifier)) == str(pin.specifier), pin.name


def test_every_framework_but_numpy_is_an_extra():
    extras = PROJECT["optional-dependencies"]
    assert set(known_frameworks()) - {"numpy"} <= set(extras)
    everything = Requirement(extras["all"][0])
    assert everything.extras == set(known_frameworks()) - {"numpy"}
    heavy = {"torch", "tensorflow", "tensorflow-cpu", "jax"}
    assert not heavy & {Requirement(text).name for text in PROJECT["dependencies"]}


def test_the_change_log_has_the_version_and_the_workflow_runs_the_ci():
    assert f"\n## {VERSION}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "bash .ci/run" in (ROOT / ".github" / "workflows" / "ci.yml").read_text()
