# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command runs when it is not check mode, and says itself whether it changed something."""

from __future__ import annotations

import json
from pathlib import Path

from harness.four import Four

COMMAND = "golden.ami.live_command"
SKIPPED = "the command is not run in check mode"


def test_the_command_says_whether_it_changed_something(four: Four, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    script = f"""
    if test -e {mark}; then changed=false; else changed=true; touch {mark}; fi
    echo '{{"changed": '$changed'}}'
    """
    outcome = four.module(COMMAND, {"argv": ["sh", "-c", script]}, differs=SKIPPED)
    outcome.expect(changed=[False, True, False, False], writes={}, idle_reads=0)
    assert outcome.check.skipped
    assert outcome.check_again.skipped
    assert outcome.apply.result["data"] == {"changed": True}
    assert outcome.apply_again.result["data"] == {"changed": False}


def test_one_that_says_nothing_counts_as_changed(four: Four) -> None:
    outcome = four.module(COMMAND, {"argv": ["true"]}, differs=SKIPPED, again="it may have done anything")
    outcome.expect(changed=[False, True, False, True], writes={}, idle_reads=0)


def test_what_it_tells_is_shown(four: Four, tmp_path: Path) -> None:
    script = "echo step one >> $GOLDEN_PROGRESS_FILE; echo '" + json.dumps({"changed": False}) + "'"
    progress = tmp_path / "progress"
    given = {"argv": ["sh", "-c", script], "progress_file": str(progress)}
    outcome = four.module(COMMAND, given, differs=SKIPPED)
    outcome.expect(changed=False, writes={}, idle_reads=0)
    assert progress.read_text() == "step one\n" * 2
    assert outcome.output.count("  step one\n") == 2
