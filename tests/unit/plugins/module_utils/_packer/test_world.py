# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of a variable is told by the name that the user knows."""

from __future__ import annotations

import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer import fingerprint as fp
from ansible_collections.golden.ami.plugins.module_utils._packer.template import load_template
from ansible_collections.golden.ami.plugins.module_utils._packer.world import content_parts, spread


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


def test_tests_beside_a_template_count_only_where_content_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    image = tmp_path / "image"
    (image / "tests").mkdir(parents=True)
    for name in ("image.yml", "README.md", "web.pkr.hcl", "tests/verify.yml"):
        (image / name).write_text("")

    def items(**content: tuple[str, ...]) -> dict[str, list[str]]:
        empty: dict[str, t.Any] = dict.fromkeys(("variables", "environment"), {})
        nothing = dict.fromkeys(
            ("only", "excluded", "placements", "variable_names", "secret_variables", "var_files"), ()
        )
        options = types.SimpleNamespace(
            name="web", chdir=str(image), content=content, requirements=None, source_ami=None, **empty, **nothing
        )
        parts = content_parts(t.cast(t.Any, options), load_template(str(image)))
        return {name: list(part.items) for name, part in parts.items() if part.items}

    assert items() == {"template": ["web.pkr.hcl"]}
    assert items(content=(str(image / "tests"),)) == {"template": ["web.pkr.hcl"], "content": ["verify.yml"]}
