"""``smplprep diff``: a thin skin over ``diff``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .shared import INPUT, max_bytes_option, normalize_rows_option, units_option
from .terminal import say, say_text
from .values import check_page

if TYPE_CHECKING:
    from ..records.units import Unit


@click.command("diff", short_help="Compare two model files of one family.")
@click.argument("a", type=INPUT, metavar="A")
@click.argument("b", type=INPUT, metavar="B")
@click.option(
    "-o",
    "--output",
    metavar="OUT.html",
    help="The page; the JSON goes beside it.  [default: A_vs_B.report.html]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report instead; write nothing.")
@normalize_rows_option
@units_option
@max_bytes_option
@click.option("--force", is_flag=True, help="Replace existing outputs.")
def diff_command(
    a: str,
    b: str,
    output: str | None,
    as_json: bool,
    normalize_rows: bool,
    units: Unit,
    max_bytes: int | None,
    force: bool,
) -> None:
    """Compare two model files of one family, raw or cleaned by any tool.

    \b
    Example:
      smplprep diff SMPLH_NEUTRAL.npz SMPLH_NEUTRAL_clean.npz
    """
    from ..io.output_place import check_output
    from ..io.read_model import read_model
    from ..io.replace_file import commit_all, replacing
    from ..jobs.diff import diff
    from ..records.contents import limits_with
    from ..report.html.render import render_page
    from ..report.summary import summary_text
    from ..report.verdict import verdict

    if output:
        check_page(output)
    name = f"{Path(a).stem}_vs_{Path(b).stem}"
    page = Path(output) if output else Path(f"{name}.report.html")
    if not as_json:
        for file in (page, page.with_suffix(".json")):
            check_output(file, force=force, inputs=[a, b])
    limits = limits_with(max_bytes)
    first, second = (
        read_model(path, normalize_rows=normalize_rows, units=units, limits=limits)
        for path in (a, b)
    )
    report = diff(first, second)
    if as_json:
        say_text(report.to_json())
        return
    with (
        replacing(page, force=force, inputs=[a, b]) as page_file,
        replacing(page.with_suffix(".json"), force=force, inputs=[a, b]) as json_file,
    ):
        json_file.write(report.to_json().encode())
        page_file.write(render_page(report.data, name=name))
        commit_all(page_file, json_file)
    say_text("\n".join([verdict(report.data), "", summary_text(report.data)]))
    say("", f"report: {page.with_suffix('.json')}", f"page:   {page}")
