# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-builder finds in the installed collection what an execution environment needs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from harness.cloud import CHECKOUT
from release.installed import Installed

BUILDER = "ansible-builder==3.2.0"


@pytest.fixture(scope="module")
def introspected(installed: Installed, scratch: Path) -> dict[str, dict[str, list[str]]]:
    """What ansible-builder, in an environment of its own, reads from the collections path. It needs no container for that."""
    uv = str(Path(sys.executable).parent / "uv")
    environment = {"UV_SYSTEM_CERTS": "true", **os.environ}
    argv = [uv, "tool", "run", "-q", "--python", sys.executable, "--from", BUILDER, "ansible-builder", "introspect"]
    output = scratch / "introspected"
    output.mkdir()
    argv += [
        "--write-pip",
        str(output / "python"),
        "--write-bindep",
        str(output / "system"),
        str(installed.collections),
    ]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return {kind: _requirements((output / kind).read_text()) for kind in ("python", "system")}


def _requirements(text: str) -> dict[str, list[str]]:
    """The requirements by the collection that asks for them, which a comment names."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        requirement, _unused, collection = line.partition("  # from collection ")
        found.setdefault(collection.strip(), []).append(requirement.strip())
    return found


def test_python(introspected: dict[str, dict[str, list[str]]]) -> None:
    names = {re.split(r"[<>=]", requirement)[0] for requirement in introspected["python"]["golden.ami"]}

    assert names == {"boto3", "botocore", "jsonschema"}


def test_system(introspected: dict[str, dict[str, list[str]]]) -> None:
    assert "openssh-client [platform:dpkg]" in introspected["system"]["golden.ami"]
    assert "openssh-clients [platform:rpm]" in introspected["system"]["golden.ami"]


def test_the_lock_fulfils_it() -> None:
    """What the tests run with is what an execution environment may get."""
    lock = (CHECKOUT / "requirements" / "run.txt").read_text()
    for line in (CHECKOUT / "meta" / "ee-requirements.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        name, lowest = line.split(">=")
        pinned = re.search(rf"^{name}==(\S+)", lock, re.MULTILINE)
        assert pinned, name
        assert _version(pinned[1]) >= _version(lowest), name


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def test_the_files_that_it_names_are_in_the_collection(installed: Installed) -> None:
    stated = yaml.safe_load((installed.path / "meta" / "execution-environment.yml").read_text())

    assert stated["version"] == 1
    assert set(stated["dependencies"]) == {"python", "system"}
    for path in stated["dependencies"].values():
        assert (installed.path / path).is_file()
    manifest = json.loads((installed.path / "MANIFEST.json").read_text())
    assert manifest["collection_info"]["dependencies"].keys() == {"amazon.aws"}
