# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a build failed is told in one line, whatever provisioners and Packer print."""

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._packer.diagnostics import describe_errors, parse_diagnostics
from ansible_collections.golden.ami.plugins.module_utils._packer.failure import find_failure
from hypothesis import example, given
from hypothesis import strategies as st

LINES = st.lists(
    st.sampled_from(
        [
            "==> x: TASK [common : Update] ***",
            "x: fatal: [web]: FAILED! => {",
            '"msg": "no"',
            "}",
            "...ignoring",
            "Error: bad",
        ]
        + [
            "  on image.pkr.hcl line 3:",
            "  (source code not available)",
            "",
            "[ERROR]: Task failed: x",
            "\x1b[31m",
            "│",
            "╷",
            "╵",
        ]
        + ["Script exited with non-zero exit status: 7", "fatal: [web]: FAILED! => [1]", "2 error(s) occurred:", "* x"]
    )
    | st.text(max_size=20),
    max_size=12,
)


@given(LINES, LINES)
@example(["x: fatal: [web]: FAILED! => " + "[" * 100_000], [])
@example(['x: fatal: [web]: FAILED! => {"msg": null, "stderr": 7}'], [])
def test_there_is_always_something_to_say_or_nothing(lines: list[str], errors: list[str]) -> None:
    failure = find_failure(lines, errors)
    if failure:
        assert failure.text
        assert not failure.text.endswith(".")


@given(LINES)
def test_diagnostics_of_any_text(lines: list[str]) -> None:
    found = parse_diagnostics("\n".join(lines))
    assert isinstance(describe_errors(found), str)
    for diagnostic in found:
        assert diagnostic.severity in ("error", "warning")
        assert diagnostic.line is None or diagnostic.line >= 0
