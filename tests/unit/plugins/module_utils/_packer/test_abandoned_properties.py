# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory goes only when it is certain whose it was, and that its process is gone: there is work of others in such."""

from __future__ import annotations

import json
import tempfile
import typing as t
from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._packer.abandoned import make_owned, remove_abandoned
from hypothesis import example, given
from hypothesis import strategies as st

JSON: st.SearchStrategy[t.Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({})
)


@given(st.sampled_from(["host", "namespace", "pid", "started"]), JSON, st.booleans())
@example("pid", None, True)
def test_with_anything_else_in_it_it_stays_or_was_a_dead_ones(name: str, value: t.Any, without: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = make_owned(Path(directory))
        file = path / ".golden-ami-owner"
        owner = json.loads(file.read_text())
        changed = {key: one for key, one in owner.items() if key != name} if without else {**owner, name: value}
        file.write_text(json.dumps(changed))
        removed = remove_abandoned(Path(directory))
        judged = isinstance(changed.get("pid"), int) and isinstance(changed.get("started"), int)
        same = all(changed.get(key) == owner[key] for key in ("host", "namespace"))
        if not (judged and same) or changed == owner:
            assert removed == []
            assert path.exists()
        else:
            assert removed == [path]


@given(st.text(max_size=20))
@example("[" * 100_000)
def test_with_any_text_in_it_it_stays(text: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = make_owned(Path(directory))
        (path / ".golden-ami-owner").write_text(text, encoding="utf-8", errors="replace")
        assert remove_abandoned(Path(directory)) == []
        assert path.exists()
