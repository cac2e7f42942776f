"""The diff report: what a clean changed, as plain data with a published schema.

No clock, host or path in it: the same input gives the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ..io.replace_file import replacing
from ..records.json_text import json_text
from .schema import report_schema
from .summary import summary_text
from .verdict import verdict


@dataclass(frozen=True, repr=False)
class Report:
    """A report as plain data, laid out as ``report.schema.json`` says.

    Attributes:
        data: JSON-ready; figures in the unit that their name ends with.
    """

    data: Mapping[str, Any]

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Report:
        """The report in a file that ``clean`` or ``diff`` wrote.

        Raises:
            ModelReadError: it is not a report of this version; the message names the place in it.
        """
        from .read import read_report

        return cls(read_report(path))

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write the report as JSON; ``force`` replaces an existing file.

        Raises:
            ModelWriteError: it cannot be written; what stood there before still does.
        """
        with replacing(path, force=force) as file:
            file.write(self.to_json().encode())
            file.commit()

    @property
    def leaks(self) -> dict[str, list[str]]:
        """Each landmark that leaks after the clean, with the joints that it leaks to.

        Of a comparison of two files: in the second.
        """
        rows = self.data["landmarks"]
        return {row["landmark"]: row["after"]["leaks"] for row in rows if row["after"]["leaks"]}

    def __repr__(self) -> str:
        return f"<Report of {self.data['family']}: {verdict(self.data)}>"

    def to_json(self) -> str:
        """The report's file, byte for byte."""
        return json_text(self.data) + "\n"

    def _repr_html_(self) -> str:
        """The verdict and the before/after table, for notebooks."""
        from .html.render import can_render, render_summary

        if can_render():
            return render_summary(self.data)
        return f"<pre>{escape(summary_text(self.data))}</pre>"

    @staticmethod
    def schema() -> dict[str, Any]:
        """The JSON Schema that every report obeys."""
        return report_schema()

    def with_output(
        self, file: Mapping[str, Any], *, command: str, remarks: Sequence[str] = ()
    ) -> Report:
        """The report of a clean whose output was written: its SHA-256, size and keys.

        Args:
            command: the command line that repeats the run.
            remarks: sentences on what the output's container could not hold as it was.
        """
        summary = dict(self.data["summary"])
        summary["after"] = summary["after"] | {"file_bytes": file["bytes"]}
        remarks = [*self.data["remarks"], *remarks]
        said = {"command": command, "output": file, "summary": summary, "remarks": remarks}
        return Report(dict(self.data) | said)
