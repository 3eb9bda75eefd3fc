"""What is asked of a callable of one's own beside its gradient: Hessians, cotangents, arguments."""

import html

import msgspec
import numpy as np
import pytest
from rich.console import Console

import symgrad
from symgrad import cli
from symgrad.commands.session import BAD_INPUT, DISAGREES
from symgrad.court.errors import InputError
from symgrad.report.run import Run
from symgrad.symbolic import queries

torch = pytest.importorskip("torch")

X = torch.tensor([[2.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 4.0]], dtype=torch.float64)
B = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
W = np.array([[1.0, 2.0, 0.0], [3.0, -1.0, 1.0], [0.0, 5.0, 2.0]])


def whitened(X):
    L = torch.linalg.cholesky(X)
    return torch.linalg.solve_triangular(L, B[:, None], upper=False).pow(2).sum().exp()


class Scaled(torch.autograd.Function):
    """The identity, whose second derivative alone is wrong."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        return g + ctx.factor * (g - g.detach()), None


def of_order_two(factor):
    def f(X):
        return torch.linalg.inv(Scaled.apply(X, factor)).sum()

    return f


@pytest.mark.parametrize(
    "way", ["reverse over reverse", "forward over reverse", "reverse over forward", "hessian"]
)
def test_a_hessian_of_ones_own_agrees_in_every_way(way):
    report = symgrad.check(whitened, X, order=2, mode=way)
    assert report.verdict == "agrees"
    assert report.record.mode == way
    assert report.record.evidence == "traced"


def test_the_worst_of_all_ways_is_told():
    assert symgrad.check(whitened, X, order=2).verdict == "agrees"


@pytest.mark.parametrize(("factor", "verdict"), [(0.0, "agrees"), (1e-9, "disagrees")])
def test_a_derivative_that_is_wrong_in_second_order_alone(factor, verdict):
    f = of_order_two(factor)
    assert symgrad.check(f, X).verdict == "agrees"
    report = symgrad.check(f, X, order=2, mode="reverse over reverse")
    assert report.verdict == verdict
    told = "the gradient is right: a second derivative is wrong; ask check(g, X, order=2) of Scaled"
    assert (told in report.reason) == (verdict == "disagrees")


def test_the_direction_and_the_cotangent_are_told_in_every_form_of_a_report():
    E = [[1, 2, 0], [2, 3, 0], [0, 0, -1]]
    about = {"order": 2, "mode": "reverse over reverse"}
    told = "the derivative of X ↦ ⟨∇f(X), E⟩, E = 1 2 0; 2 3 0; 0 0 -1"
    assert all(told in text for text in forms(symgrad.check(whitened, X, direction=E, **about)))
    usual = forms(symgrad.check(whitened, X, **about))
    assert all("E = -2 -1 0; -1 1 -2; 0 -2 1" in text for text in usual)
    assert not any("E =" in text for text in forms(symgrad.check(whitened, X)))
    pulled = symgrad.check(torch.linalg.inv, X, cotangent=W)
    assert "f(X) = ⟨W, F(X)⟩, W = 1 2 0; 3 -1 1; 0 5 2" in str(pulled)


def forms(report):
    console = Console(width=200)
    with console.capture() as printed:
        console.print(report)
    return str(report), printed.get(), html.unescape(report._repr_html_())


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["log_det", "--query=hvp"], "the derivative of X ↦ ⟨∇f(X), E⟩, E = -2 -1; -1 1"),
        (["log_det", "--query=hvp", "--direction=1 2; 2 3", "--verbose"], "E⟩, E = 1 2; 2 3"),
        (["weighted_inverse", "--query=vjp"], "f(X) = ⟨W, F(X)⟩, W = -3 2; 0 -1"),
        (["log_det"], ""),
    ],
)
def test_the_command_line_tells_the_direction_and_the_cotangent(argv, told, tmp_path, capsys):
    page = tmp_path / "run.html"
    assert cli.main([*argv, "-f", "torch", "--points=1", "--html", str(page)]) in (0, DISAGREES)
    for text in (capsys.readouterr().out, html.unescape(page.read_text())):
        text = " ".join(text.split())
        assert told in text
        assert bool(told) == ("E⟩" in text or "⟨W" in text)


class Turned(torch.autograd.Function):
    """The identity, whose second derivative alone is wrong: by one entry, or by all alike."""

    @staticmethod
    def forward(ctx, x, is_skew):
        ctx.is_skew = is_skew
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        off = g - g.detach()
        if ctx.is_skew:
            off = off[0, 0] * torch.diag(torch.tensor([0.0, 1, 0], dtype=g.dtype))
        return g + 1e-9 * off, None


@pytest.mark.parametrize("function", [None, "trace_square"])
@pytest.mark.parametrize("is_skew", [True, False])
def test_a_wrong_hessian_that_is_not_symmetric_is_told_from_one_that_is(is_skew, function):
    about = {"function": function, "order": 2, "mode": "reverse over reverse"}
    report = symgrad.check(lambda X: Turned.apply(X, is_skew).pow(2).sum(), X, **about)
    assert report.verdict == "disagrees"
    assert ("not symmetric on Sym(n)" in report.reason) == is_skew


def test_the_worst_of_all_ways_has_those_beside_it_that_agree():
    report = symgrad.check(torch.logdet, X, order=2)  # nested forward mode of torch 2.13 is wrong
    assert report.verdict == "disagrees"
    told = f"so it is by {report.record.mode}; it agrees by reverse over reverse, "
    assert told in report.reason
    assert report.record.mode not in report.reason.split("it agrees by ")[1]
    ways = "reverse over reverse, forward over reverse, reverse over forward, forward over forward"
    right = f"{ways}, hessian agree with the exact Hessian, and so with each other"
    assert symgrad.check(lambda X: (X @ X @ X).trace(), X, order=2).reason == right
    assert not symgrad.check(whitened, X, order=2, mode="hessian").reason


class Bent(torch.autograd.Function):
    """The identity, whose derivative depends on X, though it is 1 there."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (1 + x - x.detach())


def test_the_hessian_of_a_linear_function_is_zero_and_judged():
    linear = lambda X: (torch.tensor(W) * X).sum()  # noqa: E731
    report = symgrad.check(linear, X, order=2)
    assert report
    assert not report.reported.any()
    assert "reverse over forward" in report.reason
    bent = symgrad.check(lambda X: linear(Bent.apply(X)), X, order=2, mode="reverse over reverse")
    assert bent.verdict == "disagrees"


def test_a_hessian_of_hermitian_matrices_agrees_in_the_ways_that_there_are():
    H = torch.tensor([[2.0, 1.0j], [-1.0j, 3.0]], dtype=torch.complex128)

    def cube(X):
        return (X @ X @ X).trace().real

    report = symgrad.check(cube, H, order=2)
    assert report
    assert report.reason.startswith("reverse over reverse, forward over reverse, ")
    assert "hessian" not in report.reason.split(" agree")[0]
    assert "asked of real matrices" in symgrad.check(cube, H, order=2, mode="hessian").reason
    way = "reverse over reverse"
    assert symgrad.check(lambda X: cube(Bent.apply(X)), H, order=2, mode=way).verdict == "disagrees"


TIED = 2 * torch.eye(2, dtype=torch.float64)


class TraceLog(torch.autograd.Function):
    """Σ log λ, with the derivatives of log det."""

    @staticmethod
    def forward(ctx, X):
        ctx.save_for_backward(X)
        return torch.linalg.eigvalsh(X).log().sum()

    @staticmethod
    def backward(ctx, g):
        return g * torch.linalg.inv(*ctx.saved_tensors)


REVERSE = {"order": 2, "mode": "reverse over reverse"}


@pytest.mark.parametrize("at", [TIED, torch.diag(torch.tensor([1.0, 1.0, 2.0]).double())])
@pytest.mark.parametrize(("factor", "verdict"), [(0.0, "agrees"), (1e-9, "disagrees")])
def test_the_recorded_hessian_of_eigenvalues_where_they_are_equal(at, factor, verdict):
    report = symgrad.check(lambda X: TraceLog.apply(Scaled.apply(X, factor)), at, **REVERSE)
    assert (report.verdict, report.record.evidence) == (verdict, "traced")
    assert symgrad.check(lambda X: TraceLog.apply(X), at).verdict == "agrees"


def test_a_hessian_that_a_framework_does_not_give_where_eigenvalues_are_equal():
    def by_values(X):
        return torch.linalg.eigvalsh(X).log().sum()

    for about in ({}, {"function": "trace_log"}):
        wrong = symgrad.check(by_values, TIED, **about, **REVERSE)  # it is NaN
        assert wrong.verdict == "disagrees"
    largest = symgrad.check(lambda X: torch.linalg.eigvalsh(X)[-1], TIED, **REVERSE)
    assert largest.verdict == "refused"
    assert "not smooth" in largest.reason


def inverse(backward):
    """X ↦ R = X⁻¹, with the cotangent backward(G, R) of X."""

    class Inverse(torch.autograd.Function):
        @staticmethod
        def forward(ctx, X):
            R = torch.linalg.inv(X)
            ctx.save_for_backward(R)
            return R

        @staticmethod
        def backward(ctx, G):
            return backward(G, *ctx.saved_tensors)

    return Inverse.apply


def off_in_one_entry(G, R):
    off = torch.ones_like(G)
    off[0, 1] += 1e-9
    return -R @ (G * off) @ R


def test_a_hessian_that_is_wrong_as_the_gradient_is_has_the_step_to_blame():
    def f(X):
        return torch.linalg.inv(planted(X)).pow(2).sum()

    planted = inverse(off_in_one_entry)

    report = symgrad.check(f, X, order=2, mode="reverse over reverse")
    assert report.verdict == "disagrees"
    assert [blame.name for blame in report.blame] == ["inverse.<locals>.Inverse"]
    assert "the gradient is wrong, too" in report.reason


def test_a_direction_is_what_it_is_differentiated_along():
    E = [[1, 0, 0], [0, 0, 0], [0, 0, 0]]
    report = symgrad.check(lambda X: X[0, 0] ** 3, X, order=2, direction=E)
    assert report.exact.gradient[0, 0] == 12
    none = symgrad.check(lambda X: X[1, 1] ** 3, X, order=2, direction=E)
    assert none.verdict == "agrees"
    assert not np.any(none.exact.gradient)


def test_a_function_of_the_catalogue_is_differentiated_twice():
    def right(X):
        return 2 * torch.linalg.cholesky(X).diagonal().log().sum()

    def wrong(X):
        return right(X) * (1 + 1e-9)

    about = {"function": "log_det", "order": 2, "mode": "reverse over reverse"}
    assert symgrad.check(right, X, **about).verdict == "agrees"
    assert symgrad.check(wrong, X, **about).verdict == "disagrees"


@pytest.mark.parametrize("cotangent", [W, W + W.T, np.tril(W)], ids=["general", "sym", "lower"])
def test_a_vector_jacobian_product(cotangent):
    report = symgrad.check(torch.linalg.inv, X, cotangent=cotangent)
    R = np.linalg.inv(X.numpy())
    S = -(R @ (cotangent + cotangent.T) @ R) / 2
    assert report.verdict == "agrees"
    assert np.allclose(report.exact.gradient, S)


@pytest.mark.parametrize(("cotangent", "wrong"), [(W, "agrees"), (W * (1 + 2j), "disagrees")])
def test_a_cotangent_of_hermitian_matrices(cotangent, wrong):
    real = inverse(lambda G, R: -R.mH @ G.conj() @ R.mH)  # right of a real cotangent alone
    Z = X + 1j * torch.tensor([[0.0, 1, 0], [-1, 0, 0.5], [0, -0.5, 0]])
    assert symgrad.check(torch.linalg.inv, Z, cotangent=cotangent).verdict == "agrees"
    assert symgrad.check(real, Z, cotangent=cotangent).verdict == wrong


def by_jax(X):
    import jax.numpy as jnp

    return jnp.linalg.inv(X)


def by_autograd(X):
    import autograd.numpy as anp

    return anp.linalg.inv(X)


INVERSES = {"torch": torch.linalg.inv, "jax": by_jax, "autograd": by_autograd}


@pytest.mark.parametrize("framework", INVERSES)
@pytest.mark.parametrize("batch", [X, torch.stack([X, X])], ids=["one", "batch"])
def test_what_is_no_cotangent_is_an_error(framework, batch):
    pytest.importorskip(framework)
    f = INVERSES[framework]
    about = {"framework": framework, "dtype": "float32"}  # which JAX has by default
    assert symgrad.check(f, X, cotangent=W, **about).verdict == "agrees"
    for cotangent, said in [
        ([[1.0]], r"F\(X\) has the shape \(3, 3\), the cotangent W \(1, 1\); give a W of the"),
        (W[0], r"F\(X\) has the shape \(3, 3\), the cotangent W \(3,\)"),
        (1j * W, r"F\(X\) is real, the cotangent W complex; give a real W"),
    ]:
        with pytest.raises(InputError, match=said):
            symgrad.check(f, batch, cotangent=cotangent, **about)
    with pytest.raises(InputError, match=r"F\(X\) has the shape \(\), the cotangent W \(3, 3\)"):
        symgrad.check(lambda X: f(X).sum(), batch, cotangent=W, **about)


def test_what_is_no_cotangent_in_another_argument_is_an_error():
    about = {"arguments": {"b": B}, "wrt": "b"}
    f = torch.linalg.solve
    with pytest.raises(InputError, match=r"F\(X\) has the shape \(3,\), the cotangent W \(3, 3\)"):
        symgrad.check(lambda X, b: f(X, b), X, cotangent=W, **about)
    assert symgrad.check(lambda X, b: f(X, b), X, cotangent=W[1], **about).verdict == "agrees"

    def fails(X):
        raise ArithmeticError("no such thing")

    assert "no such thing" in symgrad.check(fails, X, cotangent=W).reason


def test_a_vector_jacobian_product_that_is_wrong():
    def doubled(X):
        return 2 * right(X) - right(X).detach()

    right = inverse(lambda G, R: -R @ G @ R)  # whose symmetric part is that of its transpose
    assert symgrad.check(right, X, cotangent=W + W.T).verdict == "agrees"
    assert symgrad.check(right, X, cotangent=W).verdict == "agrees"

    assert symgrad.check(doubled, X, cotangent=W).verdict == "disagrees"


def test_a_jacobian_as_a_whole_is_judged_entry_by_entry():
    Y = X[:2, :2]
    for mode in ("jacobian", "jacrev", "jacfwd"):
        reports = symgrad.check(torch.linalg.inv, Y, mode=mode)
        assert [r.verdict for r in reports] == ["agrees"] * 4
        assert {r.record.mode for r in reports} == {mode}
    planted = inverse(off_in_one_entry)
    wrong = symgrad.check(planted, Y, mode="jacobian")
    assert [r.verdict for r in wrong] == ["agrees", "disagrees", "agrees", "agrees"]
    assert wrong[1].blame[0].custom
    assert symgrad.check(planted, Y, mode="jacobian", cotangent=np.eye(2)).verdict == "agrees"


def test_a_jacobian_of_a_number_is_its_gradient():
    assert symgrad.check(torch.logdet, X, mode="jacrev").verdict == "agrees"
    assert not symgrad.check(torch.logdet, X, mode="jacrev").blame


def test_the_derivative_in_another_argument():
    def loss(X, b, k):
        return (b @ torch.linalg.solve(X, b)) ** k

    about = {"arguments": {"b": B, "k": 2}}
    in_X = symgrad.check(loss, X, **about)
    in_b = symgrad.check(loss, X, wrt="b", **about)
    y = np.linalg.solve(X.numpy(), B.numpy())
    assert in_X.verdict == in_b.verdict == "agrees"
    assert np.allclose(np.diag(in_b.exact.gradient), 4 * (B.numpy() @ y) * y)
    assert in_b.record.parameters[0].name.startswith("d")


def test_whole_numbers_are_taken_but_for_what_is_differentiated_in():
    def loss(X, A, k):
        return (A @ X @ X).sum() * k

    E, k = W.astype(int), np.int64(2)
    pulled = symgrad.check(torch.linalg.inv, X, cotangent=E)
    assert np.array_equal(pulled.reported, symgrad.check(torch.linalg.inv, X, cotangent=W).reported)
    about = {"mode": "reverse over reverse", "order": 2, "direction": E + E.T}
    for A in (E, torch.tensor(E)):
        assert symgrad.check(loss, X, arguments={"A": A, "k": k}, **about).verdict == "agrees"
    refused = {"b has the dtype torch.int64": {"wrt": "b", "arguments": {"b": B.long()}}}
    refused |= {"the cotangent has the dtype bool": {"cotangent": E > 0}}
    for said, given in refused.items():
        with pytest.raises(InputError, match=said):
            symgrad.check(lambda X, b=B: torch.linalg.inv(X) @ b, X, **given)
    with pytest.raises(InputError, match=r"X has the dtype torch\.int64"):
        symgrad.check(torch.linalg.inv, X.long(), cotangent=E)


def test_a_wrong_derivative_in_another_argument():
    def loss(X, b):
        return (b + 1e-9 * b.detach()) @ torch.linalg.solve(X, b)

    assert symgrad.check(loss, X, arguments={"b": B}, wrt="b").verdict == "disagrees"
    assert symgrad.check(loss, X, arguments={"b": B}).verdict == "agrees"


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"order": 3}, "the Hessian 2"),
        ({"direction": [[1]]}, "order=2"),
        ({"mode": "hessian"}, "order=2"),
        ({"order": 2, "direction": [[1, 0], [0, 1]]}, "X is 3×3"),
        ({"order": 2, "direction": np.eye(3) / 2}, "integers below"),
        ({"order": 2, "direction": "E"}, "no array of numbers"),
        ({"wrt": "b"}, "give its numbers in arguments"),
        ({"mode": "sideways"}, "sideways"),
        ({"mode": "jacrev", "order": 2}, "the Jacobian in X"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(about, said):
    with pytest.raises(InputError) as error:
        symgrad.check(whitened, X, **about)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


LOSS = """
import torch

def loss(X):
    return torch.logdet(X)
"""


def test_a_callable_of_a_file_is_differentiated_twice(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(LOSS)
    argv = [f"{path}:loss", "-f", "torch", "--points=1", "--query=hvp"]
    assert cli.main(argv) in (0, DISAGREES)  # nested forward mode of torch 2.13 is wrong
    assert "reverse over reverse" in capsys.readouterr().out
    assert cli.main([f"{path}:loss", "-f", "torch", "--query=vjp"]) == BAD_INPUT


ARRAYS = """
import torch

class Inverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, X):
        R = torch.linalg.inv(X)
        ctx.save_for_backward(R)
        return R

    @staticmethod
    def backward(ctx, G):
        (R,) = ctx.saved_tensors
        off = torch.ones_like(G)
        off[0, 1] += 1e-9
        return -R.mH @ (G * off) @ R.mH

wrong = Inverse.apply
inverse = torch.linalg.inv

def roots(X):
    return torch.linalg.eigvalsh(X).sqrt()

def columns(X):
    return torch.linalg.inv(X)[:, :2]

def number(X):
    return torch.logdet(X)

def fails(X):
    raise ArithmeticError("no such thing")

def kernel(theta):
    a, b = theta
    return torch.stack([torch.stack([a, b]), torch.stack([b, a])])
"""


def said_of(tmp_path, name, *arguments):
    path, out = tmp_path / "arrays.py", tmp_path / "out.json"
    path.write_text(ARRAYS)
    status = cli.main([f"{path}:{name}", "--points=1", "--quiet", "--json", str(out), *arguments])
    return status, msgspec.json.decode(out.read_bytes(), type=Run).verdicts if out.exists() else []


@pytest.mark.parametrize(
    ("query", "modes"),
    [
        ("vjp", {"reverse"}),
        ("jvp", {"forward"}),
        ("jacobian", {"jacobian", "jacrev", "jacfwd"}),
    ],
)
def test_a_matrix_of_a_file_is_judged_with_cotangents_of_three_kinds(tmp_path, query, modes):
    status, verdicts = said_of(tmp_path, "inverse", f"--query={query}")
    assert status == 0
    kinds = {f"inverse[W {kind}]" for kind in ("symmetric", "lower", "general")}
    assert {(v.function, v.mode) for v in verdicts} == {(k, m) for k in kinds for m in modes}
    assert {(v.verdict, v.evidence) for v in verdicts} == {("agrees", "traced")}


@pytest.mark.parametrize("query", ["vjp", "jacobian"])
def test_a_matrix_of_a_file_that_is_wrong_in_one_entry(tmp_path, query):
    status, verdicts = said_of(tmp_path, "wrong", f"--query={query}")
    assert status == DISAGREES
    assert {v.function for v in verdicts if v.verdict == "disagrees"} == {
        "wrong[W symmetric]",
        "wrong[W general]",  # that which is lower triangular has a zero there
    }
    assert any("step 0, Inverse" in v.reason for v in verdicts)


def test_vectors_and_matrices_that_are_not_square_have_one_cotangent(tmp_path):
    for name in ("roots", "columns"):
        status, verdicts = said_of(tmp_path, name, "--query=vjp", "-n", "3")
        assert status == 0
        assert [(v.function, v.verdict) for v in verdicts] == [(f"{name}[W general]", "agrees")]


def test_matrices_of_a_file_in_other_structures(tmp_path):
    hermitian, own = ["--matrix", "2 1i; -1i 3"], ["-p", f"{tmp_path / 'arrays.py'}:kernel"]
    for where in (hermitian, [*own, "--point", "a=2, b=1"]):
        status, verdicts = said_of(tmp_path, "inverse", "--query=vjp", *where)
        assert status == 0
        assert len(verdicts) == 3
    assert "Hermitian" in said_of(tmp_path, "inverse", "--query=vjp", *hermitian)[1][0].function
    assert said_of(tmp_path, "wrong", "--query=vjp", *hermitian)[0] == DISAGREES


def test_a_matrix_of_a_file_is_differentiated_twice(tmp_path):
    status, verdicts = said_of(tmp_path, "inverse", "--query=hvp")
    assert status == 0
    assert {v.function for v in verdicts} == {"inverse[W general]"}
    assert "reverse over reverse" in {v.mode for v in verdicts}
    assert said_of(tmp_path, "wrong", "--query=hvp")[0] == DISAGREES


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("number", ["--query=vjp"], "number(X) is a number; leave --query out"),
        ("number", ["--query=jvp"], "leave --query out, and give --forward"),
        ("inverse", ["--direction", "1 0; 0 1"], "give --query hvp too"),
    ],
)
def test_what_cannot_be_asked_of_a_file_is_said_in_one_line(
    tmp_path, capsys, name, arguments, said
):
    assert said_of(tmp_path, name, *arguments)[0] == BAD_INPUT
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line


def test_what_a_callable_raises_or_returns_is_said(tmp_path):
    status, verdicts = said_of(tmp_path, "fails", "--query=vjp")
    assert (status, verdicts[0].verdict) == (BAD_INPUT, "refused")
    assert "no such thing" in verdicts[0].reason
    assert "--query vjp" in said_of(tmp_path, "inverse")[1][0].reason
    assert [v.verdict for v in said_of(tmp_path, "number", "--query=jacobian")[1]] == ["agrees"] * 3
    assert cli.main(["weighted_inverse", "--query=jacobian"]) == BAD_INPUT


def test_cotangents_weigh_every_entry():
    for shape in [(2, 2), (7, 7), (3,), (2, 3), (2, 3, 3)]:
        drawn = list(queries.weights(shape, False).values())
        assert {W.shape for W in drawn} == {shape}
        assert np.all(sum(np.abs(W) for W in drawn))
    assert np.iscomplexobj(queries.weights((3, 3), True)["Hermitian"])
