"""The same map on a Dask cluster; its workers see the same files under the same paths."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from ..errors import SmplprepError, install
from ..io.read_model import read_model
from ..jobs.progress import Watch, silent
from ..records.contents import DEFAULT_LIMITS, Limits
from ..records.units import Unit
from .measure import Measure
from .motions import Motion
from .run import FileResult, file_result

CONNECT_SECONDS = 10


def cluster_results(
    address: str,
    models: tuple[str, str],
    inputs: tuple[str | None, str | None],
    motions: Iterable[Motion],
    *,
    normalize_rows: bool = False,
    units: Unit = "m",
    limits: Limits = DEFAULT_LIMITS,
    watch: Watch = silent,
) -> Iterator[FileResult]:
    """Measure every file on the workers of the scheduler at ``address``, in no certain order.

    A worker that is lost loses nothing: Dask gives its files to the others.

    Args:
        models: absolute paths of the two model files.
        inputs: their SHA-256, which the workers' files must have.

    Raises:
        SmplprepError: Dask is not installed, there is no scheduler, or a worker cannot read the
            models.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        message = f"--scheduler needs Dask, and {error.name} cannot be imported"
        raise SmplprepError(message, hint=f"Install it with: {install('dask')}") from error
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SmplprepError(f"no Dask scheduler answers at {address}") from error
    with client:
        task = functools.partial(
            measure_file,
            models=models,
            inputs=inputs,
            normalize_rows=normalize_rows,
            units=units,
            limits=limits,
        )
        # Not pure: a task of an earlier run may have seen other files under these names.
        jobs = client.map(task, list(motions), pure=False)
        for job, result in as_completed(jobs, with_results=True, loop=client.loop):
            if result.tally is not None:
                watch(result.tally.frames)
            job.release()
            yield result


def measure_file(
    motion: Motion,
    *,
    models: tuple[str, str],
    inputs: tuple[str | None, str | None],
    normalize_rows: bool,
    units: Unit,
    limits: Limits,
) -> FileResult:
    """What a worker does."""
    return file_result(prepared(models, inputs, normalize_rows, units, limits), motion)


@functools.lru_cache(maxsize=1)
def prepared(
    models: tuple[str, str],
    inputs: tuple[str | None, str | None],
    normalize_rows: bool,
    units: Unit,
    limits: Limits,
) -> Measure:
    """The two models, read once in each worker.

    Raises:
        SmplprepError: they differ from the caller's.
    """
    read = functools.partial(read_model, normalize_rows=normalize_rows, units=units, limits=limits)
    measure = Measure(*map(read, models))
    if measure.inputs != tuple(inputs):
        raise SmplprepError("the worker's model files differ from the caller's")
    return measure
