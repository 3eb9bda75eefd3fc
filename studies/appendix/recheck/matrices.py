"""Matrices by rows: of exact numbers, and of intervals."""

from .intervals import ImpreciseError, Interval, UndefinedError, dot, lift, sqrt


def identity(n):
    return [[int(i == j) for j in range(n)] for i in range(n)]


def outer(u, v):
    return [[a * b for b in v] for a in u]


def transpose(A):
    return [list(row) for row in zip(*A)]


def plus(A, B):
    return [[a + b for a, b in zip(*pair)] for pair in zip(A, B)]


def scaled(c, A):
    return [[a * c for a in row] for row in A]


def exact_product(A, B):
    columns = list(zip(*B))
    return [[sum(a * b for a, b in zip(row, column)) for column in columns] for row in A]


def trace(A):
    return sum(A[i][i] for i in range(len(A)))


def characteristic(N):
    """(c, adj N) of integers: det(λI − N) = Σ c_k λ^(n−k), by Faddeev and LeVerrier."""
    n, c, M = len(N), [1], identity(len(N))
    for k in range(1, n + 1):
        last, NM = M, exact_product(N, M)
        c.append(-trace(NM) // k)
        M = [[x + c[-1] * (i == j) for j, x in enumerate(row)] for i, row in enumerate(NM)]
    return c, scaled((-1) ** (n - 1), last)


def enclosed(A):
    """A matrix of exact numbers as one of intervals."""
    return [[lift(a) for a in row] for row in A]


def product(*factors):
    """The product of matrices of intervals, from the left."""
    A = factors[0]
    for B in factors[1:]:
        columns = list(zip(*B))
        A = [[dot(row, column) for column in columns] for row in A]
    return A


def combined(weights, matrices):
    """Σ weight·matrix."""
    n = range(len(matrices[0]))
    return [[dot(weights, [M[i][j] for M in matrices]) for j in n] for i in n]


def inner(A, B):
    return dot([a for row in A for a in row], [b for row in B for b in row])


def cholesky(A):
    """The lower triangular L with a positive diagonal and A = L Lᵀ."""
    n = len(A)
    L = [[Interval(0)] * n for _ in range(n)]
    for j in range(n):
        for i in range(j, n):
            rest = A[i][j] - dot(L[i][:j], L[j][:j])
            L[i][j] = sqrt(rest) if i == j else rest / L[j][j]
    return L


def triangular_inverse(L):
    """L⁻¹ by substitution."""
    n = len(L)
    R = [[Interval(0)] * n for _ in range(n)]
    for j in range(n):
        for i in range(j, n):
            R[i][j] = (int(i == j) - dot(L[i][j:i], [R[k][j] for k in range(j, i)])) / L[i][i]
    return R


def integer_triangular_inverse(B):
    """T⁻¹ of B = T Tᵀ, T unit lower triangular, all of integers."""
    n, rows, inverse = len(B), [list(row) for row in B], identity(len(B))
    for k in range(n):
        if rows[k][k] != 1:
            raise UndefinedError("B is no product T Tᵀ of integers")
        for i in range(k + 1, n):
            c = rows[i][k]
            rows[i] = [x - c * y for x, y in zip(rows[i], rows[k])]
            inverse[i] = [x - c * y for x, y in zip(inverse[i], inverse[k])]
    return inverse


def solved(A, B):
    """(A⁻¹B, det A), by elimination with the largest pivot of each column."""
    n, det = len(A), lift(1)
    rows = [[*a, *b] for a, b in zip(A, B)]
    for k in range(n):
        best = max(range(k, n), key=lambda i: abs(rows[i][k].m) - rows[i][k].r)
        pivot = rows[best][k]
        if all(row[k].size() == 0 for row in rows[k:]):
            raise UndefinedError("a matrix is singular")
        if abs(pivot.m) <= pivot.r:
            raise ImpreciseError("a matrix may be singular")
        rows[k], rows[best] = rows[best], rows[k]
        det = det * (pivot if best == k else -pivot)
        for i in range(n):
            if i != k and rows[i][k].size():
                c = rows[i][k] / pivot
                rest = [x - c * y for x, y in zip(rows[i][k + 1 :], rows[k][k + 1 :])]
                rows[i] = [*rows[i][:k], Interval(0), *rest]
    return [[x / rows[k][k] for x in rows[k][n:]] for k in range(n)], det


def determinant(A):
    try:
        return solved(A, A)[1] if A else lift(1)
    except UndefinedError:
        return Interval(0)


def cofactors(A):
    """∂ det A/∂A, by its minors."""
    n = range(len(A))

    def minor(i, j):
        rest = [[A[a][b] for b in n if b != j] for a in n if a != i]
        return determinant(rest) * (-1) ** (i + j)

    return [[minor(i, j) for j in n] for i in n]


def eliminated(A):
    """L − I + U of A = L U, without exchanges of rows."""
    M = [list(row) for row in A]
    for k in range(len(M)):
        for i in range(k + 1, len(M)):
            M[i][k] = M[i][k] / M[k][k]
            for j in range(k + 1, len(M)):
                M[i][j] = M[i][j] - M[i][k] * M[k][j]
    return M


def expm(A):
    """exp A by Taylor's series of A/2^k, of norm below 1/16, and squaring."""
    size = max(sum(x.size() for x in row) for row in A)
    k = max(0, size.bit_length() - Interval.bits + 4)
    if k > 16:
        raise ImpreciseError("the exponential of a matrix beyond 4096")
    small = [[Interval(x.m >> k, (x.r >> k) + 2 * (k > 0)) for x in row] for row in A]
    total = term = enclosed(identity(len(A)))
    for j in range(1, Interval.bits // 4 + 2):
        term = [[x / j for x in row] for row in product(term, small)]
        total = plus(total, term)
    total = [[Interval(x.m, x.r + 1) for x in row] for row in total]
    for _ in range(k):
        total = product(total, total)
    return total
