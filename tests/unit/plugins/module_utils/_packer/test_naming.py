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
    "ü",
]


FOR_AMIS_ONLY = ["a b", "a'b", "Web Server (prod)", "1.0 (rc)", "(a) [b]", "me@here"]


def refused(text: str, *, record: bool) -> None:
    with pytest.raises(PackerError, match="^name: "):
        refuse_unfit(text, None, record=record)
    with pytest.raises(PackerError, match="^version: "):
        refuse_unfit("web", text, record=record)


@pytest.mark.parametrize("text", [*HOSTILE, *FOR_AMIS_ONLY])
def test_what_no_ami_or_parameter_can_be_called_is_refused_and_the_option_named(text: str) -> None:
    refused(text, record=True)


@pytest.mark.parametrize("text", [*HOSTILE, " a", "a ", "..", "a/ b", "a\x00b", "a\tb"])
def test_without_a_parameter_what_no_ami_or_file_can_be_called_is_refused(text: str) -> None:
    refused(text, record=False)


@pytest.mark.parametrize("text", FOR_AMIS_ONLY)
def test_without_a_parameter_what_an_ami_can_be_called_is_fine(text: str) -> None:
    refuse_unfit(text, text, record=False)
    with pytest.raises(PackerError, match=r"goes to an SSM parameter \(record\)"):
        refuse_unfit(text, None, record=True)


@pytest.mark.parametrize("name", ["web", "Web_1.2-x", "team/web", "0", "_base", "team/_base"])
@pytest.mark.parametrize("version", [None, "1", "2026.11-rc_1", "_1"])
@pytest.mark.parametrize("record", [True, False])
def test_ordinary_names_and_versions_are_fine(name: str, version: str | None, record: bool) -> None:
    refuse_unfit(name, version, record=record)


def test_together_they_have_128_characters_at_most() -> None:
    refuse_unfit("a" * 120, "1234567", record=True)
    refuse_unfit("a" * 113, None, record=True)
    for name, version in (("a" * 121, "1234567"), ("a" * 114, None), ("web", "1" * 128)):
        with pytest.raises(PackerError, match="too long"):
            refuse_unfit(name, version, record=True)
