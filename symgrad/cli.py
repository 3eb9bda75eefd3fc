"""The command line: who is right about the gradient of a function of a symmetric matrix?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from symgrad.commands import endings
from symgrad.commands.options import SETTINGS
from symgrad.commands.session import BAD_INPUT, INTERRUPTED, MISSING
from symgrad.court.errors import InputError, OutputError
from symgrad.inquiry import Witnesses
from symgrad.studies.appendix.command import appendix
from symgrad.studies.atlas.command import atlas
from symgrad.studies.chosen.command import judge
from symgrad.studies.disputes.command import disputes
from symgrad.studies.findings.command import findings
from symgrad.studies.history.command import history


class Program(click.Group):
    """Commands, each a word that is no function; where the first word is none, judging is meant."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **more: Any,
    ) -> click.Context:
        """The context of a command, or of judging."""
        named = {*self.commands, *SETTINGS["help_option_names"]}
        if args and args[0] in named:
            return super().make_context(info_name, args, parent, **more)
        return judge.make_context(info_name, args, parent, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """What the command that is meant gives."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help of judging, with a list of the commands."""
        about = judge.make_context(ctx.info_name, [], resilient_parsing=True)
        judge.format_help(about, formatter)
        self.format_commands(ctx, formatter)


PROGRAM = Program(
    commands=[appendix, atlas, disputes, findings, history], context_settings=SETTINGS
)


def name() -> str:
    """What the program is called by whoever started it."""
    called = Path(sys.argv[0]).name
    return called if called == "verify.py" else "symgrad"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status.  Errors are one line, unless ``--debug``."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal of ASCII is told all that others are
            stream.reconfigure(errors="backslashreplace")
    try:
        asked = Witnesses(arguments)
        return int(PROGRAM.main(arguments, name(), standalone_mode=False, obj=asked) or 0)
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
