# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the two types of pipeline have, and what a git trigger asks for."""

from __future__ import annotations

from .codepipeline_form import GIT_PROVIDER, Form


def _only_v2(form: Form) -> list[str]:
    found = [key for key in ("variables", "triggers") if form[key]]
    if form["execution_mode"] != "SUPERSEDED":
        found.append(f"execution_mode {form['execution_mode']}")
    for stage in form["stages"]:
        found += [
            f"{key} of stage {stage['name']}" for key in ("before_entry", "on_success", "on_failure") if stage[key]
        ]
        found += [
            f"the action {action['name']} of category Compute"
            for action in stage["actions"]
            if action["category"] == "Compute"
        ]
    return found


def _failure(stage: Form, first: bool) -> list[str]:
    failure = stage["on_failure"]
    if failure is None:
        return []
    here = f"stage {stage['name']}, on_failure:"
    faults = []
    if failure["retry_configuration"] and failure["result"] != "RETRY":
        faults.append(f"{here} retry_configuration is for the result RETRY")
    if not failure["result"] and not failure["conditions"]:
        faults.append(f"{here} say a result or conditions")
    results = [failure["result"], *(one["result"] for one in failure["conditions"])]
    if first and "ROLLBACK" in results:
        faults.append(f"{here} the first stage cannot be rolled back: nothing comes before its source")
    return faults


def _trigger(trigger: Form, sources: dict[str, Form]) -> list[str]:
    name = trigger["source_action_name"]
    here = f"trigger of {name}:"
    source = sources.get(name)
    if source is None:
        return [f"{here} there is no such source action; there are {', '.join(sources) or 'none'}"]
    faults = []
    if source["provider"] != GIT_PROVIDER:
        faults.append(
            f"{here} a git trigger works with a source of CodeConnections ({GIT_PROVIDER}), and {name} is"
            f" {source['provider']}. Leave the trigger out, and let an EventBridge rule start the pipeline"
            f"{_rule_for(source)}"
        )
    for kind in ("push", "pull_request"):
        if len(trigger[kind]) > 3:
            faults.append(f"{here} {kind} has {len(trigger[kind])} filters, and may have 3")
        for one in trigger[kind]:
            faults += _filter(f"{here} {kind}:", one)
    return faults


def _rule_for(source: Form) -> str:
    if source["provider"] != "CodeCommit":
        return "."
    repository = source["configuration"].get("RepositoryName", "REPOSITORY")
    branch = source["configuration"].get("BranchName", "BRANCH")
    return (
        f": source aws.codecommit, detail-type 'CodeCommit Repository State Change', of the repository {repository},"
        f" with event referenceCreated or referenceUpdated, referenceType branch, referenceName {branch}."
    )


def _filter(here: str, one: Form) -> list[str]:
    faults = []
    if one.get("tags") and (one["branches"] or one["file_paths"]):
        faults.append(f"{here} a filter has either tags, or branches and file_paths")
    if not any(one.values()):
        faults.append(f"{here} a filter is empty: leave it out, or say what it lets through")
    for key, patterns in one.items():
        if isinstance(patterns, dict):
            faults += [
                f"{here} {key}.{which} has {len(patterns[which])} patterns, and may have 8"
                for which in ("includes", "excludes")
                if len(patterns[which]) > 8
            ]
    return faults


def type_faults(form: Form) -> list[str]:
    faults = []
    if form["pipeline_type"] == "V1":
        faults += [f"{what} needs pipeline_type V2" for what in _only_v2(form)]
    for number, stage in enumerate(form["stages"]):
        faults += _failure(stage, number == 0)
    actions = [action for stage in form["stages"] for action in stage["actions"]]
    sources = {action["name"]: action for action in actions if action["category"] == "Source"}
    names = [trigger["source_action_name"] for trigger in form["triggers"]]
    faults += [f"two triggers are of the source {name}" for name in sorted({n for n in names if names.count(n) > 1})]
    for trigger in form["triggers"]:
        faults += _trigger(trigger, sources)
    return faults
