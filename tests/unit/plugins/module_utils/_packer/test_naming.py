# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.artifacts import OwnImage
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.naming import new_version, refuse_unfit

NOW = datetime.datetime(2026, 11, 21, 23, 59, 58, tzinfo=datetime.UTC)


def image(version: str) -> OwnImage:
    return OwnImage("ami-1", NOW, {"golden:version": version}, (), {}, "available")


def test_the_time_is_a_version() -> None:
    assert new_version([], NOW) == "20261121235958"
    assert new_version([image("1.0"), image("20261121235957")], NOW) == "20261121235958"


def test_a_version_that_is_there_does_not_come_again() -> None:
    assert new_version([image("20261121235958"), image("20261121235959")], NOW) == "20261122000000"


HOSTILE = [
    "",
    "$(id)",
    "a;b",
    "a\nb",
    "a\n",
    "{{ 7 * 7 }}",
    "../a",
    "a/../b",
    "/a",
    "a/",
    "a//b",
    ".a",
    "-a",
    "a b",
    "ü",
    "a'b",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_no_ami_can_be_called_is_refused_and_the_option_named(text: str) -> None:
    with pytest.raises(PackerError, match="^name: "):
        refuse_unfit(text, None)
    with pytest.raises(PackerError, match="^version: "):
        refuse_unfit("web", text)


@pytest.mark.parametrize("name", ["web", "Web_1.2-x", "team/web", "0"])
@pytest.mark.parametrize("version", [None, "1", "2026.11-rc_1"])
def test_ordinary_names_and_versions_are_fine(name: str, version: str | None) -> None:
    refuse_unfit(name, version)


def test_together_they_have_128_characters_at_most() -> None:
    refuse_unfit("a" * 120, "1234567")
    refuse_unfit("a" * 113, None)
    for name, version in (("a" * 121, "1234567"), ("a" * 114, None), ("web", "1" * 128)):
        with pytest.raises(PackerError, match="too long"):
            refuse_unfit(name, version)
