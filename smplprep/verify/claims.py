"""What a report says of the file beside it, as far as ``verify`` holds the file to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelReadError, shown
from ..records.families import FAMILIES
from ..records.landmark import Landmark
from ..report.read import read_report

DISPLACEMENT_KEYS = ("mean_mm", "p99_mm", "max_mm")
# What the steps of a clean can change, other than by casting it.
WORKED_ON = frozenset({"weights", "J_regressor", "posedirs", "shapedirs"})


class NotAReportError(Exception):
    """The report is one of two compared files, or of a model of an unknown family."""


@dataclass(frozen=True)
class Promise:
    """The parts of a report that can be checked.

    Attributes:
        version: of the smplprep that wrote it.
        family: as which the files were read.
        input_sha256, output_sha256: of the two files.
        options: of the clean.
        keys: key -> (dtype, shape) of the output; the shape is None for what is no array.
        points: the landmarks of the skin.
        max_shift_mm: of each joint over the shape space.
        worked_on: the fields in which a step changed values, other than by casting them.
        nothing_done: whether no step changed anything.
        displacement_mm: DISPLACEMENT_KEYS -> figure.
        told: the report as parsed, for figures that are looked at one by one.
    """

    version: str
    family: str
    input_sha256: str
    output_sha256: str
    options: dict[str, Any]
    keys: dict[str, tuple[str, tuple[int, ...] | None]]
    points: list[Landmark]
    max_shift_mm: list[float]
    worked_on: frozenset[str]
    nothing_done: bool
    displacement_mm: dict[str, float]
    told: dict[str, Any]


def read_promise(path: Path) -> Promise:
    """Read NAME.report.json.

    Raises:
        ModelReadError: it is not a valid report.
        NotAReportError: it is not the report of a clean.
    """
    try:
        return promise_of(read_report(path))
    except ModelReadError:
        raise
    except (KeyError, TypeError, ValueError) as error:  # diff's, which promises nothing
        raise NotAReportError(shown(error)) from error


def promise_of(report: dict[str, Any]) -> Promise:
    """The promise of a report as parsed; KeyError, TypeError or ValueError where it is none."""
    steps = [step for step in report["changes"] if step["transform"] != "cast_floats"]
    fields = [str(step["field"]) for step in steps if step["rows_touched"]]
    worked_on = {field for listed in fields for field in listed.split(", ")} & WORKED_ON
    if "J_regressor" in worked_on:
        worked_on.add("J")  # it follows the regressor
    if report["family"] not in FAMILIES:
        raise ValueError(f"the family {shown(report['family'])!r} is none of {', '.join(FAMILIES)}")
    return Promise(
        version=shown(report["smplprep_version"], 24),
        family=report["family"],
        input_sha256=str(report["input"]["sha256"]),
        output_sha256=str(report["output"]["sha256"]),
        options=dict(report["options"]),
        keys={row["key"]: (row["dtype"], shape_of(row)) for row in report["output"]["keys"]},
        points=[point_of(row) for row in report["landmarks"]],
        max_shift_mm=[float(row["max_shift_mm"]) for row in report["regressor"]],
        worked_on=frozenset(worked_on),
        nothing_done=not any(step["rows_touched"] for step in report["changes"]),
        displacement_mm={key: float(report["displacement"][key]) for key in DISPLACEMENT_KEYS},
        told=report,
    )


def point_of(row: dict[str, Any]) -> Landmark:
    """The landmark of one row."""
    if row["vertex"] is not None:
        return Landmark(str(row["landmark"]), vertex=int(row["vertex"]))
    corners, shares = tuple(map(int, row["corners"])), tuple(map(float, row["shares"]))
    return Landmark(str(row["landmark"]), face=int(row["face"]), corners=corners, shares=shares)


def shape_of(row: dict[str, Any]) -> tuple[int, ...] | None:
    """The shape of one key."""
    return None if row["shape"] is None else tuple(row["shape"])
