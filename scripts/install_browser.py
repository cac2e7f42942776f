"""Install what the tests of the page and of glTF need: Chromium with its driver, npm packages.

    python3 scripts/install_browser.py

Only where it can (root and apt-get; npm); the tests say why they skip what is not there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NPM = ROOT / "build" / "npm"
# apt-get would put its own version in the place of one that is there.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
VERSIONS = {"axe-core": "4.14.1", "gltf-validator": "2.0.0-dev.3.10", "three": "0.187.0"}


def main() -> None:
    """Install what is missing."""
    browser = next(filter(shutil.which, BROWSERS), None)
    if browser and not shutil.which("chromedriver"):
        print(f"{browser} is here without its chromedriver: the browser tests will skip")
    elif not browser:
        if shutil.which("apt-get") and os.geteuid() == 0:
            quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            packages = ["chromium", "chromium-driver"]
            subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
            subprocess.run(["apt-get", "install", "-y", "-qq", *packages], check=True, env=quiet)
        else:
            print("no Chromium, and no right to install it: the browser tests will skip")
    missing = [f"{name}@{version}" for name, version in VERSIONS.items() if not has(name, version)]
    if shutil.which("npm") and missing:
        NPM.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", NPM, *missing], check=True)


def has(name: str, version: str) -> bool:
    """Whether this version of an npm package is installed."""
    package = NPM / "node_modules" / name / "package.json"
    return package.exists() and json.loads(package.read_text())["version"] == version


if __name__ == "__main__":
    main()
