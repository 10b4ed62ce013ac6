# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Packer says comes through whole, however it is cut, and whatever stands in between."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._packer.messages import artifact_ids, builder_type, parse_line
from ansible_collections.golden.ami.plugins.module_utils._packer.process import LineReader
from hypothesis import example, given
from hypothesis import strategies as st

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# Packer writes a backslash as it is, so that one before an n cannot be told from a new line.
SAID = st.text(st.characters(exclude_characters="\\"), max_size=30)


def packer_says(*fields: str) -> str:
    """A line as Packer's machine-readable user interface writes it."""
    return ",".join(
        field.replace(",", "%!(PACKER_COMMA)").replace("\r", "\\r").replace("\n", "\\n") for field in fields
    )


@given(st.integers(0, 10**12), st.text("abc.-", max_size=9), SAID)
def test_what_packer_writes_is_read_as_it_was(stamp: int, target: str, text: str) -> None:
    message = parse_line(packer_says(str(stamp), target, "ui", "say", text))
    assert message is not None
    assert (message.timestamp, message.target) == (stamp, target)
    assert message.text == COLOUR.sub("", text)


@given(st.text(max_size=60))
@example("²,x,ui,say,text")
@example("9" * 5000 + ",x,ui,say,text")
@example(",,,")
def test_no_line_stops_a_build(line: str) -> None:
    message = parse_line(line)
    if message:
        assert artifact_ids([message]) is not None
        assert isinstance(message.text, str)
        assert isinstance(builder_type(message.target), str)


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_where_chunks_end_does_not_matter(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "output")
        path.touch()
        with path.open("rb") as output, path.open("ab", buffering=0) as packer:
            reader = LineReader(output.fileno())
            lines = []
            for chunk in chunks:
                packer.write(chunk)
                lines += reader.read()
            lines += reader.read(final=True)
    wanted = whole.split(b"\n")
    wanted = wanted[:-1] if not wanted[-1] else wanted
    assert [line.rstrip("\r") for line in lines] == [line.decode("utf-8", "replace").rstrip("\r") for line in wanted]
