"""The tests; those that are not slow ask PyTensor in the mode that compiles fast.

Its default one, Numba's, takes seconds for each graph that it has not met.
"""

import os

os.environ.setdefault("PYTENSOR_FLAGS", "mode=FAST_COMPILE")
