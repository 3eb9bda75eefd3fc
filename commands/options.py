"""The options that several commands have."""

from __future__ import annotations

import math
from typing import Any

import click


class Seconds(click.FloatRange):
    """A time above 0: not NaN, which no range excludes."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The time in seconds."""
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value!r} is no time.", param, ctx)
        return seconds


SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
FRAMEWORK = click.option(
    "--framework",
    "-f",
    "asked",
    multiple=True,
    metavar="NAME",
    help="Ask this framework alone (repeatable). Default: all that are installed.",
)
SEED = click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of the drawn points."
)
TIMEOUT = click.option(
    "--timeout",
    type=Seconds(min=0, min_open=True),
    default=120,
    show_default=True,
    help="Seconds of silence after which a worker is taken for hung.",
)
MEMORY = click.option(
    "--memory",
    type=click.IntRange(1, 2**40),
    metavar="MIB",
    help="Address space that each worker may have (Linux). Default: no limit.",
)
DEBUG = click.option("--debug", is_flag=True, help="Show the traceback of an error.")
QUIET = click.option("--quiet", is_flag=True, help="The closing line alone.")
