"""A signal that ends the program takes its unfinished files with it.

The command line installs the handlers before numpy is imported, hence nothing but ``os`` and
``signal`` here. Only SIGKILL or a power cut can leave a temporary file behind.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

_unfinished: dict[str, int] = {}  # path -> the process that writes it
_holders = 0
_held: list[int] = []  # signals that came while somebody held them


def install() -> None:
    """INT, TERM and HUP remove the unfinished files and then end the program as they always do.

    A signal that is ignored (nohup, a shell's background job) stays ignored, and a handler that
    somebody else installed stays too. Only the main thread may call this.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _remove_and_die)


def remove_on_signal(path: str) -> None:
    """From now on a fatal signal removes ``path``. Call it before the file is made."""
    _unfinished[path] = os.getpid()


def forget(path: str) -> None:
    """The file at ``path`` is finished or gone; no signal touches it any more."""
    _unfinished.pop(path, None)


def hold() -> None:
    """Until ``release``, fatal signals wait: what is begun must be brought to an end."""
    global _holders
    _holders += 1


def release() -> None:
    """Die of what came meanwhile, unless somebody else still holds it."""
    global _holders
    _holders -= 1
    if _held and not _holders:
        _remove_and_die(_held[0], None)


def _remove_and_die(number: int, frame: FrameType | None) -> None:
    if _holders:
        _held.append(number)
        return
    for path, writer in list(_unfinished.items()):
        if writer != os.getpid():  # a forked child that is stopped must not remove its parent's
            continue
        try:  # noqa: SIM105 (contextlib and pathlib would be imports at start)
            os.unlink(path)  # noqa: PTH108
        except OSError:
            pass
    # Dying of the signal itself, not by exit(128 + n), is what shells and make look for.
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
