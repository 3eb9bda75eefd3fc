"""Tables over many versions, in which what successive ones say alike is said once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from symgrad.court.names import name_of, order_of, public
from symgrad.studies.history.record import Known, Line, Step, Story

T = TypeVar("T")


def spans(
    said: Sequence[T],
    order: Sequence[str],
    version: Callable[[T], str],
    text: Callable[[T], object],
) -> list[list[T]]:
    """What is said, in parts: of successive versions of ``order``, and the same text in each."""
    place = {name: number for number, name in enumerate(order)}
    found: list[list[T]] = []
    for one in sorted(said, key=lambda one: place[version(one)]):
        last = found[-1][-1] if found else None
        follows = last is not None and place[version(one)] == place[version(last)] + 1
        if last is not None and follows and text(one) == text(last):
            found[-1].append(one)
        else:
            found.append([one])
    return found


def in_order(frameworks: Iterable[str]) -> list[str]:
    """Versions of one framework, the installed one last."""
    return sorted(set(frameworks), key=lambda name: ("@" not in name, order_of(name)))


def from_to(first: str, last: str) -> str:
    """``1.3.0 … 1.12.0``, or one version."""
    return public(first) + (f" … {public(last)}" if first != last else "")


def rows_of_stories(stories: Sequence[Story]) -> list[list[str]]:
    """Function, route, and what it says from which version to which; of one framework."""
    order = in_order(step.framework for story in stories for step in story.steps)
    return [
        [
            story.function,
            story.route,
            ", ".join(
                f"{_said(part[0])} {from_to(part[0].version, part[-1].version)}"
                for part in spans(story.steps, order, lambda step: step.framework, _said)
            ),
        ]
        for story in stories
    ]


def _said(step: Step) -> str:
    if step.verdict == "agrees" and step.convention:
        return step.convention
    return {"disagrees": "NO", "failed": "fails"}.get(step.verdict, step.verdict)


def lines_together(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines of one part, those of a route over successive versions together."""
    routes: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        routes.setdefault((name_of(line.framework), line.route), []).append(line)
    found: list[list[Line]] = []
    for (name, _), of in routes.items():
        order = in_order(x.framework for x in lines if name_of(x.framework) == name)
        found += spans(of, order, lambda line: line.framework, _alike)
    return sorted(found, key=lambda part: (name_of(part[0].framework), part[0].route))


def _alike(line: Line) -> object:
    return line.conventions, line.reads, line.verdicts, line.recorded


def rows_of_findings(known: Sequence[Known]) -> list[list[str]]:
    """Each finding, and what came of it from which version to which."""
    asked = [(one.framework, version) for one in known for version in one.versions]
    return [
        [one.finding, _since(one, in_order(v for name, v in asked if name == one.framework))]
        for one in known
    ]


def _since(one: Known, order: Sequence[str]) -> str:
    told = [version for version, said in one.versions.items() if said != "absent"]
    parts = spans(told, order, str, one.versions.__getitem__)
    return ", ".join(
        f"{one.versions[part[0]]} {from_to(_number(part[0]), _number(part[-1]))}" for part in parts
    )


def _number(framework: str) -> str:
    return framework.split("@")[1]
