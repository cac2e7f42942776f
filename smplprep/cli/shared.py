"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..records.families import FAMILIES, GENDERS
from ..records.storage import PICKLES
from ..records.units import MILLIMETERS

_Function = TypeVar("_Function", bound=Callable[..., Any])

# click itself would call an unreadable file a usage error; it is a bad input.
INPUT = click.Path(readable=False)

max_bytes_option = click.option(
    "--max-bytes", type=click.IntRange(min=1), help="Accept larger inputs than 2 GiB."
)
normalize_rows_option = click.option(
    "--normalize-rows", is_flag=True, help="Accept skinning rows that do not sum to 1."
)
device_option = click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where stock smplx runs.",
)
more_landmarks_option = click.option(
    "--landmarks",
    metavar="FILE",
    help="Also count leaks at these: JSON {name: vertex}, or FLAME's flame_static_embedding.pkl.",
)
force_option = click.option("--force", is_flag=True, help="Replace an existing output.")
family_option = click.option(
    "--family", type=click.Choice(list(FAMILIES)), help="What MODEL is.  [default: by its content]"
)

joint_names_option = click.option(
    "--joint-names",
    metavar="FILE",
    help="Names of the joints, one a line or a JSON list.  [default: the file's joint_names]",
)
units_option = click.option(
    "--units",
    type=click.Choice(list(MILLIMETERS)),
    default="m",
    show_default=True,
    help="Unit of the lengths in MODEL; figures in mm depend on it.",
)


def storage_options(command: _Function) -> _Function:
    """``--compress``, ``--pickle`` and ``--keep-objects``: the fields of ``Storage``."""
    compress = click.option(
        "--compress/--no-compress",
        default=None,
        help="Compress the output or not.  [default: .npz as the input, .h5 not]",
    )
    pickle = click.option(
        "--pickle",
        type=click.Choice(PICKLES),
        default=PICKLES[0],
        show_default=True,
        help="The Python that a .pkl is for.",
    )
    keep_objects = click.option(
        "--keep-objects",
        is_flag=True,
        help="Keep dicts and lists in a .npz as objects (joint2num), not as JSON text.",
    )
    return compress(pickle(keep_objects(command)))


def layout_options(command: _Function) -> _Function:
    """``--layout smplx DIR`` and ``--gender``."""
    layout = click.option(
        "--layout",
        type=(click.Choice(["smplx"]), str),
        metavar="smplx DIR",
        help="Write to where smplx.create(DIR, ...) looks; SMPL always as .pkl.",
    )
    gender = click.option(
        "--gender",
        type=click.Choice(list(GENDERS)),
        help="For --layout.  [default: by the name of the file or folder]",
    )
    return layout(gender(command))
