"""``smplprep report``: a thin skin over ``html.render`` and ``pictures``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ..errors import ModelReadError, SmplprepError, shown
from .shared import INPUT
from .values import check_page

WANTED = "It takes NAME.report.json, which clean and diff write beside what they make."


@click.command("report", short_help="Draw the page of a report again, or its figures.")
@click.argument("report", type=INPUT, metavar="REPORT.json")
@click.option("-o", "--output", metavar="OUT.html", help="The page.  [default: beside the report]")
@click.option("--png", metavar="DIR", help="Write the key figures as PNG instead of the page.")
@click.option("--force", is_flag=True, help="Replace existing outputs.")
def report_command(report: str, output: str | None, png: str | None, force: bool) -> None:
    """Render the HTML page of REPORT.json again, or its figures as PNG.

    \b
    Example:
      smplprep report SMPLH_NEUTRAL_clean.report.json
    """
    if output:
        check_page(output)
    data = read_report(report)
    name = Path(report).name.removesuffix(".json").removesuffix(".report")
    if png:
        from ..report.pictures import draw_report, write_picture

        with complete(report):
            figures = draw_report(data)
        Path(png).mkdir(parents=True, exist_ok=True)
        for kind, figure in figures.items():
            target = Path(png) / f"{name}.{kind}.png"
            write_picture(figure, target, force=force, inputs=[report])
            click.echo(f"picture: {target}")
    if output or not png:
        from ..report.html.render import write_page

        target = Path(output) if output else Path(report).with_suffix(".html")
        with complete(report):
            write_page(data, target, name=name, force=force, inputs=[report])
        click.echo(f"page: {target}")


@contextlib.contextmanager
def complete(path: str) -> Iterator[None]:
    """What a report lacks shows when it is drawn; the error says so of the file."""
    try:
        yield
    except (SmplprepError, OSError, MemoryError):
        raise
    except Exception as error:
        message = f"a damaged report: {type(error).__name__}: {shown(error)}"
        raise ModelReadError(message, path=path) from error


def read_report(path: str) -> dict[str, Any]:
    """The data of a report file; the error says why it is none."""
    import json

    from ..io.input_file import read_text
    from ..report.report import REPORT_VERSION, Report

    text = read_text(path)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SmplprepError(f"no readable JSON: {error}", path=path, hint=WANTED) from error
    if not isinstance(data, dict) or data.get("report_version") != REPORT_VERSION:
        message = f"no smplprep report of version {REPORT_VERSION}"
        raise SmplprepError(message, path=path, hint=WANTED)
    missing = [key for key in Report.schema()["required"] if key not in data]
    if missing:
        raise SmplprepError(f"an incomplete report, without {', '.join(missing)}", path=path)
    return data
