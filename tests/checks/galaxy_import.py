# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tarball that ansible-galaxy makes, imported as Ansible Galaxy does: no error and no warning may be left.

Run with the environment of requirements/galaxy.txt in front of PATH.
"""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from pathlib import Path

from collection_copy import copied_collection

COMPLAINT = re.compile(r"^(ERROR|WARNING|CRITICAL)\b", re.MULTILINE)


def build(collection: Path, target: Path) -> Path:
    """Makes the tarball in target and returns its path."""
    command = ["ansible-galaxy", "collection", "build", "--output-path", str(target), str(collection)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next(target.glob("*.tar.gz"))


def settings(root: Path) -> dict[str, str]:
    """The importer's environment: nothing in the user's home, and no second ansible-lint, which has its own check."""
    return {
        "HOME": str(root),
        "GALAXY_IMPORTER_TMP_ROOT_DIR": str(root),
        "GALAXY_IMPORTER_ANSIBLE_LOCAL_TMP": str(root / "ansible"),
        "GALAXY_IMPORTER_RUN_ANSIBLE_LINT": "false",
        "GALAXY_IMPORTER_REQUIRE_V1_OR_GREATER": "true",
        "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true",
    }


def check(collection: Path) -> int:
    """Builds and imports the copy of a collection; returns 0 if there was nothing to complain of."""
    root = collection.parents[2]
    tarball = build(collection, root)
    imported = subprocess.run(
        ["python", "-m", "galaxy_importer.main", tarball.name],
        cwd=root,
        env={**os.environ, **settings(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if imported.returncode or COMPLAINT.search(imported.stdout) or not (root / "importer_result.json").exists():
        print(imported.stdout)
        return 1
    with tarfile.open(tarball) as packed:
        print(f"{sum(1 for member in packed if member.isfile())} files of {tarball.name}")
    return 0


def main() -> int:
    with copied_collection() as collection:
        return check(collection)


if __name__ == "__main__":
    raise SystemExit(main())
