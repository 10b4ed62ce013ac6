# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the build are in a file that nobody else can read."""

from __future__ import annotations

import json

from ansible_collections.golden.ami.plugins.module_utils._testing.setting import Setting, find_program


def test_variables_are_written_once_for_the_owner_alone(setting: Setting) -> None:
    file = setting.variables_file
    assert json.loads(file.read_text()) == {"word": "hello", "password": "s3cret"}
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent == setting.scratch
    file.write_text("{}")
    assert setting.variables_file.read_text() == "{}"


def test_a_program_is_found_on_a_path() -> None:
    assert find_program("sh", "/usr/bin:/bin") in {"/usr/bin/sh", "/bin/sh"}
    assert find_program("sh", "/nowhere") is None
    assert find_program("/bin/sh", "/nowhere") == "/bin/sh"
