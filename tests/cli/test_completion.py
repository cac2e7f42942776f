"""The shell's completion, in a real bash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from command_line import run


def test_bash_completes_commands_and_options():
    folder = Path(sys.executable).parent  # where pip puts the entry point
    lines = [
        f'PATH="{folder}:$PATH"',
        run("completion", "bash").stdout,
        "try() { COMPREPLY=() COMP_WORDS=($1) COMP_CWORD=$2; _smplprep_completion smplprep; "
        "echo $COMPREPLY; }",
        'try "smplprep merge" 1',
        'try "smplprep clean --posed" 2',
    ]
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["merge-hands", "--posedirs"], done.stderr
