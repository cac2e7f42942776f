"""One self-contained HTML file from a report: no request to any host, ever."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import SmplprepError, install
from ...io.replace_file import replacing
from ..verdict import verdict
from .figures import figures
from .markup import Html, html
from .page import asset, sections, summary_tables

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
        SmplprepError: plotly is not installed.
    """
    plotly = plotly_script()
    scripts = Html("\n".join(map(asset, SCRIPTS)))
    charts = figures(report)
    page = html(
        asset("page.html"),
        **sections(report, charts),
        name=name,
        charts=for_script(charts),
        data=for_script(report),
        css=asset("page.css"),
        scripts=scripts,
        hashes=Html(f"{csp_hash(plotly)} {csp_hash(scripts.encode())}"),
        plotly=PLOTLY,
    )
    before, _, after = page.rpartition(PLOTLY)
    return before.encode("utf-8", "backslashreplace") + plotly + after.encode()


def render_summary(report: Mapping[str, Any]) -> str:
    """The verdict, the cost and the two tables of counts, for a notebook's cell.

    Not the whole page: its five megabytes would be saved with every cell that shows a report.
    """
    return html("<p><b>{}</b></p>\n{}", verdict(report), summary_tables(report))


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


def plotly_script() -> bytes:
    """plotly.js as the installed Python package ships it; the package itself is not imported."""
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise SmplprepError("the HTML report needs plotly", hint=install("report"))
    return Path(spec.origin).with_name("package_data").joinpath("plotly.min.js").read_bytes()


def csp_hash(script: bytes) -> str:
    """What a Content-Security-Policy calls a script that may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"


def can_render() -> bool:
    """Whether the extra ``report`` is installed."""
    return find_spec("plotly") is not None


def for_script(value: Any) -> Html:
    """JSON that cannot end the script element in which it stands."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return Html(text)
