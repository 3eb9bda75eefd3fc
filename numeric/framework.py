"""What every framework's file defines: a subclass of this one."""


class BaseFramework:
    """One framework, asked for values and gradients in its own idiom.

    ``namespace`` is what its users write before a dot (``torch``, ``tf``, ``jnp``), ``version``
    that of the installed framework, and ``routes`` maps function name → route → callable, a
    route being one public call as a user types it.
    """

    namespace = None
    version = ""
    routes = {}

    def array(self, values, dtype):
        """The framework's own constant array."""
        raise NotImplementedError

    def differentiate(self, route, X, constants, dtype):
        """(f(X), G, dtype of G) of the route, computed in ``dtype``; X and G are n×n in float64."""
        raise NotImplementedError

    def evaluate(self, route, X, constants, dtype):
        """f(X) of the route, the forward pass alone, computed in ``dtype``; X is n×n in float64."""
        raise NotImplementedError

    def apply(self, route, x, constants):
        """The route's value at the framework's own array x (n×n), checked to be a scalar."""
        arrays = {
            key: self.array(value, x.dtype) if isinstance(value, list) else value
            for key, value in constants.items()
        }
        value = route(x, **arrays)
        if isinstance(value, complex) or "complex" in str(getattr(value, "dtype", "")):
            raise TypeError("the value is complex, a real scalar was expected")
        if getattr(value, "shape", ()) != ():
            shape = "×".join(map(str, value.shape))
            raise TypeError("the route gave an array of shape %s, not a scalar" % shape)
        return value

    def document(self, name):
        """The docstring of a public call, as ``linalg.eigh``; empty where there is none."""
        target = self.namespace
        for part in name.split("."):
            target = getattr(target, part, None)
        return target.__doc__ or ""
