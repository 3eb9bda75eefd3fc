"""How the graphs of Theano, and of Aesara that followed it, are differentiated and run."""

import numpy as np

from symgrad.numeric.framework import BaseFramework


class Graphs(BaseFramework):
    """Graphs, compiled once for each route and dtype; the constants are inputs too.

    ``library`` is ``theano`` or ``aesara``, ``namespace`` its module of tensors.
    """

    library = None

    def __init__(self):
        self._compiled = {}
        self._mode = self.library.Mode(linker="py", optimizer="fast_run")

    def differentiate(self, route, X, constants, dtype):
        value, gradient = self._call(self._gradient, route, X, constants, dtype)
        return float(value), np.asarray(gradient, X.dtype), str(gradient.dtype)

    def evaluate(self, route, X, constants, dtype):
        return float(self._call(_value, route, X, constants, dtype))

    def _call(self, wanted, route, X, constants, dtype):
        """What is ``wanted`` of the route, at numbers."""
        T = self.namespace
        arrays = {
            key: np.array(value, dtype if isinstance(value, list) else "int64")
            for key, value in constants.items()
        }
        job = (wanted, route, dtype, *arrays)
        if job not in self._compiled:
            x = T.matrix(dtype=dtype)
            inputs = {
                key: T.TensorType(array.dtype, (False,) * array.ndim)()
                for key, array in arrays.items()
            }
            output = wanted(self.apply(route, x, inputs), x)
            self._compiled[job] = self.library.function(
                [x, *inputs.values()], output, mode=self._mode, on_unused_input="ignore"
            )
        return self._compiled[job](X.astype(dtype), *arrays.values())

    def _gradient(self, value, x):
        return [value, self.library.grad(value, x)]


def _value(value, x):
    return value
