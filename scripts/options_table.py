"""The table of options in docs/options.md, from their definitions.

python -m scripts.options_table
"""

from __future__ import annotations

from pathlib import Path

from smplprep.records.options import DEFINITIONS, Options, flag_of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "options.md"
INTRODUCTION = """# Options

Options of `smplprep clean`. Without its dashes, the flag is the key in a manifest (docs/build.md).
The name is the field of `smplprep.Options`. This page is made by `python -m scripts.options_table`.

"""


def options_table() -> str:
    """The whole page."""
    rows = ["| flag | name | values | default | what it does |", "|---|---|---|---|---|"]
    for name, definition in DEFINITIONS.items():
        default = getattr(Options, name)
        shown = "none" if default in (None, ()) else "off" if default is False else f"{default}"
        text = definition.help
        if definition.needs:
            other, values = definition.needs
            text += f" Has an effect with `{flag_of(other)} {'|'.join(values)}`."
        cells = [f"`{flag_of(name)}`", f"`{name}`", definition.kind.described(), shown, text]
        rows.append(f"| {' | '.join(escaped(cell) for cell in cells)} |")
    return INTRODUCTION + "\n".join(rows) + "\n"


def escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(options_table())
