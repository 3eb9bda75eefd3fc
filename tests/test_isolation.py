"""Two witnesses who never talk: proved by importing each side alone in a process of its own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FRAMEWORKS = ("torch", "tensorflow", "jax", "keras", "autograd", "pytensor", "paddle", "casadi")

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


@pytest.mark.parametrize("name", ["worker", "reads", "framework", "transport", "calls"])
def test_what_runs_in_a_worker_imports_numpy_and_itself_alone(name):
    tree = ast.parse((ROOT / "numeric" / f"{name}.py").read_text(encoding="utf-8"))
    roots = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add((node.module or "").split(".")[0])
    assert roots <= set(sys.stdlib_module_names) | {"numpy", "numeric"}
