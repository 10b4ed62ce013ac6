# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A build that would outlive its session does not start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[4] / "roles" / "scaffold" / "files" / "session_length.py"


def run(minutes: str, seconds: str, chained: str, role: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"EXPECTED_MINUTES": minutes, "SESSION_SECONDS": seconds, "CHAINED": chained, "ROLE": role}
    argv = [sys.executable, str(PROGRAM)]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("minutes", "seconds", "chained"), [("48", "3600", "true"), ("150", "12000", "false")])
def test_fits(minutes: str, seconds: str, chained: str) -> None:
    made = run(minutes, seconds, chained)
    assert (made.returncode, made.stderr) == (0, "")


@pytest.mark.parametrize(
    ("minutes", "seconds", "chained", "said"),
    [
        ("49", "3600", "true", "Give a role that GitHub's OIDC enters"),
        ("49", "3600", "false", "Raise the role's maximum session duration"),
        ("5", "7200", "true", "one hour at most"),
        ("soon", "3600", "false", "have to be numbers"),
        ("5", "3600", "perhaps", "true or false"),
    ],
)
def test_does_not_fit(minutes: str, seconds: str, chained: str, said: str) -> None:
    made = run(minutes, seconds, chained)
    assert made.returncode == 1
    assert said in made.stderr


def test_what_is_entered_again_is_not_outlived() -> None:
    made = run("300", "3600", "true", "arn:aws:iam::123456789012:role/images")
    assert (made.returncode, made.stdout) == (0, "300 minutes: the session is entered again before it ends\n")
