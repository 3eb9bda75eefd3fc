"""Reasons: each has its kind, by which alone anything is decided."""

import re
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from symgrad.court.reasons import Reason, say, told
from tests.records import TOLERANCE, S, ball, plus, said, truth, verdict

ROOT = Path(__file__).parent.parent
ROOMS = ("court", "report", "studies", "commands", "symgrad", "symbolic", "numeric", "lab")
BY_WORDS = re.compile(
    r"reason\w*(\[[^\]]*\])?\.(startswith|endswith|count|find)|\bin \w+\.reason\b"
)
EXPECTED = "studies/disputes/rule.py"
"""Here a dispute's own file says which words it expects."""

SPURIOUS = S * (2 - np.eye(2))
KINDS = [
    (truth(), said(), []),
    (truth(refusal="a tie", S=None), said(), ["no derivative"]),
    (truth(), said(None, error="no"), ["raised"]),
    (truth(), said(None, error="no", declined=True), ["declined"]),
    (truth(), said(np.ones((3, 3))), ["malformed"]),
    (truth(), said(plus(S, (0, 0, np.nan))), ["not finite"]),
    (truth(note="rounded"), said(), ["note"]),
    (truth(), said(plus(S, (0, 0, 1.0))), ["contraction"]),
    (truth(), said(value=1.0), ["value"]),
    (truth(), said(SPURIOUS), ["contraction", "mistake"]),
    (truth(), said(SPURIOUS, value=1.0), ["value", "contraction", "mistake"]),
    (truth(value=ball(4), turned=(ball(-4),)), said(-S, value=-4.0), ["turned"]),
]


@pytest.mark.parametrize(("reference", "reported", "kinds"), KINDS)
def test_each_reason_has_its_kind(reference, reported, kinds):
    found = verdict(reference, reported)
    assert [reason.kind for reason in found.reasons] == kinds
    assert found.reason == told(found.reasons)
    assert found.is_said("value", "contraction") == bool({"value", "contraction"} & {*kinds})


@pytest.mark.parametrize(("error", "lost"), [(2 * TOLERANCE, True), (1e-3, False)])
def test_what_loses_digits_alone_says_so(error, lost):
    (reason,) = verdict(reported=said(plus(S, (0, 0, error)))).reasons
    assert (reason.kind, reason.lost) == ("contraction", lost)


def test_two_answers_are_told_of_first():
    other = structs.replace(said(), gradient=2 * S)
    found = verdict(reported=structs.replace(said(), again=other))
    assert [reason.kind for reason in found.reasons] == ["asked twice", "contraction"]


def test_a_verdict_says_something_else_instead():
    found = verdict().saying(Reason("note", "a"), *say("note", ""), *say("blame", "b"))
    assert (found.reason, [r.kind for r in found.reasons]) == ("a; b", ["note", "blame"])
    assert found.saying() == verdict()


def test_nothing_is_decided_by_words():
    decided = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if BY_WORDS.search(path.read_text(encoding="utf-8"))
    }
    assert decided <= {EXPECTED, *(f"symgrad/{EXPECTED}",)}
    assert BY_WORDS.search('if verdict.reason.startswith("vacuous"):')
    assert BY_WORDS.search("if word in found.reason:")
