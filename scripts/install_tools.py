"""Install the build systems and linters with which the examples of docs/build.md are tried.

    python3 scripts/install_tools.py

They go into .venv-tools, away from smplprep's own dependencies: 400 MB. The tests say why they skip
what is not there.
"""

from __future__ import annotations

import environment

VERSIONS = (
    "check-jsonschema==0.39.0",
    "cmake==4.4.4",
    "dvc==3.67.1",
    "snakemake==9.27.1",
    "zizmor==1.32.0",
)


def main() -> None:
    """Install what is missing."""
    environment.install(environment.created(".venv-tools"), *VERSIONS)


if __name__ == "__main__":
    main()
