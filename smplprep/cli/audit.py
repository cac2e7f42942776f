"""``smplprep audit``: a thin skin over ``audit`` and its texts."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .shared import INPUT, max_bytes_option, units_option
from .terminal import say, say_text, terminal_width
from .values import JointNames

if TYPE_CHECKING:
    from ..records.landmark import Landmark
    from ..records.model import Model
    from ..records.units import Unit


@click.command("audit", short_help="Say which joints move each landmark, and how far.")
@click.argument("model", type=INPUT, metavar="MODEL")
@click.option("--against", metavar="OTHER", help="Show what MODEL changed since this file.")
@click.option(
    "--landmarks",
    metavar="SET",
    help="openpose25, openpose-hands, all, a JSON file {name: vertex}, or FLAME's "
    "flame_static_embedding.pkl.  [default: those that clean counts]",
)
@click.option("--vertices", metavar="LIST", help="These vertices instead: 332,6260, or all.")
@click.option(
    "--joint-names",
    "naming",
    type=JointNames(),
    default="mixamo",
    show_default=True,
    metavar="mixamo|smplx|FILE",
    help="leftUpLeg or left_hip; or a file: one name a line, or a JSON list.",
)
@units_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of text.")
@max_bytes_option
def audit_command(
    model: str,
    against: str | None,
    landmarks: str | None,
    vertices: str | None,
    naming: tuple[str, tuple[str, ...]],
    units: Unit,
    as_json: bool,
    as_csv: bool,
    max_bytes: int | None,
) -> None:
    """Say which pose parameters move each landmark of MODEL, and how far.

    A joint outside a landmark's own kinematic chain is a leak and is marked with *. With
    --vertices all: how many vertices leak to each joint, and the worst of them.

    \b
    Example:
      smplprep audit SMPLH_NEUTRAL_clean.npz --against SMPLH_NEUTRAL.npz
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv cannot be combined")
    from ..io.read_model import read_model
    from ..records.contents import limits_with

    paths = [model] if against is None else [against, model]
    vocabulary, names = naming
    read = functools.partial(
        read_model,
        normalize_rows=True,
        joint_names=names,
        units=units,
        limits=limits_with(max_bytes),
    )
    models = [read(path) for path in paths]
    if vertices == "all":
        text = all_vertices(models, paths, vocabulary, as_json, as_csv)
    else:
        text = landmark_audit(models, paths, landmarks, vertices, vocabulary, as_json, as_csv)
    say_text(text)


def landmark_audit(
    models: list[Model],
    paths: list[str],
    landmarks: str | None,
    vertices: str | None,
    vocabulary: str,
    as_json: bool,
    as_csv: bool,
) -> str:
    """The audit of one file, or of two side by side, in the form asked for."""
    import json

    from ..audit.audit import audit
    from ..audit.export import audit_csv, audit_data
    from ..audit.text import audit_text
    from ..geometry.same_topology import check_same_topology

    check_same_topology(models[0], models[-1])
    chosen = chosen_landmarks(models[0], landmarks, vertices, vocabulary)
    audits = [
        audit(model, chosen, name=Path(path).name)
        for model, path in zip(models, paths, strict=True)
    ]
    if as_json:
        return json.dumps(audit_data(audits, vocabulary), indent=1) + "\n"
    if as_csv:
        return audit_csv(audits, vocabulary)
    which = Path(landmarks).name if landmarks else "those that clean counts"
    which = "those of --vertices" if vertices else which
    return audit_text(audits, vocabulary, which=which, width=min(terminal_width(), 120)) + "\n"


def all_vertices(
    models: list[Model], paths: list[str], vocabulary: str, as_json: bool, as_csv: bool
) -> str:
    """The leaks of all vertices of each file, in the form asked for."""
    import json

    from ..audit.export import vertex_leak_csv, vertex_leak_data
    from ..audit.text import vertex_leak_text
    from ..audit.vertices import vertex_leaks

    found = [
        vertex_leak_data(vertex_leaks(model), Path(path).name, model.joint_names(vocabulary))
        for model, path in zip(models, paths, strict=True)
    ]
    if as_json:
        return json.dumps({"models": found}, indent=1) + "\n"
    return vertex_leak_csv(found) if as_csv else vertex_leak_text(found) + "\n"


def chosen_landmarks(
    model: Model, landmarks: str | None, vertices: str | None, vocabulary: str
) -> list[Landmark]:
    """What --vertices names, else what --landmarks names, else those that clean counts."""
    from ..audit.landmark_sets import (
        landmarks_at,
        points_and_remarks,
        require_landmarks,
        skin_landmarks,
    )

    if vertices is not None:
        return landmarks_at(vertices, model)
    if landmarks is None:
        require_landmarks(known := skin_landmarks(model), model)
        return known
    points, remarks = points_and_remarks(model, landmarks, vocabulary=vocabulary)
    for remark in remarks:
        say(f"smplprep: {landmarks}: {remark}", err=True)
    return points
