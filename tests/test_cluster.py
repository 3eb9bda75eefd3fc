"""The pool on a cluster of Dask: the same answers, whatever happens to those who give them.

The frameworks are planted ones (``fake_workers``), asked by real workers in real processes; most
clusters here run in this process, those that lose workers on processes of their own.
"""

import importlib
import os
import re
import socket
import sys
from collections import Counter
from types import SimpleNamespace

import msgspec
import pytest

from symgrad import cli, cluster
from symgrad.court.errors import ClusterError
from symgrad.court.questions import Answered, Excerpt, Reported
from symgrad.numeric.journal import Journal
from symgrad.numeric.pool import Pool
from tests.fake_workers import Fakes, assert_complete, problems, reports

distributed = pytest.importorskip("distributed")
COUNT = 6
EVERYTHING = [(name, k) for name in ("alpha", "beta") for k in range(COUNT)]


@pytest.fixture(scope="module")
def here():
    """A cluster of two threads in this process."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
        ) as local,
        cluster.connect(local.scheduler_address) as found,
    ):
        yield found


@pytest.fixture
def fakes(tmp_path):
    yield Fakes(tmp_path / "fakes")
    remote().close_idle()


def remote():
    return importlib.import_module("symgrad.numeric.remote")


def pool_on(where, fakes, names=("alpha", "beta"), **options):
    options = {"interpreters": fakes.interpreters, "size": 2, **options}
    return importlib.import_module("symgrad.numeric.cluster").ClusterPool(
        where, names, 60, **options
    )


def hear(where, fakes, names=("alpha", "beta"), count=COUNT, **options):
    with pool_on(where, fakes, names, **options) as pool:
        for problem in problems(count):
            pool.ask(problem)
        pool.close()
        return list(pool.events())


@pytest.fixture
def by_processes(fakes):
    """What is said without a cluster."""
    with Pool(("alpha", "beta"), 60, interpreters=fakes.interpreters) as pool:
        for problem in problems(COUNT):
            pool.ask(problem)
        pool.close()
        events = list(pool.events())
    fakes.forget()
    return events


def test_the_same_is_said_as_by_processes_here(here, fakes, by_processes):
    events = hear(here, fakes)
    assert_complete(events, ("alpha", "beta"), COUNT)
    assert reports(events) == reports(by_processes)
    assert max(Counter(fakes.starts()).values()) <= 2  # a process for each thread, not each batch


def test_processes_are_kept_for_what_is_asked_next_by_the_same_numbers(here, fakes):
    first = hear(here, fakes, ("alpha",))
    starts = fakes.starts()
    assert remote().kept() == starts
    again = hear(here, fakes, ("alpha",))
    assert reports(again) == reports(first)
    assert len(fakes.starts()) <= 2
    remote().close_idle(10**6)
    assert remote().kept() == fakes.starts()
    remote().close_idle()
    assert remote().kept() == []


def test_a_problem_goes_only_to_the_frameworks_that_are_named(here, fakes):
    first, second = problems(2)
    with pool_on(here, fakes) as pool:
        pool.ask(first, ["beta", "unheard of"])
        pool.ask(second)
        pool.look_up("alpha", "eigh")
        pool.look_up("unheard of", "eigh")
        pool.close()
        events = list(pool.events())
    assert fakes.asked() == [("alpha", 1), ("beta", 0), ("beta", 1)]
    assert [e for e in events if isinstance(e, Excerpt)] == [
        Excerpt("alpha", "eigh", "eigh of alpha")
    ]
    assert len([e for e in events if isinstance(e, Answered)]) == 3


def test_who_is_asked_nothing_finishes(here, fakes):
    assert [type(e).__name__ for e in hear(here, fakes, count=0)] == ["Finished", "Finished"]


def test_a_route_that_ends_its_process_costs_its_row_alone(here, fakes, by_processes):
    fakes.plant_death("alpha", 1)
    events = hear(here, fakes)
    died = [e for e in events if isinstance(e, Reported) and e.worker_died]
    assert [(e.framework, e.problem, e.route) for e in died] == [("alpha", 1, "fallible")]
    assert "killed by signal 9" in died[0].error
    assert_complete(events, ("alpha", "beta"), COUNT)
    others = [row for row in reports(by_processes) if row[:3] != ("alpha", 1, "fallible")]
    assert [row for row in reports(events) if row[:3] != ("alpha", 1, "fallible")] == others


def test_a_framework_that_cannot_be_started_fails_everywhere(here, fakes, tmp_path):
    events = hear(here, fakes, ("alpha",), interpreters={"alpha": str(tmp_path / "no-python")})
    failed = [e for e in events if isinstance(e, Reported)]
    assert {e.problem for e in failed} == set(range(COUNT))
    assert all(e.worker_died for e in failed)


def test_the_journal_is_that_of_processes(here, fakes, by_processes):
    with Journal(fakes.journal, "this run") as journal:
        first = hear(here, fakes, journal=journal)
    assert fakes.asked() == EVERYTHING
    fakes.forget()
    with Journal(fakes.journal, "this run") as journal:
        again = hear(here, fakes, journal=journal)
        assert sorted(journal.recorded) == EVERYTHING
    assert fakes.asked() == []
    assert reports(again) == reports(first) == reports(by_processes)
    lines = fakes.journal.read_bytes().splitlines(keepends=True)
    ends = [b'{"framework": "alpha", "answer": {"done": %d}}\n' % k for k in (1, 4)]
    assert set(ends) < set(lines)
    fakes.journal.write_bytes(b"".join(line for line in lines if line not in ends))
    with (
        Journal(fakes.journal, "this run") as journal,
        Pool(("alpha", "beta"), 60, interpreters=fakes.interpreters, journal=journal) as pool,
    ):
        for problem in problems(COUNT):
            pool.ask(problem)
        pool.close()
        resumed = list(pool.events())
    assert fakes.asked() == [("alpha", 1), ("alpha", 4)]
    assert reports(resumed) == reports(first)


def test_a_death_is_not_in_the_journal(here, fakes):
    fakes.plant_death("alpha", 1)
    with Journal(fakes.journal, "this run") as journal:
        hear(here, fakes, ("alpha",), journal=journal)
    with Journal(fakes.journal, "this run") as journal:
        assert sorted(k for _, k in journal.recorded) == [0, 2, 3, 4, 5]


def test_a_batch_is_small_in_problems_and_in_entries():
    in_parts = importlib.import_module("symgrad.numeric.cluster").in_parts
    small = problems(5)
    large = msgspec.structs.replace(small[0], matrix=[[1.0] * 200] * 200)
    assert [len(part) for part in in_parts(small, 2)] == [2, 2, 1]
    assert [len(part) for part in in_parts(small, 5)] == [5]
    assert [len(part) for part in in_parts([*small, large, large, *small], 64)] == [5, 1, 1, 5]
    assert list(in_parts([], 2)) == []


class Planted:
    """A cluster that answers at once, and whose workers are lost with some problems."""

    frameworks = {"alpha": ("alpha", "1")}

    def __init__(self, guilty, room=1, innocent=()):
        self.guilty, self.room, self.accused = guilty, room, Counter(innocent)
        self.asked = []
        self.out = 0
        self.most = 0

    def threads(self):
        return self.room

    def submit(self, call, batch, key, needs):
        self.asked.append([problem.id for problem in batch.problems])
        self.out += 1
        self.most = max(self.most, self.out)
        return SimpleNamespace(
            key=key, batch=batch, add_done_callback=self.done, release=lambda: None
        )

    def done(self, put):
        put(self.last)

    def result(self, future):
        self.out -= 1
        ids = {problem.id for problem in future.batch.problems}
        if ids & set(self.guilty):
            raise distributed.KilledWorker(future.key, None, 3)
        for k in ids & set(self.accused):
            if self.accused[k]:
                self.accused[k] -= 1
                raise distributed.KilledWorker(future.key, None, 3)
        return ids


def distribute(planted, size):
    """The numbers of the problems, in batches of some size, that were answered and were lost."""
    module = importlib.import_module("symgrad.numeric.cluster")
    who = remote().Who("alpha", "python", None, 60, None)
    asked = problems(16)
    batches = [remote().Batch(who, tuple(asked[k : k + size])) for k in range(0, len(asked), size)]
    submit = planted.submit

    def remember(*arguments, **options):
        planted.last = future = submit(*arguments, **options)
        return future

    planted.submit = remember
    answered, lost = [], []
    with module.Distribution(planted, batches) as distribution:
        for batch, said in distribution.results(module.threading.Event()):
            (lost if said is None else answered).extend(p.id for p in batch.problems)
    return sorted(answered), lost


@pytest.mark.parametrize("size", [16, 4, 1])
def test_a_batch_that_costs_workers_is_split_until_the_guilty_problem_is_alone(size):
    planted = Planted({11})
    answered, lost = distribute(planted, size)
    assert lost == [11]
    assert answered == [k for k in range(16) if k != 11]
    assert planted.asked[-1] == [11]
    assert planted.asked.count([11]) == 3  # the last two times with nothing beside it


def test_who_was_only_near_a_guilty_problem_is_acquitted():
    planted = Planted({11}, innocent={3: 2, 12: 1})
    answered, lost = distribute(planted, 1)
    assert lost == [11]
    assert answered == [k for k in range(16) if k != 11]


@pytest.mark.parametrize("room", [1, 3])
def test_dask_is_given_no_more_than_keeps_it_busy(room):
    planted = Planted((), room)
    answered, _ = distribute(planted, 1)
    assert answered == list(range(16))
    assert planted.most == 2 * room


def test_a_task_that_cannot_be_done_ends_the_run_in_one_line(here, fakes, tmp_path):
    own = tmp_path / "planted.py"
    own.write_text("routes = {}")
    with pool_on(here, fakes, ("alpha",), files=[str(own)]) as pool:
        pool._who["alpha", "planted"] = pool._who["alpha", "planted"]._replace(
            file=("no/such/folder.py", b"")
        )
        pool.ask(problems(1)[0])
        pool.close()
        with pytest.raises(ClusterError, match="alpha cannot be asked on the cluster, File"):
            list(pool.events())


@pytest.mark.slow
def test_a_user_s_file_goes_along(here, tmp_path):
    own = tmp_path / "cubes.py"
    own.write_text(
        "import numpy as np\n"
        'exact = "trace_cube"\n'
        "def by_numpy(X):\n    return np.trace(X @ X @ X), 3 * X @ X\n"
        'routes = {"numpy": {"3 X²": by_numpy}}\n'
    )
    command = ["atlas", str(own), "-f", "numpy", "-n", "2", "--axes", "ties", "--quiet", "--output"]
    assert cli.main([*command, str(tmp_path / "here")]) == 0
    assert cli.main([*command, str(tmp_path / "there"), "--cluster", here.address]) == 0
    pages = [(tmp_path / where / "axes.json").read_bytes() for where in ("here", "there")]
    assert b'"agrees"' in pages[0]
    assert pages[0] == pages[1]


def refused(capsys, *words):
    """The exit status and the one line of a command that fails."""
    status = cli.main(["atlas", "trace", "-f", "numpy", "--quiet", *words])
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    return status, told.err


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere", "nowhere.invalid:8786"])
def test_no_such_address(address, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(cluster, "CONNECT", 0.2)
    status, told = refused(capsys, "--cluster", address, "--output", str(tmp_path / "a"))
    assert status == 3
    assert told.startswith(f"error: {address}: no scheduler of Dask answers, ")
    assert not (tmp_path / "a").exists()


def test_an_address_of_what_is_no_scheduler(here, monkeypatch, capsys, tmp_path):
    output = ["--output", str(tmp_path / "a")]
    (worker, *_) = here._client.scheduler_info()["workers"]
    status, told = refused(capsys, "--cluster", worker, *output)
    assert status == 3
    assert told.startswith(f"error: {worker}: no scheduler of Dask answers, ValueError: a Worker ")
    monkeypatch.setattr(cluster, "CONNECT", 0.1)
    monkeypatch.setattr(cluster, "LEAVE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes what is sent, and says nothing
        address = "tcp://127.0.0.1:{1}".format(*silent.getsockname())
        status, told = refused(capsys, "--cluster", address, *output)
    assert status == 3
    assert told.startswith(f"error: {address}: no scheduler of Dask answers, what listens there ")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("address", ["local:0", "local:", "local:two", "local:-1", ""])
def test_no_number_of_workers_and_no_address(address, capsys):
    assert refused(capsys, "--cluster", address)[0] == 2


def test_without_dask(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    status, told = refused(capsys, "--cluster", "local:2")
    assert (status, told) == (3, "error: --cluster needs Dask: pip install 'symgrad[cluster]'\n")


def raising(error):
    def call(*_, **__):
        raise error

    return call


def test_a_connection_that_breaks_is_told_from_what_a_task_raises():
    client = SimpleNamespace(status="running", nthreads=raising(OSError("closed")))
    found = cluster.Cluster(client, "there", {})
    with pytest.raises(ClusterError, match=r"^the scheduler at there is gone$"):
        found.threads()
    client.nthreads = raising(KeyError("a mistake"))
    with pytest.raises(KeyError):
        found.threads()
    client.status = "connecting"
    client.nthreads = dict
    with pytest.raises(ClusterError, match="is gone"):
        found.threads()
    client.status = "running"
    assert found.threads() == 1  # they may be on their way
    future = SimpleNamespace(status="error", exception=lambda: OSError("of the task"))
    with pytest.raises(OSError, match="of the task"):
        found.result(future)
    future.status = "cancelled"
    with pytest.raises(ClusterError, match="is gone"):
        found.result(future)
    future.status, future.result = "finished", lambda: 7
    assert found.result(future) == 7


def of_versions(**scheduler):
    """A client whose scheduler has other versions."""
    ours = {"python": "3.11.7.final.0", **dict.fromkeys(cluster.SAME[1:], "1")}
    told = {"client": {"packages": ours}, "scheduler": {"packages": ours | scheduler}}
    return SimpleNamespace(wait_for_workers=lambda *a, **o: None, get_versions=lambda: told)


def test_a_scheduler_of_another_version():
    cluster._check_versions(of_versions(python="3.11.2.final.0"), "there")
    for name, version in (("distributed", "2"), ("python", "3.12.1.final.0"), ("msgpack", None)):
        with pytest.raises(ClusterError, match=f"^there: the scheduler has {name} "):
            cluster._check_versions(of_versions(**{name: version}), "there")


def toolkit_of(worker, scheduler=None):
    """A client of a cluster with one worker."""
    own = remote().environment()

    def run_on_scheduler(call):
        if isinstance(scheduler, Exception):
            raise scheduler
        return scheduler or own

    return SimpleNamespace(
        run=lambda *a, **o: {"tcp://w": worker or own}, run_on_scheduler=run_on_scheduler
    )


def test_a_cluster_without_the_package_or_with_another():
    own = remote().environment()
    cluster._check_toolkit(toolkit_of(own, own), "there")
    lacks = ModuleNotFoundError("No module named 'symgrad'")
    for worker, scheduler, told in (
        (lacks, None, "^there: tcp://w cannot run symgrad, ModuleNotFoundError: No module named"),
        (None, lacks, "^there: the scheduler cannot run symgrad, ModuleNotFoundError"),
        (own._replace(code="0" * 64), None, "^there: tcp://w has code 000000000000, this Python"),
        (own._replace(msgspec="0.1"), None, "^there: tcp://w has msgspec 0.1, this Python has "),
        (own._replace(flint="0.1"), None, "^there: tcp://w has flint 0.1, this Python has "),
        (None, own._replace(symgrad="9"), "^there: the scheduler has symgrad 9, this Python has"),
    ):
        with pytest.raises(ClusterError, match=told):
            cluster._check_toolkit(toolkit_of(worker, scheduler), "there")


def test_the_frameworks_are_those_that_some_worker_has():
    a, b = {"numpy": ("numpy", "2"), "torch": ("torch", "1")}, {"numpy": ("numpy", "2")}
    workers = SimpleNamespace(run=lambda call: {"tcp://a": a, "tcp://b": b})
    assert cluster._frameworks(workers) == a
    b["torch"] = ("torch", "1.5")
    with pytest.raises(ClusterError, match=r"^tcp://b has torch 1\.5, and tcp://a has 1;"):
        cluster._frameworks(workers)


def test_a_framework_that_no_worker_has(here, monkeypatch, capsys):
    monkeypatch.setattr(cluster, "_frameworks", lambda client: {"torch": ("torch", "1")})
    status, told = refused(capsys, "--cluster", here.address)
    assert status == 3
    assert re.match(r"error: no worker of \S+ has numpy; install it there\n$", told)


def test_nothing_is_left_here_of_a_process_that_was_asked(here, fakes):
    hear(here, fakes, ("alpha",))
    remote().close_idle()
    for line in fakes.log():
        with pytest.raises(ProcessLookupError):
            os.kill(line.pid, 0)
