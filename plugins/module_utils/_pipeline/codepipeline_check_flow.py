# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Whether the artifacts and variables that a pipeline's actions take are there by the time that they run."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import re

from .codepipeline_form import Form

# Of pipeline variables, actions' namespaces, and what AWS itself gives. What a rule gives has three parts: #{rule.NAME.KEY}.
_REFERENCE = re.compile(r"#\{([A-Za-z0-9@\-_]+)\.([A-Za-z0-9@\-_]+)\}")
_OWN = {"codepipeline": ("PipelineExecutionId",)}
_PIPELINE_VARIABLES = "variables"


@dataclasses.dataclass
class _Known:
    """What earlier actions gave: artifacts by who makes them, and namespaces."""

    artifacts: dict[str, str] = dataclasses.field(default_factory=dict)
    namespaces: set[str] = dataclasses.field(default_factory=set)


def _inputs(here: str, wanted: c.Iterable[str], known: _Known, made: c.Mapping[str, str]) -> list[str]:
    faults = []
    for name in wanted:
        if name not in made:
            faults.append(f"{here} takes the artifact {name}, which no action makes")
        elif name not in known.artifacts:
            faults.append(
                f"{here} takes the artifact {name}, which {made[name]} makes, not before it but beside or after it"
            )
    return faults


def _reference(here: str, namespace: str, key: str, form: Form, known: _Known) -> list[str]:
    if namespace == _PIPELINE_VARIABLES:
        names = [one["name"] for one in form["variables"]]
        if key in names:
            return []
        return [f"{here} uses #{{variables.{key}}}, and variables has {', '.join(names) or 'none'}"]
    if namespace in _OWN:
        if key in _OWN[namespace]:
            return []
        return [f"{here} uses #{{{namespace}.{key}}}; AWS has {', '.join(_OWN[namespace])} only"]
    if namespace in known.namespaces:
        return []
    return [
        f"{here} uses #{{{namespace}.{key}}}, and no action before it has the namespace {namespace}"
        f" (those before it: {', '.join(sorted(known.namespaces)) or 'none'})"
    ]


def _references(here: str, texts: c.Iterable[str], form: Form, known: _Known) -> list[str]:
    found = dict.fromkeys(pair for text in texts for pair in _REFERENCE.findall(text))
    return [fault for namespace, key in found for fault in _reference(here, namespace, key, form, known)]


def _texts(one: Form) -> list[str]:
    return [*one["configuration"].values(), *(each["value"] for each in one.get("environment_variables", ()))]


def _made(form: Form) -> tuple[dict[str, str], list[str]]:
    """Who makes each artifact, and which are made twice."""
    made: dict[str, str] = {}
    faults = []
    for stage in form["stages"]:
        for action in stage["actions"]:
            who = f"stage {stage['name']}, action {action['name']}"
            for artifact in action["output_artifacts"]:
                name = artifact["name"]
                if name in made:
                    faults.append(f"{who} makes the artifact {name}, which {made[name]} makes already")
                else:
                    made[name] = who
    return made, faults


def _kinds(here: str, action: Form) -> list[str]:
    if action["category"] == "Source" and action["input_artifacts"]:
        return [f"{here} is a source action, which takes no artifacts"]
    if action["category"] == "Approval" and (action["input_artifacts"] or action["output_artifacts"]):
        return [f"{here} is an approval, which has no artifacts"]
    return []


def _conditions(stage: Form, keys: c.Iterable[str], form: Form, known: _Known) -> list[str]:
    faults = []
    for key in keys:
        for condition in (stage[key] or {}).get("conditions", ()):
            for rule in condition["rules"]:
                here = f"stage {stage['name']}, {key}, rule {rule['name']}"
                faults += _references(here, _texts(rule), form, known)
    return faults


def _namespaces(form: Form) -> list[str]:
    faults = []
    seen: dict[str, str] = {}
    for stage in form["stages"]:
        for action in stage["actions"]:
            name, who = action["namespace"], f"stage {stage['name']}, action {action['name']}"
            if name in (_PIPELINE_VARIABLES, *_OWN):
                faults.append(f"{who}: the namespace {name} is AWS's own")
            elif name is not None and name in seen:
                faults.append(f"{who} has the namespace {name}, which {seen[name]} has already")
            elif name is not None:
                seen[name] = who
    return faults


def flow_faults(form: Form) -> list[str]:
    made, faults = _made(form)
    faults += _namespaces(form)
    known = _Known()
    for stage in form["stages"]:
        faults += _conditions(stage, ("before_entry",), form, known)
        for order in sorted({action["run_order"] for action in stage["actions"]}):
            beside = [action for action in stage["actions"] if action["run_order"] == order]
            for action in beside:
                here = f"stage {stage['name']}, action {action['name']}"
                faults += _kinds(here, action)
                faults += _inputs(here, action["input_artifacts"], known, made)
                faults += _references(here, _texts(action), form, known)
            # Actions of one order run beside each other: what they give is there for the next order.
            for action in beside:
                known.artifacts.update({one["name"]: action["name"] for one in action["output_artifacts"]})
                known.namespaces.update([action["namespace"]] if action["namespace"] else [])
        faults += _conditions(stage, ("on_success", "on_failure"), form, known)
    return faults
