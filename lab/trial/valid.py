"""Valid gradients of random conventions, S + K with K skew of any size: none may be convicted.

A gradient is stored, so that K of the size of S/u rounds S away: nothing is left to be judged, and
the honest verdict is a refusal.  The rounding of S + K is done here as the dtype does it.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from lab.trial.scenes import Gradient, Scene, gradient_of, in_dtype
from symgrad.court.formats import COMPLEX, REAL
from symgrad.court.judging.judge import judge

LARGEST = {"float64": 306.0, "float32": 37.0, "float16": 3.0, "bfloat16": 37.0}
"""The power of ten that K stays below in each."""
SMALLEST = -12.0
TOPS, SHARES = (12.0, 24.0, 306.0), (0.7, 0.25, 0.05)
"""K is drawn up to these powers of ten of S, so often."""
BANDS = (0, 3, 8, 12, 16)
"""Powers of ten of ‖K‖/‖S‖ that the table is cut at."""
SMALL = 3
"""K up to 10³ times as large as S has to be seen through in double precision."""


class Valid(NamedTuple):
    """A valid gradient, and how large its K is, in powers of ten of S."""

    G: Gradient
    power: float


class Band(Struct, frozen=True):
    """How many valid gradients of one dtype had which verdict; ``above`` bounds ‖K‖/‖S‖ below."""

    dtype: str
    above: str
    gradients: int = 0
    agrees: int = 0
    vacuous: int = 0
    alarms: int = 0

    def __add__(self, other: Band) -> Band:
        """The counts of both together."""
        counts = (self.gradients, self.agrees, self.vacuous, self.alarms)
        others = (other.gradients, other.agrees, other.vacuous, other.alarms)
        return Band(self.dtype, self.above, *(a + b for a, b in zip(counts, others, strict=True)))


def judge_valid(scene: Scene, count: int) -> Iterator[tuple[Band, str]]:
    """The verdicts on ``count`` valid gradients, with what is wrong with each that is.

    Two in three are in double precision, the others in one of the shorter dtypes in turn.
    """
    rng = np.random.default_rng(zlib.crc32(scene.name.encode()))
    names = ["float32"] if scene.is_hermitian else ["float32", "float16", "bfloat16"]
    short = names[int(rng.integers(len(names)))]
    references = {"float64": scene.reference, short: in_dtype(scene, short)}
    for number in range(count):
        real = "float64" if number % 3 else short
        reference = references[real]
        if reference.refusal or reference.value is None:
            continue
        dtype = COMPLEX[real] if scene.is_hermitian else real
        valid = draw(rng, gradient_of(reference), real)
        value = float(reference.value.mid)
        verdict = judge(reference, scene.report(valid.G, dtype, value), dtype)
        vacuous = verdict.verdict == "refused" and verdict.is_said("vacuous", "out of range")
        agrees = verdict.verdict == "agrees"
        alarm = not agrees and not vacuous
        shy = vacuous and real == "float64" and valid.power < SMALL
        band = Band(dtype, _band(valid.power), 1, int(agrees), int(vacuous), int(alarm or shy))
        said = f"{scene.name}, K of 10^{valid.power:.1f}: {verdict.verdict}, {verdict.reason}"
        yield band, said if alarm or shy else ""


def draw(rng: np.random.Generator, S: Gradient, real: str) -> Valid:
    """S + K, rounded to the dtype whose real parts are ``real``: K random, sparse or made of S."""
    M = rng.standard_normal(S.shape) + 1j * rng.standard_normal(S.shape)
    kind = rng.integers(4)
    if kind == 1:  # few entries
        M *= rng.random(S.shape) < 1 / len(S)
    if kind == 2:  # every entry of S shared out between the two places at will
        M = S * M.real
    K = np.asarray((M - M.conj().T) if np.iscomplexobj(S) else (M - M.T).real)
    if kind == 3:  # one triangle, doubled
        K = np.asarray(np.tril(S, -1) - np.triu(S, 1)) * rng.choice((-1, 1))
    size, scale = (float(np.max(np.abs(A))) for A in (K, S))
    if kind < 3 and size > 0 and scale > 0:
        top = min(LARGEST[real] - max(0.0, math.log10(scale)), float(rng.choice(TOPS, p=SHARES)))
        K *= 10 ** rng.uniform(SMALLEST, top) * (scale / size)
    with np.errstate(invalid="ignore"):
        G = rounded(S + K, REAL[real][0])
    G = G.conj() if rng.random() < 0.5 else G
    relative = float(np.max(np.abs(K))) / scale if scale > 0 else 0.0
    return Valid(G, math.log10(relative) if relative > 0 else -math.inf)


def rounded(G: Gradient, bits: int) -> Gradient:
    """G with so many bits to each real number, ties to even; what is tiny is not cut off."""
    if np.iscomplexobj(G):
        return np.asarray(rounded(G.real, bits) + 1j * rounded(G.imag, bits))
    mantissa, exponent = np.frexp(G)
    return np.asarray(np.ldexp(np.rint(np.ldexp(mantissa, bits)), exponent - bits))


def _band(power: float) -> str:
    """The largest bound of the table that K is above."""
    above = [f"10^{bound}" for bound in BANDS if power > bound]
    return above[-1] if above else "0"
