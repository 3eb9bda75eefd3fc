"""The worker: one framework, asked over standard input, answering over standard output.

Each line either way is one JSON object.  The first line out tells the version and the routes; then
each problem that comes in is answered by two lines per route, what is asked next and the answer,
and a last line that it is done; a line in between says that a long answer is still being worked on.
All else that is printed here, by the framework or by a user's route, goes to standard error.

Run as ``python worker.py FRAMEWORK [FILE]``, FRAMEWORK being a name or, under an interpreter of its
own, NAME@VERSION, and FILE a user's matrix function: its routes are then the only ones, as what it
does to the framework must not reach any others.
Written for Python 3.6, NumPy and one framework.
"""

import atexit
import contextlib
import importlib
import json
import os
import sys
import time
import types

if __name__ == "__main__":
    # its package is where it lies, and of what lies beside that nothing may be imported: the
    # frameworks of the Python that runs the court are not this one's
    package = types.ModuleType("symgrad")
    package.__path__ = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
    sys.modules["symgrad"] = package
    del sys.path[0]

from symgrad.court import formats
from symgrad.numeric import answers, calls, former, transport
from symgrad.numeric.absent import import_without
from symgrad.numeric.executions import Multiplying

BEAT = 1.0
"""Seconds between signs of life."""


def main(name, file=None):
    """Answer problems until standard input ends."""
    output = _own_standard_output()
    package, version = former.split(name)
    if version:  # what is there is told first: the routes may be for another version
        imported = importlib.import_module(package)
        _send(output, {"imported": getattr(imported, "__version__", "")})
    served = import_without(former.module(name), package)
    framework = served.Framework()
    framework.configure()
    place = _place(framework, os.environ.get(transport.DEVICE, "cpu"))
    routes = framework.routes if file is None else _own_routes(file, package)
    if version:
        framework.absent = former.ABSENT
        routes = {f: calls.there(named, vars(served)) for f, named in routes.items()}
    hello = {
        "version": framework.version,
        "routes": {f: list(named) for f, named in routes.items()},
        "executions": list(framework.executions),
        "modes": _modes(framework),
    }
    _send(output, {"hello": dict(hello, **place)})
    ways = _ways(framework, routes)
    for line in sys.stdin:
        request = json.loads(line)
        if "document" in request:
            text = framework.document(request["document"])
            _send(output, {"done": request["id"], "document": text})
            continue
        beat = _Beat(output, request["id"])
        for execution, label, route in _asked(framework, ways, request):
            for answer in _told(framework, execution, route, request, beat):
                _send(output, dict(answer, route=label))
        _send(output, {"done": request["id"]})
        framework.tidy()
        if framework.is_worn():
            break


def _told(framework, execution, route, request, beat):
    """What there is to say of a route, asked in the mode that its execution is, if it is one."""
    way = framework.executions.get(execution)
    is_mode = isinstance(way, Multiplying)
    products = way.products if is_mode else framework.products
    with way.context() if is_mode else contextlib.ExitStack():
        for answer in answers.give(framework, route, dict(request, products=products), beat):
            mode = answer.pop("asks", None)
            about = {"problem": request["id"], "products": products}
            yield dict(answer, **({"asks": request["id"], "mode": mode} if mode else about))


def _place(framework, device):
    """What is said of the device, unless it is the CPU: what it is, or why there is none."""
    if device == "cpu":
        return {}
    other = os.environ.get(transport.STAND_IN, "")
    try:
        name = framework.use(other or device)
    except LookupError as error:
        return {"lacks": str(error)}
    return {"device": "%s, standing in for %s" % (name, device) if other else name}


def _modes(framework):
    """In which ways it differentiates, once and twice, and gives a Jacobian as a whole."""
    once = ["reverse"] + ["forward"] * framework.has_forward_mode
    return once + list(framework.hessians) + list(framework.jacobians)


def _ways(framework, routes):
    """Every way to execute → function → what it is called there → route; "" is the default.

    They are made once, as each keeps what it has compiled.
    """
    ways = {"": routes}
    for execution, made in framework.executions.items():
        ways[execution] = {
            function: {"%s: %s" % (execution, label): made(route) for label, route in named.items()}
            for function, named in routes.items()
        }
    return ways


def _asked(framework, ways, request):
    """The routes that a request means, and has not settled.

    Each comes with its execution, and as it is called.  Modes that change how float32 is multiplied
    are asked unasked wherever that is.
    """
    is_single = formats.real(request["dtype"]) == "float32"
    wanted, function = request["executions"], request["function"].split("[")[0]
    for execution, routes in ways.items():
        is_mode = isinstance(framework.executions.get(execution), Multiplying)
        is_wanted = (
            not execution or "all" in wanted or execution in wanted or (is_mode and is_single)
        )
        for label, route in routes.get(function, {}).items():
            is_asked = label == request["route"] if request["route"] else is_wanted
            if is_asked and label not in request["settled"]:
                yield execution, label, route


def _own_routes(file, package):
    """The routes of a user's file by one framework, as a catalogue has them."""
    stem = os.path.splitext(os.path.basename(file))[0]
    return {stem: own_module(file).routes.get(package, {})}


def own_module(file):
    """A user's file, run.

    It stays a module, under a name that no other has: compilers look up there what a route calls.
    """
    stem = os.path.splitext(os.path.basename(file))[0]
    module = types.ModuleType("function_file_" + stem)
    module.__file__ = file
    sys.modules[module.__name__] = module
    with open(file, "rb") as source:
        exec(compile(source.read(), file, "exec"), vars(module))
    return module


class _Beat:
    """Called between the steps of a long answer, says now and then that it is worked on."""

    def __init__(self, output, problem):
        self._output = output
        self._problem = problem
        self._last = time.time()

    def __call__(self):
        if time.time() - self._last > BEAT:
            _send(self._output, {"busy": self._problem})
            self._last = time.time()


def _own_standard_output():
    """Keep the real standard output for answers, and point file descriptor 1 at standard error."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return output


def _send(output, record):
    output.write(json.dumps(record) + "\n")
    output.flush()


def _end():
    """End, when what was to be done at exit is done, as no interpreter is taken apart.

    That takes TensorFlow longer than its answers do.
    """
    atexit._run_exitfuncs()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
    _end()
