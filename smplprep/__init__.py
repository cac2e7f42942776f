"""smplprep: cleans SMPL-family body model files, so that unseen limbs stay still."""

from __future__ import annotations

TYPE_CHECKING = False  # that of typing, whose import takes milliseconds
if TYPE_CHECKING:
    from typing import Any

    from .errors import (
        ManifestError,
        ModelInvalidError,
        ModelNotFoundError,
        ModelReadError,
        ModelWriteError,
        SmplprepError,
        VerificationError,
    )
    from .io.read_model import read_model
    from .io.write_model import write_model
    from .jobs.check import assert_clean, check_file
    from .jobs.clean_file import CleanedFile, clean_file
    from .jobs.pipeline import clean
    from .records.change import Change
    from .records.contents import Limits
    from .records.landmark import Landmark
    from .records.model import Model
    from .records.options import Options
    from .records.storage import Storage
    from .report.report import Report
    from .transforms.cast_floats import cast_floats
    from .transforms.fill_unweighted import fill_unweighted
    from .transforms.limit_shapedirs import limit_shapedirs
    from .transforms.localize_posedirs import localize_posedirs
    from .transforms.prune_weights import prune_weights
    from .transforms.sparsify_regressor import sparsify_regressor
    from .transforms.symmetrize import symmetrize
    from .transforms.zero_shapedirs import zero_shapedirs
    from .verification.verify import Check, verify

__version__ = "0.1.0"

# Public name -> module. Loaded when first asked for: `smplprep --help` must not pay for numpy.
_HOMES = {
    "Change": "records.change",
    "Check": "verification.verify",
    "CleanedFile": "jobs.clean_file",
    "Landmark": "records.landmark",
    "Limits": "records.contents",
    "ManifestError": "errors",
    "Model": "records.model",
    "ModelInvalidError": "errors",
    "ModelNotFoundError": "errors",
    "ModelReadError": "errors",
    "ModelWriteError": "errors",
    "Options": "records.options",
    "Report": "report.report",
    "SmplprepError": "errors",
    "Storage": "records.storage",
    "VerificationError": "errors",
    "assert_clean": "jobs.check",
    "cast_floats": "transforms.cast_floats",
    "check_file": "jobs.check",
    "clean": "jobs.pipeline",
    "clean_file": "jobs.clean_file",
    "fill_unweighted": "transforms.fill_unweighted",
    "limit_shapedirs": "transforms.limit_shapedirs",
    "localize_posedirs": "transforms.localize_posedirs",
    "prune_weights": "transforms.prune_weights",
    "read_model": "io.read_model",
    "sparsify_regressor": "transforms.sparsify_regressor",
    "symmetrize": "transforms.symmetrize",
    "verify": "verification.verify",
    "write_model": "io.write_model",
    "zero_shapedirs": "transforms.zero_shapedirs",
}

__all__ = [
    "Change",
    "Check",
    "CleanedFile",
    "Landmark",
    "Limits",
    "ManifestError",
    "Model",
    "ModelInvalidError",
    "ModelNotFoundError",
    "ModelReadError",
    "ModelWriteError",
    "Options",
    "Report",
    "SmplprepError",
    "Storage",
    "VerificationError",
    "assert_clean",
    "cast_floats",
    "check_file",
    "clean",
    "clean_file",
    "fill_unweighted",
    "limit_shapedirs",
    "localize_posedirs",
    "prune_weights",
    "read_model",
    "sparsify_regressor",
    "symmetrize",
    "verify",
    "write_model",
    "zero_shapedirs",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'smplprep' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
