"""Polynomials in the entries, determinants and inverses: what the appendix states of them."""

from __future__ import annotations

from symgrad.studies.appendix.functions.statement import FULL, SMOOTH, SYM_W, Statement, U

LINEAR = r"$f$ is linear, $f(E)=\langle S,E\rangle$, and $S$ is symmetric."
QUADRATIC = r"u^{\mathsf T}X^{-1}u"
OF_INVERSE = r"By @thm:inverse with the weight $uu^{\mathsf T}$ (@magnus2019)."
ROCQ = ("d_inverse", "gradient_inverse")
SINGULAR = "At a singular $X$ it is not defined."


def _quadratic_form(f: str, more: str = "") -> Statement:
    S = r"-X^{-1}u\,u^{\mathsf T}X^{-1}"
    return Statement(f, S, f"{SMOOTH} {SINGULAR}", more + OF_INVERSE, U, ROCQ)


STATEMENTS = {
    "sum_entries": Statement(
        r"\textstyle\sum_{i,j}X_{ij}=\mathbf1^{\mathsf T}X\mathbf1",
        r"\mathbf1\mathbf1^{\mathsf T}",
        SMOOTH,
        LINEAR,
        r"$\mathbf1$ is the vector of $n$ ones",
    ),
    "trace": Statement(r"\operatorname{tr}X", "I", SMOOTH, LINEAR),
    "trace_square": Statement(
        r"\operatorname{tr}X^2",
        "2X",
        SMOOTH,
        r"$\operatorname{tr}(X+E)^2=\operatorname{tr}X^2+2\operatorname{tr}(XE)+"
        r"\operatorname{tr}E^2$"
        " (@magnus2019).",
    ),
    "trace_cube": Statement(
        r"\operatorname{tr}X^3",
        "3X^2",
        SMOOTH,
        r"The terms of $\operatorname{tr}(X+E)^3$ that are linear in $E$ are three, each equal to "
        r"$\operatorname{tr}(X^2E)$ as a trace is cyclic (@magnus2019).",
    ),
    "rayleigh_quotient": Statement(
        r"\dfrac{u^{\mathsf T}Xu}{u^{\mathsf T}u}",
        r"\dfrac{u\,u^{\mathsf T}}{u^{\mathsf T}u}",
        SMOOTH,
        LINEAR,
        U,
    ),
    "det": Statement(
        r"\det X",
        r"\operatorname{adj}X",
        r"$f$ is a polynomial, and the theorem holds at a singular $X$ too.",
        "@thm:inverse, Jacobi's formula (@magnus2019).",
        rocq=("d_det", "gradient_det", "real_det"),
    ),
    "log_det": Statement(
        r"\log\det X",
        "X^{-1}",
        f"{SMOOTH} Towards a singular matrix it falls beyond all bounds.",
        r"The chain rule: $df(E)=\langle\operatorname{adj}X,E\rangle/\det X$ by @thm:inverse "
        "(@magnus2019).",
        rocq=("gradient_log_det", "real_log_det"),
    ),
    "inverse_entry": Statement(
        r"(X^{-1})_{ij}",
        r"-\tfrac12\,X^{-1}\bigl(E_{ij}+E_{ji}\bigr)X^{-1}",
        f"{SMOOTH} {SINGULAR}",
        "By @thm:inverse with the weight $E_{ij}$ (@magnus2019).",
        r"$E_{ij}$ is $1$ at the place $(i,j)$, counted from $0$, and $0$ elsewhere; $i\ge j$",
        ROCQ,
    ),
    "inverse_quadratic_form": _quadratic_form(QUADRATIC),
    "inverse_quadratic_form_pd": _quadratic_form(QUADRATIC),
    "lstsq_quadratic_form": _quadratic_form(
        r"u^{\mathsf T}x,\quad x=\arg\min_x\|Xx-u\|",
        "At an invertible $X$, and near it, $x=X^{-1}u$. ",
    ),
    "weighted_inverse": Statement(
        r"\langle W,X^{-1}\rangle",
        r"-X^{-1}\,\overline W\,X^{-1}",
        f"{SMOOTH} {SINGULAR}",
        "@thm:inverse (@magnus2019).",
        f"{FULL}; {SYM_W}",
        ROCQ,
    ),
    "weighted_pseudoinverse": Statement(
        r"\langle W,X^{+}\rangle",
        r"-X^{-1}\,\overline W\,X^{-1}",
        r"$f$ is smooth there. At a singular $X$ the pseudoinverse is not even continuous, as "
        r"there "
        "are invertible matrices nearby whose inverses are as large as one likes.",
        "Near an invertible $X$ it is $X^{-1}$, so that @thm:inverse applies (@golub1973 for "
        "constant rank).",
        f"{FULL}; {SYM_W}",
        ROCQ,
    ),
}
