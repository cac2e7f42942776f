"""``smplprep audit``: a thin skin over ``audit`` and its texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .shared import INPUT, max_bytes_option
from .terminal import say_text

if TYPE_CHECKING:
    from ..records.contents import Limits
    from ..records.landmark import Landmark
    from ..records.model import Model


@click.command("audit", short_help="Say which joints move each landmark, and how far.")
@click.argument("model", type=INPUT, metavar="MODEL")
@click.option("--against", metavar="OTHER", help="Show what MODEL changed since this file.")
@click.option(
    "--landmarks",
    metavar="SET",
    help="openpose25, openpose-hands, all, a JSON file {name: vertex}, or FLAME's "
    "flame_static_embedding.pkl.  [default: openpose25; all for a model without a body]",
)
@click.option("--vertices", metavar="LIST", help="These vertices instead: 332,6260, or all.")
@click.option(
    "--joint-names",
    "vocabulary",
    type=click.Choice(["findings", "smplx"]),
    default="findings",
    show_default=True,
    help="leftUpLeg or left_hip.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of text.")
@max_bytes_option
def audit_command(
    model: str,
    against: str | None,
    landmarks: str | None,
    vertices: str | None,
    vocabulary: str,
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
        raise click.UsageError("--json and --csv exclude each other")
    from ..records.contents import limits_with

    paths, limits = [model] if against is None else [against, model], limits_with(max_bytes)
    if vertices == "all":
        told = all_vertices(paths, vocabulary, as_json, as_csv, limits)
    else:
        told = landmark_audit(paths, landmarks, vertices, vocabulary, as_json, as_csv, limits)
    say_text(told)


def landmark_audit(
    paths: list[str],
    landmarks: str | None,
    vertices: str | None,
    vocabulary: str,
    as_json: bool,
    as_csv: bool,
    limits: Limits,
) -> str:
    """The audit of one file, or of two side by side, in the form asked for."""
    import json

    from ..audit.audit import audit
    from ..audit.export import audit_csv, audit_data
    from ..audit.text import audit_text
    from ..geometry.same_topology import check_same_topology
    from ..io.read_model import read_model

    models = [read_model(path, normalize_rows=True, limits=limits) for path in paths]
    check_same_topology(models[0], models[-1])
    which = set_name(models[0], landmarks)
    chosen = chosen_landmarks(models[0], which, vertices, vocabulary)
    audits = [
        audit(model, chosen, name=Path(path).name)
        for model, path in zip(models, paths, strict=True)
    ]
    if as_json:
        return json.dumps(audit_data(audits, vocabulary), indent=1) + "\n"
    if as_csv:
        return audit_csv(audits, vocabulary)
    return audit_text(audits, vocabulary, which=None if vertices else which) + "\n"


def all_vertices(
    paths: list[str], vocabulary: str, as_json: bool, as_csv: bool, limits: Limits
) -> str:
    """The leaks of all vertices of each file, in the form asked for."""
    import json

    from ..audit.export import vertex_leak_csv, vertex_leak_data
    from ..audit.text import vertex_leak_text
    from ..audit.vertices import vertex_leaks
    from ..io.read_model import read_model

    models = []
    for path in paths:
        model = read_model(path, normalize_rows=True, limits=limits)
        names = model.family.joint_names(model.n_joints, vocabulary)
        models.append(vertex_leak_data(vertex_leaks(model), Path(path).name, names))
    if as_json:
        return json.dumps({"models": models}, indent=1) + "\n"
    return vertex_leak_csv(models) if as_csv else vertex_leak_text(models) + "\n"


def set_name(model: Model, landmarks: str | None) -> str:
    """What --landmarks names, or is without it."""
    return landmarks or ("all" if model.family.name in ("mano", "flame") else "openpose25")


def chosen_landmarks(
    model: Model, landmarks: str, vertices: str | None, vocabulary: str
) -> list[Landmark]:
    """What --vertices names, else what --landmarks names."""
    from ..audit.landmark_sets import landmark_set, landmarks_at

    if vertices is not None:
        return landmarks_at(vertices, model)
    return landmark_set(model, landmarks, vocabulary=vocabulary)
