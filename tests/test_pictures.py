"""Pictures: what stands where in them, and what the command line draws."""

from fractions import Fraction

import numpy as np
from msgspec import structs

from symgrad import cli
from symgrad.commands.session import BAD_INPUT
from symgrad.court.hearing import Hearing
from symgrad.court.judging.judge import judge
from symgrad.report import plot
from symgrad.report.document import from_json, make_run, to_json
from symgrad.symbolic.large_cases import chosen as chosen_large
from tests.helpers import exact_gradient, reference, report
from tests.records import choice
from tests.test_readme import PAGES, blocks
from tests.test_units import OWN


def verdict(factor=1.0, seed=0, **changes):
    """Of S times a factor, by a framework that is called planted."""
    true = reference(seed=seed)
    return judge(true, report(true, exact_gradient(true) * factor, **changes), "float64")


def drawn(figure):
    """What the lines of a figure say: {label: {x: y}}."""
    lines = figure.axes[0].get_lines()
    return {line.get_label(): dict(zip(*line.get_data(), strict=True)) for line in lines}


def test_the_worst_of_each_framework_is_drawn_and_what_was_not_judged_is_not():
    right, wrong, nan = verdict(), verdict(1 + 1e-6), verdict(np.nan)
    refused = structs.replace(wrong, verdict="refused")
    other = structs.replace(right, framework="other")
    assert (nan.verdict, nan.parameters) == ("disagrees", [])
    by = {1e-3: [right, other], 1e-6: [right, wrong, other], 1e-9: [nan, right], 1e-12: [refused]}
    excess = drawn(plot.verdicts_against(by, "gap", "excess"))
    assert excess["planted"].keys() == {1e-3, 1e-6, 1e-9}
    assert excess["other"].keys() == {1e-3, 1e-6}
    assert plot.LEAST <= excess["planted"][1e-3] < 1 < excess["planted"][1e-6] < plot.MOST
    assert excess["planted"][1e-9] == plot.MOST
    assert excess["other"][1e-6] < 1
    error = drawn(plot.verdicts_against(by, "gap"))["planted"]
    assert 1e-7 < error[1e-6] < 2e-6
    digits = drawn(plot.verdicts_against(by, "gap", "digits"))["planted"]
    assert digits[1e-3] > 14
    assert 5 < digits[1e-6] < 7
    assert digits[1e-9] == 0


def test_a_gradient_that_is_not_finite_stands_at_the_edge_and_a_refused_one_nowhere():
    right, nan = verdict(), verdict(np.nan)
    xs = [*plot.of_verdicts([right, nan]).axes[0].get_lines()[0].get_xdata()]
    assert xs[0] < 1 < xs[1] == plot.MOST
    refused = structs.replace(nan, verdict="refused")
    assert len(plot.of_verdicts([right, refused]).axes[0].get_lines()[0].get_xdata()) == 1


def test_each_of_many_frameworks_has_a_look_of_its_own():
    by = {x: [structs.replace(verdict(), framework=str(k)) for k in range(10)] for x in (1.0, 2.0)}
    lines = plot.verdicts_against(by, "n").axes[0].get_lines()
    assert len({(x.get_color(), x.get_marker(), x.get_linestyle()) for x in lines}) == 10


def test_errors_are_drawn_against_the_unit_where_several_were_asked(tmp_path):
    path, picture, data = (tmp_path / name for name in ("largest.py", "a.svg", "a.json"))
    path.write_text(OWN, encoding="utf-8")
    command = [str(path), "-f", "numpy", "--points", "2", "--quiet", "--plot", str(picture)]
    assert cli.main([*command, "--scale", "1e-12,1,1e6", "--json", str(data)]) == 1
    by, run = {1e-12: [], 1.0: [], 1e6: []}, from_json(data.read_bytes())
    for v in run.verdicts:
        a = float(Fraction(v.point["a"]))
        by[1e-12 if a < 1e-9 else 1.0 if a < 1e5 else 1e6].append(v)
    figure = plot.verdicts_against(by, "s, the unit: the matrices are s·X", "excess")
    assert [len(found) for found in by.values()] == [4, 4, 4]
    assert picture.read_bytes() == plot.to_svg(figure) != plot.to_svg(run.plot())
    told = drawn(figure)["numpy"]
    assert told[1.0] < 1 < told[1e-12]
    moved = plot.verdicts_against(by | {1.0: by[1e-12]}, figure.axes[0].get_xlabel(), "excess")
    assert picture.read_bytes() != plot.to_svg(moved)


def test_one_unit_is_no_axis_and_one_beyond_all_floats_has_no_place_there(tmp_path, capsys):
    picture, data = tmp_path / "a.svg", tmp_path / "a.json"
    command = ["trace", "-f", "numpy", "--quiet", "--plot", str(picture), "--json", str(data)]
    assert cli.main([*command, "--scale", "1e-12"]) == 0
    assert picture.read_bytes() == plot.to_svg(from_json(data.read_bytes()).plot())
    for unit in ("1e-400", "1e400"):
        assert cli.main([*command, "--scale", f"1,{unit}"]) == BAD_INPUT
        assert f"--plot: --scale {unit} has no place on an axis" in capsys.readouterr().err


def test_above_the_sizes_of_arb_units_are_told_apart_too():
    asked = choice("log_det", size=101, points=2, scales=("1e-3", "1"))
    assert [x.label for x in chosen_large(asked, 101, 100)] == ["1e-3", "1e-3", "1", "1"]
    plain = structs.replace(asked, scales=())
    assert [x.label for x in chosen_large(plain, 101, 100)] == ["", ""]


def test_several_runs_are_drawn_against_n_as_the_page_says(tmp_path, monkeypatch):
    (code,) = [block for block in blocks("python", PAGES["command-line"]) if "against" in block]
    monkeypatch.chdir(tmp_path)
    empty = make_run(Hearing(choice("log_det")), [], [])
    for n, factor in ((2, 1), (4, 1 + 1e-9), (8, 1 + 1e-6)):
        run = structs.replace(empty, verdicts=[verdict(factor)])
        (tmp_path / f"{n}.json").write_bytes(to_json(run))
    names = {}
    exec(code, names)
    told = drawn(plot.against(names["runs"], "n"))["planted"]
    assert told[2] < 1e-14 < told[4] < 1e-8 < told[8]
    kept = (tmp_path / "n.svg").read_bytes()
    assert kept == plot.to_svg(plot.against(names["runs"], "n"))
    assert kept != plot.to_svg(plot.against(names["runs"] | {8: names["runs"][2]}, "n"))
    assert (tmp_path / "2.svg").read_bytes() == plot.to_svg(names["runs"][2].plot())
