"""The table in PyTorch: f(X, c, own), where own(op) is op, perhaps with a backward of its own."""

import torch
from torch import linalg
from torch.nn import functional

FUNCTIONS = {}


def function(f):
    FUNCTIONS[f.__name__] = f
    return f


def eigh(X):
    w, V = linalg.eigh(X)
    return w, V


def slogdet(X):
    return linalg.slogdet(X)[1]


def spectral(w, V, phi):
    return (V * phi(w)) @ V.mT


# layers and whitening


@function
def re_eig(X, c, own):
    w, V = own(eigh)(c.W.T @ X @ c.W)
    return (spectral(w, V, lambda w: torch.clamp(w, min=0.75)) * c.M).sum()


@function
def log_eig(X, c, own):
    w, V = own(eigh)(X)
    return (V @ torch.diag_embed(w.log()) @ V.mT * c.M).sum()


@function
def spd_net(X, c, own):
    H = c.W[:, :3]
    w, V = linalg.eigh(H.T @ X @ H)
    w, V = own(eigh)(V @ torch.diag(functional.threshold(w, 0.5, 0.5)) @ V.T)
    return spectral(w, V, torch.log)[0].pow(2).sum()


@function
def zca(X, c, own):
    w, V = own(eigh)(X)
    Y = c.Z @ spectral(w, V, lambda w: torch.rsqrt(w + 1e-5))
    return (Y.T @ Y / len(c.Z) - c.eye).square().mean()


@function
def pca(X, c, own):
    _, V = own(eigh)(X)
    top = V[:, -2:]
    rest = c.Z - c.Z @ top @ top.T
    return rest.square().sum(dim=1).mean()


@function
def attention(X, c, own):
    weights = own(lambda S: torch.softmax(S, dim=-1))(X @ c.W @ X / c.root_n)
    return (weights @ c.M).square().sum()


@function
def layer_norm_network(X, c, own):
    hidden = own(torch.tanh)(functional.layer_norm(X @ c.W, (c.n,), eps=0.125))
    return (
        (torch.sigmoid(hidden @ c.M) * c.W).sum()
        + functional.softplus(X).mean()
        + torch.erf(X).std()
    )


# likelihoods


@function
def gaussian_likelihood(X, c, own):
    L = own(linalg.cholesky)(X)
    z = linalg.solve_triangular(L, (c.y - c.m)[:, None], upper=False)
    return -0.5 * (z * z).sum() - L.diagonal().log().sum() - 0.5 * c.n * c.log_2_pi


@function
def gaussian_divergence(X, c, own):
    inner = torch.trace(c.A_inverse @ X) - c.n + c.squared_distance
    return 0.5 * (inner + c.A_log_det - own(torch.logdet)(X))


@function
def wishart(X, c, own):
    nu = c.n + 2.0
    return 0.5 * (nu - c.n - 1) * own(slogdet)(X) - 0.5 * torch.trace(c.A_inverse @ X)


@function
def student_t(X, c, own):
    P = own(linalg.inv)(X)
    q = torch.einsum("ki,ij,kj->k", c.Z, P, c.Z)
    return 0.5 * (4 + c.n) * torch.log1p(q / 4).sum() - 2 * torch.logdet(P)


@function
def mixture(X, c, own):
    def forms(X):
        return torch.func.vmap(lambda z, s: -0.5 * z @ (s * X) @ z)(c.Z, c.scales)

    return torch.logsumexp(own(forms)(X), dim=0)


@function
def gaussian_process(X, c, own):
    D = c.P[:, None] - c.P[None]
    K = torch.exp(-0.5 * torch.einsum("ijk,kl,ijl->ij", D, X, D)) + c.noise
    L = own(linalg.cholesky)(K)
    a = torch.cholesky_solve(c.t[:, None], L)
    return 0.5 * (c.t[None] @ a).squeeze() + L.diagonal().log().sum()


@function
def kalman(X, c, own):
    mean, P, H, total = 0 * c.y, c.eye, c.W[:2], 0.0
    for z in c.Z[:3, :2]:
        mean, P = 0.875 * mean, 0.75 * P + X
        S = H @ P @ H.T + 0.5 * c.two
        inverse = own(linalg.inv)(S)
        off = z - H @ mean
        total = total - 0.5 * (off @ inverse @ off + linalg.slogdet(S).logabsdet)
        gain = P @ H.T @ inverse
        mean, P = mean + gain @ off, (c.eye - gain @ H) @ P
    return total


@function
def ridge(X, c, own):
    beta = own(lambda A: linalg.solve(A, c.y))(X + 0.125 * c.eye)
    off = X @ beta - c.y
    return off @ off + 0.125 * (beta @ beta)


@function
def graphical_lasso(X, c, own):
    off = X - torch.diag(X.diagonal())
    return -own(torch.logdet)(X) + torch.trace(c.A @ X) + 0.25 * off.abs().sum()


# distances


@function
def bures_wasserstein(X, c, own):
    w = own(linalg.eigvalsh)(c.A_root @ X @ c.A_root)
    return torch.trace(X) + c.A_trace - 2 * torch.sqrt(torch.clamp(w, min=0)).sum()


@function
def stein(X, c, own):
    return own(torch.logdet)((X + c.A) / 2) - 0.5 * (torch.logdet(X) + c.A_log_det)


@function
def log_euclidean(X, c, own):
    w, V = own(eigh)(X)
    return linalg.norm(spectral(w, V, torch.log) - c.A_log) ** 2


@function
def affine_invariant(X, c, own):
    w = own(linalg.eigvalsh)(c.A_factor_inverse @ X @ c.A_factor_inverse.T)
    return torch.sqrt((w.log() ** 2).sum())


# spectra


@function
def soft_largest_eigenvalue(X, c, own):
    return 0.25 * torch.logsumexp(own(linalg.eigvalsh)(X) / 0.25, dim=0)


@function
def spectral_penalty(X, c, own):
    return functional.relu(own(linalg.svdvals)(X)[0] - 1.0) ** 2


@function
def nuclear_norm(X, c, own):
    return own(lambda A: linalg.matrix_norm(A, "nuc"))(X @ c.W)


@function
def log_condition(X, c, own):
    return torch.log(own(linalg.cond)(X))


@function
def von_neumann_entropy(X, c, own):
    w = own(linalg.eigvalsh)(X / torch.trace(X))
    return -torch.xlogy(w, w).sum()


@function
def top_two(X, c, own):
    largest = torch.topk(own(linalg.eigvalsh)(X), 2).values
    return largest.sum() + torch.sort(X.diagonal()).values[-2:].prod()


@function
def connectivity(X, c, own):
    weights = X.abs() * c.off
    return own(linalg.eigvalsh)(torch.diag(weights.sum(1)) - weights)[1]


@function
def generalized_eigenvalue(X, c, own):
    L = own(linalg.cholesky)(X)
    half = linalg.solve_triangular(L, c.A, upper=False)
    return linalg.eigvalsh(linalg.solve_triangular(L, half.T, upper=False)).max()


@function
def projector_entry(X, c, own):
    v = own(eigh)(X)[1][:, 0]
    return torch.outer(v, v)[0, 1]


@function
def rayleigh(X, c, own):
    v = own(lambda A: A @ c.y)(X)
    for _ in range(2):
        v = X @ (v / v.norm())
    return v @ X @ v / (v @ v)


@function
def power_until(X, c, own):
    v, last = own(lambda A: A @ c.y)(X), 0.0
    for _ in range(64):
        v = v / v.norm()
        image = X @ v
        found = v @ image
        if abs(found - last) < 1e-3:
            break
        v, last = image, found
    return found


# iterations and functions of matrices


@function
def newton_schulz(X, c, own):
    Y, Z = own(lambda A: A / linalg.matrix_norm(A))(X), c.eye
    for _ in range(8):
        T = 0.5 * (3.0 * c.eye - Z @ Y)
        Y, Z = Y @ T, T @ Z
    return (c.M * Y).sum() * X.norm().sqrt()


@function
def exponential_by_series(X, c, own):
    def series(Y):
        total, term = c.eye, c.eye
        for k in range(1, 11):
            term = term @ Y / k
            total = total + term
        return total

    E = own(series)(X / 16)
    for _ in range(4):
        E = E @ E
    return torch.trace(c.M @ E)


@function
def matrix_exponential(X, c, own):
    return (c.M * own(linalg.matrix_exp)(X / 4)).sum()


@function
def matrix_power(X, c, own):
    return (own(lambda A: linalg.matrix_power(A, 5))(X) * c.W).sum() + torch.trace(X @ X) ** 0.25


@function
def cayley(X, c, own):
    return (c.M * own(lambda A: linalg.solve(c.eye + A, c.eye - A))(X)).sum()


@function
def sinkhorn(X, c, own):
    K, u = own(torch.exp)(-X), c.ones
    for _ in range(5):
        v = 1 / (K.T @ u)
        u = 1 / (K @ v)
    return (u[:, None] * K * v[None, :] * X).sum()


@function
def determinant(X, c, own):
    return own(linalg.det)(X @ c.W + 2 * c.eye)


@function
def pseudoinverse(X, c, own):
    return (c.M * own(linalg.pinv)(X)).sum()


@function
def qr_loss(X, c, own):
    Q, R = own(lambda A: tuple(linalg.qr(A)))(X @ c.W)
    return R.diagonal().abs().log().sum() + (Q @ torch.diag(c.rows) @ Q.T * c.M).sum()


@function
def block_determinant(X, c, own):
    n = c.n
    K = X.new_zeros(2 * n, 2 * n)
    K[:n, :n] = X
    K[n:, n:] = 2 * X
    K[:n, n:] = c.W
    K[n:, :n] = c.W.T
    K.diagonal().add_(8.0)
    return own(slogdet)(K)


# entries


@function
def double_loop(X, c, own):
    S, total = own(torch.sin)(X), 0.0
    for i in range(c.n):
        for j in range(i, c.n):
            total = total + S[i, j] * (i + 1) + X[i, i] * X[j, i]
    return total


@function
def norms(X, c, own):
    rest = X.abs().sum() + linalg.matrix_norm(X, 1) + linalg.vector_norm(X, 3) + X.abs().max()
    return own(linalg.matrix_norm)(X) + rest


@function
def cubic_einsum(X, c, own):
    cubic = torch.einsum("ij,jk,ki->", X, c.M, own(lambda A: A @ A)(X))
    return cubic + torch.einsum("ii", X) * torch.einsum("i,ij,j", c.y, X, c.y)


@function
def triangles(X, c, own):
    L = own(torch.tril)(X)
    return (torch.tril(X, -1) @ torch.triu(X) * c.W).sum() + (L * L * c.M).sum()


@function
def leaky_clip(X, c, own):
    leaky = own(lambda A: torch.where(A > 0, A, 0.125 * A))(X)
    return (leaky * c.W).sum() + torch.clamp(X, -0.5, 0.5).pow(2).sum()


@function
def power_spectrum(X, c, own):
    return torch.log1p(own(lambda A: torch.fft.fft2(A).abs().square())(X @ c.W)).sum()


@function
def mixed_precision(X, c, own):
    return (own(lambda A: A.float() @ c.M.float())(X).double() ** 2).sum()
