# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request names: a pipeline, an execution, one that can be retried or rolled back to."""

from __future__ import annotations

from golden_cloud.api.codepipeline.model import (
    PARALLEL,
    CloudCodePipelineBackend,
    Declaration,
    Execution,
    Pipeline,
    StageRun,
)
from golden_cloud.api.codepipeline.start import succeeded_in
from golden_cloud.api.errors import CloudError


def pipeline_of(backend: CloudCodePipelineBackend, name: str) -> Pipeline:
    found = backend.pipelines.get(name)
    if found is None:
        text = f"Account '{backend.account_id}' does not have a pipeline with name '{name}'"
        raise CloudError("PipelineNotFoundException", text)
    return found


def execution_of(pipeline: Pipeline, execution_id: str) -> Execution:
    found = pipeline.execution(execution_id)
    if found is None:
        text = f"Execution {execution_id} does not exist in pipeline {pipeline.name}"
        raise CloudError("PipelineExecutionNotFoundException", text)
    return found


def stage_names(declaration: Declaration) -> list[str]:
    return [str(stage["name"]) for stage in declaration["stages"]]


def retryable(pipeline: Pipeline, execution: Execution, stage: str) -> StageRun:
    """The execution's way through the stage, once it has been seen that it can be retried."""
    if execution.mode != PARALLEL and pipeline.last_in_stage.get(stage) != execution.id:
        text = f"Execution {execution.id} is not the latest one in stage {stage}"
        raise CloudError("NotLatestPipelineExecutionException", text)
    run = execution.stages.get(stage)
    left = [] if run is None else [r for r in run.current.values() if r.status in ("Failed", "Abandoned")]
    if execution.alive or execution.waiting or run is None or execution.stage is not run or not left:
        text = f"Stage {stage} of execution {execution.id} has no failed actions, or is in progress"
        raise CloudError("StageNotRetryableException", text)
    return run


def rollback_target(pipeline: Pipeline, stage: str, execution_id: str) -> Execution:
    """The execution whose artifacts the stage gets back."""
    target = execution_of(pipeline, execution_id)
    if pipeline.declaration["pipelineType"] != "V2" or pipeline.declaration["executionMode"] == PARALLEL:
        text = "Only a pipeline of type V2, and not in the execution mode PARALLEL, can have a stage rolled back"
        raise CloudError("UnableToRollbackStageException", text)
    if stage == stage_names(pipeline.declaration)[0]:
        raise CloudError("UnableToRollbackStageException", f"Stage {stage} has source actions: it can't be rolled back")
    if target.version != pipeline.version:
        text = f"The pipeline has changed since execution {target.id}: it is version {pipeline.version} now"
        raise CloudError("PipelineExecutionOutdatedException", text)
    if target.type == "ROLLBACK" or not succeeded_in(target, stage):
        text = f"Execution {target.id} is none that has brought stage {stage} to success by itself"
        raise CloudError("UnableToRollbackStageException", text)
    return target
