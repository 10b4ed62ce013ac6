# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a definition is looked for, and what is said when it is nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition._find import find_definition, list_images
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError


def define(directory: Path, *names: str) -> Path:
    for name in names:
        (directory / name).mkdir(parents=True)
        (directory / name / "image.yml").touch()
    return directory


def test_the_first_directory_wins(tmp_path: Path) -> None:
    own, shared = define(tmp_path / "own", "web"), define(tmp_path / "shared", "web", "db")
    assert find_definition("web", [own, shared]) == own / "web" / "image.yml"
    assert find_definition("db", [own, shared]) == shared / "db" / "image.yml"
    assert list_images([shared, own, tmp_path / "missing"]) == ["db", "web"]


def test_one_that_is_nowhere_names_what_there_is(tmp_path: Path) -> None:
    own = define(tmp_path / "own", "web", "db")
    (own / "empty").mkdir()
    with pytest.raises(DefinitionError) as caught:
        find_definition("wbe", [own])
    assert str(caught.value) == (
        f"{own}/wbe/image.yml:1: there is no image 'wbe'. Images that exist: db, web. Searched: {own}; a new one is a file"
        f" {own}/wbe/image.yml"
    )
    with pytest.raises(DefinitionError, match="There is no image yet"):
        find_definition("web", [tmp_path / "empty"])


@pytest.mark.parametrize(
    "name", ["", "Web", "-web", "../web", "web/x", "a" * 64, "web\n", "wéb", "$(id)", "a;b", "{{x}}"]
)
def test_names_that_none_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(DefinitionError, match="is no image's name"):
        find_definition(name, [tmp_path])
