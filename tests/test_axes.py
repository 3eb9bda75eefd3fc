"""The atlas along further axes: which matrices, what is told of a route, the files."""

import msgspec
import numpy as np
import pytest
from msgspec import structs

from symgrad import cli
from symgrad.studies.atlas import axes_page
from symgrad.studies.atlas.axes import SIZES, cases
from symgrad.studies.atlas.axes_record import AXES, Axes, AxisRow, Wrong
from symgrad.studies.atlas.record import Made
from tests.records import choice


def asked(axis, *functions, **changes):
    return cases(choice(*functions, size=3, points=None, axes=(axis,), **changes))


def matrix(case):
    return np.array(case.parameterization.at(case.theta), dtype=float)


def test_ties_are_of_all_eigenvalues_of_a_pair_or_of_the_signs():
    found = {case.label: matrix(case) for case in asked("ties", "det")}
    spectra = {
        what: np.sort(np.linalg.eigvalsh(found[f"ties {what} float64"]))
        for what in ("all", "pair", "sign")
    }
    np.testing.assert_allclose(spectra["all"], [2, 2, 2])
    np.testing.assert_allclose(spectra["pair"], [2, 2, 5])
    np.testing.assert_allclose(spectra["sign"], [-1, 1, 2])
    definite = {case.label for case in asked("ties", "log_det")}
    assert {label.split()[1] for label in definite} == {"all", "pair"}


def test_ranks_are_of_singular_matrices_where_f_is_defined():
    found = {case.label: case for case in asked("rank", "det")}
    for rank in range(3):
        X = matrix(found[f"rank {rank} float64"])
        assert np.linalg.matrix_rank(X) == rank
        assert np.linalg.matrix_rank(matrix(found[f"rank {rank} complex128"])) == 2 * rank
    assert "rank 3 float64" not in found


def test_units_are_those_of_the_dtype_or_those_given():
    labels = [case.label for case in asked("scale", "trace")]
    assert "scale 1e30 float64" in labels
    assert "scale 1e19 complex64" in labels
    assert "scale 1e30 float32" not in labels
    given = asked("scale", "trace", scales=("1e-3",))
    assert [case.label.split()[1] for case in given] == ["1e-3"] * 4
    first, second = (asked("scale", "trace", scales=(s,))[0] for s in ("1", "1024"))
    np.testing.assert_array_equal(1024 * matrix(first), matrix(second))


def test_queries_are_hessians_and_cotangents():
    found = {case.label: case for case in asked("query", "weighted_inverse")}
    assert found["query hvp float64"].query.operator == "hvp"
    assert found["query hvp complex128"].query == found["query hvp float64"].query
    lower = found["query vjp-lower float64"]
    assert (lower.query.operator, lower.forward) == ("gradient", True)
    assert np.array_equal(lower.function.constants["W"], np.tril(lower.function.constants["W"]))
    assert {label.split()[1] for label in found} == {
        "hvp", "vjp-symmetric", "vjp-lower", "vjp-general"
    }  # fmt: skip
    assert {case.label.split()[1] for case in asked("query", "det")} == {"hvp"}


def test_sizes_and_executions():
    assert [case.function.size for case in asked("size", "log_det")] == list(SIZES)
    executed = asked("execution", "log_det", executions=("jax.jit",))
    assert {case.problem(0).executions for case in executed} == {("jax.jit",)}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--axes", "scales"], "unknown axis 'scales'"),
        (["--axes", ""], "unknown axis ''"),
        (["--axes", "ties", "--scale", "2"], "--scale gives the units of --axes scale"),
        (["--axes", "scale", "--scale", "1e300"], "too large for float32"),
        (["--axes", "scale", "--scale", "-1"], "a unit is a positive number"),
        (["--axes", "scale", "--scale", "1,,2"], "is not of the form"),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line(arguments, said, tmp_path, capsys):
    command = ["atlas", "trace", "-f", "numpy", "--output", str(tmp_path), *arguments]
    assert cli.main(command) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_the_files_tell_what_was_found(tmp_path, capsys):
    command = ["atlas", "trace", "det", "-f", "numpy", "--axes", "rank,ties,rank"]
    assert cli.main([*command, "--output", str(tmp_path)]) == 0
    assert "4 routes along rank, ties" in capsys.readouterr().out
    found = axes_page.from_json((tmp_path / "axes.json").read_bytes())
    (trace,) = (row for row in found.rows if row.function == "trace")
    assert set(trace.outcomes.values()) == {"agrees"}
    assert {column.split()[0] for column in trace.outcomes} == {"rank", "ties"}
    assert axes_page.to_markdown(found) == (tmp_path / "axes.md").read_text(encoding="utf-8")
    assert not (tmp_path / "axes.journal").exists()
    with pytest.raises(msgspec.ValidationError):
        axes_page.from_json(b'{"rows": 1}')


def test_what_is_kept_has_no_number_of_one_processor(tmp_path):
    wrong = {"ties all float64 reverse": Wrong("off by 0.123", ("wrong",), 0.9, "an-id")}
    row = AxisRow(
        "numpy", "2", "trace", "np.trace", {"ties all float64 reverse": "disagrees"}, wrong, {}
    )
    axes = Axes({}, {"machine": "planted"}, Made("2026-01-31"), ("ties",), 3, [row])
    (tmp_path / "axes.json").write_bytes(axes_page.to_json(axes))
    axes_page.keep(tmp_path)
    kept = axes_page.from_json((tmp_path / "axes.json").read_bytes())
    assert kept == axes_page.portable(axes) != axes
    assert kept.rows[0].wrong == {"ties all float64 reverse": Wrong("", ("wrong",), None, "an-id")}
    page = (tmp_path / "axes.md").read_text(encoding="utf-8")
    assert "known: an-id" in page
    assert "0.123" in axes_page.to_markdown(structs.replace(axes, rows=[plain(row)]))
    assert "0.123" not in page


def plain(row):
    """The same, with what is wrong known of no finding."""
    wrong = {column: structs.replace(w, known="") for column, w in row.wrong.items()}
    return structs.replace(row, wrong=wrong)


@pytest.mark.parametrize(
    ("kinds", "known", "news"),
    [(("wrong",), "", True), (("wrong",), "an-id", False), ((), "", False)],
)
def test_news_is_what_has_lost_half_of_its_digits_and_is_not_known(kinds, known, news):
    wrong = {"ties all float64 reverse": Wrong("why", kinds, 1.0, known)}
    row = AxisRow("numpy", "2", "trace", "np.trace", {}, wrong, {})
    assert row.is_news == news
    assert set(AXES) == {"scale", "rank", "ties", "size", "execution", "query"}
