"""The inquiry: the same questions put to both witnesses, and their answers to the court.

This is the only file that sees both: ``symbolic`` (what is true) and ``numeric`` (what the
frameworks say).  Their records go to ``court``, which judges them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from symgrad.cluster import Cluster, connect
from symgrad.commands.session import Listing, Names
from symgrad.court.errors import ClusterError, DeviceError, InputError, check_known
from symgrad.court.hearing import AskNear, Hearing, Near, confirm
from symgrad.court.judging import scatter
from symgrad.court.judging.printing import Printing
from symgrad.court.names import family
from symgrad.court.questions import Answered, Choice, Device, Event, Problem, Reported, Started
from symgrad.court.references import Demonstration, Proved, Reference
from symgrad.numeric import former, past, releases, writing
from symgrad.numeric.interpreters import check_has_python
from symgrad.numeric.journal import Journal, fingerprint, installed_versions
from symgrad.numeric.pool import (
    NEEDS,
    ON_DEVICES,
    Asking,
    Pool,
    all_frameworks,
    is_installed,
    known_frameworks,
)
from symgrad.plans import Case, HasNeighbours, Plan
from symgrad.report import terminal

if TYPE_CHECKING:
    from symgrad.symbolic.limits import Asked, Failure


def asked_of(case: Case, frameworks: Sequence[str]) -> list[str] | None:
    """Who is asked: the one that a case names, those of a user's file, or (nothing) everyone."""
    if case.framework:
        return [case.framework]
    own = case.function.function.frameworks
    return [name for name in frameworks if former.split(name)[0] in own] if own else None


def hear(
    hearing: Hearing, plan: Plan, progress: Progress, cluster: Cluster | None = None
) -> AskNear:
    """Put the cases to both witnesses at once; what is finished is kept if it is cut short.

    They are asked by processes here, or on a cluster.  What it gives asks both once more, near X,
    of what seems to be wrong.
    """
    choice, names = hearing.choice, hearing.choice.resources.frameworks
    with progress, ExitStack() as stack:
        task = progress.add_task(f"importing {', '.join(names)}", total=None)
        if choice.resources.journal:  # it is of these cases alone, so that they come first
            cases = plan.cases()
            journal = stack.enter_context(open_journal(choice, cases, cluster))
            pool = make_pool(choice, names, journal, cluster)
            put(hearing, plan, cases, pool)
            stack.enter_context(pool)
        else:
            pool = stack.enter_context(make_pool(choice, names, cluster=cluster))
            cases = plan.cases()
            put(hearing, plan, cases, pool)
        pool.close()
        if plan.demonstrates:
            hearing.demonstration = _demonstration()
        total = len(cases) * (1 + len(names))
        progress.update(task, total=total if plan.estimate else None)
        clerk = Clerk(hearing, pool, progress, task)
        _derive(cases, clerk, stack, cluster)
        for event in pool.events():
            clerk.note(event)
            progress.update(task, description=f"{len(hearing.reported)} gradients")
    check_executions(hearing)
    return partial(ask_near, cases, hearing.references, choice, progress, cluster=cluster)


def put(hearing: Hearing, plan: Plan, cases: Sequence[Case], pool: Asking) -> None:
    """Ask the frameworks, and note what was asked."""
    hearing.scenarios = [case.scenario for case in cases]
    if hearing.choice.gradient is not None:
        take_proposed(hearing, cases)
    for case, problem in zip(cases, problems(hearing.choice, cases), strict=True):
        pool.ask(problem, asked_of(case, hearing.choice.resources.frameworks))
    for framework, calls in plan.documents.items():
        for name in calls:
            pool.look_up(framework, name)


def problems(choice: Choice, cases: Sequence[Case]) -> list[Problem]:
    """What the frameworks are told of the cases, numbered."""
    told = (case.problem(number) for number, case in enumerate(cases))
    return [
        structs.replace(problem, executions=problem.executions or choice.executions)
        for problem in told
    ]


def check_executions(hearing: Hearing) -> None:
    """Check that somebody executes as the user chose to.

    Raises:
        InputError: of those that were asked, none does.
    """
    known, who = sorted(hearing.executions), ", ".join(hearing.choice.resources.frameworks)
    for name in hearing.choice.executions:
        if name not in ("all", *known):
            told = ", ".join(known) or "no other than the default"
            what = f"{name} needs {NEEDS[name]}" if name in NEEDS else f"unknown execution {name!r}"
            raise InputError(f"{what}, by {who}; there is {told}")


def _demonstration() -> Demonstration:
    from symgrad.symbolic.proofs.by_sympy.two_by_two import two_by_two

    return two_by_two()


class Clerk(NamedTuple):
    """Who puts down what the workers say, and moves the bar."""

    hearing: Hearing
    pool: Asking
    progress: Progress
    task: TaskID

    def note(self, event: Event) -> None:
        """Put it down."""
        self.hearing.note(event)
        self.progress.update(self.task, advance=isinstance(event, Answered))

    def note_waiting(self) -> None:
        """Put down what is there by now."""
        for event in self.pool.events(wait=False):
            self.note(event)


def _derive(cases: Sequence[Case], clerk: Clerk, stack: ExitStack, cluster: Cluster | None) -> None:
    """Ask the exact side, and note in the meantime what the frameworks say."""
    from symgrad.symbolic.limits import Failure

    choice, found = clerk.hearing.choice, clerk.hearing.references
    answers = stack.enter_context(closing(_true(cases, choice, cluster, clerk.note_waiting)))
    for number, case in enumerate(cases, 1):
        told = f"exact derivatives {number}/{len(cases)}"
        clerk.progress.update(clerk.task, description=told, advance=1)
        answer = next(answers)
        found.append(case.refused(answer.reason) if isinstance(answer, Failure) else answer)


def _true(
    cases: Sequence[Asked],
    choice: Choice,
    cluster: Cluster | None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Generator[Reference | Failure, None, None]:
    """What is true of each case, within the limits that are chosen."""
    from symgrad.symbolic import limits

    within = limits.Limits(choice.resources.timeout, choice.resources.memory)
    if cluster is None:
        return limits.references(cases, within, meanwhile)
    from symgrad.symbolic import tasks

    return tasks.references(cluster, cases, within, meanwhile)


def open_journal(
    choice: Choice, planned: Sequence[Case], cluster: Cluster | None = None
) -> Journal:
    """The journal of a run that asks this and nothing else, by these versions."""
    asked = problems(choice, planned)
    there = cluster.versions if cluster else {}
    place = {"device": choice.resources.device}
    versions = installed_versions() | there | choice.resources.interpreters | place
    return Journal(Path(choice.resources.journal), fingerprint(asked, versions, choice.files))


def make_pool(
    choice: Choice,
    names: Sequence[str],
    journal: Journal | None = None,
    cluster: Cluster | None = None,
) -> Asking:
    """The workers of some of the chosen frameworks, within the limits that are chosen."""
    within = choice.resources
    interpreters = {name: path for name, path in within.interpreters.items() if name in names}
    if cluster is None:
        return Pool(
            *(names, within.timeout, choice.files),
            interpreters=interpreters,
            jobs=within.jobs,
            journal=journal,
            memory=within.memory,
            device=within.device,
        )
    from symgrad.numeric.cluster import ClusterPool

    return ClusterPool(
        *(cluster, names, within.timeout, choice.files),
        interpreters=interpreters,
        journal=journal,
        memory=within.memory,
    )


def ask_near(
    cases: Sequence[HasNeighbours],
    references: Sequence[Reference],
    choice: Choice,
    progress: Progress,
    reports: Sequence[Reported],
    cluster: Cluster | None = None,
) -> list[Near]:
    """Put to both witnesses once more, at X and beside it, what seems to be wrong."""
    from symgrad.symbolic.limits import Failure

    beside = {
        r.problem: cases[r.problem].neighbours(scatter.spread(references[r.problem]))
        for r in reports
    }
    if not any(beside.values()):
        return []
    names = [
        name for name in choice.resources.frameworks if any(r.framework == name for r in reports)
    ]
    with progress, make_pool(choice, names, cluster=cluster) as pool:
        progress.add_task("asking again near X what seems to be wrong", total=None)
        asked: list[tuple[int, int]] = []
        for k, report in enumerate(reports):
            for place, neighbour in enumerate(beside[report.problem]):
                problem = neighbour.problem(len(asked), report.route, report.mode == "forward")
                asked.append((k, place))
                pool.ask(problem, [report.framework])
        pool.close()
        flat = [neighbour for near in beside.values() for neighbour in near]
        with closing(_true(flat, choice, cluster)) as found:
            true = {number: [next(found) for _ in near] for number, near in beside.items()}
        said = {
            asked[event.problem]: event
            for event in pool.events()
            if isinstance(event, Reported)
            if event.mode == reports[asked[event.problem][0]].mode
        }
    near: list[Near] = []
    for k, report in enumerate(reports):
        there = [(said.get((k, j)), x) for j, x in enumerate(true[report.problem])]
        near.append(confirm(report, [(s, None if isinstance(x, Failure) else x) for s, x in there]))
    return near


def take_proposed(hearing: Hearing, cases: Sequence[Case]) -> None:
    """Note the gradient that the user proposes for the one case.

    Raises:
        InputError: it is none of that case, or there are more cases.
    """
    from symgrad.symbolic.points import parse_gradient

    choice = hearing.choice
    if len(cases) != 1 or not choice.functions:
        raise InputError(
            f"--gradient is of one function at one point, and {len(cases)} cases are chosen; name "
            "one, as in eigenvalue[0], with --matrix or --point"
        )
    G = parse_gradient(choice.gradient or "", cases[0].function.size, hearing.scenarios[0].dtype)
    hearing.printing = Printing(choice.digits, choice.decimals)
    hearing.printing.check(G)
    hearing.proposed = G


def listen(hearing: Hearing, plan: Plan, cluster: Cluster | None = None) -> bool:
    """Hear both witnesses and judge, with progress on a terminal; whether it was interrupted."""
    estimate = (BarColumn(), TimeRemainingColumn()) if plan.estimate else ()
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        *estimate,
        TimeElapsedColumn(),
        console=terminal.make_console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    interrupted = False
    try:
        hearing.judge(hear(hearing, plan, progress, cluster))
    except KeyboardInterrupt:
        interrupted = True
        hearing.judge(lambda _: None)
    return interrupted


def _traced(hearing: Hearing) -> bool:
    """Judge callables of files, in this process; whether it was interrupted."""
    from symgrad import callables

    try:
        callables.judge(hearing)
    except KeyboardInterrupt:
        return True
    return False


class Witnesses:
    """Both witnesses, as a :class:`symgrad.commands.session.Session` asks them."""

    known = staticmethod(known_frameworks)
    trace = staticmethod(_traced)
    written = staticmethod(writing.ask)
    run_script = staticmethod(writing.run)
    choose_former = staticmethod(past.choose)
    gather = staticmethod(past.gather)
    releases = staticmethod(releases.gather)

    def __init__(self, arguments: list[str]) -> None:
        self.arguments = arguments
        self.cluster: Cluster | None = None

    def hear(self, hearing: Hearing, plan: Plan) -> bool:
        """Hear both witnesses on the cases of a plan, and judge; whether it was interrupted.

        Raises:
            ClusterError: the cluster on which they are asked has gone.
        """
        try:
            return listen(hearing, plan, self.cluster)
        except ClusterError as error:
            journal = hearing.choice.resources.journal
            on = f"; the same command goes on from {journal}" if journal else ""
            raise ClusterError(f"{error}{on}") from error

    @contextmanager
    def on(self, address: str) -> Iterator[None]:
        """Ask on a cluster from now on; by processes of this machine if there is no address.

        Raises:
            ClusterError: it cannot be used.
        """
        with connect(address) if address else nullcontext() as self.cluster:
            try:
                yield
            finally:
                self.cluster = None

    def choose(
        self, asked: Sequence[str], interpreters: Mapping[str, str] = {}
    ) -> tuple[list[str], list[str]]:
        """The frameworks to run, and those that were asked for and are not installed.

        Those of the ``interpreters`` (``torch@1.0.1`` → path) are run beside the others.

        Raises:
            InputError: a framework is unknown.
        """
        for name in interpreters:
            check_known("framework", former.split(name)[0], all_frameworks())
        for name in asked:
            check_has_python(name, interpreters)
            if "," in name:
                each = " ".join(f"-f {part.strip()}" for part in name.split(","))
                raise InputError(f"-f {name}: -f takes one framework, and is repeated: {each}")
            check_known("framework", name, [*known_frameworks(), *interpreters])
        wanted = [n for n in dict.fromkeys(asked) if n not in interpreters]
        wanted = wanted if asked else known_frameworks()
        is_there = self.cluster.frameworks.__contains__ if self.cluster else is_installed
        installed = [name for name in wanted if is_there(name)]
        absent = [name for name in wanted if name not in installed]
        return [*installed, *interpreters], absent if asked else []

    def on_device(
        self, frameworks: Sequence[str], asked: Sequence[str], device: Device
    ) -> tuple[list[str], list[str]]:
        """Those of the frameworks that find the device, and what the others say.

        Raises:
            InputError: one that was asked for is asked on the CPU alone.
            DeviceError: none finds it, or one that was asked for does not.
        """
        able = [name for name in frameworks if name in ON_DEVICES]
        for name in [*asked, *(name for name in frameworks if "@" in name)]:
            if name not in able:
                who = " and ".join(ON_DEVICES)
                raise InputError(f"{name}: --device {device} is of {who}, as they are installed")
        with Pool(able, 120, device=device) as pool:
            pool.close()
            started = {e.framework: e for e in pool.events() if isinstance(e, Started)}
        found = [name for name in able if name in started and not started[name].lacks]
        lacks = {
            name: started[name].lacks if name in started else f"{name} does not start"
            for name in able
            if name not in found
        }
        if not found or any(name in lacks for name in asked):
            why = "; ".join(lacks.values()) or f"neither {' nor '.join(ON_DEVICES)} is installed"
            raise DeviceError(f"--device {device}: {why}")
        return found, [*lacks.values()]

    def prove(self, choice: Choice) -> Iterator[Proved]:
        """The theorems of the chosen functions, one by one."""
        from symgrad.symbolic.proving import prove_chosen

        return prove_chosen(choice, known_frameworks())

    def listing(self, frameworks: Sequence[str], interpreters: Mapping[str, str] = {}) -> Listing:
        """What there is to choose from; the routes are those of these frameworks."""
        from symgrad.symbolic.catalogue import CATALOGUE
        from symgrad.symbolic.parameterizations import PARAMETERIZATIONS

        with Pool(frameworks, 120, interpreters=interpreters) as pool:
            pool.close()
            started = {e.framework: e for e in pool.events() if isinstance(e, Started)}
        return Listing(
            {name: (f.formula, f.domain, f.citation) for name, f in CATALOGUE.items()},
            {name: build(4).formula for name, build in PARAMETERIZATIONS.items()},
            {name: started.get(name) for name in dict.fromkeys([*frameworks, *interpreters])},
        )

    def names(self) -> Names:
        """The names that there are, with formulae; no framework is started."""
        from symgrad.symbolic.described import formulae

        return Names(*formulae(), {name: is_installed(name) for name in known_frameworks()})

    def describe(self, name: str) -> dict[str, str]:
        """What is known of a function or a structure, by headings.

        Raises:
            InputError: it is neither.
        """
        from symgrad.symbolic.described import described, formulae

        if name.endswith(".py"):
            raise InputError(f"{name}: --list tells of names; a file is judged without --list")
        check_known("name", family(name), [n for names in formulae() for n in names])
        return described(name)
