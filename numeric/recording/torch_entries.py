"""The operations of PyTorch on entries, made of those of a record."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value
from symgrad.numeric.recording.torch_rules import Answer, Executed, rule

# entry by entry

SAME = (
    "neg", "exp", "expm1", "log", "log1p", "sqrt", "reciprocal", "sin", "cos", "tan", "asin",
    "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "lgamma", "digamma",
    "abs",
)  # fmt: skip
UNARY = {**dict(zip(SAME, SAME, strict=True)), "sigmoid": "logistic", "special_digamma": "digamma"}


@rule(*UNARY)
def _unary(e: Executed) -> Answer:
    return e.tape.unary(UNARY[e.name], e.value("self"))  # type: ignore[arg-type]


@rule("positive", "alias_copy", "nan_to_num")
def _same(e: Executed) -> Answer:
    v = e.value("self")
    if not np.isfinite(v.floats).all():
        raise UnsupportedError("numbers that are not finite")
    return v


@rule("add", "sub", "rsub", "subtract")
def _add(e: Executed) -> Answer:
    a, b = e.value("self"), e.value("other")
    alpha = e.get("alpha", 1)
    if e.name == "rsub":
        a, b = b, a if alpha == 1 else e.tape.binary("mul", a, e.rounded(alpha))
    elif alpha != 1:
        b = e.tape.binary("mul", b, e.rounded(alpha))
    return e.tape.binary("add" if e.name == "add" else "sub", a, b)


@rule("mul")
def _mul(e: Executed) -> Answer:
    return e.tape.binary("mul", e.value("self"), e.value("other"))


@rule("div", "floor_divide")
def _div(e: Executed) -> Answer:
    found = e.tape.binary("div", e.value("self"), e.value("other"))
    mode = e.get("rounding_mode", "floor" if e.name == "floor_divide" else None)
    return found if mode is None else _whole(e.tape, found, mode)


@rule("remainder", "fmod")
def _remainder(e: Executed) -> Answer:
    t, a, b = e.tape, e.value("self"), e.value("other")
    times = _whole(t, t.binary("div", a, b), "floor" if e.name == "remainder" else "trunc")
    return t.binary("sub", a, t.binary("mul", times, b))


ROUND: dict[str, Callable[[Array], Array]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.round,
    "trunc": np.trunc,
}


def _whole(t: Tape, v: Value, how: str) -> Value:
    return t.const(c.floor(t, v, ROUND[how], how))


@rule(*ROUND, "fix")
def _round(e: Executed) -> Answer:
    if e.get("decimals", 0):
        raise UnsupportedError("rounding to decimals; round a multiple")
    return _whole(e.tape, e.value("self"), "trunc" if e.name == "fix" else e.name)


@rule("frac")
def _frac(e: Executed) -> Answer:
    v = e.value("self")
    return e.tape.binary("sub", v, _whole(e.tape, v, "trunc"))


@rule("pow")
def _pow(e: Executed) -> Answer:
    t, exponent = e.tape, e.value("exponent")
    if exponent.size == 1 and not exponent.depends:
        return t.power(e.value("self"), float(exponent.floats.item()))
    return t.unary("exp", t.binary("mul", exponent, t.unary("log", e.value("self"))))


@rule("square")
def _square(e: Executed) -> Answer:
    return e.tape.binary("mul", e.value("self"), e.value("self"))


@rule("rsqrt")
def _rsqrt(e: Executed) -> Answer:
    return e.tape.unary("reciprocal", e.tape.unary("sqrt", e.value("self")))


@rule("log2", "log10")
def _log(e: Executed) -> Answer:
    base = math.log(2 if e.name == "log2" else 10)
    return e.tape.binary("div", e.tape.unary("log", e.value("self")), base)


@rule("exp2", "special_exp2")
def _exp2(e: Executed) -> Answer:
    return e.tape.unary("exp", e.tape.binary("mul", e.value("self"), math.log(2)))


@rule("erfc", "special_erfc")
def _erfc(e: Executed) -> Answer:
    return e.tape.binary("sub", 1.0, e.tape.unary("erf", e.value("self")))


@rule("logit")
def _logit(e: Executed) -> Answer:
    t, v = e.tape, e.value("self")
    if e.get("eps") is not None:
        v = t.binary("min", t.binary("max", v, e.get("eps")), 1 - e.get("eps"))
    return t.binary("sub", t.unary("log", v), t.unary("log1p", t.unary("neg", v)))


@rule("maximum", "fmax", "minimum", "fmin")
def _larger(e: Executed) -> Answer:
    operation: Any = "max" if e.name in ("maximum", "fmax") else "min"
    return e.tape.binary(operation, e.value("self"), e.value("other"))


@rule("clamp", "clamp_min", "clamp_max", "hardtanh")
def _clamp(e: Executed) -> Answer:
    v = e.value("self")
    for name, operation in (("min", "max"), ("max", "min")):
        given = f"{name}_val" if e.name == "hardtanh" else name
        if e.get(given) is not None:
            v = e.tape.binary(operation, v, e.value(given))  # type: ignore[arg-type]
    return v


@rule("xlogy", "special_xlog1py")
def _xlogy(e: Executed) -> Answer:
    log = "log" if e.name == "xlogy" else "log1p"
    logs = e.tape.unary(log, e.value("other"))  # type: ignore[arg-type]
    return e.tape.binary("mul", e.value("self"), logs)


@rule("special_entr")
def _entropy(e: Executed) -> Answer:
    v = e.value("self")
    return e.tape.unary("neg", e.tape.binary("mul", v, e.tape.unary("log", v)))


@rule("lerp")
def _lerp(e: Executed) -> Answer:
    t, a = e.tape, e.value("self")
    return t.binary(
        "add", a, t.binary("mul", e.value("weight"), t.binary("sub", e.value("end"), a))
    )


@rule("addcmul", "addcdiv")
def _addc(e: Executed) -> Answer:
    operation: Any = "mul" if e.name == "addcmul" else "div"
    product = e.tape.binary(operation, e.value("tensor1"), e.value("tensor2"))
    return e.tape.binary(
        "add", e.value("self"), e.tape.binary("mul", e.rounded(e.get("value", 1)), product)
    )


@rule("hypot")
def _hypot(e: Executed) -> Answer:
    t, a, b = e.tape, e.value("self"), e.value("other")
    return t.unary("sqrt", t.binary("add", t.binary("mul", a, a), t.binary("mul", b, b)))


@rule("logaddexp")
def _logaddexp(e: Executed) -> Answer:
    a, b = e.value("self"), e.value("other")
    both = np.broadcast_shapes(a.shape, b.shape)
    rows = [e.tape.reshape(e.tape.broadcast(v, both), (1, *both)) for v in (a, b)]
    return c.logsumexp(e.tape, e.tape.reshape(e.tape.cat(rows), (2, *both)), (0,))


@rule("atan2")
def _atan2(e: Executed) -> Answer:
    """2 atan (y/(r + x)), or 2 atan ((r − x)/y) where x < 0, which is the same."""
    t, y, x = e.tape, e.value("self"), e.value("other")
    r = t.unary("sqrt", t.binary("add", t.binary("mul", x, x), t.binary("mul", y, y)))
    is_left = np.broadcast_to(x.floats < 0, r.shape)
    above = c.where(t, is_left, t.binary("sub", r, x), y)
    below = c.where(t, is_left, y, t.binary("add", r, x))
    return t.binary("mul", 2.0, t.unary("atan", t.binary("div", above, below)))


@rule("copysign")
def _copysign(e: Executed) -> Answer:
    signs = e.tape.signs(e.value("other"), "copysign")
    return e.tape.binary("mul", e.tape.unary("abs", e.value("self")), signs)


@rule("mvlgamma")
def _mvlgamma(e: Executed) -> Answer:
    t, v, p = e.tape, e.value("self"), e.get("p")
    wide = t.broadcast(t.reshape(v, (*v.shape, 1)), (*v.shape, p))
    terms = t.unary("lgamma", t.binary("sub", wide, np.arange(p) / 2))
    return t.binary("add", t.sum(terms, (-1,)), p * (p - 1) / 4 * math.log(math.pi))


# activations


@rule("relu")
def _relu(e: Executed) -> Answer:
    return e.tape.binary("max", e.value("self"), 0.0)


@rule("leaky_relu", "elu")
def _of_both_signs(e: Executed) -> Answer:
    t, v = e.tape, e.value("self")
    low = t.binary("min", v, 0.0)
    if e.name == "elu":
        scaled = t.binary("mul", low, e.rounded(e.get("input_scale", 1)))
        low = t.binary("mul", t.unary("expm1", scaled), e.rounded(e.get("alpha", 1)))
    else:
        low = t.binary("mul", low, e.rounded(e.get("negative_slope", 0.01)))
    return t.binary(
        "mul", t.binary("add", t.binary("max", v, 0.0), low), e.rounded(e.get("scale", 1))
    )


@rule("softplus")
def _softplus(e: Executed) -> Answer:
    t, v, beta = e.tape, e.value("self"), e.rounded(e.get("beta", 1))
    scaled = t.binary("mul", v, beta)
    is_large = t.compare(scaled, e.rounded(e.get("threshold", 20)), "softplus") > 0
    small = c.where(t, is_large, 0.0, scaled)  # lest exp overflows
    return c.where(t, is_large, v, t.binary("div", t.unary("log1p", t.unary("exp", small)), beta))


@rule("log_sigmoid_forward", "log_sigmoid")
def _log_sigmoid(e: Executed) -> Answer:
    t, v = e.tape, e.value("self")
    found = t.unary("neg", t.unary("log1p", t.unary("exp", t.unary("neg", v))))
    return (found, None) if isinstance(e.out, tuple) else found


@rule("silu")
def _silu(e: Executed) -> Answer:
    v = e.value("self")
    return e.tape.binary("mul", v, e.tape.unary("logistic", v))


@rule("gelu")
def _gelu(e: Executed) -> Answer:
    t, v = e.tape, e.value("self")
    if e.get("approximate", "none") == "tanh":
        cube = t.binary("mul", t.power(v, 3), 0.044715)
        inner = t.unary("tanh", t.binary("mul", t.binary("add", v, cube), math.sqrt(2 / math.pi)))
    else:
        inner = t.unary("erf", t.binary("mul", v, math.sqrt(0.5)))
    return t.binary("mul", t.binary("mul", 0.5, v), t.binary("add", 1.0, inner))
