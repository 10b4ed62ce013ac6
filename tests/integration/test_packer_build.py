# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image is built once; what changed since is named before it is built again."""

from __future__ import annotations

import collections.abc as c
import typing as t
from pathlib import Path

import pytest
from harness.builds import Bench
from harness.cloud import Cloud
from harness.four import Four

BUILD = "golden.ami.packer_build"
# What Packer does for an AMI, and besides it the lock, the record of the version and its removal.
WRITES = {
    "AuthorizeSecurityGroupIngress",
    "CreateImage",
    "CreateKeyPair",
    "CreateSecurityGroup",
    "CreateTags",
    "DeleteKeyPair",
    "DeleteParameter",
    "DeleteSecurityGroup",
    "PutParameter",
    "RunInstances",
    "StopInstances",
    "TerminateInstances",
}
# The notes of the module promise it: the base, and the AMIs of the image.
IDLE_READS = 2


@pytest.fixture
def bench(cloud: Cloud, tmp_path: Path) -> c.Iterator[Bench]:
    made = Bench(cloud, tmp_path)
    yield made
    made.remove()


def options(bench: Bench, name: str, **more: t.Any) -> dict[str, t.Any]:
    """Without the connection, which comes from module_defaults."""
    given = bench.arguments(name, **more)
    return {key: value for key, value in given.items() if key not in bench.connection()}


def test_built_once(four: Four, bench: Bench, cloud: Cloud) -> None:
    before = cloud.inventory()
    bench.image("once", script='echo "the secret is $SECRET"')
    secret = "correct-horse-battery"
    given = options(bench, "once", secret_variables={"secret": secret})
    outcome = four.module(BUILD, given, secrets=[secret])
    outcome.expect(changed=True, writes=WRITES, idle_reads=IDLE_READS)
    assert outcome.check.result["reason"] == "once is to be built: there is no AMI of once in us-east-1 yet."
    assert outcome.check.result["fingerprint"] == outcome.apply.result["fingerprint"]
    (made,) = outcome.apply.result["artifacts"]
    assert cloud.inventory()["images"] - before["images"] == {made["ami_id"]}
    assert outcome.apply_again.result["artifacts"][0]["ami_id"] == made["ami_id"]
    assert outcome.apply_again.result["version"] == outcome.apply.result["version"]
    log = Path(outcome.apply.result["log_path"]).read_text()
    assert "the secret is" in log
    assert secret not in log


def test_a_changed_file_makes_a_new_version(four: Four, bench: Bench) -> None:
    bench.image("changed", script="true")
    first = bench.build("changed")
    assert not first.failed, first
    bench.image("changed", script="echo other")
    outcome = four.module(BUILD, options(bench, "changed"))
    outcome.expect(changed=True, writes=WRITES, idle_reads=IDLE_READS)
    for step in (outcome.check, outcome.apply):
        assert "script changed (provision.sh) since" in step.result["reason"]
    assert outcome.apply.diff["before"]["image_id"] == first.amis[0]
    assert outcome.apply.diff["before"]["parts"]["script"] != outcome.apply.diff["after"]["parts"]["script"]
    assert outcome.apply.result["version"] > first.values["version"]


def test_force_builds_each_time(four: Four, bench: Bench) -> None:
    bench.image("forced", script="true")
    outcome = four.module(BUILD, options(bench, "forced", force=True), again="force builds although nothing changed")
    outcome.expect(changed=True, writes=WRITES, idle_reads=IDLE_READS)
    assert outcome.check_again.result["reason"] == "forced is to be built: a build was asked for with force."
    assert outcome.apply.result["artifacts"] != outcome.apply_again.result["artifacts"]
    assert outcome.apply.result["fingerprint"] == outcome.apply_again.result["fingerprint"]


def test_a_variable_that_the_template_lacks_is_refused(four: Four, bench: Bench) -> None:
    bench.image("undeclared")
    message = four.refused(BUILD, options(bench, "undeclared", variables={"colour": "red"}))
    assert "colour" in message


def test_a_template_that_is_wrong_is_refused(four: Four, bench: Bench) -> None:
    bench.image("wrong", template='source "null" "x" {\n  nosuch = 1\n}\nbuild {\n  sources = ["source.null.x"]\n}\n')
    given = options(bench, "wrong")
    del given["source_ami"]
    assert "nosuch" in four.refused(BUILD, given)
