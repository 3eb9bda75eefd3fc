"""What can be asked without a judgement: what there is to choose from, and what is proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symgrad.commands.session import DISAGREES, Session
from symgrad.court.names import family
from symgrad.court.questions import Choice
from symgrad.report import proofs, terminal
from symgrad.report.listing import show_about, show_names, show_routes


def show_list(
    session: Session,
    names: Sequence[str],
    frameworks: Sequence[str] | None,
    interpreters: Mapping[str, str],
) -> int:
    """The names that there are; or all about those that are named, in some frameworks or in all."""
    console = terminal.make_console()
    known = session.names()
    if not names and frameworks is None:
        show_names(console, *known)
        return 0
    told = {name: session.describe(name) for name in names if name not in known.frameworks}
    for name, about in told.items():
        show_about(console, name, about)
    functions = [family(name) for name in told if family(name) in known.functions]
    named = [name for name in names if name in known.frameworks]
    if frameworks is None:
        frameworks = named or [name for name, is_there in known.frameworks.items() if is_there]
    if functions or not told:
        show_routes(console, session.listing(frameworks, interpreters).frameworks, functions)
    return 0


def show_proofs(session: Session, choice: Choice, quiet: bool) -> int:
    """Prove what is chosen, a line each as it is proved; the exit status."""
    console = terminal.make_console()
    proved = []
    for proof in session.prove(choice):
        proved.append(proof)
        if not quiet:
            proofs.show_proof(console, proof)
    console.print(terminal.closing_line_of_proofs(proved), soft_wrap=True)
    return 0 if all(proof.holds for proof in proved) else DISAGREES
