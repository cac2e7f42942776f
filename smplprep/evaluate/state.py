"""The state file: what a killed evaluation already knew, as JSON."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import SmplprepError
from ..io.input_file import file_sha256
from ..io.json_file import read_json
from ..io.replace_file import replacing
from .motions import Motion, n_frames
from .run import Measuring, Outcome
from .tally import Tally

STATE_VERSION = 2
SECONDS = 2.0  # between two writes; a killed run loses no more than that and the files at work


class State:
    """The state file at ``path``, of one evaluation.

    It belongs to two models, an engine and a version of smplprep. What it says is used only if its
    digest is that of its content, the files that are done are the same still, and its figures can
    be theirs. Otherwise the evaluation starts over.
    """

    def __init__(self, path: str | os.PathLike[str], measure: Measuring) -> None:
        self.path = Path(path)
        self._measure = measure
        self._key = {
            "smplprep_state": STATE_VERSION,
            "smplprep_version": __version__,
            "engine": measure.engine,
            "inputs": list(measure.inputs),
            "um": measure.um,
            "regions": measure.regions,
        }
        self._written = time.monotonic()

    def load(self, motions: Iterable[Motion]) -> Outcome | None:
        """What is known of ``motions``; None where the state is missing or is not used.

        Raises:
            SmplprepError: the file is not a state file; it is not touched.
        """
        if not os.path.lexists(self.path):
            return None
        data = read_json(self.path)
        if not isinstance(data, dict) or "smplprep_state" not in data:
            raise SmplprepError("this is not a state file of evaluate", path=self.path)
        known = {motion.label: motion for motion in motions}
        if data.pop("digest", None) != digest_of(data):
            return None
        if {key: data.get(key) for key in self._key} != self._key:
            return None
        try:
            outcome = Outcome(Tally.from_json(data["tally"]), dict(data["done"]))
            self._check(outcome, known)
        except (SmplprepError, ValueError, TypeError, LookupError, OverflowError):
            return None
        return outcome

    def _check(self, outcome: Outcome, known: dict[str, Motion]) -> None:
        """Raise an error of Python's, or ours, unless the tally can be that of these motions."""
        frames = 0
        for label, digest in outcome.done.items():
            if file_sha256(known[label].path) != digest:
                raise ValueError("another motion")
            frames += n_frames(known[label], n_joints=self._measure.n_joints)
        outcome.tally.check(frames, self._measure.region_sizes, files=outcome.done.keys())

    def save(self, outcome: Outcome, *, now: bool = False) -> None:
        """Write what is known; not more often than every SECONDS, unless ``now``."""
        if not now and time.monotonic() - self._written < SECONDS:
            return
        data: dict[str, Any] = self._key | {
            "done": outcome.done,
            "tally": outcome.tally.to_json(),
        }
        data["digest"] = digest_of(data)
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


def digest_of(data: dict[str, Any]) -> str:
    """SHA-256 of the state's content, in whatever order it is written."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
