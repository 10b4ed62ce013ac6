# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.messages import artifact_ids, parse_line


def test_commas_and_newlines_are_restored() -> None:
    message = parse_line("1795256827,,ui,say,==> x: hello%!(PACKER_COMMA) you\\nthere")
    assert message is not None
    assert message.text == "==> x: hello, you\nthere"
    assert not message.is_error


def test_colours_of_provisioners_are_dropped() -> None:
    message = parse_line('1,x,ui,say,\x1b[0;31mfatal: [web]: FAILED! => {"msg": "no"}\x1b[0m')
    assert message is not None
    assert message.text == 'fatal: [web]: FAILED! => {"msg": "no"}'


def test_errors() -> None:
    message = parse_line("1,x,ui,error,bad")
    assert message is not None
    assert message.is_error


@pytest.mark.parametrize(
    "line", ["", "panic: no", "now,x,ui,say,text", "1,2", "²,x,ui,say,text", f"{'9' * 5000},x,ui,say,text"]
)
def test_what_is_no_message(line: str) -> None:
    assert parse_line(line) is None


def test_post_processors_repeat_an_artifact() -> None:
    lines = ["1,a.b,artifact,0,id,r:ami-1", "1,a.b,artifact,1,id,r:ami-1", "1,a.b,artifact,1,end"]
    messages = [message for message in map(parse_line, lines) if message]
    assert artifact_ids(messages) == {"a.b": ["r:ami-1"]}
