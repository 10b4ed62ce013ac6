# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executions that run: started, followed, approved, rejected, stopped, retried and rolled back."""

from __future__ import annotations

import pytest
from harness.cloud import Cloud
from harness.four import Four
from harness.planted_pipelines import REVISION, Pipelines

MODULE = "golden.ami.codepipeline_execution"


@pytest.fixture
def pipelines(cloud: Cloud) -> Pipelines:
    return Pipelines(cloud)


def test_started_and_followed_to_its_end(four: Four, pipelines: Pipelines) -> None:
    four.module("golden.ami.codepipeline", pipelines.options())
    options = {"pipeline": pipelines.name, "variables": {"REASON": "test"}}
    outcome = four.module(MODULE, options, again="each run starts an execution")
    assert outcome.changed == [True] * 4
    execution = outcome.apply.result["execution"]
    assert execution["status"] == "Succeeded"
    assert execution["variables"] == {"REASON": "test"}
    assert [stage["name"] for stage in execution["stages"]] == ["Source", "Deploy"]
    assert "Source / object" in outcome.output
    assert "Deploy / site Succeeded" in outcome.output
    assert outcome.check.result["execution"] is None
    said = four.refused(MODULE, {"pipeline": pipelines.name, "variables": {"OTHER": "x"}})
    assert "it has no variable OTHER" in said
    assert "variables.REASON must be given" in said


def test_an_approval_is_waited_for_and_answered_once(four: Four, pipelines: Pipelines) -> None:
    four.module("golden.ami.codepipeline", pipelines.options(approval=True))
    execution_id = pipelines.start()
    pipelines.until_it_waits()
    watch = {"pipeline": pipelines.name, "state": "watched", "wait_for": "approval"}
    waits = four.module(MODULE, watch)
    assert waits.changed == [False] * 4
    assert [one["action"] for one in waits.apply.result["approvals"]] == ["look"]
    answer = {"pipeline": pipelines.name, "state": "approved", "summary": "good"}
    approved = four.module(MODULE, answer)
    assert approved.changed == [True, True, False, False]
    assert approved.apply.result["execution"]["status"] == "Succeeded"
    assert approved.apply.result["execution"]["id"] == execution_id
    assert "it is approved already" in approved.apply_again.result["reason"]


def test_rejected(four: Four, pipelines: Pipelines) -> None:
    four.module("golden.ami.codepipeline", pipelines.options(approval=True))
    pipelines.start()
    pipelines.until_it_waits()
    rejected = four.module(MODULE, {"pipeline": pipelines.name, "state": "rejected", "summary": "too old"})
    assert rejected.changed == [True, True, False, False]
    assert rejected.apply.result["execution"]["status"] == "Failed"
    assert rejected.apply.result["failure"]["stage"] == "Approve"
    assert "too old" in rejected.apply.result["failure"]["message"]


def test_stopped(four: Four, pipelines: Pipelines) -> None:
    four.module("golden.ami.codepipeline", pipelines.options(approval=True))
    pipelines.start()
    pipelines.until_it_waits()
    options = {"pipeline": pipelines.name, "state": "stopped", "abandon": True, "summary": "wrong branch"}
    stopped = four.module(MODULE, options)
    assert stopped.changed == [True, True, False, False]
    assert stopped.apply.result["execution"]["status"] == "Stopped"


def test_failed_then_retried(four: Four, pipelines: Pipelines, cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    kept = s3.get_object(Bucket=pipelines.bucket, Key=REVISION)["Body"].read()
    s3.put_object(Bucket=pipelines.bucket, Key=REVISION, Body=b"no zip")
    four.module("golden.ami.codepipeline", pipelines.options())
    first = pipelines.start()
    said = four.refused(MODULE, {"pipeline": pipelines.name, "state": "watched"})
    assert "failed at the stage Deploy, action site" in said
    assert f"state: retried, stage: Deploy, execution_id: {first}" in said
    # What a stage is retried with is what the execution has: a new one takes the new revision.
    s3.put_object(Bucket=pipelines.bucket, Key=REVISION, Body=kept)
    second = pipelines.start()
    done = four.module(MODULE, {"pipeline": pipelines.name, "state": "watched", "execution_id": second})
    assert done.apply.result["execution"]["status"] == "Succeeded"
    nothing = four.module(MODULE, {"pipeline": pipelines.name, "state": "retried"})
    assert nothing.changed == [False] * 4


def test_rolled_back(four: Four, pipelines: Pipelines) -> None:
    four.module("golden.ami.codepipeline", pipelines.options())
    first, second = pipelines.start(), ""
    watch = {"pipeline": pipelines.name, "state": "watched"}
    four.module(MODULE, {**watch, "execution_id": first})
    second = pipelines.start()
    four.module(MODULE, {**watch, "execution_id": second})
    back = four.module(MODULE, {"pipeline": pipelines.name, "state": "rolled_back", "stage": "Deploy"})
    assert back.changed == [True, True, False, False]
    assert back.apply.result["execution"]["rolled_back_to"] == first
    assert back.apply.result["execution"]["status"] == "Succeeded"
