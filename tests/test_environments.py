"""The environments of former frameworks: found, built from pins, and what there is no room for."""

import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from symgrad.court.errors import InputError, OutputError
from symgrad.numeric import former
from symgrad.numeric.environments import (
    Environment,
    _run,
    build,
    environments,
    find_built,
    find_python,
)
from symgrad.numeric.interpreters import DISTRIBUTIONS
from tests.helpers import script

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A PATH that is empty but for a folder of one's own, and no pyenv."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def test_a_python_on_the_path_is_found(nowhere):
    assert find_python(VERSION) is None
    (nowhere / f"python{VERSION}").symlink_to(sys.executable)
    assert find_python(VERSION) is not None


def test_a_python_that_does_not_run_or_is_of_another_version_is_passed_over(nowhere):
    dead, other = nowhere / f"python{VERSION}", nowhere / "python3.6"
    script(dead, "#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n")
    other.symlink_to(sys.executable)
    assert find_python(VERSION) is None
    assert find_python("3.6") is None
    kept = nowhere / "pyenv" / "versions" / f"{VERSION}.1" / "bin"
    kept.mkdir(parents=True)
    (kept / f"python{VERSION}").symlink_to(sys.executable)
    assert find_python(VERSION) is not None


# --- building an environment


def wheel(folder, version="1.0", size=10):
    """A package for pip that holds one file of a size, all zeros."""
    path = folder / f"planted-{version}-py3-none-any.whl"
    files = {
        "planted.py": f"VERSION = {version!r}",
        "zeros": b"\0" * size,
        f"planted-{version}.dist-info/METADATA": f"Name: planted\nVersion: {version}\n",
        f"planted-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
    }
    record = f"planted-{version}.dist-info/RECORD"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(record, "".join(f"{name},,\n" for name in (*files, record)))
    return str(path)


def environment(*requirements, name="planted@1.0", mebibytes=1):
    return Environment(name, VERSION, False, mebibytes, requirements)


def says(python, code):
    return subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()


def test_an_environment_is_built_once_and_is_that_of_its_pins_alone(tmp_path):
    said = []
    planted = environment(wheel(tmp_path))
    place = tmp_path / "kept" / "planted@1.0"
    place.mkdir(parents=True)
    (place / "left").write_text("by a build that was interrupted")
    python = build(planted, tmp_path / "kept", Path(sys.executable), said.append)
    assert python == place / "bin" / "python" == find_built(planted, tmp_path / "kept")
    assert said
    assert not (place / "left").exists()
    assert says(python, "import planted; print(planted.VERSION)") == "1.0"

    said.clear()
    (place / "left").write_text("by its user")
    assert build(planted, tmp_path / "kept", Path(sys.executable), said.append) == python
    assert said == []
    assert (place / "left").exists()

    other = environment(wheel(tmp_path, "1.1"))
    assert find_built(other, tmp_path / "kept") is None


@pytest.mark.slow
def test_what_pip_cannot_install(tmp_path):
    missing = environment(str(tmp_path / "missing-1.0-py3-none-any.whl"))
    why = r"planted@1.0: cannot be built, .*missing.*; try: .* -m pip install"
    with pytest.raises(InputError, match=why) as raised:
        build(missing, tmp_path, Path(sys.executable), print)
    assert not isinstance(raised.value, OutputError)
    assert "\n" not in str(raised.value)
    assert find_built(missing, tmp_path) is None


def test_a_python_that_cannot_make_an_environment(tmp_path):
    dead = script(tmp_path / "python", "#!/bin/sh\necho gone >&2\nexit 1\n")
    with pytest.raises(InputError, match=r"cannot be built, gone; try: .*python -m venv"):
        build(environment(wheel(tmp_path)), tmp_path / "kept", dead, print)
    with pytest.raises(InputError, match="cannot be built"):
        build(environment(wheel(tmp_path)), tmp_path / "kept", tmp_path / "nothing", print)


def test_what_pip_has_passed_over_is_not_why_it_failed(tmp_path):
    said = "ERROR: Ignored the following versions that require a different python version: 2.5\\n"
    why = "ERROR: Could not find a version that satisfies the requirement planted==9"
    pip = script(tmp_path / "pip", f"#!/bin/sh\nprintf '{said}{why}\\n' >&2\nexit 1\n")
    with pytest.raises(InputError, match=rf"^planted@1\.0: cannot be built, {why}; try: "):
        _run(environment("planted==9"), tmp_path, [str(pip)])


def test_less_room_than_is_needed(tmp_path):
    large = environment(wheel(tmp_path), mebibytes=2**40)
    with pytest.raises(OutputError, match=r"1099511627776 MiB are needed in .*; make room there"):
        build(large, tmp_path / "kept", Path(sys.executable), print)
    assert not (tmp_path / "kept" / "planted@1.0").exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot be written, .*; name another folder"):
        build(environment(), tmp_path / "file" / "kept", Path(sys.executable), print)


@pytest.mark.slow
def test_a_file_larger_than_files_may_be(tmp_path):
    large = environment(wheel(tmp_path, size=2**26))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**24, before[1]))
    try:
        with pytest.raises(OutputError, match=r"there is no room for it in .*File too large"):
            build(large, tmp_path / "kept", Path(sys.executable), print)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / "kept" / "planted@1.0").exists()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 48 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.slow
def test_a_disk_that_fills_up(tmp_path, small_disk):
    large = environment(wheel(tmp_path, size=2**26))
    with pytest.raises(OutputError, match=r"there is no room for it in .*No space left on device"):
        build(large, small_disk, Path(sys.executable), print)
    assert not (small_disk / "planted@1.0").exists()
    build(environment(wheel(tmp_path)), small_disk, Path(sys.executable), print)


def test_the_pins_are_exact_and_name_their_framework_first():
    known = environments()
    assert len({e.name for e in known}) == len(known)
    required = {e.name for e in known if e.required}
    assert required == {"torch@1.0.1", "torch@1.3.1", "tensorflow@1.14.0"}
    for e in known:
        framework, version = former.split(e.name)
        usual = DISTRIBUTIONS.get(framework, framework).lower()
        assert e.requirements[0].lower() in (f"{usual}=={version}", f"{usual}-cpu=={version}")
        assert all(pin.count("==") == 1 for pin in e.requirements)
        assert any(pin.startswith("numpy==") for pin in e.requirements)
        assert e.mebibytes > 0
