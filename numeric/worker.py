"""The worker: one framework, asked over standard input, answering over standard output.

Each line either way is one JSON object.  The first line out tells the version and the routes; then
each problem that comes in is answered by one line per route and a last line that it is done.  All
else that is printed here, by the framework or by a user's route, goes to standard error.

Run as ``python worker.py FRAMEWORK [FILE …]``, a FILE being a user's matrix function.
Written for Python 3.6, NumPy and one framework.
"""

import importlib
import json
import os
import runpy
import sys
import traceback

import numpy as np

if __name__ == "__main__":
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from numeric import reads

ROUNDOFF = {
    "float64": 2.0**-53,
    "float32": 2.0**-24,
    "float16": 2.0**-11,
    "bfloat16": 2.0**-8,
    "complex128": 2.0**-53,
    "complex64": 2.0**-24,
}
"""The unit roundoff of each dtype."""


def main(name, *files):
    """Answer problems until standard input ends."""
    answers = _own_standard_output()
    framework = importlib.import_module("numeric.frameworks." + name).Framework()
    routes = dict(framework.routes)
    for path in files:
        stem = os.path.splitext(os.path.basename(path))[0]
        routes[stem] = runpy.run_path(path, run_name=stem)["routes"].get(name, {})
    hello = {f: list(named) for f, named in routes.items()}
    _send(answers, {"hello": {"version": framework.version, "routes": hello}})
    for line in sys.stdin:
        request = json.loads(line)
        if "document" in request:
            text = framework.document(request["document"])
            _send(answers, {"done": request["id"], "document": text})
            continue
        for label, route in routes.get(request["function"].split("[")[0], {}).items():
            answer = _answer(framework, route, request)
            answer.update(problem=request["id"], route=label)
            _send(answers, answer)
        _send(answers, {"done": request["id"]})


def _own_standard_output():
    """Keep the real standard output for answers, and point file descriptor 1 at standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _send(answers, record):
    answers.write(json.dumps(record) + "\n")
    answers.flush()


def _answer(framework, route, request):
    X = _matrix(request)
    constants, dtype = request["constants"], request["dtype"]
    try:
        value, gradient, found = framework.differentiate(route, X.copy(), constants, dtype)
    except (Exception, SystemExit) as error:
        return {"error": _describe(error), "declined": _declines(error)}
    answer = {
        "value": value,
        "gradient": _rows(gradient),
        "dtype": found,
        "reads": _reads(framework, route, X, constants, dtype) if request["find_reads"] else None,
    }
    if request["forward"] and framework.has_forward_mode:
        answer["forward"] = _forward(framework, route, X, constants, dtype)
    return answer


def _matrix(request):
    """The matrix of a request: real, or complex if it gives imaginary parts."""
    X = np.array(request["matrix"], dtype=np.float64)
    if request["imaginary"] is None:
        return X
    return X + 1j * np.array(request["imaginary"], dtype=np.float64)


def _rows(M):
    """A matrix by rows, in a form that JSON has: its real and its imaginary part, if any."""
    M = np.asarray(M)
    return {
        "real": M.real.tolist(),
        "imaginary": M.imag.tolist() if np.iscomplexobj(M) else None,
    }


def _forward(framework, route, X, constants, dtype):
    """The symmetric gradient by forward mode, or why there is none."""
    try:
        return _rows(framework.differentiate_forward(route, X.copy(), constants, dtype))
    except (Exception, SystemExit) as error:
        return {"error": _describe(error), "declined": _declines(error)}


def _reads(framework, route, X, constants, dtype):
    """What the forward pass reads, or nothing if it rejects a matrix that is not symmetric."""
    try:
        return reads.find(
            lambda Y: framework.evaluate(route, Y, constants, dtype), X, ROUNDOFF[dtype]
        )
    except (Exception, SystemExit):
        return None


DECLINING = (
    "unsupported",
    "not supported",
    "not implemented for",
    "list of allowed values",
    "could not find device for node",
    "gradient registry has no entry",
    "gradient not defined",
    "must have `float`-like `dtype`",
)
"""How NumPy, PyTorch and TensorFlow say that a call or its gradient does not exist."""


def _declines(error):
    """Whether the framework says that it has no such gradient: raised inside it, and in words."""
    inside = _is_library(traceback.extract_tb(error.__traceback__)[-1][0])
    said = str(error).lower()
    own = isinstance(error, NotImplementedError) and inside
    return own or (inside and any(phrase in said for phrase in DECLINING))


def _is_library(path):
    """Whether it is a file of an installed package, or of Python itself."""
    return "site-packages" in path or path.startswith(os.path.dirname(os.__file__) + os.sep)


def _describe(error):
    """The error in one line, with the innermost place in a file that is not a library's."""
    text = " ".join(str(error).split())[:300]
    own = [f for f in traceback.extract_tb(error.__traceback__) if not _is_library(f[0])]
    place = " (%s:%d)" % (os.path.basename(own[-1][0]), own[-1][1]) if own else ""
    return "%s: %s%s" % (type(error).__name__, text, place)


if __name__ == "__main__":
    main(*sys.argv[1:])
