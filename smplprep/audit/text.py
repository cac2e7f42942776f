"""The audit as text for a terminal of 100 columns, in the manner of the investigation's tables."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import shown
from ..geometry.poses import N_POSES
from .audit import Audit
from .export import changes
from .landmark_sets import NAMED_SETS

WIDTH = 100
COLUMN = 42  # of each model, side by side
LISTED = 14  # a list of more joints than this is cut, or only counted
STRONGEST = 4  # leaks listed with their size
NO_BREAK = "\N{NO-BREAK SPACE}"


def audit_text(
    audits: Sequence[Audit], vocabulary: str = "mixamo", *, which: str | None = None
) -> str:
    """The tables of one model, or of two side by side.

    Args:
        audits: one, or before and after.
        vocabulary: "mixamo" or "smplx".
        which: set of landmarks it is; others count other leaks. None: vertices of the user's.
    """
    if len(audits) == 2:
        return "\n".join(against_lines(audits[0], audits[1], vocabulary, which))
    (audit,) = audits
    names = audit.joint_names(vocabulary)
    lines = [*heading(audit, which), ""]
    lines += [*weight_lines(audit, names), ""] if audit.skinned.any() else []
    lines += [*support_lines(audit, names), "", *reach_lines(audit, names)]
    return "\n".join(lines)


def heading(audit: Audit, which: str | None) -> list[str]:
    """The file, the set of landmarks, and how many of them leak."""
    model = audit.model
    chosen = f" ({set_text(which)})" if which else ""
    return [
        f"{shown(audit.name)}: {model.family.name}, {model.n_vertices} vertices, "
        f"{model.n_joints} joints{chosen}",
        f"{verdict(audit)}; a joint outside the landmark's own chain is a leak: joint*",
    ]


def set_text(which: str) -> str:
    """A set of landmarks, and which has those that it lacks: ``check`` and ``clean`` count them."""
    if which not in NAMED_SETS:
        return shown(Path(which).name)
    return "all landmarks" if which == "all" else f"{which}; --landmarks all has every one"


def verdict(audit: Audit) -> str:
    total, leaking = len(audit.landmarks), audit.n_leaking
    if not leaking:
        return f"none of {total} landmarks leaks"
    return f"{leaking} of {total} landmarks leak{'s' if leaking == 1 else ''}"


def weight_lines(audit: Audit, names: list[str]) -> list[str]:
    """Table 1: vertex --> joints with a non-zero weight."""
    lines = ["Vertex name --> non-zero weights for joints"]
    width = name_width(audit)
    for row, landmark in enumerate(audit.landmarks):
        if landmark.joint is None:
            label = f"  {landmark.index:>5}: {landmark.label:<{width}} --> "
            lines += wrapped(label, skinned_cell(audit, row, names))
    return lines


def support_lines(audit: Audit, names: list[str]) -> list[str]:
    """Table 2: landmark --> pose parameters that it can move, for each channel."""
    lines = ["Landmark (source) --> pose parameters it can move"]
    width = name_width(audit)
    for row, landmark in enumerate(audit.landmarks):
        label = f"  {landmark.label:<{width}} ({landmark.source})"
        weights = weights_cell(audit, row, names)
        if landmark.joint is not None:
            lines += wrapped(f"{label}  --> ", weights)
            continue
        lines += wrapped(f"{label} --> weights:  ", weights)
        lines += wrapped(f"{'':<{len(label)}}     posedirs: ", posedirs_cell(audit, row, names))
    return lines


def reach_lines(audit: Audit, names: list[str]) -> list[str]:
    """Table 3: how far a landmark moves per radian, its chain first, then its strongest leaks."""
    lines = [
        f"Landmark --> mm per radian, at rest / median of {N_POSES} poses; "
        f"its chain, then its strongest leaks"
    ]
    for row, landmark in enumerate(audit.landmarks):
        leaks = audit.support.leaks[row]
        chain = np.flatnonzero(audit.support.either[row] & ~leaks)
        worst = np.argsort(-audit.median_mm[row] * leaks, kind="stable")[: leaks.sum()]
        told = [sized(audit, row, int(joint), names[joint]) for joint in chain]
        told += [sized(audit, row, int(joint), names[joint] + "*") for joint in worst[:STRONGEST]]
        if len(worst) > STRONGEST:
            told.append(f"and {len(worst) - STRONGEST} more leaks")
        label = f"  {landmark.label:<{name_width(audit)}} --> "
        lines += wrapped(label, ", ".join(told) or "none")
    return lines


def sized(audit: Audit, row: int, joint: int, name: str) -> str:
    """A joint with its two figures, kept on one line."""
    figures = (audit.rest_mm[row, joint], audit.median_mm[row, joint])
    return f"{name}{NO_BREAK}" + "/".join(
        f"{figure:.0f}" if figure >= 9.95 else f"{figure:.2g}" for figure in figures
    )


def name_width(audit: Audit) -> int:
    """Columns for the landmarks' names."""
    return max(len(landmark.label) for landmark in audit.landmarks)


def against_lines(before: Audit, after: Audit, vocabulary: str, which: str | None) -> list[str]:
    """Both models side by side, and under each landmark what changed."""
    names = after.joint_names(vocabulary)
    lines = [
        f"{'before: ' + shown(before.name, 72)} ({verdict(before)})",
        f"{'after:  ' + shown(after.name, 72)} ({verdict(after)})",
        *([f"Landmarks: {set_text(which)}"] if which else []),
        "A joint outside the landmark's own chain is a leak: joint*",
        "",
        f"{'':<12}{'before':<{COLUMN}} | after",
    ]
    same = []
    for row, (landmark, gone, new) in enumerate(changes(before, after, vocabulary)):
        if landmark.joint is not None and not gone and not new:
            # A regressed joint follows the tree, which no clean changes.
            same.append(landmark.label)
            continue
        lines.append(f"{landmark.label} ({landmark.source})")
        if landmark.joint is None:
            lines += beside("  skinned", *(skinned_cell(a, row, names) for a in (before, after)))
        lines += beside("  weights", *(weights_cell(a, row, names) for a in (before, after)))
        if landmark.joint is None:
            lines += beside("  posedirs", *(posedirs_cell(a, row, names) for a in (before, after)))
        lines += wrapped("  gone      ", strongest(gone, before.median_mm[row], names))
        if new:
            lines += wrapped("  new       ", strongest(new, after.median_mm[row], names))
    if same:
        lines += ["", *wrapped("Regressed joints, the same in both: ", " ".join(same))]
    return lines


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


def wrapped(label: str, text: str) -> list[str]:
    """The label and the text, broken under itself at WIDTH columns."""
    lines = textwrap.wrap(text, WIDTH - len(label), break_on_hyphens=False) or [""]
    lines = [line.replace(NO_BREAK, " ") for line in lines]
    return [label + lines[0], *(" " * len(label) + line for line in lines[1:])]


def beside(label: str, left: str, right: str) -> list[str]:
    """Two texts in columns of their own."""
    columns = (textwrap.wrap(text, COLUMN, break_on_hyphens=False) for text in (left, right))
    lines = [f"{a:<{COLUMN}} | {b}" for a, b in zip_longest(*columns, fillvalue="")]
    return [f"{label if k == 0 else '':<12}{line}".rstrip() for k, line in enumerate(lines)]


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
            "   worst vertices, mm per radian at rest",
        ]
        for row in model["joints"]:
            worst = "  ".join(f"{w['vertex']} {w['rest_mm_per_rad']:.3g}" for w in row["worst"])
            counts = f"{row['weights']:>9}{row['posedirs']:>10}{row['vertices']:>9}"
            lines.append(f"{row['joint']:<16}{counts}   {worst}".rstrip())
        lines.append("")
    lines.append(
        "Where two limbs meet, vertices rightly hang on both; a cleaned model has such too."
    )
    return "\n".join(lines)
