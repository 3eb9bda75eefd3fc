"""Functions of the field, written for any package that has NumPy's names."""

import numpy

RNG = numpy.random.default_rng(7)
W = RNG.standard_normal((4, 4))
Y = RNG.standard_normal(4)
B = W @ W.T + numpy.eye(4)


def spd(n=4, seed=3):
    A = numpy.random.default_rng(seed).standard_normal((n, n))
    return (A @ A.T + (A @ A.T).T) / 2 + numpy.eye(n)


def of(np):
    """By name; what they call is that of the package."""

    def by_eigh(X, phi):
        w, V = np.linalg.eigh(X)
        return np.dot(V * phi(w), V.T)

    def gaussian_process(X):
        L = np.linalg.cholesky(X + 0.1 * np.eye(4))
        a = np.linalg.solve(L, Y)
        return 0.5 * np.dot(a, a) + np.sum(np.log(np.diag(L)))

    def stein(X):
        middle = np.linalg.slogdet((X + B) / 2)[1]
        return middle - 0.5 * (np.linalg.slogdet(X)[1] + np.linalg.slogdet(B)[1])

    def affine_invariant(X):
        half = np.linalg.inv(np.linalg.cholesky(B))
        w, _ = np.linalg.eigh(np.dot(np.dot(half, X), half.T))
        return np.sqrt(np.sum(np.log(w) ** 2))

    def newton_schulz(X):
        size = np.sqrt(np.sum(X * X))
        A, Z = X / size, np.eye(4)
        for _ in range(6):
            T = 0.5 * (3 * np.eye(4) - np.dot(Z, A))
            A, Z = np.dot(A, T), np.dot(T, Z)
        return np.trace(A) * np.sqrt(size)

    def whitening(X):
        Z = np.dot(by_eigh(X, lambda w: 1 / np.sqrt(w)), W)
        return np.sum(np.tanh(Z) * W)

    def kalman(P):
        x = Y
        for _ in range(2):
            S = P[:2, :2] + np.eye(2)
            K = np.linalg.solve(S, P[:2]).T
            P, x = P - np.dot(K, P[:2]), x + np.dot(K, Y[:2] - x[:2])
            P = (P + P.T) / 2 + 0.1 * np.eye(4)
        return np.dot(x, x) + np.trace(P)

    def connectivity(X):
        A = X**2 * (1 - np.eye(4))
        w, _ = np.linalg.eigh(np.diag(np.sum(A, axis=1)) - A)
        return w[1]

    def generalized(X):
        half = np.linalg.inv(np.linalg.cholesky(B))
        return np.linalg.eigh(np.dot(np.dot(half, X), half.T))[0][-1]

    def softmax(X):
        E = np.exp(np.dot(X, W) - 3.0)
        return np.sum(np.dot(E / np.sum(E, axis=1, keepdims=True), X))

    def blocks(X):
        M = np.concatenate([np.concatenate([X, W], axis=1), np.concatenate([W.T, 5 * B], axis=1)])
        return np.linalg.slogdet(M)[1]

    def pieces(X):
        kinked = np.where(X > 0.3, X, 2 * X)
        return np.sum(kinked * W) + np.sum(np.maximum(X, 0.1) ** 2) + np.std(X)

    def contracted(X):
        return np.einsum("ij,jk,kl,il->", X, W, X, W) + np.sum(np.kron(X, W[:2, :2]) ** 2)

    return {
        "log-Euclidean": lambda X: np.sum((by_eigh(X, np.log) - W) ** 2),
        "nuclear norm": lambda X: np.linalg.norm(np.dot(X, W), "nuc"),
        "pseudoinverse": lambda X: np.sum(np.linalg.pinv(np.dot(X, W[:, :3])) * W[:3]),
        **{
            f.__name__: f
            for f in (
                *(gaussian_process, stein, affine_invariant, newton_schulz, whitening, kalman),
                *(connectivity, generalized, softmax, blocks, pieces, contracted),
            )
        },
    }


def one_entry_doubled(G):
    """One entry off the diagonal, the largest, in both triangles."""
    S = (G + G.T) / 2
    i, j = numpy.unravel_index(numpy.argmax(numpy.abs(numpy.tril(S, -1))), S.shape)
    wrong = S.copy()
    wrong[i, j] = wrong[j, i] = 2 * S[i, j]
    return wrong


PLANTED = {
    "a factor": lambda G: G * (1 + 1e-8),
    "one entry doubled": one_entry_doubled,
    "one triangle dropped": lambda G: numpy.tril((G + G.T) / 2),
}
"""Gradients that are wrong."""


def overlap(one, other):
    """Whether two enclosures of the value and of the gradient have something in common."""
    apart = abs(one.value - other.value) > one.value_radius + other.value_radius
    entries = numpy.abs(one.gradient - other.gradient) > one.radius + other.radius
    return not (apart or entries.any())
