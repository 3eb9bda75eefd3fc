"""Whether a rational expression in kernels is 0, by SymPy's sparse polynomials.

Terms with the same denominators are brought over one denominator and reduced to normal form; if
each such sum is 0, so is the whole.  If not, the whole is reduced, also by the relations between
different roots of one polynomial; first with the free symbols set to primes, where its numerator is
short: what is not in the relations' ideal there is not in it at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sympy
from sympy import Expr, Integer, Symbol

from symgrad.symbolic.proofs.by_sympy.laurent import Laurent, Reduced
from symgrad.symbolic.proofs.by_sympy.rational import Rationalized, UndefinedError

SHOWN_TERMS = 20
"""A residual of more terms, or with more than one set of denominators, is not written out."""

UNDEFINED = "undefined: a denominator is 0 for all parameters, or at every eigenvalue"


class Residuals:
    """Sums of products of some expressions, modulo the polynomials ``relations`` by symbol.

    ``roots`` are groups of symbols that stand for different roots of one polynomial.

    Raises:
        UndefinedError: an expression divides by 0.
    """

    def __init__(
        self,
        expressions: Iterable[Expr],
        relations: Mapping[Symbol, Expr],
        roots: Iterable[Sequence[Symbol]] = (),
    ) -> None:
        held = [*expressions]
        self._rational = Rationalized(held, relations)
        rational = [self._rational.of(expr) for expr in held]
        polynomials = self._rational.relations.values()
        kernels = [*reversed(self._rational.kernels)]
        free = sympy.Tuple(*rational, *polynomials).free_symbols - {*kernels}
        self._free = sorted(free, key=str)
        self._reduced = Reduced([*kernels, *self._free], self._rational.relations)
        self._joint = dict(self._rational.relations)
        for group in roots:
            self._joint |= self._rational.joint_relations(group)

    def sum_of_products(self, products: Iterable[tuple[Expr, ...]]) -> str:
        """Σ Π of the factors: ``"0"``, or what is left of it."""
        read, reduced = self._reduced.read, self._reduced
        try:
            residual = reduced.sum(
                reduced.product_of([read(self._rational.of(factor)) for factor in factors])
                for factors in products
            )
            return "0" if self._vanishes(residual) else self._text(residual)
        except UndefinedError:
            return UNDEFINED

    def _vanishes(self, residual: Laurent) -> bool:
        alike: dict[tuple[int, ...], Laurent] = {}
        for powers, p in residual.items():
            alike.setdefault(tuple(i for i, _ in powers), {})[powers] = p
        left = [part for part in alike.values() if self._reduced.numerator(part)[0]]
        if not left:
            return True
        rest = self._reduced.sum(left)
        if self._survives(rest):
            return False
        joint = Reduced(self._reduced.symbols, self._joint)
        joint.denominators = self._reduced.denominators
        return not joint.numerator(rest)[0]

    def _survives(self, residual: Laurent) -> bool:
        """Whether it is not 0 even where the free symbols are primes."""
        primes = [sympy.prime(k + 3) for k in range(len(self._free))]
        at = dict(zip(self._free, map(Integer, primes), strict=True))
        relations = {s: p.xreplace(at) for s, p in self._joint.items()}
        special = Reduced(self._reduced.symbols, relations)
        values = [(self._reduced.ring(symbol), prime) for symbol, prime in at.items()]
        special.denominators = [special.normal(v.subs(values)) for v in self._reduced.denominators]
        if not all(special.denominators):
            return False
        return bool(special.numerator({e: p.subs(values) for e, p in residual.items()})[0])

    def _text(self, residual: Laurent) -> str:
        terms, reduced = sum(map(len, residual.values())), self._reduced
        below = {tuple(i for i, _ in powers) for powers in residual}
        if len(below) > 1 or terms > SHOWN_TERMS:
            return f"not 0: {terms} terms"
        numerator, common = reduced.numerator(residual)
        if len(numerator) > SHOWN_TERMS:
            return f"not 0: {len(numerator)} terms"
        factors = [reduced.denominators[i].as_expr() ** e for i, e in common.items()]
        quotient = sympy.cancel(numerator.as_expr() / sympy.Mul(*factors))
        return str(self._rational.back(quotient))
