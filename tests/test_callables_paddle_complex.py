"""Callables of PaddlePaddle of a Hermitian matrix."""

import os

import numpy as np
import pytest

import symgrad
from symgrad.symbolic import here as symbolic
from symgrad.symbolic import traced
from tests import hermitian_functions as given
from tests.array_functions import overlap
from tests.hermitian_functions import by_torch, hermitian

paddle = pytest.importorskip("paddle")
torch = pytest.importorskip("torch")
if not hasattr(os, "fork"):
    pytest.skip("it is recorded where processes can be forked", allow_module_level=True)
linalg = paddle.linalg
BY_TORCH = by_torch(torch)
V, U, PART = (paddle.to_tensor(x) for x in (given.V, given.U, given.PARTS[0]))


def check(f, X=None, **options):
    return symgrad.check(f, hermitian() if X is None else X, framework="paddle", **options)


def weighed(Y):
    return paddle.real((Y * V).sum())


def log_det(X):
    return paddle.real(linalg.slogdet(X)[1])


def det(X):
    return paddle.real(linalg.det(X))


def quadratic_form(X):
    return paddle.real((U.conj() * (linalg.inv(X) @ U)).sum())


def eigenvalues(X):
    return linalg.eigvalsh(X).log().sum()


def log_euclidean(X):
    w, Q = linalg.eigh(X)
    return weighed((Q * w.log().astype("complex128")) @ Q.conj().T)


def trace_of_a_power(X):
    return paddle.real(paddle.trace(X @ X @ X))


def inverse(X):
    return weighed(linalg.inv(X))


def squares(X):
    return ((linalg.inv(X) @ V).abs() ** 2).sum()


def parts(X):
    return (X.real() ** 2 * X.imag() * PART).sum() + weighed(X.conj())


def adjoint(X):
    return weighed(X @ (X @ V).conj().T)


def einsum(X):
    return paddle.real(paddle.einsum("ij,jk,kl->", X, V, X.conj()))


def entries(X):
    Y = 1 / (X + 5) + X**2 + paddle.sqrt(X + 5) + paddle.log(X + 5) - X / 3 * 2j
    return weighed(Y) + (paddle.angle(X + 5) ** 2).sum() + linalg.norm(X)


def moves(X):
    Y = paddle.concat([paddle.tril(X), X.T], axis=0)[1:4] + paddle.stack([X, V])[0]
    chosen = paddle.where(X.real() > 0.3, X, 2 * X.conj())
    return weighed(Y) + weighed(chosen) + paddle.real(paddle.mean(X * X.T) + X[0] @ V @ X[1])


def composed(X):
    whole = paddle.complex(X.real() ** 2, X.imag()) @ paddle.as_complex(2 * paddle.as_real(X))
    return weighed(whole) + paddle.real(paddle.kron(X, V).sum() + paddle.diagonal(X).sum())


ALIKE = {
    f.__name__.replace("_", " ").replace("euclid", "Euclid").replace("log E", "log-E"): f
    for f in (
        *(log_det, det, quadratic_form, eigenvalues, log_euclidean, trace_of_a_power),
        *(inverse, squares, parts, adjoint, einsum),
    )
}
OWN = {f.__name__: f for f in (entries, moves, composed)}


class Same(paddle.autograd.PyLayer):
    """X, with a backward that is spoiled."""

    @staticmethod
    def forward(ctx, X, spoil):
        ctx.spoil = spoil
        return X.clone()

    @staticmethod
    def backward(ctx, G):
        return ctx.spoil(G)


def off_by_a_factor(G):
    return G * (1 + 1e-9)


def lower(G):
    return paddle.tril(G)


def conjugated(G):
    return G.conj()


SPOIL = [off_by_a_factor]


def wrong(X):
    return F[0](Same.apply(X, SPOIL[0]))


def wrong_inside(X):
    return F[0](Same.apply(V @ X @ V.conj().T, SPOIL[0]))


F = [log_det]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", [*ALIKE, *OWN])
def test_a_right_gradient_agrees_and_a_planted_one_does_not(name):
    f = {**ALIKE, **OWN}[name]
    report = check(f)
    assert (report.verdict, report.record.conjugation) == ("agrees", "∂Re + i∂Im"), str(report)
    assert report.record.evidence == "traced"
    if name in ALIKE:
        other = symgrad.derive(BY_TORCH[name], hermitian(), framework="torch")
        assert overlap(report.exact, other)
    F[0], SPOIL[0] = f, off_by_a_factor
    report = check(wrong)
    assert report.verdict == "disagrees"
    assert [(blame.name, blame.custom) for blame in report.blame] == [("Same", True)]


@pytest.mark.parametrize("spoil", [lower, conjugated])
def test_what_is_spoiled_inside_is_blamed(spoil):
    F[0], SPOIL[0] = inverse, spoil
    report = check(wrong_inside)
    assert report.verdict == "disagrees"
    assert [(blame.name, blame.custom) for blame in report.blame] == [("Same", True)]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", ["log-Euclidean", "moves", "composed"])
def test_each_call_alone_has_the_derivative_of_its_steps(name):
    recorder = pytest.importorskip("symgrad.numeric.recording.paddle")
    recording = recorder.record({**ALIKE, **OWN}[name], hermitian(), "complex128")
    program, (X, blocks) = recording.program, symbolic.exactly(hermitian())
    rng = np.random.default_rng(0)
    for number, call in enumerate(program.calls):
        given = [rng.standard_normal(program.shapes[k]) for k in call.outputs]
        if not call.inputs or not given or call.name == "eigh":  # whose phases are any
            continue
        told = {}
        for k, G in zip(call.inputs, recording.pullback(number, given), strict=True):
            told[k] = told.get(k, 0) + G
        true = traced.pullback(program, X, number, given, blocks)
        for k, G in zip(call.inputs, true, strict=True):
            np.testing.assert_allclose(told[k], G, rtol=1e-9, atol=1e-9, err_msg=call.name)


def exponential(X):
    return weighed(paddle.exp(X / 3))


def product_of_all(X):
    return paddle.real(paddle.prod(X))


def power(X):
    return paddle.real(paddle.trace(linalg.matrix_power(X, 3) @ X))


def held(X):
    return paddle.real((X * X.detach().conj()).sum())


@pytest.mark.parametrize(("f", "name"), [(power, "matrix_power"), (held, "detach")])
def test_what_is_wrong_is_found_and_blamed(f, name):
    """The conjugate that the derivative of matrix_power lacks is a finding."""
    report = check(f)
    assert report.verdict == "disagrees"
    assert [blame.name for blame in report.blame] == [name]


def solved(X):
    return weighed(linalg.solve(X, V))


def a_complex_number(X):
    return X.sum()


def an_eigenvector(X):
    return paddle.real(linalg.eigh(X)[1][0, 0])


def of_a_general_matrix(X):
    return paddle.real(linalg.det(X + V))


def single(X):
    return paddle.real((X.astype("complex64") ** 2).sum()).astype("float64")


REFUSED = {
    exponential: "what was executed is not what was recorded",  # it has the digits of float32
    solved: "it raised",
    a_complex_number: "return one real number",
    an_eigenvector: "the phase of eigenvector 0",
    of_a_general_matrix: "not Hermitian",
    product_of_all: "not known of complex numbers",
}


@pytest.mark.parametrize("f", REFUSED)
def test_what_cannot_be_recorded_of_complex_numbers_is_refused(f):
    report = check(f)
    assert report.verdict == "refused"
    assert REFUSED[f] in report.reason
    assert "\n" not in report.reason


def test_single_precision():
    X = hermitian().astype("complex64")
    report = check(trace_of_a_power, X)
    assert (report.verdict, report.record.dtype) == ("agrees", "complex64")
    assert check(single).record.dtype == "complex64"
