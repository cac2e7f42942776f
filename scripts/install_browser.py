"""Install what the browser tests need: Debian's Chromium with its driver, and npm's axe-core.

    python3 scripts/install_browser.py

Only where it can (root and apt-get; npm); the tests say why they skip what is not there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AXE_VERSION = "4.14.1"


def main() -> None:
    """Install what is missing."""
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        if shutil.which("apt-get") and os.geteuid() == 0:
            quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            packages = ["chromium", "chromium-driver"]
            subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
            subprocess.run(["apt-get", "install", "-y", "-qq", *packages], check=True, env=quiet)
        else:
            print("no Chromium, and no right to install it: the browser tests will skip")
    folder = ROOT / "build" / "npm"
    if shutil.which("npm") and not (folder / "node_modules" / "axe-core").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--prefix", folder, f"axe-core@{AXE_VERSION}"]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
