"""What every framework's file defines: a subclass of this one."""

import contextlib

import numpy as np


class BaseFramework:
    """One framework, asked for values and gradients in its own idiom.

    ``namespace`` is what its users write before a dot (``torch``, ``tf``, ``jnp``), ``version``
    that of the installed framework, and ``routes`` maps function name → route → callable, a
    route being one public call as a user types it.  ``declines`` are words in lower case by
    which it says that a call or its derivative does not exist, mostly in a dtype; what it raises as
    a NotImplementedError says so by itself; ``absent`` are words by which Python says of a former
    version that it does not have what a route calls.  It runs
    as it does for users who say nothing; ``executions`` are further ways, by what a user types for
    them (``jax.jit``): each makes of a route the one that runs so.  ``hessians`` are the ways in
    which it differentiates twice, as :mod:`symgrad.numeric.hessians` names them, and ``jacobians``
    those in which it gives one as a whole, F and x → J.  ``products`` is the format in which it
    multiplies numbers of float32 if nothing is said, where that is a coarser one.

    X is n×n: real symmetric in float64, or Hermitian in complex128 where ``dtype`` is complex.
    """

    namespace = None
    version = ""
    routes = {}
    has_forward_mode = False
    hessians = {}
    jacobians = {}
    declines = ()
    absent = ()
    executions = {}
    products = ""

    def configure(self):
        """Set in a worker's process, once, under what the framework is asked there."""

    def use(self, device):
        """Compute on the device ``cuda``, or ``cpu``, from now on; its name, with its libraries.

        Raises:
            LookupError: there is none, as far as the framework can see.
        """
        raise LookupError("it is asked on the CPU alone")

    def array(self, values, dtype):
        """The framework's own constant array; ``dtype`` is one that an array of its own has."""
        raise NotImplementedError

    def value_at(self, f, X, dtype):
        """What a user's callable gives at numbers, of any shape."""
        return f(self.array(X, self.dtype_of(dtype)))

    def written(self, f, n):
        """A user's callable of n×n matrices as a route, for as long as one question takes."""
        return f

    def differentiate(self, route, X, constants, dtype):
        """(f(X), G, dtype of G) of the route, computed in ``dtype`` by reverse mode; G is n×n."""
        raise NotImplementedError

    def evaluate(self, route, X, constants, dtype):
        """f(X) of the route, the forward pass alone, computed in ``dtype``."""
        raise NotImplementedError

    def derivative_along(self, route, X, E, constants, dtype):
        """The derivative of f at X along E (n×n, symmetric or Hermitian), by forward mode."""
        raise NotImplementedError

    def differentiate_forward(self, route, X, constants, dtype):
        """The symmetric (Hermitian) gradient S, n×n, by forward mode along every such direction.

        The directions E are orthogonal, so that S = Σ f′(X; E)·E/‖E‖².
        """
        S = np.zeros(X.shape, X.dtype)
        for E in directions(len(X), np.iscomplexobj(X)):
            slope = self.derivative_along(route, X, E, constants, dtype)
            S += slope * E / np.sum(np.abs(E) ** 2)
        return S

    def differentiate_twice(self, way, route, X, E, constants, dtype):
        """(⟨∇f(X), E⟩, G, dtype of G), G the gradient of X → ⟨∇f(X), E⟩ (n×n), by one of the ways.

        E is n×n, real and symmetric.
        """
        raise NotImplementedError

    def jacobian(self, mode, F, X, dtype):
        """(F(X), J, dtype of J) by one of the ``jacobians``; J has the shape of F(X), then n×n."""
        if np.iscomplexobj(X):
            raise NotImplementedError("a Jacobian as a whole is asked of real matrices")
        x = self.array(X, self.dtype_of(dtype))
        J = self.jacobians[mode](F, x)
        return np.asarray(F(x), float), np.asarray(J, float), self.name_of(J.dtype)

    def dtype_of(self, name):
        """The framework's own dtype of that name."""
        return name

    def name_of(self, dtype):
        """The name of one of its own dtypes."""
        return str(dtype)

    def real(self, value):
        """The real part of the framework's own complex scalar."""
        return value.real

    def apply(self, route, x, constants):
        """The route's value at the framework's own array x (n×n), checked to be a real scalar.

        At a complex x it is the real part of the value: f(X) is real at a Hermitian X.
        """
        arrays = {
            key: self.array(numbers(value), x.dtype) if isinstance(value, (list, dict)) else value
            for key, value in constants.items()
        }
        value = route(x, **arrays)
        if _is_complex(value):
            if not _is_complex(x):
                raise TypeError("the value is complex, a real scalar was expected")
            value = self.real(value)
        if tuple(getattr(value, "shape", ())) != ():
            shape = "×".join(map(str, value.shape))
            raise TypeError("the route gave an array of shape %s, not a scalar" % shape)
        return value

    def preserving(self):
        """A context after which the framework draws the random numbers that it would have drawn."""
        return contextlib.ExitStack()

    def tidy(self):
        """Called after each problem: drop what need not be kept for the next one."""

    def is_worn(self):
        """Asked after each problem: whether another process should go on, as this one has grown."""
        return False

    def document(self, name):
        """The docstring of a public call, as ``linalg.eigh``; empty where there is none."""
        target = self.namespace
        for part in name.split("."):
            target = getattr(target, part, None)
        return target.__doc__ or ""


def numbers(constant):
    """What ``array`` takes of a vector or a matrix by rows.

    A complex W comes conjugated: the routes compute Σ W_ij F_ij, of which the real part is then the
    inner product of W and F.
    """
    if not isinstance(constant, dict):
        return constant
    return np.array(constant["real"]) - 1j * np.array(constant["imaginary"])


def directions(n, hermitian=False):
    """The orthogonal directions E_ii, E_ij + E_ji and, if Hermitian, i(E_ij − E_ji); each n×n."""
    for i in range(n):
        for j in range(i + 1):
            E = np.zeros((n, n), complex if hermitian else float)
            E[i, j] = E[j, i] = 1
            yield E
            if hermitian and i != j:
                E = np.zeros((n, n), complex)
                E[i, j], E[j, i] = 1j, -1j
                yield E


def _is_complex(value):
    return isinstance(value, complex) or "complex" in str(getattr(value, "dtype", ""))
