"""The report in two sentences: what was gained, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..records.families import BODY_JOINTS


def verdict(report: Mapping[str, Any]) -> str:
    """How many landmarks leaked, and how many do now; or in which of two compared files.

    Args:
        report: ``Report.data``.
    """
    summary = report["summary"]
    leaked, leak = (summary[when]["leaking_landmarks"] for when in ("before", "after"))
    total = summary["after"]["landmarks"]
    if not total:
        return "No landmarks are known for this kind of model, so none were checked for leaks."
    noun = "landmark" if total == 1 else "landmarks"
    if report["options"] is None:
        return (
            f"{count(leaked)} of {total} {noun} {leaks(leaked)} in A; "
            f"{count(leak).lower()} {leaks(leak)} in B."
        )
    if not leaked and not leak:
        return f"None of {total} {noun} leaked, and none does now."
    ending = f"{count(leak).lower()} {'does' if leak < 2 else 'do'} now"
    if leak and leaked:
        ending = f"{leak} still {'does' if leak == 1 else 'do'}"
    return f"{count(leaked)} of {total} {noun} leaked; {ending}."


def cost(report: Mapping[str, Any]) -> str:
    """How far vertices moved and where most, without the period at the end.

    Args:
        report: ``Report.data``.
    """
    moved = report["displacement"]
    if not report["moved_most"]:
        return "No vertex moved" if report["options"] else "No vertex differs"
    mean, most = (
        f"{moved[key]:.1f} mm" if moved[key] >= 0.05 else "less than 0.1 mm"
        for key in ("mean_mm", "max_mm")
    )
    verb = "moved" if report["options"] else "differ by"
    return f"Vertices {verb} {mean} on average, {most} at most, {place_of(report)}"


def place_of(report: Mapping[str, Any]) -> str:
    """Where the vertex is that moves most, by the joint that moves it most."""
    joint = report["moved_most"][0]["joint"]
    named = {mixamo: word for mixamo, word in BODY_JOINTS if not word.startswith("spine")}.get(
        joint
    )
    return f"at the {named.replace('_', ' ')}" if named else f"near joint {joint}"


def count(number: int) -> str:
    return str(number) if number else "None"


def leaks(number: int) -> str:
    return "leaks" if number < 2 else "leak"
