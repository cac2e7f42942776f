"""``smplprep inspect``: a thin skin over ``inspection``."""

from __future__ import annotations

import click

from ..records.families import FamilyName
from ..records.units import Unit
from .shared import INPUT, family_option, max_bytes_option, units_option
from .terminal import folded, say, say_text


@click.command("inspect", short_help="Say what MODEL holds and whether smplx loads it.")
@click.argument("model", type=INPUT, metavar="MODEL")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@family_option
@units_option
@max_bytes_option
def inspect_command(
    model: str, as_json: bool, family: FamilyName | None, units: Unit, max_bytes: int | None
) -> None:
    """Say what MODEL holds, what is unusual about it, and whether stock smplx loads it.

    \b
    Example:
      smplprep inspect SMPLH_NEUTRAL.npz
    """
    import json

    from ..jobs.inspect import inspect_file, inspection_text
    from ..records.contents import limits_with

    found = inspect_file(model, family=family, units=units, limits=limits_with(max_bytes))
    if as_json:
        say_text(json.dumps(found, indent=1))
        return
    for line in inspection_text(found).split("\n"):
        say(*folded(line))
