"""Disputes: the list, whether each is settled, and that a wrong expectation is found."""

from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest

from symgrad import cli, inquiry
from symgrad.commands.session import BAD_INPUT, DISAGREES
from symgrad.court.errors import InputError
from symgrad.court.hearing import Hearing
from symgrad.numeric.pool import is_installed, known_frameworks
from symgrad.report.pages import linked
from symgrad.studies.disputes import page as report
from symgrad.studies.disputes import plan
from symgrad.studies.disputes import record as known_disputes
from symgrad.studies.disputes.cases import examined
from symgrad.studies.disputes.record import (
    Asked,
    Dispute,
    Outcomes,
    Proposed,
    Thread,
    read,
    read_known,
)
from symgrad.studies.disputes.rule import settle
from symgrad.symbolic import cases
from symgrad.symbolic.catalogue import instances
from symgrad.symbolic.extension import load_function
from tests.helpers import exact_gradient, reference
from tests.records import choice

ROOT = Path(__file__).parent.parent
GAUSSIAN_PROCESS = ROOT / "studies" / "disputes" / "scripts" / "gaussian_process.py"
KNOWN = read_known()
QUICK = tuple(d for d in KNOWN if "compile" not in d.id)
"""Those that compile nothing, which takes seconds."""
FAST = ("numpy", "torch")
THREADS = {
    "pytorch/pytorch#18825",
    "pytorch/pytorch#19116",
    "pytorch/pytorch#22807",
    "pytorch/pytorch#23018",
    "pytorch/pytorch#30578",
    "pytorch/pytorch#47599",
    "PyTorch forum, topic 195596",
    "pyro-ppl/pyro#656",
    "jax-ml/jax#12795",
    "jax-ml/jax#10877",
    "jax-ml/jax#9110",
    "jax-ml/jax#4891",
    "jax-ml/jax#4646",
    "HIPS/autograd#56",
    "Theano/Theano#2066",
    "pymc-devs/pytensor#2059",
    "PythonOT/POT#773",
    "pytorch/pytorch#23133",
    "a blog post on jax.hessian",
    "pytorch/pytorch#43002",
    "pytorch/pytorch#104675",
    "scikit-learn/scikit-learn#26502",
}


def heard(disputes, frameworks):
    used = {c.framework for d in disputes for c in d.checks if isinstance(c, Asked)}
    files = tuple({c.file for d in disputes for c in d.checks if c.file})
    chosen = [name for name in frameworks if name in used]
    hearing = Hearing(choice(*(files or ("none",)), frameworks=chosen, timeout=300.0))
    inquiry.listen(hearing, plan.examined(hearing.choice, known_frameworks(), disputes))
    return settle(hearing, disputes)


@cache
def settled_by(frameworks, disputes=tuple(KNOWN)):
    return {h.dispute.id: h for h in heard(disputes, frameworks)}


def asked(**changes):
    """The smaller eigenvalue by NumPy: the symmetric gradient of a lower triangle that is read."""
    expected = {
        "verdict": "agrees",
        "convention": "symmetric",
        "reads": "lower",
        "off_symmetric": "no",
        "sign": "positive",
    }
    fields = {
        "framework": "numpy",
        "function": "eigenvalue[0]",
        "route": "np.linalg.eigh(UPLO='L')",
        "matrix": "2 1; 1 3",
        "expected": Outcomes(**(expected | changes.pop("expected", {}))),
    }
    return Asked(**(fields | changes))


def proposed(**changes):
    fields = {
        "by": "the Cookbook",
        "rule": "spurious",
        "function": "eigenvalue[0]",
        "matrix": "2 1; 1 3",
        "expected": Outcomes(verdict="disagrees", convention="invalid", reason="2S − diag(S)"),
    }
    return Proposed(**(fields | changes))


RULE = '"rule":"spurious","gradient":null'


def planted(*checks, name="planted"):
    thread = Thread("nobody", "https://example.org")
    return Dispute(id=name, threads=(thread,), question="Is it?", answer="Yes.", checks=checks)


# --- the list


def test_the_list_is_well_formed():
    assert {thread.name for d in KNOWN for thread in d.threads} >= THREADS
    for dispute in KNOWN:
        assert dispute.question.endswith("?")
        assert len(dispute.answer) > 60
        assert all(t.url.startswith("https://") or "blog" in t.name for t in dispute.threads)
        assert len(examined(dispute, known_frameworks(), 60)) == len(dispute.checks)
        assert any(c.expected.verdict == "agrees" for c in dispute.checks)


def test_what_is_proposed_is_convicted_or_not_as_the_list_says():
    proposals = [c for d in KNOWN for c in d.checks if isinstance(c, Proposed)]
    verdicts = {(c.rule, c.repair): c.expected.verdict for c in proposals}
    assert verdicts["spurious", "none"] == verdicts["symmetric", "mirrored"] == "disagrees"
    assert {verdicts[name, "none"] for name in ("symmetric", "lower", "upper")} == {"agrees"}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("", "[", "cannot be read"),
        ('"question":"Is it?",', "", "missing required field"),
        ('"rule":"spurious"', '"rule":"lucky"', "Invalid enum value"),
        ('"rule":', '"ruler":', "unknown field"),
        ('"kind":"proposed"', '"kind":"heard"', "Invalid value 'heard'"),
        ('"verdict":"disagrees"', '"verdict":"loses"', "Invalid enum value"),
        ('"rule":"spurious"', '"rule":null', "either a rule or a gradient"),
        ('"gradient":null', '"gradient":[[1]]', "either a rule or a gradient"),
        (RULE, '"rule":null,"gradient":[[1,2]]', "not square"),
        ('"digits":null', '"digits":0', "1 digit or more"),
        ('"digits":null,"decimals":null', '"digits":6,"decimals":6', "rounded to one of them"),
    ],
)
def test_a_malformed_list_is_rejected(old, new, reason):
    text = msgspec.json.encode([planted(proposed())]).decode()
    assert old in text
    assert read(text.encode()) == [planted(proposed())]
    with pytest.raises(InputError, match=reason):
        read(text.replace(old, new, 1).encode())


@pytest.mark.parametrize(
    ("disputes", "reason"),
    [
        ([planted(proposed()), planted(asked())], "two disputes have the id planted"),
        ([planted()], "length >= 1"),
    ],
)
def test_a_list_that_settles_nothing_is_rejected(disputes, reason):
    with pytest.raises(InputError, match=reason):
        read(msgspec.json.encode(disputes))


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        (asked(framework="jaxx"), "unknown framework 'jaxx'"),
        (asked(function="eigenvalues"), "unknown function 'eigenvalues'"),
        (asked(function="eigenvalue[7]"), "does not exist at size 2"),
        (asked(function="gone.py"), "there is no such file"),
        (proposed(matrix="2 1; 0 3"), "not symmetric"),
        (proposed(function="log_det", matrix="1 2; 2 1"), "outside the domain"),
    ],
)
def test_a_check_of_nothing_is_rejected(check, reason):
    with pytest.raises(InputError, match=reason):
        examined(planted(check), known_frameworks(), 60)


# --- each one, settled


@pytest.mark.parametrize("dispute", QUICK, ids=lambda d: d.id)
@pytest.mark.slow
def test_a_dispute_is_settled(dispute):
    found = settled_by(FAST, QUICK)[dispute.id]
    assert [c.differs for c in found.checks] == [()] * len(dispute.checks)
    asked_of = {c.framework for c in dispute.checks if isinstance(c, Asked)}
    proposals = any(isinstance(c, Proposed) for c in dispute.checks)
    assert found.status == ("settled" if proposals or asked_of & set(FAST) else "not asked")
    for checked in found.checks:
        ran = isinstance(checked.check, Proposed) or checked.check.framework in FAST
        assert (checked.found is not None) == ran


@pytest.mark.slow
@pytest.mark.parametrize("dispute", KNOWN, ids=lambda d: d.id)
def test_a_dispute_is_settled_by_every_framework(dispute):
    installed = tuple(name for name in known_frameworks() if is_installed(name))
    found = settled_by(installed)[dispute.id]
    assert found.status == "settled", [c.differs for c in found.checks]
    assert found.missing == sum(
        c.framework not in installed for c in dispute.checks if isinstance(c, Asked)
    )


@pytest.mark.parametrize(
    ("scale", "value", "slope"),
    [("7/4", None, -12.6962330515471630), ("23/8", -23.8681112947450706, -4.58234358891420433)],
)
def test_the_gaussian_process_is_the_one_that_was_disputed(scale, value, slope):
    (function,) = instances(load_function(GAUSSIAN_PROCESS, known_frameworks(), 60), 1)
    true = cases.at_matrix(function, scale, "float64", False, "", "").reference()
    found = float(true.directions[0].derivative.mid)
    assert found == pytest.approx(slope, rel=1e-15, abs=0)
    assert found != pytest.approx(slope * (1 + 1e-14), rel=1e-15, abs=0)
    assert value is None or float(true.value.mid) == pytest.approx(value, rel=1e-15, abs=0)


# --- proposals


def test_the_rules_make_what_they_are_named_after():
    S = np.array([[1.0, 2.0], [2.0, 5.0]])
    made = {
        ("symmetric", "none"): [[1, 2], [2, 5]],
        ("lower", "none"): [[1, 0], [4, 5]],
        ("upper", "none"): [[1, 4], [0, 5]],
        ("spurious", "none"): [[1, 4], [4, 5]],
        ("lower", "symmetrized"): [[1, 2], [2, 5]],
        ("lower", "mirrored"): [[1, 2], [2, 5]],
        ("symmetric", "mirrored"): [[1, 1], [1, 5]],
    }
    for (rule, repair), G in made.items():
        assert np.array_equal(proposed(rule=rule, repair=repair).of(S), G)


@pytest.mark.parametrize("rule", ["symmetric", "lower", "upper", "spurious"])
def test_a_rule_is_valid_where_its_symmetric_part_is_the_gradient(rule):
    S = exact_gradient(reference())
    G = proposed(rule=rule).of(S)
    assert np.allclose((G + G.T) / 2, S) == (rule != "spurious")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"rule": "lower", "digits": 6}, "agrees"),
        ({"rule": "symmetric", "decimals": 3}, "agrees"),
        ({"rule": "spurious", "digits": 6}, "disagrees"),
        ({"rule": "symmetric", "decimals": 0}, "refused"),
        ({"gradient": ((0.724, -0.447), (-0.447, 0.276)), "decimals": 3}, "agrees"),
        ({"gradient": ((0.724, -0.447), (-0.447, 0.276)), "digits": 3}, "agrees"),
        ({"gradient": ((0.724, -0.447), (-0.447, 0.276))}, "disagrees"),
        ({"gradient": ((0.725, -0.447), (-0.447, 0.276)), "decimals": 3}, "disagrees"),
    ],
)
def test_a_proposal_is_judged_as_it_was_printed(changes, verdict):
    check = proposed(**({"rule": None} | changes), expected=Outcomes(verdict=verdict))
    (found,) = heard([planted(check)], ())
    assert found.status == "settled", found.checks[0].differs
    said = found.checks[0].found.reason
    assert said.endswith(("as printed to 6 digits", "3 decimals", "0 decimals", "3 digits")) == (
        len(changes) > 1
    )


def test_numbers_with_more_digits_than_they_were_printed_with_are_rejected():
    numbers = {"rule": None, "gradient": ((0.25,),)}
    assert proposed(**numbers, decimals=2).of(np.eye(1)) == [[0.25]]
    with pytest.raises(InputError, match="more than 1 decimal"):
        proposed(**numbers, decimals=1)


def test_a_proposal_where_there_is_no_gradient_is_refused():
    refused = Outcomes(verdict="refused", reason="coincide")
    (found,) = heard([planted(proposed(matrix="1 0; 0 1", expected=refused))], ())
    assert found.checks[0].found.verdict == "refused"
    assert found.status == "settled"


# --- what the run concludes


def conclude(monkeypatch, tmp_path, capsys, *disputes):
    path = tmp_path / "known.json"
    path.write_bytes(msgspec.json.encode(disputes))
    monkeypatch.setattr(known_disputes, "KNOWN", path)
    status = cli.main(["disputes", "-f", "numpy", "--output", str(tmp_path)])
    document = report.from_json((tmp_path / "disputes.json").read_bytes())
    assert (tmp_path / "disputes.md").read_text(encoding="utf-8") == report.to_markdown(document)
    return status, capsys.readouterr().out, document


def test_what_comes_out_as_expected_settles(monkeypatch, tmp_path, capsys):
    dispute = planted(asked(), proposed())
    status, said, document = conclude(monkeypatch, tmp_path, capsys, dispute)
    assert status == 0
    assert "1 disputes: 1 settled; 2 of 2 checks came out as expected" in said
    assert [h.dispute for h in document.disputes] == [dispute]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("verdict", "disagrees"),
        ("convention", "lower"),
        ("reads", "upper"),
        ("off_symmetric", "yes"),
        ("conjugation", "∂Re + i∂Im"),
        ("sign", "negative"),
        ("reason", "NaN"),
    ],
)
def test_a_wrong_expectation_fails_the_run(monkeypatch, tmp_path, capsys, field, wrong):
    dispute = planted(asked(expected={field: wrong}), proposed())
    status, said, document = conclude(monkeypatch, tmp_path, capsys, dispute)
    assert status == DISAGREES
    assert "1 disputes: 1 not settled; 1 of 2 checks came out as expected" in said
    (difference,) = document.disputes[0].checks[0].differs
    assert wrong in difference


@pytest.mark.parametrize(
    "check",
    [
        proposed(rule="lower"),
        proposed(expected=Outcomes(verdict="agrees")),
        proposed(expected=Outcomes(verdict="disagrees", reason="it is diag(S)")),
        asked(route="np.linalg.gone"),
    ],
)
def test_so_does_a_proposal_that_is_another_or_a_route_that_is_gone(
    monkeypatch, tmp_path, capsys, check
):
    status, said, _ = conclude(monkeypatch, tmp_path, capsys, planted(check, asked()))
    assert status == DISAGREES
    assert "1 not settled; 1 of 2 checks came out as expected\n" in said


def test_a_check_that_did_not_run_is_counted(monkeypatch, tmp_path, capsys):
    not_run = asked(framework="torch", route="torch.linalg.eigh(UPLO='L')")
    disputes = planted(asked(), not_run), planted(not_run, name="other")
    status, said, document = conclude(monkeypatch, tmp_path, capsys, *disputes)
    assert status == 0
    assert "settled by the checks that ran (1 of 2 did not)" in said
    assert "1 settled, 1 not asked; 1 of 3 checks came out as expected, 2 did not run" in said
    assert [h.status for h in document.disputes] == ["settled", "not asked"]


def test_one_dispute_is_chosen_by_its_id(capsys):
    assert cli.main(["disputes", "log-det-by-hand", "-f", "numpy"]) == 0
    said = capsys.readouterr().out
    assert "1 disputes: 1 settled" in said
    assert "it is 2S − diag(S)" in said.replace("\n", " ")
    assert cli.main(["disputes", "log-det-by-foot"]) == BAD_INPUT
    assert "did you mean 'log-det-by-hand'?" in capsys.readouterr().err


def test_the_kept_documents_are_of_this_list():
    document = report.from_json((ROOT / "docs" / "disputes.json").read_bytes())
    assert [h.dispute for h in document.disputes] == KNOWN
    assert all(h.status == "settled" and not h.missing for h in document.disputes)
    text = (ROOT / "docs" / "disputes.md").read_text(encoding="utf-8")
    assert text == linked(report.to_markdown(document), ROOT / "docs")
