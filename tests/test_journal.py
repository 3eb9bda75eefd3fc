"""Runs that are cut short and taken up again: nothing is asked twice, and nothing is missing."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from symgrad.court.errors import InputError, OutputError
from symgrad.court.questions import Problem, Reported
from symgrad.numeric.conversation import Conversation
from symgrad.numeric.journal import Journal, fingerprint, installed_versions
from symgrad.numeric.pool import Pool
from tests.fake_workers import ROOT, Fakes, assert_complete, problems, reports

NAMES, COUNT = ("alpha", "beta"), 6
EVERYTHING = [(name, k) for name in NAMES for k in range(COUNT)]


@pytest.fixture
def fakes(tmp_path):
    return Fakes(tmp_path)


def hear(fakes, of="this run", **options):
    """All events of a pool with a journal."""
    fakes.forget()
    with (
        Journal(fakes.journal, of) as journal,
        Pool(NAMES, 60, interpreters=fakes.interpreters, journal=journal, **options) as pool,
    ):
        for problem in problems(COUNT):
            pool.ask(problem)
        pool.close()
        return list(pool.events())


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The events of a pool without a journal."""
    fakes = Fakes(tmp_path_factory.mktemp("uninterrupted"))
    with Pool(NAMES, 60, interpreters=fakes.interpreters) as pool:
        for problem in problems(COUNT):
            pool.ask(problem)
        pool.close()
        return list(pool.events())


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The lines of a whole journal."""
    fakes = Fakes(tmp_path_factory.mktemp("written"))
    hear(fakes)
    assert fakes.asked() == EVERYTHING
    return fakes.journal.read_bytes().splitlines(keepends=True)


def done(path):
    """Which problems the file says are done, read without the code that is tested."""
    lines = [json.loads(line) for line in path.read_bytes().splitlines()[1:]]
    return sorted((x["framework"], x["answer"]["done"]) for x in lines if "done" in x["answer"])


def hang(folder):
    """Ask with a journal and without an end, and say what has been answered; run by itself."""
    fakes = Fakes(Path(folder))
    with (
        Journal(fakes.journal, "this run") as journal,
        Pool(NAMES, 60, interpreters=fakes.interpreters, journal=journal) as pool,
    ):
        for problem in problems(3):
            pool.ask(problem)
        pool.ask(problems(4)[3], ["alpha"])
        for event in pool.events():
            print(type(event).__name__, flush=True)


def test_a_run_that_is_killed_goes_on_from_what_it_has_written(fakes, uninterrupted):
    code = "import sys; from tests import test_journal; test_journal.hang(sys.argv[1])"
    killed = Fakes(fakes.folder / "killed")  # its orphans write down there what they still do
    command = [sys.executable, "-c", code, str(killed.folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    answered = 0
    while answered < 5:
        answered += process.stdout.readline() == b"Answered\n"
    process.kill()
    process.communicate()
    killed.journal.rename(fakes.journal)
    before = done(fakes.journal)
    assert 5 <= len(before) <= 7
    events = hear(fakes)
    assert fakes.asked() == sorted(set(EVERYTHING) - set(before))
    assert_complete(events, NAMES, COUNT)
    assert reports(events) == reports(uninterrupted)
    assert done(fakes.journal) == EVERYTHING


@pytest.mark.parametrize("jobs", [None, 5])
def test_who_has_said_everything_is_not_started(fakes, uninterrupted, jobs):
    first = hear(fakes, jobs=jobs)
    assert fakes.asked() == EVERYTHING
    assert reports(first) == reports(uninterrupted)
    again = hear(fakes, jobs=jobs)
    assert fakes.log() == []
    assert_complete(again, NAMES, COUNT)
    assert reports(again) == reports(first)


def test_the_journal_of_another_run_is_begun_anew(fakes, written):
    fakes.journal.write_bytes(b"".join(written))
    hear(fakes, of="that run")
    assert fakes.asked() == EVERYTHING
    assert fakes.journal.stat().st_size == len(b"".join(written))
    hear(fakes, of="that run")
    assert fakes.asked() == []


def last(lines):
    """What the last line says is done."""
    entry = json.loads(lines[-1])
    return entry["framework"], entry["answer"]["done"]


@pytest.mark.parametrize("cut", [1, 9], ids=["line feed", "end of the line"])
def test_a_torn_line_is_asked_again(fakes, written, uninterrupted, cut):
    fakes.journal.write_bytes(b"".join(written)[:-cut])
    again = hear(fakes)
    assert fakes.asked() == [last(written)]
    assert reports(again) == reports(uninterrupted)
    assert done(fakes.journal) == EVERYTHING
    hear(fakes)
    assert fakes.asked() == []


@pytest.mark.parametrize(
    "rubbish",
    [
        b"rubbish",
        b"\xff",
        b"[" * 2**18,
        b"[1]",
        b'{"framework": "alpha", "answer": {"problem": 0, "route": "r", "dtype": "", '
        b'"reads": null, "gradient": {"shape": [0, 0], "real": "", "imaginary": null}, '
        b'"value": 1%s}}' % (b"0" * 400),
        b'{"framework": "alpha"}',
        b'{"framework": "alpha", "answer": {"problem": 0, "route": "smooth"}}',
        b'{"framework": "unheard of", "answer": {"problem": 0, "route": "r", "error": "e", '
        b'"declined": false}}',
    ],
    ids=["words", "bytes", "nested", "array", "giant", "no answer", "no gradient", "no start"],
)
def test_a_malformed_line_ends_what_can_be_used(fakes, written, uninterrupted, rubbish):
    half = len(written) // 2
    fakes.journal.write_bytes(b"".join(written[:half]))
    kept = done(fakes.journal)
    fakes.journal.write_bytes(b"".join([*written[:half], rubbish, b"\n", *written[half:]]))
    again = hear(fakes)
    assert fakes.asked() == sorted(set(EVERYTHING) - set(kept))
    assert 0 < len(kept) < len(EVERYTHING)
    assert reports(again) == reports(uninterrupted)


def test_a_death_is_not_recorded(fakes, uninterrupted):
    fakes.plant_death("alpha", 2)
    events = hear(fakes)
    assert {e.problem for e in events if isinstance(e, Reported) and e.worker_died} == {2}
    fakes.cure()
    events = hear(fakes)
    assert fakes.asked() == [("alpha", 2)]
    assert reports(events) == reports(uninterrupted)
    assert not any(e.worker_died for e in events if isinstance(e, Reported))


def test_a_sign_of_life_is_not_recorded(monkeypatch, fakes):
    said, understand = [], Conversation._understand

    def overhear(conversation, line):
        said.append(line)
        understand(conversation, line)

    monkeypatch.setattr(Conversation, "_understand", overhear)
    hear(fakes)
    assert any(b'"busy"' in line for line in said)
    assert b'"busy"' not in fakes.journal.read_bytes()


def test_what_is_left_is_shared_out_evenly(fakes, written):
    ends = [b'{"framework": "alpha", "answer": {"done": %d}}\n' % k for k in (1, 3, 5)]
    assert set(ends) < set(written)
    fakes.journal.write_bytes(b"".join(line for line in written if line not in ends))
    hear(fakes, jobs=4)
    assert fakes.asked() == [("alpha", 1), ("alpha", 3), ("alpha", 5)]
    assert fakes.shares("alpha") == [[1, 5], [3]]


@pytest.mark.parametrize("begins", [b"# Notes\n", b"{}\n", b'{"journals": "a"}\n'])
def test_a_file_that_is_no_journal_is_left_alone(tmp_path, begins):
    path = tmp_path / "file"
    path.write_bytes(begins)
    with pytest.raises(InputError, match="is no journal"):
        Journal(path, "this run")
    assert path.read_bytes() == begins


@pytest.mark.parametrize("begins", [b"", b'{"jour', b'{"journal": "th'])
def test_a_journal_that_was_hardly_begun_is_begun_anew(tmp_path, begins):
    path = tmp_path / "file"
    path.write_bytes(begins)
    with Journal(path, "this run") as journal:
        assert journal.recorded == {}
    assert path.read_bytes() == b'{"journal": "this run"}\n'


def test_a_journal_that_cannot_be_begun(tmp_path):
    with pytest.raises(OutputError, match=r"none/journal: cannot be written, No such file"):
        Journal(tmp_path / "none" / "journal", "this run")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"/journal: cannot be written, File too large$"):
            Journal(tmp_path / "journal", "this run")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with Journal(tmp_path / "journal", "this run") as journal:
        assert not journal.failure


def test_two_runs_do_not_write_one_journal(tmp_path):
    with Journal(tmp_path / "file", "this run"), pytest.raises(InputError, match="another run"):
        Journal(tmp_path / "file", "this run")
    with Journal(tmp_path / "file", "this run"):
        pass


def test_the_fingerprint_is_of_all_that_may_change_an_answer(tmp_path):
    file, versions = tmp_path / "own.py", {"numpy": "2.0", "torch": "2.4"}
    file.write_text("routes = {}")
    known = fingerprint(problems(2), versions, [str(file)])
    assert fingerprint(problems(2), dict(reversed(versions.items())), [str(file)]) == known
    moved = Problem(1, "planted", {}, [[1, 0.1], [0.1, 2 + 2**-51]], "float64")
    others = [
        fingerprint(problems(3), versions, [str(file)]),
        fingerprint([problems(1)[0], moved], versions, [str(file)]),
        fingerprint(problems(2), versions | {"torch": "2.5"}, [str(file)]),
        fingerprint(problems(2), versions),
    ]
    file.write_text("routes = {} ")
    others.append(fingerprint(problems(2), versions, [str(file)]))
    assert len({known, *others}) == 6


def test_versions_are_known_without_an_import():
    code = (
        "import sys; from symgrad.numeric.journal import installed_versions as v; "
        "print(v()['torch'], 'torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert out.stdout.split() == [installed_versions()["torch"], "False"]
