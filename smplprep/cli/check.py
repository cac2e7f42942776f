"""``smplprep check``: a thin skin over ``check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .shared import INPUT, max_bytes_option, units_option
from .terminal import say

if TYPE_CHECKING:
    from ..records.units import Unit


@click.command("check", short_help="A gate for CI: exit status 1 if MODEL leaks.")
@click.argument("model", type=INPUT, metavar="MODEL")
@click.option(
    "--max-leaks",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="How many landmarks may leak.",
)
@click.option(
    "--max-mm",
    type=click.FloatRange(min=0),
    help="How far a vertex may move over the pose set; needs --against.",
)
@click.option("--against", metavar="ORIGINAL", help="The file before cleaning, for --max-mm.")
@click.option(
    "--max-influences", type=click.IntRange(min=1), help="How many joints may move a vertex."
)
@click.option(
    "--landmarks",
    metavar="SET",
    help="openpose25, openpose-hands, all, a JSON file {name: vertex}, or FLAME's "
    "flame_static_embedding.pkl.  [default: the family's vertices]",
)
@units_option
@max_bytes_option
def check_command(
    model: str,
    max_leaks: int,
    max_mm: float | None,
    against: str | None,
    max_influences: int | None,
    landmarks: str | None,
    units: Unit,
    max_bytes: int | None,
) -> None:
    """A gate for CI: exit with status 1 if MODEL leaks, and name the landmarks.

    \b
    Example:
      smplprep check SMPLH_NEUTRAL_clean.npz --max-leaks 0 --max-influences 4
    """
    if (max_mm is None) != (against is None):
        raise click.UsageError("--max-mm and --against need each other")
    from ..jobs.check import check_file
    from ..records.contents import limits_with

    faults = check_file(
        model,
        max_leaks=max_leaks,
        max_influences=max_influences,
        against=against,
        max_mm=max_mm,
        landmarks=landmarks,
        units=units,
        limits=limits_with(max_bytes),
    )
    for fault in faults:
        say(fault)
    if faults:
        raise click.exceptions.Exit(1)
    say(f"{model}: {'within the limits' if max_leaks else 'clean'}")
