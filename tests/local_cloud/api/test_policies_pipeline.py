# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pipeline's role has what it needs and nothing in vain: learnt from a run, and shown by taking each action away."""

from __future__ import annotations

import json
from typing import Any

from pipelines import Pipelines, bucket, build, builds, pipelines, stage

__all__ = ["bucket", "builds", "pipelines"]


def _grant(cloud: Any, statements: list[dict[str, Any]]) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    cloud.client("iam").put_role_policy(RoleName="pipeline", PolicyName="learnt", PolicyDocument=text)


def _of_role(cloud: Any) -> Any:
    told = cloud.control("GET", "iam/used")[1]["principals"]
    return next(one for one in told if one["principal"].endswith(":role/pipeline"))


def _actions(statements: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    listed = [(s["Action"] if isinstance(s["Action"], list) else [s["Action"]], s["Resource"]) for s in statements]
    return [(action, resource) for actions, resource in listed for action in actions]


def test_what_a_run_asks_for_is_what_a_run_needs(cloud: Any, pipelines: Pipelines) -> None:
    first = pipelines.create(stage("Build", build("bake")))
    assert pipelines.becomes(first, "Succeeded", "Failed") == "Succeeded"
    # The resources of a run are named by it: its artifacts get new names each time.
    learnt = [
        (action, "arn:aws:s3:::artifacts/*" if action == "s3:PutObject" else resource)
        for action, resource in _actions(_of_role(cloud)["to_add"])
    ]
    assert sorted(action for action, _resource in learnt) == [
        "codebuild:BatchGetBuilds", "codebuild:StartBuild", "s3:GetObject", "s3:PutObject",
    ]  # fmt: skip
    statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in learnt]
    _grant(cloud, statements)
    cloud.control("DELETE", "iam/used")
    cloud.control("PUT", "iam", {"enforce": True})
    assert pipelines.becomes(pipelines.start(), "Succeeded", "Failed") == "Succeeded"
    told = _of_role(cloud)
    assert (told["unused"], told["unused_resources"], told["denied"]) == ([], [], [])
    assert told["used"] == sorted(grant["action"] for grant in told["granted"])
    for missing in statements:
        _grant(cloud, [one for one in statements if one is not missing])
        execution = pipelines.start()
        assert pipelines.becomes(execution, "Succeeded", "Failed") == "Failed", missing
        assert any(missing["Action"] in json.dumps(one, default=str) for one in pipelines.actions(execution)), missing
        assert [one["action"] for one in _of_role(cloud)["denied"]] == [missing["Action"]]
        cloud.control("DELETE", "iam/used")
