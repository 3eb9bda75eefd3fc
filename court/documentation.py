"""What the documentation of a public call says of the triangle that it reads."""

from __future__ import annotations

import re

from symgrad.court.questions import Excerpt


def named_triangle(excerpt: Excerpt) -> str:
    """The sentence of a docstring that says which triangle is read."""
    text = " ".join(excerpt.text.split())
    found = re.search(r"[^.:]*triang[^.]*(used|referenced|read)[^.]*\.", text)
    return found.group(0).strip() if found else ""
