"""What Rocq has checked of the general theorems: sentences, and the names of its theorems.

The names are looked up in ``proofs/theorems.json``; a sentence is written if all of its names are
there, and says no more than these theorems.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec import json

from symgrad.court.errors import InputError
from symgrad.studies.appendix.trust import Proofs, Theorem

PROOFS = Path(__file__).parents[2] / "proofs"
MACHINE: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "eigenvalue": (
        (
            r"Over every real field: let $X$ be symmetric, $Xv=\lambda v$, $v^{\mathsf T}v=1$, "
            r"$\lambda$ a simple root of the characteristic polynomial. A function $f$ of "
            r"symmetric matrices that is continuous at $X$, with $f(X)=\lambda$ and $f(X+E)$ a "
            r"root of the characteristic polynomial of $X+E$, has at $X$ the gradient "
            r"$vv^{\mathsf T}$ in the sense of Fréchet, and the matrices that are valid "
            r"for it are the gradients.",
            ("eigenvalue_gradient", "eigenvalue_gradient_valid"),
        ),
        (
            r"Over every real closed field, for such $X$, $v$ and $\lambda$, there is one such "
            r"branch near $X$: a function $f$ with $f(X)=\lambda$, and $f(X+E)$ for small $E$ the "
            r"only root of the characteristic polynomial of $X+E$ within a fixed distance of "
            r"$\lambda$.",
            ("eigenvalue_exists", "branch_exists"),
        ),
        (
            r"At the reals of Coq's standard library there is a function $f$ of matrices, with "
            r"$f(X)=\lambda$ and $f(X+E)$ for small $E$ the only root near $\lambda$, that has the "
            r"gradient $vv^{\mathsf T}$ at $X$ on the symmetric matrices, in the sense of Fréchet, "
            r"and there the second differential $2v^{\mathsf T}E\,R\,Ev$ with the reduced "
            r"resolvent $R$.",
            ("real_branch",),
        ),
        (
            r"Over every real field, with constants written out: with the reduced resolvent $R$, "
            r"an eigenvalue of $X+E$ near $\lambda$ is "
            r"$\lambda+v^{\mathsf T}Ev+v^{\mathsf T}E\,R\,Ev$ up to $O(\lVert E\rVert^3)$, "
            r"and for a symmetric $E$ its eigenprojector is $P+REP+PER$, "
            r"$P=vv^{\mathsf T}$, up to $O(\lVert E\rVert^2)$.",
            ("eigenvalue_second_order", "eigenprojector_first_order"),
        ),
        (
            r"Over every real field: let $X(t)$ be differentiable at $0$, $X(0)$ symmetric, "
            r"$\lambda$ a simple root of its characteristic polynomial, $X(0)v=\lambda v$, "
            r"$v^{\mathsf T}v=1$. A continuous $\lambda(t)$ with $\lambda(0)=\lambda$ that is a "
            r"root of the characteristic polynomial of $X(t)$ for all $t$ is differentiable at "
            r"$0$, with the derivative $\langle vv^{\mathsf T},X'(0)\rangle=v^{\mathsf T}X'(0)v$.",
            ("branch_derivative", "branch_quadratic"),
        ),
        (
            r"Over every commutative ring: for a symmetric $X$, $Xv=\lambda v$ and "
            r"$v^{\mathsf T}v=1$, $\operatorname{adj}(\lambda I-X)="
            r"\operatorname{tr}\operatorname{adj}(\lambda I-X)\,vv^{\mathsf T}$, and the "
            r"derivative of the characteristic polynomial at $\lambda$ is that trace.",
            ("adj_projector", "deriv_char_poly"),
        ),
    ),
    "hermitian": (
        (
            r"For complex $n\times n$ matrices, paired by "
            r"$\operatorname{Re}\operatorname{tr}(G^*E)$, $G^*$ the conjugate transpose: $G$ and "
            r"$S$ agree on all Hermitian $E$ if and only if $G-S$ is skew-Hermitian; for a "
            r"Hermitian $S$, if and only if $G+G^*=2S$. With the other conjugation, "
            r"$\operatorname{Re}\operatorname{tr}(G^{\mathsf T}E)$, it is $G+G^*=2\overline S$.",
            ("hermitian_contraction", "hermitian_part", "hermitian_part_conj"),
        ),
    ),
    "inverse": (
        (
            r"At the reals of Coq's standard library: $\det$ is differentiable at every $X$, with "
            r"the gradient $(\operatorname{adj}X)^{\mathsf T}$, and where $\det X>0$ so is "
            r"$\log\det$, with $X^{-\mathsf T}$.",
            ("real_det", "real_log_det"),
        ),
    ),
    "daleckii-krein": (
        (
            r"By the product rule, for polynomials with constant coefficients and "
            r"$XV=V\operatorname{diag}(\lambda_i)$, $V$ invertible: the entry $(i,j)$ of "
            r"$V^{-1}\,d\varphi(X)\,V$ is $\varphi[\lambda_i,\lambda_j]$ times that of "
            r"$V^{-1}\,dX\,V$.",
            ("daleckii_krein", "divided_difference", "divided_diagonal"),
        ),
    ),
    "cholesky": (
        (
            r"By the product rule, over every field in which $2\neq0$: if $X=LL^{\mathsf T}$, $L$ "
            r"lower triangular and invertible, then $dL=L\,\Phi(L^{-1}\,dX\,L^{-\mathsf T})$. That "
            r"$L$ is differentiable is assumed there.",
            ("d_cholesky",),
        ),
    ),
}
"""By the subject of a theorem in the text."""


def proof_files() -> dict[str, bytes]:
    """The proofs themselves, and what compiles them, by name."""
    kept = (".v", ".py", ".json")
    return {
        path.name: path.read_bytes()
        for path in sorted(PROOFS.iterdir())
        if path.suffix in kept or path.name == "_CoqProject"
    }


def read_proofs() -> Proofs:
    """What Rocq has checked.

    Raises:
        InputError: a file of proofs is not the one that was checked.
    """
    found = json.decode((PROOFS / "theorems.json").read_bytes(), type=Proofs | list[Theorem])
    if not isinstance(found, Proofs):
        return Proofs({}, {}, found)
    for name, expected in found.files.items():
        if hashlib.sha256((PROOFS / name).read_bytes()).hexdigest() != expected:
            raise InputError(f"proofs/{name} is not the file that was checked: make proofs")
    return found
