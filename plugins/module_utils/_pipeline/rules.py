# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The EventBridge rules of a pipeline: a push starts it, and what no build can tell of goes to the topic."""

from __future__ import annotations

import typing as t

from .names import Names

Rule = dict[str, t.Any]
_RETRY = (
    "aws codepipeline retry-stage-execution --pipeline-name <pipeline> --stage-name <stage>"
    " --pipeline-execution-id <execution> --retry-mode FAILED_ACTIONS"
)


def declare_rules(names: Names, *, push: bool) -> list[Rule]:
    """C(push): whether a push to a CodeCommit repository starts it, as it does not by itself."""
    told = [_succeeded(names), _failed(names)]
    return [_push(names), *told] if push else told


def _push(names: Names) -> Rule:
    return {
        "name": f"{names.project}-push",
        "description": f"A push to {names.branch} of {names.repository} starts the pipeline {names.project}",
        "pattern": {
            "source": ["aws.codecommit"],
            "detail-type": ["CodeCommit Repository State Change"],
            "resources": [names.repository_arn],
            "detail": {
                "event": ["referenceCreated", "referenceUpdated"],
                "referenceType": ["branch"],
                "referenceName": [names.branch],
            },
        },
        "target": {"Arn": names.pipeline_arn, "RoleArn": names.role_arn(names.starter_role("events"))},
    }


def _succeeded(names: Names) -> Rule:
    paths = {"pipeline": "$.detail.pipeline", "execution": "$.detail.execution-id"}
    lines = ["<pipeline> succeeded: execution <execution>.", f"Link: {_link(names)}"]
    return _notice(names, "succeeded", "Pipeline", {"state": ["SUCCEEDED"]}, paths, lines)


def _failed(names: Names) -> Rule:
    """Stages in which no build runs that could tell more."""
    paths = {
        "pipeline": "$.detail.pipeline",
        "execution": "$.detail.execution-id",
        "stage": "$.detail.stage",
        "action": "$.detail.action",
        "cause": "$.detail.execution-result.external-execution-summary",
    }
    lines = [
        "<pipeline> failed in stage <stage>, action <action>: execution <execution>.",
        "Cause: <cause>",
        f"Link: {_link(names)}",
        "The AMI that the channels name is still the last good one.",
        f"Retry: {_RETRY}",
    ]
    detail = {"state": ["FAILED"], "type": {"category": ["Source", "Approval"]}}
    return _notice(names, "failed", "Action", detail, paths, lines)


def _notice(
    names: Names, word: str, subject: str, detail: dict[str, t.Any], paths: dict[str, str], lines: list[str]
) -> Rule:
    # A template of several lines is one quoted text for each.
    template = "\n".join(f'"{line}"' for line in lines)
    return {
        "name": f"{names.project}-{word}",
        "description": f"Tells that the pipeline {names.project} {word}",
        "pattern": {
            "source": ["aws.codepipeline"],
            "detail-type": [f"CodePipeline {subject} Execution State Change"],
            "detail": {"pipeline": [names.project], **detail},
        },
        "target": {
            "Arn": names.topic_arn,
            "InputTransformer": {"InputPathsMap": paths, "InputTemplate": template},
        },
    }


def _link(names: Names) -> str:
    region = names.place.region
    return (
        f"https://{region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/{names.project}/view?region={region}"
    )
