"""The rooms of the house, and those in them: no arrow runs back up, so no circle."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def imported(path):
    """The modules that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows(folder, package):
    """Of each room of a folder, which of the others it imports; a file there is a room too."""
    found = {}
    for path in (*folder.glob("*.py"), *folder.glob("[a-z]*/**/*.py")):
        room = path.relative_to(folder).with_suffix("").parts[0]
        for module in imported(path):
            if module.startswith(f"{package}."):
                other = module.removeprefix(f"{package}.").split(".")[0]
                found.setdefault(room, set()).add(other)
    return {room: others - {room} for room, others in found.items()}


def circles(found):
    """The rooms from which arrows lead back to them."""

    def reached(room):
        seen, ahead = set(), [room]
        while ahead:
            new = found.get(ahead.pop(), set()) - seen
            seen |= new
            ahead += new
        return seen

    return sorted(room for room in found if room in reached(room))


@pytest.mark.parametrize("room", ["", "symbolic", "numeric", "court", "report", "studies"])
def test_no_arrow_runs_back_up(room):
    """What is imported anywhere in a room, was it in a function."""
    folder = ROOT / "symgrad" / room if room else ROOT
    found = arrows(folder, "symgrad." + room if room else "symgrad")
    assert found
    assert circles(found) == []


def test_a_circle_is_noticed(tmp_path):
    for name, text in {"a/x": "import p.b.y", "b/y": "from p.c import z", "c/z": ""}.items():
        file = tmp_path / f"{name}.py"
        file.parent.mkdir()
        file.write_text(text)
    assert arrows(tmp_path, "p") == {"a": {"b"}, "b": {"c"}}
    assert circles(arrows(tmp_path, "p")) == []
    (tmp_path / "c" / "z.py").write_text("def f():\n    import p.a.x\n")
    assert circles(arrows(tmp_path, "p")) == ["a", "b", "c"]
