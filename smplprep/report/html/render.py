"""One self-contained HTML file from a report: no request to any host, ever."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import SmplprepError, install
from ...io.replace_file import replacing
from ...records.options import flag_of
from ..summary import FIGURES, millimeters
from ..verdict import verdict
from .figures import (
    change_of,
    energy_per_joint,
    figures,
    mass_per_joint,
    side_labels,
    used_tolerance,
)

# Where plotly's script goes, which is most of a page. Only our own scripts come after it.
PLOTLY = "\0"
SCRIPTS = ("data.js", "colors.js", "geometry.js", "bodies.js", "charts.js", "tables.js")


def render_page(report: Mapping[str, Any], *, name: str) -> bytes:
    """The HTML page of a report, as a file holds it.

    Args:
        report: ``Report.data``.
        name: what the page calls the model, such as the output's name without its folder; what of
            it is no text is escaped.

    Raises:
        SmplprepError: Jinja2 or plotly is not installed.
    """
    plotly = plotly_script()
    scripts = "\n".join(asset(script) for script in SCRIPTS)
    page: str = (
        environment()
        .get_template("page.html.j2")
        .render(
            summary_context(report),
            name=name,
            joints=joint_rows(report),
            landmarks=landmark_rows(report),
            tolerance=used_tolerance(report),
            normalized_rows=change_of(report, "weights").get("normalized_rows", []),
            charts=for_script(figures(report)),
            data=for_script(report),
            css=asset("page.css"),
            scripts=scripts,
            script_hashes=f"{csp_hash(plotly)} {csp_hash(scripts.encode())}",
            plotly=PLOTLY,
        )
    )
    before, _, after = page.rpartition(PLOTLY)
    return before.encode("utf-8", "backslashreplace") + plotly + after.encode()


def render_summary(report: Mapping[str, Any]) -> str:
    """The verdict and the two tables of the first screen, for a notebook's cell.

    Not the whole page: its five megabytes would be saved with every cell that shows a report.
    """
    context = summary_context(report)
    tables = environment().get_template("summary.html.j2").render(context)
    return f"<p><b>{escape(context['verdict'])}</b></p>\n{tables}"


def summary_context(report: Mapping[str, Any]) -> dict[str, Any]:
    """What the first screen shows."""
    labels = side_labels(report)
    return {
        "report": report,
        "verdict": verdict(report),
        "labels": labels,
        "sides": ("before", "after") if report["options"] else labels,
        "figure_rows": FIGURES,
        "displacements": displacement_rows(report),
    }


def write_page(
    report: Mapping[str, Any],
    target: str | os.PathLike[str],
    *,
    name: str,
    force: bool = False,
    inputs: Sequence[str | os.PathLike[str]] = (),
) -> None:
    """Render the page into a file, which is whole or not there; see ``replacing``."""
    page = render_page(report, name=name)
    with replacing(target, force=force, inputs=inputs) as file:
        file.write(page)
        file.commit()


def joint_rows(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a joint with everything that is known per joint."""
    rows = []
    columns = (mass_per_joint(report), energy_per_joint(report))
    for index, row in enumerate(report["regressor"]):
        mass, energy = (column[index] if index < len(column) else None for column in columns)
        rows.append({**row, "mass": mass, "energy": energy})
    return rows


def displacement_rows(report: Mapping[str, Any]) -> list[tuple[str, Mapping[str, float]]]:
    """How far the vertices moved: by each step that moved any, and in all."""
    steps = [
        (change["transform"].replace("_", " "), change["displacement"])
        for change in report["changes"]
        if change["displacement"]["max_mm"]
    ]
    return [*steps, ("in all", report["displacement"])]


def landmark_rows(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a landmark, with the strongest gradient that leaks."""
    joints = report["gradients"]["joints"]
    rows = []
    for index, landmark in enumerate(report["landmarks"]):
        worst = {}
        for when in ("before", "after"):
            size = dict(zip(joints, report["gradients"][when][index], strict=True))
            worst[when] = max((size[joint] for joint in landmark[when]["leaks"]), default=0)
        rows.append({**landmark, "worst": worst})
    return rows


def plotly_script() -> bytes:
    """plotly.js as the installed Python package ships it; the package itself is not imported."""
    spec = find_spec("plotly")
    if spec is None or spec.origin is None or find_spec("jinja2") is None:
        raise SmplprepError("the HTML report needs Jinja2 and plotly", hint=install("report"))
    return Path(spec.origin).with_name("package_data").joinpath("plotly.min.js").read_bytes()


def csp_hash(script: bytes) -> str:
    """What a Content-Security-Policy calls a script that may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"


def can_render() -> bool:
    """Whether the extra ``report`` is installed."""
    return find_spec("plotly") is not None and find_spec("jinja2") is not None


@cache
def environment() -> Any:
    """Jinja2, escaping everything that is not marked as safe."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    made = Environment(
        loader=FunctionLoader(asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        optimized=False,  # a page is rendered once
    )
    made.filters |= {"short": short, "millimeters": millimeters}
    made.filters |= {"names": ", ".join, "flag": flag_of}
    return made


def asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


def short(value: float | None) -> str:
    """A number as a reader wants it: four significant digits, thousands with commas."""
    if value is None:
        return "n/a"
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:.4g}"


def for_script(value: Any) -> str:
    """JSON that cannot end the script element in which it stands."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
