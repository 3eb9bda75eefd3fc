"""The options that several commands have."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from symgrad.cluster import LOCAL
from symgrad.court.questions import Device


class Seconds(click.FloatRange):
    """A time above 0: not NaN, which no range excludes."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The time in seconds."""
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value!r} is no time.", param, ctx)
        return seconds


SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def complete(kind: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """What a shell is told of the names of functions, of parameterizations or of frameworks."""

    def found(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        names = getattr(context.find_root().obj.names(), kind)
        return [name for name in names if name.startswith(incomplete)]

    return found


FRAMEWORK = click.option(
    "--framework",
    "-f",
    "asked",
    multiple=True,
    metavar="NAME",
    shell_complete=complete("frameworks"),
    help="Ask this framework alone (repeatable). Default: all that are installed.",
)


def read_interpreters(
    context: click.Context, option: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    """Each NAME@VERSION=PATH as the name of a framework and the path of its Python.

    Raises:
        BadParameter: one is not of that form, or its path is no executable.
    """
    interpreters = {}
    for text in given:
        found = re.fullmatch(r"([a-z]+@\d[\w.!]*)=(.+)", text)
        if found is None:
            raise click.BadParameter(f"{text!r} is not NAME@VERSION=PATH, as torch@1.0.1=python3.7")
        name, path = found.groups()
        executable = shutil.which(path)
        if executable is None:
            raise click.BadParameter(f"{text}: {path!r} is no executable; give that of a Python")
        if name in interpreters:
            raise click.BadParameter(f"{text}: {name} has been given a Python before")
        interpreters[name] = str(Path(executable).absolute())
    return interpreters


INTERPRETER = click.option(
    "--interpreter",
    "interpreters",
    multiple=True,
    callback=read_interpreters,
    metavar="NAME@VERSION=PATH",
    help="Ask this version of a framework too, run by the Python at PATH (repeatable).",
)
SEED = click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of the drawn points."
)


def read_scales(
    context: click.Context, option: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...]:
    """The units one by one, ``1e-30,1e30`` being two of them.

    Raises:
        BadParameter: one is left out between commas, or given twice.
    """
    scales = [scale.strip() for text in given for scale in text.split(",")]
    if not all(scales):
        raise click.BadParameter(f"{', '.join(given)!r} is not of the form 1e-30,1e30")
    twice = [scale for scale in scales if scales.count(scale) > 1]
    if twice:
        raise click.BadParameter(f"{twice[0]} is given twice")
    return tuple(scales)


SCALE = click.option(
    "--scale",
    "scales",
    multiple=True,
    callback=read_scales,
    metavar="NUMBER",
    help="Ask at the same matrices in other units: s·X for a positive s, as 1e-12 (repeatable, "
    "also as 1e-30,1e30).",
)
TIMEOUT = click.option(
    "--timeout",
    type=Seconds(min=0, min_open=True),
    default=120,
    show_default=True,
    help="Seconds of silence after which a worker, or the exact side, is taken for hung.",
)
MEMORY = click.option(
    "--memory",
    type=click.IntRange(1, 2**40),
    metavar="MIB",
    help="Address space that each worker may have, and the exact side beside its own (Linux). "
    "Default: no limit, for the exact side 4096.",
)


def read_cluster(context: click.Context, option: click.Parameter, given: str | None) -> str | None:
    """The address of a scheduler, or ``local:N``.

    Raises:
        BadParameter: N is no number of workers, or there is no address.
    """
    if given == "":  # of a variable that is not set: it is no wish for this machine alone
        raise click.BadParameter("the address is empty; leave out --cluster to ask on this machine")
    if given is not None and given.startswith("local:") and not LOCAL.fullmatch(given):
        raise click.BadParameter(f"{given!r} is not local:N with N from 1 to 9999")
    return given


CLUSTER = click.option(
    "--cluster",
    callback=read_cluster,
    metavar="ADDRESS",
    help="Ask on a cluster of dask.distributed: the address of its scheduler, as "
    "tcp://10.0.0.1:8786, or local:N for N processes here.",
)
DEVICE = click.option(
    "--device",
    type=click.Choice(get_args(Device)),
    default="cpu",
    show_default=True,
    help="Where the frameworks compute; on cuda PyTorch and JAX alone are asked.",
)
DEBUG = click.option("--debug", is_flag=True, help="Show the traceback of an error.")
QUIET = click.option("--quiet", is_flag=True, help="The closing line alone.")
