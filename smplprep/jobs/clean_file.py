"""The main job, in order: read, transform, write, re-read and check, report, rename into place."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelWriteError
from ..io.packed_file import read_packed
from ..io.replace_file import check_output, commit_all, make_folder_of, replacing
from ..io.vertex_list import VertexList
from ..records.contents import DEFAULT_LIMITS, Limits
from ..records.options import Options

# What comes after reading, numpy with it, is imported while the file is read, and what few cleans
# need (hands, layout) where it is used.
if TYPE_CHECKING:
    from ..records.model import Model
    from ..report.report import Report
    from .pipeline import Progress

Accept = Callable[[str, dict[Path, str]], None]


@dataclass(frozen=True)
class CleanedFile:
    """What ``clean_file`` did: the report, and where the files are (None in a dry run)."""

    report: Report
    target: Path | None = None
    report_target: Path | None = None
    html_target: Path | None = None


def clean_file(
    path: str | os.PathLike[str],
    target: str | os.PathLike[str] | None = None,
    options: Options | None = None,
    *,
    compress: bool | None = None,
    hands: tuple[str, str] | None = None,
    layout: str | os.PathLike[str] | None = None,
    gender: str | None = None,
    family: str | None = None,
    landmarks: str | None = None,
    force: bool = False,
    dry_run: bool = False,
    html: bool = True,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
    check: Callable[[list[Path]], None] | None = None,
    accept: Accept | None = None,
) -> CleanedFile:
    """Clean a file: read, transform, write, re-read and check, then rename into place.

    Args:
        path: the input, never written to.
        target: the output, whose ending says the container, or a folder, which is made where it
            ends in a slash; beside the input where None. The report stands beside it as
            NAME.report.json.
        options: see ``clean``.
        compress: deflate a .npz; None keeps each member as it was.
        hands: two MANO files that have the ``hands_*`` keys the model lacks; or "flat", twice.
        layout: in place of ``target``: the folder that ``smplx.create`` will be given.
        gender: for ``layout``; None goes by the name of the file or its folder.
        family: see ``read_model``.
        landmarks: see ``with_landmarks``.
        force: replace existing outputs.
        dry_run: write nothing.
        html: write NAME.report.html, too, if what it takes is installed (the extra ``report``).
        limits: how much the input may ask for.
        progress: called with the name of each step as it starts.
        check: called with the outputs before anything is made or written; what it raises ends it.
        accept: called with the input's SHA-256 and those of the outputs, complete but not yet in
            place; what it raises withholds them.

    Raises:
        ModelReadError, ModelInvalidError: a bad input.
        ModelWriteError: the output cannot be written; what stood there before still does.
        VerificationError: what was written is not what was meant; it was withheld.
    """
    options = options or Options()
    say = progress or (lambda step: None)
    say("read")
    with ThreadPoolExecutor(1) as second_core:
        reading = second_core.submit(read_packed, path, limits=limits)
        from ..audit.landmark_sets import with_landmarks
        from ..io.check_written import check_written
        from ..io.plain_arrays import texts_among
        from ..io.read_model import decoded_model
        from ..io.write_model import container_of, write_container
        from ..report.report import described_keys
        from .pipeline import transformed

        if html:
            from ..report.html.render import can_render, render_page

            html = can_render()
        packed = reading.result()
    model = decoded_model(packed, normalize_rows=options.normalize_rows, family=family)
    del reading, packed  # they would keep the input, which is let go below
    if landmarks is not None:
        model = with_landmarks(model, landmarks)
    if hands:
        model = handed(model, hands, limits=limits)
    if layout is not None:
        from .smplx_layout import layout_path

        target = layout_path(layout, model, gender=gender)
    own_folder = layout is not None or is_folder_name(target)
    target = target_of(path, target, container=model.source.container)
    container = container_of(target, default=model.source.container)
    report_target, page = target.with_suffix(".report.json"), target.with_suffix(".report.html")
    html_target = page if html else None
    outputs = [file for file in (target, report_target, html_target) if file]
    inputs = [path, *(hands or ()), *([landmarks] if landmarks else []), *named_files(options)]
    if check:
        check(outputs)
    if not dry_run and (target.parent.is_dir() or not own_folder):
        check_outputs(outputs, force=force, inputs=inputs)
    done = transformed(model, options, say)
    if dry_run:
        return CleanedFile(done.report())
    cleaned = done.cleaned
    if own_folder:
        make_folder_of(target)
    say("write")
    with ExitStack() as stack:
        model_file, report_file, *html_files = (
            stack.enter_context(replacing(file, force=force, inputs=inputs)) for file in outputs
        )
        second_core = stack.enter_context(ThreadPoolExecutor(2))
        measuring = second_core.submit(done.report)
        entries = write_container(cleaned, model_file, container=container, compress=compress)
        model_file.flush()
        syncing = second_core.submit(model_file.close)
        say("check")
        check_written(cleaned, model_file.temporary, container=container)
        say("displacement")
        report = measuring.result()
        # Let the input go: its posedirs take as much memory as everything else together.
        del model, done, measuring
        report = report.with_output(
            {
                "sha256": model_file.sha256(),
                "bytes": model_file.n_bytes,
                "container": container,
                "keys": described_keys(entries),
            },
            odd=texts_among(cleaned.entries()) if container != "pkl" else [],
        )
        report_file.write(report.to_json().encode())
        for html_file in html_files:
            say("draw")
            html_file.write(render_page(report.data, name=target.stem))
        syncing.result()  # a disk says only once that it failed
        if accept:
            files = (model_file, report_file, *html_files)
            digests = {path: file.sha256() for path, file in zip(outputs, files, strict=True)}
            accept(report.data["input"]["sha256"], digests)
        # The reports first, the model last. A page that is not written again goes.
        stale = [page] if force and not html_target and not accept else []
        commit_all(*html_files, report_file, model_file, stale=stale)
    return CleanedFile(report, target, report_target, html_target)


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
                error.hint = "It is probably another model's; -o gives this one another name."
            raise


def handed(model: Model, hands: tuple[str, str], *, limits: Limits) -> Model:
    """The model with the hands of two MANO files, or with flat ones."""
    from .merge_hands import with_flat_hands, with_hands

    if hands == ("flat", "flat"):
        return with_flat_hands(model)
    from ..io.read_model import read_model

    left, right = (read_model(path, normalize_rows=True, limits=limits) for path in hands)
    return with_hands(model, left, right)


def named_files(options: Options) -> list[str]:
    """Files that options were read from; they must not be written to."""
    listed = options.keep_vertices
    return [listed.path] if isinstance(listed, VertexList) else []


def target_of(
    path: str | os.PathLike[str], target: str | os.PathLike[str] | None, *, container: str
) -> Path:
    """Where the output goes: ``target``, or NAME_clean.EXT in it, or beside the input."""
    name = f"{Path(path).stem}_clean.{container}"
    if target is None:
        return Path(path).with_name(name)
    is_folder = is_folder_name(target) or Path(target).is_dir()
    return Path(target) / name if is_folder else Path(target)


def is_folder_name(target: str | os.PathLike[str] | None) -> bool:
    """Whether it ends as only the name of a folder does."""
    return target is not None and os.fspath(target).endswith(("/", os.sep))
