"""Run the tests in an environment of their own. Needs Python 3.11 and git, nothing else.

python3 scripts/run_tests.py [PYTEST ARGUMENTS]
"""

from __future__ import annotations

import subprocess
import sys

import environment


def main() -> None:
    """Make the environment and hand over to pytest."""
    python = environment.make(".venv-test", extras="verify,dev", torch=True)
    command = [python, "-m", "pytest", *sys.argv[1:]]
    sys.exit(subprocess.run(command, cwd=environment.ROOT).returncode)


if __name__ == "__main__":
    main()
