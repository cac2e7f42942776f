"""``smplprep evaluate``: a thin skin over ``evaluate``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ..records.units import Unit
from .shared import (
    INPUT,
    force_option,
    max_bytes_option,
    normalize_rows_option,
    units_option,
)
from .terminal import counted, say, say_text, watched


@click.command("evaluate", short_help="Measure how far vertices move over real motions.")
@click.argument("original", type=INPUT, metavar="ORIGINAL")
@click.argument("cleaned", type=INPUT, metavar="CLEANED")
@click.option(
    "--motions",
    multiple=True,
    required=True,
    metavar="FILE_OR_DIR",
    help="AMASS .npz, or a folder that is searched for them; may be given several times.",
)
@click.option("-o", "--output", metavar="OUT.json", help="Also write the result to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the tables.")
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="cpu: numpy; cuda: torch.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Measure on a Dask cluster: tcp://HOST:8786.")
@click.option(
    "--resume",
    metavar="FILE",
    help="Keep the state in FILE and continue from it.  [default: beside OUT.json until done]",
)
@normalize_rows_option
@units_option
@max_bytes_option
@force_option
def evaluate_command(
    original: str,
    cleaned: str,
    motions: tuple[str, ...],
    output: str | None,
    as_json: bool,
    device: str,
    scheduler: str | None,
    resume: str | None,
    normalize_rows: bool,
    units: Unit,
    max_bytes: int | None,
    force: bool,
) -> None:
    """Say how far CLEANED's vertices lie from ORIGINAL's, in millimeters, over real motions.

    Motions are AMASS's .npz: poses (N, 156) for SMPL-H, (N, 72) for SMPL, (N, 165) for SMPL-X, and
    betas; trans moves both alike. A vertex counts with its heaviest joint, fingers with their hand.
    A motion that cannot be read is named, the rest goes on, and the exit status is 1. A run that
    was killed goes on where it was, with the same result: its state is in OUT.json.state until it
    is done.

    --device cuda needs torch: pip install 'smplprep[verify]'. --scheduler needs Dask: pip install
    'smplprep[dask]'; its workers must see the files under the same paths.

    \b
    Example:
      smplprep evaluate RAW.npz CLEAN.npz --motions AMASS/CMU -o moved.json
    """
    from ..errors import shown
    from ..evaluate.cluster import cluster_results
    from ..evaluate.evaluation import evaluate
    from ..evaluate.motions import find_motions
    from ..evaluate.result import result_data
    from ..evaluate.run import local_results
    from ..evaluate.state import State
    from ..evaluate.text import evaluation_text
    from ..io.output_place import check_output
    from ..io.replace_file import replacing
    from ..records.contents import limits_with
    from ..records.json_text import json_text

    if scheduler and device != "cpu":
        raise click.UsageError("--scheduler measures with numpy; leave --device out")
    found = find_motions(motions)
    files = [original, cleaned, *(motion.path for motion in found)]
    if output and resume and Path(output).resolve() == Path(resume).resolve():
        raise click.UsageError("--resume and -o name the same file")
    if output:
        check_output(output, force=force, inputs=files)
    reading: dict[str, Any] = {
        "normalize_rows": normalize_rows,
        "units": units,
        "limits": limits_with(max_bytes),
    }
    measure = ready(original, cleaned, device, **reading)

    def results_of(todo: list[Any]) -> Iterator[Any]:
        total = total_frames(todo, measure.n_joints) if watched() else 0
        with counted("evaluate", total, unit="frames") as watch:
            if scheduler:
                yield from cluster_results(
                    scheduler,
                    (str(Path(original).resolve()), str(Path(cleaned).resolve())),
                    measure.inputs,
                    todo,
                    watch=watch,
                    **reading,
                )
            else:
                yield from local_results(measure, todo, watch=watch)

    state_path = resume or (output and f"{output}.state")
    state = State(state_path, measure) if state_path else None
    outcome = evaluate(measure, found, results_of, state=state, say=remark)
    data = result_data(measure, outcome)
    text = json_text(data)
    if output:
        with replacing(output, force=force, inputs=files) as target:
            target.write(f"{text}\n".encode())
            target.commit()
    if state:
        state.close(outcome, keep=bool(resume))
    say_text(text if as_json else evaluation_text(data))
    if output:
        say(f"result: {output}", err=as_json)
    if outcome.failed:
        for row in data["failed"]:
            remark(f"{shown(row['file'], 240)}: {row['error']}")
        raise click.exceptions.Exit(1)


def remark(line: str) -> None:
    """What is worth a line, on stderr."""
    say(f"smplprep: {line}", err=True)


def ready(original: str, cleaned: str, device: str, **reading: Any) -> Any:
    """What measures on this device; the models themselves are let go."""
    from ..io.read_model import read_model

    models = [read_model(path, **reading) for path in (original, cleaned)]
    if device == "cuda":
        from ..evaluate.on_torch import TorchMeasure

        return TorchMeasure(*models, device=device)
    from ..evaluate.measure import Measure

    return Measure(*models)


def total_frames(motions: list[Any], n_joints: int) -> int:
    """The frames of all motions that can be read; the others are named when their turn comes."""
    from ..errors import SmplprepError
    from ..evaluate.motions import n_frames

    total = 0
    for motion in motions:
        with contextlib.suppress(SmplprepError):
            total += n_frames(motion, n_joints=n_joints)
    return total
