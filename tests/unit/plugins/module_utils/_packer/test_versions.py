# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.template import Template
from ansible_collections.golden.ami.plugins.module_utils._packer.versions import (
    installed_plugins,
    packer_version,
    read_versions,
)

AMAZON = "github.com/hashicorp/amazon"


@pytest.fixture
def packer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "packer"
    path.write_text(f"#!/bin/sh\necho x >> {tmp_path}/asked\necho 'Packer v1.16.0'\n")
    path.chmod(0o755)
    return path


def test_a_packer_is_asked_once(packer: Path) -> None:
    assert [packer_version(str(packer)) for _unused in range(2)] == ["1.16.0", "1.16.0"]
    assert (packer.parent / "asked").read_text() == "x\n"
    packer.write_text(packer.read_text().replace("1.16.0", "1.17.0"))
    assert packer_version(str(packer)) == "1.17.0"


def test_the_newest_of_each_plugin_that_the_template_names(packer: Path, tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    for source, version in ((AMAZON, "1.8.2"), (AMAZON, "1.10.0"), ("github.com/hashicorp/ansible", "1.0.3")):
        (plugins / source).mkdir(parents=True, exist_ok=True)
        name = f"packer-plugin-{source.rpartition('/')[2]}_v{version}_x5.0_linux_amd64"
        (plugins / source / name).touch()
        (plugins / source / f"{name}_SHA256SUM").touch()
    assert installed_plugins(str(plugins)) == {
        AMAZON: ["1.10.0", "1.8.2"],
        "github.com/hashicorp/ansible": ["1.0.3"],
    }
    template = Template(tmp_path, True, (), frozenset(), (AMAZON, "github.com/a/b"))
    versions = read_versions(str(packer), str(plugins), template)
    assert versions.plugins == {AMAZON: "1.10.0"}
    assert versions.missing(template) == ["github.com/a/b"]


@pytest.mark.parametrize(("constraint", "chosen"), [(">= 1.9", None), ("~> 1.7.0", "1.7.1"), ("", "1.8.2")])
def test_a_version_that_does_not_fit_is_missing(
    packer: Path, tmp_path: Path, constraint: str, chosen: str | None
) -> None:
    directory = tmp_path / "plugins" / AMAZON
    directory.mkdir(parents=True)
    for version in ("1.7.1", "1.8.2"):
        (directory / f"packer-plugin-amazon_v{version}_x5.0_linux_amd64").touch()
    template = Template(tmp_path, True, (), frozenset(), (AMAZON,), constraints={AMAZON: constraint})
    versions = read_versions(str(packer), str(tmp_path / "plugins"), template)
    assert versions.plugins.get(AMAZON) == chosen
    assert versions.missing(template) == ([] if chosen else [AMAZON])
