"""``smplprep replay``: a thin skin over ``replay``."""

from __future__ import annotations

from pathlib import Path

import click

from .shared import INPUT, device_option, force_option, max_bytes_option
from .terminal import say, say_text
from .values import Picture


@click.command("replay", short_help="Fit the raw and the cleaned model to a few keypoints.")
@click.argument("model", type=INPUT, metavar="MODEL")
@click.argument("cleaned", type=INPUT, metavar="[CLEANED]", required=False)
@click.option(
    "--visible",
    default="Nose,LEye,LEar,LShoulder,LElbow,LWrist",
    show_default=True,
    metavar="NAMES",
    help="Landmarks with a keypoint, as in audit.",
)
@click.option(
    "--optimizer", type=click.Choice(["adam", "lbfgs"]), default="adam", show_default=True
)
@click.option("--steps", type=click.IntRange(min=1), default=100, show_default=True)
@device_option
@click.option(
    "--plot",
    type=Picture(),
    metavar="FILE.png",
    help="Draw the drift of each joint and the bodies.",
)
@force_option
@max_bytes_option
def replay_command(
    model: str,
    cleaned: str | None,
    visible: str,
    optimizer: str,
    steps: int,
    device: str,
    plot: str | None,
    force: bool,
    max_bytes: int | None,
) -> None:
    """Fit MODEL, raw and cleaned, to a few keypoints; say how far unseen limbs turn.

    MODEL is SMPL, SMPL-H or SMPL-X. Without CLEANED, it is cleaned in memory.

    Needs torch and smplx (0.8 to 6 GB): pip install 'smplprep[verify]'

    \b
    Example:
      smplprep replay SMPLH_NEUTRAL.npz SMPLH_NEUTRAL_clean.npz --plot replay.png
    """
    from ..io.read_model import read_model
    from ..jobs.pipeline import clean
    from ..records.contents import limits_with
    from ..replay.plot import draw_replay
    from ..replay.replay import fit, make_scene, replay_text
    from ..report.pictures import check_picture, write_picture
    from ..stock.load import require_torch

    require_torch(device)
    inputs = [model] if cleaned is None else [model, cleaned]
    if plot is not None:
        check_picture(plot, force=force, inputs=inputs)  # a refusal comes before the work
    limits = limits_with(max_bytes)
    raw = read_model(model, normalize_rows=True, limits=limits)
    after = clean(raw)[0] if cleaned is None else read_model(cleaned, limits=limits)
    scene = make_scene(raw, [name.strip() for name in visible.split(",")], device=device)
    fits = {
        name: fit(which, scene, optimizer=optimizer, steps=steps, device=device)
        for name, which in (("raw", raw), ("cleaned", after))
    }
    other = "the same cleaned in memory" if cleaned is None else Path(cleaned).name
    say(f"raw: {Path(model).name}; cleaned: {other}")
    say_text(replay_text(scene, fits, optimizer))
    if plot is not None:
        write_picture(draw_replay(raw, scene, fits), plot, force=force, inputs=inputs)
        say(f"picture: {plot}")
