"""The page: which parts of a run are printed, in which order."""

from __future__ import annotations

from rich.console import Console

from symgrad.court.hearing import Hearing
from symgrad.court.verdicts import Run
from symgrad.report import verdicts
from symgrad.studies.experiment import page as main_job


def show(console: Console, hearing: Hearing, run: Run, verbose: bool) -> None:
    """Print the parts that there are."""
    if hearing.choice.is_main_job:
        if run.verdicts:
            verdicts.show_answer(console, hearing.verdicts("2×2", "experiment"), run.identities)
        if hearing.demonstration:
            main_job.show_proof(console, hearing.demonstration)
        if found := hearing.verdicts("2×2"):
            main_job.show_frameworks(console, found, verbose)
        if found := hearing.verdicts("sum"):
            main_job.show_sum(console, found)
        if found := hearing.verdicts("experiment"):
            reference = hearing.references[hearing.numbers("experiment")[0]]
            main_job.show_experiment(console, reference, found, run.claims, verbose)
    elif run.verdicts:
        shown = run.verdicts if verbose else verdicts.first_points(run.verdicts)
        verdicts.show_verdicts(console, shown)
        console.print("\nEach route over all points (--verbose shows each):")
        verdicts.show_summary(console, run.verdicts)
