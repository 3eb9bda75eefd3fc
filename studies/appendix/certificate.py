"""The certificate: every exact input, reported gradient, enclosure and verdict, as plain data.

``recheck.py`` reads it with Python's standard library alone.  Rationals are written as ``"p/q"``,
floats as Python's hexadecimal ones, so that no digit is lost.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Float

from symgrad.court.hearing import Hearing
from symgrad.court.judging.contraction import contract, skew_part
from symgrad.court.judging.tolerance import entry_tolerances, value_tolerance
from symgrad.court.questions import Reported
from symgrad.court.references import Ball, Reference
from symgrad.court.scenario import Scenario
from symgrad.court.verdicts import Verdict

FORMAT = 1


def certify(
    hearings: Iterable[Hearing], environment: Mapping[str, str], command: list[str], seed: int
) -> dict[str, Any]:
    """Everything that was found in the hearings, but for the hashes of the files.

    Only real matrices and reverse mode: the re-checker has no complex arithmetic.
    """
    cases: list[dict[str, Any]] = []
    reports: list[dict[str, Any]] = []
    for hearing in hearings:
        start = len(cases)
        cases += map(_case, hearing.scenarios, hearing.references)
        for _, reported, verdict in hearing.judged:
            if reported is not None:
                reference = hearing.references[reported.problem]
                reports.append(_report(start + reported.problem, reference, reported, verdict))
    return {
        "format": FORMAT,
        "command": command,
        "seed": seed,
        "environment": dict(environment),
        "cases": cases,
        "reports": reports,
    }


def seal(certificate: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """The certificate as JSON, with the SHA-256 of each file and a digest of all the rest."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    sealed = {**certificate, "files": hashes}
    digest = hashlib.sha256(json.dumps(sealed, sort_keys=True).encode()).hexdigest()
    return json.dumps({**sealed, "digest": digest}, indent=1, sort_keys=True).encode() + b"\n"


def _case(scenario: Scenario, reference: Reference) -> dict[str, Any]:
    S, value = reference.S, reference.value
    return {
        "function": reference.function,
        "constants": scenario.constants,
        "parameterization": reference.parameterization,
        "point": reference.point,
        "X": _hex(reference.X),
        "refusal": reference.refusal,
        "evidence": reference.evidence,
        "value": _ball(value) if value else None,
        "high": _hex(S.high) if S else None,
        "low": _hex(S.low) if S else None,
        "radius": _hex(S.radius) if S else None,
        "directions": [
            [d.name, [[i, j, str(x)] for i, j, x in d.D], _ball(d.derivative)]
            for d in reference.directions
        ],
    }


def _report(
    case: int, reference: Reference, reported: Reported, verdict: Verdict
) -> dict[str, Any]:
    G = reported.gradient
    record: dict[str, Any] = {
        "case": case,
        "framework": reported.framework,
        "version": reported.version,
        "route": reported.route,
        "dtype": verdict.dtype,
        "reads": verdict.reads,
        "verdict": verdict.verdict,
        "convention": verdict.convention,
        "reason": verdict.reason,
        "value": float(reported.value).hex(),
        "gradient": None if G is None else _hex(G),
        "tolerances": None,
    }
    if verdict.verdict in ("refused", "inaccurate"):
        return record  # it rests on more than one gradient and its tolerance
    if reported.again or G is None or reference.refusal or not np.all(np.isfinite(G)):
        return record  # nothing that could be judged again from one finite gradient
    tolerances = entry_tolerances(reference, skew_part(G), verdict.dtype)
    return {
        **record,
        "contracted": [str(contract(G, d.D)) for d in reference.directions],
        "tolerances": _hex(tolerances),
        "value_tolerance": float(value_tolerance(reference, verdict.dtype)).hex(),
    }


def _hex(M: Float[np.ndarray, "n n"]) -> list[list[str]]:
    return [[float(x).hex() for x in row] for row in M]


def _ball(ball: Ball) -> list[str]:
    return [str(Fraction(ball.mid)), str(Fraction(ball.radius))]
