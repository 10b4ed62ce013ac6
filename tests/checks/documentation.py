# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""antsibull-docs reads the documentation of each plugin and role, and follows each reference in it.

Run with an environment whose ansible-core has no collections of its own: all that are there are read.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from collection_copy import CHECKOUT, copied_collection, tracked_files

DOCUMENTED = ("plugins/modules/", "plugins/lookup/", "roles/", "docs/")


def documented(names: list[str]) -> list[str]:
    """The files that documentation is made of."""
    wanted = [name for name in names if name.startswith(DOCUMENTED)]
    return [
        name
        for name in wanted
        if not name.startswith("roles/") or name.endswith(("meta/argument_specs.yml", "meta/main.yml"))
    ]


def check(collection: Path) -> int:
    """Reads the copy of a collection; returns 0 if nothing is wrong with it."""
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(collection.parents[2]),
        "GIT_CEILING_DIRECTORIES": str(collection),
    }
    command = ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--check-extra-docs-refs"]
    command += ["--validate-collection-refs", "all", "--disallow-unknown-collection-refs", "."]
    while True:
        done = subprocess.run(
            command,
            cwd=collection,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        # It works in a directory with a random name, and takes a name that ends with _ for a reference, in every page.
        if done.returncode == 0 or 'Unknown target name: "antsibull-docs-' not in done.stdout:
            print(done.stdout, end="")
            return done.returncode


def main() -> int:
    with copied_collection() as collection:
        failed = check(collection)
    if not failed:
        print(f"{len(documented(tracked_files(CHECKOUT)))} documented files")
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
