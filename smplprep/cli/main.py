"""The command group, and the one place where errors become a sentence and an exit status."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from .. import __version__
from ..errors import SmplprepError
from ..io.memory import check_limit
from .terminal import folded, say, say_traceback, say_usage

# Each stands in the module of its name (- becomes _), as NAME_command, and is loaded when called.
COMMANDS = (
    "clean",
    "build",
    "inspect",
    "audit",
    "verify",
    "replay",
    "check",
    "report",
    "diff",
    "sweep",
    "evaluate",
    "convert",
    "merge-hands",
    "completion",
)

# click's own limit is 80 columns, however wide the terminal is.
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 120}
VERSIONED = ("numpy", "scipy", "highspy", "h5py", "click", "torch", "smplx", "plotly")


class Commands(click.Group):
    """A group that imports no command but the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f".{name}", __package__), f"{name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            nearest = f"; the nearest one is {near[0]}" if near else ""
            ctx.fail(f"there is no command {args[0]!r}{nearest}")
        if not ctx.resilient_parsing:
            check_limit()
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings=SETTINGS)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, param, wanted: wanted and show_versions(ctx),
    help="Show the versions that a bug report needs, and exit.",
)
@click.option(  # which `run` takes from wherever it stands
    "--debug",
    is_flag=True,
    expose_value=False,
    help="Show the traceback of an error. Goes anywhere on the line.",
)
def smplprep() -> None:
    """Clean SMPL-family body model files, so that unseen limbs stay still.

    \b
    Exit status: 0 done, 1 a check failed, 2 usage, 3 bad input, 4 cannot write.
    """


def show_versions(ctx: click.Context) -> NoReturn:
    """smplprep's version, and those of what its bytes and its proofs depend on."""
    import platform
    from importlib import metadata

    say(f"smplprep {__version__}")
    say(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    for package in VERSIONED:
        try:
            say(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            say(f"{package} is not installed")
    ctx.exit()


def run() -> NoReturn:
    """Run the command that ``sys.argv`` names, and exit."""
    # Python has None where the caller closed the stream (``smplprep ... >&-``).
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, PTH123 (open to the end)
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123
    if isinstance(sys.stdout, io.TextIOWrapper):  # file names may not be valid text
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.argv = [at_home(word) for word in sys.argv]
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        # click turns its own Exit into the return value here.
        status = int(smplprep(standalone_mode=False) or 0)
        sys.stdout.flush()
    except click.ClickException as error:
        if isinstance(error, click.NoSuchOption):
            name_flag(error)
        say_usage(error)
        status = error.exit_code
    except click.Abort:
        status = 130
    except SystemExit:
        status = 4  # click's way of saying that stdout was closed
    except Exception as error:
        if debug:
            say_traceback()
        status = explain(error)
    leave_quietly(status)


def at_home(word: str) -> str:
    """``--output=~/x`` with the home folder in it: a shell expands words of their own alone."""
    flag, equals, value = word.partition("=")
    if not (equals and flag.startswith("--")):
        return word
    return f"{flag}={os.path.expanduser(value)}"  # noqa: PTH111 (a slash at the end stays)


def name_flag(error: click.NoSuchOption) -> None:
    """Name the flag of an option that was called by its name in Python, or as elsewhere."""
    from ..records.options import DEFINITIONS, flag_of

    flags = {f"--{name.replace('_', '-')}": flag_of(name) for name in DEFINITIONS}
    flag = (flags | {"--overwrite": "--force"}).get(error.option_name)
    known = error.ctx.command.params if error.ctx else []
    if any(flag in param.opts for param in known):
        object.__setattr__(error, "possibilities", [flag])  # final for type checkers


def explain(error: Exception) -> int:
    """Say in one line on stderr what went wrong; the exit status for it."""
    if isinstance(error, BrokenPipeError):
        return 4  # the reader of our output is gone
    sentence, hint, status = in_words(error)
    with contextlib.suppress(OSError):
        for line in (f"smplprep: {sentence}", *([f"  {hint}"] if hint else [])):
            say(*folded(line, err=True), err=True)
    return status


def in_words(error: Exception) -> tuple[str, str | None, int]:
    """What went wrong in one line, what to do about it, and the exit status."""
    status = 3
    hint = None
    if isinstance(error, SmplprepError):
        sentence, hint, status = str(error), error.hint, error.exit_status
    elif isinstance(error, MemoryError):
        sentence = "there is not enough memory for this file"
    elif isinstance(error, RecursionError | OverflowError):
        sentence = "the file asks for more than any model needs; it was refused"
    elif isinstance(error, OSError):
        sentence, status = f"{error.filename or 'output'}: {error.strerror or error}", 4
    else:
        sentence = (
            f"a fault in smplprep itself ({type(error).__name__}: {error}); "
            "--debug shows where. Nothing was overwritten."
        )
        status = 1
    return sentence, hint, status


def leave_quietly(status: int) -> NoReturn:
    """Exit without the interpreter's complaint about a stdout that is closed or full."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = status or 4
    sys.exit(status)
