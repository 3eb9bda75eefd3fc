"""The record: what former versions answered, kept as data, and judged anew whenever it is shown.

A version of a framework that no longer installs here can still be shown what it said where it did.
Each answer is kept with the exact matrix that it is about and with what the court said of it then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, cast

import msgspec
import numpy as np
from msgspec import Meta, Struct, structs

from symgrad.court.documentation import named_triangle
from symgrad.court.errors import InputError
from symgrad.court.hearing import Hearing
from symgrad.court.judging.judge import judge
from symgrad.court.judging.notation import number
from symgrad.court.names import order_of, public
from symgrad.court.questions import Excerpt, Reads, Reported
from symgrad.court.scenario import Part
from symgrad.court.verdicts import Convention, Number, Outcome, Rows, Verdict

RECORD = Path(__file__).with_name("recorded.json")


_Constants = dict[str, int | list[float | list[float]]]
"""Those of :data:`symgrad.court.questions.Constants`, in a form that can be read back."""


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """What was asked, exactly."""

    function: str
    constants: _Constants
    dtype: str
    matrix: list[list[float]]


class Answer(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one route answered, and what the court said of it when it was recorded.

    What most answers have alike is left out where it is written.
    """

    question: Annotated[int, Meta(ge=0, description="its place in the list of questions")]
    route: str
    value: Number
    gradient: Rows | None = None
    dtype: str = "float64"
    reads: Reads | None = None
    verdict: Outcome = "agrees"
    convention: Convention | None = None
    error: str = ""
    declined: bool = False
    again: Annotated[
        Answer | None, Meta(description="what it said when it was asked twice, if something else")
    ] = None


Again = Literal["wrong", "wrong in another way", "right", "refused", "fails", "absent"]
"""What came of a known finding in a former version; it is absent where there is no such call."""
Findings = Annotated[dict[str, Again], Meta(description="known finding → what came of it")]


class Run(Struct, frozen=True, forbid_unknown_fields=True):
    """One run of one version of a framework."""

    framework: Annotated[str, Meta(description="as torch@1.0.1", pattern="^[a-z]+@[^@ ]+$")]
    version: Annotated[str, Meta(description="what it calls itself")]
    python: str
    platform: str
    date: Annotated[str, Meta(description="the day of the run, UTC", pattern=r"^\d{4}-\d\d-\d\d$")]
    documents: Annotated[
        dict[str, str],
        Meta(description="public call → the sentence of its docstring that names a triangle"),
    ]


class Former(Run, frozen=True):
    """All that one version of a framework answered, in one run."""

    answers: list[Answer]
    findings: Findings = {}


class Record(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is kept."""

    questions: list[Question]
    versions: list[Former]

    def get(self, framework: str) -> Former | None:
        """What is kept of a version, by its name."""
        return next((former for former in self.versions if former.framework == framework), None)


class _Listed(Run, frozen=True):
    """The same with the places of its answers in the list of all."""

    answers: list[Annotated[int, Meta(ge=0)]]
    findings: Findings = {}


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """A record as it is written: what versions answer alike to the last bit is there once."""

    questions: list[Question]
    answers: list[Answer]
    versions: list[_Listed]


class Recalled(Struct, frozen=True):
    """A recorded answer to one of the questions of this run, with today's verdict on it."""

    former: Former
    case: int
    part: Part
    answer: Answer
    verdict: Verdict


def read_record() -> Record:
    """The record that is kept with the code."""
    return read(RECORD.read_bytes())


def read(text: bytes) -> Record:
    """A record; data only, nothing is executed.

    Raises:
        InputError: it has not the shape of one, or contradicts itself.
    """
    try:
        file = msgspec.json.decode(text, type=_File)
    except msgspec.DecodeError as error:
        raise InputError(f"the record of former versions cannot be read: {error}") from error
    for listed in file.versions:
        if any(place >= len(file.answers) for place in listed.answers):
            raise InputError(f"the record of {listed.framework} has an answer that is not there")
    record = Record(file.questions, [_former(listed, file.answers) for listed in file.versions])
    names = [former.framework for former in record.versions]
    for former in record.versions:
        if names.count(former.framework) > 1:
            raise InputError(f"the record of former versions has {former.framework} twice")
        if not public(former.version).startswith(former.framework.split("@")[1]):
            raise InputError(
                f"the record of former versions has {former.version} under {former.framework}"
            )
        if any(answer.question >= len(record.questions) for answer in former.answers):
            raise InputError(f"the record of {former.framework} answers what was not asked")
    return record


def _former(listed: _Listed, answers: Sequence[Answer]) -> Former:
    about = {name: getattr(listed, name) for name in Run.__struct_fields__}
    chosen = [answers[place] for place in listed.answers]
    return Former(**about, answers=chosen, findings=listed.findings)


def to_json(record: Record) -> bytes:
    """The record, a question, an answer or a version a line."""
    encode = msgspec.json.encode
    places: dict[bytes, int] = {}
    versions = []
    for former in record.versions:
        about = {name: getattr(former, name) for name in Run.__struct_fields__}
        answers = [places.setdefault(encode(a), len(places)) for a in former.answers]
        versions.append(_Listed(**about, answers=answers, findings=former.findings))

    def lines(items: Iterable[bytes]) -> bytes:
        return b"[\n" + b",\n".join(items) + b"\n]"

    parts = {
        b"questions": map(encode, record.questions),
        b"answers": places,
        b"versions": map(encode, versions),
    }
    listed = b",\n".join(b'"%s":%s' % (name, lines(items)) for name, items in parts.items())
    return b"{" + listed + b"}\n"


def enter(
    record: Record,
    hearing: Hearing,
    environments: Mapping[str, tuple[str, str]],
    date: str,
    findings: Mapping[str, Findings] = {},
) -> Record:
    """The record with what this run measured in the place of what it had of the same versions.

    ``environments`` gives the Python version and the platform of each version that is to be kept,
    ``findings`` what came of those that are known of its framework.
    """
    kept = [former for former in record.versions if former.framework not in environments]
    questions = [*record.questions]
    for question in _questions(hearing):
        if question not in questions:
            questions.append(question)
    place = [questions.index(question) for question in _questions(hearing)]
    for framework, (python, platform) in environments.items():
        answers = [
            _answer(place[r.problem], r, verdict)
            for _, r, verdict in hearing.judged
            if r and r.framework == framework and r.mode == "reverse"
        ]
        documents = {
            x.name: named_triangle(x) for x in hearing.excerpts if x.framework == framework
        }
        version = hearing.versions[framework]
        about = (framework, version, python, platform, date, documents, answers)
        kept.append(Former(*about, findings=findings.get(framework, {})))
    return _without_unused(Record(questions, sorted(kept, key=lambda f: order_of(f.framework))))


def _without_unused(record: Record) -> Record:
    """The record without the questions that nobody answers any more."""
    used = sorted({answer.question for former in record.versions for answer in former.answers})
    versions = [
        structs.replace(
            former,
            answers=[structs.replace(a, question=used.index(a.question)) for a in former.answers],
        )
        for former in record.versions
    ]
    return Record([record.questions[k] for k in used], versions)


def _questions(hearing: Hearing) -> list[Question]:
    """What was asked, in the order of the cases."""
    return [
        Question(
            reference.function,
            cast(_Constants, scenario.constants),
            scenario.dtype,
            reference.X.tolist(),
        )
        for scenario, reference in zip(hearing.scenarios, hearing.references, strict=False)
        if not reference.hermitian
    ]


def _answer(place: int, reported: Reported, verdict: Verdict) -> Answer:
    G = reported.gradient
    return Answer(
        question=place,
        route=reported.route,
        value=number(reported.value),
        gradient=None if G is None else [[number(float(x)) for x in row] for row in G],
        dtype=reported.dtype,
        reads=reported.reads,
        verdict=verdict.verdict,
        convention=verdict.convention,
        error=reported.error,
        declined=reported.declined,
        again=_answer(place, reported.again, verdict) if reported.again else None,
    )


def recall(hearing: Hearing, record: Record, about: Sequence[int] = ()) -> list[Recalled]:
    """What the record has on the cases of this run, or on some, judged by the court of today."""
    asked = _questions(hearing)
    cases = {
        k: asked.index(question) for k, question in enumerate(record.questions) if question in asked
    }
    found: list[Recalled] = []
    for former in record.versions:
        for answer in former.answers:
            case = cases.get(answer.question)
            if case is not None and (case in about or not about):
                scenario = hearing.scenarios[case]
                reported = _reported(former, case, answer)
                verdict = judge(hearing.references[case], reported, scenario.dtype)
                if (answer.verdict, verdict.verdict) == ("inaccurate", "disagrees"):
                    # what the route said near X was heard then, and is not kept
                    verdict = structs.replace(
                        verdict, verdict="inaccurate", convention=answer.convention
                    )
                found.append(Recalled(former, case, scenario.part, answer, verdict))
    return found


def unheard(hearing: Hearing, record: Record, about: Sequence[int] = ()) -> list[Recalled]:
    """The same of the versions that this run did not hear itself."""
    absent = [f for f in record.versions if not hearing.heard(f.framework)]
    return recall(hearing, structs.replace(record, versions=absent), about)


def unheard_excerpts(hearing: Hearing, record: Record) -> list[Excerpt]:
    """What their docstrings say of triangles."""
    return [
        Excerpt(former.framework, name, sentence)
        for former in record.versions
        if not hearing.heard(former.framework)
        for name, sentence in former.documents.items()
    ]


def _reported(former: Former, problem: int, answer: Answer) -> Reported:
    """The answer as its worker gave it."""
    G = answer.gradient
    return Reported(
        problem=problem,
        framework=former.framework,
        version=former.version,
        route=answer.route,
        dtype=answer.dtype,
        value=float(answer.value),
        gradient=None if G is None else np.array(G, dtype=np.float64),
        reads=answer.reads,
        error=answer.error,
        declined=answer.declined,
        again=_reported(former, problem, answer.again) if answer.again else None,
    )
