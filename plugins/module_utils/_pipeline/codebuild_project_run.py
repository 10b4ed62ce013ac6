# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module codebuild_project does."""

from __future__ import annotations

import contextlib
import typing as t

# AnsibleAWSModule.warn hands warnings on in a way that ansible-core calls deprecated.
from ansible.module_utils.common.warnings import warn

from .._ami.calls import AmiError
from .._ami.cloud import Cloud
from .._packer.secrets import texts
from . import codebuild_calls as calls
from .codebuild_calls import CodeBuildError
from .codebuild_check import check_name, check_project, is_role_arn
from .codebuild_names import snake, to_codebuild, with_buildspec
from .codebuild_normal import Project, normal
from .codebuild_options import GIT_SOURCES, PROJECT
from .codebuild_plan import Plan, plan_absent, plan_present
from .codebuild_shown import hide_variables, secret_values, shown_diff, shown_project

Result = dict[str, t.Any]


def run(module: t.Any) -> Result:
    params = dict(module.params)
    if params["state"] == "absent":
        check_name(params["name"])
        return _run(module, params)
    secrets = secret_values(params["environment"]["environment_variables"])
    # A result repeats the options.
    shown = hide_variables(params["environment"]["environment_variables"])
    module.params["environment"] = {**params["environment"], "environment_variables": shown}
    with _hidden_in_errors(module, secrets):
        check_project(params)
        for name in secrets:
            warn(
                f"The environment variable {name} looks like a secret and is PLAINTEXT: whoever may read the project reads it."
                " Keep it in the Parameter Store or in Secrets Manager, and give its place with type PARAMETER_STORE or"
                " SECRETS_MANAGER."
            )
        return _run(module, params)


@contextlib.contextmanager
def _hidden_in_errors(module: t.Any, secrets: dict[str, str]) -> t.Iterator[None]:
    """AWS's words may repeat what it refuses."""
    try:
        yield
    except AmiError:
        module.no_log_values.update(texts(list(secrets.values())))
        raise


def _run(module: t.Any, params: dict[str, t.Any]) -> Result:
    cloud = Cloud(module.client, module.region)
    name = params["name"]
    declared = _declared(params) if params["state"] == "present" else None
    current = calls.read_project(cloud.codebuild(), name)
    if declared is None:
        plan = plan_absent(current)
    else:
        _resolve_roles(cloud, declared, current)
        _check_model(cloud, declared)
        tags = None if params["tags"] is None else {str(key): str(value) for key, value in params["tags"].items()}
        plan = plan_present(current, declared, tags, purge=params["purge_tags"])
    told = current
    if plan.action and not module.check_mode:
        told = _apply(cloud, name, plan)
    return _result(name, plan, told, cloud.codebuild().meta.region_name)


def _declared(params: dict[str, t.Any]) -> Project:
    """The project with CodeBuild's names, as the task says it."""
    given = {name: params[name] for name in PROJECT}
    given["source"] = _source(given["source"], "source")
    given["secondary_sources"] = [
        _source(one, f"secondary_sources[{number}]") for number, one in enumerate(given["secondary_sources"])
    ]
    declared: Project = {"name": params["name"], **to_codebuild(given)}
    # Empty stands for none in all of these.
    return {name: value for name, value in declared.items() if value not in ([], "")}


def _source(given: dict[str, t.Any], option: str) -> dict[str, t.Any]:
    """How many commits are fetched is always said: what CodeBuild does unasked is not the same on its console and elsewhere."""
    depth = {"git_clone_depth": given["git_clone_depth"] or 0} if given["type"] in GIT_SOURCES else {}
    return {**with_buildspec(given, option), **depth}


def _resolve_roles(cloud: Cloud, declared: Project, current: Project | None) -> None:
    """CodeBuild takes ARNs of roles only."""
    said = [current.get("serviceRole"), (current.get("buildBatchConfig") or {}).get("serviceRole")] if current else []
    # Names are unique in an account, whatever the path: of a role that the project has there is nothing to ask.
    known = {arn.rpartition("/")[2]: arn for arn in said if arn}
    holders = {"service_role": declared, "build_batch_config.service_role": declared.get("buildBatchConfig")}
    for option, holder in holders.items():
        if holder and not is_role_arn(holder["serviceRole"]):
            name = holder["serviceRole"]
            known[name] = known.get(name) or _role_arn(cloud, name, option)
            holder["serviceRole"] = known[name]


def _role_arn(cloud: Cloud, name: str, option: str) -> str:
    arn = calls.read_role_arn(cloud.iam(), name)
    if arn is None:
        raise CodeBuildError(
            f"{option}: there is no IAM role {name} in this account. Create it first, or give its ARN."
        )
    return arn


def _check_model(cloud: Cloud, declared: Project) -> None:
    """An older botocore lacks what CodeBuild learned later; it would say so in the middle of the work."""
    shape = cloud.codebuild().meta.service_model.operation_model("CreateProject").input_shape
    unknown = list(_unknown(declared, shape, ""))
    if unknown:
        raise CodeBuildError(
            f"{', '.join(unknown)}: the installed botocore does not have that yet. Install a newer one."
        )


def _unknown(value: t.Any, shape: t.Any, place: str) -> t.Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            if name not in shape.members:
                yield f"{place}{snake(name)}"
            else:
                yield from _unknown(one, shape.members[name], f"{place}{snake(name)}.")
    elif isinstance(value, list):
        for one in value:
            yield from _unknown(one, shape.member, place)


def _apply(cloud: Cloud, name: str, plan: Plan) -> Project | None:
    codebuild = cloud.codebuild()
    if plan.action == "delete":
        calls.delete_project(codebuild, name)
        return None
    if plan.action == "update":
        return calls.update_project(codebuild, name, plan.request)
    made = calls.create_project(codebuild, name, plan.request)
    if made is not None:
        return made
    there = calls.read_project(codebuild, name)
    if there is None or normal(there) != plan.after:
        raise CodeBuildError(
            f"Somebody else created the CodeBuild project {name} meanwhile, and not like this. Run the task again."
        )
    return there


def _arn(after: Project, region: str) -> str:
    """A project is in the account of its role."""
    _arn, partition, _iam, _region, account, _role = after["serviceRole"].split(":", 5)
    return f"arn:{partition}:codebuild:{region}:{account}:project/{after['name']}"


def _result(name: str, plan: Plan, told: Project | None, region: str) -> Result:
    changes = [snake(member) for member in plan.changes]
    action = {"action": plan.action, "project": name, "changes": changes, "reason": _reason(plan, changes)}
    project = None
    if plan.after is not None:
        said = told or {}
        project = {
            **shown_project(plan.after),
            "arn": said.get("arn") or _arn(plan.after, region),
            "created": _time(said, "created"),
            "last_modified": _time(said, "lastModified"),
            "badge_url": (said.get("badge") or {}).get("badgeRequestUrl"),
        }
    return {
        "changed": plan.action is not None,
        "project": project,
        "actions": [action] if plan.action else [],
        "diff": shown_diff(plan.before, plan.after),
    }


def _reason(plan: Plan, changes: list[str]) -> str:
    if plan.action == "create":
        return "there is no project of that name"
    return "it is not wanted" if plan.action == "delete" else f"not as declared: {', '.join(changes)}"


def _time(said: Project, name: str) -> str | None:
    return said[name].isoformat() if said.get(name) else None
