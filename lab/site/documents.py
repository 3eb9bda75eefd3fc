"""The Markdown of the repository as pages of the site: what its links lead to comes along."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from pathlib import Path

from lab.site.records import ROOT

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
PICTURES = (".svg", ".png")
UNSEARCHED = ("atlas", "findings", "disputes", "history", "axes")
"""Tables of what the explorer and its like show too: one thing is found once."""


class Documents:
    """Pages by where they will stand, ``documents/ties.md``; and files that come along."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.files: dict[str, Path] = {}
        self._at: dict[Path, str] = {}

    def add(self, paths: Iterable[Path]) -> None:
        """Take files of the repository in; those named later are linked from those before."""
        paths = list(paths)
        self._at |= {path.resolve(): self._place(path) for path in paths}
        for path in paths:
            self.pages[self._at[path.resolve()]] = self.text(path, self._at[path.resolve()])

    def _place(self, path: Path) -> str:
        if path == ROOT / "README.md":
            return "index.md"
        name = path.parent.name if path.name == "README.md" else path.stem
        return f"documents/{name.lower()}.md"

    def text(self, path: Path, at: str) -> str:
        """A file's text, its links leading to where things are on the site."""

        def link(match: re.Match[str]) -> str:
            target = self._target(path, match[3], at)
            return f"{match[1]}[{match[2]}]({target})" if target else match[2]

        parts = FENCE.split(path.read_text(encoding="utf-8"))
        text = "".join(p if p.startswith("```") else LINK.sub(link, p) for p in parts)
        head = "---\nsearch:\n  exclude: true\n---\n" if Path(at).stem in UNSEARCHED else ""
        return head + text

    def _target(self, path: Path, target: str, at: str) -> str:
        """Where a link of a file leads on the site; empty if to nothing that is there."""
        if re.match(r"[a-z]+:|#", target):
            return target
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve()
        if file.is_dir():
            file /= "README.md"
        place = self._at.get(file) or self._take(file)
        if not place:
            return ""
        return posixpath.relpath(place, posixpath.dirname(at)) + (f"#{anchor}" if anchor else "")

    def _take(self, file: Path) -> str:
        """Take a file of the repository along: a picture as it is, a source as text."""
        if not file.is_file() or not file.is_relative_to(ROOT):
            return ""
        inside = file.relative_to(ROOT).as_posix()
        place = f"files/{inside}" if file.suffix in PICTURES else f"files/{inside}.txt"
        self.files[place] = file
        return place
