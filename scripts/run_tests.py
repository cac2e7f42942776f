"""Run the tests in an environment of their own. Needs Python 3.11 and git, nothing else.

    python3 scripts/run_tests.py [--gpu] [PYTEST ARGUMENTS]

--gpu makes the artifacts of the GPU tests and runs only those.
"""

from __future__ import annotations

import subprocess
import sys

import environment
import install_browser
import install_tools


def main() -> None:
    """Make the environment and hand over to pytest."""
    arguments = sys.argv[1:]
    install_browser.main()
    install_tools.main()
    python = environment.make(".venv-test", extras="verify,report,gltf,dask,dev", torch=True)
    if "--gpu" in arguments:
        script = "scripts.standins.make_gpu_artifacts"
        subprocess.run([python, "-m", script], cwd=environment.ROOT, check=True)
        arguments = [argument for argument in arguments if argument != "--gpu"] + ["-m", "gpu"]
    command = [python, "-m", "pytest", *arguments]
    sys.exit(subprocess.run(command, cwd=environment.ROOT).returncode)


if __name__ == "__main__":
    main()
