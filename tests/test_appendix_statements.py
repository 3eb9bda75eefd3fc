"""What the appendix states of each function: its closed form is S, what it mentions is there."""

import json
import re
from hashlib import sha256

import numpy as np
import pytest

from symgrad.court.errors import InputError
from symgrad.studies.appendix import machine
from symgrad.studies.appendix.document import TEMPLATE, resolve
from symgrad.studies.appendix.functions import STATEMENTS
from symgrad.studies.appendix.machine import MACHINE, proof_files, read_proofs
from symgrad.studies.appendix.trust import Theorem, Trust
from symgrad.symbolic.catalogue import CATALOGUE, DIFFERENTIABLE, choose
from tests.helpers import reference

inv = np.linalg.inv


def sym(M):
    return (M + M.T) / 2


def spectral(X, phi):
    w, V = np.linalg.eigh(X)
    return V @ np.diag(phi(w)) @ V.T


def divided(X, W, phi, slope):
    w, V = np.linalg.eigh(X)
    gap = np.subtract.outer(w, w) + np.eye(len(w))
    Phi = np.subtract.outer(phi(w), phi(w)) / gap + np.diag(slope(w))
    return V @ (Phi * (V.T @ sym(W) @ V)) @ V.T


def vv(X, i):
    v = np.linalg.eigh(X)[1][:, i]
    return np.outer(v, v)


def moduli(X):
    """sign(μ_k) v_k v_kᵀ and σ_k, by decreasing σ."""
    w, V = np.linalg.eigh(X)
    order = np.argsort(-np.abs(w))
    return [np.sign(w[k]) * np.outer(V[:, k], V[:, k]) for k in order], np.abs(w)[order]


def lower(M):
    return np.tril(M) - np.diag(np.diag(M)) / 2


def condition(X):
    S, sigma = moduli(X)
    return (S[0] - sigma[0] / sigma[-1] * S[-1]) / sigma[-1]


def of_factor(X, product):
    R = inv(np.linalg.cholesky(X))
    return sym(R.T @ lower(product) @ R)


def solve(X, u, w):
    return -of_factor(X, np.outer(u, inv(np.linalg.cholesky(X)) @ w))


def unit(X, i, j):
    E = np.zeros_like(X)
    E[i, j] = 1
    return E


def projector(X, i, W):
    w, V = np.linalg.eigh(X)
    P = vv(X, i)
    R = sum(np.outer(V[:, j], V[:, j]) / (w[i] - w[j]) for j in range(len(w)) if j != i)
    return R @ sym(W) @ P + P @ sym(W) @ R


def subspace(X, k, W):
    w = np.linalg.eigvalsh(X)
    n, P = len(w), [vv(X, i) for i in range(len(w))]
    pairs = [(i, j) for i in range(n - k, n) for j in range(n - k)]
    return sum((P[i] @ sym(W) @ P[j] + P[j] @ sym(W) @ P[i]) / (w[i] - w[j]) for i, j in pairs)


def truncated(X, k, W):
    w, V = np.linalg.eigh(X)
    K = set(np.argsort(-np.abs(w))[:k])

    def entry(i, j):
        if i in K and j in K:
            return -1 / (w[i] * w[j])
        if i in K:
            return 1 / (w[i] * (w[i] - w[j]))
        return 1 / (w[j] * (w[j] - w[i])) if j in K else 0.0

    Phi = np.array([[entry(i, j) for j in range(len(w))] for i in range(len(w))])
    return V @ (Phi * (V.T @ sym(W) @ V)) @ V.T


def pencil(X, i, B):
    T = np.linalg.cholesky(B)
    return inv(T).T @ vv(inv(T) @ X @ inv(T).T, i) @ inv(T)


def quadratic(X, u):
    return -inv(X) @ np.outer(u, u) @ inv(X)


def power(q):
    return lambda X, W: divided(X, W, lambda t: t**q, lambda t: q * t ** (q - 1))


CLOSED = {
    "eigenvalue": vv,
    "largest_eigenvalue": lambda X: vv(X, -1),
    "smallest_eigenvalue": lambda X: vv(X, 0),
    "eigenvalue_gap": lambda X, i: vv(X, i + 1) - vv(X, i),
    "singular_value": lambda X, i: moduli(X)[0][i],
    "spectral_norm": lambda X: moduli(X)[0][0],
    "nuclear_norm": lambda X: spectral(X, np.sign),
    "ky_fan_norm": lambda X, k: sum(moduli(X)[0][:k]),
    "condition_number": condition,
    "sum_entries": lambda X: np.ones_like(X),
    "trace": lambda X: np.eye(len(X)),
    "trace_square": lambda X: 2 * X,
    "trace_cube": lambda X: 3 * X @ X,
    "rayleigh_quotient": lambda X, u: np.outer(u, u) / np.dot(u, u),
    "det": lambda X: np.linalg.det(X) * inv(X),
    "log_det": inv,
    "inverse_entry": lambda X, i, j: -inv(X) @ sym(unit(X, i, j)) @ inv(X),
    "inverse_quadratic_form": quadratic,
    "inverse_quadratic_form_pd": quadratic,
    "lstsq_quadratic_form": quadratic,
    "weighted_inverse": lambda X, W: -inv(X) @ sym(W) @ inv(X),
    "weighted_pseudoinverse": lambda X, W: -inv(X) @ sym(W) @ inv(X),
    "cholesky_entry": lambda X, i, j: of_factor(X, np.linalg.cholesky(X).T @ unit(X, i, j)),
    "cholesky_log_diagonal": lambda X: inv(X) / 2,
    "triangular_solve": solve,
    "trace_exp": lambda X: spectral(X, np.exp),
    "trace_log": inv,
    "von_neumann_entropy": lambda X: -spectral(X, np.log) - np.eye(len(X)),
    "log_sum_exp": lambda X: spectral(X, np.exp) / np.trace(spectral(X, np.exp)),
    "weighted_square": lambda X, W: sym(W) @ X + X @ sym(W),
    "weighted_exp": lambda X, W: divided(X, W, np.exp, np.exp),
    "weighted_log": lambda X, W: divided(X, W, np.log, lambda t: 1 / t),
    "weighted_sqrt": power(1 / 2),
    "weighted_inverse_sqrt": power(-1 / 2),
    "weighted_cube_root": power(1 / 3),
    "projector": projector,
    "subspace_projector": subspace,
    "truncated_pseudoinverse": truncated,
    "gaussian_log_likelihood": lambda X, y: -(inv(X) + quadratic(X, y)) / 2,
    "gaussian_precision_log_likelihood": lambda X, y: (inv(X) - np.outer(y, y)) / 2,
    "gaussian_kl": lambda X, J: (J - inv(X)) / 2,
    "bures_wasserstein": lambda X, C: (
        np.eye(len(X)) - C @ spectral(C @ X @ C, lambda t: t**-0.5) @ C
    ),
    "generalized_eigenvalue": pencil,
}
"""The closed forms that are stated in LaTeX, by NumPy."""


def is_closed_form(name, S):
    """Whether S(X, constants) is the symmetric gradient of a member of a family at size 2."""
    instance = choose(name, 2)[-1]
    found = reference(instance.name, n=2)
    constants = {k: np.array(c) if np.ndim(c) else c for k, c in instance.constants.items()}
    return np.allclose(S(found.X, **constants), found.S.high, rtol=1e-8, atol=1e-10)


def test_every_function_of_the_catalogue_has_a_statement_and_no_other():
    assert set(STATEMENTS) == set(CATALOGUE)
    assert {name for name, stated in STATEMENTS.items() if stated.S} == set(DIFFERENTIABLE)
    assert set(CLOSED) == set(DIFFERENTIABLE)
    for name, stated in STATEMENTS.items():
        assert stated.f, name
        assert stated.where, name
        assert bool(stated.proof) == bool(stated.S), name


@pytest.mark.sampled(12)
@pytest.mark.parametrize("name", sorted(CLOSED))
def test_the_closed_form_is_the_symmetric_gradient(name):
    assert is_closed_form(name, CLOSED[name])


def test_another_closed_form_is_not():
    assert not is_closed_form("log_det", lambda X: inv(X) * (1 + 1e-6))
    assert not is_closed_form("weighted_inverse", lambda X, W: -inv(X) @ W @ inv(X))


def test_every_letter_of_a_closed_form_is_defined():
    """W, u, y, C, J, B and L are constants of f or made of X, and the statement says of what."""
    for name, stated in STATEMENTS.items():
        words = r"\\mathsf T|\\operatorname\{\w+\}|\\begin\{\w+\}|\\end\{\w+\}|\\[A-Za-z]+"
        letters = set(re.findall("[A-Za-z]", re.sub(words, " ", stated.f + " " + stated.S)))
        own = set(re.findall(r"(\w)(?:_\w)?=", stated.f + stated.S))  # as P = v vᵀ, right there
        for letter in letters & set("WuwyCJBLKRVPAvE") - own:
            assert letter in stated.constants or not stated.S, (name, letter)


def test_theorems_are_numbered_and_what_is_mentioned_is_linked():
    text = resolve(
        "See @thm:b, @fn:log_det and (@magnus1985).\n\n::: {.theorem #thm:a}\nA.\n:::\n\n"
        "::: {.theorem #fn:log_det}\nL.\n:::\n\n::: {.corollary #thm:b}\nB.\n:::\n\n@references\n"
    )
    assert '::: {.theorem #thm:a number="1"}' in text
    assert "[Corollary 2](#thm:b), [Theorem log\\_det](#fn:log_det)" in text
    assert "[Magnus (1985)](#ref:magnus1985)" in text
    assert text.count("{#ref:") == 1


@pytest.mark.parametrize("mentioned", ["@thm:nothing", "@fn:det", "@nobody1999"])
def test_what_is_not_there_cannot_be_mentioned(mentioned):
    with pytest.raises(InputError, match="mentions"):
        resolve(f"As {mentioned} says.")


def test_the_general_theorems_have_the_same_numbers_in_every_document():
    general = re.findall(r"^::: \{\.\w+ #([a-z]+:[\w-]+)", TEMPLATE.read_text(), re.MULTILINE)
    assert general[:8] == [
        "thm:contraction",
        "cor:conventions",
        "prop:spurious",
        "thm:eigenvalue-derivative",
        "thm:inverse",
        "thm:daleckii-krein",
        "thm:trace",
        "thm:cholesky",
    ]


def test_a_sentence_of_rocq_is_written_where_there_is_a_theorem_for_it():
    trust = Trust([Theorem("there", "…", "a.v", [])])
    told = [("Proved.", ("there",)), ("Half.", ("there", "not_there")), ("Not.", ("not_there",))]
    (found,) = trust.rows_of(told)
    assert trust.known(["there", "not_there"]) == ["there"]
    assert found.startswith("Proved.")
    assert [row.detail for row in trust.rows] == ["`there` in `a.v` (no axioms)"]


def test_a_file_that_is_not_the_one_that_was_checked_is_not_cited(tmp_path, monkeypatch):
    record = {"versions": {"coq": "8.16.1"}, "files": {"a.v": sha256(b"proof").hexdigest()}}
    theorem = {"theorem": "there", "statement": "…", "file": "a.v", "axioms": []}
    (tmp_path / "theorems.json").write_text(json.dumps({**record, "theorems": [theorem]}))
    monkeypatch.setattr(machine, "PROOFS", tmp_path)
    (tmp_path / "a.v").write_bytes(b"proof")
    found = read_proofs()
    assert "coq 8.16.1;" in Trust(found.theorems, found.versions).table()
    (tmp_path / "a.v").write_bytes(b"prooF")
    with pytest.raises(InputError, match=r"proofs/a\.v is not the file that was checked"):
        read_proofs()


def test_the_proofs_that_are_cited_are_in_the_folder():
    files = proof_files()
    theorems = read_proofs().theorems
    assert {t.file for t in theorems} <= set(files)
    assert {"_CoqProject", "check.py", "theorems.json"} <= set(files)
    names = {t.theorem for t in theorems}
    for topic in MACHINE.values():
        for text, cited in topic:
            assert text.endswith(".")
            assert "|" not in text  # it stands in a table too
            assert cited
    assert {"branch_derivative", "branch_quadratic"} <= names
