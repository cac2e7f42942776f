"""``smplprep sweep``: a thin skin over ``sweep``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .shared import (
    INPUT,
    max_bytes_option,
    more_landmarks_option,
    normalize_rows_option,
    units_option,
)
from .terminal import counted, say, say_text
from .values import Picture, Tolerances, options_of_clean

if TYPE_CHECKING:
    from ..records.units import Unit


@click.command("sweep", short_help="Try many tolerances: leaks and displacement of each.")
@click.argument("model", type=INPUT, metavar="MODEL")
@click.option(
    "--tols",
    type=Tolerances(),
    default="1e-5:1e-1:20",
    show_default=True,
    metavar="LOW:HIGH:COUNT",
    help="Tolerances, evenly spaced on a log scale; or a list: 1e-3,1e-2.",
)
@options_of_clean("posedirs", "hops")
@click.option(
    "--plot", type=Picture(), metavar="FILE.png", help="Also draw the sweep (.png, .svg or .pdf)."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the table.")
@normalize_rows_option
@more_landmarks_option
@units_option
@max_bytes_option
@click.option("--force", is_flag=True, help="Replace an existing picture.")
def sweep_command(
    model: str,
    tols: list[float],
    plot: str | None,
    as_json: bool,
    landmarks: str | None,
    units: Unit,
    max_bytes: int | None,
    normalize_rows: bool,
    force: bool,
    **chosen: Any,
) -> None:
    """Try many tolerances on MODEL: which leaks each leaves, and how far vertices move.

    \b
    Example:
      smplprep sweep SMPLH_NEUTRAL.npz --plot sweep.png
    """
    import json

    from ..audit.landmark_sets import with_landmarks
    from ..io.read_model import read_model
    from ..jobs.sweep import sweep, sweep_text
    from ..records.contents import limits_with
    from ..records.options import Options

    if plot:
        from ..report.pictures import check_picture, draw_sweep, write_picture

        check_picture(plot, force=force, inputs=[model])  # a refusal comes before the work
    options = Options(**chosen)
    loaded = read_model(
        model, normalize_rows=normalize_rows, units=units, limits=limits_with(max_bytes)
    )
    if landmarks is not None:
        loaded = with_landmarks(loaded, landmarks)
    with counted("sweep", loaded.n_vertices) as watch:
        found = sweep(loaded, tols, options, watch=watch)
    say_text(json.dumps(found, indent=1) if as_json else sweep_text(found))
    if plot:
        write_picture(draw_sweep(found), plot, force=force, inputs=[model])
        say(f"picture: {plot}", err=as_json)
