"""An evaluation as a whole: what a killed run knew, the motions that are left, and their sum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..errors import SmplprepError, shown
from .motions import Motion
from .run import FileResult, Measuring, Outcome
from .state import State
from .tally import Tally

Results = Callable[[list[Motion]], Iterator[FileResult]]  # measures motions, here or on a cluster
Say = Callable[[str], None]


def count_of(n_motions: int) -> str:
    return "1 motion" if n_motions == 1 else f"{n_motions:,} motions"


def evaluate(
    measure: Measuring,
    motions: Sequence[Motion],
    results_of: Results,
    *,
    state: State | None = None,
    say: Say = lambda _: None,
) -> Outcome:
    """Measure every motion that no earlier run has measured.

    Args:
        measure: of the two models.
        motions: all of them.
        results_of: gives the results of those that are left, in any order.
        state: where what is known is read from and kept.
        say: called with what is worth a line.

    Raises:
        SmplprepError: no motion can be evaluated, or the state file is not one.
    """
    known = state.load(motions) if state else None
    if state and state.path.exists():
        n_done = len(known.done) if known else 0
        progress = f"{count_of(n_done)} {'is' if n_done == 1 else 'are'} done"
        other = "is not of these models and motions; starting over"
        say(f"{state.path}: {progress if known else other}")
    outcome = known or Outcome(Tally.empty(len(measure.regions)))
    longest = measure.n_shapes
    for result in results_of([m for m in motions if m.label not in outcome.done]):
        outcome.add(result)
        longest = max(longest, result.n_betas)
        if state and result.tally:
            state.save(outcome)
    if not outcome.done:
        for label, error in sorted(outcome.failed.items()):
            say(f"{shown(label, 240)}: {error}")
        raise SmplprepError(f"none of the {len(motions)} motions can be evaluated")
    if longest > measure.n_shapes:
        say(
            f"the motions have up to {longest} betas; the models have {measure.n_shapes}, which "
            f"were used"
        )
    return outcome
