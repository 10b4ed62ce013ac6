# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CodePipeline's operations."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from golden_cloud.api import caller, constraints, trust
from golden_cloud.api.access import PARTITION
from golden_cloud.api.codepipeline import changes, declaration, describe, engine, start
from golden_cloud.api.codepipeline.job import SERVICE
from golden_cloud.api.codepipeline.lookup import (
    execution_of,
    pipeline_of,
    retryable,
    rollback_target,
    stage_names,
)
from golden_cloud.api.codepipeline.model import (
    CloudCodePipelineBackend,
    Pipeline,
    Transition,
    codepipeline_backends,
    now,
)
from golden_cloud.api.codepipeline.place import Place
from golden_cloud.api.ec2.filters import page
from golden_cloud.api.errors import CloudError, UnsupportedOption
from golden_cloud.api.service import CloudResponse

MOST_TAGS = 50


class CloudCodePipelineResponse(CloudResponse, BaseResponse):
    """Every operation of CodePipeline that the catalogue lists."""

    def __init__(self) -> None:
        super().__init__(service_name="codepipeline")
        self.automated_parameter_parsing = True

    @property
    def _backend(self) -> CloudCodePipelineBackend:
        backend: CloudCodePipelineBackend = codepipeline_backends[self.identity.account_id][self.region]
        return backend

    @property
    def _place(self) -> Place:
        return Place(self.identity.account_id, self.region)

    def _checked(self) -> dict[str, Any]:
        """The options, of which the model of the service has been seen to hold."""
        given = self._given()
        constraints.check("codepipeline", str(self._get_action()), given)
        return given

    def _pipeline(self, option: str = "pipelineName") -> Pipeline:
        return pipeline_of(self._backend, str(self._checked()[option]))

    # Pipelines

    def create_pipeline(self) -> ActionResult:
        given, backend = self._checked(), self._backend
        declared = self._declared(given["pipeline"], 1)
        if declared["name"] in backend.pipelines:
            text = f"A pipeline with the name '{declared['name']}' already exists in account '{backend.account_id}'"
            raise CloudError("PipelineNameInUseException", text)
        tags = _tags(given.get("tags") or [])
        name = declared["name"]
        arn = f"arn:{PARTITION}:codepipeline:{self.region}:{backend.account_id}:{name}"
        pipeline = backend.pipelines[name] = Pipeline(name, arn, tags, [declared])
        if all("defaultValue" in variable for variable in declared.get("variables", [])):
            # A new pipeline runs at once.
            start.begin(self._place, pipeline, {"triggerType": "CreatePipeline", "triggerDetail": self.identity.arn})
        return ActionResult({"pipeline": declared, "tags": _listed(tags)})

    def update_pipeline(self) -> ActionResult:
        given = self._checked()["pipeline"]
        pipeline = pipeline_of(self._backend, given["name"])
        declared = self._declared(given, pipeline.version + 1)
        pipeline.versions.append(declared)
        pipeline.updated = now()
        names = set(stage_names(declared))
        pipeline.transitions = {k: v for k, v in pipeline.transitions.items() if k in names}
        return ActionResult({"pipeline": declared})

    def _declared(self, given: dict[str, Any], version: int) -> dict[str, Any]:
        """The declaration in its normal form, once it has been seen to be right."""
        declared = declaration.normal(given, version)
        declaration.check(str(self._get_action()), declared, self.region)
        if not trust.trusts(declared["roleArn"], SERVICE):
            text = f"CodePipeline is not authorized to perform AssumeRole on role {declared['roleArn']}"
            raise CloudError("InvalidStructureException", text)
        return declared

    def get_pipeline(self) -> ActionResult:
        pipeline, version = self._pipeline("name"), self._get_param("version")
        if version is not None and not 1 <= int(version) <= pipeline.version:
            text = f"Pipeline '{pipeline.name}' has no version {version}"
            raise CloudError("PipelineVersionNotFoundException", text)
        metadata = {"pipelineArn": pipeline.arn, "created": pipeline.created, "updated": pipeline.updated}
        return ActionResult({"pipeline": pipeline.versions[int(version or 0) - 1], "metadata": metadata})

    def delete_pipeline(self) -> ActionResult:
        """What is under way is not told any more."""
        pipeline = self._backend.pipelines.pop(str(self._checked()["name"]), None)
        for execution in pipeline.executions if pipeline is not None else []:
            for run in execution.in_progress:
                run.end("Abandoned")
        return EmptyResult()

    def list_pipelines(self) -> ActionResult:
        given = self._checked()
        shown = [describe.pipeline_summary(self._backend.pipelines[name]) for name in sorted(self._backend.pipelines)]
        return self._page("pipelines", shown, given.get("maxResults", 1000))

    def list_tags_for_resource(self) -> ActionResult:
        return self._page("tags", _listed(self._tagged().tags), self._get_param("maxResults") or 100)

    def tag_resource(self) -> ActionResult:
        pipeline = self._tagged()
        pipeline.tags = _tags(_listed(pipeline.tags | _tags(self._get_param("tags"))))
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        pipeline, keys = self._tagged(), set(self._get_param("tagKeys"))
        pipeline.tags = {key: value for key, value in pipeline.tags.items() if key not in keys}
        return EmptyResult()

    def _tagged(self) -> Pipeline:
        arn = str(self._checked()["resourceArn"])
        found = next((p for p in self._backend.pipelines.values() if p.arn == arn), None)
        if found is None:
            raise CloudError("ResourceNotFoundException", f"The pipeline {arn} was not found")
        return found

    def _page(self, key: str, shown: list[Any], most: int) -> ActionResult:
        found, token = page(shown, most, self._get_param("nextToken"))
        return ActionResult({key: found, "nextToken": token})

    # Executions

    def start_pipeline_execution(self) -> ActionResult:
        given = self._checked()
        pipeline = pipeline_of(self._backend, given["name"])
        token = given.get("clientRequestToken")
        known = next((e for e in pipeline.executions if token is not None and e.request_token == token), None)
        if known is not None:
            return ActionResult({"pipelineExecutionId": known.id})
        revisions = {revision["actionName"]: revision for revision in given.get("sourceRevisions") or []}
        _check_revisions(pipeline, revisions)
        execution = start.begin(
            self._place,
            pipeline,
            self._trigger(),
            given={variable["name"]: variable["value"] for variable in given.get("variables") or []},
            source_revisions=revisions,
            request_token=token,
        )
        return ActionResult({"pipelineExecutionId": execution.id})

    def _trigger(self) -> dict[str, str]:
        who = caller.of(self.headers) or ""
        if who.startswith(caller.EVENTS):
            return {"triggerType": "CloudWatchEvent", "triggerDetail": who.removeprefix(caller.EVENTS)}
        return {"triggerType": "StartPipelineExecution", "triggerDetail": self.identity.arn}

    def stop_pipeline_execution(self) -> ActionResult:
        given, pipeline = self._checked(), self._pipeline()
        execution, abandon = execution_of(pipeline, given["pipelineExecutionId"]), bool(given.get("abandon"))
        if not execution.alive:
            text = f"Pipeline execution {execution.id} is {execution.status}: only one in progress can be stopped"
            raise CloudError("PipelineExecutionNotStoppableException", text)
        if execution.status == "Stopping" and not abandon:
            text = f"Pipeline execution {execution.id} is stopping already"
            raise CloudError("DuplicatedStopRequestException", text)
        execution.stop_reason = given.get("reason", execution.stop_reason)
        if execution.status != "Stopping":
            execution.enter("Stopping")
            changes.pipeline(self._place, pipeline, execution, "STOPPING")
        for run in execution.in_progress if abandon else []:
            run.updated_by = self.identity.arn
            run.end("Abandoned")
            changes.action(self._place, pipeline, execution, run)
        return ActionResult({"pipelineExecutionId": execution.id})

    def get_pipeline_execution(self) -> ActionResult:
        pipeline = self._pipeline()
        execution = execution_of(pipeline, self._get_param("pipelineExecutionId"))
        return ActionResult({"pipelineExecution": describe.execution(execution)})

    def list_pipeline_executions(self) -> ActionResult:
        given, pipeline = self._checked(), self._pipeline()
        stage = ((given.get("filter") or {}).get("succeededInStage") or {}).get("stageName")
        shown = [
            describe.execution_summary(execution)
            for execution in reversed(pipeline.executions)
            if stage is None or start.succeeded_in(execution, stage)
        ]
        return self._page("pipelineExecutionSummaries", shown, given.get("maxResults", 100))

    def get_pipeline_state(self) -> ActionResult:
        return ActionResult(describe.state(self._pipeline("name")))

    def list_action_executions(self) -> ActionResult:
        given, pipeline = self._checked(), self._pipeline()
        wanted = given.get("filter") or {}
        latest = wanted.get("latestInPipelineExecution") or {}
        execution_id = latest.get("pipelineExecutionId") or wanted.get("pipelineExecutionId")
        executions = [execution_of(pipeline, execution_id)] if execution_id else pipeline.executions
        found = [(e, run) for e in executions for run in e.runs]
        if latest.get("startTimeRange") == "Latest":
            newest = {(e.id, run.stage, run.name): run.id for e, run in found}
            found = [(e, run) for e, run in found if newest[e.id, run.stage, run.name] == run.id]
        found.sort(key=lambda pair: pair[1].started, reverse=True)
        shown = [describe.action(execution, run) for execution, run in found]
        return self._page("actionExecutionDetails", shown, given.get("maxResults", 100))

    # What somebody has to say to an execution

    def put_approval_result(self) -> ActionResult:
        given, pipeline = self._checked(), self._pipeline()
        where = (self._stage(pipeline), given["actionName"])
        runs = [(e, run) for e in pipeline.executions for run in e.runs if (run.stage, run.name) == where]
        declared = next(s for s in pipeline.declaration["stages"] if s["name"] == where[0])["actions"]
        if not runs and where[1] not in {action["name"] for action in declared}:
            text = f"Stage '{where[0]}' of pipeline '{pipeline.name}' has no action with name '{where[1]}'"
            raise CloudError("ActionNotFoundException", text)
        found = next(((e, run) for e, run in runs if run.token == given["token"]), None)
        if found is None:
            raise CloudError("InvalidApprovalTokenException", f"The approval token {given['token']} is not valid")
        execution, run = found
        if not run.in_progress:
            raise CloudError("ApprovalAlreadyCompletedException", f"The approval of {run.name} has been answered")
        result = given["result"]
        run.updated_by = self.identity.arn
        if result["status"] == "Approved":
            run.end("Succeeded", result["summary"])
        else:
            run.end("Failed", result["summary"])
        changes.action(self._place, pipeline, execution, run)
        return ActionResult({"approvedAt": run.updated})

    def retry_stage_execution(self) -> ActionResult:
        given, pipeline = self._checked(), self._pipeline()
        execution = execution_of(pipeline, given["pipelineExecutionId"])
        stage = retryable(pipeline, execution, self._stage(pipeline))
        stage.manual_retries += 1
        engine.retry(self._place, pipeline, execution, given["retryMode"], "ManualStageRetry")
        return ActionResult({"pipelineExecutionId": execution.id})

    def rollback_stage(self) -> ActionResult:
        given, pipeline = self._checked(), self._pipeline()
        stage = self._stage(pipeline)
        target = rollback_target(pipeline, stage, given["targetPipelineExecutionId"])
        execution = start.begin_rollback(self._place, pipeline, stage, target, "ManualRollback", self.identity.arn)
        return ActionResult({"pipelineExecutionId": execution.id})

    def disable_stage_transition(self) -> ActionResult:
        pipeline = self._pipeline()
        reason = str(self._get_param("reason"))
        self._set_transition(pipeline, Transition(False, reason, self.identity.arn, now()))
        return EmptyResult()

    def enable_stage_transition(self) -> ActionResult:
        self._set_transition(self._pipeline(), Transition(True, None, self.identity.arn, now()))
        return EmptyResult()

    def _set_transition(self, pipeline: Pipeline, transition: Transition) -> None:
        stage = self._stage(pipeline)
        if self._get_param("transitionType") != "Inbound":
            text = "disable the Inbound one of the next stage"
            raise UnsupportedOption(str(self._get_action()), "transitionType Outbound", text)
        if stage == stage_names(pipeline.declaration)[0] or pipeline.declaration["executionMode"] == "PARALLEL":
            why = "into the first stage" if pipeline.declaration["executionMode"] != "PARALLEL" else "in mode PARALLEL"
            raise CloudError("ValidationException", f"The transition {why} can't be disabled or enabled")
        pipeline.transitions[stage] = transition

    def _stage(self, pipeline: Pipeline) -> str:
        name = str(self._get_param("stageName"))
        if name not in stage_names(pipeline.declaration):
            text = f"Pipeline '{pipeline.name}' does not have a stage with name '{name}'"
            raise CloudError("StageNotFoundException", text)
        return name


def _check_revisions(pipeline: Pipeline, revisions: dict[str, dict[str, str]]) -> None:
    sources = {a["name"]: a for a in pipeline.declaration["stages"][0]["actions"]}
    fitting = {"CodeCommit": ("COMMIT_ID",), "S3": ("S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY")}
    for name, revision in revisions.items():
        if name not in sources:
            raise CloudError("ValidationException", f"The pipeline has no source action {name}")
        provider, kind = sources[name]["actionTypeId"]["provider"], revision["revisionType"]
        if kind not in fitting.get(provider, ("COMMIT_ID",)):
            text = f"The source action {name} of the provider {provider} takes no revision of the type {kind}"
            raise CloudError("ValidationException", text)
        allowed = sources[name]["configuration"].get("AllowOverrideForS3ObjectKey", "").lower() == "true"
        if kind == "S3_OBJECT_KEY" and not allowed:
            text = f"The source action {name} does not have AllowOverrideForS3ObjectKey"
            raise CloudError("ValidationException", text)


def _tags(given: list[dict[str, str]]) -> dict[str, str]:
    tags = {tag["key"]: tag["value"] for tag in given}
    if len(tags) > MOST_TAGS:
        raise CloudError("TooManyTagsException", f"A pipeline takes up to {MOST_TAGS} tags")
    if any(key.lower().startswith("aws:") for key in tags):
        raise CloudError("InvalidTagsException", "The keys of tags can't begin with aws:")
    return tags


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
