# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executions, actions and states in the shapes of the API."""

from __future__ import annotations

from typing import Any

from golden_cloud.api.codepipeline.model import PARALLEL, ActionRun, Artifact, Execution, Pipeline

Shape = dict[str, Any]


def given(shape: Shape) -> Shape:
    """What has a value."""
    return {name: value for name, value in shape.items() if value is not None}


def pipeline_summary(pipeline: Pipeline) -> Shape:
    return {
        "name": pipeline.name,
        "version": pipeline.version,
        "pipelineType": pipeline.declaration["pipelineType"],
        "executionMode": pipeline.declaration["executionMode"],
        "created": pipeline.created,
        "updated": pipeline.updated,
    }


# Executions


def _kind(execution: Execution) -> Shape:
    rollback = {"rollbackMetadata": {"rollbackTargetPipelineExecutionId": execution.target}}
    return {
        "trigger": execution.trigger,
        "executionMode": execution.mode,
        "executionType": execution.type,
        "statusSummary": execution.summary,
        **(rollback if execution.target else {}),
    }


def execution(shown: Execution) -> Shape:
    return given(
        _kind(shown)
        | {
            "pipelineName": shown.pipeline,
            "pipelineVersion": shown.version,
            "pipelineExecutionId": shown.id,
            "status": shown.status,
            "variables": [{"name": name, "resolvedValue": value} for name, value in shown.variables.items()],
            "artifactRevisions": [
                {
                    "name": revision.artifact,
                    "revisionId": revision.id,
                    "revisionSummary": revision.summary[:2048],
                    "revisionUrl": revision.url,
                    "created": revision.created,
                }
                for revision in shown.revisions
            ],
        }
    )


def execution_summary(shown: Execution) -> Shape:
    return given(
        _kind(shown)
        | {
            "pipelineExecutionId": shown.id,
            "status": shown.status,
            "startTime": shown.started,
            "lastUpdateTime": shown.updated,
            "sourceRevisions": [
                {
                    "actionName": revision.action,
                    "revisionId": revision.id,
                    "revisionSummary": revision.summary[:2048],
                    "revisionUrl": revision.url,
                }
                for revision in shown.revisions
            ],
            "stopTrigger": {"reason": shown.stop_reason} if shown.stop_reason is not None else None,
        }
    )


# Actions


def _artifacts(artifacts: dict[str, Artifact]) -> list[Shape]:
    return [{"name": name, "s3location": artifact.describe()} for name, artifact in artifacts.items()]


def action(shown: Execution, run: ActionRun) -> Shape:
    """Of ListActionExecutions."""
    result = given(
        {
            "externalExecutionId": run.external_id,
            "externalExecutionSummary": run.summary,
            "externalExecutionUrl": run.external_url,
            "errorDetails": run.error,
            "logStreamARN": run.log_stream,
        }
    )
    output: Shape = {"executionResult": result} if result else {}
    if run.status == "Succeeded":
        output |= {"outputArtifacts": _artifacts(run.outputs), "outputVariables": run.variables}
    return given(
        {
            "pipelineExecutionId": shown.id,
            "actionExecutionId": run.id,
            "pipelineVersion": shown.version,
            "stageName": run.stage,
            "actionName": run.name,
            "startTime": run.started,
            "lastUpdateTime": run.updated,
            "updatedBy": run.updated_by,
            "status": run.status,
            "input": given(
                {
                    "actionTypeId": run.declaration["actionTypeId"],
                    "configuration": run.declaration["configuration"],
                    "resolvedConfiguration": run.configuration,
                    "roleArn": run.declaration.get("roleArn"),
                    "region": run.region,
                    "inputArtifacts": _artifacts(run.inputs),
                    "namespace": run.declaration.get("namespace"),
                }
            ),
            "output": output,
        }
    )


# The state


def state(pipeline: Pipeline) -> Shape:
    """Of GetPipelineState."""
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": pipeline.version,
        "stageStates": [_stage(pipeline, stage) for stage in pipeline.declaration["stages"]],
        "created": pipeline.created,
        "updated": pipeline.updated,
    }


def _stage(pipeline: Pipeline, stage: Shape) -> Shape:
    name = stage["name"]
    waiting = [
        {"pipelineExecutionId": e.id, "status": "InProgress", "type": e.type}
        for e in pipeline.executions
        if e.status == "InProgress" and e.waiting and e.stage_declaration["name"] == name
    ]
    latest = pipeline.execution(pipeline.last_in_stage.get(name))
    run = latest.stages.get(name) if latest is not None else None
    shown = {
        "stageName": name,
        "inboundExecution": waiting[-1] if waiting else None,
        "inboundExecutions": waiting,
        "inboundTransitionState": _transition(pipeline, name),
        "actionStates": [_action_state(latest, name, one) for one in stage["actions"]],
    }
    if latest is not None and run is not None:
        status = "Stopping" if run.status == "InProgress" and latest.status == "Stopping" else run.status
        shown["latestExecution"] = {"pipelineExecutionId": latest.id, "status": status, "type": latest.type}
        retries = given(
            {
                "autoStageRetryAttempt": run.automatic_retries or None,
                "manualStageRetryAttempt": run.manual_retries or None,
                "latestRetryTrigger": run.last_retry,
            }
        )
        if retries:
            shown["retryStageMetadata"] = retries
    return given(shown)


def _transition(pipeline: Pipeline, stage: str) -> Shape:
    transition = pipeline.transitions.get(stage)
    if transition is None:
        return {"enabled": True}
    return given(
        {
            "enabled": transition.enabled,
            "lastChangedBy": transition.changed_by,
            "lastChangedAt": transition.changed,
            "disabledReason": transition.reason,
        }
    )


def _action_state(latest: Execution | None, stage: str, declared: Shape) -> Shape:
    shown: Shape = {"actionName": declared["name"]} | _links(declared)
    run = _run_of(latest, stage, declared["name"])
    if run is None or latest is None:
        return shown
    shown["latestExecution"] = given(
        {
            "actionExecutionId": run.id,
            "status": run.status,
            "summary": (run.summary or "")[:2048] or None,
            "lastStatusChange": run.updated,
            "token": run.token if run.in_progress and latest.mode != PARALLEL else None,
            "lastUpdatedBy": run.updated_by,
            "externalExecutionId": run.external_id,
            "externalExecutionUrl": run.external_url,
            "percentComplete": run.percent,
            "errorDetails": run.error,
            "logStreamARN": run.log_stream,
        }
    )
    if run.revision is not None:
        revision = run.revision
        shown["currentRevision"] = {
            "revisionId": revision.id,
            "revisionChangeId": revision.id[:100],
            "created": revision.created,
        }
        shown["revisionUrl"] = revision.url
    return shown


def _run_of(latest: Execution | None, stage: str, action_name: str) -> ActionRun | None:
    """The action's latest try in the execution; one that a retry has not come to again is shown as it was."""
    if latest is None:
        return None
    return next((r for r in reversed(latest.runs) if (r.stage, r.name) == (stage, action_name)), None)


def _links(declared: Shape) -> Shape:
    """Where the console shows what the action works with."""
    provider, configuration = declared["actionTypeId"]["provider"], declared["configuration"]
    console = "https://console.aws.amazon.com"
    if provider == "CodeBuild":
        return {"entityUrl": f"{console}/codebuild/home?#/projects/{configuration['ProjectName']}/view"}
    if provider == "CodeCommit":
        where = f"{configuration['RepositoryName']}/browse/{configuration['BranchName']}"
        return {"entityUrl": f"{console}/codecommit/home#/repository/{where}/--/"}
    return {}
