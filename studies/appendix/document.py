"""The document: one Markdown source, made of the template and of what the run found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from symgrad.court import VERSION
from symgrad.court.errors import InputError
from symgrad.court.hearing import Hearing
from symgrad.court.names import family
from symgrad.court.references import Demonstration, Identity, Proved
from symgrad.court.verdicts import Claim, Verdict
from symgrad.report.document import today
from symgrad.studies.appendix import tables
from symgrad.studies.appendix.functions import STATEMENTS
from symgrad.studies.appendix.machine import MACHINE, read_proofs
from symgrad.studies.appendix.references import read
from symgrad.studies.appendix.trust import Trust, markdown_table, plain

TEMPLATE = Path(__file__).with_name("template.md")
TWO_BY_TWO = ("largest_right", "smallest_right", "eigenvalues_are_roots")
DOMAINS = {"symmetric": "", "invertible": " be invertible"}
"""How a theorem says what X is beyond symmetric."""
STATED = re.compile(r"^::: \{\.(theorem|corollary|proposition) #([\w:-]+)(.*)\}$", re.MULTILINE)
MENTIONED = re.compile(r"(?<![\\\w])@((?:thm|cor|prop|fn):[\w-]+|[a-z]+\d{4})")


class Material(Struct, frozen=True):
    """What the document tells of: the main job, the functions that were asked for, their proofs.

    ``told`` gives formula, domain and citation of each family of the catalogue, ``traced`` is of
    callables, judged by what they execute.
    """

    main: Hearing
    chosen: Hearing | None
    proofs: Sequence[Proved]
    told: Mapping[str, tuple[str, str, str]]
    claims: Sequence[Claim]
    environment: Mapping[str, str]
    traced: Hearing | None = None

    @property
    def hearings(self) -> list[Hearing]:
        """All hearings that there are."""
        return [h for h in (self.main, self.chosen, self.traced) if h is not None]

    @property
    def verdicts(self) -> list[Verdict]:
        """All verdicts of all hearings."""
        return [verdict for hearing in self.hearings for verdict in hearing.verdicts()]


def write(material: Material) -> str:
    """The document in Pandoc's Markdown, with LaTeX for the mathematics.

    Raises:
        InputError: jinja2 is not installed, or a theorem that is cited has not been checked.
    """
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise InputError("the appendix needs jinja2: pip install 'symgrad[appendix]'") from error
    engine = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        autoescape=False,  # the output is Markdown
    )
    proofs = read_proofs()
    trust = Trust(proofs.theorems, proofs.versions)
    demonstration = material.main.demonstration
    assert demonstration is not None
    judged = [v for v in material.verdicts if v.verdict in ("agrees", "inaccurate", "disagrees")]
    settled = sum(claim.settled for claim in material.claims)
    shown = tables.printed(material.main.verdicts("experiment"))
    text = engine.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        version=VERSION,
        date=today(),
        asked=_frameworks(material),
        count=f"{len(material.verdicts)} gradients, of which "
        f"{sum(v.verdict == 'agrees' for v in material.verdicts)} agree",
        versions=f"Versions: {_versions(material)}.",
        mark=trust.mark,
        trust=trust.sentence,
        trust_table=trust.table,
        machine=lambda topic: trust.rows_of(MACHINE[topic]),
        two_by_two_theorems=TWO_BY_TWO,
        case=_case(demonstration),
        eigenvalue_proofs=_proofs(material, "every convention", "eigenvalue"),
        theorems=_theorems(material, trust),
        programs=_programs(material.traced),
        environment=_versions(material),
        radius=f"{tables.largest_radius(material.hearings):.1e}",
        reports=tables.reports(judged),
        printed=shown,
        experiment={
            "printed": tables.told_of_printed(shown),
            "agree": tables.agreement(material.main.verdicts("experiment")),
        },
        claims=[_escaped(claim) for claim in material.claims],
        settled=f"{settled} of the {len(material.claims)} claims are settled.",
        refused=tables.refused(material.verdicts),
        references="@references",
    )
    return re.sub(r"\n{3,}", "\n\n", resolve(text)) + "\n"


def resolve(text: str) -> str:
    """The text with its theorems numbered, what mentions them and works linked, and these listed.

    A function's theorem has the function's name for a number.

    Raises:
        InputError: a theorem or a work is mentioned that there is none of.
    """
    names: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        kind, label, more = found.groups()
        own = label.startswith("fn:")
        told = label[3:] if own else str(1 + sum(not k.startswith("fn:") for k in names))
        names[label] = f"{kind.capitalize()} {plain(told)}"
        return f'::: {{.{kind} #{label}{more} number="{told}"}}'

    text = STATED.sub(number, text)
    works = read()
    cited: set[str] = set()

    def link(found: re.Match[str]) -> str:
        label = found.group(1)
        if label in works:
            cited.add(label)
            return f"[{works[label].short}](#ref:{label})"
        if label not in names:
            raise InputError(f"the appendix mentions {label}, of which it has nothing")
        return f"[{names[label]}](#{label})"

    text = MENTIONED.sub(link, text)
    listed = [f"- []{{#ref:{key}}}{works[key].markdown()}" for key in works if key in cited]
    return text.replace("@references", "\n".join(listed))


def _versions(material: Material) -> str:
    return plain(", ".join(f"{name} {version}" for name, version in material.environment.items()))


def _frameworks(material: Material) -> str:
    """Who reported, in words."""
    names = sorted({v.framework for v in material.verdicts})
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _escaped(claim: Claim) -> Claim:
    return Claim(claim.id, plain(claim.text), claim.settled, plain(claim.how.rstrip(".")))


def _case(demonstration: Demonstration) -> dict[str, object]:
    identities = demonstration.identities
    names = list(dict.fromkeys(i.parameter for i in identities))
    rows: dict[tuple[str, str], dict[str, Identity]] = {}
    for identity in identities:
        rows.setdefault((identity.function, identity.gradient), {})[identity.parameter] = identity
    conventions = [i for i in identities if i.convention != "spurious"]
    zero = [i for i in conventions if i.vanishes and i.expected_to_vanish]
    return {
        "hypothesis": r"r=\sqrt{(a-c)^2+4b^2}\neq0",
        "formulae": demonstration.latex,
        "counted": f"{len(zero)} identities of the conventions by SymPy, polynomials modulo "
        "r² = (a − c)² + 4b²; by SymPy alone",
        "table": markdown_table(
            ("", "$G$", *names),
            [
                (f, plain(G), *(f"`{found[k].residual}`" for k in names))
                for (f, G), found in rows.items()
            ],
            (6, 40, 12, 12, 12),
        ),
        "spurious": [i.residual.replace("*", "") for i in identities if not i.vanishes],
    }


def _theorems(material: Material, trust: Trust) -> list[dict[str, Any]]:
    """Each family that was asked for, with its theorem and the proofs of it."""
    if material.chosen is None:
        return []
    families = dict.fromkeys(family(s.function) for s in material.chosen.scenarios)
    found: list[dict[str, Any]] = []
    for name in families:
        statement = STATEMENTS.get(name) if name in material.told else None
        domain = material.told[name][1] if statement else ""
        found.append(
            {
                "name": name,
                "title": plain(name.replace("_", " ")),
                "statement": statement,
                "domain": DOMAINS.get(domain, f" be {domain}"),
                "rocq": (known := trust.known(statement.rocq if statement else ())),
                "rocq_names": ", ".join(f"`{theorem}`" for theorem in known),
                "proofs": [] if name == "eigenvalue" else _proofs(material, name),
            }
        )
    return found


def _programs(traced: Hearing | None) -> list[dict[str, Any]]:
    """Each callable with its file, its closed form if one is found, and a row for its records."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    recorded = traced.recorded if traced is not None else []
    for reference, one in zip(traced.references if traced else [], recorded, strict=True):
        who = one.program.framework if one.program else ""
        key = (reference.function, one.file, who)
        if key not in found:
            found[key] = {
                "name": reference.function,
                "title": plain(reference.function),
                "file": plain(one.file),
                "digest": one.digest,
                "framework": who,
                "formulae": _equations(one.closed_form()),
                "records": [],
            }
        found[key]["records"].append(one.program)
    return [
        {**one, "table": tables.programs(one["name"], one.pop("records"))} for one in found.values()
    ]


def _equations(latex: Sequence[str]) -> list[str]:
    names = ("f", *(rf"\frac{{\partial f}}{{\partial {x}}}" for x in "abc"))
    return [f"{name}={text}" for name, text in zip(names, latex, strict=False)]


def _proofs(material: Material, *families: str) -> list[dict[str, str]]:
    return [
        {"sentence": _sentence(p), "detail": plain(" and ".join(p.routes))}
        for p in material.proofs
        if family(p.function) in families and p.holds
    ]


def _sentence(proof: Proved) -> str:
    return (
        f"{plain(proof.function)}, {proof.parameterization} matrices of size {proof.size}: "
        f"{len(proof.identities)} identities between expressions in the parameters, which hold "
        "wherever both sides are defined" + (f" ({plain(proof.remark)})." if proof.remark else ".")
    )
