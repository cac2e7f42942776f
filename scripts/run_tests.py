"""Run the tests in an environment of their own. Needs Python 3.11 and git, nothing else.

python3 scripts/run_tests.py [PYTEST ARGUMENTS]
python3 scripts/run_tests.py --gpu                       the GPU tests, figures into build/gpu
python3 scripts/run_tests.py --gpu --device cpu --small  a rehearsal of them
python3 scripts/run_tests.py --gpu --prepare FOLDER      pack them for a machine without network
python3 FOLDER/code/scripts/run_tests.py --gpu --run FOLDER   there, with the torch it has
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import environment
import install_browser
import install_tools
from gpu.unpack import unpack

EXTRAS = "verify,report,gltf,dask,dev"


def main() -> None:
    """Hand over to pytest, or to the GPU's script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gpu", action="store_true")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--prepare", type=Path, metavar="FOLDER")
    parser.add_argument("--python", metavar="VERSION", help="with --prepare: that of the machine")
    parser.add_argument("--run", type=Path, metavar="FOLDER")
    arguments, rest = parser.parse_known_args()
    if arguments.gpu:
        sys.exit(gpu(arguments))
    install_browser.main()
    install_tools.main()
    python = environment.make(".venv-test", extras=EXTRAS, torch=True)
    sys.exit(pytest(python, *rest))


def gpu(arguments: argparse.Namespace) -> int:
    """Make or unpack the artifacts and run what takes a device; the exit status."""
    options = ["--device", arguments.device, *(["--small"] if arguments.small else [])]
    if arguments.run:
        artifacts, variables = unpack(arguments.run.resolve())
        return call(sys.executable, "scripts.gpu.run", artifacts, *options, env=variables)
    python = environment.make(".venv-test", extras=EXTRAS, torch=True)
    if arguments.prepare:
        version = ["--python", arguments.python] if arguments.python else []
        return call(python, "scripts.gpu.pack", arguments.prepare.resolve(), *version)
    folder = environment.ROOT / "build" / "gpu"
    status = call(python, "scripts.gpu.artifacts", folder)
    return status or call(python, "scripts.gpu.run", folder, *options)


def pytest(python: str | Path, *arguments: str) -> int:
    """Share the tests among the cores. A thread of BLAS more in each would wait for the others."""
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    shared = ("-n", "auto", "--dist", "worksteal")
    return call(python, "pytest", *shared, *arguments, env={**os.environ, **one})


def call(python: str | Path, module: str, *arguments: object, env: dict | None = None) -> int:
    """Run a module in the repository's folder; its exit status."""
    command = [python, "-m", module, *map(str, arguments)]
    return subprocess.run(command, cwd=environment.ROOT, env=env).returncode


if __name__ == "__main__":
    main()
