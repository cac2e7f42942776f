"""How often weights are looked at until nothing more goes."""

from __future__ import annotations

from ...errors import ModelInvalidError

# Of pruning, and of looking for what the mesh would suffer from: models take two or three.
MAX_ROUNDS = 30


def no_end() -> ModelInvalidError:
    """The error where MAX_ROUNDS were not enough."""
    message = f"the weights still change after {MAX_ROUNDS} rounds of pruning"
    return ModelInvalidError(message, key="weights", hint="Take --policy threshold.")
