"""The preset: which transforms run on a model, in which order, and the report of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..geometry.displacement import displacements
from ..records.change import Change
from ..records.model import Model
from ..records.options import Options
from ..records.stamp import spent_before, stamped
from ..report.report import Report, build_report
from ..transforms.cast_floats import cast_floats
from ..transforms.localize_posedirs import localize_posedirs
from ..transforms.policies.protected import kept_entries
from ..transforms.prune_weights import prune_weights
from ..transforms.sparsify_regressor import sparsify_regressor
from ..transforms.symmetrize import symmetrize
from ..transforms.zero_shapedirs import zero_shapedirs

# budget and sweep, which few cleans need, are imported where they are used.
if TYPE_CHECKING:
    from ..budget.budget import Budget

Step = partial[tuple[Model, Change]]
Progress = Callable[[str], None]


def steps(options: Options, kept: NDArray[np.bool_] | None = None) -> list[Step]:
    """The preset: the transforms in the order in which they run.

    Args:
        options: which, and how.
        kept: (V, J); the weights that are not touched, see ``kept_entries``.
    """
    prune = partial(
        prune_weights,
        tolerance=options.chosen_tolerance,
        policy=options.policy,
        reach=options.reach,
        max_influences=options.max_influences,
        kept=kept,
        removed_to=options.removed_to,
        symmetric=options.symmetrize,
    )
    sparsify = partial(
        sparsify_regressor,
        mode=options.regressor,
        tolerance=options.regressor_tolerance,
        budget_mm=options.regressor_budget_mm,
        symmetric=options.symmetrize,
    )
    listed: list[Step] = []
    if options.dtype != "same":  # first, so that every step counts in the file's digits
        listed.append(partial(cast_floats, dtype=options.dtype))
    if options.symmetrize:
        listed.append(partial(symmetrize))
    # Under a budget, what moves vertices without choice comes first, so that it is charged first.
    listed += [prune, sparsify] if options.budget_mm is None else [sparsify, prune]
    listed.append(partial(localize_posedirs, mode=options.posedirs, hops=options.hops))
    if options.shapedirs == "zero":
        listed.append(partial(zero_shapedirs))
    return listed


def clean(
    model: Model, options: Options | None = None, *, progress: Progress | None = None
) -> tuple[Model, Report]:
    """Clean a model in memory.

    Args:
        model: as ``read_model`` gives it; it is not changed.
        options: which steps run and how; the defaults remove every leak of the known landmarks.
        progress: called with the name of each step as it starts.

    Returns:
        The cleaned model, stamped with the options and the input's SHA-256, and the Report. A
        model with nothing to clean that carries a stamp keeps it, and all its bytes with it.

    Raises:
        SmplprepError: an option out of its range.
    """
    done = transformed(model, options or Options(), progress or silent)
    return done.cleaned, done.report()


@dataclass(frozen=True, eq=False)
class Transformed:
    """What the steps made of a model, not yet measured.

    Attributes:
        stages: the model before the first step and after each.
        changes: one for each step.
        cleaned: the last stage, stamped.
        options: as used.
        budget: what was chosen under ``options.budget_mm``.
    """

    stages: list[Model]
    changes: list[Change]
    cleaned: Model
    options: Options
    budget: Budget | None

    def report(self) -> Report:
        """Measure the displacement and build the report, its output still unwritten."""
        moved = displacements(self.stages)
        stages = [*self.stages[:-1], self.cleaned]
        account = self.budget.account(self.cleaned, moved[-1]) if self.budget else None
        return build_report(stages, self.changes, moved, self.options, budget=account)


def transformed(model: Model, options: Options, say: Progress) -> Transformed:
    """Run the steps."""
    if options.tolerance == "auto":
        from .sweep import recommended_tolerance

        options = dataclasses.replace(options, tolerance=recommended_tolerance(model, options))
    if budget_is_spent(model, options):
        options = dataclasses.replace(options, regressor="keep")
    budget = None
    if options.budget_mm is not None:
        from ..budget.budget import budget_of

        budget = budget_of(model, options.budget_mm, options)
    stages, changes = [model], []
    for step in steps(options, kept_entries(model, options)):
        say(step.func.__name__)
        if budget:
            step = budget.within(step, stages[-1])
        stage, change = step(stages[-1])
        stages.append(stage)
        changes.append(change)
    return Transformed(stages, changes, stamped(stages[-1], model, options), options, budget)


def silent(step: str) -> None:
    """No progress to be told."""


def budget_is_spent(model: Model, options: Options) -> bool:
    """Whether an earlier clean already spent this budget; twice would move joints twice as far."""
    asked = options.regressor_budget_mm if options.regressor == "exact" else None
    return asked is not None and asked <= spent_before(model, "regressor_budget_mm")
