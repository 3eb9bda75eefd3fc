"""Judging in the caller's own process: of a callable, or of a gradient that is given as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import sympy
from jaxtyping import Inexact
from msgspec import structs

from symgrad import traced
from symgrad.composed import composed, paired, units
from symgrad.court import formats
from symgrad.court.errors import InputError, check_known
from symgrad.court.hearing import confirm
from symgrad.court.judging import scatter
from symgrad.court.judging.judge import judge
from symgrad.court.judging.printing import Printing, judge_proposed
from symgrad.court.judging.symmetry import Product, asymmetry
from symgrad.court.questions import JACOBIANS, Mode, Query, Reported
from symgrad.court.reasons import say
from symgrad.court.references import Matrix, Reference
from symgrad.numeric import here as numeric
from symgrad.numeric.place import beside
from symgrad.report.here import Derivative, Formula, Report, Reports
from symgrad.report.queried import told as queried
from symgrad.report.queried import written
from symgrad.symbolic import here as symbolic
from symgrad.symbolic import queries
from symgrad.symbolic.catalogue import CATALOGUE, Instance, instances
from symgrad.symbolic.certified.reference import round_to
from symgrad.symbolic.derivation import SIZE_LIMIT
from symgrad.symbolic.neighbours import Neighbour, neighbours
from symgrad.traced import exact_of, floats, report_of
from symgrad.ways import asked_of, beside_each_other, worst_of

Square = Inexact[np.ndarray, "n n"]


def _resolved(function: symbolic.Definition, n: int, blocks: int) -> Instance:
    """The function that is meant; a definition in SymPy is one of real matrices.

    Raises:
        InputError: it cannot be used.
    """
    if blocks == 2 and not isinstance(function, str):
        raise InputError(
            "X is Hermitian, and a definition in SymPy is asked at real matrices; name a function "
            "of the catalogue"
        )
    return symbolic.resolve(function, n)


class Place(NamedTuple):
    """A function at a matrix of the caller's: exactly, in blocks if it is Hermitian."""

    function: Instance
    M: Square
    X: Matrix
    blocks: int
    dtype: str
    structure: str | None = None

    @classmethod
    def of(cls, function: symbolic.Definition, X: Any) -> Place:
        """Raises InputError if either cannot be used."""
        M, dtype = numeric.read(X)
        exact, blocks = symbolic.exactly(M)
        return cls(_resolved(function, len(M), blocks), M, exact, blocks, dtype)

    def reference(self) -> Reference:
        """What is true there."""
        return symbolic.true_at(self.function, self.X, self.blocks, self.structure)

    def beside(self, spread: float) -> list[Neighbour]:
        """The same, and matrices beside it."""
        real = formats.real(self.dtype)
        near = [self.X, *neighbours(self.X, real, self.blocks, spread)]
        return [Neighbour(self.function, Y, real, self.blocks) for Y in near]


@numeric.untouched
def check(
    f: Callable[..., Any],
    X: Any,
    *,
    function: symbolic.Definition | None = None,
    framework: str | None = None,
    dtype: str | None = None,
    parameterization: str | Callable[..., Any] | None = None,
    mode: Mode | Literal["both"] = "reverse",
    order: Literal[1, 2] = 1,
    direction: Any = None,
    cotangent: Any = None,
    arguments: Mapping[str, Any] = {},
    wrt: str | None = None,
    symmetrize: bool = False,
    strict: bool = False,
) -> Report | Reports:
    """Judge the gradient that a framework gives of your own f at X, in this process.

    f is called with X as an array of the framework and gives a real scalar of it; the framework
    differentiates it, under whatever you have set.  What f executes in its forward pass is recorded
    and differentiated exactly, so that nothing has to be told of it: the verdict is on the gradient
    of the program as it ran at X.  Where it disagrees, the steps whose derivatives are wrong are
    named in ``blame``.

    With a ``function``, f is judged against that instead, and by every framework.  A function of
    NumPy, which differentiates nothing, gives the pair (f(X), G) then.  What a function of the
    catalogue has beside X, as the W of ``weighted_exp``, is passed if f has a parameter of that
    name (:func:`catalogue` has the names).

    Args:
        f: X ↦ f(X).
        X: n×n, symmetric to the last bit, or Hermitian: an array of the framework, or of NumPy; or
            several along leading axes, which are judged one by one.
        function: what f is meant to be, if it is not what its program says: the name of a function
            of the catalogue, or a callable that takes a SymPy matrix and gives an expression.
        framework: who differentiates f; by default the one that X is an array of, or f(X) if X is
            one of NumPy.
        dtype: that in which f is asked, X being rounded to it; by default that of X.
        parameterization: the structure of X, by name (``toeplitz``): the contraction with each of
            its parameters is told; by default those of any symmetric (Hermitian) matrix.  Or a
            callable θ ↦ X(θ) of the framework, as a kernel: then θ, a vector, is given in place of
            X, and what is judged is the gradient of f(X(θ)) in it, on the diagonal of matrices.
        mode: by reverse mode, forward mode along every symmetric direction, or the worse of both;
            of order 2 the one way, as "forward over reverse", by default the worst of those that
            the framework has the rules for; by "jacobian", "jacrev" or "jacfwd" the Jacobian of an
            array f(X) is asked as a whole, and each of its entries, by rows, is judged if there is
            no cotangent.
        order: 2 for the Hessian: what is judged is the gradient of X ↦ ⟨∇f(X), E⟩, n×n.
        direction: that E, n×n, symmetric, of integers; by default
            E_ij = ((ij + i + j) mod 5) − 2, i and j from 0.  The report tells it.
        cotangent: a W of the shape of f(X), if that is a matrix or a vector: what is judged is the
            vector–Jacobian product ∇⟨W, f(X)⟩, ⟨W, F⟩ = Re Σ conj(W_ij)·F_ij.
        arguments: what f takes beside X, by name, which are constants of it.
        wrt: the name of one of them, a vector of p numbers: the derivative in that is judged, at a
            constant X, on the diagonal of p×p matrices.
        symmetrize: take (X + Xᴴ)/2 for an X that is not symmetric.
        strict: whether digits that rounding lost make the report false.

    Raises:
        InputError: (a ValueError) X, the function or the framework cannot be used.

    >>> import numpy as np
    >>> X = np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> def f(X):
    ...     return np.log(np.linalg.det(X)), np.linalg.inv(X)
    >>> report = check(f, X, function="log_det")
    >>> report.verdict, report.convention
    ('agrees', 'symmetric')
    >>> check(f, X, function=lambda X: X.det()).verdict
    'disagrees'

    The contraction theorem that this rests on: Srinivasan and Panda (2022).
    """
    if not callable(f):
        raise InputError(f"f is {f!r}; give a function of X, or numbers to check_gradient")
    if mode not in ("both", *get_args(Mode)):
        raise InputError(
            f"mode is {mode!r}; it is 'both' or {', '.join(map(repr, get_args(Mode)))}"
        )
    made = parameterization if callable(parameterization) else f
    who = framework or (
        numeric.framework_of_call(made, X) if function is None else numeric.framework_of(X)
    )
    label, given_at = getattr(f, "__qualname__", type(f).__name__), X
    if mode in JACOBIANS:
        if wrt is not None or callable(parameterization) or order != 1:
            raise InputError(f"mode {mode!r} is the Jacobian in X; leave order, wrt and X(θ) out")
        if cotangent is None:
            same: dict[str, Any] = {"function": function, "framework": who, "dtype": dtype}
            same |= {"parameterization": parameterization, "mode": mode, "arguments": arguments}
            same |= {"symmetrize": symmetrize, "strict": strict}
            entries, is_array = units(who, f, X, arguments)
            judged: list[Any] = [check(f, X, cotangent=E, **same) for E in entries]
            return Reports(judged) if is_array else judged[0]
    if arguments or wrt is not None:
        f, X, parameterization = composed(who, f, X, parameterization, arguments, wrt)
    if callable(parameterization):
        if function is not None:
            raise InputError("function is of X, which X(θ) makes; leave function or X(θ) out")
        f, parameterization = numeric.of_parameters(who, f, parameterization), "diagonal"
        theta, given = numeric.read_parameters(X)
        X, dtype = np.diag(theta), dtype or given
    batch, kind = numeric.read(X, batched=True)
    if dtype is not None:
        kind = _fitting(dtype, batch)
    if cotangent is not None:
        f = paired(who, f, batch.reshape(-1, *batch.shape[-2:])[0], kind, cotangent)
    query, modes = asked_of(who, batch, order, direction, mode)
    told, reports = queried(query.direction, _cotangent(cotangent)), []
    for place in np.ndindex(batch.shape[:-2]):
        one = numeric.symmetrized(batch[place]) if symmetrize else batch[place]
        about = (function, parameterization)
        one = _rounded(one, kind) if dtype else one
        with beside(given_at), _told_of(place):
            found = [_check(who, f, one, kind, label, *about, m, strict, query) for m in modes]
        worst = beside_each_other(found) if order == 2 else worst_of(found)
        reports.append(structs.replace(worst, queried=told))
    return reports[0] if batch.ndim == 2 else Reports(reports)


def _cotangent(W: Any) -> str:
    """A cotangent as it is written; none of a number, which is a factor."""
    W = None if W is None else numeric.read_array(W, "the cotangent")
    return "" if W is None or not W.ndim else written(W)


@contextmanager
def _told_of(place: tuple[int, ...]) -> Iterator[None]:
    """Say of which of several matrices something is."""
    try:
        yield
    except InputError as error:
        if not place:
            raise
        raise InputError(f"X{list(place)}: {error}") from error


def _fitting(dtype: str, X: np.ndarray) -> str:
    """The dtype, if it is one for X.

    Raises:
        InputError: it is not.
    """
    check_known("dtype", dtype, sorted(formats.NAMES))
    if np.iscomplexobj(X) != (dtype in formats.PARTS):
        raise InputError(f"X is {'complex' if np.iscomplexobj(X) else 'real'}, {dtype} is not")
    return dtype


def _rounded(M: Square, dtype: str) -> Square:
    """M (n×n) as the dtype has it."""
    X, blocks = symbolic.exactly(M)
    return floats(round_to(X, formats.real(dtype)), blocks)


def _check(
    who: str,
    f: Callable[..., Any],
    M: Square,
    dtype: str,
    label: str,
    function: symbolic.Definition | None,
    structure: str | None,
    mode: Mode,
    strict: bool,
    query: Query,
) -> Report:
    """One matrix, by one mode."""
    X, blocks = symbolic.exactly(M)
    if function is None:
        along = symbolic.directions(X, blocks, structure) if structure else None
        about = (who, f, M, X, blocks, dtype, label, mode, strict)
        return traced.judged(*about, along, query).report
    of = asked = _resolved(function, len(M), blocks)
    if query.direction:
        asked, _ = queries.hessian_along(of, query.direction)
    place = Place(asked, M, X, blocks, dtype, structure)
    own = numeric.opened(who)

    def ask(M: Square, *, find_reads: bool = False, query: Query = query) -> Reported:
        constants = place.function.constants
        return numeric.ask(who, f, M, constants, dtype, label, mode, own, query, find_reads)

    reference, reported = place.reference(), ask(place.M, find_reads=True)
    verdict = judge(reference, reported, dtype)
    if verdict.verdict == "disagrees":
        beside = place.beside(scatter.spread(reference))
        again = [(ask(floats(n.X, n.blocks)), n.reference()) for n in beside]
        reported, near = confirm(reported, again)
        verdict = judge(reference, reported, dtype, near)
    if verdict.verdict == "disagrees" and query.direction:
        F = queries.other_direction(query.direction)
        turned = place._replace(function=queries.hessian_along(of, F)[0]).reference()
        there = Product(F, turned, ask(place.M, query=structs.replace(query, direction=F)))
        skew = asymmetry(Product(query.direction, reference, reported), there, dtype)
        verdict = verdict.saying(*verdict.reasons, *say("note", skew))
    return report_of(verdict, reference, reported.gradient, strict)


@numeric.untouched
def check_gradient(
    G: Any,
    function: symbolic.Definition | Callable[..., Any],
    X: Any,
    *,
    framework: str | None = None,
    digits: int | None = None,
    decimals: int | None = None,
) -> Report:
    """Judge a gradient that is given as numbers, whoever computed it.

    With no route to ask again, what is off by more than rounding explains disagrees.

    Args:
        G: n×n, of any convention: the gradient in question.
        function: what it is the gradient of, as in :func:`check`; or, with a ``framework``, or if
            it is none of SymPy, a callable of its arrays, whose forward pass is recorded.
        X: n×n, symmetric to the last bit, or Hermitian; its dtype is that of the computation.
        framework: whose arrays ``function`` takes, if it is no name and no definition in SymPy.
        digits: significant digits to which the entries of G were rounded, if they were.
        decimals: or the decimals.

    Raises:
        InputError: (a ValueError) G, X or the function cannot be used.

    >>> import numpy as np
    >>> X = np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> check_gradient([[0.6, -0.4], [0.0, 0.4]], "log_det", X).convention
    'upper'
    >>> print(check_gradient([[0.6, -0.4], [-0.4, 0.4]], "log_det", X).verdict)
    disagrees
    """
    M, dtype = numeric.read(X)
    given, _ = numeric.read(G, "G")
    if np.iscomplexobj(given) and not np.iscomplexobj(M):
        raise InputError("G is complex and X is real; give the real gradient")
    if given.shape != M.shape:
        raise InputError(
            f"G has the shape {'×'.join(map(str, given.shape))}, X {'×'.join(map(str, M.shape))}"
        )
    if np.iscomplexobj(M):
        given = given.astype(np.complex128)
    printing = Printing(digits, decimals)
    printing.check(given)
    reference = _truth(function, X, framework)
    verdict = judge_proposed(reference, given, "given", dtype, printing)
    half_units = printing.half_units(given)
    return report_of(verdict, reference, given, half_units=half_units)


def _truth(
    function: symbolic.Definition | Callable[..., Any], X: Any, framework: str | None
) -> Reference:
    """What is true at X of a definition, or of a callable of a framework, by what it executes."""
    if framework is None or not callable(function):
        try:
            return Place.of(function, X).reference()
        except InputError:
            framework = None if _is_definition(function, X) else numeric.recognised(function, X)
            if framework is None or not callable(function):
                raise
    M, dtype = numeric.read(X)
    name = getattr(function, "__qualname__", type(function).__name__)
    with beside(X):
        return traced.true_at(framework, function, M, *symbolic.exactly(M), dtype, name)


def _is_definition(function: Any, X: Any) -> bool:
    """Whether it is one in SymPy, though a framework's array may have the same methods."""
    n = numeric.read(X)[0].shape[-1]
    try:
        symbolic.resolve(function, min(n, SIZE_LIMIT))
    except InputError:
        return False
    return True


def assert_gradient(
    f: Callable[..., Any],
    X: Any,
    *,
    function: symbolic.Definition | None = None,
    framework: str | None = None,
    dtype: str | None = None,
    parameterization: str | Callable[..., Any] | None = None,
    mode: Mode | Literal["both"] = "reverse",
    order: Literal[1, 2] = 1,
    direction: Any = None,
    cotangent: Any = None,
    arguments: Mapping[str, Any] = {},
    wrt: str | None = None,
    symmetrize: bool = False,
    strict: bool = False,
) -> Report | Reports:
    """:func:`check`, for tests: the report, if the gradient is right.

    Raises:
        AssertionError: it is not, or could not be judged; the message is the report.
        InputError: as for :func:`check`.

    >>> import numpy as np
    >>> def trace(X):
    ...     return np.trace(X), np.eye(len(X))
    >>> assert_gradient(trace, np.eye(3), function="trace").is_right
    True
    """
    about: dict[str, Any] = {"function": function, "framework": framework, "dtype": dtype}
    about |= {"parameterization": parameterization, "mode": mode, "order": order}
    about |= {"direction": direction, "cotangent": cotangent, "arguments": arguments, "wrt": wrt}
    report = check(f, X, **about, symmetrize=symmetrize, strict=strict)
    if not report.is_right:
        raise AssertionError(str(report))
    return report


@numeric.untouched
def derive(
    function: symbolic.Definition | Callable[..., Any],
    X: Any = None,
    *,
    n: int | None = None,
    framework: str | None = None,
) -> dict[sympy.Symbol, sympy.Expr] | Derivative | Formula:
    """The exact derivative of a function of a symmetric matrix; no framework differentiates.

    Args:
        function: the name of a function of the catalogue, or a callable that takes a SymPy matrix;
            or, with a ``framework``, or if it is none of SymPy, a callable of its arrays, whose
            forward pass is recorded.
        X: n×n.  A SymPy matrix X(θ), symmetric, in symbols: then ∂f/∂θ_k, by symbol, is given as an
            expression; λ₀, λ₁, … in it are the eigenvalues of X, ascending.  Or numbers, symmetric
            or Hermitian: then the value and S, enclosed at just these numbers.
        n: instead of X, for x = [[x0_0, x0_1, …], …], n×n, in symbols; of a recorded callable the
            closed form at x = [[a, b], [b, c]] is told, n = 2.
        framework: whose arrays ``function`` takes, if it is no name and no definition in SymPy.

    Raises:
        InputError: (a ValueError) X or the function cannot be used, f has no derivative at X, or no
            closed form was found.

    >>> from sympy import Matrix, symbols
    >>> a, b, c = symbols("a b c", real=True)
    >>> derive("det", Matrix([[a, b], [b, c]]))
    {a: c, b: -2*b, c: a}
    >>> derive("log_det", [[2.0, 1.0], [1.0, 3.0]]).gradient
    array([[ 0.6, -0.2],
           [-0.2,  0.4]])
    """
    if (X is None) == (n is None):
        raise InputError("derive takes X, or n in place of it; give one of the two")
    if framework is not None and callable(function) and n is not None:
        return traced.closed_form_of(framework, function, n)
    if n is not None or isinstance(X, sympy.MatrixBase):
        x = X if n is None else symbolic.generic(n)
        try:
            return symbolic.in_parameters(function, x)
        except InputError:
            who = None if n is None else numeric.recognised(function, traced.GENERIC)
            if n is None or who is None or not callable(function):
                raise
            return traced.closed_form_of(who, function, n)
    reference = _truth(function, X, framework)
    exact = exact_of(reference)
    if exact is None:
        raise InputError(f"f has no derivative at X that can be given: {reference.refusal}")
    return exact


class Entry(NamedTuple):
    """One function of the catalogue; ``constants`` is what it has beside X, by name."""

    formula: str
    domain: str
    citation: str
    constants: tuple[str, ...]


def catalogue(n: int = 2) -> dict[str, Entry]:
    """The functions of n×n matrices that :func:`check` and :func:`derive` know, by name.

    >>> catalogue()["log_det"].domain
    'positive definite'
    >>> [name for name in catalogue(3) if name.startswith("eigenvalue[")]
    ['eigenvalue[0]', 'eigenvalue[1]', 'eigenvalue[2]']
    """
    return {
        member.name: Entry(f.formula, f.domain, f.citation, tuple(member.constants))
        for f in CATALOGUE.values()
        for member in instances(f, n)
    }
