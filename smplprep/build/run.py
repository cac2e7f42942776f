"""The build: what is not current is cleaned, each model in a process of its own."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ..errors import ManifestError, ModelWriteError, SmplprepError, VerificationError
from ..io.replace_file import remove_litter
from ..jobs.progress import Watch, silent
from .lock import Entry, Key, key_of, read_lock, write_lock
from .manifest import Job
from .manifest_lock import manifest_locked
from .outputs import check_inside, check_replaceable, is_outside, remove_page
from .plan import Planned, plan

WRITE_LOCK = "If that is meant, run smplprep build without --locked and commit the lock."


@dataclass(frozen=True)
class Result:
    """What became of one model: an error, or ``built``, or it was current already."""

    planned: Planned
    built: bool = False
    error: Exception | None = None


@dataclass
class Outcome:
    """Every model's result in the manifest's order, and the models that only the lock has."""

    results: list[Result] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)


def check(jobs: Sequence[Job], path: Path) -> tuple[list[Planned], list[str]]:
    """Whether a build would have anything to do; every file is read, and nothing written.

    Returns:
        Every job with why it is not current, and the models that only the lock has.
    """
    lock = read_lock(path)
    return plan(jobs, lock), _left_over(jobs, lock)


def build(
    jobs: Sequence[Job],
    manifest: Path,
    path: Path,
    *,
    n_processes: int,
    locked: bool,
    watch: Watch = silent,
    waiting: Callable[[], object] = lambda: None,
) -> Outcome:
    """Build what is not current, in the current folder.

    Args:
        jobs: from ``read_manifest``.
        manifest: their file.
        path: of the lock.
        n_processes: how many models at once.
        locked: every byte must be as the lock says; what is not is withheld, and the lock stays.
        watch: called with how many models more are done.
        waiting: is called where another build has to end first.

    Raises:
        ManifestError: the lock cannot be read, or there is none and ``locked`` is set.
    """
    check_inside([path])
    if locked and not path.exists():
        raise ManifestError("there is no lock, and --locked needs one", path=path, hint=WRITE_LOCK)
    with manifest_locked(manifest, waiting):
        lock = read_lock(path)
        plans = plan(jobs, lock)
        results = {id(planned): Result(planned) for planned in plans if not planned.why}
        if locked:
            refused = [planned for planned in plans if planned.differs]
            results |= {
                id(planned): Result(planned, error=_refusal(planned)) for planned in refused
            }
        todo = [planned for planned in plans if id(planned) not in results]
        keys = [key_of(job.recipe()) for job in jobs]
        entries = {key: lock[key] for key in keys if key in lock}
        judge = _Judge(plans, lock, locked=locked)
        watch(len(results))
        for planned, entry, error in _run(todo, judge, n_processes):
            results[id(planned)] = Result(planned, built=not error, error=error)
            watch(1)
            if entry and not locked:
                remove_page(lock.get(entry.key), entry)
                entries[entry.key] = entry
                write_lock(path, entries.values())
        if not locked:
            write_lock(path, entries.values())
        outputs = [output for entry in entries.values() for output in entry.outputs]
        remove_litter(each for each in outputs if not is_outside(each))
        remove_litter([path])
        left_over = _left_over(jobs, lock) if locked else []
        return Outcome([results[id(planned)] for planned in plans], left_over)


def _left_over(jobs: Sequence[Job], lock: dict[Key, Entry]) -> list[str]:
    keys = {key_of(job.recipe()) for job in jobs}
    return [key[0] for key in lock if key not in keys]


def _refusal(planned: Planned) -> SmplprepError:
    message = f"differs from the lock: {planned.differs}"
    return VerificationError(message, path=planned.job.path, hint=WRITE_LOCK)


class _Judge:
    """Decides, before an output is put in place, whether it may be."""

    def __init__(self, plans: list[Planned], lock: dict[Key, Entry], *, locked: bool) -> None:
        self._locked = locked
        self._known = {
            output: digest for entry in lock.values() for output, digest in entry.outputs.items()
        }
        self._inputs = {os.path.realpath(path) for each in plans for path in each.job.inputs}
        current = [each.locked for each in plans if each.locked and not each.why]
        self._writers = {output: each.key for each in current for output in each.outputs}

    def __call__(self, planned: Planned, entry: Entry) -> SmplprepError | None:
        for output, digest in entry.outputs.items():
            writer = self._writers.setdefault(output, entry.key)
            if writer != entry.key:
                message = f"{writer[0]} and {entry.key[0]} would both be written to it"
                return SmplprepError(message, path=output)
            if os.path.realpath(output) in self._inputs:
                return SmplprepError("the output is an input of the build", path=output)
            try:
                check_replaceable(output, new=digest, locked=self._known.get(output))
            except ModelWriteError as error:
                return error
        if self._locked and planned.locked:
            return _byte_for_byte(planned.locked, entry)
        return None


def _byte_for_byte(locked: Entry, entry: Entry) -> SmplprepError | None:
    for output in sorted({*locked.outputs, *entry.outputs}):
        if locked.outputs.get(output) != entry.outputs.get(output):
            others = [
                f"{name} {entry.versions.get(name)} here, {there} there"
                for name, there in sorted(locked.versions.items())
                if entry.versions.get(name) != there
            ]
            hint = f"the lock was written elsewhere: {'; '.join(others)}" if others else None
            message = "would differ from the lock, so it was not written"
            return VerificationError(message, path=output, hint=hint)
    return None


@dataclass
class _Running:
    """A model that is being cleaned, and its entry once it asked to be put in place."""

    planned: Planned
    process: BaseProcess
    entry: Entry | None = None

    def death(self) -> SmplprepError:
        """Its process ended without a word."""
        self.process.join()
        status = self.process.exitcode or 0
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        hint = "It may have run out of memory; -j 1 needs the least." if status == -9 else None
        path = self.planned.job.path
        return SmplprepError(f"the process that cleaned it {how}", path=path, hint=hint)


def _run(
    todo: list[Planned], judge: _Judge, n_processes: int
) -> Iterator[tuple[Planned, Entry | None, Exception | None]]:
    """Clean in parallel; each model with its entry, or with the error that ended it."""
    if not todo:
        return
    from .worker import prepare, work  # with numpy and highspy, before the processes are forked

    prepare([planned.job for planned in todo])

    # mypy knows no process of a context that is chosen as the program runs.
    context: Any = get_context("fork" if sys.platform == "linux" else "spawn")
    waiting = deque(todo)
    running: dict[Any, _Running] = {}
    try:
        while waiting or running:
            while waiting and len(running) < n_processes:
                planned = waiting.popleft()
                ours, theirs = context.Pipe()
                process = context.Process(target=work, args=(planned.job, theirs), daemon=True)
                process.start()
                theirs.close()  # so that the end of the process is the end of the pipe
                running[ours] = _Running(planned, process)
            ready: list[Any] = connection.wait(list(running))
            for pipe in ready:
                it = running[pipe]
                message = _received(pipe, it)
                if isinstance(message, Entry):
                    it.entry = message
                    with contextlib.suppress(OSError):  # it died; the next message says so
                        pipe.send(judge(it.planned, message))
                    continue
                it.process.join()
                del running[pipe]
                yield it.planned, None if message else it.entry, message
    finally:
        for left in running.values():
            left.process.terminate()


def _received(pipe: Any, it: _Running) -> Entry | Exception | None:
    try:
        message: Entry | Exception | None = pipe.recv()
        return message
    except (EOFError, OSError):
        return it.death()
