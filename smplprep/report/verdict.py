"""The report in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
    if report["options"] is None:
        return (
            f"{count(leaked)} of {total} landmarks {leaks(leaked)} in A; "
            f"{count(leak).lower()} {leaks(leak)} in B."
        )
    if not leaked and not leak:
        return f"None of {total} landmarks leaked, and none does now."
    ending = f"{count(leak).lower()} {'does' if leak < 2 else 'do'} now"
    if leak and leaked:
        ending = f"{leak} still {'does' if leak == 1 else 'do'}"
    return f"{count(leaked)} of {total} landmarks leaked; {ending}."


def count(number: int) -> str:
    return str(number) if number else "None"


def leaks(number: int) -> str:
    return "leaks" if number < 2 else "leak"
