# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A template is checked without a call."""

from __future__ import annotations

import collections.abc as c
import typing as t
from pathlib import Path

import pytest
from harness.builds import TEMPLATE, Bench
from harness.cloud import Cloud
from harness.four import Four

OPTIONS = ("template", "chdir", "packer_executable", "packer_plugin_path")


@pytest.fixture
def bench(cloud: Cloud, tmp_path: Path) -> c.Iterator[Bench]:
    made = Bench(cloud, tmp_path)
    yield made
    made.remove()


def options(bench: Bench, name: str) -> dict[str, t.Any]:
    given = bench.arguments(name)
    return {key: given[key] for key in OPTIONS}


def test_a_good_template(four: Four, bench: Bench) -> None:
    bench.image("good")
    given = {**options(bench, "good"), "variables": {"text": "hello"}}
    outcome = four.module("golden.ami.packer_validate", given)
    outcome.expect(changed=False, writes={}, idle_reads=0)
    assert outcome.apply.result["valid"] is True
    assert [step.calls for step in outcome.steps] == [[], [], [], []]


def test_a_bad_template_is_told_with_its_line_and_does_not_fail(four: Four, bench: Bench) -> None:
    bad = TEMPLATE.replace("  ssh_username ", "  ssh_user ")
    line = 1 + bad[: bad.index("  ssh_user ")].count("\n")
    bench.image("bad", template=bad)
    outcome = four.module("golden.ami.packer_validate", options(bench, "bad"))
    outcome.expect(changed=False, writes={}, idle_reads=0)
    for step in outcome.steps:
        assert step.result["valid"] is False
        found = step.result["diagnostics"]
        assert any(one["line"] == line and one["file"].endswith("bad/tiny.pkr.hcl") for one in found), found
