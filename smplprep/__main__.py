"""``smplprep`` and ``python -m smplprep``: signals first, then the commands."""

from __future__ import annotations

import os


def main() -> None:
    """Run the command line; its exit status is documented in the README."""
    # One thread for numpy's linear algebra: the same figures on any number of cores, and cores left
    # for others. It is read when numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from .io import signals

    signals.install()  # before numpy is imported, which takes a while
    from .cli.main import run

    run()


if __name__ == "__main__":
    main()
