"""The table in TensorFlow: f(X, c, own), where own(op) is op, perhaps with its own gradient."""

import tensorflow as tf

linalg, math = tf.linalg, tf.math
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
    return tf.matmul(V * phi(w), V, transpose_b=True)


def total(A):
    return tf.reduce_sum(A)


def dot(a, b):
    return tf.tensordot(a, b, 1)


# layers and whitening


@function
def re_eig(X, c, own):
    w, V = own(eigh)(tf.transpose(c.W) @ X @ c.W)
    return total(spectral(w, V, lambda w: tf.maximum(w, 0.75)) * c.M)


@function
def log_eig(X, c, own):
    w, V = own(eigh)(X)
    return total(V @ linalg.diag(math.log(w)) @ linalg.matrix_transpose(V) * c.M)


@function
def spd_net(X, c, own):
    H = c.W[:, :3]
    w, V = linalg.eigh(tf.transpose(H) @ X @ H)
    rectified = tf.where(w > 0.5, w, 0.5 * tf.ones_like(w))
    w, V = own(eigh)(V @ linalg.diag(rectified) @ tf.transpose(V))
    return total(spectral(w, V, math.log)[0] ** 2)


@function
def zca(X, c, own):
    w, V = own(eigh)(X)
    Y = c.Z @ spectral(w, V, lambda w: math.rsqrt(w + 1e-5))
    return tf.reduce_mean((tf.transpose(Y) @ Y / c.Z.shape[0] - c.eye) ** 2)


@function
def pca(X, c, own):
    _, V = own(eigh)(X)
    top = V[:, -2:]
    rest = c.Z - c.Z @ top @ tf.transpose(top)
    return tf.reduce_mean(tf.reduce_sum(rest * rest, axis=1))


@function
def attention(X, c, own):
    weights = own(lambda S: tf.nn.softmax(S, axis=-1))(X @ c.W @ X / c.root_n)
    return total(tf.square(weights @ c.M))


@function
def layer_norm_network(X, c, own):
    rows = X @ c.W
    mean, variance = tf.nn.moments(rows, axes=[1], keepdims=True)
    hidden = own(tf.tanh)((rows - mean) / tf.sqrt(variance + 0.125))
    size = c.n**2
    deviation = tf.sqrt(math.reduce_variance(math.erf(X)) * size / (size - 1))
    last = tf.reduce_mean(math.softplus(X)) + deviation
    return total(tf.sigmoid(hidden @ c.M) * c.W) + last


# likelihoods


@function
def gaussian_likelihood(X, c, own):
    L = own(linalg.cholesky)(X)
    z = linalg.triangular_solve(L, (c.y - c.m)[:, None])
    return -0.5 * total(z * z) - total(math.log(linalg.diag_part(L))) - 0.5 * c.n * c.log_2_pi


@function
def gaussian_divergence(X, c, own):
    inner = linalg.trace(c.A_inverse @ X) - c.n + c.squared_distance
    return 0.5 * (inner + c.A_log_det - own(linalg.logdet)(X))


@function
def wishart(X, c, own):
    nu = c.n + 2.0
    return 0.5 * (nu - c.n - 1) * own(slogdet)(X) - 0.5 * linalg.trace(c.A_inverse @ X)


@function
def student_t(X, c, own):
    P = own(linalg.inv)(X)
    q = tf.einsum("ki,ij,kj->k", c.Z, P, c.Z)
    return 0.5 * (4 + c.n) * total(math.log1p(q / 4)) - 2 * linalg.logdet(P)


@function
def mixture(X, c, own):
    def forms(X):
        return tf.vectorized_map(
            lambda pair: -0.5 * dot(pair[0], linalg.matvec(pair[1] * X, pair[0])), (c.Z, c.scales)
        )

    return tf.reduce_logsumexp(own(forms)(X))


@function
def gaussian_process(X, c, own):
    D = c.P[:, None] - c.P[None]
    K = tf.exp(-0.5 * tf.einsum("ijk,kl,ijl->ij", D, X, D)) + c.noise
    L = own(linalg.cholesky)(K)
    a = linalg.cholesky_solve(L, c.t[:, None])[:, 0]
    return 0.5 * dot(c.t, a) + total(math.log(linalg.diag_part(L)))


@function
def kalman(X, c, own):
    mean, P, H, found = 0 * c.y, c.eye, c.W[:2], 0.0
    for k in range(3):
        mean, P = 0.875 * mean, 0.75 * P + X
        S = H @ P @ tf.transpose(H) + 0.5 * c.two
        inverse = own(linalg.inv)(S)
        off = c.Z[k, :2] - linalg.matvec(H, mean)
        found = found - 0.5 * (dot(off, linalg.matvec(inverse, off)) + linalg.slogdet(S)[1])
        gain = P @ tf.transpose(H) @ inverse
        mean, P = mean + linalg.matvec(gain, off), (c.eye - gain @ H) @ P
    return found


@function
def ridge(X, c, own):
    beta = own(lambda A: linalg.solve(A, c.y[:, None]))(X + 0.125 * c.eye)
    off = X @ beta - c.y[:, None]
    return total(off * off) + 0.125 * total(beta * beta)


@function
def graphical_lasso(X, c, own):
    off = X - linalg.diag(linalg.diag_part(X))
    return -own(linalg.logdet)(X) + linalg.trace(c.A @ X) + 0.25 * total(tf.abs(off))


# distances


@function
def bures_wasserstein(X, c, own):
    w = own(linalg.eigvalsh)(c.A_root @ X @ c.A_root)
    return linalg.trace(X) + c.A_trace - 2 * total(tf.sqrt(tf.maximum(w, 0)))


@function
def stein(X, c, own):
    return own(linalg.logdet)((X + c.A) / 2) - 0.5 * (linalg.logdet(X) + c.A_log_det)


@function
def log_euclidean(X, c, own):
    w, V = own(eigh)(X)
    return tf.norm(spectral(w, V, math.log) - c.A_log) ** 2


@function
def affine_invariant(X, c, own):
    w = own(linalg.eigvalsh)(c.A_factor_inverse @ X @ tf.transpose(c.A_factor_inverse))
    return tf.sqrt(total(math.log(w) ** 2))


# spectra


@function
def soft_largest_eigenvalue(X, c, own):
    return 0.25 * tf.reduce_logsumexp(own(linalg.eigvalsh)(X) / 0.25)


@function
def spectral_penalty(X, c, own):
    return tf.nn.relu(own(lambda A: linalg.svd(A, compute_uv=False))(X)[0] - 1.0) ** 2


@function
def nuclear_norm(X, c, own):
    return own(lambda A: total(linalg.svd(A, compute_uv=False)))(X @ c.W)


@function
def log_condition(X, c, own):
    def cond(A):
        s = linalg.svd(A, compute_uv=False)
        return s[0] / s[-1]

    return math.log(own(cond)(X))


@function
def von_neumann_entropy(X, c, own):
    w = own(linalg.eigvalsh)(X / linalg.trace(X))
    return -total(math.xlogy(w, w))


@function
def top_two(X, c, own):
    largest = math.top_k(own(linalg.eigvalsh)(X), 2)[0]
    return total(largest) + tf.reduce_prod(tf.sort(linalg.diag_part(X))[-2:])


@function
def connectivity(X, c, own):
    weights = tf.abs(X) * c.off
    return own(linalg.eigvalsh)(linalg.diag(tf.reduce_sum(weights, axis=1)) - weights)[1]


@function
def generalized_eigenvalue(X, c, own):
    L = own(linalg.cholesky)(X)
    half = linalg.triangular_solve(L, c.A)
    M = linalg.triangular_solve(L, tf.transpose(half))
    return tf.reduce_max(linalg.eigvalsh(M))


@function
def projector_entry(X, c, own):
    v = own(eigh)(X)[1][:, 0]
    return (v[:, None] * v[None, :])[0, 1]


@function
def rayleigh(X, c, own):
    v = own(lambda A: linalg.matvec(A, c.y))(X)
    for _ in range(2):
        v = linalg.matvec(X, v / tf.norm(v))
    return dot(v, linalg.matvec(X, v)) / dot(v, v)


@function
def power_until(X, c, own):
    def step(v, last, before):
        v = v / tf.norm(v)
        image = linalg.matvec(X, v)
        return image, dot(v, image), last

    start = own(lambda A: linalg.matvec(A, c.y))(X)
    zero = tf.zeros((), X.dtype)
    return tf.while_loop(
        lambda v, last, before: tf.abs(last - before) >= 1e-3,
        step,
        step(start, zero, zero),
        maximum_iterations=64,
    )[1]


# iterations and functions of matrices


@function
def newton_schulz(X, c, own):
    Y = own(lambda A: A / tf.norm(A))(X)

    def step(k, Y, Z):
        T = 0.5 * (3.0 * c.eye - Z @ Y)
        return k + 1, Y @ T, T @ Z

    _, Y, _ = tf.while_loop(lambda k, Y, Z: k < 8, step, (0, Y, c.eye))
    return total(c.M * Y) * tf.sqrt(tf.norm(X))


@function
def exponential_by_series(X, c, own):
    def series(Y):
        found, term = c.eye, c.eye
        for k in range(1, 11):
            term = term @ Y / k
            found = found + term
        return found

    E = own(series)(X / 16)
    for _ in range(4):
        E = E @ E
    return linalg.trace(c.M @ E)


@function
def matrix_exponential(X, c, own):
    return total(c.M * own(linalg.expm)(X / 4))


@function
def matrix_power(X, c, own):
    def fifth(A):
        square = A @ A
        return square @ square @ A

    return total(own(fifth)(X) * c.W) + linalg.trace(X @ X) ** 0.25


@function
def cayley(X, c, own):
    return total(c.M * own(lambda A: linalg.solve(c.eye + A, c.eye - A))(X))


@function
def sinkhorn(X, c, own):
    K, u = own(tf.exp)(-X), c.ones
    for _ in range(5):
        v = 1 / linalg.matvec(K, u, transpose_a=True)
        u = 1 / linalg.matvec(K, v)
    return total(u[:, None] * K * v[None, :] * X)


@function
def determinant(X, c, own):
    return own(linalg.det)(X @ c.W + 2 * c.eye)


@function
def pseudoinverse(X, c, own):
    return total(c.M * own(linalg.pinv)(X))


@function
def qr_loss(X, c, own):
    Q, R = own(lambda A: tuple(linalg.qr(A)))(X @ c.W)
    inner = total(Q @ linalg.diag(c.rows) @ tf.transpose(Q) * c.M)
    return total(math.log(tf.abs(linalg.diag_part(R)))) + inner


@function
def block_determinant(X, c, own):
    above, below = tf.concat([X, c.W], 1), tf.concat([tf.transpose(c.W), 2 * X], 1)
    K = tf.concat([above, below], 0)
    return own(slogdet)(linalg.set_diag(K, linalg.diag_part(K) + 8.0))


# entries


@function
def double_loop(X, c, own):
    S, found = own(tf.sin)(X), 0.0
    for i in range(c.n):
        for j in range(i, c.n):
            found = found + S[i, j] * (i + 1) + X[i, i] * X[j, i]
    return found


@function
def norms(X, c, own):
    rest = total(tf.abs(X)) + tf.norm(X, 1, axis=(0, 1)) + tf.reduce_max(tf.abs(X))
    return own(tf.norm)(X) + rest + total(tf.abs(X) ** 3) ** (1 / 3)


@function
def cubic_einsum(X, c, own):
    cubic = tf.einsum("ij,jk,ki->", X, c.M, own(lambda A: A @ A)(X))
    return cubic + tf.einsum("ii", X) * tf.einsum("i,ij,j", c.y, X, c.y)


@function
def triangles(X, c, own):
    def tril(A, last=0):
        return linalg.band_part(A, -1, 0) - (linalg.diag(linalg.diag_part(A)) if last else 0)

    L = own(tril)(X)
    return total(tril(X, -1) @ linalg.band_part(X, 0, -1) * c.W) + total(L * L * c.M)


@function
def leaky_clip(X, c, own):
    leaky = own(lambda A: tf.where(A > 0, A, 0.125 * A))(X)
    return total(leaky * c.W) + total(tf.clip_by_value(X, -0.5, 0.5) ** 2)


@function
def power_spectrum(X, c, own):
    def spectrum(A):
        return tf.abs(tf.signal.fft2d(tf.cast(A, tf.complex128))) ** 2

    return total(math.log1p(own(spectrum)(X @ c.W)))


@function
def mixed_precision(X, c, own):
    def product(A):
        return tf.cast(A, tf.float32) @ tf.cast(c.M, tf.float32)

    return total(tf.cast(own(product)(X), tf.float64) ** 2)
