"""Prove a cleaned file on the user's own machine, through stock smplx, against its report.

A check that needs a failed one is not run, and never counts as passed. Nor does one that needs a
class of stock smplx for a model that has none.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Literal

from ..errors import ModelNotFoundError, SmplprepError
from ..records.contents import DEFAULT_LIMITS, Limits
from ..stock.load import require_torch
from . import checks, original_checks
from .subject import CheckError, NotApplicableError, Subject

Status = Literal["pass", "FAIL", "not run"]
PASSED: Status = "pass"
FAILED: Status = "FAIL"
NOT_RUN: Status = "not run"

# Name -> the checks that must have passed before, and the check.
CHECKS: dict[str, tuple[tuple[str, ...], Callable[[Subject], str]]] = {
    "report": ((), checks.check_report),
    "file": ((), checks.check_file),
    "sha256": (("file", "report"), checks.check_sha256),
    "options": (("file", "report"), checks.check_options),
    "arrays": (("file", "report"), checks.check_arrays),
    "rows": (("file",), checks.check_rows),
    "smplx": (("file",), checks.check_smplx),
    "forward": (("smplx",), checks.check_forward),
    "support": (("forward",), checks.check_support),
    "leaks": (("forward",), checks.check_leaks),
    "original": (("file", "report"), original_checks.check_original),
    "untouched": (("original",), original_checks.check_untouched),
    "joints": (("original",), original_checks.check_joints),
    "displacement": (("original",), original_checks.check_displacement),
}


@dataclass(frozen=True)
class Check:
    """One line of the proof. ``status`` is PASSED, FAILED or NOT_RUN."""

    name: str
    status: Status
    figure: str


def verify(
    path: str | os.PathLike[str],
    *,
    against: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    limits: Limits = DEFAULT_LIMITS,
) -> list[Check]:
    """Check a cleaned file against its report, its original, and stock smplx's autograd.

    Args:
        path: the cleaned file; its report stands beside it as NAME.report.json.
        against: the file that was cleaned; without it the checks that need it are not run.
        device: "cpu" or "cuda", for stock smplx.
        limits: how much a file may ask for.

    Returns:
        Every check in order; the file is proven only if none of them FAILED.

    Raises:
        SmplprepError: torch, smplx, the device or a file is missing.
    """
    require_torch(device)
    for name in (path, against):
        if name is not None and not Path(name).exists():
            raise ModelNotFoundError(path=name)
    original = None if against is None else Path(against)
    subject = Subject(Path(path), original, device, limits)
    done: dict[str, Check] = {}
    for name, (needs, run) in CHECKS.items():
        if name == "original" and against is None:
            done[name] = Check(name, NOT_RUN, "it needs --against ORIGINAL")
            continue
        missing = [need for need in needs if done[need].status != PASSED]
        if missing:
            done[name] = Check(name, NOT_RUN, f"it needs the check {missing[0]!r}")
            continue
        try:
            done[name] = Check(name, PASSED, run(subject))
        except NotApplicableError as error:
            done[name] = Check(name, NOT_RUN, str(error))
        except (CheckError, SmplprepError) as error:
            done[name] = Check(name, FAILED, str(error))
    return list(done.values())


def verification_text(proof: list[Check], *, width: int = 100) -> str:
    """A line for each check, or more where it is longer than ``width``, and the verdict."""
    lines = []
    for check in proof:
        begin = f"{check.status:<8}{check.name:<14}"
        lines += wrap(
            check.figure,
            width,
            initial_indent=begin,
            subsequent_indent=" " * len(begin),
            break_long_words=False,
            break_on_hyphens=False,
        )
    counts = {s: sum(check.status == s for check in proof) for s in (PASSED, FAILED, NOT_RUN)}
    verdict = "not verified" if counts[FAILED] else "verified"
    lines.append(
        f"{verdict}: {counts[PASSED]} passed, {counts[FAILED]} failed, {counts[NOT_RUN]} not run"
    )
    return "\n".join(lines)
