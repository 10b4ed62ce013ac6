# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the documentation as HTML: the plugins and roles by antsibull-docs, beside them the guides. Warnings are errors.

    python docs/build.py [DIRECTORY]        the pages are in DIRECTORY/html; without one in .cache/docs/html

Takes no network. With GOLDEN_DOCS_ONLINE set, references to other sites are held against those sites.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parent


def describe(rst: Path) -> None:
    """Have antsibull-docs write the pages of all plugins and roles, and take the guides along, to an empty directory."""
    scripts = Path(sys.executable).parent
    argv = [str(scripts / "antsibull-docs"), "--config-file", str(DOCS / "antsibull-docs.cfg"), "collection"]
    argv += ["--use-current", "--cleanup", "everything", "--squash-hierarchy", "--fail-on-error"]
    # It calls ansible-doc.
    environment = {**os.environ, "PATH": f"{scripts}:{os.environ['PATH']}"}
    subprocess.run([*argv, "--dest-dir", str(rst), "golden.ami"], check=True, env=environment)


def to_html(rst: Path, to: Path) -> Path:
    """Make the HTML of pages. Gives its directory, below ``to``."""
    argv = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "--keep-going", "-c", str(DOCS)]
    environment = {**os.environ, "GOLDEN_DOCS_BUILD": str(to)}
    subprocess.run([*argv, "-d", str(to / "doctrees"), str(rst), str(to / "html")], check=True, env=environment)
    return to / "html"


def build(to: Path) -> Path:
    """Gives the directory of the pages. Raises CalledProcessError after any error or warning, which is printed."""
    rst = to / "rst"
    for old in (rst, to / "doctrees", to / "html"):
        shutil.rmtree(old, ignore_errors=True)
    to.mkdir(parents=True, exist_ok=True)
    rst.mkdir(mode=0o755)  # antsibull-docs takes no directory that others may write to
    describe(rst)
    return to_html(rst, to)


def main() -> None:
    to = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else DOCS.parent / ".cache" / "docs"
    try:
        pages = build(to)
    except subprocess.CalledProcessError as error:
        raise SystemExit(error.returncode) from error
    count = sum(1 for _unused in pages.rglob("*.html"))
    print(f"{count} pages: {os.path.relpath(pages / 'index.html')}")


if __name__ == "__main__":
    main()
