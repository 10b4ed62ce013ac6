# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a block says in so many words, and what only Packer knows."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer import hcl
from ansible_collections.golden.ami.plugins.module_utils._packer.settings import JsonSettings, NativeSettings

NATIVE = """
plain = "text"
list = ["a", "b"]
mixed = ["a", var.b]
open = "${local.x}"
by_name = var.user
by_old_name = "${var.user}"
filter {
  name = "debian"
}
"""


@pytest.fixture
def native() -> NativeSettings:
    return NativeSettings((hcl.parse(NATIVE),))


JSON: dict[str, t.Any] = {
    "plain": "text",
    "list": ["a", "b"],
    "commas": "a,b",
    "mixed": ["a", "${var.b}"],
    "open": "{{timestamp}}",
    "by_name": "${var.user}",
    "by_old_name": "{{user `user`}}",
    "none": None,
    "filter": [{"name": "debian"}, "x"],
}


@pytest.fixture
def json() -> JsonSettings:
    return JsonSettings((JSON, {"plain": "later", "other": "x"}))


@pytest.mark.parametrize("kind", ["native", "json"])
def test_what_stands_there(kind: str, request: pytest.FixtureRequest) -> None:
    settings = request.getfixturevalue(kind)
    assert settings.plain("plain") == "text"
    assert settings.plain_list("list") == ["a", "b"]
    assert settings.plain("open") is None
    assert settings.plain_list("mixed") is None
    assert settings.plain_list("nothing") is None
    assert (settings.variable("by_name"), settings.variable("by_old_name")) == ("user", "user")
    assert settings.variable("plain") is None
    assert settings.has("plain")
    assert settings.has("filter")
    assert not settings.has("nothing")
    assert settings.block("filter").plain("name") == "debian"
    assert settings.block("nothing") is None


def test_blocks_of_json_are_taken_together(json: JsonSettings) -> None:
    assert json.plain("other") == "x"
    assert not json.has("none")
    assert json.plain_list("commas") == ["a", "b"]
    assert json.content(["plain", "other"]) == {"plain": "text", "other": "x"}
    copy = json.content()
    copy["list"].append("c")
    assert JSON["list"] == ["a", "b"]


def test_the_text_of_native_settings(native: NativeSettings) -> None:
    assert native.text(["plain", "filter"]) == 'plain = "text"\nfilter {\nname = "debian"\n}'
    assert native.text([]) == ""
    assert "by_old_name" in native.text()
    labelled = NativeSettings((hcl.parse('provisioner "shell" "x" {\na = 1\n}'),))
    assert labelled.text() == 'provisioner "shell" "x" {\na = 1\n}'
