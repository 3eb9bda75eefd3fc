"""The command line: who is right about the gradient of a function of a symmetric matrix?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper

import click

from symgrad.commands import endings
from symgrad.commands.appendix import appendix
from symgrad.commands.atlas import atlas
from symgrad.commands.disputes import disputes
from symgrad.commands.findings import findings
from symgrad.commands.history import history
from symgrad.commands.judge import judge
from symgrad.commands.session import BAD_INPUT, INTERRUPTED, MISSING
from symgrad.court.errors import InputError, OutputError
from symgrad.inquiry import Witnesses

COMMANDS = {
    "appendix": appendix,
    "atlas": atlas,
    "disputes": disputes,
    "findings": findings,
    "history": history,
}
"""The commands beside the one without a name, each a word that is no function."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status.  Errors are one line, unless ``--debug``."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal of ASCII is told all that others are
            stream.reconfigure(errors="backslashreplace")
    try:
        command, name, rest = judge, "verify.py", arguments
        if arguments and arguments[0] in COMMANDS:
            command, name, rest = COMMANDS[arguments[0]], f"verify.py {arguments[0]}", arguments[1:]
        return int(command.main(rest, name, standalone_mode=False, obj=Witnesses(arguments)) or 0)
    except click.exceptions.Abort:
        return INTERRUPTED
    except Exception as error:
        if "--debug" in arguments:
            raise
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        if not isinstance(error, (click.ClickException, InputError, OSError)):
            text = f"{text} ({type(error).__name__}; --debug shows where)"
        click.echo(f"error: {' '.join(text.split())}", err=True)
        return MISSING if isinstance(error, OutputError) else BAD_INPUT


def start() -> int:
    """Run the program, as one that ends in good order by whatever signal; the exit status."""
    endings.open_streams()
    endings.heed_signals()
    return main()
