"""What MkDocs calls: tables of Markdown in a frame that scrolls, and that the keyboard reaches."""

from typing import Any

FRAME = '<div class="scroll" role="region" aria-label="Table {k}" tabindex="0">'


def on_page_content(html: str, **_: Any) -> str:
    """The page with each table that has no class of its own in a frame."""
    first, *rest = html.split("<table>")
    for k, part in enumerate(rest, 1):
        table, end, after = part.partition("</table>")
        first += f'{FRAME.format(k=k)}<table class="plain">{table}{end}</div>{after}'
    return first
