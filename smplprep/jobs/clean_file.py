"""The main job, in order: read, transform, write, re-read and check, report, rename into place."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelWriteError
from ..io.check_written import check_written
from ..io.joint_names import read_joint_names
from ..io.output_place import check_output, make_folder_of
from ..io.packed_file import read_packed
from ..io.plain_arrays import losses
from ..io.read_model import decoded_model
from ..io.replace_file import Replacement, commit_all, replacing
from ..io.write_model import container_of, write_container
from ..records.job import CleanJob, PathLike
from ..records.options import Options
from .pipeline import transformed
from .progress import Progress, silent

# What not every clean needs (the report, hands, a layout) is imported where it is used.
if TYPE_CHECKING:
    from ..records.model import Model
    from ..report.report import Report

Accept = Callable[[str, dict[Path, str]], None]
REPORTS = (".report.json", ".report.html")  # endings of what stands beside the output


@dataclass(frozen=True)
class CleanedFile:
    """What ``clean_file`` did: the report, if any, and the files, None where it wrote none."""

    report: Report | None
    target: Path | None = None
    report_target: Path | None = None
    html_target: Path | None = None

    @property
    def files(self) -> list[Path]:
        """What was written."""
        return [file for file in (self.target, self.report_target, self.html_target) if file]


def clean_file(
    path: PathLike,
    output: PathLike | None = None,
    options: Options | None = None,
    **settings: Any,
) -> CleanedFile:
    """Clean a file: read, transform, write, re-read and check, then rename into place.

    Args:
        path: the input, never written to.
        output: a file, or a folder with a slash at its end; beside the input where None. The report
            stands beside it as NAME.report.json, the page as NAME.report.html.
        options: see ``Options``.
        settings: the other fields of ``CleanJob``: force, html, landmarks, layout, ...

    Raises:
        ModelReadError, ModelInvalidError: a bad input.
        ModelWriteError: the output cannot be written; what stood there before still does.
        VerificationError: what was written is not what was meant; it was withheld.
    """
    return run(CleanJob(path, output, options or Options(), **settings))


def run(
    job: CleanJob,
    *,
    progress: Progress = silent,
    check: Callable[[list[Path]], None] | None = None,
    accept: Accept | None = None,
    skip_clean: bool = False,
) -> CleanedFile:
    """Do a job; see ``clean_file``.

    Args:
        progress: called with the name of each step as it starts.
        check: called with the outputs before anything is made or written; what it raises ends it.
        accept: called with the input's SHA-256 and those of the outputs, complete but not yet in
            place; what it raises withholds them.
        skip_clean: write nothing where no step has anything to do.
    """
    progress("read")
    packed = read_packed(job.path, limits=job.limits)
    model = decoded_model(
        packed,
        normalize_rows=job.normalize_rows,
        fill_unweighted=job.options.fill_unweighted,
        family=job.family,
        joint_names=() if job.joint_names is None else read_joint_names(job.joint_names),
        units=job.units,
    )
    input_sha256 = packed.sha256
    del packed  # it would keep the input, which is let go below
    if job.landmarks is not None:
        from ..audit.landmark_sets import with_landmarks

        model = with_landmarks(model, os.fspath(job.landmarks))
    model = with_hands_of(job, model)
    target = target_of(job, model)
    container = container_of(target, default=model.source.container)
    endings = report_endings(job)
    outputs = [target, *(target.with_suffix(ending) for ending in endings)]
    if check:
        check(outputs)
    inputs = job.inputs
    if not job.dry_run and target.parent.exists():
        check_outputs(outputs, force=job.force, inputs=inputs)
    done = transformed(model, job.options, progress, counted=job.report)
    if job.dry_run or (skip_clean and done.nothing_to_do):
        return CleanedFile(done.report() if job.report else None)
    cleaned = done.cleaned
    make_folder_of(target)
    progress("write")
    with ExitStack() as stack:
        files = [
            stack.enter_context(
                replacing(
                    file,
                    force=job.force,
                    inputs=inputs,
                    hashed=accept is not None or (job.report and file is target),
                )
            )
            for file in outputs
        ]
        model_file, *report_files = files
        second_core = stack.enter_context(ThreadPoolExecutor(2))
        measuring = second_core.submit(done.report) if job.report else None
        entries = write_container(cleaned, model_file, container=container, storage=job.storage)
        model_file.flush()
        syncing = second_core.submit(model_file.close)
        progress("check")
        check_written(cleaned, model_file.temporary, container=container, storage=job.storage)
        report = None
        if measuring:
            from ..report.build_report import described_keys

            progress("displacement")
            report = measuring.result()
        # Let the input go: its posedirs take as much memory as everything else together.
        del model, done, measuring
        if report:
            remarks = losses(cleaned.entries(), container, keep_objects=job.keep_objects)
            report = report.with_output(
                {
                    "name": target.name,
                    "sha256": model_file.sha256(),
                    "bytes": model_file.n_bytes,
                    "container": container,
                    "keys": described_keys(entries),
                },
                command=job.command,
                remarks=remarks,
            )
            write_reports(report, report_files, name=target.stem, progress=progress)
        syncing.result()  # a disk says only once that it failed
        if accept:
            digests = {path: file.sha256() for path, file in zip(outputs, files, strict=True)}
            accept(input_sha256, digests)
        # The reports first, the model last. Reports that are not written again go.
        stale = [target.with_suffix(ending) for ending in REPORTS if ending not in endings]
        commit_all(*reversed(files), stale=stale if job.force and not accept else [])
    return CleanedFile(report, *outputs)


def report_endings(job: CleanJob) -> Sequence[str]:
    """Which of ``REPORTS`` are written."""
    if not job.report:
        return ()
    from ..report.html.render import can_render

    return REPORTS if job.html and can_render() else REPORTS[:1]


def write_reports(
    report: Report, files: list[Replacement], *, name: str, progress: Progress
) -> None:
    """The JSON into the first of the files, the page into the second, if there is one."""
    json_file, *html_files = files
    json_file.write(report.to_json().encode())
    for html_file in html_files:
        from ..report.html.render import render_page

        progress("draw")
        html_file.write(render_page(report.data, name=name))


def check_outputs(outputs: list[Path], *, force: bool, inputs: list[Any]) -> None:
    """Raise before the work what ``replacing`` would; ``outputs`` are the model and its reports."""
    model, *reports = outputs
    check_output(model, force=force, inputs=inputs)
    for report in reports:
        try:
            check_output(report, force=force, inputs=inputs)
        except ModelWriteError as error:
            if report.is_file() and not (force or model.exists()):
                # X.pkl after X.npz: --force would leave X_clean.npz without its report.
                error.hint = (
                    "It probably belongs to another model. Choose another output name or folder."
                )
            raise


def with_hands_of(job: CleanJob, model: Model) -> Model:
    """The model with the hands that the job adds to it."""
    if job.hands is None and not job.flat_hands:
        return model
    from .merge_hands import with_flat_hands, with_hands

    if job.hands is None:
        return with_flat_hands(model)
    from ..io.read_model import read_model

    left, right = (read_model(p, normalize_rows=True, limits=job.limits) for p in job.hands)
    return with_hands(model, left, right)


def target_of(job: CleanJob, model: Model) -> Path:
    """Where the output goes: a file, or NAME_clean.EXT in a folder or beside the input."""
    if job.layout is not None:
        from .smplx_layout import layout_path

        return Path(layout_path(job.layout, model, gender=job.gender))
    name = f"{Path(job.path).stem}_clean.{model.source.container}"
    if job.output is None:
        return Path(job.path).with_name(name)
    is_folder = is_folder_name(job.output) or Path(job.output).is_dir()
    return Path(job.output) / name if is_folder else Path(job.output)


def is_folder_name(target: str | os.PathLike[str] | None) -> bool:
    """Whether it ends as only the name of a folder does."""
    return target is not None and os.fspath(target).endswith(("/", os.sep))
