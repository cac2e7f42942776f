"""``smplprep convert``: the same arrays in another container."""

from __future__ import annotations

import click

from .shared import (
    INPUT,
    compress_option,
    family_option,
    force_option,
    layout_options,
    max_bytes_option,
    note,
)
from .values import check_ending


@click.command("convert", short_help="Write the same arrays in another container.")
@click.argument("model", type=INPUT, metavar="IN")
@click.option("-o", "--output", metavar="OUT", help="Ends in .npz, .pkl or .h5.")
@layout_options
@family_option
@compress_option
@max_bytes_option
@force_option
def convert_command(
    model: str,
    output: str | None,
    layout: tuple[str, str] | None,
    gender: str | None,
    family: str | None,
    compress: bool | None,
    max_bytes: int | None,
    force: bool,
) -> None:
    """Write the arrays of IN in another container: nothing cleaned, chumpy and Python 2 gone.

    Every array keeps its type, shape and bits. What is no array becomes JSON text, except in a
    .pkl. Stock smplx reads .npz and .pkl, but SMPL (24 joints) as .pkl alone; .h5 is for readers
    in C++, MATLAB and Julia.

    \b
    Example:
      smplprep convert SMPLH_NEUTRAL.pkl -o SMPLH_NEUTRAL.npz
    """
    if (output is None) == (layout is None):
        raise click.UsageError("one of -o OUT and --layout smplx DIR is needed")
    if output:
        check_ending(output)
    from ..io.plain_arrays import texts_among
    from ..io.read_model import read_model
    from ..io.replace_file import make_folder_of
    from ..io.write_model import container_of, write_model
    from ..jobs.inspect import loading_notes
    from ..jobs.smplx_layout import layout_path
    from ..records.contents import limits_with

    found = read_model(model, normalize_rows=True, family=family, limits=limits_with(max_bytes))
    target = output or ""
    if layout:
        place = layout_path(layout[1], found, gender=gender)
        make_folder_of(place)
        target = str(place)
    write_model(found, target, compress=compress, force=force)
    container = container_of(target, default=found.source.container)
    if container != "pkl":
        for sentence in texts_among(found.entries()):
            click.echo(note(sentence))
    if container != "h5":
        for sentence in loading_notes(found.family.name, container, found.entries(), target):
            click.echo(note(sentence))
    click.echo(f"model: {target}")
