"""``smplprep clean``: a thin skin over ``pipeline``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import SmplprepError
from ..options import Options
from ..summary import change_lines, summary_text

if TYPE_CHECKING:
    from ..pipeline import CleanedFile

DEFAULTS = Options()


def choice(*values: str) -> click.Choice[str]:
    return click.Choice(list(values))


@click.command("clean")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("-o", "--output", metavar="OUT", help="Output file; a folder for several models.")
@click.option(
    "--tol",
    "tolerance",
    type=float,
    default=DEFAULTS.tolerance,
    show_default=True,
    help="Skinning weights below this go.",
)
@click.option(
    "--regressor",
    type=choice("exact", "threshold", "keep"),
    default=DEFAULTS.regressor,
    show_default=True,
    help="How J_regressor is sparsified.",
)
@click.option(
    "--regressor-tol",
    "regressor_tolerance",
    type=float,
    default=DEFAULTS.regressor_tolerance,
    show_default=True,
    help="For --regressor threshold: entries below this go.",
)
@click.option(
    "--regressor-budget-mm",
    type=float,
    help="For --regressor exact: let joints move this far, for fewer vertices.",
)
@click.option(
    "--posedirs",
    type=choice("local", "zero", "keep"),
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
    type=choice("keep", "zero"),
    default=DEFAULTS.shapedirs,
    show_default=True,
    help="Which shape blend shapes stay.",
)
@click.option(
    "--dtype",
    type=choice("same", "float32"),
    default=DEFAULTS.dtype,
    show_default=True,
    help="Float type of the output.",
)
@click.option(
    "--compress/--no-compress", default=None, help="Deflate a .npz, or do not.  [default: as input]"
)
@click.option("--normalise-rows", is_flag=True, help="Accept skinning rows that do not sum to 1.")
@click.option("--max-bytes", type=click.IntRange(min=1), help="Accept larger inputs than 2 GiB.")
@click.option("--force", is_flag=True, help="Replace an existing output.")
@click.option("--dry-run", is_flag=True, help="Do everything but write.")
@click.option("--json", "as_json", is_flag=True, help="Print the report instead of the table.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Print what each step counted, too.")
def clean_command(
    models: tuple[str, ...],
    output: str | None,
    compress: bool | None,
    max_bytes: int | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **chosen: Any,
) -> None:
    """Clean MODEL files: prune weights, sparsify the regressor, localise correctives.

    Writes NAME_clean.npz (or .pkl) and NAME_clean.report.json beside each input.

    \b
    Example:
      smplprep clean SMPLH_NEUTRAL.npz
    """
    from ..io.contents import limits_with
    from ..pipeline import clean_file

    options = Options(**chosen)
    folder = output_folder(models, output)
    worst = 0
    for model in models:
        try:
            done = clean_file(
                model,
                folder or output,
                options,
                compress=compress,
                force=force,
                dry_run=dry_run,
                limits=limits_with(max_bytes),
                progress=Progress(model),
            )
        except SmplprepError as error:
            if len(models) == 1:
                raise
            click.echo(f"smplprep: {error}", err=True)
            worst = max(worst, error.exit_status)
            continue
        if as_json:
            click.echo(done.report.to_json(), nl=False)
        elif not quiet:
            click.echo(result_text(model, done, verbose=verbose))
    if worst:
        raise click.exceptions.Exit(worst)


def output_folder(models: tuple[str, ...], output: str | None) -> Path | None:
    """The folder that -o names, made if several models need it; None where it names a file."""
    if output is None or (len(models) == 1 and not Path(output).is_dir()):
        return None
    if len({Path(model).stem for model in models}) < len(models):
        raise click.UsageError("two of the models would get the same name in one folder")
    try:
        Path(output).mkdir(exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"{output} is no folder: {error.strerror}") from error
    return Path(output)


def result_text(model: str, done: CleanedFile, *, verbose: bool) -> str:
    """The table of one clean and where its files are."""
    lines = [f"{model} ({done.report.data['family']})", "", summary_text(done.report.data), ""]
    if verbose:
        lines += [*change_lines(done.report.data), ""]
    lines += [f"note: {sentence}" for sentence in done.report.data["odd"]]
    if done.target is None:
        lines.append("dry run: nothing was written")
    else:
        lines += [f"model:  {done.target}", f"report: {done.report_target}"]
    return "\n".join(lines)


class Progress:
    """Says on stderr which step runs, once a clean has taken longer than a second."""

    def __init__(self, model: str) -> None:
        self.model = Path(model).name
        self.start = time.monotonic()
        self.wanted = sys.stderr.isatty()

    def __call__(self, step: str) -> None:
        if self.wanted and time.monotonic() - self.start > 1.0:
            click.echo(f"{self.model}: {step} ...", err=True)
