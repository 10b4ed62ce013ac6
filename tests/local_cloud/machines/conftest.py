# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machines side: its decisions by themselves, and real machines where the subject needs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "roles" / "local_cloud" / "files" / "golden_cloud"))
sys.path.insert(0, str(Path(__file__).parent))

from own_cloud import Cloud, free_port


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    if os.geteuid() != 0 or not shutil.which("podman"):
        pytest.skip("real machines need root and podman")
    made = Cloud(home=tmp_path_factory.mktemp("home"), port=free_port())
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(made.home / "key")], check=True)
    try:
        done = made.run("up")
        assert done.returncode == 0, done.stderr
        public = (made.home / "key.pub").read_bytes()
        made.client("ec2").import_key_pair(KeyName="key", PublicKeyMaterial=public)
        yield made
    finally:
        made.run("reset")
