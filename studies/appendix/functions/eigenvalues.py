"""Eigenvalues, singular values and their norms: what the appendix states of them."""

from __future__ import annotations

from symgrad.studies.appendix.functions.statement import Statement

ROCQ = (
    "eigenvalue_gradient",
    "branch_exists",
    "branch_derivative",
    "branch_quadratic",
    "adj_projector",
)
ADJUGATE = (
    r"v v^{\mathsf T}=\frac{\operatorname{adj}(%s I-X)}{\operatorname{tr}"
    r"\operatorname{adj}(%s I-X)}"
)
VECTOR = r"$v$ is a unit eigenvector, $Xv=%s v$, $v^{\mathsf T}v=1$"
REPEATED = "Where it is repeated it has no derivative on $\\mathrm{Sym}(n)$."
ORDERED = r"$\lambda_0\le\dots\le\lambda_{n-1}$ are the eigenvalues, with multiplicity"
MODULI = (
    r"$\sigma_0\ge\dots\ge\sigma_{n-1}\ge0$ are the moduli of the eigenvalues, "
    r"$Xv_k=\mu_kv_k$ with $|\mu_k|=\sigma_k$, the $v_k$ orthonormal"
)
BY_MODULUS = (
    r"Near $X$ the eigenvalues $\mu_k$ keep their signs and stay apart from the others, so that "
    r"$\sigma_k=\pm\mu_k$, and @thm:eigenvalue-derivative applies (@lewis1996)."
)


def _one(f: str, value: str, constants: str = "") -> Statement:
    """An eigenvalue, called by ``value``."""
    return Statement(
        f,
        ADJUGATE % (value, value),
        f"$f$ is smooth where the eigenvalue ${value}$ is simple. {REPEATED}",
        "@thm:eigenvalue-derivative (@magnus1985).",
        "; ".join(filter(None, [constants, VECTOR % value])),
        ROCQ,
    )


STATEMENTS = {
    "eigenvalue": _one(r"\lambda_i(X)", r"\lambda_i", ORDERED),
    "largest_eigenvalue": _one(r"\lambda_{\max}(X)", r"\lambda_{\max}"),
    "smallest_eigenvalue": _one(r"\lambda_{\min}(X)", r"\lambda_{\min}"),
    "eigenvalue_gap": Statement(
        r"\lambda_{i+1}(X)-\lambda_i(X)",
        r"v_{i+1}v_{i+1}^{\mathsf T}-v_iv_i^{\mathsf T}",
        r"$f$ is smooth where both eigenvalues are simple, and not differentiable elsewhere.",
        "@thm:eigenvalue-derivative for each of the two (@magnus1985).",
        f"{ORDERED}; $Xv_i=\\lambda_iv_i$, $v_i^{{\\mathsf T}}v_i=1$",
        ROCQ,
    ),
    "singular_value": Statement(
        r"\sigma_i(X)",
        r"\operatorname{sign}(\mu_i)\,v_iv_i^{\mathsf T}",
        r"$f$ is smooth where $\sigma_i\neq0$ is simple, that is, where $\mu_i$ is a simple "
        r"eigenvalue and $-\mu_i$ is none; at $0$ and at ties it has a kink.",
        BY_MODULUS,
        MODULI,
    ),
    "spectral_norm": Statement(
        r"\lVert X\rVert_2=\sigma_0(X)",
        r"\operatorname{sign}(\mu_0)\,v_0v_0^{\mathsf T}",
        r"$f$ is smooth where $\sigma_0>\sigma_1$; at ties it has a kink, and it is convex.",
        BY_MODULUS,
        MODULI,
    ),
    "nuclear_norm": Statement(
        r"\lVert X\rVert_*=\textstyle\sum_k|\mu_k|",
        r"\operatorname{sign}(X)=\textstyle\sum_k\operatorname{sign}(\mu_k)\,v_kv_k^{\mathsf T}",
        r"$f$ is smooth at every invertible $X$, repeated eigenvalues or not; at a singular $X$ it "
        "has a kink, as $|\\mu|$ has at $0$.",
        r"@thm:trace with $\varphi(\mu)=|\mu|$, which is smooth near each eigenvalue (@lewis1996).",
        MODULI,
    ),
    "ky_fan_norm": Statement(
        r"\sigma_0(X)+\dots+\sigma_{k-1}(X)",
        r"\textstyle\sum_{j<k}\operatorname{sign}(\mu_j)\,v_jv_j^{\mathsf T}",
        r"$f$ is smooth where $\sigma_{k-1}>\sigma_k$ (for $k=n$, at an invertible $X$); at "
        r"ties of "
        "these two it has a kink.",
        r"@thm:trace with $\varphi(\mu)=|\mu|$ near $\mu_0,\dots,\mu_{k-1}$ and $0$ near the other "
        "eigenvalues (@lewis1996).",
        MODULI,
    ),
    "condition_number": Statement(
        r"\kappa_2(X)=\sigma_0/\sigma_{n-1}",
        r"\frac1{\sigma_{n-1}}\bigl(\operatorname{sign}(\mu_0)\,v_0v_0^{\mathsf T}-\kappa_2(X)\,"
        r"\operatorname{sign}(\mu_{n-1})\,v_{n-1}v_{n-1}^{\mathsf T}\bigr)",
        r"$f$ is smooth where $\sigma_0$ and $\sigma_{n-1}\neq0$ are simple; at ties it has a "
        r"kink.",
        "The quotient rule, with the gradients of @thm:eigenvalue-derivative. " + BY_MODULUS,
        MODULI,
    ),
    "eigenvector_entry": Statement(
        r"(v_i)_0",
        "",
        "The sign of the unit eigenvector $v_i$ of $\\lambda_i$ is not determined by $X$ "
        "(the phase, "
        "where $X$ is Hermitian), so that this is no function of $X$, and has no gradient; "
        "$v_iv_i^{\\mathsf T}$ has one.",
        "",
    ),
}
