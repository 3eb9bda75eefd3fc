"""How a command begins and ends: its name, its exit status, and its errors, one line each."""

import sys

import click
import pytest

from symgrad import cli
from symgrad.court.errors import InputError, OutputError


@pytest.fixture
def ends(monkeypatch, capsys):
    """Let the command do something else: its exit status, and what it says on stderr."""

    def run(does, *arguments):
        monkeypatch.setattr(cli, "judge", click.command(**SETTINGS)(does))
        status = cli.main(list(arguments))
        captured = capsys.readouterr()
        assert captured.out == ""
        return status, captured.err

    return run


SETTINGS = {"context_settings": {"ignore_unknown_options": True, "allow_extra_args": True}}


def raising(error):
    def command():
        raise error

    return command


@pytest.mark.parametrize(
    ("does", "status", "said"),
    [
        (lambda: None, 0, ""),
        (lambda: 0, 0, ""),
        (lambda: 1, 1, ""),
        (raising(click.exceptions.Abort()), 130, ""),
        (raising(KeyboardInterrupt()), 130, "\n"),
        (raising(InputError("size 0\n  is wrong")), 2, "error: size 0 is wrong\n"),
        (raising(OutputError("no room")), 3, "error: no room\n"),
        (raising(OSError("no such file")), 2, "error: no such file\n"),
        (raising(click.UsageError("no such option")), 2, "error: no such option\n"),
        (
            raising(click.BadParameter("wrong", param_hint="--dtype")),
            2,
            "error: Invalid value for --dtype: wrong\n",
        ),
        (raising(KeyError("x")), 2, "error: 'x' (KeyError; --debug shows where)\n"),
    ],
    ids=["none", "zero", "one", "abort", "interrupt", "input", "output", "system", "usage",
         "parameter", "unforeseen"],
)  # fmt: skip
def test_how_a_command_ends(ends, does, status, said):
    assert ends(does) == (status, said)


def test_debug_raises(ends):
    for error in (InputError("x"), OutputError("x"), KeyError("x"), click.UsageError("x")):
        with pytest.raises(type(error)):
            ends(raising(error), "--debug")


def test_a_command_has_a_name(monkeypatch, capsys):
    for called, name in (("some/verify.py", "verify.py"), ("bin/symgrad", "symgrad")):
        monkeypatch.setattr(sys, "argv", [called])
        for arguments in ([], ["atlas"]):
            assert cli.main([*arguments, "--help"]) == 0
            shown = capsys.readouterr().out
            assert shown.startswith(f"Usage: {' '.join([name, *arguments])} [OPTIONS]")
            assert all(f"\n  {command} " in shown for command in cli.PROGRAM.commands) != bool(
                arguments
            )


def test_a_command_knows_all_that_was_typed(monkeypatch):
    known = []

    @click.command(**SETTINGS)
    @click.argument("rest", nargs=-1)
    @click.pass_context
    def command(context, rest):
        known.append((context.command_path, context.obj.arguments, rest))

    monkeypatch.setattr(cli, "judge", command)
    monkeypatch.setitem(cli.PROGRAM.commands, "atlas", command)
    monkeypatch.setattr(sys, "argv", ["python", "det", "atlas"])
    for arguments in ([], ["trace"], ["atlas", "trace", "det"], None):
        assert cli.main(arguments) == 0
    assert known == [
        ("symgrad", [], ()),
        ("symgrad", ["trace"], ("trace",)),
        ("symgrad atlas", ["atlas", "trace", "det"], ("trace", "det")),
        ("symgrad", ["det", "atlas"], ("det", "atlas")),
    ]
