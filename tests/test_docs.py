"""The tables in docs/ are those of the pinned versions and of the routes that there are."""

import json
import re
from pathlib import Path

import pytest

from symgrad import cli, inquiry
from symgrad.court.former.recorded import read_record
from symgrad.court.names import public
from symgrad.numeric.pool import is_installed, known_frameworks
from symgrad.report.pages import linked
from symgrad.studies.atlas import page as tables
from symgrad.studies.atlas.record import with_since
from symgrad.studies.findings.record import read_known

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PACKAGES = {"tensorflow": "tensorflow", "paddle": "paddlepaddle"}
SAMPLE = ("eigenvalue", "log_det", "weighted_inverse", "cholesky_entry", "gaussian_log_likelihood")
"""Functions of every kind of route; `make atlas` runs them all."""
STABLE = (
    "reads",
    "convention",
    "valid",
    "off_symmetric",
    "forward",
    "hermitian",
    "conjugation",
    "forward_hermitian",
    "dtypes",
)


@pytest.fixture(scope="module")
def kept():
    return tables.from_json((DOCS / "atlas.json").read_bytes())


def pinned(package):
    """The newest version of a package that the constraints allow."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    found = re.findall(rf"^{package}==([\w.]+)", text, re.MULTILINE)
    return max(found, key=lambda version: [int(part) for part in version.split(".")])


def stale(atlas, installed):
    """What an atlas does not say of the routes {framework: {(family, route)}}, and says of none."""
    told = {
        name: {(r.function.split("[")[0], r.route) for r in atlas.rows if r.framework == name}
        for name in installed
    }
    return {
        name: told[name] ^ installed[name] for name in installed if told[name] != installed[name]
    }


def test_the_pages_say_what_the_data_says(kept):
    assert (DOCS / "atlas.md").read_text(encoding="utf-8") == linked(tables.to_markdown(kept), DOCS)
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", kept.made.date)


def test_the_calls_that_double_are_named(kept):
    _, told, _ = tables.to_markdown(kept).split("\n## ", 2)
    assert told.startswith("Who doubles\n")
    assert "- tensorflow, `lower`: `tf.linalg.eigh`, `tf.linalg.eigvalsh`" in told
    assert "torch.linalg" not in told


def test_what_differs_between_two_runs_stands_in_one_object(kept):
    data = json.loads((DOCS / "atlas.json").read_bytes())
    assert set(data["made"]) == {"date"}
    rest = json.dumps({key: value for key, value in data.items() if key != "made"})
    assert data["made"]["date"] not in rest


def test_the_column_since_is_that_of_the_record(kept):
    assert with_since(kept, read_record()) == kept, "run `make history`"


def test_the_atlas_is_that_of_the_pinned_versions(kept):
    versions = {row.framework: public(row.version) for row in kept.rows}
    assert versions == {name: pinned(PACKAGES.get(name, name)) for name in known_frameworks()}


def test_the_atlas_has_every_route_and_no_other(kept):
    routes = {
        name: {(family, route) for family, names in started.routes.items() for route in names}
        for name, started in inquiry.Witnesses([]).listing(known_frameworks()).frameworks.items()
        if started and is_installed(name)
    }
    assert stale(kept, routes) == {}
    added = {**routes, "numpy": routes["numpy"] | {("det", "np.linalg.new")}}
    assert stale(kept, added) == {"numpy": {("det", "np.linalg.new")}}


@pytest.mark.slow
def test_a_run_of_today_tells_the_same(kept, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTENSOR_FLAGS", raising=False)  # the page tells of the default mode
    assert cli.main(["atlas", *SAMPLE, "--output", str(tmp_path), "--quiet"]) == 0
    found = tables.from_json((tmp_path / "atlas.json").read_bytes())
    rows = [row for row in kept.rows if row.function.split("[")[0] in SAMPLE]
    by_chance = {f.id for f in read_known() if not f.certain}
    assert len(rows) > 100
    for old, new in zip(rows, found.rows, strict=True):
        if not by_chance & {*old.known.values(), *new.known.values()}:
            assert all(getattr(old, name) == getattr(new, name) for name in STABLE), old.route
