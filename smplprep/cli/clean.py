"""``smplprep clean``: a thin skin over ``clean_file``."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import ModelReadError, ModelWriteError, install
from ..records.contents import ENDINGS
from ..records.options import DEFINITIONS, Options, flag_of
from ..report.notes import leaks_left, notes, warnings
from ..report.summary import change_lines, summary_text
from .main import explain
from .shared import (
    INPUT,
    family_option,
    force_option,
    joint_names_option,
    layout_options,
    max_bytes_option,
    more_landmarks_option,
    normalize_rows_option,
    storage_options,
    units_option,
)
from .terminal import folded, note, say, say_text, watched
from .values import check_ending, options_of_clean

if TYPE_CHECKING:
    from ..jobs.clean_file import CleanedFile


@click.command("clean", short_help="Clean MODEL files, so that no landmark leaks.")
@click.argument("models", type=INPUT, nargs=-1, required=True, metavar="MODEL...")
@click.option("-o", "--output", metavar="OUT", help="A file, or a folder: FOLDER/.")
@options_of_clean()
@storage_options
@normalize_rows_option
@click.option(
    "--hands",
    nargs=2,
    metavar="LEFT RIGHT",
    help="Add the hands_* keys of two MANO files to an SMPL-H that lacks them.",
)
@click.option("--flat-hands", is_flag=True, help="Add the hands_* keys of flat hands instead.")
@layout_options
@family_option
@joint_names_option
@units_option
@more_landmarks_option
@max_bytes_option
@force_option
@click.option("--dry-run", is_flag=True, help="Do everything except write files.")
@click.option("--no-html", is_flag=True, help="Do not write NAME_clean.report.html.")
@click.option("--no-report", is_flag=True, help="Write only the model; measure nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the report instead of the table.")
@click.option("-q", "--quiet", is_flag=True, help="Print only errors and warnings.")
@click.option("-v", "--verbose", is_flag=True, help="Also print what each step counted.")
def clean_command(
    models: tuple[str, ...],
    output: str | None,
    layout: tuple[str, str] | None,
    no_html: bool,
    no_report: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **chosen: Any,
) -> None:
    """Clean MODEL files: prune weights, sparsify the regressor, localize correctives.

    Writes NAME_clean.npz (or .pkl), NAME_clean.report.json and .html beside each input, or where
    -o or --layout says.

    \b
    Example:
      smplprep clean SMPLH_NEUTRAL.npz
    """
    from ..jobs.clean_file import run
    from ..jobs.loading import misnamed
    from ..records.job import CleanJob

    if output and layout:
        raise click.UsageError("-o and --layout cannot be combined")
    if no_report and (as_json or chosen["dry_run"]):
        raise click.UsageError(
            "--json and --dry-run show the report and cannot be combined with --no-report"
        )
    if chosen["hands"] and chosen["flat_hands"]:
        raise click.UsageError("--hands and --flat-hands cannot be combined")
    options = Options(**{name: chosen.pop(name) for name in DEFINITIONS})
    several = len(models) > 1
    for model, source in ({} if layout else outputs_among(models, output)).items():
        models = tuple(other for other in models if other != model)
        if not (as_json or quiet):
            say(f"{model}: skipped, since it is the output of {source}")
    place = output_place(models, output)
    chosen |= {"layout": layout and layout[1], "report": not no_report, "html": not no_html}
    written: set[Path] = set()
    worst, reports, unheard = 0, [], None

    def once(outputs: list[Path]) -> None:
        """Refuse to replace the output of an earlier model of this very command."""
        for path in outputs:
            if path in written:
                message = "an earlier model of this command was written there"
                raise ModelWriteError(message, path=path)

    for model in models:
        try:
            check_no_folder(model)
            job = CleanJob(model, place, options, **chosen)
            copied = not (place or layout or job.force) and Path(model).stem.endswith("_clean")
            done = run(job, progress=Progress(model), check=once, skip_clean=copied)
            written.update(done.files)
        except Exception as error:
            if not several:
                raise
            worst = max(worst, explain(error))
            continue
        lines = [f"model:  {done.target}"]
        if done.report:
            data = done.report.data
            # Whatever was asked for, and with -q, too.
            name = misnamed(data["family"], done.target) if done.target else None
            for warning in filter(None, (leaks_left(data), *warnings(data), name)):
                say(*folded(f"smplprep: {model}: {warning}", err=True), err=True)
            reports.append(done.report)
            lines = result_lines(model, data, verbose=verbose)
            lines += closing_notes(options, done, data, html=not no_html)
            lines += closing_lines(done, data, layout and layout[1])
        if not (done.target or job.dry_run):
            lines = [f"{model}: skipped, since it is clean already; --force writes a copy"]
        if not (as_json or quiet):
            try:
                say(*lines)
            except OSError as error:  # stdout is closed, but the next model is cleaned all the same
                unheard = error
    if as_json:
        texts = [report.to_json() for report in reports]
        say_text(texts[0] if not several else f"[{','.join(texts)}]")
    if unheard:
        raise unheard
    if worst:
        raise click.exceptions.Exit(worst)


def check_no_folder(model: str) -> None:
    """Refuse a folder, with how its files are named."""
    if model and Path(model).is_dir():
        kinds = [ending for ending in ENDINGS if any(Path(model).glob(f"*{ending}"))]
        hint = f"Name the files in it: {Path(model) / '*'}{kinds[0] if kinds else '.npz'}"
        raise ModelReadError("this is a folder, not a model file", path=model, hint=hint)


def outputs_among(models: tuple[str, ...], output: str | None) -> dict[str, str]:
    """Which of the models is the output of which other one, as after ``clean *.npz``."""
    by_stem = {stem_of(model): model for model in models}
    targets = {cleaned_stem(model, output): model for model in models}
    return {by_stem[target]: model for target, model in targets.items() if target in by_stem}


def stem_of(model: str) -> Path:
    """The path without its ending."""
    return Path(os.path.splitext(os.path.normpath(model))[0])  # noqa: PTH122


def cleaned_stem(model: str, output: str | None) -> Path:
    """Where its output goes, if ``output`` is a folder or None, without the ending."""
    stem = stem_of(model)
    return Path(output or stem.parent) / f"{stem.name}_clean"


def output_place(models: tuple[str, ...], output: str | None) -> str | None:
    """What -o names, a folder with a slash at its end; None for beside each input."""
    from ..jobs.clean_file import is_folder_name

    places: dict[Path, str] = {}
    for model in models:
        place = cleaned_stem(model, output)
        if place in places:
            own = f"{stem_of(model).absolute().parent.name}_{place.name}{Path(model).suffix}"
            raise click.UsageError(
                f"{places[place]} and {model} would both be written to {place}: clean each by "
                f"itself, the second with -o {place.with_name(own)}, or use --layout smplx FOLDER"
            )
        places[place] = model
    if output is None or is_folder_name(output) or Path(output).is_dir():
        return output
    if len(models) == 1:
        check_ending(output)
        return output
    if Path(output).suffix.lower() in ENDINGS:
        raise click.UsageError(f"{output} is not a folder; several models need one")
    return f"{output}/"


def result_lines(model: str, data: Mapping[str, Any], *, verbose: bool) -> list[str]:
    """The table of one clean, and what is unusual about the input."""
    details = [*change_lines(data), ""] if verbose else []
    lines = [f"{model} ({data['family']})", "", *summary_text(data).split("\n"), "", *details]
    return [*lines, *(line for sentence in data["remarks"] for line in note(sentence))]


def closing_lines(done: CleanedFile, data: Mapping[str, Any], layout: str | None) -> list[str]:
    """Where the files are, and how the model is loaded."""
    from ..jobs.loading import load_line, loading_obstacles

    if done.target is None:
        return ["dry run: nothing was written"]
    lines = []
    family, output = data["family"], data["output"]
    if layout and (data["input"]["container"], output["container"]) == ("pkl", "npz"):
        said = 'a .npz beside the .pkl, which is the input: smplx.create reads it with ext="npz"'
        lines += note(said)
    lines += [f"model:  {done.target}", f"report: {done.report_target}"]
    lines += [f"open the page: {done.html_target}"] if done.html_target else []
    kept_out = loading_obstacles(family, output["container"], [r["key"] for r in output["keys"]])
    if not kept_out and (
        line := load_line(family, output["container"], done.target, layout=layout)
    ):
        lines.append(f"load it with: {line}")
    return lines


def closing_notes(
    options: Options, done: CleanedFile, data: Mapping[str, Any], *, html: bool
) -> list[str]:
    """What was chosen for the user, and what was asked for and could not be had."""
    from ..jobs.loading import loading_notes

    said = notes(data)
    if output := data["output"]:
        keys = [row["key"] for row in output["keys"]]
        said += loading_notes(data["family"], output["container"], keys, str(done.target))
    if options.tolerance == "auto":
        found = data["options"]["tolerance"]
        said.append(f"--tol auto chose {found:g}, the smallest of a sweep that leaves no leak")
    for name, other in options.without_effect():
        chosen = f"{flag_of(other)} {getattr(options, other)}"
        said.append(f"{flag_of(name)} has no effect with {chosen}")
    if html and done.target and not done.html_target:
        said.append(f"no HTML page: it needs plotly. Install it with: {install('report')}")
    return [line for sentence in said for line in note(sentence)]


class Progress:
    """Says on stderr which step runs, once a clean has taken longer than a second."""

    def __init__(self, model: str) -> None:
        self.model = Path(model).name
        self.start = time.monotonic()
        self.wanted = watched()

    def __call__(self, step: str) -> None:
        if self.wanted and time.monotonic() - self.start > 1.0:
            say(f"{self.model}: {step} ...", err=True)
