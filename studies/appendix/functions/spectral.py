"""Traces of functions, functions of the matrix, projectors: what the appendix states of them."""

from __future__ import annotations

from symgrad.studies.appendix.functions.statement import FULL, SMOOTH, SYM_W, Statement, W

BASIS = (
    r"$X=V\operatorname{diag}(\lambda_0,\dots,\lambda_{n-1})V^{\mathsf T}$, $V$ "
    r"orthogonal with the "
    r"columns $v_i$"
)
TIES = "Repeated eigenvalues do no harm."


def _trace(f: str, S: str, phi: str) -> Statement:
    proof = rf"@thm:trace with $\varphi(\lambda)={phi}$ (@lewis1996)."
    return Statement(f, S, f"{SMOOTH} {TIES}", proof)


def _weighted(phi: str, of_x: str, divided: str, at_tie: str) -> Statement:
    """⟨W, φ(X)⟩; ``divided`` is φ[s, t] for s ≠ t, ``at_tie`` is φ′(t)."""
    return Statement(
        rf"\langle W,{of_x}\rangle",
        r"V\bigl(\Phi\circ(V^{\mathsf T}\overline W\,V)\bigr)V^{\mathsf T},\qquad"
        rf"\Phi_{{ij}}=\begin{{cases}}{divided}&\quad\lambda_i\neq\lambda_j,\\[2pt]"
        rf"{at_tie}&\quad\lambda_i=\lambda_j\end{{cases}}",
        f"{SMOOTH} {TIES}",
        rf"@thm:daleckii-krein with $\varphi(\lambda)={phi}$ (@daleckii1965; @higham2008).",
        rf"{W}; {SYM_W}; {BASIS}; $\circ$ multiplies entry by entry",
    )


def _quotient(phi: str) -> str:
    i, j = (phi.replace("t", rf"\lambda_{k}") for k in "ij")
    return rf"\dfrac{{{i}-{j}}}{{\lambda_i-\lambda_j}}"


STATEMENTS = {
    "trace_exp": _trace(r"\operatorname{tr}\exp X", r"\exp X", r"e^{\lambda}"),
    "trace_log": _trace(r"\operatorname{tr}\log X=\log\det X", "X^{-1}", r"\log\lambda"),
    "von_neumann_entropy": _trace(
        r"-\operatorname{tr}(X\log X)", r"-\log X-I", r"-\lambda\log\lambda"
    ),
    "log_sum_exp": Statement(
        r"\log\textstyle\sum_ie^{\lambda_i}=\log\operatorname{tr}\exp X",
        r"\dfrac{\exp X}{\operatorname{tr}\exp X}",
        f"{SMOOTH} {TIES}",
        r"The chain rule, with the gradient $\exp X$ of $\operatorname{tr}\exp X$ by @thm:trace "
        "(@lewis1996).",
    ),
    "weighted_square": Statement(
        r"\langle W,X^2\rangle",
        r"\overline W\,X+X\,\overline W",
        SMOOTH,
        r"$(X+E)^2=X^2+EX+XE+E^2$ (@magnus2019).",
        f"{W}; {SYM_W}",
    ),
    "weighted_exp": _weighted(
        r"e^\lambda",
        r"\exp X",
        r"\dfrac{e^{\lambda_i}-e^{\lambda_j}}{\lambda_i-\lambda_j}",
        r"e^{\lambda_i}",
    ),
    "weighted_log": _weighted(r"\log\lambda", r"\log X", _quotient(r"\log t"), r"1/\lambda_i"),
    "weighted_sqrt": _weighted(
        r"\lambda^{1/2}",
        "X^{1/2}",
        r"\dfrac1{\sqrt{\lambda_i}+\sqrt{\lambda_j}}",
        r"\tfrac12\lambda_i^{-1/2}",
    ),
    "weighted_inverse_sqrt": _weighted(
        r"\lambda^{-1/2}",
        "X^{-1/2}",
        r"\dfrac{-1}{\sqrt{\lambda_i\lambda_j}\,(\sqrt{\lambda_i}+\sqrt{\lambda_j})}",
        r"-\tfrac12\lambda_i^{-3/2}",
    ),
    "weighted_cube_root": _weighted(
        r"\lambda^{1/3}",
        "X^{1/3}",
        r"\dfrac{\lambda_i^{1/3}-\lambda_j^{1/3}}{\lambda_i-\lambda_j}",
        r"\tfrac13\lambda_i^{-2/3}",
    ),
    "projector": Statement(
        r"\langle W,v_iv_i^{\mathsf T}\rangle",
        r"R\,\overline W P+P\,\overline W R,\qquad P=v_iv_i^{\mathsf T},\quad "
        r"R=(\lambda_iI-X)^{+}=\textstyle\sum_{j\neq i}\dfrac{v_jv_j^{\mathsf "
        r"T}}{\lambda_i-\lambda_j}",
        r"$f$ is smooth where $\lambda_i$ is simple; where it is repeated $v_iv_i^{\mathsf "
        r"T}$ is not "
        "determined.",
        r"@thm:daleckii-krein with $\varphi=1$ near $\lambda_i$ and $0$ near the other eigenvalues "
        "(@magnus1985; @kato1995).",
        f"{FULL}; {SYM_W}; {BASIS}",
        ("eigenprojector_first_order",),
    ),
    "subspace_projector": Statement(
        r"\langle W,P_k\rangle,\qquad P_k=\textstyle\sum_{i\ge n-k}v_iv_i^{\mathsf T}",
        r"\textstyle\sum_{i\ge n-k}\sum_{j<n-k}\dfrac{v_iv_i^{\mathsf T}\,\overline "
        r"W\,v_jv_j^{\mathsf T}"
        r"+v_jv_j^{\mathsf T}\,\overline W\,v_iv_i^{\mathsf T}}{\lambda_i-\lambda_j}",
        r"$f$ is smooth where $\lambda_{n-k}>\lambda_{n-k-1}$, whatever ties there are among "
        r"the $k$ "
        "or among the others; where the two are equal $P_k$ is not determined.",
        r"@thm:daleckii-krein with $\varphi=1$ near the $k$ largest eigenvalues and $0$ near the "
        "others (@daleckii1965; @kato1995).",
        rf"{FULL}; {SYM_W}; {BASIS}, $\lambda_0\le\dots\le\lambda_{{n-1}}$",
    ),
    "truncated_pseudoinverse": Statement(
        r"\langle W,A_k\rangle,\qquad A_k=\textstyle\sum_{i\in K}\lambda_i^{-1}v_iv_i^{\mathsf T}",
        r"V\bigl(\Phi\circ(V^{\mathsf T}\overline W\,V)\bigr)V^{\mathsf T},\qquad"
        r"\Phi_{ij}=\begin{cases}-1/(\lambda_i\lambda_j)&\quad i,j\in K,\\[2pt]"
        r"1/\bigl(\lambda_i(\lambda_i-\lambda_j)\bigr)&\quad i\in K,\ j\notin K,\\[2pt]"
        r"1/\bigl(\lambda_j(\lambda_j-\lambda_i)\bigr)&\quad i\notin K,\ j\in K,\\[2pt]"
        r"0&\quad i,j\notin K\end{cases}",
        r"$f$ is smooth where every $|\lambda_i|$, $i\in K$, is larger than every $|\lambda_j|$, "
        r"$j\notin K$; where two of them are equal $A_k$ is not determined.",
        r"@thm:daleckii-krein with $\varphi(\lambda)=1/\lambda$ near the eigenvalues of $K$ "
        r"and $0$ "
        "near the others (@daleckii1965; @golub1973).",
        rf"{FULL}; {SYM_W}; {BASIS}; $K$ holds the indices of the $k$ largest $|\lambda_i|$; "
        rf"$\circ$ "
        "multiplies entry by entry",
    ),
}
