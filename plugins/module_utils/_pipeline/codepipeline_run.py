# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module codepipeline does."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from .._ami.cloud import Cloud
from . import codepipeline_calls as calls
from .codepipeline_checks import faults
from .codepipeline_comparison import (
    MASK,
    SECRET_KEYS,
    differences,
    masked_like,
    normal_form,
    without_default_triggers,
)
from .codepipeline_declaration import to_aws
from .codepipeline_form import Form, from_aws, from_options
from .codepipeline_options import STORE
from .codepipeline_tags import check_tags, tags_after

Result = dict[str, t.Any]
PipelineError = calls.PipelineError


@dataclasses.dataclass(frozen=True)
class _Found:
    """A pipeline that is there."""

    arn: str
    version: int
    form: Form
    tags: dict[str, str]


@dataclasses.dataclass(frozen=True)
class _Plan:
    """C(before) and C(after) are normal forms with tags, empty where there is no pipeline."""

    before: Result
    after: Result
    # What to send: None when the declaration stays.
    declaration: Result | None
    changes: list[str]


def _checked_stores(given: t.Any) -> Result | None:
    """The stores by Region, each as an option of the module would be."""
    if given is None:
        return None
    stores = {}
    for region, store in given.items():
        if not isinstance(store, dict):
            raise PipelineError(f"artifact_stores.{region} must be a dictionary with location, got {store!r}.")
        result = ArgumentSpecValidator(STORE).validate(store)
        if result.error_messages:
            raise PipelineError(f"artifact_stores.{region}: {'; '.join(result.error_messages)}.")
        stores[str(region)] = result.validated_parameters
    return stores


def _wanted(params: c.Mapping[str, t.Any], region: str) -> Form:
    form = from_options({**params, "artifact_stores": _checked_stores(params["artifact_stores"])}, region)
    found = faults(form, region)
    if found:
        raise PipelineError(
            f"AWS would refuse the pipeline {params['name']}, so nothing was called: {'; '.join(found)}."
        )
    return form


def secrets_of(params: c.Mapping[str, t.Any]) -> set[str]:
    """The secrets in the options' configurations, which no result may show."""
    return {
        str(value)
        for stage in params["stages"] or []
        for action in stage["actions"]
        for key, value in action["configuration"].items()
        if key in SECRET_KEYS and value and value != MASK
    }


def _read(client: calls.Client, name: str, region: str) -> _Found | None:
    answer = calls.get_pipeline(client, name)
    if answer is None:
        return None
    arn = str(answer["metadata"]["pipelineArn"])
    declaration = answer["pipeline"]
    return _Found(arn, int(declaration["version"]), from_aws(declaration, region), calls.get_tags(client, arn))


def _plan(wanted: Form, found: _Found | None, params: c.Mapping[str, t.Any], region: str) -> _Plan:
    tags = tags_after(found.tags if found else {}, params["tags"], purge=params["purge_tags"])
    if found is None:
        after = {**normal_form(wanted), "tags": tags}
        return _Plan({}, after, to_aws(wanted, region), ["all"])
    current = without_default_triggers(found.form, wanted)
    before, after = normal_form(current), normal_form(masked_like(wanted, current))
    changes = differences(before, after)
    return _Plan(
        {**before, "tags": found.tags},
        {**after, "tags": tags},
        to_aws(wanted, region) if changes else None,
        [*changes, *(["tags"] if tags != found.tags else [])],
    )


def _apply(client: calls.Client, plan: _Plan, found: _Found | None) -> None:
    name = plan.after["name"]
    tags = plan.after["tags"]
    if found is None and plan.declaration is not None:
        calls.create_pipeline(client, name, plan.declaration, _tag_list(tags))
        return
    if plan.declaration is not None:
        calls.update_pipeline(client, name, plan.declaration)
    if found is None:
        return
    gone = [key for key in found.tags if key not in tags]
    if gone:
        calls.untag(client, found.arn, gone)
    new = {key: value for key, value in tags.items() if found.tags.get(key) != value}
    if new:
        calls.tag(client, found.arn, _tag_list(new))


def _tag_list(tags: dict[str, str]) -> list[Result]:
    found: list[Result] = ansible_dict_to_boto3_tag_list(tags, tag_name_key_name="key", tag_value_key_name="value")
    return found


def _arn(role_arn: str, region: str, name: str) -> str:
    """That of a new pipeline, which is in its role's partition and account."""
    _arn_word, partition, _iam, _region, account, *_role = role_arn.split(":")
    return f"arn:{partition}:codepipeline:{region}:{account}:{name}"


def _present(client: calls.Client, module: t.Any, region: str) -> Result:
    params = module.params
    check_tags(params["tags"])
    wanted = _wanted(params, region)
    found = _read(client, params["name"], region)
    plan = _plan(wanted, found, params, region)
    if plan.changes and not module.check_mode:
        _apply(client, plan, found)
    updated = found is not None and plan.declaration is not None
    return {
        "changed": bool(plan.changes),
        "changes": plan.changes,
        "diff": {"before": plan.before, "after": plan.after},
        "pipeline": {
            **plan.after,
            "arn": found.arn if found else _arn(wanted["role_arn"], region, wanted["name"]),
            # CodePipeline counts its updates.
            "version": (found.version if found else 1) + int(updated),
        },
    }


def _absent(client: calls.Client, module: t.Any, region: str) -> Result:
    name = module.params["name"]
    answer = calls.get_pipeline(client, name)
    if answer is not None and not module.check_mode:
        calls.delete_pipeline(client, name)
    before = {} if answer is None else normal_form(from_aws(answer["pipeline"], region))
    return {
        "changed": answer is not None,
        "changes": [] if answer is None else ["all"],
        "diff": {"before": before, "after": {}},
        "pipeline": None,
    }


def region_of(module: t.Any) -> str:
    if not module.region:
        raise PipelineError("The Region must be known: give region, or set it in the environment or the profile.")
    return str(module.region)


def run(module: t.Any) -> Result:
    region = region_of(module)
    module.no_log_values.update(secrets_of(module.params))
    client = Cloud(module.client, region).codepipeline()
    if module.params["state"] == "absent":
        return _absent(client, module, region)
    return _present(client, module, region)
