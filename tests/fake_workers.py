"""Frameworks that are not there, asked by the real worker in real processes.

The pool is given a script for an interpreter: it plants a framework of the name that is asked for
and then runs ``numeric.worker``.  Each process writes down that it started (+), what it was asked,
and that it ended (-): name, process, and the first entry of X, which the problems here number (it
is rounded, as what is read is found at a matrix near X).
"""

import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from symgrad.court.questions import Answered, Finished, Problem, Reported, Started

ROOT = Path(__file__).parent.parent

SCRIPT = """#!{python}
import atexit, os, signal, sys, types
sys.path.insert(0, {root!r})
import numpy as np
from symgrad.numeric import worker
from symgrad.numeric.framework import BaseFramework

name, folder = sys.argv[2], {folder!r}

def note(what):
    with open(os.path.join(folder, "log"), "a") as log:
        log.write("%s %s %d\\n" % (what, name, os.getpid()))

def smooth(X):
    return np.sqrt(X[0, 0] + 2) + 1j * X[0, 1], np.full(X.shape, 1 / 3)

def fallible(X):
    mortal = os.path.join(folder, "mortal")
    dying, by = open(mortal).read().split(":") if os.path.exists(mortal) else ("", "0")
    if dying == "%s %d" % (name, round(X[0, 0])):
        os.kill(os.getpid(), int(by))
    traitor = os.path.join(folder, "traitor")
    who, left = open(traitor).read().split(":") if os.path.exists(traitor) else ("", "0")
    if who == "%s %d" % (name, round(X[0, 0])) and int(left):
        with open(traitor, "w") as file:
            file.write("%s:%d" % (who, int(left) - 1))
        with open("/proc/%d/stat" % os.getppid()) as keeper:
            os.kill(int(keeper.read().rpartition(")")[2].split()[1]), 9)
        signal.pause()  # till the keeper sees it
    if round(X[0, 0]) % 2:
        raise ValueError("an odd number")
    return np.log(X[0, 0] + 3), np.diag(X / 7 + 1j)

class Framework(BaseFramework):
    version = "1." + name
    routes = {{"planted": {{"smooth": smooth, "fallible": fallible}}}}
    has_forward_mode = True

    def is_worn(self):
        return os.path.exists(os.path.join(folder, "wearing"))

    def document(self, call):
        return call + " of " + name

    def differentiate(self, route, X, constants, dtype):
        if route is smooth:
            note("%d" % round(X[0, 0]))
        value, gradient = route(X)
        return value.real, gradient, dtype

    def evaluate(self, route, X, constants, dtype):
        return route(X)[0].real

    def derivative_along(self, route, X, E, constants, dtype):
        return np.cos(X[0, 0]) * E[0, 1]

worker.BEAT = -1.0  # say after every step that the answer is worked on
planted = types.ModuleType("symgrad.numeric.frameworks." + name)
planted.Framework = Framework
sys.modules[planted.__name__] = planted
note("+")
atexit.register(note, "-")
worker.main(*sys.argv[2:])
"""


class Line(NamedTuple):
    """What one process wrote down."""

    what: str
    framework: str
    pid: int


class Fakes:
    """The script in a folder of its own, and what the processes that ran it wrote down."""

    def __init__(self, folder: Path):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        script = folder / "interpreter"
        script.write_text(SCRIPT.format(python=sys.executable, root=str(ROOT), folder=str(folder)))
        script.chmod(0o755)
        self.interpreters = dict.fromkeys(("alpha", "beta", "gamma", "delta"), str(script))
        self.journal = folder / "journal"

    def log(self):
        """What was written down; that each route is asked twice is one line."""
        path = self.folder / "log"
        lines = dict.fromkeys(path.read_text().splitlines() if path.exists() else [])
        return [Line(what, name, int(pid)) for what, name, pid in map(str.split, lines)]

    def forget(self):
        """Begin the log anew."""
        (self.folder / "log").unlink(missing_ok=True)

    def asked(self):
        """Which framework was asked which problems."""
        return sorted((x.framework, int(x.what)) for x in self.log() if x.what not in "+-")

    def shares(self, framework):
        """What each process of the framework was asked."""
        shares = defaultdict(list)
        for x in self.log():
            if x.framework == framework and x.what not in "+-":
                shares[x.pid].append(int(x.what))
        return sorted(shares.values())

    def starts(self):
        return [x.framework for x in self.log() if x.what == "+"]

    def most_at_once(self):
        """The largest number of processes that had started and not ended."""
        alive = [0]
        for x in self.log():
            alive.append(alive[-1] + {"+": 1, "-": -1}.get(x.what, 0))
        return max(alive)

    def wear(self):
        """Let every process end by itself when it has answered one problem."""
        (self.folder / "wearing").touch()

    def plant_death(self, framework, problem, by=9):
        """Let the second route kill its process at this problem, until :meth:`cure`."""
        (self.folder / "mortal").write_text(f"{framework} {problem}:{by}")

    def plant_treason(self, framework, problem, times):
        """Let the second route kill the process that asks it, so many times, at this problem."""
        (self.folder / "traitor").write_text(f"{framework} {problem}:{times}")

    def treason_left(self):
        """How many times it still would."""
        return int((self.folder / "traitor").read_text().partition(":")[2])

    def cure(self):
        (self.folder / "mortal").unlink()


def problems(count):
    """Problems whose matrix holds their number."""
    return [
        Problem(k, "planted", {}, [[k, 0.1], [0.1, 2]], "float64", forward=True, entrywise=True)
        for k in range(count)
    ]


def reports(events):
    """What was reported, in an order that does not depend on who was first, to the last bit."""
    found = [e for e in events if isinstance(e, Reported)]
    plain = [
        (
            *(r.framework, r.problem, r.route, r.mode, r.version, r.dtype, repr(r.value)),
            *(None if a is None else repr(a.tolist()) for a in (r.gradient, r.entrywise)),
            *(r.reads, r.error, r.declined, r.worker_died),
        )
        for r in found
    ]
    assert len({row[:4] for row in plain}) == len(plain), "a route was reported twice"
    return sorted(plain, key=lambda row: row[:4])


def assert_complete(events, names, count):
    """Every framework starts and finishes once, and says once of every problem that it is done."""
    for kind in (Started, Finished):
        assert sorted(e.framework for e in events if isinstance(e, kind)) == sorted(names)
    done = sorted((e.framework, e.problem) for e in events if isinstance(e, Answered))
    assert done == [(name, k) for name in sorted(names) for k in range(count)]
