"""Why one proof serves every convention: each contracts as S does, for every symmetric D.

⟨G, D⟩ = ⟨S, D⟩ for G of each convention, generic symmetric S and generic symmetric D (n×n), are
bilinear identities in their entries; with ⟨S, ∂X/∂θ⟩ = ∂f/∂θ they give ⟨G, ∂X/∂θ⟩ = ∂f/∂θ.  The
spurious 2S − diag(S) fails exactly by 2 Σ_{i<j} S_ij D_ij (Srinivasan and Panda (2022)).
"""

from __future__ import annotations

import sympy
from flint import Ordering, fmpz_mpoly_ctx
from sympy import Expr, ImmutableDenseMatrix, Symbol

from symgrad.court.references import Identity
from symgrad.symbolic.proofs.by_sympy.identities import contract, representatives, spurious
from symgrad.symbolic.proofs.plain import NAMES, entry_pairs

FUNCTION = "any f with symmetric gradient S"


def prove_conventions(n: int) -> list[Identity]:
    """⟨G, D⟩ − ⟨S, D⟩ by convention, for generic S and D of size n×n.

    Raises:
        ArithmeticError: SymPy and python-flint disagree on whether one vanishes.
    """
    S, D = (_generic(letter, n) for letter in "sd")
    named = {**representatives(S), "spurious": spurious(S)}
    by_flint = _vanishing_by_flint(n)
    identities = []
    for name, G in named.items():
        residual = sympy.expand(contract(G, D) - contract(S, D))
        if (residual == 0) != by_flint[name]:
            raise ArithmeticError(
                f"⟨G, D⟩ − ⟨S, D⟩ for {NAMES[name]} at n = {n} differs between SymPy and "
                "python-flint; neither can be trusted, report it as a defect"
            )
        valid = n == 1 or name != "spurious"
        about = (FUNCTION, NAMES[name], "every θ", str(residual), residual == 0, valid, name)
        identities.append(Identity(*about))
    return identities


def _generic(letter: str, n: int) -> ImmutableDenseMatrix:
    symbols = {(i, j): Symbol(f"{letter}{i}_{j}") for i, j in entry_pairs(n)}

    def entry(i: int, j: int) -> Expr:
        return symbols[min(i, j), max(i, j)]

    return ImmutableDenseMatrix(n, n, entry)


def _vanishing_by_flint(n: int) -> dict[str, bool]:
    """Whether Σ_{i<j} (below·S_ij + above·S_ij − 2S_ij) D_ij is 0; the diagonal is the same."""
    pairs = [(i, j) for i, j in entry_pairs(n) if i < j]
    names = [f"{letter}{i}_{j}" for letter in "sd" for i, j in pairs]
    generators = fmpz_mpoly_ctx.get(["w", "kappa", *names], Ordering.lex).gens()
    w, skew = generators[:2]
    S, D = generators[2 : 2 + len(pairs)], generators[2 + len(pairs) :]
    conventions = {
        "symmetric": lambda s: (s, s),
        "lower": lambda s: (2 * s, 0 * s),
        "upper": lambda s: (0 * s, 2 * s),
        "weighted": lambda s: (2 * w * s, 2 * (1 - w) * s),
        "skew": lambda s: (s - skew, s + skew),
        "spurious": lambda s: (2 * s, 2 * s),
    }
    return {
        name: sum((sum(entries(s)) - 2 * s) * d for s, d in zip(S, D, strict=True)) == 0
        for name, entries in conventions.items()
    }
