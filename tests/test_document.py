"""The JSON: it fits its schema, which fits the records, and its numbers come back the same."""

import json
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import jsonschema
import msgspec
import pytest

from symgrad.court.judging.judge import judge
from symgrad.report.document import SCHEMA, Output, from_json, json_pieces, schema, to_json
from symgrad.report.run import Run
from tests.helpers import FUNCTIONS, exact_gradient, reference, report


@pytest.fixture(scope="module")
def run():
    """A run with verdicts of every kind."""
    verdicts = [judge(reference(f), report(reference(f)), "float64") for f in FUNCTIONS]
    ref = reference()
    verdicts.append(judge(ref, report(ref, float("nan") * exact_gradient(ref)), "float64"))
    verdicts.append(judge(ref, report(ref, error="RuntimeError: planted"), "float64"))
    return Run({"name": "symgrad"}, {"python": "3"}, ["det"], [], [], verdicts)


def test_the_schema_in_the_repository_is_that_of_the_records():
    assert json.loads(SCHEMA.read_bytes()) == schema(), "run `make schema`"


def test_a_run_fits_the_schema(run):
    jsonschema.validate(json.loads(to_json(run)), schema())


@pytest.mark.parametrize(
    ("key", "value"), [("verdict", "perhaps"), ("convention", "spurious"), ("size", "3")]
)
def test_what_is_no_run_does_not_fit(run, key, value):
    data = json.loads(to_json(run))
    data["verdicts"][0][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema())
    with pytest.raises(msgspec.ValidationError):
        from_json(json.dumps(data).encode())


def test_every_number_comes_back_the_same(run):
    assert from_json(to_json(run)) == run
    text = json.loads(to_json(run), parse_float=str)
    for data, v in zip(text["verdicts"], run.verdicts, strict=True):
        for row, exact in zip(data["gradient"] or [], v.gradient or [], strict=True):
            assert [x if x == "NaN" else float(x) for x in row] == exact
        for component, told in zip(v.parameters, data["parameters"], strict=True):
            assert Decimal(told["exact"]) == component.exact


def test_the_pieces_are_those_of_one_object(run):
    encoded = msgspec.json.Encoder(decimal_format="number").encode(run)
    assert to_json(run) == msgspec.json.format(encoded, indent=1) + b"\n"
    assert len(list(json_pieces(run))) == len(run.verdicts) + 2
    empty = msgspec.structs.replace(run, verdicts=[])
    assert from_json(to_json(empty)) == empty


def test_the_exact_derivative_has_all_its_digits(run):
    component = run.verdicts[0].parameters[0]
    assert len(component.exact.as_tuple().digits) >= 30
    true = reference(FUNCTIONS[0]).directions[0].derivative.mid
    assert abs(Fraction(component.exact) - true) <= Fraction(component.radius)
    assert component.radius < 1e-30


def test_the_main_jobs_own_output_fits(tmp_path):
    output = tmp_path / "run.json"
    subprocess.run(
        [sys.executable, "verify.py", "-f", "numpy", "--quiet", "--json", str(output)],
        check=True,
        capture_output=True,
    )
    data = json.loads(output.read_bytes())
    jsonschema.validate(data, json.loads(SCHEMA.read_bytes()))
    assert set(data) >= {"toolkit", "environment", "command", "claims", "verdicts"}


def test_an_output_is_whole_or_not_there(tmp_path):
    path = tmp_path / "out"
    output = Output(path)
    assert not path.exists()
    output.discard()
    assert list(tmp_path.iterdir()) == []
    output = Output(path)
    output.write([b"wh", b"ole"])
    output.discard()
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]
