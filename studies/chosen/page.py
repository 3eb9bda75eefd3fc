"""The page: which parts of a run are printed, in which order."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from symgrad.court.hearing import Hearing
from symgrad.report import queried, routes, verdicts
from symgrad.report.answer import Answer, answer
from symgrad.report.run import Run
from symgrad.studies.experiment import answer as screen
from symgrad.studies.experiment import page as main_job

SECTIONS = ("proof", "frameworks", "sum", "experiment", "claims")
"""The parts of the main job."""


def show(
    console: Console, hearing: Hearing, run: Run, verbose: bool, sections: Sequence[str]
) -> None:
    """Print the answer, or the ``sections`` that are named; all of them first, if ``verbose``."""
    beside = beside_f(hearing)
    for framework, device in run.devices.items():
        console.print(f"{framework} computes on {device}", soft_wrap=True, markup=False)
    if hearing.choice.is_main_job:
        for section in sections or (SECTIONS if verbose else ()):
            show_section(console, hearing, run, section, verbose)
        if run.verdicts and not sections:
            if verbose:
                console.print()
            screen.show(console, answer_of(hearing, run))
    elif run.verdicts and verbose:
        verdicts.show_verdicts(console, run.verdicts, beside)
        console.print("\nEach route over all points:")
        verdicts.show_summary(console, run.verdicts, whole=True)
    elif run.verdicts:
        routes.show_routes(console, run.verdicts, beside)
    if not hearing.choice.is_main_job or sections:
        console.print()


def beside_f(hearing: Hearing) -> queried.Queried:
    """What is differentiated in place of f, if a query was chosen."""
    return {} if hearing.choice.query == "gradient" else queried.of_all(hearing.judged)


def answer_of(hearing: Hearing, run: Run) -> Answer:
    """What the main job answers."""
    return answer(
        hearing.verdicts("2×2", "experiment"), hearing.verdicts("experiment"), run.identities
    )


def show_section(console: Console, hearing: Hearing, run: Run, section: str, verbose: bool) -> None:
    """Print one part of the main job, if it was run."""
    if section == "proof" and hearing.demonstration:
        main_job.show_proof(console, hearing.demonstration)
    if section == "frameworks" and (found := hearing.verdicts("2×2")):
        main_job.show_frameworks(console, found, verbose)
    if section == "sum" and (found := hearing.verdicts("sum")):
        main_job.show_sum(console, found)
    if section == "experiment" and (found := hearing.verdicts("experiment")):
        reference = hearing.references[hearing.numbers("experiment")[0]]
        main_job.show_experiment(console, reference, found, verbose)
    if section == "claims" and run.claims:
        main_job.show_settled(console, run.claims)
