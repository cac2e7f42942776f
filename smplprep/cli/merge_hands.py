"""``smplprep merge-hands``: a thin skin over ``hands``."""

from __future__ import annotations

import click

from .shared import INPUT, force_option, max_bytes_option, storage_options
from .terminal import say
from .values import check_ending


@click.command("merge-hands", short_help="Give SMPL-H the hands of MANO, which smplx needs.")
@click.argument("body", type=INPUT, metavar="SMPLH")
@click.argument("left", type=INPUT, metavar="MANO_LEFT")
@click.argument("right", type=INPUT, metavar="MANO_RIGHT")
@click.option("-o", "--output", metavar="OUT", required=True, help="Ends in .npz, .pkl or .h5.")
@storage_options
@max_bytes_option
@force_option
def merge_hands_command(
    body: str,
    left: str,
    right: str,
    output: str,
    compress: bool | None,
    pickle: str,
    keep_objects: bool,
    max_bytes: int | None,
    force: bool,
) -> None:
    """Give SMPLH the hands_* keys of two MANO files, which AMASS's lacks and stock smplx needs.

    \b
    Example:
      smplprep merge-hands model.npz MANO_LEFT.pkl MANO_RIGHT.pkl -o SMPLH.npz
    """
    check_ending(output)
    from ..io.read_model import read_model
    from ..io.write_model import write_model
    from ..jobs.merge_hands import with_hands
    from ..records.contents import limits_with
    from ..records.storage import Storage

    limits = limits_with(max_bytes)
    models = [read_model(path, normalize_rows=True, limits=limits) for path in (body, left, right)]
    write_model(
        with_hands(*models),
        output,
        storage=Storage(compress, pickle, keep_objects),
        force=force,
        inputs=[left, right],
    )
    say(f"model: {output}")
