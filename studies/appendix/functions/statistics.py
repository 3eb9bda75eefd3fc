"""Cholesky factors, likelihoods and distances: what the appendix states of them."""

from __future__ import annotations

from symgrad.studies.appendix.functions.eigenvalues import REPEATED
from symgrad.studies.appendix.functions.eigenvalues import ROCQ as EIGENVALUE
from symgrad.studies.appendix.functions.statement import SMOOTH, Statement, T, U

FACTOR = (
    r"$X=LL^{\mathsf T}$, $L$ lower triangular with a positive diagonal; $\Phi(M)$ is the lower "
    r"triangle of $M$ with half its diagonal; $\operatorname{sym}(M)=(M+M^{\mathsf T})/2$"
)
Y = U.replace("u_i", "y_i")

STATEMENTS = {
    "cholesky_entry": Statement(
        "L_{ij}",
        r"\operatorname{sym}\bigl(L^{-\mathsf T}\,\Phi(L^{\mathsf T}E_{ij})\,L^{-1}\bigr)",
        SMOOTH,
        r"@thm:cholesky with $\overline L=E_{ij}$ (@murray2016, section 3).",
        f"{FACTOR}; $E_{{ij}}$ is $1$ at the place $(i,j)$, counted from $0$, and $0$ elsewhere; "
        r"$i\ge j$",
    ),
    "cholesky_log_diagonal": Statement(
        r"\textstyle\sum_i\log L_{ii}",
        r"\tfrac12X^{-1}",
        SMOOTH,
        r"$\det X=\prod_iL_{ii}^2$, so that $f=\tfrac12\log\det X$; @thm:inverse, or @thm:cholesky "
        "with $L^{\\mathsf T}\\overline L=I$ (@murray2016).",
        r"$X=LL^{\mathsf T}$, $L$ lower triangular with a positive diagonal",
        ("gradient_log_det",),
    ),
    "triangular_solve": Statement(
        r"u^{\mathsf T}L^{-1}w",
        r"-\operatorname{sym}\bigl(L^{-\mathsf T}\,\Phi\bigl(u\,(L^{-1}w)^{\mathsf "
        r"T}\bigr)L^{-1}\bigr)",
        SMOOTH,
        r"$dL^{-1}=-L^{-1}\,dL\,L^{-1}$, so that @thm:cholesky applies with "
        r"$\overline L=-L^{-\mathsf T}u\,(L^{-1}w)^{\mathsf T}$ (@murray2016, section 3).",
        f"{U}; $w_i=2i+1$; {FACTOR}",
    ),
    "gaussian_log_likelihood": Statement(
        r"-\tfrac12\bigl(\log\det X+y^{\mathsf T}X^{-1}y\bigr)",
        r"-\tfrac12\bigl(X^{-1}-X^{-1}y\,y^{\mathsf T}X^{-1}\bigr)",
        SMOOTH,
        "@thm:inverse for either term (@magnus2019). $f$ is, up to a constant, the log-likelihood "
        "of one observation $y$ of the normal law with mean $0$ and covariance $X$.",
        Y,
        ("gradient_log_det", "d_inverse", "gradient_inverse"),
    ),
    "gaussian_precision_log_likelihood": Statement(
        r"\tfrac12\bigl(\log\det X-y^{\mathsf T}Xy\bigr)",
        r"\tfrac12\bigl(X^{-1}-y\,y^{\mathsf T}\bigr)",
        SMOOTH,
        "@thm:inverse and a linear term (@magnus2019). $f$ is the log-likelihood, up to a "
        "constant, "
        "where $X$ is the inverse of the covariance.",
        Y,
        ("gradient_log_det",),
    ),
    "gaussian_kl": Statement(
        r"\operatorname{KL}\bigl(\mathcal N(0,X)\,\big\|\,\mathcal N(0,J^{-1})\bigr)"
        r"=\tfrac12\bigl(\operatorname{tr}JX-n-\log\det X\bigr)",
        r"\tfrac12\bigl(J-X^{-1}\bigr)",
        SMOOTH,
        "@thm:inverse and a linear term (@magnus2019). The second formula has no term "
        r"$\log\det J$, as $\det J=1$.",
        rf"$J=TT^{{\mathsf T}}$; {T}",
        ("gradient_log_det",),
    ),
    "bures_wasserstein": Statement(
        r"\operatorname{tr}X+\operatorname{tr}C^2-2\operatorname{tr}(CXC)^{1/2}",
        r"I-C\,(CXC)^{-1/2}\,C",
        SMOOTH,
        r"By @thm:trace with $\varphi(\lambda)=\sqrt\lambda$ the differential of "
        r"$\operatorname{tr}M^{1/2}$ is $\tfrac12\langle M^{-1/2},dM\rangle$; $M=CXC$. $f$ is the "
        "squared distance of $X$ and $C^2$ (@bhatia2019).",
        "$C$ is symmetric with $3$ on its diagonal, $1$ beside it and $0$ elsewhere",
    ),
    "generalized_eigenvalue": Statement(
        r"\lambda_i\quad\text{of}\quad Xv=\lambda Bv",
        r"v\,v^{\mathsf T}",
        rf"$f$ is smooth where $\lambda_i$ is simple. {REPEATED}",
        r"These are the eigenvalues of $Y=T^{-1}XT^{-\mathsf T}$, and with $w=T^{\mathsf T}v$, "
        r"$w^{\mathsf T}w=1$, @thm:eigenvalue-derivative gives "
        r"$w^{\mathsf T}dY\,w=v^{\mathsf T}dX\,v$ (@magnus1985).",
        rf"$\lambda_0\le\dots\le\lambda_{{n-1}}$; $v^{{\mathsf T}}Bv=1$; $B=TT^{{\mathsf T}}$; {T}",
        EIGENVALUE,
    ),
}
