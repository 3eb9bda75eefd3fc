"""What commands with ``--device`` do first: see who finds the device."""

from __future__ import annotations

from collections.abc import Sequence

import click

from symgrad.commands.session import Session
from symgrad.court.questions import Device


def choose_on(
    session: Session, frameworks: Sequence[str], asked: Sequence[str], device: Device
) -> list[str]:
    """Those of the chosen frameworks that compute on the device; the others say why they do not.

    Raises:
        InputError, DeviceError: as :meth:`symgrad.commands.session.Session.on_device`.
    """
    if device == "cpu":
        return [*frameworks]
    found, lacking = session.on_device(frameworks, asked, device)
    for why in lacking:
        click.echo(f"not asked: {why}", err=True)
    return found
