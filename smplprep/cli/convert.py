"""``smplprep convert``: the same arrays in another container, or a skinned mesh in a .glb."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .shared import (
    INPUT,
    family_option,
    force_option,
    layout_options,
    max_bytes_option,
    storage_options,
)
from .terminal import say, say_note
from .values import JointNames, check_ending

if TYPE_CHECKING:
    from ..records.families import FamilyName
    from ..records.model import Model


@click.command("convert", short_help="Write the same arrays in another container.")
@click.argument("model", type=INPUT, metavar="IN")
@click.option("-o", "--output", metavar="OUT", help="Ends in .npz, .pkl, .h5 or .glb.")
@layout_options
@family_option
@storage_options
@click.option(
    "--betas",
    "n_betas",
    type=click.IntRange(min=0),
    metavar="N",
    help=".glb: the first N shape directions become morph targets.  [default: 10]",
)
@click.option(
    "--joint-names",
    "naming",
    type=JointNames(),
    metavar="mixamo|smplx|FILE",
    help=".glb: leftUpLeg or left_hip, or a file of names.  [default: mixamo]",
)
@max_bytes_option
@force_option
def convert_command(
    model: str,
    output: str | None,
    layout: tuple[str, str] | None,
    gender: str | None,
    family: FamilyName | None,
    compress: bool | None,
    pickle: str,
    keep_objects: bool,
    n_betas: int | None,
    naming: tuple[str, tuple[str, ...]] | None,
    max_bytes: int | None,
    force: bool,
) -> None:
    """Write the arrays of IN in another container: nothing cleaned, chumpy and Python 2 gone.

    Every array keeps its type, shape and bits. Other values become JSON text, except in a
    .pkl or with --keep-objects. Stock smplx reads .npz and .pkl, but SMPL (24 joints) as .pkl
    alone; .h5 is for readers in C++, MATLAB and Julia.

    A .glb is a skinned mesh for Blender, three.js and game engines, not a model file: it has no
    pose correctives, and is not read again. It needs pygltflib: pip install 'smplprep[gltf]'.

    \b
    Example:
      smplprep convert SMPLH_NEUTRAL.pkl -o SMPLH_NEUTRAL.npz
      smplprep convert SMPLH_NEUTRAL.pkl -o smplh.glb --betas 16
    """
    if (output is None) == (layout is None):
        raise click.UsageError("give -o OUT or --layout smplx DIR")
    if output:
        check_ending(output)
    is_glb = Path(output or "").suffix.lower() == ".glb"
    if is_glb and compress is not None:
        raise click.UsageError("--compress and --no-compress are for .npz and .h5")
    if not is_glb and (n_betas is not None or naming is not None):
        raise click.UsageError("--betas and --joint-names are for an output that ends in .glb")
    from ..io.output_place import make_folder_of
    from ..io.plain_arrays import losses
    from ..io.read_model import read_model
    from ..io.write_model import container_of, write_model
    from ..jobs.loading import loading_notes, misnamed
    from ..jobs.smplx_layout import layout_path
    from ..records.contents import limits_with
    from ..records.storage import Storage

    vocabulary, names = naming or ("mixamo", ())
    found = read_model(
        model,
        normalize_rows=True,
        family=family,
        joint_names=names,
        limits=limits_with(max_bytes),
    )
    target = output or ""
    if is_glb:
        convert_to_glb(found, target, n_betas, vocabulary, force=force)
        return
    if layout:
        place = layout_path(layout[1], found, gender=gender)
        make_folder_of(place)
        target = str(place)
    write_model(found, target, storage=Storage(compress, pickle, keep_objects), force=force)
    container = container_of(target, default=found.source.container)
    for sentence in losses(found.entries(), container, keep_objects=keep_objects):
        say_note(sentence)
    if container != "h5":
        for sentence in loading_notes(found.family.name, container, found.entries(), target):
            say_note(sentence)
        if warning := misnamed(found.family.name, target):
            say(f"smplprep: {warning}", err=True)
    say(f"model: {target}")


def convert_to_glb(
    found: Model, target: str, n_betas: int | None, vocabulary: str, *, force: bool
) -> None:
    """Write the .glb and say what it cannot hold."""
    from ..io.gltf.texts import gltf_losses
    from ..io.gltf.write import write_gltf

    write_gltf(found, target, n_betas=n_betas, vocabulary=vocabulary, force=force)
    for sentence in gltf_losses(found, n_betas=n_betas):
        say_note(sentence)
    say(f"mesh: {target}")
