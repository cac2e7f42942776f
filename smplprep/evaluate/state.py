"""The state file: what a killed evaluation already knew, as JSON."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import SmplprepError
from ..io.input_file import file_sha256, read_text
from ..io.replace_file import replacing
from .motions import Motion
from .run import Measuring, Outcome
from .tally import Tally

STATE_VERSION = 1
SECONDS = 2.0  # between two writes; a killed run loses no more than that and the files at work


class State:
    """The state file at ``path``, of one evaluation.

    It belongs to two models, an engine and a version of smplprep; the files that are done must be
    the same still.
    """

    def __init__(self, path: str | os.PathLike[str], measure: Measuring) -> None:
        self.path = Path(path)
        self._key = {
            "smplprep_state": STATE_VERSION,
            "smplprep_version": __version__,
            "engine": measure.engine,
            "inputs": list(measure.inputs),
            "regions": measure.regions,
        }
        self._written = time.monotonic()

    def load(self, motions: Iterable[Motion]) -> Outcome | None:
        """What is known of ``motions``; None where the state is of another evaluation.

        Raises:
            SmplprepError: the file is no state file; it is not touched.
        """
        if not self.path.exists():
            return None
        try:
            data = json.loads(read_text(self.path))
            known = {key: data[key] for key in self._key}
            outcome = Outcome(Tally.from_json(data["tally"]), dict(data["done"]))
            if len(data["tally"]["sums"]) != len(data["regions"]):
                raise ValueError("another number of regions")
        except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
            raise SmplprepError("this is no state file of evaluate", path=self.path) from error
        paths = {motion.label: motion.path for motion in motions}
        same = known == self._key and outcome.done.keys() <= paths.keys()
        if not same or any(file_sha256(paths[k]) != digest for k, digest in outcome.done.items()):
            return None
        return outcome

    def save(self, outcome: Outcome, *, now: bool = False) -> None:
        """Write what is known; not more often than every SECONDS, unless ``now``."""
        if not now and time.monotonic() - self._written < SECONDS:
            return
        data: dict[str, Any] = self._key | {
            "done": outcome.done,
            "tally": outcome.tally.to_json(),
        }
        with replacing(self.path, force=True) as file:
            file.write(json.dumps(data).encode())
            file.commit()
        self._written = time.monotonic()

    def close(self, outcome: Outcome, *, keep: bool) -> None:
        """The result is written: keep the file for another run, or take it away."""
        if keep:
            self.save(outcome, now=True)
        else:
            self.path.unlink(missing_ok=True)
