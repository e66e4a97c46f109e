"""The browser of the tests: ``BROWSER_PATH``, else Chromium or Chrome on the PATH, else one from a locked npm package.

``python -m tests.support.browser`` sees to it that there is one and says which; it fetches the package only where the
machine has no browser. The packaged one is a bare program for x86-64 Linux: it is told where its libraries are and is
given a font configuration of our own, since without any font its pages crash.
"""

from __future__ import annotations

import contextlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tools.npm import npm

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tests" / "browser"
UNPACKED = ROOT / ".test-browser"
ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HOW_TO_GET_ONE = "No browser: set BROWSER_PATH to a Chromium or Chrome, or install one (Debian: apt install chromium)."

# The tests run as root too, where the sandbox refuses, and visit nothing but our own pages.
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb")

FONT_CONFIGURATION = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
  <alias><family>sans-serif</family><prefer><family>Noto Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>Noto Sans</family></prefer></alias>
</fontconfig>
"""


@dataclass(frozen=True)
class Chromium:
    """A browser program and what it needs to start."""

    program: Path
    arguments: tuple[str, ...] = ARGUMENTS
    environment: Mapping[str, str] = field(default_factory=dict)


def find_browser() -> Chromium | None:
    """The browser to test with, or None where nothing that runs has been installed or fetched."""
    return _named() or _on_path() or _packaged()


def provide_browser() -> Chromium | None:
    """The browser to test with, fetched first where the machine has none and can run the packaged one."""
    found = find_browser()
    if found or not _can_run_packaged():
        return found
    npm("ci", folder=PACKAGE)
    _unpack(PACKAGE / "node_modules" / "@sparticuz" / "chromium" / "bin", UNPACKED)
    return find_browser()


@contextlib.contextmanager
def running_browser(chromium: Chromium) -> Iterator[Browser]:
    """The browser, started, under Playwright's control."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.program,
            args=list(chromium.arguments),
            env={**os.environ, **chromium.environment},
        )
        try:
            yield browser
        finally:
            browser.close()


def _named() -> Chromium | None:
    path = os.environ.get("BROWSER_PATH")
    if not path:
        return None
    if not _runs(Path(path), {}):
        raise RuntimeError(f"BROWSER_PATH is {path}, which does not run.")
    return Chromium(Path(path))


def _on_path() -> Chromium | None:
    candidates = (shutil.which(name) for name in ON_PATH)
    return next((Chromium(Path(path)) for path in candidates if path and _runs(Path(path), {})), None)


def _packaged() -> Chromium | None:
    program = UNPACKED / "chromium"
    environment = {"LD_LIBRARY_PATH": str(UNPACKED / "lib"), "FONTCONFIG_PATH": str(UNPACKED)}
    if not program.exists() or not _runs(program, environment):
        return None
    # without a zygote its processes find the libraries; the software renderer lies beside the program
    return Chromium(program, (*ARGUMENTS, "--no-zygote", "--headless"), environment)


def _runs(program: Path, environment: Mapping[str, str]) -> bool:
    """Some distributions put a program of that name on the PATH which only says how to install the real one."""
    try:
        done = subprocess.run(
            [program, "--version"], env={**os.environ, **environment}, capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _can_run_packaged() -> bool:
    return sys.platform == "linux" and platform.machine() == "x86_64"


def _unpack(packed: Path, to: Path) -> None:
    """Unpack beside the final place and rename, so that an interrupted one is never taken for a browser."""
    import brotli

    unfinished = to.with_name(f"{to.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for name in ("al2023", "swiftshader"):
        archive = io.BytesIO(brotli.decompress((packed / f"{name}.tar.br").read_bytes()))
        with tarfile.open(fileobj=archive) as files:
            files.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.4 brought it
            files.extractall(unfinished)  # noqa: S202 - the lock vouches for the content
    program = unfinished / "chromium"
    program.write_bytes(brotli.decompress((packed / "chromium.br").read_bytes()))
    program.chmod(0o755)
    fonts = FONT_CONFIGURATION.format(fonts=ROOT / "webapp" / "fonts", cache=to / "font-cache")
    (unfinished / "fonts.conf").write_text(fonts)
    shutil.rmtree(to, ignore_errors=True)
    unfinished.rename(to)


def main() -> None:
    """Provide a browser and say which one it is."""
    browser = provide_browser()
    print(f"Browser: {browser.program}" if browser else HOW_TO_GET_ONE)


if __name__ == "__main__":
    main()
