"""``smplprep`` and ``python -m smplprep``: signals first, then the commands."""

from __future__ import annotations

import os


def main() -> None:
    """Run the command line; its exit status is documented in the README."""
    # Until the handlers are installed there is nothing to remove, and Python's own would print
    # where it was. Its module ``signal`` takes milliseconds to import.
    import _signal  # type: ignore[import-not-found]

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    # One thread for numpy's linear algebra: the same figures on any number of cores, cores left for
    # others, and memory for one thread. It is read when numpy is imported.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from .io import signals

    signals.install()  # before numpy is imported, which takes a while
    from .cli.main import run

    run()


if __name__ == "__main__":
    main()
