"""The preset: which transforms run on a model, in which order, and the report of them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..records.change import Change
from ..records.model import Model
from ..records.options import STEPS, Options
from ..records.stamp import stamped
from ..transforms.policies.protected import protected_entries
from .progress import Progress, silent

# What only a report takes is imported where one is made.
if TYPE_CHECKING:
    from ..report.report import Report

ALWAYS = ("prune_weights", "sparsify_regressor", "localize_posedirs")
# Each transform is in the file of its name.
TRANSFORMS = {
    name: getattr(import_module(f"..transforms.{name}", __package__), name) for name in STEPS
}
Step = partial[tuple[Model, Change]]


def steps(options: Options, protected: NDArray[np.bool_] | None = None) -> list[Step]:
    """The preset: the transforms in the order in which they run.

    Those of ALWAYS run in every clean, since every report counts what they work on. Another runs if
    one of its options is set.

    Args:
        options: which, and how.
        protected: (V, J); the weights that are not touched, see ``protected_entries``.
    """
    listed: list[Step] = []
    for name in STEPS:
        if name in ALWAYS or options.asks_for(name):
            keywords = options.keywords_of(name)
            if name == "prune_weights":
                keywords |= {"tolerance": options.chosen_tolerance, "protected": protected}
            listed.append(partial(TRANSFORMS[name], **keywords))
    return listed


def clean(
    model: Model, options: Options | None = None, *, progress: Progress = silent
) -> tuple[Model, Report]:
    """Clean a model in memory.

    Args:
        model: as ``read_model`` gives it; it is not changed.
        options: which steps run and how; the defaults remove every leak of the known landmarks.
        progress: called with the name of each step as it starts.

    Returns:
        The cleaned model, stamped with the options and the input's SHA-256, and the Report. A
        model with nothing to clean that has a stamp of smplprep keeps it, and all its bytes.

    Raises:
        SmplprepError: an option out of its range.
    """
    done = transformed(model, options or Options(), progress)
    return done.cleaned, done.report()


@dataclass(frozen=True, eq=False)
class Transformed:
    """What the steps made of a model, not yet measured.

    Attributes:
        stages: the model before the first step and after each.
        changes: one for each step.
        cleaned: the last stage, stamped.
        options: as used.
    """

    stages: list[Model]
    changes: list[Change]
    cleaned: Model
    options: Options

    @property
    def nothing_to_do(self) -> bool:
        """Whether the output would be a copy of the input, whatever its stamp says."""
        untouched = all(change.nothing_to_do for change in self.changes)
        return untouched and tuple(self.stages[0].entries()) == self.stages[0].source.keys

    def report(self) -> Report:
        """Measure the displacement and build the report, its output still unwritten."""
        from ..geometry.displacement import displacements
        from ..report.build_report import build_report

        moved = displacements(self.stages)
        stages = [*self.stages[:-1], self.cleaned]
        return build_report(stages, self.changes, moved, self.options)


def transformed(
    model: Model, options: Options, say: Progress, *, counted: bool = True
) -> Transformed:
    """Run the steps; those that would change nothing only where a report counts them."""
    if options.tolerance == "auto":
        from .sweep import recommended_tolerance  # few cleans need it

        options = dataclasses.replace(options, tolerance=recommended_tolerance(model, options))
    stages, changes = [model], []
    for step in steps(options, protected_entries(model, options)):
        if not counted and step.keywords.get("mode") == "keep":
            continue
        say(step.func.__name__)
        stage, change = step(stages[-1])
        stages.append(stage)
        changes.append(change)
    return Transformed(stages, changes, stamped(stages[-1], model, options), options)
