"""A run as a page."""

from __future__ import annotations

from symgrad.court.hearing import Hearing
from symgrad.report import html
from symgrad.report.run import Run
from symgrad.studies.chosen.page import answer_of, beside_f


def render(hearing: Hearing, run: Run) -> bytes:
    """The page; of the main job with its answer and its proof."""
    found = answer_of(hearing, run) if hearing.choice.is_main_job and run.verdicts else None
    return html.render(run, found, hearing.demonstration, beside_f(hearing))
