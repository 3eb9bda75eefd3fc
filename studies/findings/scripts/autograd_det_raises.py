"""det X at X = [[1, 1], [1, 1]]: its gradient is the adjugate, [[1, −1], [−1, 1]]."""

import autograd.numpy as anp
import numpy as np
from autograd import grad

x = np.ones((2, 2))
print("value", anp.linalg.det(x))
try:
    print(grad(anp.linalg.det)(x))
except np.linalg.LinAlgError as error:
    print("raised", error)
