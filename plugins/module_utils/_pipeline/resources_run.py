# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module pipeline_resources does."""

from __future__ import annotations

import collections.abc as c
import json
import typing as t

from .._ami.calls import AmiError, get_account
from .._ami.cloud import Cloud
from .permissions import KEY
from .resources_actors import Roles, Rules, Schedules, Topics
from .resources_plan import SHARED, TAG, NotOursError, Step, Thing, is_made, plan_absent, plan_present, refuse_foreign
from .resources_storage import Buckets, Keys, LogGroups, Repositories
from .resources_users import read_pipeline, read_projects

Result = dict[str, t.Any]
ROLE = {
    "name": {"type": "str", "required": True},
    "service": {"type": "str", "required": True},
    "statements": {"type": "list", "elements": "dict", "required": True},
}
ARGUMENT_SPEC: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "adopt": {"type": "bool", "default": False},
    "key_alias": {"type": "str", "required": True, "no_log": False},
    "bucket": {"type": "str", "required": True},
    "expire_days": {"type": "int", "default": 30},
    "repository": {"type": "str"},
    "repository_description": {"type": "str", "default": ""},
    "delete_repository": {"type": "bool", "default": False},
    "projects": {"type": "list", "elements": "str", "default": []},
    "log_groups": {"type": "list", "elements": "str", "default": []},
    "retention_days": {"type": "int", "default": 30},
    "topic_arn": {"type": "str", "required": True},
    "subscriptions": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"protocol": {"type": "str", "required": True}, "endpoint": {"type": "str", "required": True}},
    },
    "roles": {"type": "list", "elements": "dict", "default": [], "options": ROLE},
    "rules": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "pattern": {"type": "dict", "required": True},
            "target": {"type": "dict", "required": True},
        },
    },
    "schedule": {
        "type": "dict",
        "options": {
            "expression": {"type": "str", "required": True},
            "time_zone": {"type": "str", "default": "UTC"},
            "target": {"type": "dict", "required": True},
        },
    },
    "tags": {"type": "dict", "default": {}},
}


class Handler(t.Protocol):
    """Reads and makes things of one kind."""

    def read(self, name: str, /) -> Thing | None: ...
    def create(self, thing: Thing, /) -> None: ...
    def update(self, before: Thing, after: Thing, /) -> None: ...
    def delete(self, thing: Thing, /) -> None: ...


class World:
    """The handlers by kind, in the order in which things are made: each needs those before it."""

    def __init__(self, cloud: Cloud) -> None:
        region, sts = cloud.region, cloud.client("sts")
        self._account, self._partition = get_account(sts), sts.meta.partition

        def arn(service: str, kind: str) -> c.Callable[[str], str]:
            return lambda name: f"arn:{self._partition}:{service}:{region}:{self._account}:{kind}{name}"

        self.keys = Keys(cloud.kms())
        self.repositories = Repositories(cloud.client("codecommit"))
        self.handlers: dict[str, Handler] = {
            "key": self.keys,
            "bucket": Buckets(cloud.client("s3"), region),
            "repository": self.repositories,
            "log_group": LogGroups(cloud.logs(), arn("logs", "log-group:")),
            "topic": Topics(cloud.client("sns")),
            "role": Roles(cloud.iam()),
            "rule": Rules(cloud.client("events"), arn("events", "rule/")),
            "schedule": Schedules(cloud.client("scheduler"), arn("scheduler", "schedule-group/")),
        }
        self.rule_arn = arn("events", "rule/")


def run(module: t.Any) -> Result:
    params = module.params
    cloud = Cloud(module.client, module.region)
    world = World(cloud)
    found = {one: thing for one in _named(params) if (thing := world.handlers[one[0]].read(one[1]))}
    users = [
        *read_projects(cloud.codebuild(), params["projects"]),
        *read_pipeline(cloud.codepipeline(), params["name"]),
    ]
    present = params["state"] == "present"
    if present:
        try:
            refuse_foreign([*found.values(), *users], params["name"], adopt=params["adopt"])
        except NotOursError as error:
            raise AmiError(str(error)) from error
    steps: list[Step] = []
    # The plan of a thing may need what was made before it, as the policies of roles name the key.
    for kind, name in _named(params) if present else reversed(_named(params)):
        thing = found.get((kind, name))
        step = _present(params, world, kind, name, thing) if present else _absent(params, kind, thing)
        if step:
            steps.append(step)
            if not module.check_mode:
                _apply(world.handlers[kind], step)
    found_there = sorted({user.name for user in users if not is_made(user, params["name"])})
    return {**_result(params, world, steps), "found_there": found_there}


def _named(params: dict[str, t.Any]) -> list[tuple[str, str]]:
    """Everything that the pipeline stands on, in the order in which it is made."""
    names = [("key", params["key_alias"]), ("bucket", params["bucket"])]
    names += [("repository", params["repository"])] if params["repository"] else []
    names += [("log_group", name) for name in params["log_groups"]]
    names += [("topic", params["topic_arn"])]
    names += [("role", role["name"]) for role in params["roles"]]
    names += [("rule", rule["name"]) for rule in params["rules"]]
    # One that is not wanted any more, too.
    return [*names, ("schedule", params["name"])]


def _present(params: dict[str, t.Any], world: World, kind: str, name: str, found: Thing | None) -> Step | None:
    if kind == "schedule" and params["schedule"] is None:
        return plan_absent(found, params["name"], kept=False)
    tags = {**{key: str(value) for key, value in params["tags"].items()}, TAG: params["name"]}
    wanted = Thing(kind, name, _state(params, world, kind, name, found), tags)
    return plan_present(wanted, found, params["name"])


def _absent(params: dict[str, t.Any], kind: str, found: Thing | None) -> Step | None:
    kept = kind in SHARED and not params["delete_repository"]
    return plan_absent(found, params["name"], kept=kept)


def _state(params: dict[str, t.Any], world: World, kind: str, name: str, found: Thing | None) -> dict[str, t.Any]:
    """What the thing is to be."""
    key = world.keys.arn or KEY
    if kind == "key":
        return {"description": f"Artefacts of the pipeline {params['name']}", "rotation": True}
    if kind == "bucket":
        return {"versioned": True, "key": key, "private": True, "expire_days": params["expire_days"]}
    if kind == "repository":
        return {"description": params["repository_description"]}
    if kind == "log_group":
        return {"retention_days": params["retention_days"]}
    if kind == "topic":
        rules = [world.rule_arn(rule["name"]) for rule in params["rules"]]
        return Topics.wanted(name, rules, params["subscriptions"], found)
    option: dict[str, t.Any] = (
        next((one for one in params[f"{kind}s"] if one["name"] == name), {}) if kind != "schedule" else {}
    )
    if kind == "role":
        statements = json.loads(json.dumps(option["statements"]).replace(f'"{KEY}"', json.dumps(key)))
        return Roles.wanted({**option, "statements": statements})
    if kind == "rule":
        return Rules.wanted(option)
    return dict(params["schedule"])


def _apply(handler: Handler, step: Step) -> None:
    if step.before is None:
        handler.create(step.thing)
    elif step.after is None:
        handler.delete(step.before)
    else:
        handler.update(step.before, step.after)


def _result(params: dict[str, t.Any], world: World, steps: list[Step]) -> Result:
    key = world.keys.arn
    shown = [
        {"kind": step.thing.kind, "name": step.thing.name, "action": step.action, "reason": step.reason}
        for step in steps
    ]
    return {
        "changed": bool(steps),
        "actions": shown,
        "key_arn": world.keys.arn if params["state"] == "present" else None,
        "clone_url": world.repositories.clone_url if params["state"] == "present" else None,
        "diff": {"before": _side(steps, "before", key), "after": _side(steps, "after", key)},
    }


def _side(steps: list[Step], side: str, key: str | None) -> dict[str, t.Any]:
    """The key is known by its ARN only once it is there; it is called the same before that."""
    things = [thing for step in steps if (thing := getattr(step, side))]
    text = json.dumps({thing.words: {**thing.state, "tags": thing.tags} for thing in things}, sort_keys=True)
    shown: dict[str, t.Any] = json.loads(text.replace(key, KEY) if key else text)
    return shown
