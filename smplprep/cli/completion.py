"""``smplprep completion``: click's own script for a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from .terminal import say_text


@click.command("completion", short_help="Print the script that completes commands on Tab.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands, options and files in SHELL.

    \b
    Example:
      smplprep completion bash >> ~/.bashrc
    """
    kind = get_completion_class(shell)
    assert kind is not None  # click has all three
    say_text(kind(ctx.find_root().command, {}, "smplprep", "_SMPLPREP_COMPLETE").source())
