"""What there is to say of a function of the catalogue, or of a structure, to be read."""

from __future__ import annotations

import sympy

from symgrad.court.names import family
from symgrad.symbolic.catalogue import CATALOGUE, choose, instances
from symgrad.symbolic.catalogue.function import MatrixFunction
from symgrad.symbolic.here import in_parameters
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS
from symgrad.symbolic.proofs.characteristic import PROVED_SIZE

LONGEST = 200
"""Characters of a derivative that is read; a longer one is not shown."""
A, B, C = sympy.symbols("a b c", real=True)


def formulae() -> tuple[dict[str, str], dict[str, str]]:
    """f(X) of each function, X(θ) of each structure at n = 4, by name."""
    functions = {name: f.formula for name, f in CATALOGUE.items()}
    return functions, {name: build(4).formula for name, build in PARAMETERIZATIONS.items()}


def described(name: str) -> dict[str, str]:
    """What is known of a function or a structure, under a heading each; empty if there is none."""
    if family(name) in CATALOGUE:
        return _function(name, CATALOGUE[family(name)])
    return _structure(name) if name in PARAMETERIZATIONS else {}


def _function(name: str, f: MatrixFunction) -> dict[str, str]:
    members = [member.name for member in instances(f, 3)]
    told = {"f(X)": f.formula, "domain": f.domain}
    if members != [f.name]:
        more = ", …" if len(members) > 4 else ""
        told["at n = 3"] = ", ".join(members[:4]) + more
    told["source"] = f.citation
    if f.gauge:
        return {**told, "refused": f.refusal}
    first = name if name != f.name else choose(name, 2)[0].name
    told["theorem"] = (
        "∂f(X(θ))/∂θ = ⟨G, ∂X/∂θ⟩ with the G of the source, for all θ; proved for n = 1 to "
        f"{f.proved_size + 1} by SymPy and by python-flint"
        + (f", of a symmetric X for n = 1 to {PROVED_SIZE}" if f.name == "eigenvalue" else "")
        + f": --prove {f.name} -n {f.proved_size}"
    )
    return {**told, **_derivatives(first)}


def _derivatives(name: str) -> dict[str, str]:
    """∂f/∂a, ∂f/∂b and ∂f/∂c at [[a, b], [b, c]], where they are short."""
    found = in_parameters(name, sympy.Matrix([[A, B], [B, C]]))
    texts = {f"∂/∂{x}": str(slope).replace("**", "^") for x, slope in found.items()}
    if max(map(len, texts.values())) > LONGEST:
        return {}
    return {"at n = 2": f"{name} of X = [[a, b], [b, c]]", **texts}


def _structure(name: str) -> dict[str, str]:
    x = PARAMETERIZATIONS[name](3)
    told = {"X(θ)": PARAMETERIZATIONS[name](4).formula, "parameters at n = 3": ", ".join(x.names)}
    if x.blocks == 1:
        rows = "; ".join(", ".join(map(str, row)) for row in x.X.tolist())
        told["X at n = 3"] = f"[{rows}]".replace("**", "^")
    return told
