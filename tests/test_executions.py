"""Routes that are executed otherwise than by default: by a compiler, on a batch, in a mode."""

from types import SimpleNamespace

import pytest

from symgrad import cli
from symgrad.commands.session import BAD_INPUT
from symgrad.court.questions import Started
from symgrad.numeric.executions import batched, compiled
from symgrad.numeric.pool import Pool, is_installed
from tests.helpers import judged

EXECUTIONS = {
    "torch": ["torch.compile(backend='aot_eager')", "torch.func.grad", "torch.func.vmap"],
    "tensorflow": ["tf.function", "tf.function(jit_compile=True)", "tf.vectorized_map"],
    "jax": ["jax.jit", "jax.vmap"],
    "pytensor": ["pytensor.function(mode='FAST_COMPILE')"],
}
OWN = """
exact = "weighted_inverse"

def torch_right(X, W):
    import torch
    return (W * torch.linalg.inv(X)).sum()

def torch_wrong(X, W):
    return torch_right(X, W) * 1.000000001

def tensorflow_right(X, W):
    import tensorflow as tf
    return tf.reduce_sum(W * tf.linalg.inv(X))

def tensorflow_wrong(X, W):
    return tensorflow_right(X, W) * 1.000000001

def jax_right(X, W):
    import jax.numpy as jnp
    return (W * jnp.linalg.inv(X)).sum()

def jax_wrong(X, W):
    return jax_right(X, W) * 1.000000001

routes = {
    "torch": {"right": torch_right, "wrong": torch_wrong},
    "tensorflow": {"right": tensorflow_right, "wrong": tensorflow_wrong},
    "jax": {"right": jax_right, "wrong": jax_wrong},
}
"""


@pytest.mark.sampled(1)
@pytest.mark.parametrize("framework", ["torch", "tensorflow", "jax"])
def test_a_users_routes_are_judged_however_they_are_executed(tmp_path, framework):
    if not is_installed(framework):
        pytest.skip(f"{framework} is not installed")
    path = tmp_path / "mine.py"
    path.write_text(OWN)
    chosen = [x for name in EXECUTIONS[framework] for x in ("--execution", name)]
    _, verdicts = judged(tmp_path, str(path), "-f", framework, "-n", "3", "--points=1", *chosen)
    ways = ["", *(f"{name}: " for name in EXECUTIONS[framework])]
    assert {(v.route, v.verdict) for v in verdicts[framework]} == {
        (way + route, verdict)
        for way in ways
        for route, verdict in (("right", "agrees"), ("wrong", "disagrees"))
    }


@pytest.mark.parametrize("framework", EXECUTIONS)
def test_what_a_framework_can_be_asked_is_listed(framework):
    if not is_installed(framework):
        pytest.skip(f"{framework} is not installed")
    with Pool([framework], 120) as pool:
        pool.close()
        started = next(e for e in pool.events() if isinstance(e, Started))
    assert (
        set(EXECUTIONS[framework])
        <= set(started.executions)
        <= {
            *EXECUTIONS[framework],
            "torch.compile",
        }
    )


def test_without_being_asked_for_none_is_there(tmp_path):
    _, verdicts = judged(tmp_path, "trace", "-f", "torch", "--points=1")
    assert [v.route for v in verdicts["torch"]] == ["torch.trace"]


def test_an_execution_that_nobody_has_is_bad_input(capsys):
    assert cli.main(["trace", "-f", "numpy", "-f", "torch", "--execution", "jax.jit"]) == BAD_INPUT
    said = capsys.readouterr().err
    assert "unknown execution 'jax.jit'" in said
    assert "torch.func.vmap" in said
    assert cli.main(["trace", "-f", "numpy", "--execution", "torch.compile"]) == BAD_INPUT
    assert "torch.compile needs a C++ compiler, g++ or clang++" in capsys.readouterr().err
    assert cli.main(["trace", "-f", "numpy", "--execution", "jax.jit"]) == BAD_INPUT
    assert capsys.readouterr().err.endswith("by numpy; there is no other than the default\n")


def test_a_program_is_compiled_once_for_all_arrays_and_for_each_number():
    programs = []

    def compiler(f):
        programs.append(f)
        return f

    route = compiled(compiler)(lambda X, u, i=0: X * u + i)
    assert [route(2, u=3.0, i=1), route(5, u=1.0, i=1), route(2, u=3.0, i=2)] == [7, 6, 8]
    assert len(programs) == 2


NOW = ["recompile_limit", "accumulated_recompile_limit", "fail_on_recompile_limit_hit"]
THEN = ["cache_size_limit", "accumulated_cache_size_limit", "fail_on_cache_limit_hit"]


@pytest.mark.skipif(not is_installed("torch"), reason="PyTorch is not installed")
@pytest.mark.parametrize(
    ("there", "told"), [(NOW + THEN, NOW), (THEN, THEN), (THEN[:1], THEN[:1]), ([], [])]
)
def test_the_limits_of_the_compiler_are_raised_by_the_names_that_a_version_has(
    there, told, monkeypatch
):
    from symgrad.numeric.frameworks import torch as in_torch

    dynamo = SimpleNamespace(config=SimpleNamespace(**dict.fromkeys(there)))
    monkeypatch.setattr(in_torch.importlib, "import_module", lambda name: dynamo)
    monkeypatch.setattr(in_torch.torch, "compile", lambda f, **options: (f, options))
    assert in_torch._compile(abs, backend="aot_eager") == (abs, {"backend": "aot_eager"})
    assert [name for name, value in vars(dynamo.config).items() if value] == told


@pytest.mark.skipif(not is_installed("torch"), reason="PyTorch is not installed")
def test_a_trace_in_half_precision_is_asked_for_where_there_is_one(monkeypatch):
    from symgrad.numeric.frameworks import torch as in_torch

    def trace(M):
        raise RuntimeError("\"trace\" not implemented for 'Half'")

    assert in_torch._has_half_trace()
    monkeypatch.setattr(in_torch.torch, "trace", trace)
    assert not in_torch._has_half_trace()


def test_a_batch_has_one_matrix():
    import numpy as np

    mapped = batched(lambda f: lambda batch: [f(x) for x in batch])(lambda X, i: X[i, i])
    assert mapped(np.array([[1.0, 2], [2, 5]]), i=1) == 5


@pytest.mark.slow
def test_pytensor_is_asked_in_its_users_default_mode(tmp_path, monkeypatch):
    """By Python the exponential is SciPy's, which loses four digits there; by Numba it is not."""
    pytest.importorskip("pytensor")
    asked = ("trace_exp", "--matrix", "1 3; 3 1", "-f", "pytensor")
    monkeypatch.delenv("PYTENSOR_FLAGS", raising=False)
    other = "pytensor.function(mode='FAST_COMPILE')"
    _, verdicts = judged(tmp_path, *asked, "--execution", other)
    found = {v.route: v.verdict for v in verdicts["pytensor"]}
    assert found["pt.trace(pt.linalg.expm(X))"] == "agrees"
    assert found[f"{other}: pt.trace(pt.linalg.expm(X))"] != "agrees"
    monkeypatch.setenv("PYTENSOR_FLAGS", "mode=FAST_COMPILE")
    _, verdicts = judged(tmp_path, *asked)
    found = {v.route: v.verdict for v in verdicts["pytensor"]}
    assert found["pt.trace(pt.linalg.expm(X))"] != "agrees"


@pytest.mark.slow
def test_what_pytensor_computes_by_default_agrees(tmp_path, monkeypatch):
    pytest.importorskip("pytensor")
    monkeypatch.delenv("PYTENSOR_FLAGS", raising=False)
    functions = (
        "eigenvalue",
        "log_det",
        "cholesky_entry",
        "inverse_quadratic_form_pd",
        "projector",
    )
    asked = (*functions, "-n", "3", "--points=1", "-f", "pytensor", "--timeout=600")
    _, verdicts = judged(tmp_path, *asked)
    assert len(verdicts["pytensor"]) > 20
    others = {(v.verdict, v.route) for v in verdicts["pytensor"] if v.verdict != "agrees"}
    assert others == {("refused", "pt.linalg.eig"), ("failed", "pt.linalg.qr")}
    [fault] = [v.reason for v in verdicts["pytensor"] if v.verdict == "failed"]
    assert "'module' object is not callable" in fault  # the finding pytensor-qr-shape
