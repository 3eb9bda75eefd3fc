"""``make site``: Markdown from the records, and HTML from that by MkDocs; no framework is asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from lab.site import pages, pictures, records
from lab.site.documents import Documents

BUILT = records.ROOT / "build" / "site"
TIES = "weighted_exp[full]"
"""The function whose digits at nearly repeated eigenvalues are drawn."""
APPENDIX = records.ROOT / "build" / "appendix"
WIDE, TALL = (6.4, 3.6), (6.4, 5.2)


def sources() -> list[Path]:
    """The Markdown of the repository that becomes pages."""
    root = records.ROOT
    others = ("CHANGELOG.md", "CONTRIBUTING.md", "proofs/README.md")
    return [
        root / "README.md",
        *sorted(records.DOCS.glob("*.md")),
        *(root / name for name in others if (root / name).exists()),
    ]


def lay(folder: Path) -> list[Any]:
    """Put all sources of the site into an empty folder; its navigation.

    Raises:
        OSError: a record is not there.
        msgspec.DecodeError: one has another shape.
    """
    kept = records.read()
    documents = Documents()
    documents.add(sources())
    title, _, rest = documents.pages["index.md"].partition("\n")
    documents.pages["index.md"] = f"{title}\n\n{pages.cards(kept)}\n{rest}"
    made = pages.pages(kept)
    pages.write(documents.pages | made, folder)
    for place, file in documents.files.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / place)
    shutil.copytree(pages.SITE / "assets", folder / "assets", dirs_exist_ok=True)
    draw(folder / "assets")
    return navigation(made, documents, take_appendix(folder))


def draw(folder: Path) -> None:
    """The pictures, for light and for dark."""
    rows, gaps = pictures.read_ties((records.DOCS / "ties.md").read_text(encoding="utf-8"), TIES)
    for ink in pictures.INK:
        crossing = pictures.drawn(pictures.crossing, ink, WIDE)
        (folder / f"crossing-{ink}.svg").write_bytes(crossing)
        digits = pictures.drawn(pictures.digits(rows, gaps), ink, TALL)
        (folder / f"digits-{ink}.svg").write_bytes(digits)


def take_appendix(folder: Path) -> bool:
    """Take the appendix along, where `make site` has written one."""
    page = APPENDIX / "appendix.html"
    if page.exists():
        shutil.copytree(APPENDIX, folder / "appendix", ignore=shutil.ignore_patterns("*.md"))
    return page.exists()


def navigation(made: dict[str, str], documents: Documents, has_appendix: bool) -> list[Any]:
    """The pages in the order in which they are read."""
    functions = [place for place in made if place.startswith("functions/")]
    texts = [place for place in documents.pages if place != "index.md"]
    return [
        {"Home": "index.md"},
        *("lesson.md", "explorer.md", "findings.md", "disputes.md", "history.md"),
        {"Functions": [{Path(place).stem: place} for place in functions]},
        {"Documents": texts},
        *([{"Proof appendix": "appendix/appendix.html"}] if has_appendix else []),
    ]


def configuration(nav: list[Any]) -> str:
    """MkDocs' settings of this build; JSON is YAML."""
    return json.dumps(
        {
            "INHERIT": str(pages.SITE / "mkdocs.yml"),
            "docs_dir": "pages",
            "site_dir": "html",
            "hooks": [str(pages.SITE / "hooks.py")],
            "nav": nav,
        },
        indent=1,
    )


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=BUILT, show_default=True)
def main(output: Path) -> None:
    """Build the site into OUTPUT/html, from OUTPUT/pages; both are made anew."""
    for name in ("pages", "html"):
        shutil.rmtree(output / name, ignore_errors=True)
    settings = output / "mkdocs.yml"
    (output / "pages").mkdir(parents=True)
    settings.write_text(configuration(lay(output / "pages")), encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run([*command, "--config-file", str(settings)], env=quiet)
    if done.returncode:
        raise click.ClickException(f"mkdocs ended with {done.returncode}")
    click.echo(f"the site: {output / 'html' / 'index.html'}")


if __name__ == "__main__":
    main()
