"""The command line: who is right about the gradient of a function of a symmetric matrix?"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from symgrad.commands import endings
from symgrad.commands.options import SETTINGS
from symgrad.commands.session import BAD_INPUT, INTERRUPTED, MISSING
from symgrad.court.errors import ClusterError, DeviceError, InputError, OutputError
from symgrad.inquiry import Witnesses
from symgrad.report import terminal
from symgrad.studies.appendix.command import appendix
from symgrad.studies.atlas.command import atlas
from symgrad.studies.chosen.command import judge
from symgrad.studies.disputes.command import disputes
from symgrad.studies.findings.command import findings
from symgrad.studies.history.command import history
from symgrad.studies.watch.command import watch

NEAR = 0.75
"""Likeness above which a word is taken for a command that was mistyped; no function is so near."""


class Program(click.Group):
    """Commands, each a word that is no function; where the first word is none, judging is meant."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **more: Any,
    ) -> click.Context:
        """The context of a command, or of judging.

        Raises:
            UsageError: the first word is nearly that of a command, or of an option that acts alone.
        """
        named = {*self.commands, *SETTINGS["help_option_names"]}
        is_completed = more.get("resilient_parsing", False)
        if (args and args[0] in named) or (is_completed and not args):
            return super().make_context(info_name, args, parent, **more)
        if args and not is_completed and not args[0].startswith("-"):
            self.check_word(args[0])
        return judge.make_context(info_name, args, parent, **more)

    def check_word(self, word: str) -> None:
        """Check that a word, which is no command, is not nearly one.

        Raises:
            UsageError: it is.
        """
        meant = {name: f"the command {name}" for name in self.commands}
        meant |= {name: f"--{name}" for name in ("help", "list", "prove", "version")}
        near = get_close_matches(word, meant, n=1, cutoff=NEAR)
        if near:
            raise click.UsageError(f"unknown command {word!r}; did you mean {meant[near[0]]}?")

    def invoke(self, ctx: click.Context) -> Any:
        """What the command that is meant gives."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help of judging, with the commands before its many options."""
        about = judge.make_context(ctx.info_name, [], resilient_parsing=True)
        words = "[FUNCTION | FILE.py | FILE.py:CALLABLE]..."
        formatter.write_usage(ctx.command_path, f"[OPTIONS] {words}")
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS]...", prefix="       ")
        judge.format_help_text(about, formatter)
        self.format_commands(ctx, formatter)
        judge.format_options(about, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands, and what judging takes."""
        if ctx.command is not self:
            return super().shell_complete(ctx, incomplete)
        about = judge.make_context(ctx.info_name, [], resilient_parsing=True, obj=ctx.obj)
        items = [*super().shell_complete(ctx, incomplete), *judge.shell_complete(about, incomplete)]
        if not incomplete.startswith("-"):
            items += judge.params[0].shell_complete(about, incomplete)
        return list({item.value: item for item in items}.values())


PROGRAM = Program(
    commands=[appendix, atlas, disputes, findings, history, watch], context_settings=SETTINGS
)


codecs.register_error("symgrad", terminal.be_plain)


def name() -> str:
    """What the program is called by whoever started it."""
    called = Path(sys.argv[0]).name
    return called if called == "verify.py" else "symgrad"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status.  Errors are one line, unless ``--debug``."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal of ASCII is told all that others are
            stream.reconfigure(errors="symgrad")
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
        is_lack = isinstance(error, (ClusterError, DeviceError, OutputError))
        return MISSING if is_lack else BAD_INPUT


def start() -> int:
    """Run the program, as one that ends in good order by whatever signal; the exit status."""
    endings.open_streams()
    endings.heed_signals()
    return main()
