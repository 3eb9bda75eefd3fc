"""What a user's file asks for, by its text alone: nothing of it is run to know."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from symgrad.court.names import is_callable


def is_by_record(name: str) -> bool:
    """Whether a callable of a file is meant, or a file whose routes have no definition beside them.

    These are judged by what they execute.
    """
    return is_callable(name) or (name.endswith(".py") and _has_routes_alone(Path(name)))


def _has_routes_alone(path: Path) -> bool:
    try:
        defined = set(_defined(ast.parse(path.read_bytes()).body))
    except (OSError, SyntaxError, ValueError):
        return False  # whoever runs the file says what is wrong with it
    return "routes" in defined and not {"exact", "gauge", "*"} & defined


def imported(path: Path) -> set[str]:
    """The packages that a file imports, wherever in it; it is one that has been run."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def _defined(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names to which these statements give a value, but for those within functions."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif not isinstance(node, ast.Lambda):
            yield from _defined(ast.iter_child_nodes(node))
