# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that tells what is inside, run by this machine's shell with programs that stand in for an instance's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._inside import parsing
from ansible_collections.golden.ami.plugins.module_utils._inside.script import SCRIPT

# As on an instance: systemd and ss answer, getent does, the packages are Debian's or another's.
PROGRAMS = {
    "systemctl": """
case "$*" in
    *list-unit-files*) echo "nginx.service enabled enabled" ;;
    *Monotonic*) printf 'UserspaceTimestampMonotonic=1000000\nFinishTimestampMonotonic=9100000\n' ;;
    *) printf 'Id=nginx.service\nUnitFileState=enabled\nActiveState=active\nSubState=running\n' ;;
esac
""",
    "ss": 'echo "tcp LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:((\\"nginx\\",pid=1,fd=5))"',
    "getent": "echo root:x:0:0:root:/root:/bin/bash",
    "dpkg-query": "printf 'ii \tbash\t5.2\n'",
    "rpm": "printf 'bash\t0:5.2-1\n'",
    "uname": "echo 6.1.0 x86_64",
    "df": "printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/root 100 42 58 42%% /\n'",
    "du": "printf '42\t/\n'",
    "cat": "echo 32768 60999",
}


def say(directory: Path, **programs: str) -> str:
    """What the program prints where these programs stand in for others."""
    for name, text in {**PROGRAMS, **programs}.items():
        path = directory / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    environment = {"PATH": f"{directory}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-s"], input=SCRIPT, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_what_it_prints_can_be_read(tmp_path: Path) -> None:
    found = parsing.parse(say(tmp_path))
    assert found.packages["bash"].startswith("5.2")
    assert found.services == {"nginx.service": "enabled/active"}
    assert [(one.port, one.process) for one in found.ports] == [(80, "nginx")]
    assert found.users["root"].uid == 0
    assert (found.kernel, found.disk_bytes) == ("6.1.0 x86_64", 42 * 1024)
    assert found.unread == {}


def test_what_a_program_complains_of_is_told(tmp_path: Path) -> None:
    """And the parts after it are there: no program reads what is to be run next."""
    found = parsing.parse(say(tmp_path, ss="cat >/dev/null; echo 'Cannot open\nnetlink socket' >&2; exit 1"))
    assert found.unread == {"ports": "Cannot open netlink socket"}
    assert found.users["root"].shell == "/bin/bash"


def test_shellcheck_has_nothing_to_say() -> None:
    shellcheck = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if not shellcheck:
        pytest.skip("shellcheck is not installed")
    # What dpkg-query expands looks like what a shell would.
    argv = [shellcheck, "--shell=sh", "--exclude=SC2016", "-"]
    done = subprocess.run(argv, input=SCRIPT.lstrip(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
