# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How executions and actions begin."""

from __future__ import annotations

import secrets
import string
import uuid

from golden_cloud.api.codepipeline import changes, variables
from golden_cloud.api.codepipeline.model import PARALLEL, ActionRun, Artifact, Declaration, Execution, Pipeline
from golden_cloud.api.codepipeline.place import Place
from golden_cloud.api.errors import CloudError

MOST_AT_ONCE = 50
"""Executions of a pipeline that wait in the mode QUEUED, or are under way in PARALLEL."""
MOST_KEPT = 1000
"""Executions that a pipeline remembers."""
_ALPHABET = string.ascii_letters + string.digits


def begin(
    place: Place,
    pipeline: Pipeline,
    trigger: dict[str, str],
    *,
    given: dict[str, str] | None = None,
    source_revisions: dict[str, dict[str, str]] | None = None,
    request_token: str | None = None,
) -> Execution:
    """A new execution; the engine carries it on."""
    declaration = pipeline.declaration
    values = variable_values(declaration, given or {})
    mode = declaration["executionMode"]
    if sum(e.alive for e in pipeline.executions) >= MOST_AT_ONCE:
        text = f"The pipeline {pipeline.name} has {MOST_AT_ONCE} executions under way, which is the most there can be"
        raise CloudError("ConcurrentPipelineExecutionsLimitExceededException", text)
    execution = Execution(
        pipeline=pipeline.name,
        version=pipeline.version,
        declaration=declaration,
        mode=mode,
        trigger=trigger,
        variables=values,
        source_revisions=source_revisions or {},
        request_token=request_token,
    )
    _namespaces(execution)
    _add(place, pipeline, execution)
    return execution


def variable_values(declaration: Declaration, given: dict[str, str]) -> dict[str, str]:
    """The values of the pipeline's variables; ``ValidationException`` when one is missing or unknown."""
    declared = {variable["name"]: variable.get("defaultValue") for variable in declaration.get("variables", [])}
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise CloudError("ValidationException", f"The pipeline declares no variable {', '.join(unknown)}")
    values = {name: given.get(name, default) for name, default in declared.items()}
    missing = sorted(name for name, value in values.items() if value is None)
    if missing:
        text = f"The variable {', '.join(missing)} has no default value, so the execution must be given one"
        raise CloudError("ValidationException", text)
    return {name: str(value) for name, value in values.items()}


def _namespaces(execution: Execution) -> None:
    execution.namespaces[variables.PIPELINE] = {"PipelineExecutionId": execution.id}
    if execution.variables:
        execution.namespaces[variables.OWN] = dict(execution.variables)


def _add(place: Place, pipeline: Pipeline, execution: Execution) -> None:
    pipeline.executions.append(execution)
    surplus = [e for e in pipeline.executions if not e.alive][: max(0, len(pipeline.executions) - MOST_KEPT)]
    pipeline.executions = [e for e in pipeline.executions if e not in surplus]
    changes.pipeline(place, pipeline, execution, "STARTED")


def last_success(pipeline: Pipeline, stage: str, version: int) -> Execution | None:
    """The latest execution that the stage can be rolled back to."""
    return next(
        (e for e in reversed(pipeline.executions) if e.version == version and succeeded_in(e, stage)),
        None,
    )


def succeeded_in(execution: Execution, stage: str) -> bool:
    return stage in execution.stages and execution.stages[stage].status == "Succeeded"


def begin_rollback(
    place: Place, pipeline: Pipeline, stage: str, target: Execution, trigger: str, detail: str
) -> Execution:
    """Bring a stage back to what an execution had brought it to."""
    names = [s["name"] for s in target.declaration["stages"]]
    execution = Execution(
        pipeline=pipeline.name,
        version=target.version,
        declaration=target.declaration,
        mode=target.mode,
        trigger={"triggerType": trigger, "triggerDetail": detail},
        variables=dict(target.variables),
        type="ROLLBACK",
        target=target.id,
        position=names.index(stage),
        artifacts=dict(target.artifacts),
        namespaces={k: dict(v) for k, v in target.namespaces.items()},
        revisions=list(target.revisions),
    )
    _namespaces(execution)
    _add(place, pipeline, execution)
    return execution


def begin_action(place: Place, pipeline: Pipeline, execution: Execution, action: Declaration) -> None:
    """A new try of an action; one whose variables have no values has failed at once."""
    run = ActionRun(
        stage=execution.stage.name,
        declaration=action,
        region=action.get("region") or place.region,
        role_arn=action.get("roleArn") or execution.declaration["roleArn"],
        configuration=dict(action["configuration"]),
        inputs={a["name"]: execution.artifacts[a["name"]] for a in action["inputArtifacts"]},
    )
    execution.runs.append(run)
    execution.stage.current[run.name] = run
    try:
        run.configuration = {k: variables.resolve(v, execution.namespaces) for k, v in run.configuration.items()}
    except variables.Unresolved as error:
        changes.action(place, pipeline, execution, run)
        run.end("Failed", error={"code": "ConfigurationError", "message": f"{error}."})
        changes.action(place, pipeline, execution, run)
        return
    run.outputs = {
        artifact["name"]: _new_artifact(execution, run, artifact["name"]) for artifact in action["outputArtifacts"]
    }
    if run.category == "Approval":
        run.token = str(uuid.uuid4())
        # In this mode GetPipelineState tells no tokens: this is where they are found.
        run.external_id = run.token if execution.mode == PARALLEL else None
        run.external_url = run.configuration.get("ExternalEntityLink")
    changes.action(place, pipeline, execution, run)


def store_of(declaration: Declaration, region: str) -> Declaration:
    """The artifact store of a Region."""
    stores = declaration.get("artifactStores")
    store: Declaration = stores[region] if stores else declaration["artifactStore"]
    return store


def new_key(execution: Execution, artifact: str) -> str:
    """As CodePipeline names what it puts into a store."""
    name = "".join(secrets.choice(_ALPHABET) for _unused in range(7))
    return f"{execution.pipeline[:20]}/{artifact[:10]}/{name}"


def _new_artifact(execution: Execution, run: ActionRun, name: str) -> Artifact:
    store = store_of(execution.declaration, run.region)
    return Artifact(store["location"], new_key(execution, name))
