"""A cluster of real processes, and what may befall it: kill −9, a scheduler that goes, no disk."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from symgrad import cluster
from symgrad.court.questions import Choice, Reported, Resources
from symgrad.numeric.pool import Pool
from symgrad.studies.atlas import cases
from tests.fake_workers import Fakes, assert_complete, problems, reports
from tests.helpers import heed_interrupts

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
FROM_HERE = {**os.environ, "PYTHONPATH": str(ROOT)}
COUNT = 6
HOST = """
import os, sys, distributed
if __name__ == "__main__":
    with distributed.LocalCluster(
        n_workers=int(sys.argv[1]), threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""
"""A scheduler with some workers, until its input ends."""
WORKER = """
import sys
sys.path[0] = {root!r}
sys.modules[{lacking!r}] = None
from distributed.cli.dask_worker import main
main()
"""
"""A worker in whose environment a framework is not installed."""
BARE = """
import sys
sys.path += {paths!r}
from distributed.cli.dask_scheduler import main
main()
"""
FUNCTION = """
import os
import numpy as np

exact = "trace_cube"

def by_numpy(X):
    {deed}
    return np.trace(X @ X @ X), 3 * X @ X

routes = {{"numpy": {{"3 X²": by_numpy}}}}
"""


@pytest.fixture
def host(tmp_path):
    """Starts schedulers with workers, in processes of their own."""
    script = tmp_path / "host.py"
    script.write_text(HOST)
    started = []

    def start(workers):
        process = subprocess.Popen(
            [sys.executable, str(script), str(workers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=FROM_HERE,
            text=True,
        )
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.communicate()


@pytest.fixture
def processes():
    """A cluster of two processes, in which Dask tries a task twice."""
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
        ) as local,
        cluster.connect(local.scheduler_address) as found,
    ):
        yield found


@pytest.fixture
def fakes(tmp_path):
    return Fakes(tmp_path / "fakes")


def hear(pool):
    with pool:
        for problem in problems(COUNT):
            pool.ask(problem)
        pool.close()
        return list(pool.events())


def on(where, fakes):
    from symgrad.numeric.cluster import ClusterPool

    return ClusterPool(where, ("alpha", "beta"), 60, interpreters=fakes.interpreters, size=3)


def test_a_worker_that_is_killed_in_mid_batch_costs_no_row(processes, fakes):
    whole = hear(Pool(("alpha", "beta"), 60, interpreters=fakes.interpreters))
    fakes.plant_treason("alpha", 4, times=1)
    events = hear(on(processes, fakes))
    assert fakes.treason_left() == 0
    assert_complete(events, ("alpha", "beta"), COUNT)
    assert reports(events) == reports(whole)
    assert not any(e.worker_died for e in events if isinstance(e, Reported))


def test_a_problem_that_kills_every_worker_costs_its_own_rows_alone(processes, fakes):
    whole = hear(Pool(("alpha", "beta"), 60, interpreters=fakes.interpreters))
    fakes.plant_treason("alpha", 4, times=1000)
    events = hear(on(processes, fakes))
    assert_complete(events, ("alpha", "beta"), COUNT)
    died = [e for e in events if isinstance(e, Reported) and e.worker_died]
    assert [(e.framework, e.problem, e.route) for e in died] == [
        ("alpha", 4, "smooth"),
        ("alpha", 4, "fallible"),
    ]
    assert {e.version for e in died} == {"1.alpha"}
    assert all("was lost" in e.error for e in died)

    def others(events):
        return [row for row in reports(events) if row[:2] != ("alpha", 4)]

    assert others(events) == others(whole)


def atlas(folder, *words, **options):
    """The command in a process of its own: its exit status and what it says."""
    command = [sys.executable, "verify.py", "atlas", "--quiet", "--output", str(folder), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, **options)
    return done.returncode, done.stdout, done.stderr


def test_the_atlas_is_the_same_byte_for_byte(tmp_path):
    words = ("weighted_inverse", "-f", "numpy", "-f", "torch", "--parquet")
    here = atlas(tmp_path / "here", *words)
    there = atlas(tmp_path / "there", *words, "--cluster", "local:2")
    assert (here[0], here[2]) == (0, "")
    assert there == here
    for name in ("atlas.json", "atlas.md", "atlas.parquet"):
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()
    assert not (tmp_path / "there" / "atlas.journal").exists()


def functions(folder, deed):
    """Four function files of a route that does something beside, and notes that it was asked."""
    paths = [folder / f"cubes{k}.py" for k in range(4)]
    note = f"print(os.path.basename(__file__), file=open({str(folder / 'asked')!r}, 'a'))"
    for path in paths:
        path.write_text(FUNCTION.format(deed=f"{note}; {deed}"))
    return [str(path) for path in paths]


def asked(folder):
    """How often they were asked, from now on anew."""
    count = len((folder / "asked").read_text().split())
    (folder / "asked").unlink()
    return count


def test_a_scheduler_that_is_killed_leaves_a_run_to_be_gone_on_with(host, tmp_path):
    process, address = host(1)
    journal, victim = tmp_path / "out" / "axes.journal", tmp_path / "victim"
    victim.write_text(str(process.pid))
    # the third batch is sent when something has come of the first
    deed = (
        f"os.path.exists({str(victim)!r}) and b'done' in open({str(journal)!r}, 'rb').read() "
        f"and os.kill(int(open({str(victim)!r}).read()), 9)"
    )
    words = [*functions(tmp_path, deed), "-f", "numpy", "-n", "2", "--axes", "ties"]
    status, out, told = atlas(tmp_path / "out", *words, "--cluster", address)
    assert process.wait() == -signal.SIGKILL
    assert (status, out) == (3, "")
    said = f"error: the scheduler at {address} is gone; the same command goes on from {journal}\n"
    assert told == said
    assert os.listdir(tmp_path / "out") == ["axes.journal"]
    assert asked(tmp_path)
    victim.unlink()
    assert atlas(tmp_path / "out", *words)[0] == 0
    again = asked(tmp_path)
    assert atlas(tmp_path / "whole", *words)[0] == 0
    assert 0 < again < asked(tmp_path)  # of what was done before, nothing
    for name in ("axes.json", "axes.md"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_worker_that_comes_back_is_given_what_nobody_could_do(tmp_path):
    once = tmp_path / "once"
    once.touch()
    deed = (
        f"os.path.exists({str(once)!r}) and (os.remove({str(once)!r}), os.kill("
        "int(open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()[1]), 9))"
    )
    words = [*functions(tmp_path, deed), "-f", "numpy", "-n", "2", "--axes", "ties"]
    there = atlas(tmp_path / "there", *words, "--cluster", "local:1")
    assert not once.exists()
    assert there[0::2] == (0, "")
    assert atlas(tmp_path / "here", *words) == there
    pages = [(tmp_path / where / "axes.json").read_bytes() for where in ("here", "there")]
    assert pages[0] == pages[1]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 KiB, and what makes it larger."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    larger = ["mount", "-o", "remount,size=8m", str(place)]
    yield place, lambda: subprocess.run(larger, check=True)
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_leaves_a_run_to_be_gone_on_with(small_disk, tmp_path):
    place, enlarge = small_disk
    words = ("trace", "det", "-f", "numpy", "--cluster", "local:1")
    status, out, told = atlas(place, *words)
    assert (status, out) == (3, "")
    assert told == f"error: {place}: cannot be written to, No space left on device\n"
    assert os.listdir(place) == ["atlas.journal"]
    kept = (place / "atlas.journal").read_bytes()
    assert b'"done"' in kept
    enlarge()
    assert atlas(place, *words)[0] == 0
    assert sorted(os.listdir(place)) == ["atlas.json", "atlas.md"]


def test_a_disk_that_is_full_from_the_start(small_disk):
    place, _ = small_disk
    (place / "other").write_bytes(bytes(8192))
    status, out, told = atlas(place, "trace", "-f", "numpy")
    assert (status, out) == (3, "")
    journal = place / "atlas.journal"
    assert told == f"error: {journal}: cannot be written, No space left on device\n"


def test_an_environment_without_a_framework_gets_no_task_of_it(host, tmp_path):
    _, address = host(1)
    script = tmp_path / "worker.py"
    script.write_text(WORKER.format(root=str(ROOT), lacking="autograd"))
    command = [sys.executable, str(script), address, "--no-nanny", "--nthreads", "1"]
    poorer = subprocess.Popen([*command, "--no-dashboard"], stderr=subprocess.DEVNULL)
    try:
        told = kept_by_workers(address)
        assert sorted(told.values()) == [["autograd", "numpy"], ["numpy"]]
        with distributed.Client(address) as client:
            (rich,) = [w for w, names in told.items() if "autograd" in names]
            client.retire_workers([rich])
            status, out, said = atlas(
                tmp_path, "trace", "-f", "numpy", "-f", "autograd", "--cluster", address
            )
            assert (status, out) == (3, "")
            assert said == f"error: no worker of {address} has autograd; install it there\n"
    finally:
        poorer.kill()
        poorer.wait()


def kept_by_workers(address):
    """Which frameworks each of two workers was asked, when both were to do all."""
    from symgrad.numeric import remote
    from symgrad.numeric.cluster import ClusterPool

    choice = Choice(resources=Resources(frameworks=[], timeout=60), functions=("det",), points=1)
    chosen = cases.atlas(choice)
    with distributed.Client(address) as client:
        client.wait_for_workers(2)
        with cluster.connect(address) as found:
            with ClusterPool(found, ("numpy", "autograd"), 60, size=1) as pool:
                for number, case in enumerate(chosen):
                    pool.ask(case.problem(number))
                pool.close()
                events = list(pool.events())
            assert not any(e.worker_died for e in events if isinstance(e, Reported))
            return client.run(remote.kept)


def test_a_scheduler_without_the_package(tmp_path):
    paths = [path for path in sys.path if path.endswith("site-packages")]
    file = tmp_path / "scheduler.json"
    script = BARE.format(paths=paths)
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file]
    bare = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", script, *options],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = iter(bare.stderr.readline, "")
        address = next(line.split()[-1] for line in said if "Scheduler at:" in line)
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        helper = subprocess.Popen([*worker, "--no-dashboard"], env=FROM_HERE, cwd=ROOT, **quiet)
        try:
            status, out, told = atlas(tmp_path, "trace", "-f", "numpy", "--cluster", address)
        finally:
            helper.kill()
            helper.wait()
    finally:
        bare.kill()
        bare.communicate()
    assert (status, out) == (3, "")
    assert told.startswith(f"error: {address}: the scheduler cannot run symgrad, ModuleNotFound")
    assert told.count("\n") == 1


def test_an_interrupt_leaves_no_process(tmp_path):
    ready, go_on = tmp_path / "ready", tmp_path / "go-on"
    os.mkfifo(ready)
    os.mkfifo(go_on)
    deed = f"(open({str(ready)!r}, 'w').close(), open({str(go_on)!r}).read())"
    words = [functions(tmp_path, deed)[0], "-f", "numpy", "-n", "2", "--axes", "ties"]
    command = [sys.executable, "verify.py", "atlas", "--output", str(tmp_path / "out"), *words]
    process = subprocess.Popen(
        [*command, "--cluster", "local:2"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    with open(ready):  # a route is being asked
        os.killpg(process.pid, signal.SIGINT)
        out, told = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert told == f"interrupted: the same command goes on from {tmp_path}/out/axes.journal\n"
    for _ in range(10**5):  # looks; the last to end is one that waits for the end of the others
        if not living(process.pid):
            break
    assert living(process.pid) == []


def living(group):
    """The processes of a group that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            about = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if about[2] == str(group) and about[0] != "Z":
            found.append(stat.parent.name)
    return found
