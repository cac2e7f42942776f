"""``smplprep clean``: a thin skin over ``clean_file``."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..contents import ENDINGS
from ..errors import SmplprepError
from ..options import Options
from ..report.notes import leaks_left, notes
from ..report.summary import change_lines, summary_text
from .shared import (
    family_option,
    force_option,
    layout_options,
    max_bytes_option,
    normalise_rows_option,
)
from .values import SHARE, HandsCommand, Names, Tolerance, choice

if TYPE_CHECKING:
    from ..clean_file import CleanedFile

DEFAULTS = Options()


@click.command("clean", short_help="Mend MODEL files, so that no landmark leaks.", cls=HandsCommand)
@click.argument("models", type=click.Path(), nargs=-1, required=True, metavar="MODEL...")
@click.option("-o", "--output", metavar="OUT", help="A file, or a folder: FOLDER/.")
@click.option(
    "--tol",
    "tolerance",
    type=Tolerance(),
    default=DEFAULTS.tolerance,
    show_default=True,
    help="Skinning weights below this go; auto: the smallest that leaves no leak.",
)
@click.option(
    "--policy",
    type=choice("policy"),
    default=DEFAULTS.policy,
    show_default=True,
    help="Which skinning weights are spurious: small ones; ones off their joint's region of the "
    "mesh; ones off it, far in the tree, or small and not near.",
)
@click.option(
    "--reach",
    type=click.IntRange(min=0),
    default=DEFAULTS.reach,
    show_default=True,
    help="For --policy structure: weights of joints farther in the tree than this go.",
)
@click.option(
    "--max-influences",
    type=click.IntRange(min=1),
    metavar="K",
    help="After the policy, keep the K largest weights of each vertex.",
)
@click.option(
    "--keep-joints",
    type=Names(),
    default=DEFAULTS.keep_joints,
    metavar="NAMES",
    help="Do not touch the weights of these joints: left_hip,leftLeg. A vertex with nothing else "
    "to take up what would go keeps all it has.",
)
@click.option(
    "--keep-vertices",
    metavar="FILE",
    help="Do not touch the weights of these vertices: a JSON list, or one index a line.",
)
@click.option(
    "--removed-to",
    type=choice("removed_to"),
    default=DEFAULTS.removed_to,
    show_default=True,
    help="Who gets removed weight: all that stays, or the nearest joint above that stays.",
)
@click.option(
    "--regressor",
    type=choice("regressor"),
    default=DEFAULTS.regressor,
    show_default=True,
    help="How J_regressor is sparsified.",
)
@click.option(
    "--regressor-tol",
    "regressor_tolerance",
    type=SHARE,
    default=DEFAULTS.regressor_tolerance,
    show_default=True,
    help="For --regressor threshold: entries below this go.",
)
@click.option(
    "--regressor-budget-mm",
    type=click.FloatRange(min=0, min_open=True),
    help="For --regressor exact: let joints move this far, for fewer vertices.",
)
@click.option(
    "--posedirs",
    type=choice("posedirs"),
    default=DEFAULTS.posedirs,
    show_default=True,
    help="Which pose blend shapes stay.",
)
@click.option(
    "--hops",
    type=click.IntRange(min=0),
    default=DEFAULTS.hops,
    show_default=True,
    help="For --posedirs local: how many joints up or down the tree a corrective reaches.",
)
@click.option(
    "--shapedirs",
    type=choice("shapedirs"),
    default=DEFAULTS.shapedirs,
    show_default=True,
    help="Which shape blend shapes stay.",
)
@click.option(
    "--dtype",
    type=choice("dtype"),
    default=DEFAULTS.dtype,
    show_default=True,
    help="Float type of the output.",
)
@click.option(
    "--symmetrize",
    is_flag=True,
    help="First make weights, regressor and correctives mirror-symmetric.",
)
@click.option(
    "--budget-mm",
    type=click.FloatRange(min=0),
    help="Let no vertex move farther than this; what cannot be removed within it stays, listed.",
)
@click.option(
    "--compress/--no-compress", default=None, help="Deflate a .npz, or do not.  [default: as input]"
)
@normalise_rows_option
@click.option(
    "--hands",
    nargs=2,
    metavar="LEFT RIGHT|flat",
    help="Add the hands_* keys of two MANO files, or of flat hands, to an SMPL-H that lacks them.",
)
@layout_options
@family_option
@max_bytes_option
@force_option
@click.option("--dry-run", is_flag=True, help="Do everything but write.")
@click.option("--no-html", is_flag=True, help="Do not write NAME_clean.report.html.")
@click.option("--json", "as_json", is_flag=True, help="Print the report instead of the table.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Print what each step counted, too.")
def clean_command(
    models: tuple[str, ...],
    output: str | None,
    keep_vertices: str | None,
    compress: bool | None,
    hands: tuple[str, str] | None,
    layout: tuple[str, str] | None,
    gender: str | None,
    family: str | None,
    max_bytes: int | None,
    force: bool,
    dry_run: bool,
    no_html: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **chosen: Any,
) -> None:
    """Clean MODEL files: prune weights, sparsify the regressor, localise correctives.

    Writes NAME_clean.npz (or .pkl), NAME_clean.report.json and .html beside each input.

    \b
    Example:
      smplprep clean SMPLH_NEUTRAL.npz
    """
    from ..clean_file import clean_file
    from ..contents import limits_with
    from ..io.vertex_list import read_vertex_list

    if output and layout:
        raise click.UsageError("-o and --layout exclude each other")
    vertices = read_vertex_list(keep_vertices) if keep_vertices is not None else ()
    options = Options(**chosen, keep_vertices=vertices)
    folder = output_folder(models, output)
    worst, reports = 0, []
    for model in models:
        try:
            done = clean_file(
                model,
                folder or output,
                options,
                compress=compress,
                hands=hands,
                layout=layout[1] if layout else None,
                gender=gender,
                family=family,
                force=force,
                dry_run=dry_run,
                html=not no_html,
                limits=limits_with(max_bytes),
                progress=Progress(model),
            )
        except SmplprepError as error:
            if len(models) == 1:
                raise
            click.echo(f"smplprep: {error}", err=True)
            worst = max(worst, error.exit_status)
            continue
        if leaks := leaks_left(done.report.data):  # whatever was asked for, and with -q, too
            click.echo(f"smplprep: {model}: {leaks}; smplprep audit says to what", err=True)
        if as_json:
            reports.append(done.report)
        elif not quiet:
            told = result_text(model, done, verbose=verbose)
            click.echo("\n".join([told, *closing_notes(options, done, html=not no_html)]))
    if as_json:
        texts = [report.to_json() for report in reports]
        click.echo(texts[0] if len(models) == 1 else f"[{','.join(texts)}]\n", nl=False)
    if worst:
        raise click.exceptions.Exit(worst)


def output_folder(models: tuple[str, ...], output: str | None) -> Path | None:
    """The folder that -o names, made if several models need it; None where it names a file."""
    places = {os.path.splitext(os.path.normpath(model))[0] for model in models}  # noqa: PTH122
    if output:
        places = {Path(place).name for place in places}
    if len(places) < len(models):
        raise click.UsageError("two of the models would get outputs or reports of the same name")
    if output is None:
        return None
    said = Path(output).is_dir() or output.endswith(("/", os.sep))
    if len(models) == 1 and not said:
        return None
    if not said and Path(output).suffix in ENDINGS:
        raise click.UsageError(f"{output} is no folder, which several models need")
    try:
        Path(output).mkdir(exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"{output} is no folder: {error.strerror}") from error
    return Path(output)


def result_text(model: str, done: CleanedFile, *, verbose: bool) -> str:
    """The table of one clean and where its files are."""
    data = done.report.data
    details = [*change_lines(data), ""] if verbose else []
    lines = [f"{model} ({data['family']})", "", summary_text(data), "", *details]
    lines += [f"note: {sentence}" for sentence in data["odd"]]
    if done.target is None:
        lines.append("dry run: nothing was written")
    else:
        lines += [f"model:  {done.target}", f"report: {done.report_target}"]
        lines += [f"page:   {done.html_target}"] if done.html_target else []
    return "\n".join(lines)


def closing_notes(options: Options, done: CleanedFile, *, html: bool) -> list[str]:
    """What was chosen for the user, and what was asked for and could not be had."""
    said = notes(done.report.data)
    if options.tolerance == "auto":
        chosen = done.report.data["options"]["tolerance"]
        said.append(f"--tol auto chose {chosen:g}, the smallest tolerance without a leak")
    flags = {param.name: max(param.opts, key=len) for param in clean_command.params}
    for name, other in options.idle():
        said.append(f"{flags[name]} has no effect with {flags[other]} {getattr(options, other)}")
    if html and done.target and not done.html_target:
        said.append("no HTML page: pip install 'smplprep[report]'")
    return [f"note: {sentence}" for sentence in said]


class Progress:
    """Says on stderr which step runs, once a clean has taken longer than a second."""

    def __init__(self, model: str) -> None:
        self.model = Path(model).name
        self.start = time.monotonic()
        self.wanted = sys.stderr.isatty()

    def __call__(self, step: str) -> None:
        if self.wanted and time.monotonic() - self.start > 1.0:
            click.echo(f"{self.model}: {step} ...", err=True)
