"""What a policy answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Found:
    """What a policy would remove.

    Attributes:
        rules: rule -> (V, J) mask. The masks are disjoint and mark only entries that are not zero.
        spared: what looks spurious and stays, since the mesh would suffer; plain data.
    """

    rules: dict[str, NDArray[np.bool_]]
    spared: list[dict[str, Any]]
