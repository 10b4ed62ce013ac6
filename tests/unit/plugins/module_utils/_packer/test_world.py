# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of a variable is told by the name that the user knows."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer import fingerprint as fp
from ansible_collections.golden.ami.plugins.module_utils._packer.world import spread


def changed(before: dict[str, t.Any], after: dict[str, t.Any]) -> list[str]:
    return fp.changed_items(*(fp.part_of_values(spread(values)).items for values in (before, after)))


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ({"ansible_variables": {"release": 1}}, {"ansible_variables": {"release": 2}}, ["release"]),
        ({"ansible_variables": {"a": 1}}, {"ansible_variables": {}}, ["a"]),
        ({"size": 1, "ansible_variables": {"b": 1}}, {"size": 2, "ansible_variables": {"b": 1}}, ["size"]),
        (
            {"size": 1, "ansible_variables": {"size": 1}},
            {"size": 1, "ansible_variables": {"size": 2}},
            ["ansible_variables.size"],
        ),
        ({"ansible_variables": "text"}, {"ansible_variables": "other"}, ["ansible_variables"]),
    ],
)
def test_what_is_for_ansible_is_told_by_its_own_name(
    before: dict[str, t.Any], after: dict[str, t.Any], names: list[str]
) -> None:
    assert changed(before, after) == names
