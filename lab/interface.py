"""docs/api.md: every name of the interface, from its docstring (``make api``)."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import symgrad

PAGE = Path(__file__).parent.parent / "docs" / "api.md"
INTRODUCTION = """\
# The interface

*For whoever writes `import symgrad`.* [All pages](README.md) · [symgrad](../README.md)

Every name, from its docstring (`make api`). What it is for: [in your own code](check.md).
"""


def page() -> str:
    """The page."""
    parts = [line for name in symgrad.__all__ for line in _about(name, getattr(symgrad, name))]
    return "\n".join([INTRODUCTION, *parts]).rstrip() + "\n"


def _about(name: str, thing: Any, level: str = "##") -> Iterator[str]:
    """A heading, the signature of what is called, the docstring; then what is public in it."""
    yield f"{level} `{name}`\n"
    if inspect.isfunction(thing):
        yield f"```python\n{name.split('.')[-1]}{_signature(thing)}\n```\n"
    yield f"```text\n{inspect.getdoc(thing) or ''}\n```\n"
    if level == "##" and isinstance(thing, (type, ModuleType)):
        for member, inner in _members(thing):
            yield from _about(f"{name}.{member}", inner, "###")


def _signature(function: Any) -> str:
    """A line for each parameter."""
    found = inspect.signature(function)
    told: list[str] = []
    for p in found.parameters.values():
        if p.kind is p.KEYWORD_ONLY and "    *," not in told:
            told.append("    *,")
        told.append(f"    {p},")
    lines = "\n".join(told)
    return f"(\n{lines}\n) -> {found.return_annotation}" if told else "()"


def _members(thing: Any) -> Iterator[tuple[str, Any]]:
    """What has a docstring of its own here, in the order of the source."""
    module = thing.__name__ if isinstance(thing, ModuleType) else thing.__module__
    for name, inner in vars(thing).items():
        shown = inner.fget if isinstance(inner, property) else inner
        if name.startswith("_") or getattr(shown, "__module__", "") != module:
            continue
        if inspect.isfunction(shown) and inspect.getdoc(shown):
            yield name, inner


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
