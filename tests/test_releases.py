"""Releases: what pip resolves from a planted index, locks, environments, and what is missing."""

import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest

from symgrad.court.errors import InputError
from symgrad.court.former.releases import Sought
from symgrad.numeric import releases
from symgrad.numeric.absent import Absent, import_without
from symgrad.numeric.environments import Environment, find_pythons
from tests.helpers import script

VERSION = "{}.{}".format(*sys.version_info)


def wheel(folder, name, version, needs=(), python=">=3.8"):
    """A package for pip that holds its version alone."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    about = [f"Name: {name}", f"Version: {version}", "Metadata-Version: 2.1"]
    about += [f"Requires-Python: {python}", *(f"Requires-Dist: {need}" for need in needs)]
    files = {
        f"{name}.py": f"VERSION = {version!r}",
        f"{name}-{version}.dist-info/METADATA": "\n".join([*about, ""]),
        f"{name}-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
    }
    record = f"{name}-{version}.dist-info/RECORD"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
        archive.writestr(record, "".join(f"{inner},,\n" for inner in (*files, record)))
    return path


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that is all that pip knows, with a release of casadi, and one of numpy."""
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT", "PIP_PRE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    wheel(folder, "casadi", "3.9", ["numpy"])
    wheel(folder, "numpy", "2.4.6")
    return folder


def gather(tmp_path, *frameworks, said=None, **changes):
    options = {
        "frameworks": list(frameworks),
        "versions": [],
        "pre": False,
        "offline": False,
        "python": Path(sys.executable),
        "locks": tmp_path / "locks",
        "environments": tmp_path / "environments",
    }
    tell = (lambda text: None) if said is None else said.append
    return releases.gather(Sought(**(options | changes)), tell)


@pytest.fixture
def unbuilt(monkeypatch):
    """The environments are not built: a stand-in is said to be there."""

    def build(environment, folder, python, say):
        return Path(sys.executable)

    monkeypatch.setattr(releases.environments, "build", build)


def locked(tmp_path):
    return {
        file.stem: msgspec.json.decode(file.read_bytes(), type=Environment)
        for file in sorted((tmp_path / "locks").glob("*.json"))
    }


@pytest.mark.slow
def test_the_newest_release_is_resolved_locked_and_asked_for_again_by_its_lock(
    index, tmp_path, unbuilt
):
    wheel(index, "casadi", "3.10", ["numpy"])
    wheel(index, "casadi", "3.11rc1", ["numpy"])
    wheel(index, "casadi", "9", ["numpy"], python=">=9")
    found = gather(tmp_path, "casadi")
    assert found.failures == []
    assert [release.name for release in found.releases] == ["casadi@3.10"]
    (lock,) = locked(tmp_path).values()
    pins = [pin.split() for pin in lock.requirements]
    assert [pin for pin, _ in pins] == ["casadi==3.10", "numpy==2.4.6"]
    assert all(digest.startswith("--hash=sha256:") for _, digest in pins)
    assert lock.python == VERSION

    wheel(index, "numpy", "2.5")  # a lock is kept
    again = gather(tmp_path, "casadi", pre=True)
    assert [release.name for release in again.releases] == ["casadi@3.10", "casadi@3.11rc1"]
    assert locked(tmp_path)["casadi@3.10"] == lock
    assert "numpy==2.5" in locked(tmp_path)["casadi@3.11rc1"].requirements[1]


def test_a_release_that_is_named(index, tmp_path, unbuilt):
    wheel(index, "casadi", "3.10", ["numpy"])
    found = gather(tmp_path, versions=["casadi@3.9"])
    assert [release.name for release in found.releases] == ["casadi@3.9"]
    missing = gather(tmp_path, versions=["casadi@3.8"])
    assert missing.releases == []
    assert "casadi@3.8: pip finds no environment for it, " in missing.failures[0]


@pytest.mark.slow
def test_what_does_not_resolve_costs_itself_alone(index, tmp_path, unbuilt):
    wheel(index, "autograd", "1.9", ["numpy>9"])
    found = gather(tmp_path, "jax", "autograd", "casadi")
    assert [release.name for release in found.releases] == ["casadi@3.9"]
    assert [line.split(":")[0] for line in found.failures] == ["jax", "autograd@1.9"]
    assert all("\n" not in line and "; try: " in line for line in found.failures)
    assert list(locked(tmp_path)) == ["casadi@3.9"]


def test_where_no_index_answers_one_line_says_so(index, tmp_path, unbuilt, monkeypatch):
    gather(tmp_path, "casadi")
    kept = locked(tmp_path)
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    found = gather(tmp_path, "casadi", "jax")
    assert found.releases == []
    (line,) = found.failures
    assert line.startswith("casadi: no package index answers; ")
    assert locked(tmp_path) == kept


def test_offline_the_newest_lock_is_taken_and_nothing_is_built(index, tmp_path, monkeypatch):
    for version in ("3.9", "3.10"):
        releases._write(
            tmp_path / "locks" / f"casadi@{version}.json",
            msgspec.json.encode(
                Environment(f"casadi@{version}", VERSION, False, 1, (f"casadi=={version}",))
            ),
        )
    none = gather(tmp_path, "casadi", "jax", offline=True)
    assert none.releases == []
    assert "casadi@3.10: it has no environment" in none.failures[1]
    assert "jax: there is no lock of it" in none.failures[0]
    monkeypatch.setattr(releases.environments, "find_built", lambda *about: Path(sys.executable))
    found = gather(tmp_path, "casadi", offline=True, versions=["casadi@3.9"])
    assert [release.name for release in found.releases] == ["casadi@3.9", "casadi@3.10"]


@pytest.mark.slow
def test_an_environment_is_built_of_the_hashes_alone(index, tmp_path):
    said = []
    found = gather(tmp_path, "casadi", said=said)
    assert found.failures == []
    (release,) = found.releases
    code = "import casadi, numpy; print(casadi.VERSION, numpy.VERSION)"
    shown = subprocess.run([release.path, "-c", code], capture_output=True, text=True)
    assert shown.stdout.strip() == "3.9 2.4.6"
    assert any("casadi==3.9, numpy==2.4.6" in line for line in said)
    said.clear()
    assert gather(tmp_path, "casadi", said=said) == found
    assert said == []


@pytest.mark.slow
def test_a_lock_that_no_longer_resolves_is_one_line(index, tmp_path):
    gone = Environment("casadi@3.9", VERSION, False, 1, ("casadi==3.8", "numpy==2.4.6"))
    releases._write(tmp_path / "locks" / "casadi@3.9.json", msgspec.json.encode(gone))
    found = gather(tmp_path, "casadi")
    assert found.releases == []
    (line,) = found.failures
    assert line.startswith("casadi@3.9: cannot be built, ")
    assert "casadi==3.8" in line
    assert "\n" not in line


def test_less_room_than_a_release_needs(index, tmp_path, monkeypatch):
    monkeypatch.setattr(releases, "ROOM", 2**40)
    found = gather(tmp_path, "casadi")
    assert found.releases == []
    assert "casadi@3.9: 1099511627776 MiB are needed in " in found.failures[0]
    assert list(locked(tmp_path)) == ["casadi@3.9"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{", "is no lock file"),
        (b'{"name": "casadi@3.9"}', "is no lock file"),
        (
            b'{"name": "jax@1", "python": "3.11", "required": false, "mebibytes": 1, '
            b'"requirements": ["jax==1"]}',
            "locks jax@1",
        ),
        (
            b'{"name": "casadi@3.9", "python": "3.11", "required": false, "mebibytes": 1, '
            b'"requirements": ["casadi==3.9", " "]}',
            "locks casadi@3.9",
        ),
    ],
)
def test_a_lock_file_that_is_none(index, tmp_path, unbuilt, text, said):
    releases._write(tmp_path / "locks" / "casadi@3.9.json", text)
    found = gather(tmp_path, "casadi")
    assert said in found.failures[0]
    assert "remove it" in found.failures[0]


def test_a_python_of_a_lock_that_is_not_there(index, tmp_path, monkeypatch):
    lock = Environment("casadi@3.9", "3.99", False, 1, ("casadi==3.9",))
    releases._write(tmp_path / "locks" / "casadi@3.9.json", msgspec.json.encode(lock))
    for name in ("PATH", "PYENV_ROOT"):
        monkeypatch.setenv(name, str(tmp_path / "empty"))
    found = gather(tmp_path, versions=["casadi@3.9"], python=None)
    assert "its lock is of Python 3.99, and none was found" in found.failures[0]


def test_a_python_that_is_given_is_that_of_the_lock(index, tmp_path, unbuilt):
    python = Path(sys.executable)
    assert not gather(tmp_path, "casadi", python=python).failures
    (file,) = (tmp_path / "locks").glob("*.json")
    file.write_bytes(file.read_bytes().replace(f'"{VERSION}"'.encode(), b'"3.99"'))
    (line,) = gather(tmp_path, "casadi", python=python).failures
    assert f"its lock is of Python 3.99, and {python} is not" in line


def test_a_folder_of_locks_that_cannot_be_written(index, tmp_path, unbuilt):
    (tmp_path / "locks").write_text("")
    found = gather(tmp_path, "casadi")
    assert "casadi@3.9.json: cannot be written, " in found.failures[0]


def test_the_python_that_is_given(tmp_path):
    old = script(tmp_path / "old", "#!/bin/sh\necho 3.7.16\necho Linux\n")
    with pytest.raises(InputError, match=r"is Python 3\.7\.16; name one of 3\.10 or later"):
        gather(tmp_path, "casadi", python=old)
    with pytest.raises(InputError, match="does not run as a Python"):
        gather(tmp_path, "casadi", python=tmp_path / "nothing")


def test_every_python_that_really_runs_is_found_once(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert find_pythons() == {}
    (tmp_path / f"python{VERSION}").symlink_to(sys.executable)
    (tmp_path / f"python{VERSION}-config").symlink_to(sys.executable)
    (tmp_path / "python3.6").symlink_to(sys.executable)  # which says that it is another
    script(tmp_path / "python3.5", "#!/bin/sh\nexit 127\n")
    assert list(find_pythons()) == [VERSION]


# --- names that a release lacks


FILES = {
    "planted/__init__.py": "",
    "planted/linalg.py": "def det(X):\n    return 'det'\n",
    "planted_routes.py": (
        "import functools\nimport planted\nimport planted.linalg\n"
        "from planted.linalg import pinv\nfrom planted.inner import norm\n"
        "from symgrad.numeric.calls import calls\n"
        "ROUTES = {'pinv': pinv, 'norm': norm, 'inv': planted.linalg.inv, 'det': "
        "planted.linalg.det, **calls({'planted': planted}, 'planted.linalg.qr', {'mode': 1})}\n"
    ),
    "planted_other.py": "import planted\nimport math\nmath.inv\n",
    "planted_absent.py": "import nothing_of_that_name\n",
    "planted_wrong.py": "import planted\n1 / 0\n",
    "broken/__init__.py": "from broken.inner import name\n",
    "planted_broken.py": "import broken\n",
}


@pytest.fixture
def planted(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.startswith("planted")]:
        del sys.modules[name]


def test_a_name_that_is_lacking_costs_what_is_made_of_it_alone(planted):
    routes = import_without("planted_routes", "planted").ROUTES
    assert routes["det"](0) == "det"
    lacking = {name for name, route in routes.items() if name != "det"}
    assert lacking == {"pinv", "norm", "inv"}  # what a table of calls names is left out
    for name in lacking:
        with pytest.raises(AttributeError, match=r"has no attribute|cannot import|No module named"):
            routes[name](0)
    linalg = sys.modules["planted.linalg"]
    assert not hasattr(linalg, "inv")  # the framework is as it was
    assert "planted.inner" not in sys.modules


@pytest.mark.parametrize(
    ("module", "error"),
    [
        ("planted_other", AttributeError),
        ("planted_absent", ImportError),
        ("planted_wrong", ZeroDivisionError),
    ],
)
def test_what_is_not_the_package_s_own_is_raised(planted, module, error):
    with pytest.raises(error):
        import_without(module, "planted")
    with pytest.raises(ImportError):
        import_without("no_such_package.routes", "no_such_package")
    with pytest.raises(ImportError, match="broken"):
        import_without("planted_broken", "broken")


def test_what_is_absent_says_so_when_it_is_called():
    absent = Absent("no such name")
    with pytest.raises(AttributeError, match="no such name"):
        absent.inner.deeper(1, key=2)
    assert not hasattr(absent, "__array__")
