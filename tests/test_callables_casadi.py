"""Callables of CasADi, judged by the instructions of their functions."""

import numpy as np
import pytest

import symgrad
from symgrad.court.errors import InputError
from symgrad.symbolic import here as symbolic
from symgrad.symbolic import traced

ca = pytest.importorskip("casadi")
W_ = np.random.default_rng(7).standard_normal((4, 4))
W, Y = ca.DM(W_), ca.DM([1.0, 2.0, 3.0, 4.0])


def spd(n):
    A = np.random.default_rng(3).standard_normal((n, n))
    return (A @ A.T + (A @ A.T).T) / 2 + np.eye(n)


X4 = ca.DM(spd(4))


def likelihood(X):
    return -ca.log(ca.det(X)) / 2 - ca.dot(Y, ca.solve(X, Y)) / 2


def gaussian_process(X):
    """For ca.SX alone, as ca.chol is."""
    U = ca.chol(X)
    return ca.sumsqr(ca.solve(U.T, Y)) / 2 + ca.sum1(ca.log(ca.diag(U)))


def attention(X):
    E = ca.exp(X @ W)
    return ca.sum1(ca.sum2((E / ca.repmat(ca.sum2(E), 1, 4)) @ X))


def newton_schulz(X):
    I = ca.DM.eye(4)  # noqa: E741
    A, Z = X / ca.norm_fro(X), I
    for _ in range(4):
        T = 1.5 * I - 0.5 * Z @ A
        A, Z = A @ T, T @ Z
    return ca.dot(A, W)


def of_entries(X):
    A = ca.tanh(X) + ca.exp(X / 3) + ca.erf(X) + X**3 + ca.sqrt(X**2 + 1) + ca.atan2(X, X**2 + 1)
    B = ca.fmax(X, 0.3) + ca.sign(X) * X + ca.floor(X) * X + ca.fabs(X) + ca.hypot(X, 1.0)
    return ca.dot(A + B, W) + ca.if_else(X[0, 0] > 0, X[0, 1] * X[1, 2], X[0, 2])


def of_parts(X):
    first, second, *_ = ca.horzsplit(X)
    upper, whole = ca.triu(X, False), ca.diagcat(X, W)
    wide = ca.reshape(ca.repmat(X, 1, 2), 2, 16)
    return (
        ca.dot(first, second)
        + ca.sumsqr(upper)
        + ca.trace(whole @ whole)
        + ca.sumsqr(wide @ wide.T)
    )


def written_into(X):
    A = X * 1
    A[0, 1] = X[1, 1] ** 2
    A[1:3, 2] += X[0:2, 0]
    return ca.dot(A, A)


def of_norms(X):
    one = ca.norm_1(X[:, 0]) * ca.norm_2(X[:, 1]) + ca.norm_inf(X[:, 2])
    return one + ca.mmax(X) + ca.mmin(X) + ca.logsumexp(ca.vec(X)) + ca.bilin(X, Y, W[:, 0])


def function(f, **options):
    A = ca.MX.sym("A", 4, 4)
    return ca.Function("step", [A], [f(A)], options)


def mapped(X):
    v = ca.MX.sym("v", 4)
    return ca.sum2(ca.Function("row", [v], [ca.exp(ca.dot(v, v) / 9)]).map(4)(X))


OWN = {
    "likelihood": likelihood,
    "gaussian process": gaussian_process,
    "attention": attention,
    "newton-schulz": newton_schulz,
    "inverse": lambda X: ca.dot(ca.inv(X), W),
    "ldl": lambda X: ca.sumsqr(ca.solve(X, W, "ldl")),
    "pinv": lambda X: ca.dot(ca.pinv(X), W),
    "kron": lambda X: ca.log(ca.det(ca.kron(X, X))),
    "det of numbers": lambda X: ca.log(ca.det(X)) * ca.chol(X)[0, 1],
    "largest eigenvalue": lambda X: ca.mmax(ca.eig_symbolic(X[:3, :3])),
    "entries": of_entries,
    "parts": of_parts,
    "written into": written_into,
    "norms": of_norms,
    "a function": function(lambda A: ca.log(ca.det(A @ A))),
    "an expanded function": function(lambda A: ca.trace(A @ A) * ca.sin(A[0, 0])).expand(),
    "map": mapped,
}


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", OWN)
def test_a_right_gradient_agrees(name):
    report = symgrad.check(OWN[name], X4)
    assert (report.verdict, report.record.evidence) == ("agrees", "traced"), str(report)


@pytest.mark.parametrize("name", ["gaussian process", "attention", "parts", "norms"])
def test_a_gradient_that_is_off_by_little_disagrees(name):
    """What a function of its own Jacobian has wrong, around the same functions."""

    def spoiled(X):  # the same values, and a derivative that is off by a factor 1 + 1e-9
        return OWN[name](X) * (1 + 1e-9) - 1e-9 * OWN[name](ca.stop_diff(X, 1))

    if name == "gaussian process":  # of SX there is nothing that holds; one of its own Jacobian
        U = ca.SX.sym("A", 4, 4)
        spoiled = own_jacobian(
            ca.Function("process", [U], [gaussian_process(U)]), lambda J: J * (1 + 1e-9)
        )
    assert symgrad.check(spoiled, X4).verdict == "disagrees"


def own_jacobian(f, spoil):
    """The function with its Jacobian given by the user: right, but for what spoils it."""
    A, out = ca.MX.sym("A", f.size_in(0)), ca.MX.sym("out", f.size_out(0))
    inside = f(A)
    J = spoil(ca.jacobian(ca.vec(inside), ca.vec(A)))
    jacobian = ca.Function(f"jac_own_{f.name()}", [A, out], [J])
    own = {"custom_jacobian": jacobian, "jac_penalty": 0}
    return ca.Function(f"own_{f.name()}", [A], [inside], own)


def by_entry(S):
    """The Jacobian of which each row, an entry of what comes back, is multiplied by that of S."""
    return lambda J: J @ ca.diag(ca.vec(ca.DM(S)))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda J: J, ""),
        (lambda J: J * (1 + 1e-16), ""),
        (lambda J: J * (1 + 1e-8), "a factor 1 + 1.0e-08"),
        (by_entry(2 - np.eye(4)), "is doubled off the diagonal"),
        (by_entry(np.tril(np.ones((4, 4)))), "one triangle"),
        (lambda J: J @ ca.DM(np.eye(16)[np.arange(16).reshape(4, 4).T.ravel()]), "not transposed"),
    ],
)
def test_a_jacobian_of_its_own_is_judged_and_blamed(spoil, told):
    step = own_jacobian(function(ca.inv), spoil)
    report = symgrad.check(lambda X: ca.dot(step(X @ W), W), X4)
    if not told:
        assert (report.verdict, report.blame) == ("agrees", ())
        return
    assert report.verdict == "disagrees"
    (blame,) = report.blame
    assert (blame.name, blame.custom, told in str(blame)) == ("own_step", True, True), str(blame)


def test_what_is_held_is_said():
    report = symgrad.check(lambda X: ca.dot(X, ca.stop_diff(X, 1)), X4)
    assert report.verdict == "disagrees"
    (blame,) = report.blame
    assert (blame.name, blame.mistake) == ("stop_diff", "held constant")
    option = function(lambda A: A @ A, is_diff_in=[False], never_inline=True)
    report = symgrad.check(lambda X: ca.dot(X, option(X)), X4)
    assert [(b.name, b.mistake) for b in report.blame] == [("step", "held constant")]


def by_torch():
    """The same functions by PyTorch."""
    torch = pytest.importorskip("torch")
    V, y = torch.tensor(W_), torch.arange(1.0, 5.0, dtype=torch.float64)

    def likelihood(X):
        return -torch.logdet(X) / 2 - y @ torch.linalg.solve(X, y) / 2

    def process(X):
        L = torch.linalg.cholesky(X)
        a = torch.cholesky_solve(y[:, None], L)[:, 0]
        return y @ a / 2 + L.diagonal().log().sum()

    def newton(X):
        I = torch.eye(4, dtype=X.dtype)  # noqa: E741
        A, Z = X / X.norm(), I
        for _ in range(4):
            T = 1.5 * I - 0.5 * Z @ A
            A, Z = A @ T, T @ Z
        return (A * V).sum()

    return {
        "likelihood": likelihood,
        "gaussian process": process,
        "attention": lambda X: (torch.softmax(X @ V, -1) @ X).sum(),
        "newton-schulz": newton,
        "inverse": lambda X: (torch.linalg.inv(X) * V).sum(),
        "ldl": lambda X: (torch.linalg.solve(X, V) ** 2).sum(),
        "pinv": lambda X: (torch.linalg.pinv(X) * V).sum(),
        "kron": lambda X: torch.logdet(torch.kron(X, X)),
        "map": lambda X: torch.exp((X * X).sum(0) / 9).sum(),
    }


def apart(a, b):
    """Whether two enclosures of f(X) and S have nothing in common."""
    values = abs(a.value - b.value) > a.value_radius + b.value_radius
    return values or bool(np.any(np.abs(a.gradient - b.gradient) > a.radius + b.radius))


@pytest.mark.parametrize("name", sorted(by_torch()))
def test_what_is_true_is_what_is_true_of_the_same_in_pytorch(name):
    other = symgrad.derive(by_torch()[name], spd(4), framework="torch")
    assert not apart(symgrad.derive(OWN[name], X4, framework="casadi"), other)
    beside = symgrad.derive(lambda X: OWN[name](X) * (1 + 1e-12), X4, framework="casadi")
    assert apart(beside, other)


def test_what_is_true_is_the_theorem_of_the_catalogue():
    mine = symgrad.derive(lambda X: ca.log(ca.det(X)), X4, framework="casadi")
    assert not apart(mine, symgrad.derive("log_det", spd(4)))
    assert apart(mine, symgrad.derive("log_det", spd(4) * (1 + 1e-12)))


class Trace(ca.Callback):
    """What is Python inside."""

    def __init__(self):
        ca.Callback.__init__(self)
        self.construct("trace", {"enable_fd": True})

    def get_sparsity_in(self, _):
        return ca.Sparsity.dense(4, 4)

    def eval(self, arguments):
        return [ca.trace(arguments[0])]


TRACE = Trace()
REFUSED = {
    "a callback": (lambda X: TRACE(X), "trace, a Callback, is Python inside"),
    "a branch of Python": (lambda X: X[0, 0] if X[0, 0] > 0 else X[0, 1], "truth value"),
    "a vector": (lambda X: X[:, 0], "of the shape 4×1; return one number"),
    "a number of Python": (lambda X: 3.0, "it returned float"),
    "not known": (
        lambda X: ca.einstein(ca.vec(X), ca.vec(X), [4, 4], [4, 4], [], [-1, -2], [-1, -2], []),
        "einstein, an operation that is not known",
    ),
    "a free variable": (lambda X: ca.trace(X) * ca.MX.sym("s"), "casadi.Function raised"),
    "random numbers": (
        lambda X: ca.dot(X, np.random.default_rng().standard_normal((4, 4))),
        "computed something else the second time",
    ),
    "the wrong domain": (lambda X: ca.log(-X[0, 0]), "is nan"),
    "singular": (lambda X: ca.dot(ca.inv(X - X), W), "it raised RuntimeError"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_recorded_is_refused(name):
    f, told = REFUSED[name]
    report = symgrad.check(f, X4)
    assert report.verdict == "refused"
    assert told in report.reason, report.reason
    assert "\n" not in report.reason


def test_a_kink_is_refused_and_a_point_beside_it_is_not():
    at = np.array([[2.0, 1.0], [1.0, 3.0]])

    def f(X):
        return ca.fmax(X[0, 1], 1.0) ** 2 + ca.sumsqr(X)

    assert symgrad.check(f, ca.DM(at)).verdict == "refused"
    beside = symgrad.check(f, ca.DM(at + 1e-3 * np.array([[0, 1], [1, 0]])))
    assert beside.verdict == "agrees"


def test_the_graph_is_built_anew_for_each_check():
    """What was built of f before is not asked, if f builds another one now."""
    factor = [1.0]

    def f(X):
        return ca.sumsqr(X) * factor[0]

    assert symgrad.check(f, X4).exact.value == pytest.approx(np.sum(spd(4) ** 2))
    factor[0] = 2.0
    report = symgrad.check(f, X4)
    assert (report.verdict, report.exact.value) == (
        "agrees",
        pytest.approx(2 * np.sum(spd(4) ** 2)),
    )


def log_det(X):
    return ca.log(ca.det(X))


@pytest.mark.parametrize("of", [np.asarray, ca.DM])
def test_whose_array_x_is(of):
    report = symgrad.check(log_det, of(spd(3)))
    assert (report.verdict, report.record.framework) == ("agrees", "casadi")


def test_a_symbol_has_no_numbers():
    with pytest.raises(InputError, match="no array of numbers"):
        symgrad.check(log_det, ca.MX.sym("X", 3, 3))


def test_forward_mode_parameters_and_other_precisions():
    assert symgrad.check(log_det, X4, mode="both").verdict == "agrees"
    for option in ({"dtype": "float32"}, {}):
        X = X4 if option else spd(3) + 0j
        report = symgrad.check(log_det, X, framework="casadi", **option)
        assert "CasADi computes in float64 only" in report.reason

    def kernel(theta):
        gaps = ca.repmat(theta, 1, 3) - ca.repmat(theta.T, 3, 1)
        return ca.exp(-(gaps**2)) + ca.DM.eye(3)

    theta = ca.DM([0.1, 0.7, 1.5])
    assert symgrad.check(log_det, theta, parameterization=kernel).verdict == "agrees"


@pytest.mark.parametrize("name", ["likelihood", "attention", "written into", "entries"])
def test_each_call_alone_has_the_derivative_of_its_steps(name):
    recorder = pytest.importorskip("symgrad.numeric.recording.casadi")
    recording = recorder.record(OWN[name], spd(4), "float64")
    program, (X, _) = recording.program, symbolic.exactly(spd(4))
    rng = np.random.default_rng(0)
    for number, call in enumerate(program.calls):
        given = [rng.standard_normal(program.shapes[k]) for k in call.outputs]
        if not call.inputs or not given:
            continue
        told = {}
        for k, G in zip(call.inputs, recording.pullback(number, given), strict=True):
            told[k] = told.get(k, 0) + G
        true = traced.pullback(program, X, number, given, 1)
        for k, G in zip(call.inputs, true, strict=True):
            assert told[k] == pytest.approx(G, rel=1e-9, abs=1e-9), (number, call.name)
