"""The claims about the reference experiment, settled from a hearing and from the record."""

from __future__ import annotations

from symgrad.court.former import recorded
from symgrad.court.hearing import Hearing
from symgrad.court.scenario import Part
from symgrad.court.verdicts import Claim, Verdict
from symgrad.studies.experiment import rule


def claims(hearing: Hearing) -> list[Claim]:
    """The claims of the reference experiment, settled; none if it was not run to its end.

    What is said of versions that were not run is from the record.
    """
    chosen = hearing.numbers("experiment")
    unfinished = len(hearing.references) < len(hearing.scenarios) or any(
        hearing.references[k].refusal for k in chosen
    )
    if not chosen or hearing.demonstration is None or unfinished:
        return []
    record = recorded.read_record()
    recalled = [r.verdict for r in recorded.unheard(hearing, record, chosen[:1])]
    return rule.settle(
        rule.Experiment(
            [hearing.references[k] for k in chosen],
            _values(hearing, chosen),
            [v for v in _bearing(hearing, "experiment") if v.function == "eigenvalue[0]"],
            _bearing(hearing, "sum"),
            hearing.demonstration.identities,
            hearing.excerpts,
            [v for v in recalled if rule.is_about(v.framework)],
            recorded.unheard_excerpts(hearing, record),
        )
    )


def _values(hearing: Hearing, chosen: list[int]) -> dict[tuple[str, str], list[float]]:
    """What each route said that all the eigenvalues are, in order."""
    values: dict[tuple[str, str], list[float]] = {}
    for r in sorted(hearing.reported, key=lambda r: r.problem):
        if r.problem in chosen and not r.error and _bears(hearing, r.framework):
            values.setdefault((r.framework, r.route), []).append(r.value)
    return {key: found for key, found in values.items() if len(found) == len(chosen)}


def _bearing(hearing: Hearing, part: Part) -> list[Verdict]:
    """The verdicts on a part that the claims are settled from."""
    return [v for v in hearing.verdicts(part) if _bears(hearing, v.framework)]


def _bears(hearing: Hearing, framework: str) -> bool:
    """Whether a framework bears on the claims: no former one that was lost or is of another."""
    if "@" not in framework:
        return True
    return rule.is_about(framework) and hearing.heard(framework)
