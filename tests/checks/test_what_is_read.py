# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files the checks read, and that a check that read none has not passed."""

from __future__ import annotations

from pathlib import Path

import pytest
import sanity
import summary
from shell_files import is_shell


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("taskw", "#!/bin/sh\n", True),
        ("run", "#!/usr/bin/env bash\n", True),
        ("run", "#!/bin/bash -e\n", True),
        ("library.sh", "true\n", True),
        ("greet.sh.tpl", "#!/bin/sh\n", False),
        ("cloud.py", "#!/usr/bin/env python3\n", False),
        ("fish", "#!/usr/bin/fish\n", False),
        ("empty", "", False),
    ],
)
def test_shell_scripts_are_known_by_name_or_first_line(tmp_path: Path, name: str, text: str, expected: bool) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert is_shell(path) is expected


def test_a_check_that_read_nothing_has_not_passed(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="yamllint read nothing"):
        summary.passed(tmp_path, "yamllint", "0 files")


def test_the_summary_counts_the_checks(tmp_path: Path) -> None:
    summary.passed(tmp_path, "packer fmt", "8 files")
    summary.passed(tmp_path, "ruff", "2 Python files")
    assert summary.summary(tmp_path) == "2 checks passed (packer fmt: 8 files; ruff: 2 Python files)"


def test_pip_of_sanity_reaches_packages_as_the_users_does(tmp_path: Path) -> None:
    (tmp_path / ".config" / "pip").mkdir(parents=True)
    (tmp_path / ".config" / "pip" / "pip.conf").write_text("[global]\nindex-url = https://a.example/\ntimeout = 5\n")
    environment = {"PIP_INDEX_URL": "https://b.example/", "HTTPS_PROXY": "http://proxy.example:3128", "PIPELINE": "no"}
    merged = sanity.pip_configuration(tmp_path, environment)
    assert dict(merged["global"]) == {
        "index-url": "https://b.example/",
        "timeout": "5",
        "proxy": "http://proxy.example:3128",
    }
