"""What one transform did, counted by the transform itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, repr=False)
class Change:
    """The account of one transform. The report, the log and the CLI read it; none recomputes it.

    Attributes:
        transform: name of the function, which is also the report's key.
        field: the key of the model file that it works on.
        options: its options that the report shows, as used.
        entries_before, entries_after: non-zero entries of the field.
        rows_touched: rows (of vertices or joints) whose stored bytes differ.
        figures: what else this transform counts; a unit stands in the name.
    """

    transform: str
    field: str
    options: Mapping[str, Any]
    entries_before: int
    entries_after: int
    rows_touched: int
    figures: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def entries_dropped(self) -> int:
        return self.entries_before - self.entries_after

    @property
    def nothing_to_do(self) -> bool:
        return self.rows_touched == 0

    def __repr__(self) -> str:
        return (
            f"<Change by {self.transform}: {self.entries_before} entries of {self.field} before, "
            f"{self.entries_after} after, {self.rows_touched} rows touched>"
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the report."""
        return {
            "transform": self.transform,
            "field": self.field,
            "options": dict(self.options),
            "entries_before": self.entries_before,
            "entries_after": self.entries_after,
            "entries_dropped": self.entries_dropped,
            "rows_touched": self.rows_touched,
            **self.figures,
        }
