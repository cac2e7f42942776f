"""``smplprep report``: a thin skin over ``html.render`` and ``pictures``."""

from __future__ import annotations

from pathlib import Path

import click

from .shared import INPUT
from .terminal import say
from .values import check_page


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
    from ..report.read import read_report

    data = read_report(report)
    name = Path(report).name.removesuffix(".json").removesuffix(".report")
    if png:
        from ..report.pictures import draw_report, write_picture

        figures = draw_report(data)
        Path(png).mkdir(parents=True, exist_ok=True)
        for kind, figure in figures.items():
            target = Path(png) / f"{name}.{kind}.png"
            write_picture(figure, target, force=force, inputs=[report])
            say(f"picture: {target}")
    if output or not png:
        from ..report.html.render import write_page

        target = Path(output) if output else Path(report).with_suffix(".html")
        write_page(data, target, name=name, force=force, inputs=[report])
        say(f"page: {target}")
