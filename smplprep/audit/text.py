"""The audit as text for a terminal, in the manner of the investigation's tables."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import shown
from ..geometry.poses import N_POSES
from .audit import Audit
from .export import changes

LISTED = 14  # a list of more joints than this is cut, or only counted
STRONGEST = 4  # leaks listed with their size
NO_BREAK = "\N{NO-BREAK SPACE}"
BESIDE = 12  # columns of the label, where two models stand side by side

LEAK = "joint* is a leak: a joint outside the landmark's own kinematic chain"

Row = tuple[str, ...]  # a label and a text, or a label and a text for each of two models


def audit_text(
    audits: Sequence[Audit],
    vocabulary: str = "mixamo",
    *,
    which: str | None = None,
    width: int = 80,
) -> str:
    """The tables of one model, or of two side by side; no word is broken.

    Args:
        audits: one, or before and after.
        vocabulary: "mixamo" or "smplx".
        which: set of landmarks it is, for the line that counts the leaks.
        width: columns.
    """
    if len(audits) == 2:
        rows = against_rows(audits[0], audits[1], vocabulary, which)
    else:
        (audit,) = audits
        names = audit.joint_names(vocabulary)
        rows = [*heading(audit, which), ("", "")]
        rows += [*weight_rows(audit, names), ("", "")] if audit.skinned.any() else []
        rows += [*support_rows(audit, names), ("", ""), *reach_rows(audit, names)]
    return "\n".join(line for row in rows for line in laid_out(row, width))


def heading(audit: Audit, which: str | None) -> list[Row]:
    """The file, the set of landmarks, and how many of them leak."""
    model = audit.model
    size = f"{model.n_vertices} vertices, {model.n_joints} joints"
    return [
        ("", f"{shown(audit.name)}: {model.family.name}, {size}"),
        ("", f"{verdict(audit)}{of_set(which)}"),
        ("", LEAK),
    ]


def of_set(which: str | None) -> str:
    """The set, in parentheses."""
    return f" ({shown(which)})" if which else ""


def verdict(audit: Audit) -> str:
    total, leaking = len(audit.landmarks), audit.n_leaking
    if not leaking:
        return f"none of {total} landmarks leaks"
    return f"{leaking} of {total} landmarks leak{'s' if leaking == 1 else ''}"


def weight_rows(audit: Audit, names: list[str]) -> list[Row]:
    """Table 1: vertex --> joints with a non-zero weight."""
    rows: list[Row] = [("", "Vertex name --> non-zero weights for joints")]
    width = name_width(audit)
    for row, landmark in enumerate(audit.landmarks):
        if landmark.joint is None:
            label = f"  {landmark.index:>5}: {landmark.label:<{width}} --> "
            rows.append((label, skinned_cell(audit, row, names)))
    return rows


def support_rows(audit: Audit, names: list[str]) -> list[Row]:
    """Table 2: landmark --> pose parameters that move it, for each channel."""
    rows: list[Row] = [("", "Landmark (source) --> pose parameters that move it")]
    width = name_width(audit)
    for row, landmark in enumerate(audit.landmarks):
        label = f"  {landmark.label:<{width}} ({landmark.source})"
        weights = weights_cell(audit, row, names)
        if landmark.joint is not None:
            rows.append((f"{label}  --> ", weights))
            continue
        rows.append((f"{label} --> weights:  ", weights))
        rows.append((f"{'':<{len(label)}}     posedirs: ", posedirs_cell(audit, row, names)))
    return rows


def reach_rows(audit: Audit, names: list[str]) -> list[Row]:
    """Table 3: how far a landmark moves per radian, its chain first, then its strongest leaks."""
    title = f"Landmark --> how far it moves in mm per radian, at rest/median of {N_POSES} poses:"
    rows: list[Row] = [("", title), ("", "its own chain, then its strongest leaks")]
    for row, landmark in enumerate(audit.landmarks):
        leaks = audit.support.leaks[row]
        chain = np.flatnonzero(audit.support.either[row] & ~leaks)
        worst = np.argsort(-audit.median_mm[row] * leaks, kind="stable")[: leaks.sum()]
        parts = [sized(audit, row, int(joint), names[joint]) for joint in chain]
        parts += [sized(audit, row, int(joint), names[joint] + "*") for joint in worst[:STRONGEST]]
        if len(worst) > STRONGEST:
            parts.append(f"and {len(worst) - STRONGEST} more leaks")
        label = f"  {landmark.label:<{name_width(audit)}} --> "
        rows.append((label, ", ".join(parts) or "none"))
    return rows


def sized(audit: Audit, row: int, joint: int, name: str) -> str:
    """A joint with its two figures, kept on one line."""
    figures = (audit.rest_mm[row, joint], audit.median_mm[row, joint])
    return f"{name}{NO_BREAK}" + "/".join(
        f"{figure:.0f}" if figure >= 9.95 else f"{figure:.2g}" for figure in figures
    )


def name_width(audit: Audit) -> int:
    """Columns for the landmarks' names."""
    return max(len(landmark.label) for landmark in audit.landmarks)


def against_rows(before: Audit, after: Audit, vocabulary: str, which: str | None) -> list[Row]:
    """Both models side by side, and under each landmark what changed."""
    names = after.joint_names(vocabulary)
    rows: list[Row] = [
        ("before: ", f"{shown(before.name)}, {verdict(before)}{of_set(which)}"),
        ("after:  ", f"{shown(after.name)}, {verdict(after)}{of_set(which)}"),
        ("", LEAK),
        ("", ""),
        ("", "before", "after"),
    ]
    same = []
    for row, (landmark, gone, new) in enumerate(changes(before, after, vocabulary)):
        if landmark.joint is not None and not gone and not new:
            # A regressed joint follows the tree, which no clean changes.
            same.append(landmark.label)
            continue
        rows.append(("", f"{landmark.label} ({landmark.source})"))
        if landmark.joint is None:
            rows.append(("  skinned", *(skinned_cell(a, row, names) for a in (before, after))))
        rows.append(("  weights", *(weights_cell(a, row, names) for a in (before, after))))
        if landmark.joint is None:
            rows.append(("  posedirs", *(posedirs_cell(a, row, names) for a in (before, after))))
        rows.append((f"{'  gone':<{BESIDE}}", strongest(gone, before.median_mm[row], names)))
        if new:
            rows.append((f"{'  new':<{BESIDE}}", strongest(new, after.median_mm[row], names)))
    if same:
        rows += [("", ""), ("Regressed joints, the same in both: ", " ".join(same))]
    return rows


def strongest(joints: list[str], moved: NDArray[np.float64], names: list[str]) -> str:
    """The joints; of many, how many they are and which of them moved the landmark most."""
    if len(joints) <= LISTED:
        return " ".join(joints) or "nothing"
    order = sorted(joints, key=lambda name: -moved[names.index(name)])
    return f"{len(joints)} joints, the strongest of them {' '.join(order[:STRONGEST])}"


def skinned_cell(audit: Audit, row: int, names: list[str]) -> str:
    """The joints with a non-zero weight; the root, which moves everything, is never a leak."""
    outside = ~audit.support.expected[row]
    outside[audit.root] = False
    return marked(audit.skinned[row], outside, names)


def weights_cell(audit: Audit, row: int, names: list[str]) -> str:
    return marked(audit.support.weights[row], audit.support.leaks[row], names)


def posedirs_cell(audit: Audit, row: int, names: list[str]) -> str:
    """The joints whose corrective is not zero; only counted where they are nearly all."""
    found, leaks = audit.support.posedirs[row], audit.support.leaks[row]
    n_found, n_leaks, n_all = int(found.sum()), int((found & leaks).sum()), len(names) - 1
    if n_found <= LISTED or 2 * n_found < n_all:
        return marked(found, leaks, names)
    which = f"all {n_all}" if n_found == n_all else f"{n_found} of {n_all}"
    return f"{which} joints, {n_leaks} of them leaks*"


def marked(mask: NDArray[np.bool_], leaks: NDArray[np.bool_], names: list[str]) -> str:
    """The joints' names, an asterisk after each leak."""
    found = [names[joint] + "*" * int(leaks[joint]) for joint in np.flatnonzero(mask)]
    return " ".join(found) or "none"


def laid_out(row: Row, width: int) -> list[str]:
    """The lines of a row: its text broken under itself, or its two texts in two columns."""
    label, *texts = row
    if len(texts) == 1:
        lines = broken(texts[0], width - len(label))
        return [label + lines[0], *(" " * len(label) + line for line in lines[1:])]
    column = (width - BESIDE - 3) // 2
    pairs = zip_longest(*(broken(text, column) for text in texts), fillvalue="")
    lines = [f"{a:<{column}} | {b}" for a, b in pairs]
    return [f"{label if k == 0 else '':<{BESIDE}}{line}".rstrip() for k, line in enumerate(lines)]


def broken(text: str, width: int) -> list[str]:
    """The text in lines, broken between words alone."""
    lines = textwrap.wrap(text, max(width, 1), break_on_hyphens=False, break_long_words=False)
    return [line.replace(NO_BREAK, " ") for line in lines or [""]]


def vertex_leak_text(models: Sequence[dict[str, Any]]) -> str:
    """The leaks of all vertices, joint by joint.

    Args:
        models: each from ``vertex_leak_data``.
    """
    lines: list[str] = []
    for model in models:
        lines += [
            f"{shown(model['model'])}: leaking vertices of each joint",
            f"{'joint':<16}{'weights':>9}{'posedirs':>10}{'in all':>9}"
            "   worst vertices, mm/radian at rest",
        ]
        for row in model["joints"]:
            worst = "  ".join(f"{w['vertex']} {w['rest_mm_per_rad']:.3g}" for w in row["worst"])
            counts = f"{row['weights']:>9}{row['posedirs']:>10}{row['vertices']:>9}"
            lines.append(f"{row['joint']:<16}{counts}   {worst}".rstrip())
        lines.append("")
    lines.append("Where two limbs meet, a vertex depends on both, in a cleaned model as well.")
    return "\n".join(lines)
