"""The table in JAX: f(X, c, own), where own(op) is op, perhaps with a derivative of its own."""

import jax
import jax.numpy as jnp
from jax import lax, nn
from jax.scipy import linalg as scipy
from jax.scipy import special

linalg = jnp.linalg
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
    return (V * phi(w)) @ V.T


# layers and whitening


@function
def re_eig(X, c, own):
    w, V = own(eigh)(c.W.T @ X @ c.W)
    return jnp.sum(spectral(w, V, lambda w: jnp.maximum(w, 0.75)) * c.M)


@function
def log_eig(X, c, own):
    w, V = own(eigh)(X)
    return jnp.sum(V @ jnp.diag(jnp.log(w)) @ V.T * c.M)


@function
def spd_net(X, c, own):
    H = c.W[:, :3]
    w, V = linalg.eigh(H.T @ X @ H)
    w, V = own(eigh)(V @ jnp.diag(jnp.where(w > 0.5, w, 0.5)) @ V.T)
    return jnp.sum(spectral(w, V, jnp.log)[0] ** 2)


@function
def zca(X, c, own):
    w, V = own(eigh)(X)
    Y = c.Z @ spectral(w, V, lambda w: lax.rsqrt(w + 1e-5))
    return jnp.mean((Y.T @ Y / len(c.Z) - c.eye) ** 2)


@function
def pca(X, c, own):
    _, V = own(eigh)(X)
    top = V[:, -2:]
    rest = c.Z - c.Z @ top @ top.T
    return jnp.mean(jnp.sum(rest * rest, axis=1))


@function
def attention(X, c, own):
    weights = own(lambda S: nn.softmax(S, axis=-1))(X @ c.W @ X / c.root_n)
    return jnp.sum((weights @ c.M) ** 2)


@function
def layer_norm_network(X, c, own):
    rows = X @ c.W
    off = rows - jnp.mean(rows, axis=1, keepdims=True)
    hidden = own(jnp.tanh)(off / jnp.sqrt(jnp.var(rows, axis=1, keepdims=True) + 0.125))
    last = jnp.mean(nn.softplus(X)) + jnp.std(special.erf(X), ddof=1)
    return jnp.sum(nn.sigmoid(hidden @ c.M) * c.W) + last


# likelihoods


@function
def gaussian_likelihood(X, c, own):
    L = own(linalg.cholesky)(X)
    z = scipy.solve_triangular(L, c.y - c.m, lower=True)
    return -0.5 * z @ z - jnp.sum(jnp.log(jnp.diag(L))) - 0.5 * c.n * c.log_2_pi


@function
def gaussian_divergence(X, c, own):
    inner = jnp.trace(c.A_inverse @ X) - c.n + c.squared_distance
    return 0.5 * (inner + c.A_log_det - own(slogdet)(X))


@function
def wishart(X, c, own):
    nu = c.n + 2.0
    return 0.5 * (nu - c.n - 1) * own(slogdet)(X) - 0.5 * jnp.trace(c.A_inverse @ X)


@function
def student_t(X, c, own):
    P = own(linalg.inv)(X)
    q = jnp.einsum("ki,ij,kj->k", c.Z, P, c.Z)
    return 0.5 * (4 + c.n) * jnp.sum(jnp.log1p(q / 4)) - 2 * slogdet(P)


@function
def mixture(X, c, own):
    def forms(X):
        return jax.vmap(lambda z, s: -0.5 * z @ (s * X) @ z)(c.Z, c.scales)

    return special.logsumexp(own(forms)(X))


@function
def gaussian_process(X, c, own):
    D = c.P[:, None] - c.P[None]
    K = jnp.exp(-0.5 * jnp.einsum("ijk,kl,ijl->ij", D, X, D)) + c.noise
    L = own(linalg.cholesky)(K)
    return 0.5 * c.t @ scipy.cho_solve((L, True), c.t) + jnp.sum(jnp.log(jnp.diagonal(L)))


@function
def kalman(X, c, own):
    H = c.W[:2]

    def step(carry, z):
        mean, P, total = carry
        mean, P = 0.875 * mean, 0.75 * P + X
        S = H @ P @ H.T + 0.5 * c.two
        inverse = own(linalg.inv)(S)
        off = z - H @ mean
        total = total - 0.5 * (off @ inverse @ off + slogdet(S))
        gain = P @ H.T @ inverse
        return (mean + gain @ off, (c.eye - gain @ H) @ P, total), None

    return lax.scan(step, (0 * c.y, c.eye, 0.0), c.Z[:3, :2])[0][2]


@function
def ridge(X, c, own):
    beta = own(lambda A: linalg.solve(A, c.y))(X + 0.125 * c.eye)
    off = X @ beta - c.y
    return off @ off + 0.125 * (beta @ beta)


@function
def graphical_lasso(X, c, own):
    off = X - jnp.diag(jnp.diag(X))
    return -own(slogdet)(X) + jnp.trace(c.A @ X) + 0.25 * jnp.sum(jnp.abs(off))


# distances


@function
def bures_wasserstein(X, c, own):
    w = own(linalg.eigvalsh)(c.A_root @ X @ c.A_root)
    return jnp.trace(X) + c.A_trace - 2 * jnp.sum(jnp.sqrt(jnp.clip(w, 0)))


@function
def stein(X, c, own):
    return own(slogdet)((X + c.A) / 2) - 0.5 * (slogdet(X) + c.A_log_det)


@function
def log_euclidean(X, c, own):
    w, V = own(eigh)(X)
    return linalg.norm(spectral(w, V, jnp.log) - c.A_log) ** 2


@function
def affine_invariant(X, c, own):
    w = own(linalg.eigvalsh)(c.A_factor_inverse @ X @ c.A_factor_inverse.T)
    return jnp.sqrt(jnp.sum(jnp.log(w) ** 2))


# spectra


@function
def soft_largest_eigenvalue(X, c, own):
    return 0.25 * special.logsumexp(own(linalg.eigvalsh)(X) / 0.25)


@function
def spectral_penalty(X, c, own):
    return nn.relu(own(lambda A: linalg.svd(A, compute_uv=False))(X)[0] - 1.0) ** 2


@function
def nuclear_norm(X, c, own):
    return own(lambda A: linalg.norm(A, "nuc"))(X @ c.W)


@function
def log_condition(X, c, own):
    return jnp.log(own(linalg.cond)(X))


@function
def von_neumann_entropy(X, c, own):
    w = own(linalg.eigvalsh)(X / jnp.trace(X))
    return -jnp.sum(special.xlogy(w, w))


@function
def top_two(X, c, own):
    largest = lax.top_k(own(linalg.eigvalsh)(X), 2)[0]
    return jnp.sum(largest) + jnp.prod(jnp.sort(jnp.diag(X))[-2:])


@function
def connectivity(X, c, own):
    weights = jnp.abs(X) * c.off
    return own(linalg.eigvalsh)(jnp.diag(jnp.sum(weights, axis=1)) - weights)[1]


@function
def generalized_eigenvalue(X, c, own):
    L = own(linalg.cholesky)(X)
    half = scipy.solve_triangular(L, c.A, lower=True)
    return jnp.max(linalg.eigvalsh(scipy.solve_triangular(L, half.T, lower=True)))


@function
def projector_entry(X, c, own):
    v = own(eigh)(X)[1][:, 0]
    return jnp.outer(v, v)[0, 1]


@function
def rayleigh(X, c, own):
    v = own(lambda A: A @ c.y)(X)
    for _ in range(2):
        v = X @ (v / linalg.norm(v))
    return v @ X @ v / (v @ v)


@function
def power_until(X, c, own):
    def step(carry, _):
        v, last, is_done = carry
        v = v / linalg.norm(v)
        image = X @ v
        found = jnp.where(is_done, last, v @ image)
        done = is_done | (jnp.abs(found - last) < 1e-3)
        return (jnp.where(is_done, v, image), found, done), None

    start = (own(lambda A: A @ c.y)(X), 0.0, False)
    return lax.scan(step, start, None, length=24)[0][1]


# iterations and functions of matrices


@function
def newton_schulz(X, c, own):
    Y = own(lambda A: A / linalg.norm(A))(X)

    def step(_, carry):
        Y, Z = carry
        T = 0.5 * (3.0 * c.eye - Z @ Y)
        return Y @ T, T @ Z

    Y, _ = lax.fori_loop(0, 8, step, (Y, c.eye))
    return jnp.sum(c.M * Y) * jnp.sqrt(linalg.norm(X))


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
    return jnp.trace(c.M @ E)


@function
def matrix_exponential(X, c, own):
    return jnp.sum(c.M * own(scipy.expm)(X / 4))


@function
def matrix_power(X, c, own):
    powers = own(lambda A: linalg.matrix_power(A, 5))(X)
    return jnp.sum(powers * c.W) + jnp.trace(X @ X) ** 0.25


@function
def cayley(X, c, own):
    return jnp.sum(c.M * own(lambda A: linalg.solve(c.eye + A, c.eye - A))(X))


@function
def sinkhorn(X, c, own):
    K, u = own(jnp.exp)(-X), c.ones
    for _ in range(5):
        v = 1 / (K.T @ u)
        u = 1 / (K @ v)
    return jnp.sum(u[:, None] * K * v[None, :] * X)


@function
def determinant(X, c, own):
    return own(linalg.det)(X @ c.W + 2 * c.eye)


@function
def pseudoinverse(X, c, own):
    return jnp.sum(c.M * own(linalg.pinv)(X))


@function
def qr_loss(X, c, own):
    Q, R = own(lambda A: tuple(linalg.qr(A)))(X @ c.W)
    inner = jnp.sum(Q @ jnp.diag(c.rows) @ Q.T * c.M)
    return jnp.sum(jnp.log(jnp.abs(jnp.diag(R)))) + inner


@function
def block_determinant(X, c, own):
    n = c.n
    K = jnp.zeros((2 * n, 2 * n))
    K = K.at[:n, :n].set(X).at[n:, n:].set(2 * X)
    K = K.at[:n, n:].set(c.W).at[n:, :n].set(c.W.T)
    return own(slogdet)(K.at[jnp.diag_indices(2 * n)].add(8.0))


# entries


@function
def double_loop(X, c, own):
    S, total = own(jnp.sin)(X), 0.0
    for i in range(c.n):
        for j in range(i, c.n):
            total = total + S[i, j] * (i + 1) + X[i, i] * X[j, i]
    return total


@function
def norms(X, c, own):
    rest = jnp.sum(jnp.abs(X)) + linalg.norm(X, 1) + jnp.max(jnp.abs(X))
    return own(linalg.norm)(X) + rest + jnp.sum(jnp.abs(X) ** 3) ** (1 / 3)


@function
def cubic_einsum(X, c, own):
    cubic = jnp.einsum("ij,jk,ki->", X, c.M, own(lambda A: A @ A)(X))
    return cubic + jnp.einsum("ii", X) * jnp.einsum("i,ij,j", c.y, X, c.y)


@function
def triangles(X, c, own):
    L = own(jnp.tril)(X)
    return jnp.sum(jnp.tril(X, -1) @ jnp.triu(X) * c.W) + jnp.sum(L * L * c.M)


@function
def leaky_clip(X, c, own):
    leaky = own(lambda A: jnp.where(A > 0, A, 0.125 * A))(X)
    return jnp.sum(leaky * c.W) + jnp.sum(jnp.clip(X, -0.5, 0.5) ** 2)


@function
def power_spectrum(X, c, own):
    return jnp.sum(jnp.log1p(own(lambda A: jnp.abs(jnp.fft.fft2(A)) ** 2)(X @ c.W)))


@function
def mixed_precision(X, c, own):
    def product(A):
        return A.astype(jnp.float32) @ c.M.astype(jnp.float32)

    return jnp.sum(own(product)(X).astype(jnp.float64) ** 2)
