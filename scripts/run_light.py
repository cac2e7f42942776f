"""Run the tests of cli and io in an environment without torch.

python3 scripts/run_light.py --lowest   with the lowest versions that pyproject.toml allows
python3.13 scripts/run_light.py         with another Python, and the versions of constraints.txt

What needs torch skips there. Hostile files, tests that kill processes and the glTF of every family
are left out: they take as long as all others.
"""

from __future__ import annotations

import sys

import environment
from run_tests import pytest

NEEDED = ("pytest", "pytest-xdist", "hypothesis", "jsonschema", "joblib", "trimesh")
LEFT_OUT = ("-k", "not killed and not hostile and not bombs", "--ignore", "tests/io/test_gltf.py")


def main() -> None:
    """Hand over to pytest."""
    lowest = "--lowest" in sys.argv[1:]
    version = "lowest" if lowest else "{}.{}".format(*sys.version_info)
    python = environment.created(f".venv-{version}")
    constraints = environment.ROOT / f"constraints{'-lowest' * lowest}.txt"
    extras = f"{environment.ROOT}[report,gltf]"
    environment.install(python, "-c", str(constraints), "-e", extras, *NEEDED)
    sys.exit(pytest(python, "--quiet", *LEFT_OUT, "tests/cli", "tests/io"))


if __name__ == "__main__":
    main()
