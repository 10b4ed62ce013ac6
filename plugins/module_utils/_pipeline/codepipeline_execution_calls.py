# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Calls to CodePipeline about executions, and to CodeBuild and CloudWatch Logs for what their builds say."""

from __future__ import annotations

from .codepipeline_calls import Client, Resource, call, lookup


@call("start the pipeline {name}")
def start(client: Client, name: str, request: Resource) -> str:
    return str(client.start_pipeline_execution(name=name, **request)["pipelineExecutionId"])


@call("stop the execution {execution_id} of the pipeline {name}")
def stop(client: Client, name: str, execution_id: str, abandon: bool, reason: str | None) -> None:
    why = {"reason": reason} if reason else {}
    client.stop_pipeline_execution(pipelineName=name, pipelineExecutionId=execution_id, abandon=abandon, **why)


@call("answer the approval {action} in the stage {stage} of the pipeline {name}")
def answer(client: Client, name: str, stage: str, action: str, token: str, result: Resource) -> None:
    client.put_approval_result(pipelineName=name, stageName=stage, actionName=action, token=token, result=result)


@call("retry the stage {stage} of the pipeline {name}")
def retry_stage(client: Client, name: str, stage: str, execution_id: str, mode: str) -> None:
    client.retry_stage_execution(pipelineName=name, stageName=stage, pipelineExecutionId=execution_id, retryMode=mode)


@call("roll the stage {stage} of the pipeline {name} back to the execution {target}")
def roll_back(client: Client, name: str, stage: str, target: str) -> str:
    request = {"pipelineName": name, "stageName": stage, "targetPipelineExecutionId": target}
    return str(client.rollback_stage(**request)["pipelineExecutionId"])


@call("read the execution {execution_id} of the pipeline {name}")
def get_execution(client: Client, name: str, execution_id: str) -> Resource:
    found: Resource = client.get_pipeline_execution(pipelineName=name, pipelineExecutionId=execution_id)[
        "pipelineExecution"
    ]
    return found


@call("list the executions of the pipeline {name}")
def list_executions(client: Client, name: str, most: int, stage: str | None = None) -> list[Resource]:
    """The newest ones, newest first; with C(stage), those that succeeded in it."""
    succeeded = {"filter": {"succeededInStage": {"stageName": stage}}} if stage else {}
    answered = client.list_pipeline_executions(pipelineName=name, maxResults=most, **succeeded)
    return list(answered["pipelineExecutionSummaries"])


@call("list the actions of the pipeline {name}")
def list_actions(client: Client, name: str, execution_id: str) -> list[Resource]:
    """What the actions of an execution did, newest first; one that was retried is there several times."""
    pages = client.get_paginator("list_action_executions").paginate(
        pipelineName=name, filter={"pipelineExecutionId": execution_id}
    )
    return [one for page in pages for one in page.get("actionExecutionDetails", [])]


@call("read the state of the pipeline {name}")
def get_state(client: Client, name: str) -> list[Resource]:
    """Its stages."""
    return list(client.get_pipeline_state(name=name).get("stageStates", []))


@call("read the build {build_id}")
def get_build(codebuild: Client, build_id: str) -> Resource | None:
    found = codebuild.batch_get_builds(ids=[build_id]).get("builds", [])
    return found[0] if found else None


@lookup("read the log {group} {stream}")
def get_log_events(logs: Client, group: str, stream: str, request: Resource) -> Resource | None:
    """None when the log is not there, or not yet."""
    found: Resource = logs.get_log_events(logGroupName=group, logStreamName=stream, **request)
    return found
