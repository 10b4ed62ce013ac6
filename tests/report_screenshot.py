# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take docs/report.png: the report on the images of ``harness.planted_report``, as Chromium shows its upper part.

./taskw exec python tests/report_screenshot.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._report.page import page
from harness import browser
from harness.planted_report import report

PICTURE = Path(__file__).parents[1] / "docs" / "report.png"
WIDTH, HEIGHT = 1240, 1270


def take(executable: str, directory: Path) -> bytes:
    """A picture of the planted report, which is written to the directory, as PNG."""
    file = directory / "report.html"
    file.write_text(page(report()), encoding="utf-8")
    with browser.chromium(executable) as opened:
        return opened.open(browser.url_of(file), WIDTH, HEIGHT).screenshot(whole=False)


def main() -> None:
    executable = browser.program()
    if executable is None:
        sys.exit("Chromium is not installed: apt-get install --no-install-recommends chromium")
    with tempfile.TemporaryDirectory() as directory:
        PICTURE.write_bytes(take(executable, Path(directory)))
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
