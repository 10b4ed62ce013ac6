# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The names, lengths and required keys that AWS asks for in a pipeline."""

from __future__ import annotations

import collections.abc as c
import re

from .codepipeline_form import Form

_NAME = re.compile(r"[A-Za-z0-9.@\-_]+")
_ARTIFACT = re.compile(r"[a-zA-Z0-9_\-]+")
_NAMESPACE = re.compile(r"[A-Za-z0-9@\-_]+")
_VARIABLE = re.compile(r"[A-Za-z0-9@\-_]+")
_TYPE = re.compile(r"[0-9A-Za-z_-]+")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9_]+")
_BUCKET = re.compile(r"[a-zA-Z0-9\-.]+")
_ROLE = re.compile(r"arn:aws(-\w+)*:iam::[0-9]{12}:role/.*")
_REGION = re.compile(r".*")

# Without these AWS does not take an action of its own types.
_REQUIRED_KEYS = {
    ("Source", "CodeCommit"): ("RepositoryName", "BranchName"),
    ("Source", "CodeStarSourceConnection"): ("ConnectionArn", "FullRepositoryId", "BranchName"),
    ("Source", "S3"): ("S3Bucket", "S3ObjectKey"),
    ("Source", "ECR"): ("RepositoryName",),
    ("Build", "CodeBuild"): ("ProjectName",),
    ("Test", "CodeBuild"): ("ProjectName",),
    ("Invoke", "Lambda"): ("FunctionName",),
}
_KEY, _VALUE, _RULE_VALUE = 50, 1000, 10000


def _word(what: str, value: str, pattern: re.Pattern[str], longest: int, shortest: int = 1) -> list[str]:
    if not shortest <= len(value) <= longest:
        return [f"{what} {value!r} has {len(value)} characters, and may have {shortest} to {longest}"]
    if not pattern.fullmatch(value):
        return [f"{what} {value!r} is not of the form {pattern.pattern}"]
    return []


def _number(what: str, value: int | None, least: int, most: int) -> list[str]:
    return [] if value is None or least <= value <= most else [f"{what} is {value}, and may be {least} to {most}"]


def _role(what: str, value: str | None) -> list[str]:
    return [] if value is None else _word(f"{what} role_arn", value, _ROLE, 1024)


def _configuration(what: str, configuration: c.Mapping[str, str], longest: int) -> list[str]:
    faults = []
    for key, value in configuration.items():
        if not 1 <= len(key) <= _KEY:
            faults.append(f"{what} configuration has the key {key!r}, of which AWS takes 1 to {_KEY} characters")
        if not value:
            faults.append(f"{what} configuration.{key} is empty, which AWS does not take: leave it out")
        elif len(value) > longest:
            faults.append(f"{what} configuration.{key} has {len(value)} characters, of which AWS takes {longest}")
    return faults


def _missing_keys(what: str, action: Form) -> list[str]:
    if action["owner"] != "AWS":
        return []
    required = _REQUIRED_KEYS.get((action["category"], action["provider"]), ())
    return [
        f"{what} configuration.{key} is missing, which {action['provider']} needs"
        for key in required
        if key not in action["configuration"]
    ]


def _lists(what: str, action: Form) -> list[str]:
    faults = []
    for key, most in (("commands", 50), ("output_variables", 15), ("environment_variables", 10)):
        if len(action.get(key, ())) > most:
            faults.append(f"{what} has {len(action[key])} {key}, and may have {most}")
    faults += [
        f"{what} has a command of {len(command)} characters, and may have 1 to {_VALUE}"
        for command in action["commands"]
        if not 1 <= len(command) <= _VALUE
    ]
    return faults


def _rules(what: str, conditions: c.Sequence[Form]) -> list[str]:
    faults = []
    if len(conditions) != 1:
        faults.append(f"{what} has {len(conditions)} conditions, and may have one")
    for condition in conditions:
        rules = condition["rules"]
        if not 1 <= len(rules) <= 5:
            faults.append(f"{what} has a condition of {len(rules)} rules, and may have 1 to 5")
        for rule in rules:
            here = f"{what} rule {rule['name']}:"
            faults += _word(f"{here} name", rule["name"], _NAME, 100)
            faults += _word(f"{here} provider", rule["provider"], _TYPE, 35)
            faults += _word(f"{here} version", rule["version"], _TYPE, 9)
            faults += _configuration(here, rule["configuration"], _RULE_VALUE)
            faults += [*_role(here, rule["role_arn"]), *_lists(here, rule)]
            faults += _number(f"{here} timeout_in_minutes", rule["timeout_in_minutes"], 5, 86400)
    return faults


def _action(stage: str, action: Form) -> list[str]:
    here = f"stage {stage}, action {action['name']}:"
    faults = _word(f"{here} name", action["name"], _NAME, 100)
    faults += _word(f"{here} provider", action["provider"], _TYPE, 35)
    faults += _word(f"{here} version", action["version"], _TYPE, 9)
    faults += _number(f"{here} run_order", action["run_order"], 1, 999)
    faults += _number(f"{here} timeout_in_minutes", action["timeout_in_minutes"], 5, 86400)
    faults += _role(here, action["role_arn"])
    faults += _word(f"{here} region", action["region"], _REGION, 30, 4)
    faults += _configuration(here, action["configuration"], _VALUE)
    faults += [*_missing_keys(here, action), *_lists(here, action)]
    if action["namespace"] is not None:
        faults += _word(f"{here} namespace", action["namespace"], _NAMESPACE, 100)
    for name in (*action["input_artifacts"], *(one["name"] for one in action["output_artifacts"])):
        faults += _word(f"{here} artifact", name, _ARTIFACT, 100)
    for one in action["environment_variables"]:
        faults += _word(f"{here} environment variable", one["name"], _ENVIRONMENT, 128)
        if not 1 <= len(one["value"]) <= 2000:
            faults.append(
                f"{here} environment variable {one['name']} has a value that is empty or beyond 2000 characters"
            )
    return faults


def _stage(stage: Form) -> list[str]:
    name = stage["name"]
    faults = _word(f"stage {name}: name", name, _NAME, 100)
    for key in ("before_entry", "on_success"):
        if stage[key] is not None:
            faults += _rules(f"stage {name}, {key}:", stage[key]["conditions"])
    failure = stage["on_failure"]
    if failure and failure["conditions"]:
        faults += _rules(f"stage {name}, on_failure:", failure["conditions"])
    for action in stage["actions"]:
        faults += _action(name, action)
    return faults


def _variables(form: Form) -> list[str]:
    faults = []
    names = [one["name"] for one in form["variables"]]
    if len(names) > 50:
        faults.append(f"there are {len(names)} variables, and may be 50")
    faults += [f"two variables are named {name}" for name in sorted({one for one in names if names.count(one) > 1})]
    for one in form["variables"]:
        faults += _word("variables: name", one["name"], _VARIABLE, 128)
        default = one["default_value"]
        if default is not None and not 1 <= len(default) <= 1000:
            faults.append(
                f"variables: the default of {one['name']} has {len(default)} characters, and may have 1 to 1000"
            )
        if one["description"] is not None and len(one["description"]) > 200:
            faults.append(f"variables: the description of {one['name']} is longer than 200 characters")
    return faults


def _stores(form: Form) -> list[str]:
    faults = []
    for region, store in form["artifact_stores"].items():
        faults += _word(f"artifact store of {region}: bucket", store["location"], _BUCKET, 63, 3)
        if store["encryption_key"] is not None and not 1 <= len(store["encryption_key"]["id"]) <= 400:
            faults.append(f"artifact store of {region}: the id of the key is empty or beyond 400 characters")
    return faults


def word_faults(form: Form) -> list[str]:
    return [
        *_word("name", form["name"], _NAME, 100),
        *_role("", form["role_arn"]),
        *_stores(form),
        *_variables(form),
        *(fault for stage in form["stages"] for fault in _stage(stage)),
    ]
