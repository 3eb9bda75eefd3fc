"""The document: one Markdown source, made of the template and of what the run found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct, json

from symgrad.court import VERSION
from symgrad.court.errors import InputError
from symgrad.court.hearing import Hearing
from symgrad.court.judging.tolerance import gradient_norm
from symgrad.court.names import family
from symgrad.court.references import Demonstration, Identity, Proved
from symgrad.court.verdicts import Claim, Verdict
from symgrad.studies.appendix.trust import Theorem, Trust, markdown_table

TEMPLATE = Path(__file__).with_name("template.md")
THEOREMS = Path(__file__).parents[2] / "proofs" / "theorems.json"
BRANCH = ("branch_derivative", "branch_quadratic", "adj_projector", "deriv_char_poly")
TWO_BY_TWO = ("largest_right", "smallest_right", "eigenvalues_are_roots")
OWN = ("as defined in the file of that name", "admissible", "none given here")
"""What is told of a user's own function."""
PRINTED = {"numpy": "np.linalg.eigh", "torch": "torch.linalg.eigh", "tensorflow": "tf.linalg.eigh"}
"""The three frameworks of the reference experiment, and the call that it used, as of today."""


class Material(Struct, frozen=True):
    """What the document tells of: the main job, the functions that were asked for, their proofs.

    ``told`` gives formula, domain and citation of each family of the catalogue.
    """

    main: Hearing
    chosen: Hearing | None
    proofs: Sequence[Proved]
    told: Mapping[str, tuple[str, str, str]]
    claims: Sequence[Claim]
    environment: Mapping[str, str]

    @property
    def hearings(self) -> list[Hearing]:
        """Both hearings, or the one that there is."""
        return [self.main, *([self.chosen] if self.chosen else [])]

    @property
    def verdicts(self) -> list[Verdict]:
        """All verdicts of both hearings."""
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
        autoescape=False,  # the output is Markdown
    )
    trust = Trust(json.decode(THEOREMS.read_bytes(), type=list[Theorem]))
    demonstration = material.main.demonstration
    assert demonstration is not None
    judged = [v for v in material.verdicts if v.verdict in ("agrees", "inaccurate", "disagrees")]
    settled = sum(claim.settled for claim in material.claims)
    text = engine.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        version=VERSION,
        trust=trust.sentence,
        trust_table=trust.table,
        branch_theorems=BRANCH,
        two_by_two_theorems=TWO_BY_TWO,
        case=_case(demonstration),
        eigenvalue_proofs=_proofs(material, "every convention", "eigenvalue"),
        theorems=_theorems(material),
        environment=plain(", ".join(f"{k} {v}" for k, v in material.environment.items())),
        radius=f"{_largest_radius(material.hearings):.1e}",
        reports=_reports(judged),
        printed=_printed(material.main.verdicts("experiment")),
        claims=[_escaped(claim) for claim in material.claims],
        settled=f"{settled} of the {len(material.claims)} claims are settled.",
        refused=_refused(material.verdicts),
    )
    return re.sub(r"\n{3,}", "\n\n", text) + "\n"


def plain(text: str) -> str:
    """Text that Markdown takes for nothing but text."""
    return re.sub(r"([\\`*_{}\[\]<>^~|$#@])", r"\\\1", " ".join(text.split()))


def _escaped(claim: Claim) -> Claim:
    return Claim(claim.id, plain(claim.text), claim.settled, plain(claim.how.rstrip(".")))


def _case(demonstration: Demonstration) -> dict[str, object]:
    identities = demonstration.identities
    names = list(dict.fromkeys(i.parameter for i in identities))
    rows: dict[tuple[str, str], dict[str, Identity]] = {}
    for identity in identities:
        rows.setdefault((identity.function, identity.gradient), {})[identity.parameter] = identity
    zero = [i for i in identities if i.vanishes and i.expected_to_vanish]
    return {
        "hypothesis": r"r=\sqrt{(a-c)^2+4b^2}\neq0",
        "formulae": demonstration.latex,
        "counted": f"{len(zero)} identities by SymPy, polynomials modulo r² = (a − c)² + 4b²",
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


def _theorems(material: Material) -> list[dict[str, Any]]:
    """Each family that was asked for, with its theorem and the proofs of it."""
    if material.chosen is None:
        return []
    families = dict.fromkeys(family(r.function) for r in material.chosen.references)
    found: list[dict[str, Any]] = []
    for name in families:
        formula, domain, citation = material.told.get(name, OWN)
        proofs = [] if name == "eigenvalue" else _proofs(material, name)
        told = {"formula": f"`{formula}`", "domain": plain(domain), "citation": plain(citation)}
        found.append({"name": name.replace("_", " "), "proofs": proofs, **told})
    return found


def _proofs(material: Material, *families: str) -> list[dict[str, str]]:
    return [
        {"sentence": _sentence(p), "detail": plain(" and ".join(p.routes))}
        for p in material.proofs
        if family(p.function) in families and p.holds
    ]


def _sentence(proof: Proved) -> str:
    return (
        f"{plain(proof.function)}, {proof.parameterization} matrices of size {proof.size}: "
        f"{len(proof.identities)} identities, for all parameters at which both sides exist"
        + (f" ({plain(proof.remark)})." if proof.remark else ".")
    )


def _largest_radius(hearings: Sequence[Hearing]) -> float:
    """The largest radius of an entry of S, relative to ‖S‖."""
    references = [r for hearing in hearings for r in hearing.references if r.S is not None]
    return max(
        (float(np.max(r.S.radius)) / (gradient_norm(r) or 1.0) for r in references if r.S),
        default=0.0,
    )


def _reports(verdicts: Sequence[Verdict]) -> str:
    rows: dict[tuple[str, str, str], list[Verdict]] = {}
    for v in verdicts:
        key = (f"{v.framework} {v.version}", family(v.function), v.route)
        rows.setdefault(key, []).append(v)
    body = []
    for (framework, name, route), found in rows.items():
        parts = [c for v in found for c in v.parameters]
        ratio = max((float(c.error) / c.tolerance for c in parts if c.tolerance), default=0.0)
        conventions = dict.fromkeys(v.convention or "—" for v in found)
        agree = sum(v.verdict == "agrees" for v in found)
        body.append(
            (
                plain(framework),
                plain(name.replace("_", " ")),
                f"`{route}`",
                ", ".join(dict.fromkeys(v.reads or "—" for v in found)),
                ", ".join(conventions),
                f"{agree} of {len(found)}",
                f"{max((float(c.error) for c in parts), default=0.0):.1e}",
                f"{ratio:.2f}",
            )
        )
    header = ("framework", "function", "route", "reads", "convention", "valid", "error", "of tol.")
    return markdown_table(header, sorted(body), (16, 14, 34, 8, 12, 9, 9, 8))


def _printed(verdicts: Sequence[Verdict]) -> list[dict[str, str]]:
    """What the three frameworks print for the smallest eigenvalue, to three decimals."""
    found = []
    for name, call in PRINTED.items():
        mine = [
            v
            for v in verdicts
            if v.framework == name and v.function == "eigenvalue[0]" and v.route.startswith(call)
        ]
        for v in mine[:1]:
            rows = [" & ".join(f"{x:.3f}" for x in row) for row in np.array(v.gradient, float)]
            matrix = r"\begin{pmatrix}" + r" \\ ".join(rows) + r"\end{pmatrix}"
            told = {"framework": name, "version": plain(v.version), "route": v.route}
            found.append({**told, "convention": v.convention or "invalid", "matrix": matrix})
    return found


def _refused(verdicts: Sequence[Verdict]) -> str:
    counted = Counter(
        (v.framework, v.function, v.route, v.reason) for v in verdicts if v.verdict == "refused"
    )
    if not counted:
        return ""
    rows = [
        (plain(framework), plain(function), f"`{route}`", plain(reason), str(count))
        for (framework, function, route, reason), count in counted.items()
    ]
    header = ("framework", "function", "route", "why", "gradients")
    return markdown_table(header, rows, (12, 16, 28, 40, 8))
