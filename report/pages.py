"""How a page of a record begins: its title, for whom it is, and the way back to all pages."""

from __future__ import annotations

from pathlib import Path

INDEX = "README.md"
BACK = f"[All pages]({INDEX}) · [symgrad](../{INDEX})"
FOR = "*For whoever "


def opening(title: str, reader: str) -> str:
    """The first lines: ``reader`` is what whoever it is for wants or does."""
    return f"# {title}\n\n{FOR}{reader}.*"


def linked(page: str, folder: Path) -> str:
    """The page with the links back, where there is an index: elsewhere they lead nowhere."""
    if not (folder / INDEX).exists():
        return page
    lines = page.split("\n")
    return "\n".join(f"{line} {BACK}" if line.startswith(FOR) else line for line in lines)
