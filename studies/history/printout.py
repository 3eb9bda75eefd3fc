"""What the reference experiment printed when the question was asked, digit for digit.

Three gradients of the smallest eigenvalue of :func:`symgrad.studies.experiment.rule.matrix`, to
three decimals: the analytic one, v₀v₀ᵀ from NumPy's ``eigh``, that of PyTorch 1.0.1 and that of
TensorFlow 1.14.0.  They are typed in, as data of what was printed then; what is true and what is
reported is computed.
"""

from __future__ import annotations

from typing import NamedTuple


class Printed(NamedTuple):
    """One matrix, who printed it, and by which route."""

    title: str
    framework: str
    route: str
    rows: tuple[tuple[float, ...], ...]


PRINTED = (
    Printed(
        "analytic",
        "numpy",
        "np.linalg.eigh(UPLO='L')",
        (
            (0.312, -0.204, -0.398, -0.12),
            (-0.204, 0.133, 0.26, 0.079),
            (-0.398, 0.26, 0.509, 0.154),
            (-0.12, 0.079, 0.154, 0.046),
        ),
    ),
    Printed(
        "PyTorch 1.0.1",
        "torch@1.0.1",
        "torch.symeig(eigenvectors=True, upper=True)",
        (
            (0.312, -0.407, -0.797, -0.241),
            (0.0, 0.133, 0.52, 0.157),
            (0.0, 0.0, 0.509, 0.308),
            (0.0, 0.0, 0.0, 0.046),
        ),
    ),
    Printed(
        "TensorFlow 1.14.0",
        "tensorflow@1.14.0",
        "tf.linalg.eigh",
        (
            (0.312, 0.0, 0.0, 0.0),
            (-0.407, 0.133, 0.0, 0.0),
            (-0.797, 0.52, 0.509, 0.0),
            (-0.241, 0.157, 0.308, 0.046),
        ),
    ),
)
DECIMALS = 3
