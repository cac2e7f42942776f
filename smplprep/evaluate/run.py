"""Map and reduce over motion files: every file gives a tally or a sentence, and tallies add up."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ..errors import SmplprepError, shown
from ..geometry.two_threads import n_cores
from ..io.input_file import file_sha256
from ..jobs.progress import Watch, silent
from .measure import Frames
from .motions import Motion, stretches
from .tally import Tally


class Measuring(Protocol):
    """What measures a stretch of frames: numpy's ``Measure``, or the one in stock/."""

    engine: str
    stretch: int
    family: str
    inputs: tuple[str | None, str | None]
    regions: list[str]
    region_sizes: list[int]
    n_joints: int
    n_shapes: int
    um: float

    def __call__(self, frames: Frames) -> Tally: ...


@dataclass(frozen=True)
class FileResult:
    """What became of one motion: exactly one of ``tally`` and ``error`` is set, at the end."""

    label: str
    sha256: str | None
    n_betas: int = 0
    tally: Tally | None = None
    error: str | None = None


@dataclass
class Outcome:
    """What is known so far.

    Attributes:
        tally: of all files that are done.
        done: label -> SHA-256.
        failed: label -> the sentence.
    """

    tally: Tally
    done: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, result: FileResult) -> None:
        """Take in one file's result."""
        if result.tally is None:
            self.failed[result.label] = str(result.error)
        else:
            self.tally.add(result.tally)
            self.done[result.label] = str(result.sha256)


def local_results(
    measure: Measuring, motions: Iterable[Motion], *, watch: Watch = silent
) -> Iterator[FileResult]:
    """Measure every file here, on as many threads as this process has cores."""
    n_threads = n_cores()
    with ThreadPoolExecutor(n_threads) as pool:
        parts = in_order(pool, measure, stream(measure, motions), ahead=2 * n_threads)
        yield from gathered(measure, parts, watch=watch)


def file_result(measure: Measuring, motion: Motion) -> FileResult:
    """Measure one file, on this thread alone."""
    parts = (
        measure(item) if isinstance(item, Frames) else item for item in stream(measure, [motion])
    )
    (result,) = gathered(measure, parts)
    return result


def stream(measure: Measuring, motions: Iterable[Motion]) -> Iterator[Frames | FileResult]:
    """The stretches of each file and after the last of them its result, still without a tally."""
    for motion in motions:
        digest = error = None
        n_betas = 0
        try:
            digest = file_sha256(motion.path)
            for frames in stretches(motion, n_joints=measure.n_joints, count=measure.stretch):
                n_betas = len(frames.betas)
                yield frames
        except SmplprepError as caught:
            error = sentence(caught)
        yield FileResult(motion.label, digest, n_betas, error=error)


def gathered(
    measure: Measuring, parts: Iterable[Tally | FileResult], *, watch: Watch = silent
) -> Iterator[FileResult]:
    """The result of each file, of the tallies that come before it."""
    total = Tally.empty(len(measure.regions))
    for part in parts:
        if isinstance(part, Tally):
            total.add(part)
            watch(part.frames)
            continue
        yield part if part.error else replace(part, tally=total)
        total = Tally.empty(len(measure.regions))


def in_order(
    pool: ThreadPoolExecutor, measure: Measuring, items: Iterable[Any], *, ahead: int
) -> Iterator[Any]:
    """The items in their order, stretches measured; never more than ``ahead`` at work."""
    waiting: deque[Any] = deque()
    for item in items:
        waiting.append(pool.submit(measure, item) if isinstance(item, Frames) else item)
        if len(waiting) > ahead:
            yield settled(waiting.popleft())
    while waiting:
        yield settled(waiting.popleft())


def settled(item: Any) -> Any:
    return item.result() if isinstance(item, Future) else item


def sentence(error: SmplprepError) -> str:
    """The error and its hint without the path, which differs from machine to machine."""
    where = f" (key {shown(error.key)})" if error.key is not None else ""
    hint = f"; {error.hint[:1].lower()}{error.hint[1:].rstrip('.')}" if error.hint else ""
    return f"{error.message}{where}{hint}"
