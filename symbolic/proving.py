"""The proofs that a user asks for: each function in each structure, for all parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from symgrad.court.errors import InputError
from symgrad.court.questions import Choice
from symgrad.court.references import Proved
from symgrad.symbolic.cases import chosen_functions
from symgrad.symbolic.catalogue import Instance
from symgrad.symbolic.chosen_structures import limits_of
from symgrad.symbolic.derivation import derive
from symgrad.symbolic.limits import Failure, answers
from symgrad.symbolic.parameterizations import Parameterization
from symgrad.symbolic.points import check_rank, has_points, is_generically_simple
from symgrad.symbolic.proofs.characteristic import PROVED_SIZE, prove_characteristic
from symgrad.symbolic.proofs.closed_form import prove_closed_form
from symgrad.symbolic.proofs.conventions import prove_conventions
from symgrad.symbolic.proofs.prove import examine
from symgrad.symbolic.structure_files import structure

ROUTES = ["SymPy", "python-flint"]
CONVENTIONS_SIZE = 5
"""Largest n at which the conventions are proved on the way: a generic S and D."""
Call = Callable[[], Proved]
"""One proof, to be made in a process with limits."""


def prove_chosen(choice: Choice, frameworks: list[str]) -> Iterator[Proved]:
    """The conventions once, then each function; eigenvalues of a generic matrix all at once.

    Raises:
        InputError: a name is unknown, or the size is too large to be proved; at the end, if a proof
            was beyond the limits of time or memory, or failed, as where two routes disagree.
    """
    n = choice.size
    functions = _differentiable(choice, frameworks)
    generic = choice.parameterizations in ((), ("symmetric",))
    eigenvalues_alone = generic and all(_is_eigenvalue(f) for f in functions)
    limit = min(f.function.proved_size + 1 for f in functions)
    if n > limit and not eigenvalues_alone:
        raise InputError(
            f"size {n}: these functions are proved for sizes 1 to {limit}, the eigenvalues of a "
            f"generic symmetric matrix for sizes 1 to {PROVED_SIZE}"
        )
    names = choice.parameterizations or ("symmetric",)
    structures = [structure(name, n, limits_of(choice)) for name in names]
    about: list[Call] = [_conventions(n)] if n <= CONVENTIONS_SIZE else []
    if "symmetric" in names and any(map(_is_eigenvalue, functions)):
        about += [_eigenvalues(n), *([_closed_form] if n == 2 else [])]
    about += [
        partial(_examined, function, x)
        for x in structures
        for function in functions
        if x.name != "symmetric" or not _is_eigenvalue(function)
        if choice.functions or has_points(x, function.function.domain)
    ]
    failed = []
    for answer in answers([partial(_proved, call) for call in about], limits_of(choice)):
        if isinstance(answer, Failure):
            failed.append(answer.reason)
        elif isinstance(answer, InputError):
            raise answer
        else:
            yield answer
    if failed:
        raise InputError(f"{len(failed)} not proved: {failed[0]}")


def _proved(call: Call) -> Proved | InputError:
    """What a call gives; what it says of the user's choice is no failure of the exact side."""
    try:
        return call()
    except InputError as error:
        return error


def _conventions(n: int) -> Call:
    remark = "⟨G, D⟩ = ⟨S, D⟩ for generic symmetric S and D"
    return lambda: Proved(
        "every convention", "symmetric", n, ROUTES, remark, [*prove_conventions(n)]
    )


def _eigenvalues(n: int) -> Call:
    def prove() -> Proved:
        proof = prove_characteristic(n)
        remark = f"−∂p/∂x_ij = ⟨adj(λI − X), ∂X/∂x_ij⟩, p of {proof.terms} terms, every eigenvalue"
        return Proved("eigenvalue", "symmetric", n, [*proof.routes], remark, [*proof.identities])

    return prove


def _closed_form() -> Proved:
    remark = "the closed formula equals the implicit derivative"
    return Proved("eigenvalue", "symmetric", 2, ROUTES, remark, prove_closed_form())


def _examined(function: Instance, x: Parameterization) -> Proved:
    check_provable(function, x)
    found = examine(function, x)
    routes = ROUTES[:1] if found.not_covered else ROUTES
    remark = found.not_covered and f"not by python-flint: {found.not_covered}"
    about = (function.name, x.name, function.size)
    return Proved(*about, routes, remark, [*found.identities])


def _differentiable(choice: Choice, frameworks: list[str]) -> list[Instance]:
    """The functions that are named, or all that have a theorem.

    Raises:
        InputError: one that is named has no derivative anywhere.
    """
    functions = chosen_functions(choice, frameworks)
    for function in functions if choice.functions else ():
        if function.function.gauge:
            raise InputError(f"{function.name} has nothing to prove; {function.function.refusal}")
    return [function for function in functions if not function.function.gauge]


def check_provable(function: Instance, x: Parameterization) -> None:
    """Check that a proof in the structure says something of the function.

    Raises:
        InputError: it would say nothing, or something else.
    """
    name, n = x.name, x.size
    if x.blocks == 2:
        raise InputError(f"{name} matrices are certified point by point; leave out --prove")
    check_rank(x, function.function.domain)
    if derive(function, x).eigenvalues and not is_generically_simple(x):
        raise InputError(
            f"{function.name} cannot be proved for {name}({n}): it has repeated eigenvalues "
            "at every point; leave out --prove"
        )
    if function.function.gradient is None and not derive(function, x).is_short:
        raise InputError(
            f"{function.name}: its derivatives are too long to be proved at size {n}; "
            "leave out --prove, or write exact more shortly"
        )


def _is_eigenvalue(function: Instance) -> bool:
    return function.function.name == "eigenvalue"
