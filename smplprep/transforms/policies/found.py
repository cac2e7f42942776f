"""What a policy answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelInvalidError

# Of pruning, and of looking for what the mesh would suffer from: models take two or three.
MAX_ROUNDS = 30


@dataclass(frozen=True, eq=False)
class Found:
    """What a policy would remove.

    Attributes:
        rules: rule -> (V, J) mask. The masks are disjoint and mark only entries that are not zero.
        spared: what looks spurious and stays, since the mesh would suffer; plain data.
    """

    rules: dict[str, NDArray[np.bool_]]
    spared: list[dict[str, Any]]


def no_end() -> ModelInvalidError:
    """The error where MAX_ROUNDS were not enough."""
    message = f"the weights still change after {MAX_ROUNDS} rounds of pruning"
    return ModelInvalidError(message, key="weights", hint="Take --policy threshold.")
