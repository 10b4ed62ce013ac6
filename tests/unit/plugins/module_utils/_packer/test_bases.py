# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._packer.bases import Base


def test_one_ami_is_the_base_however_often_it_is_found() -> None:
    base = Base(found={"a": "ami-1", "b": "ami-1"})
    assert (base.items(), base.text()) == ({"ami": "ami-1"}, "ami-1")
    given = Base("ami-1")
    assert (given.items(), given.text(), given.sources) == ({"ami": "ami-1"}, "ami-1", {})


def test_several_are_told_by_source() -> None:
    base = Base(found={"b": "ami-1", "a": "ami-2"})
    assert (base.items(), base.text()) == ({"b": "ami-1", "a": "ami-2"}, "ami-1,ami-2")


def test_none_and_unknown_differ() -> None:
    assert Base().items() != Base(known=False).items()
    assert (Base().text(), Base(known=False).text()) == (None, None)


def test_a_tag_holds_whole_ids_only() -> None:
    base = Base(found={str(number): f"ami-{number:017x}" for number in range(20)})
    text = base.text() or ""
    assert len(text) <= 256
    assert all(len(one) == 21 for one in text.split(","))
