# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import datetime
import os
import subprocess
import sys

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.owner import Owner, read_owner, this_process

NOW = datetime.datetime(2026, 11, 21, 9, 30, tzinfo=datetime.UTC)


def me() -> Owner:
    return this_process("golden-1", NOW, NOW + datetime.timedelta(hours=1))


def test_it_survives_its_text() -> None:
    assert read_owner(me().text()) == me()
    assert me().said() == f"golden-1 on {os.uname().nodename} (process {os.getpid()}) since 2026-11-21 09:30:00 UTC"


@pytest.mark.parametrize("text", ["", "hands off", "[]", "{}", '{"run": "x"}'])
def test_what_is_none(text: str) -> None:
    assert read_owner(text) is None


def test_it_expires() -> None:
    assert not me().expired(NOW + datetime.timedelta(minutes=59))
    assert me().expired(NOW + datetime.timedelta(minutes=61))


def test_only_what_is_certain_is_dead() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not me().is_dead()
    assert dataclasses.replace(me(), pid=ended.pid).is_dead()
    assert dataclasses.replace(me(), process_started=1).is_dead(), "the number was given out again"
    for other in ({"boot": "another"}, {"namespace": "pid:[1]"}, {"boot": ""}):
        assert not dataclasses.replace(me(), pid=ended.pid, **other).is_dead(), "numbers mean something else there"
