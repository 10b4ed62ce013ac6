# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the actions of a declaration are ones that CodePipeline takes: types, configuration, artifacts, variables."""

from __future__ import annotations

from golden_cloud.api.codepipeline import providers, variables
from golden_cloud.api.codepipeline.model import Declaration
from golden_cloud.api.codepipeline.providers import ActionType
from golden_cloud.api.errors import CloudError, UnsupportedOption

_COMMANDS_ONLY = ("commands", "outputVariables", "environmentVariables")


def _invalid(text: str) -> CloudError:
    return CloudError("InvalidActionDeclarationException", text)


def check_actions(operation: str, declaration: Declaration) -> None:
    """Raises what CodePipeline answers to the first action that it doesn't take."""
    made: set[str] = set()
    namespaces: dict[str, str] = {}
    pipelines_own = {variable["name"] for variable in declaration.get("variables", [])}
    for stage in declaration["stages"]:
        for order in sorted({action["runOrder"] for action in stage["actions"]}):
            together = [action for action in stage["actions"] if action["runOrder"] == order]
            for action in together:
                _check_action(operation, stage["name"], action)
                _check_inputs(action, made)
                _check_references(stage["name"], action, set(namespaces), pipelines_own)
            for action in together:
                _take_outputs(action, made)
                _take_namespace(action, namespaces)


def _check_action(operation: str, stage: str, action: Declaration) -> None:
    type_id, name = action["actionTypeId"], action["name"]
    kind = _find(operation, stage, action)
    if type_id["version"] != "1":
        raise _invalid(f"ActionType ({_told(type_id)}) in action '{name}' is not available in this region")
    extra = [option for option in _COMMANDS_ONLY if action.get(option)]
    extra += ["files"] if any(artifact.get("files") for artifact in action["outputArtifacts"]) else []
    if extra:
        raise _invalid(f"Action '{name}': {extra[0]} is only for actions of the provider Commands")
    if action.get("timeoutInMinutes") and type_id["category"] != "Approval":
        raise _invalid(f"Action '{name}': timeoutInMinutes is only for manual approvals")
    _check_configuration(operation, action, kind)
    for what, limits, found in (
        ("input", kind.inputs, action["inputArtifacts"]),
        ("output", kind.outputs, action["outputArtifacts"]),
    ):
        if not limits[0] <= len(found) <= limits[1]:
            text = f"Action {name} declares {len(found)} {what} artifacts, which is not from {limits[0]} to {limits[1]}"
            raise _invalid(f"{text} as its type takes")


def _find(operation: str, stage: str, action: Declaration) -> ActionType:
    type_id, name = action["actionTypeId"], action["name"]
    who = (type_id["category"], type_id["owner"], type_id["provider"])
    kind = providers.find(*who)
    where = f"stages.{stage}.actions.{name}.actionTypeId"
    if kind is None and providers.only_on_aws(*who):
        raise UnsupportedOption(operation, where, f"there is no {type_id['provider']} here")
    if kind is None:
        raise _invalid(f"ActionType ({_told(type_id)}) in action '{name}' is not available in this region")
    if kind.refused:
        raise UnsupportedOption(operation, where, kind.refused)
    return kind


def _told(type_id: dict[str, str]) -> str:
    names = (("Category", "category"), ("Provider", "provider"), ("Owner", "owner"), ("Version", "version"))
    return ", ".join(f"{told}: '{type_id[key]}'" for told, key in names)


def _check_configuration(operation: str, action: Declaration, kind: ActionType) -> None:
    name, configuration = action["name"], action["configuration"]
    for option in sorted(kind.required - set(configuration)):
        raise _invalid(f"Action configuration for action '{name}' is missing required configuration '{option}'")
    for option in sorted(set(configuration) - kind.required - kind.optional):
        raise _invalid(f"Action configuration for action '{name}' contains unknown configuration '{option}'")
    where = f"action {name}: configuration"
    for option, value, why in kind.refused_values:
        if configuration.get(option, "").lower() == value:
            raise UnsupportedOption(operation, f"{where}.{option}", why)
    for option in sorted(kind.refused_options & set(configuration)):
        raise UnsupportedOption(operation, f"{where}.{option}")
    for option, why in kind.refused_defaults:
        if option not in configuration:
            raise UnsupportedOption(operation, f"{where}.{option}", why)
    primary = configuration.get("PrimarySource")
    inputs = [artifact["name"] for artifact in action["inputArtifacts"]]
    if action["actionTypeId"]["provider"] == "CodeBuild" and len(inputs) > 1 and primary is None:
        raise _invalid(f"Action configuration for action '{name}' with several input artifacts needs 'PrimarySource'")
    if primary is not None and primary not in inputs:
        raise _invalid(f"The PrimarySource '{primary}' of action '{name}' is none of its input artifacts")


def _check_inputs(action: Declaration, made: set[str]) -> None:
    for artifact in action["inputArtifacts"]:
        if artifact["name"] not in made:
            text = f"Input Artifact Bundle {artifact['name']} in action {action['name']} is not declared as "
            raise _invalid(text + "Output Artifact Bundle in any of the preceding actions")


def _take_outputs(action: Declaration, made: set[str]) -> None:
    for artifact in action["outputArtifacts"]:
        if artifact["name"] in made:
            text = "Output Artifact Bundle name must be unique within the pipeline. "
            raise _invalid(f"{text}{artifact['name']} has been used more than once")
        made.add(artifact["name"])


def _take_namespace(action: Declaration, namespaces: dict[str, str]) -> None:
    namespace, name = action.get("namespace"), action["name"]
    if namespace is None:
        return
    if namespace in (variables.PIPELINE, variables.OWN):
        raise _invalid(f"The namespace '{namespace}' of action '{name}' is reserved")
    if namespace in namespaces:
        raise _invalid(f"The namespace '{namespace}' of action '{name}' is that of action '{namespaces[namespace]}'")
    namespaces[namespace] = name


def _check_references(stage: str, action: Declaration, namespaces: set[str], own: set[str]) -> None:
    for key, text in action["configuration"].items():
        for reference, namespace, variable in variables.references(text):
            if namespace in namespaces or (namespace, variable) == (variables.PIPELINE, "PipelineExecutionId"):
                continue
            if namespace == variables.OWN and variable in own:
                continue
            raise _invalid(
                "Valid format for a pipeline execution variable reference is a namespace and a key separated by a "
                "period (.). The following pipeline execution variables are referencing a namespace that does not "
                f"exist. StageName=[{stage}], ActionName=[{action['name']}], ActionConfigurationKey=[{key}], "
                f"VariableReferenceText=[{reference[2:-1]}]"
            )
