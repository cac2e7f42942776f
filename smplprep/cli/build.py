"""``smplprep build``: the manifest's models, their progress and their table."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ManifestError, escaped, nearest_file
from .main import explain, in_words
from .terminal import counted, say

if TYPE_CHECKING:
    from ..build.run import Outcome

MANIFEST = "smplprep.toml"
WHY = 29  # columns


@click.command("build", short_help="Clean every model of a manifest, where something changed.")
@click.argument(
    "manifest",
    required=False,
    metavar="[MANIFEST]",
    type=click.Path(readable=False, path_type=Path),
)
@click.option(
    "-j",
    "n_processes",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many models at once.  [default: one for each core]",
)
@click.option("--check", "only_check", is_flag=True, help="Build nothing; exit 1 if not current.")
@click.option(
    "--locked", is_flag=True, help="Fail rather than write a byte that smplprep.lock does not know."
)
@click.option("--init", is_flag=True, help="Write a manifest of the models found here.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def build_command(
    manifest: Path | None,
    n_processes: int | None,
    only_check: bool,
    locked: bool,
    init: bool,
    quiet: bool,
) -> None:
    """Clean every model of MANIFEST, in parallel, where something changed.

    MANIFEST is smplprep.toml, or [tool.smplprep] in pyproject.toml. Input, options and version
    are compared by content with smplprep.lock, which is written beside it; share both.

    \b
    Example:
      smplprep build -j 4
    """
    from ..build.lock import lock_of
    from ..build.manifest import read_manifest
    from ..build.run import build, check
    from ..geometry.two_threads import n_cores

    if init:
        write_manifest(manifest or Path(MANIFEST))
        return
    manifest = found(manifest)
    if not manifest.is_file():
        hint = nearest_file(manifest)
        raise ManifestError("there is no such file", path=manifest, hint=hint)
    os.chdir(manifest.parent)  # what the manifest and the lock name is relative to them
    jobs, lock = read_manifest(Path(manifest.name)), lock_of(manifest.name)
    if only_check:
        plans, left_over = check(jobs, lock)
        rows = [(each.job.path, "stale" if each.why else "current", each.why) for each in plans]
        status = 1 if left_over or any(each.why for each in plans) else 0
    else:
        with counted(manifest.name, len(jobs)) as watch:
            outcome = build(
                jobs,
                Path(manifest.name),
                lock,
                n_processes=n_processes or n_cores(),
                locked=locked,
                watch=watch,
                waiting=waiting,
            )
        left_over = outcome.left_over
        rows = [
            (
                each.planned.job.path,
                "failed" if each.error else "built" if each.built else "current",
                failure(each.error) if each.error else each.planned.why,
            )
            for each in outcome.results
        ]
        status = complain(outcome)
    if not quiet:
        say(*table(rows))
    for path in left_over:
        say(f"smplprep: {lock}: lists {path}, which {manifest.name} does not", err=True)
    if status or left_over:
        raise click.exceptions.Exit(status or 1)


def found(manifest: Path | None) -> Path:
    """The manifest: the one named, or what stands in this folder."""
    for path in [manifest] if manifest else [Path(MANIFEST), Path("pyproject.toml")]:
        if path.is_dir():
            return found_in(path)
        if path.exists() or manifest:
            return path
    message = f"there is neither {MANIFEST} nor pyproject.toml here; --init writes one"
    raise click.UsageError(message)


def write_manifest(path: Path) -> None:
    """A manifest of the models in its folder."""
    from ..build.first_manifest import first_manifest
    from ..io.replace_file import replacing

    if path.exists():
        raise ManifestError("there is one already", path=path, hint="Edit it, or move it away.")
    with replacing(path) as file:
        text, n_models = first_manifest(path.parent)
        file.write(text.encode())
        file.commit()
    say(f"wrote {path}, models: {n_models}; now run: smplprep build")


def found_in(folder: Path) -> Path:
    """The manifest of a folder."""
    for name in (MANIFEST, "pyproject.toml"):
        if (folder / name).exists():
            return folder / name
    raise ManifestError(f"there is neither {MANIFEST} nor pyproject.toml in it", path=folder)


def waiting() -> None:
    say("smplprep: another build is running here; waiting for it to end", err=True)


def complain(outcome: Outcome) -> int:
    """One sentence on stderr for each model that failed; the worst exit status."""
    errors = [result.error for result in outcome.results if result.error]
    for error in errors:
        explain(error)
    return max((in_words(error)[2] for error in errors), default=0)


def failure(error: Exception) -> str:
    """Why it failed, where a few words say it; the whole sentence stands on stderr, above."""
    message = str(getattr(error, "message", ""))
    said = (message, message.rpartition(": ")[2])  # what is wrong, or what with it
    return next((words for words in said if 0 < len(words) <= WHY), "see above")


def table(rows: list[tuple[str, str, str | None]]) -> list[str]:
    """Model, result and reason at 80 columns, and how many of each result."""
    lines = [f"{'model':<41} {'result':<8} why", *(row_text(*row) for row in rows)]
    counts = Counter(result for _, result, _ in rows)
    said = ", ".join(f"{count} {result}" for result, count in sorted(counts.items()))
    return [*lines, f"{len(rows)} model{'s' * (len(rows) != 1)}: {said}"]


def row_text(path: str, result: str, why: str | None) -> str:
    path = escaped(path)
    name = path if len(path) <= 41 else f"...{path[-38:]}"
    reason = escaped(why or "")
    reason = reason if len(reason) <= WHY else reason[: WHY - 3] + "..."
    return f"{name:<41} {result:<8} {reason}".rstrip()
