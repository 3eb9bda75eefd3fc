"""Two witnesses who never talk: proved by importing each side alone in a process of its own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FRAMEWORKS = (
    *("torch", "tensorflow", "jax", "keras", "autograd", "pytensor", "paddle", "casadi"),
    *("theano", "chainer", "mxnet"),
)

IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path.insert(0, {root!r})
package = importlib.import_module({package!r})
for module in pkgutil.walk_packages(package.__path__, {package!r} + "."):
    if not module.name.startswith(("numeric.frameworks.", "numeric.former.")):
        importlib.import_module(module.name)
print(" ".join(name for name in {forbidden!r} if name in sys.modules))
"""


def imported(package, forbidden, root=ROOT):
    """Which of the forbidden modules are there after all modules of the package are imported."""
    code = IMPORT_ALL.format(root=str(root), package=package, forbidden=forbidden)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_symbolic_side_imports_no_framework_and_nothing_of_the_other():
    assert imported("symbolic", ("numeric", *FRAMEWORKS)) == []


def test_the_numeric_side_imports_no_sympy_and_nothing_of_the_other():
    assert imported("numeric", ("symbolic", "sympy", "flint", *FRAMEWORKS)) == []


def test_the_court_and_the_report_import_neither():
    for package in ("court", "report"):
        assert imported(package, ("symbolic", "numeric", "sympy", "flint", *FRAMEWORKS)) == []


def test_this_test_can_fail(tmp_path):
    (tmp_path / "witness").mkdir()
    (tmp_path / "witness" / "__init__.py").write_text("")
    (tmp_path / "witness" / "honest.py").write_text("import fractions\n")
    assert imported("witness", ("sympy",), tmp_path) == []
    (tmp_path / "witness" / "room").mkdir()
    (tmp_path / "witness" / "room" / "__init__.py").write_text("")
    (tmp_path / "witness" / "room" / "leak.py").write_text("import sympy\n")
    assert imported("witness", ("sympy",), tmp_path) == ["sympy"]


def sides(path):
    """Which of the two sides a file names in an import, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        found |= {name.split(".")[0] for name in names} & {"symbolic", "numeric"}
    return found


def test_verify_alone_sees_both_sides(tmp_path):
    rooms = ("symbolic", "numeric", "court", "report")
    shipped = [*ROOT.glob("*.py"), *(p for room in rooms for p in ROOT.glob(f"{room}/**/*.py"))]
    both = [p.relative_to(ROOT).as_posix() for p in shipped if len(sides(p)) == 2]
    assert both == ["verify.py"]
    planted = tmp_path / "planted.py"
    planted.write_text(
        "def f():\n    from symbolic.certified.reference import refer\n    import numeric.pool\n"
    )
    assert sides(planted) == {"symbolic", "numeric"}


WORKER = ("worker", "reads", "framework", "transport", "calls", "textbook", "former/__init__")


def roots(path):
    """The packages and modules that a file imports, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("name", WORKER)
def test_what_runs_in_a_worker_imports_numpy_and_itself_alone(name):
    assert roots(ROOT / "numeric" / f"{name}.py") <= {*sys.stdlib_module_names, "numpy", "numeric"}


ASKED = sorted(
    path for room in ("frameworks", "former") for path in ROOT.glob(f"numeric/{room}/*.py")
)


@pytest.mark.parametrize("path", ASKED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_framework_s_file_imports_its_framework_alone(path):
    allowed = {*sys.stdlib_module_names, "numpy", "numeric", path.stem}
    assert roots(path) - {"pkg_resources"} <= allowed


def test_a_framework_s_file_that_imports_another_is_noticed(tmp_path):
    planted = tmp_path / "torch.py"
    planted.write_text("import torch\n\ndef f():\n    from symbolic import cases\n")
    assert roots(planted) == {"torch", "symbolic"}
