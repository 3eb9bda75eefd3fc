"""What a route answers: value and gradient and what it reads, or its error and whose that is.

Written for Python 3.6, NumPy and one framework.
"""

import dis
import json
import os
import traceback

import numpy as np

from symgrad.court import formats
from symgrad.numeric import reads, transport

LARGE = 100
"""Above n = LARGE a route is asked once: its gradient takes as long as all the rest."""


def _call(method, *arguments):
    """Call what runs a route.  A process that the route forked ends there: one alone may answer."""
    process = os.getpid()
    try:
        return method(*arguments)
    finally:
        if os.getpid() != process:
            os._exit(0)


def give(framework, route, request, beat):
    """What a route says of what is asked, in one mode of differentiation after the other.

    Before each comes what is about to be asked.  ``beat()`` is called whenever something of it has
    been done.
    """
    if request["query"]["operator"] == "hvp":
        return _hessians(framework, route, request, beat)
    if request.get("jacobian"):
        return _jacobian(framework, route, request)
    return _gradients(framework, route, request, beat)


def _hessians(framework, route, request, beat):
    """The Hessian along a direction, in each way that the framework has."""
    X = transport.unpack(request["matrix"])
    E = np.array(request["query"]["direction"], X.dtype).reshape(X.shape)
    constants, dtype = request["constants"], request["dtype"]
    only = request["query"]["way"]
    if not framework.hessians:
        yield {"asks": "reverse over reverse"}
        error = "it differentiates once"
        yield {"error": error, "declined": True, "exhausted": False, "mode": "reverse over reverse"}
    for way in [only] if only else framework.hessians:
        yield {"asks": way}
        try:
            value, G, found = _call(
                framework.differentiate_twice, way, route, X.copy(), E.copy(), constants, dtype
            )
            packed = transport.pack(G)
            answer = {"value": value, "gradient": packed, "dtype": found, "reads": None}
        except (Exception, SystemExit) as error:
            answer = _failure(error, framework)
        answer["mode"] = way
        beat()
        yield answer


def _jacobian(framework, route, request):
    """⟨W, F(X)⟩ and its gradient, by the Jacobian of F as a whole; the route has both."""
    mode, W = request["jacobian"], route.cotangent
    X = transport.unpack(request["matrix"])
    yield {"asks": mode}
    try:
        value, J, found = _call(framework.jacobian, mode, route.whole, X, request["dtype"])
        G = transport.pack(np.tensordot(W, J, W.ndim))
        answer = {"value": float(np.sum(W * value)), "gradient": G, "dtype": found, "reads": None}
    except (Exception, SystemExit) as error:
        answer = _failure(error, framework)
    answer["mode"] = mode
    yield answer


def _gradients(framework, route, request, beat):
    """What reverse mode says and, if that was asked for, what forward mode says."""
    X = transport.unpack(request["matrix"])
    constants, dtype = request["constants"], request["dtype"]

    def evaluate(Y):
        beat()
        return _call(framework.evaluate, route, Y, constants, dtype)

    yield {"asks": "reverse"}
    try:
        value, gradient, found = _call(framework.differentiate, route, X.copy(), constants, dtype)
    except (Exception, SystemExit) as error:
        yield _failure(error, framework)
        return
    again = _again(framework, route, X, constants, dtype, (value, gradient, found))
    beat()
    rounded = formats.with_products_in(request.get("products", ""), dtype)
    read = _reads(evaluate, X, rounded) if request["find_reads"] else None
    answer = {"value": value, "gradient": transport.pack(gradient), "dtype": found, "reads": read}
    if request["entrywise"]:
        answer["entrywise"] = _entrywise(evaluate, X)
    if again is not None:
        answer["again"] = again
    yield answer
    if request["forward"] and framework.has_forward_mode:
        yield {"asks": "forward"}
        try:
            S = _call(framework.differentiate_forward, route, X.copy(), constants, dtype)
            answer = {"value": value, "gradient": transport.pack(S), "dtype": found, "reads": read}
        except (Exception, SystemExit) as error:
            answer = _failure(error, framework)
        answer["mode"] = "forward"
        yield answer


def _again(framework, route, X, constants, dtype, first):
    """What the route says when it is asked a second time, if it is not the same to the last bit."""
    if len(X) > LARGE:
        return None
    try:
        value, gradient, found = _call(framework.differentiate, route, X.copy(), constants, dtype)
    except (Exception, SystemExit) as error:
        return _failure(error, framework)
    packed = {"value": value, "gradient": transport.pack(gradient), "dtype": found}
    before = {"value": first[0], "gradient": transport.pack(first[1]), "dtype": first[2]}
    return None if json.dumps(packed) == json.dumps(before) else packed


def _reads(evaluate, X, dtype):
    """What the forward pass reads, or nothing if it rejects a matrix that is not symmetric."""
    try:
        return reads.find(evaluate, X, formats.unit_roundoff(dtype))
    except (Exception, SystemExit):
        return None


def _entrywise(evaluate, X):
    """The slopes in single entries, or nothing if a matrix that is not symmetric is rejected."""
    try:
        return transport.pack(reads.entrywise(evaluate, X))
    except (Exception, SystemExit):
        return None


HERE = os.path.dirname(os.path.abspath(__file__))
FRAMEWORKS = tuple(os.path.join(HERE, room) for room in ("frameworks", "former", "hessians"))

EXHAUSTED = (
    "out of memory",
    "can't allocate memory",
    "resource_exhausted",
    "bad_alloc",
    "failed to allocate",
    "resourceexhausted",
)
"""How the frameworks say that there was no memory left."""

RAISES = [dis.opmap[name] for name in ("RAISE_VARARGS", "RERAISE") if name in dis.opmap]


def _failure(error, framework):
    """The answer of a route that raised an error."""
    text = _describe(error)
    exhausted = isinstance(error, MemoryError) or any(x in text.lower() for x in EXHAUSTED)
    return {"error": text, "declined": _declines(error, framework), "exhausted": exhausted}


def _declines(error, framework):
    """Whether the framework says that it has no such gradient: raised by it, and in words."""
    if not _is_the_frameworks(error):
        return False
    said = str(error).lower()
    in_words = any(phrase in said for phrase in framework.declines)
    is_absent = any(phrase in said for phrase in framework.absent) and _is_of_a_route(error)
    return isinstance(error, NotImplementedError) or in_words or is_absent


def _is_the_frameworks(error):
    """Whether a library raised the error, and no route.

    Compiled code leaves no frame of its own: the last is then that of a route, at no ``raise``.  In
    a user's file Python itself raises errors there too, as a TypeError at an operator, but these
    are none that compiled code raises of a gradient that it does not have.
    """
    last = error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    code = last.tb_frame.f_code
    if _is_library(code.co_filename) or os.path.dirname(code.co_filename) in FRAMEWORKS:
        return True
    is_raised_here = code.co_code[last.tb_lasti] in RAISES
    return isinstance(error, RuntimeError) and not is_raised_here


def _is_of_a_route(error):
    """Whether what a route itself names was not found, by Python or by a module's __getattr__."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    while len(frames) > 1 and frames[-1].f_code.co_name == "__getattr__":
        frames.pop()
    return not _is_library(frames[-1].f_code.co_filename)


def _is_library(path):
    """Whether it is a file of an installed package, or of Python itself."""
    return "site-packages" in path or path.startswith(os.path.dirname(os.__file__) + os.sep)


def _describe(error):
    """The error in one line, with the innermost place in a file that is not a library's."""
    text = " ".join(str(error).split())[:300]
    own = [f for f in traceback.extract_tb(error.__traceback__) if not _is_library(f[0])]
    place = " (%s:%d)" % (os.path.basename(own[-1][0]), own[-1][1]) if own else ""
    return "%s: %s%s" % (type(error).__name__, text, place)
