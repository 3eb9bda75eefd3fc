"""Two witnesses who never talk: proved by importing each side alone in a process of its own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FRAMEWORKS = (
    *("torch", "tensorflow", "jax", "keras", "autograd", "pytensor", "paddle", "casadi"),
    *("theano", "aesara", "chainer", "mxnet"),
)
EXACT = ("sympy", "flint")

IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path.insert(0, {root!r})
package = importlib.import_module({package!r})
for module in pkgutil.walk_packages(package.__path__, {package!r} + "."):
    rooms = ("frameworks", "former", "hessians")
    own = module.name.startswith(tuple("symgrad.numeric." + room + "." for room in rooms))
    recorder = module.name.startswith("symgrad.numeric.recording.")
    if not own and not (recorder and module.name.split(".")[-1].split("_")[0] in {frameworks!r}):
        importlib.import_module(module.name)
print(" ".join(name for name in {forbidden!r} if name in sys.modules))
"""


def imported(package, forbidden, root=ROOT):
    """Which of the forbidden modules are there after all modules of the package are imported."""
    code = IMPORT_ALL.format(
        root=str(root), package=package, forbidden=forbidden, frameworks=FRAMEWORKS
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_symbolic_side_imports_no_framework_and_nothing_of_the_other():
    assert imported("symgrad.symbolic", ("symgrad.numeric", "symgrad.studies", *FRAMEWORKS)) == []


def test_the_numeric_side_imports_no_sympy_and_nothing_of_the_other():
    others = ("symgrad.symbolic", "symgrad.studies")
    assert imported("symgrad.numeric", (*others, *EXACT, *FRAMEWORKS)) == []


def test_the_court_and_the_report_import_neither_and_no_study():
    sides = ("symgrad.symbolic", "symgrad.numeric", "symgrad.studies")
    for package in ("symgrad.court", "symgrad.report"):
        assert imported(package, (*sides, *EXACT, *FRAMEWORKS)) == []


def test_the_studies_import_no_framework_and_nothing_of_the_numeric_side():
    assert imported("symgrad.studies", ("symgrad.numeric", *FRAMEWORKS)) == []


def test_this_test_can_fail(tmp_path):
    (tmp_path / "witness").mkdir()
    (tmp_path / "witness" / "__init__.py").write_text("")
    (tmp_path / "witness" / "honest.py").write_text("import fractions\n")
    assert imported("witness", ("sympy",), tmp_path) == []
    (tmp_path / "witness" / "room").mkdir()
    (tmp_path / "witness" / "room" / "__init__.py").write_text("")
    (tmp_path / "witness" / "room" / "leak.py").write_text("import sympy\n")
    assert imported("witness", ("sympy",), tmp_path) == ["sympy"]


SIDES = ("symbolic", "numeric")


def sides(path):
    """Which of the two sides a file names in an import, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {room for name in names for room in SIDES if name.startswith(f"symgrad.{room}")}
    return found


def test_only_what_puts_the_questions_sees_both_sides(tmp_path):
    rooms = ("symgrad", "symbolic", "numeric", "court", "report", "commands", "studies")
    shipped = [*ROOT.glob("*.py"), *(p for room in rooms for p in ROOT.glob(f"{room}/**/*.py"))]
    both = [p.relative_to(ROOT).as_posix() for p in shipped if len(sides(p)) == 2]
    assert sorted(both) == ["symgrad/checks.py", "symgrad/inquiry.py", "symgrad/traced.py"]
    planted = tmp_path / "planted.py"
    planted.write_text(
        "def f():\n    from symgrad.symbolic.certified import reference\n"
        "    import symgrad.numeric.pool\n"
    )
    assert sides(planted) == {"symbolic", "numeric"}


NUMERIC = ("numpy", "symgrad.numeric")
WORKER = (
    "worker",
    "absent",
    "answers",
    "reads",
    "framework",
    "transport",
    "calls",
    "graphs",
    "textbook",
    "former/__init__",
)


def roots(path):
    """The packages that a file imports, at any depth, and of this one its rooms."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {_root(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {_root(f"{node.module}.{alias.name}") for alias in node.names}
    return found


def _root(name):
    parts = name.split(".")
    return ".".join(parts[: 2 if parts[0] == "symgrad" else 1])


def test_only_the_one_name_is_imported():
    """In a checkout the rooms can be imported by themselves too, as other modules."""
    rooms = {path.name for path in (ROOT / "symgrad").iterdir() if path.is_symlink()}
    for path in ROOT.glob("[a-z]*/**/*.py"):
        assert not roots(path) & rooms, path


@pytest.mark.parametrize("name", WORKER)
def test_what_runs_in_a_worker_imports_numpy_and_itself_alone(name):
    path = ROOT / "numeric" / f"{name}.py"
    shared = {module for module in modules(path) if module.startswith("symgrad.court")}
    assert shared <= {"symgrad.court.formats"}
    assert roots(path) - {"symgrad.court"} <= {*sys.stdlib_module_names, *NUMERIC}


ASKED = sorted(
    path
    for room in ("frameworks", "former", "hessians")
    for path in ROOT.glob(f"numeric/{room}/*.py")
)


@pytest.mark.parametrize("path", ASKED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_framework_s_file_imports_its_framework_alone(path):
    allowed = {*sys.stdlib_module_names, *NUMERIC, path.stem}
    assert roots(path) - {"pkg_resources"} <= allowed


def test_a_framework_s_file_that_imports_another_is_noticed(tmp_path):
    planted = tmp_path / "torch.py"
    planted.write_text("import torch\n\ndef f():\n    from symgrad.symbolic import cases\n")
    assert roots(planted) == {"torch", "symgrad.symbolic"}


def modules(path):
    """The modules that a file imports, at any depth, by their whole names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


ROUTES = {"by_sympy": "by_flint", "by_flint": "by_sympy"}
"""The two routes of a proof, which share no line."""


@pytest.mark.parametrize("route", ROUTES)
def test_neither_route_of_a_proof_imports_the_other(route, tmp_path):
    files = [*ROOT.glob(f"symbolic/proofs/{route}/*.py")]
    assert len(files) > 5
    other = f"symgrad.symbolic.proofs.{ROUTES[route]}"
    assert not [path for path in files if any(m.startswith(other) for m in modules(path))]
    planted = tmp_path / "planted.py"
    planted.write_text(f"def f():\n    from {other} import minors\n")
    assert modules(planted) == {f"{other}.minors"}
