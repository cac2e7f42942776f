"""``smplprep`` and ``python -m smplprep``: signals first, then the commands."""

from __future__ import annotations


def main() -> None:
    """Run the command line; its exit status is documented in the README."""
    from .io import signals

    signals.install()  # before numpy is imported, which takes a while
    from .cli.main import run

    run()


if __name__ == "__main__":
    main()
