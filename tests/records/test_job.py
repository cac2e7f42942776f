"""The command line that repeats a job."""

from __future__ import annotations

import pytest

from smplprep.records.job import CleanJob
from smplprep.records.options import Options


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (CleanJob("a/b c.pkl"), "'b c.pkl'"),
        (CleanJob("b.npz", "out/", report=False, force=True, dry_run=True), "b.npz"),
        (CleanJob("b.npz", "out/c.npz", Options(tolerance="auto")), "b.npz --tol auto -o c.npz"),
        (
            CleanJob("b.npz", options=Options(keep_joints=("head", "jaw"), symmetrize=True)),
            "b.npz --keep-joints head,jaw --symmetrize",
        ),
        (
            CleanJob("b.npz", options=Options(keep_vertices=(3,), regressor_tolerance=0.1)),
            "b.npz --keep-vertices VERTICES.json --regressor-tol 0.1",
        ),
        (
            CleanJob("b.npz", hands=("m/l.pkl", "m/r.pkl"), layout="x/models", gender="male"),
            "b.npz --hands l.pkl r.pkl --layout smplx models --gender male",
        ),
        (
            CleanJob("b.npz", compress=False, units="cm", landmarks="x/p.json", max_bytes=9),
            "b.npz --units cm --landmarks p.json --no-compress --max-bytes 9",
        ),
    ],
)
def test_it_says_what_differs_from_the_defaults_and_no_folder(job: CleanJob, said: str):
    assert job.command == f"smplprep clean {said}"
