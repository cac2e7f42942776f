"""What the process of one model does: clean it, and ask before anything is put in place."""

from __future__ import annotations

# What every clean takes, imported once: each process is a fork of the one that imports this.
import encodings.cp437  # noqa: F401  # of the names in a .npz
import os
import shlex  # noqa: F401
import signal
import zlib
from collections.abc import Iterable
from importlib.metadata import version
from multiprocessing import connection, parent_process
from pathlib import Path
from threading import Thread

import highspy  # noqa: F401

from .. import __version__
from ..errors import SmplprepError, install
from ..geometry import displacement  # noqa: F401
from ..io import check_written, read_model, signals, write_model  # noqa: F401
from ..io.input_file import file_sha256
from ..io.npz import read as read_npz  # noqa: F401
from ..jobs import pipeline  # noqa: F401
from ..jobs.clean_file import run
from ..report import build_report  # noqa: F401
from ..report.html.render import can_render
from .lock import Entry
from .manifest import Job
from .outputs import check_inside

SENDABLE = (SmplprepError, OSError, MemoryError, RecursionError, OverflowError)


def prepare(jobs: Iterable[Job]) -> None:
    """Import what only some jobs take, and what asking for a version imports."""
    version("numpy")
    if any(job.options.policy == "islands" for job in jobs):
        import scipy.spatial  # noqa: F401
    if any(Path(job.path).suffix == ".pkl" for job in jobs):
        from ..io.pickle import read, write  # noqa: F401


def work(job: Job, parent: connection.Connection) -> None:
    """Clean the model of ``job``.

    Sends the parent an Entry, complete but for being in place, and waits for its answer: None or
    an error, to be raised. Then sends None, or the exception that ended it.
    """
    signals.install()
    Thread(target=_die_with_parent, daemon=True).start()

    def ask(input_sha256: str, outputs: dict[Path, str]) -> None:
        entry = Entry(
            job.recipe(),
            {job.path: input_sha256, **others},
            {path.as_posix(): digest for path, digest in outputs.items()},
            versions(job, outputs),
        )
        parent.send(entry)
        refusal = parent.recv()
        if refusal:
            raise refusal

    try:
        others = {path: file_sha256(path) for path in job.inputs[1:]}
        if job.html and not can_render():
            message = "its HTML page needs plotly"
            raise SmplprepError(message, path=job.path, hint=install("report"))
        if not job.allow_outside:
            check_inside([job.folder])
        inside = None if job.allow_outside else check_inside
        run(job, check=inside, accept=ask)
        parent.send(None)
    except SENDABLE as error:
        parent.send(error)
    except Exception as error:  # it may hold what cannot be sent
        parent.send(RuntimeError(f"{type(error).__name__}: {error}"))


def versions(job: Job, outputs: dict[Path, str]) -> dict[str, str]:
    """Of everything that may decide over a byte of ``outputs``."""
    packages = ["numpy", "scipy", "highspy"]
    packages += ["h5py"] if any(path.suffix == ".h5" for path in outputs) else []
    packages += ["plotly"] if job.html else []
    found = {package: version(package) for package in packages}
    return found | {"smplprep": __version__, "zlib": zlib.ZLIB_RUNTIME_VERSION}


def _die_with_parent() -> None:
    """End as by SIGTERM, leaving no litter, when the build is killed."""
    parent = parent_process()
    if parent:
        connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
