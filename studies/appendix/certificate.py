"""The certificate: every exact input, reported gradient, enclosure and verdict, as plain data.

The folder ``recheck`` reads it with Python's standard library alone.  Rationals are written as
``"p/q"``, floats as Python's hexadecimal ones, so that no digit is lost; a complex entry is a pair.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Float, Inexact

from symgrad.court.hearing import Hearing, Recorded
from symgrad.court.judging.contraction import as_blocks, contract, skew_part
from symgrad.court.judging.tolerance import entry_tolerances, value_tolerance
from symgrad.court.program import Program, Step
from symgrad.court.questions import Reported
from symgrad.court.references import Ball, Reference
from symgrad.court.scenario import Scenario
from symgrad.court.verdicts import Verdict

FORMAT = 2


def certify(
    hearings: Iterable[Hearing], environment: Mapping[str, str], command: list[str], seed: int
) -> dict[str, Any]:
    """Everything that was found in the hearings, but for the hashes of the files.

    Only gradients by reverse mode, of functions at matrices of structures and of recorded programs.
    """
    cases: list[dict[str, Any]] = []
    reports: list[dict[str, Any]] = []
    for hearing in hearings:
        start = len(cases)
        cases += map(_case, hearing.scenarios, hearing.references)
        for case, reference, recorded in zip(
            cases[start:], hearing.references, hearing.recorded, strict=False
        ):
            case.update(_recorded(reference, recorded))
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
        "dtype": scenario.dtype,
        "hermitian": reference.hermitian,
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


def _recorded(reference: Reference, recorded: Recorded) -> dict[str, Any]:
    """What a case of a callable has beside: the program, and what rounding does to it.

    ``roundoff`` is how far roundings of all its steps move S, per unit roundoff.
    """
    program, is_known = recorded.program, reference.S is not None
    roundoff = reference.roundoff if is_known else None
    return {
        "file": recorded.file,
        "sha256": recorded.digest,
        "program": _record(program) if program else None,
        "sensitivity": _hex(reference.sensitivity) if is_known else None,
        "roundoff": _hex(roundoff) if roundoff is not None else None,
        "value_roundoff": float(reference.value_roundoff).hex() if is_known else None,
    }


def _record(program: Program) -> dict[str, Any]:
    """The record without what tells where in the user's file a step is, its numbers in full."""
    return {
        "framework": program.framework,
        "version": program.version,
        "dtype": program.dtype,
        "size": program.size,
        "steps": list(map(_step, program.steps)),
        "output": program.output,
        "folded": list(program.folded),
        "casts": list(program.casts),
    }


def _step(step: Step) -> dict[str, Any]:
    told: dict[str, Any] = {"operation": step.operation}
    told |= {"inputs": step.inputs, "shapes": step.shapes}
    told |= {"index": step.index, "axes": step.axes, "signs": step.signs, "pivots": step.pivots}
    told["constants"] = tuple(float(x).hex() for x in step.constants)
    if step.operation == "power":
        told["exponent"] = float(step.exponent).hex()
    return {key: x for key, x in told.items() if x != ()}


def _report(
    case: int, reference: Reference, reported: Reported, verdict: Verdict
) -> dict[str, Any]:
    answers = [reported, *([reported.again] if reported.again else [])]
    return {
        "case": case,
        "framework": reported.framework,
        "version": reported.version,
        "route": reported.route,
        "dtype": verdict.dtype,
        "returned": reported.dtype,
        "reads": verdict.reads,
        "verdict": verdict.verdict,
        "convention": verdict.convention,
        "conjugation": verdict.conjugation,
        "reason": verdict.reason if verdict.verdict in ("refused", "failed") else "",
        "answers": [_answer(reference, answer, verdict.dtype) for answer in answers],
    }


def _answer(reference: Reference, reported: Reported, dtype: str) -> dict[str, Any]:
    """What a route said, with what is needed to judge it if it is a finite n×n matrix."""
    G = None if reported.error else reported.gradient
    record: dict[str, Any] = {
        "value": float(reported.value).hex(),
        "gradient": _entries(G) if G is not None and G.ndim == 2 else None,
        "contracted": [],
        "tolerances": None,
        "value_tolerance": None,
    }
    n = reference.size
    if reference.refusal or G is None or G.shape != (n, n) or not np.all(np.isfinite(G)):
        return record
    blocks = as_blocks(G) if reference.hermitian else G
    tolerances = entry_tolerances(reference, skew_part(blocks), dtype)
    if not np.all(np.isfinite(tolerances)):
        return record
    return {
        **record,
        "contracted": [str(contract(blocks, d.D)) for d in reference.directions],
        "tolerances": _hex(tolerances),
        "value_tolerance": float(value_tolerance(reference, dtype)).hex(),
    }


def _entries(G: Inexact[np.ndarray, "n n"]) -> list[list[Any]]:
    if np.iscomplexobj(G):
        return [[[float(x.real).hex(), float(x.imag).hex()] for x in row] for row in G]
    return _hex(G)


def _hex(M: Float[np.ndarray, "n n"]) -> list[list[str]]:
    return [[float(x).hex() for x in row] for row in M]


def _ball(ball: Ball) -> list[str]:
    return [str(Fraction(ball.mid)), str(Fraction(ball.radius))]
