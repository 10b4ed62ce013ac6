# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A template in a definition's own directory: what belongs to the definition does not go into the image."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._packer.beside import definition_files
from ansible_collections.golden.ami.plugins.module_utils._packer.fingerprint import part_of_files


def make(directory: Path, *names: str) -> None:
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(name)


def test_definition_tests_and_readme_do_not_count(tmp_path: Path) -> None:
    make(tmp_path, "image.yml", "README.md", "tests/deep/test.py", "web.pkr.hcl", "files/README.md")
    part = part_of_files([tmp_path], definition_files(tmp_path))
    assert set(part.items) == {"web.pkr.hcl", "files/README.md"}


def test_a_template_elsewhere_counts_as_it_is(tmp_path: Path) -> None:
    make(tmp_path, "README.md", "tests/test.py", "web.pkr.hcl")
    assert definition_files(tmp_path) == frozenset()
    assert set(part_of_files([tmp_path], definition_files(tmp_path)).items) == {
        "README.md",
        "tests/test.py",
        "web.pkr.hcl",
    }
