"""A file that is quick to clean."""

from __future__ import annotations

from pathlib import Path

import pytest

from smplprep import Options, write_model
from smplprep.jobs.pipeline import clean
from smplprep.records.storage import Storage


@pytest.fixture(scope="session")
def small_file(standin, tmp_path_factory) -> Path:
    """The stand-in with a tenth of the bytes: quick to clean, full in size."""
    cast, _ = clean(standin, Options(tolerance=0, regressor="keep", posedirs="zero"))
    path = tmp_path_factory.mktemp("small") / "SMPLH_NEUTRAL.npz"
    write_model(cast.with_arrays(weights=standin.weights), path, storage=Storage(compress=True))
    return path
