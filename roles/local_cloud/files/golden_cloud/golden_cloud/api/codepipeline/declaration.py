# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a pipeline's declaration is one that CodePipeline takes, and what of it can't be carried out here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from golden_cloud.api.codepipeline.actions import check_actions
from golden_cloud.api.codepipeline.model import PARALLEL, SUPERSEDED, Declaration
from golden_cloud.api.errors import CloudError, UnsupportedOption

MOST_STAGES, MOST_ACTIONS = 50, 50
"""Of a pipeline, of a stage."""
_V2_STAGE = ("onFailure", "onSuccess", "beforeEntry")
_CONNECTION = "CodeStarSourceConnection"


def normal(declaration: Declaration, version: int) -> Declaration:
    """As CodePipeline gives it back: with its defaults, and without what is empty anyway."""
    made = {k: v for k, v in declaration.items() if v not in (None, [], {})}
    made |= {
        "stages": [_normal_stage(stage) for stage in declaration["stages"]],
        "version": version,
        "pipelineType": declaration.get("pipelineType") or "V1",
        "executionMode": declaration.get("executionMode") or SUPERSEDED,
    }
    triggers = made.get("triggers") or _default_triggers(made)
    return made | ({"triggers": triggers} if triggers else {})


def _default_triggers(declaration: Declaration) -> list[Declaration]:
    """Those that a V2 pipeline without any gets: a push to the branch of each connection that is to detect changes."""
    if declaration["pipelineType"] != "V2" or not declaration["stages"]:
        return []
    triggers = []
    for action in declaration["stages"][0]["actions"]:
        configuration = action["configuration"]
        detects = configuration.get("DetectChanges", "true").lower() == "true"
        if action["actionTypeId"]["provider"] == _CONNECTION and detects and configuration.get("BranchName"):
            push = [{"branches": {"includes": [configuration["BranchName"]]}}]
            git = {"sourceActionName": action["name"], "push": push}
            triggers.append({"providerType": _CONNECTION, "gitConfiguration": git})
    return triggers


def _normal_stage(stage: Declaration) -> Declaration:
    return {k: v for k, v in stage.items() if v not in (None, [], {})} | {
        "actions": [_normal_action(action) for action in stage["actions"]]
    }


def _normal_action(action: Declaration) -> Declaration:
    return {k: v for k, v in action.items() if v not in (None, [], {})} | {
        "runOrder": action.get("runOrder") or 1,
        "configuration": action.get("configuration") or {},
        "inputArtifacts": action.get("inputArtifacts") or [],
        "outputArtifacts": action.get("outputArtifacts") or [],
    }


def check(operation: str, declaration: Declaration, region: str) -> None:
    """Raises what CodePipeline answers to a declaration, in its normal form, that it doesn't take."""
    stages = declaration["stages"]
    _check_shape(stages)
    _check_stores(declaration, region)
    _check_version_two(declaration)
    _check_variables(declaration)
    _check_triggers(declaration)
    check_actions(operation, declaration)
    for position, stage in enumerate(stages):
        _check_reactions(operation, declaration, stage, position)


def _invalid(text: str) -> CloudError:
    return CloudError("InvalidStructureException", text)


def _check_shape(stages: list[Declaration]) -> None:
    if len(stages) < 2:
        text = f"Pipeline has only {len(stages)} stage(s). There should be a minimum of 2 stages in a pipeline"
        raise _invalid(text)
    if len(stages) > MOST_STAGES:
        raise _invalid(f"Pipeline has {len(stages)} stages. There should be a maximum of {MOST_STAGES} stages")
    for name in _twice(stage["name"] for stage in stages):
        raise _invalid(f"Stage name must be unique within the pipeline. {name} has been used more than once")
    for stage in stages:
        _check_stage(stage)
    if any(action["actionTypeId"]["category"] != "Source" for action in stages[0]["actions"]):
        raise _invalid("Pipeline should start with a stage that only contains source actions")
    for stage in stages[1:]:
        if any(action["actionTypeId"]["category"] == "Source" for action in stage["actions"]):
            raise _invalid("Source actions may only occur in the first stage")


def _check_stage(stage: Declaration) -> None:
    if stage.get("blockers"):
        raise CloudError("InvalidBlockerDeclarationException", "Blockers are reserved for future use")
    actions = stage["actions"]
    if not 1 <= len(actions) <= MOST_ACTIONS:
        text = f"Stage {stage['name']} has {len(actions)} actions. A stage takes from 1 to {MOST_ACTIONS} actions"
        raise CloudError("InvalidStageDeclarationException", text)
    for name in _twice(action["name"] for action in actions):
        text = f"Action name must be unique within a stage. {name} has been used more than once in {stage['name']}"
        raise CloudError("InvalidStageDeclarationException", text)


def _twice(names: Iterator[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _check_stores(declaration: Declaration, region: str) -> None:
    stores = declaration.get("artifactStores")
    if bool(stores) == bool(declaration.get("artifactStore")):
        raise _invalid("Pipeline must declare either artifactStore or artifactStores, and not both")
    regions = {a.get("region") or region for s in declaration["stages"] for a in s["actions"]} | {region}
    missing = sorted(regions - set(stores or {region: None}))
    if missing:
        raise _invalid(f"Pipeline must have an artifact store in each Region of its actions; none in {missing[0]}")


def _check_version_two(declaration: Declaration) -> None:
    if declaration["pipelineType"] == "V2":
        return
    found = [name for name in ("variables", "triggers") if declaration.get(name)]
    found += ["executionMode"] if declaration["executionMode"] != SUPERSEDED else []
    found += [f"{stage['name']}.{name}" for stage in declaration["stages"] for name in _V2_STAGE if stage.get(name)]
    if found:
        raise _invalid(f"Pipeline of type V1 cannot have {', '.join(found)}: only pipelines of type V2 can")


def _check_variables(declaration: Declaration) -> None:
    for name in _twice(variable["name"] for variable in declaration.get("variables", [])):
        raise _invalid(f"Variable name must be unique within the pipeline. {name} has been used more than once")


def _check_triggers(declaration: Declaration) -> None:
    sources = {a["name"]: a["actionTypeId"]["provider"] for a in declaration["stages"][0]["actions"]}
    for trigger in declaration.get("triggers", []):
        name = trigger["gitConfiguration"]["sourceActionName"]
        if sources.get(name) != _CONNECTION:
            text = f"The source action {name} of a trigger must be one with the provider {_CONNECTION}"
            raise _invalid(text)
        if not (trigger["gitConfiguration"].get("push") or trigger["gitConfiguration"].get("pullRequest")):
            raise _invalid(f"The trigger of the source action {name} has neither push nor pullRequest")
    for name in _twice(t["gitConfiguration"]["sourceActionName"] for t in declaration.get("triggers", [])):
        raise _invalid(f"A source action takes one trigger, {name} has more")


def _check_reactions(operation: str, declaration: Declaration, stage: Declaration, position: int) -> None:
    """What a stage does before, after, and when it fails."""
    where = f"stages.{stage['name']}"
    for name in _V2_STAGE:
        for condition in stage.get(name, {}).get("conditions", []):
            _check_condition(where, name, condition)
            raise UnsupportedOption(operation, f"{where}.{name}.conditions", "no rules are executed here")
    failure = stage.get("onFailure")
    if failure is None:
        return
    result = failure.get("result")
    if result not in ("FAIL", "ROLLBACK", "RETRY"):
        raise _invalid(f"{where}.onFailure: without conditions the result must be FAIL, ROLLBACK or RETRY")
    if failure.get("retryConfiguration") and result != "RETRY":
        raise _invalid(f"{where}.onFailure: only the result RETRY takes a retryConfiguration")
    if result == "ROLLBACK" and (position == 0 or declaration["executionMode"] == PARALLEL):
        why = "a stage of source actions" if position == 0 else "a pipeline in the execution mode PARALLEL"
        raise _invalid(f"{where}.onFailure: {why} cannot be rolled back")


def _check_condition(where: str, name: str, condition: dict[str, Any]) -> None:
    rules = condition.get("rules") or []
    if not rules:
        raise _invalid(f"{where}.{name}: a condition must have a rule")
    for rule_name in _twice(rule["name"] for rule in rules):
        raise _invalid(f"{where}.{name}: the rule {rule_name} has been declared more than once")
    wanted = {"beforeEntry": ("FAIL", "SKIP"), "onSuccess": ("FAIL", "ROLLBACK")}.get(name)
    if wanted and condition.get("result") not in wanted:
        raise _invalid(f"{where}.{name}: the result of a condition must be {' or '.join(wanted)}")
