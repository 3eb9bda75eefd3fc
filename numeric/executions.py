"""Routes that are executed otherwise than by default: compiled, on a batch, or in a mode.

Written for Python 3.6.
"""

import functools


def compiled(compiler):
    """What makes a route one that the compiler runs: once for all arrays of the same numbers.

    The constants that are numbers, as an index, are constants of the program too.
    """

    def execution(route):
        @functools.lru_cache(maxsize=None)
        def program(numbers):
            return compiler(functools.partial(route, **dict(numbers)))

        def run(X, **constants):
            numbers = tuple(sorted((k, c) for k, c in constants.items() if isinstance(c, int)))
            arrays = {k: c for k, c in constants.items() if not isinstance(c, int)}
            return program(numbers)(X, **arrays)

        return run

    return execution


def batched(vmap):
    """What makes a route one that is mapped over a batch, of one matrix."""

    def execution(route):
        def run(X, **constants):
            return vmap(functools.partial(route, **constants))(X[None])[0]

        return run

    return execution


class Multiplying:
    """A mode of the framework that says in which format it multiplies numbers of float32.

    ``context()`` lasts as long as the mode.
    """

    def __init__(self, products, context):
        self.products = products
        self.context = context

    def __call__(self, route):
        """The same route."""
        return route
