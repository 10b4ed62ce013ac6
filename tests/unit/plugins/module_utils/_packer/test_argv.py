# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._packer.argv import (
    Selection,
    build_argv,
    init_argv,
    validate_argv,
)

SELECTION = Selection("/t", ("/v1", "/v2"), only=("a", "b"), excluded=("c",))


def test_flags_come_before_the_template() -> None:
    flags = ["-var-file=/v1", "-var-file=/v2", "-only=a,b", "-except=c"]
    assert validate_argv("packer", SELECTION) == ["packer", "validate", *flags, "/t"]
    first = ["packer", "build", "-machine-readable", "-color=false", "-on-error=abort", "-parallel-builds=2"]
    assert build_argv("packer", SELECTION, on_error="abort", parallel_builds=2) == [*first, *flags, "/t"]
    assert init_argv("packer", "/t") == ["packer", "init", "/t"]


def test_nothing_that_was_not_asked_for() -> None:
    assert validate_argv("packer", Selection("/t")) == ["packer", "validate", "/t"]
    argv = build_argv("packer", Selection("/t"), on_error="cleanup", parallel_builds=None)
    assert argv == ["packer", "build", "-machine-readable", "-color=false", "-on-error=cleanup", "/t"]
