# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The pipeline of an image: its stages and CodeBuild projects, in the options of the modules that make them."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import re
import typing as t

from . import permissions
from .names import NameProblem, Names, check_connection

Definition = c.Mapping[str, t.Any]
Options = dict[str, t.Any]

SOURCE, APPROVE = "source", "approve"
ORDER = (SOURCE, "validate", "build", "test", APPROVE, "distribute", "deploy", "promote")
_ALWAYS = (SOURCE, "validate", "build")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What the stages tell each other; a caller's would be lost.
_OWN = re.compile(r"GOLDEN_(STAGE|VERSION|CHANNEL|TOPIC_ARN|EXECUTION_ID)")
_ARTIFACT = "Source"
# What a person decides by: CodePipeline shows 1000 characters.
_QUESTION = "Give #{Build.GOLDEN_IMAGE} #{Build.GOLDEN_VERSION} (#{Build.GOLDEN_AMI}) to %s? %s"


class PipelineProblem(ValueError):
    """A pipeline that AWS would refuse, or that could not work."""


@dataclasses.dataclass(frozen=True)
class Wishes:
    """What a caller says of a pipeline, besides names."""

    environment: dict[str, str]
    stages: tuple[str, ...] = ()
    connection: str = ""
    full_repository: str = ""
    channel: str = ""
    execution_mode: str = "QUEUED"
    subnets: tuple[str, ...] | None = None
    instance_profile_role: str = ""
    scheduled: bool = False


def chain_of(definition: Definition, channel: str) -> tuple[str, ...]:
    """The channels that the pipeline deploys to, one after the other: those with C(deploy), up to its own channel."""
    channels = list(definition["channels"])
    last = channels.index(channel) + 1 if channel in channels else len(channels)
    return tuple(name for name in channels[:last] if "deploy" in definition["channels"][name])


def choose_stages(asked: c.Sequence[str], definition: Definition, channel: str = "") -> tuple[str, ...]:
    """Those that were asked for, or those that the definition has something to do for. Raises PipelineProblem.

    C(channel) is the pipeline's own: where it is deployed to, that is how it is promoted.
    """
    if not asked:
        chain = chain_of(definition, channel)
        own = channel or next(reversed(definition["channels"]), "")
        wanted = {stage: want(definition) for stage, want in _WANTED.items()}
        wanted |= {"deploy": bool(chain), "promote": bool(own) and own not in chain}
        return tuple(stage for stage in ORDER if stage in _ALWAYS or wanted[stage])
    unknown = [stage for stage in asked if stage not in ORDER]
    if unknown:
        raise PipelineProblem(f"pipeline_stages: there is no {', '.join(unknown)}, only {', '.join(ORDER)}")
    if asked[0] != SOURCE:
        raise PipelineProblem(f"pipeline_stages: the first one is {asked[0]}, but a pipeline begins with {SOURCE}")
    if list(asked) != [stage for stage in ORDER if stage in asked]:
        raise PipelineProblem(f"pipeline_stages: each once, in the order {', '.join(ORDER)}; found {', '.join(asked)}")
    if len(asked) == 1:
        raise PipelineProblem("pipeline_stages: a pipeline has two stages at least, and source alone builds nothing")
    late = [stage for stage in asked if stage in ("test", APPROVE, "distribute", "deploy", "promote")]
    if late and "build" not in asked:
        raise PipelineProblem(f"pipeline_stages: {late[0]} is about what build makes, which is not among them")
    return tuple(asked)


_WANTED: dict[str, c.Callable[[Definition], bool]] = {
    "test": lambda image: any("instance" in suite["run_on"] for suite in image["tests"]["suites"]),
    APPROVE: lambda image: bool(image["channels"]),
    "distribute": lambda image: bool(
        image["distribution"]["regions"] or image["distribution"]["accounts"] or _shares(image)
    ),
}


def _shares(image: Definition) -> bool:
    return any(image["distribution"]["share"].values())


def check_environment(environment: c.Mapping[str, t.Any]) -> dict[str, str]:
    """The variables of all builds. Raises PipelineProblem for one without a value, or with a name that none can have."""
    for name, value in environment.items():
        if not _VARIABLE.fullmatch(str(name)):
            raise PipelineProblem(
                f"environment_vars: {name!r} is no name of a variable: letters, digits and underscores"
            )
        if _OWN.fullmatch(str(name)):
            raise PipelineProblem(f"environment_vars: {name} is told by the pipeline itself")
        if value is None or isinstance(value, (dict, list)):
            raise PipelineProblem(f"environment_vars.{name} has no value: give it a text, or leave it out")
    if not environment.get("PACKER_SCRIPT"):
        raise PipelineProblem("environment_vars.PACKER_SCRIPT is missing: it says which image is built")
    return {str(name): str(value) for name, value in environment.items()}


def needs_of(wishes: Wishes, stages: c.Sequence[str], definition: Definition, names: Names) -> permissions.Needs:
    """What the stages do, as far as permissions follow from it."""
    distribution = definition["distribution"]
    role = f"role/{distribution['role_name']}"
    entered = [f"arn:{names.place.partition}:iam::{account}:{role}" for account in distribution["accounts"]]
    return permissions.Needs(
        stages=tuple(stage for stage in stages if stage in permissions.STAGES),
        image=definition["name"],
        parameters=_parameters(definition["base"] or {}),
        connection=wishes.connection,
        approves=APPROVE in stages,
        in_vpc=wishes.subnets,
        instance_profile_role=wishes.instance_profile_role,
        entered=tuple(entered),
        shares=_shares(definition),
        regions=tuple(distribution["regions"]),
        copies=bool(distribution["regions"] or distribution["accounts"]),
        describes=bool(definition.get("template") or definition["description"]),
        reboots=definition["tests"]["reboot"],
        compares=bool(definition["channels"]),
        scheduled=wishes.scheduled,
        deployments=tuple(_deployments(wishes, definition, names)),
    )


def _deployments(wishes: Wishes, definition: Definition, names: Names) -> c.Iterator[permissions.Deployment]:
    """What is deployed to, as far as permissions follow from it."""
    for channel in chain_of(definition, wishes.channel):
        deploy = definition["channels"][channel]["deploy"]
        account, role = deploy.get("account"), deploy.get("role_name", definition["distribution"]["role_name"])
        foreign = account not in (None, names.place.account)
        yield permissions.Deployment(
            region=deploy.get("region", names.place.region),
            entered=f"arn:{names.place.partition}:iam::{account}:role/{role}" if foreign else "",
            group=deploy.get("auto_scaling_group", {}).get("name", ""),
            target_group=deploy["health"].get("target_group", ""),
            logs_in="playbook" in deploy["health"],
        )


def _parameters(base: Definition) -> tuple[str, ...]:
    if base.get("ssm_parameter"):
        return (base["ssm_parameter"],)
    if base.get("image"):
        return (f"/golden/{base['image']}/{base.get('channel') or 'versions/*'}",)
    return ()


def declare(wishes: Wishes, definition: Definition, names: Names) -> dict[str, t.Any]:
    """C(roles), C(projects) and C(stages) of the pipeline. Raises PipelineProblem, and NameProblem."""
    environment = check_environment(wishes.environment)
    stages = choose_stages(wishes.stages, definition, wishes.channel)
    wishes = dataclasses.replace(wishes, stages=stages)
    channel = _channel(wishes, stages, definition, names)
    if wishes.connection:
        check_connection(wishes.connection)
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)+", wishes.full_repository):
            raise NameProblem(f"source_repository {wishes.full_repository!r}: with source_connection it is OWNER/NAME")
    work = [stage for stage in stages if stage in permissions.STAGES]
    told = dict.fromkeys(work, "") | {"test": channel, "promote": channel}
    told["deploy"] = ",".join(chain_of(definition, wishes.channel))
    return {
        "roles": [role.as_option() for role in permissions.derive(needs_of(wishes, stages, definition, names), names)],
        "projects": [_project(stage, environment, told[stage], names) for stage in work],
        "stages": [_stage(stage, wishes, channel, names) for stage in stages],
        "channel": channel,
    }


def _channel(wishes: Wishes, stages: c.Sequence[str], definition: Definition, names: Names) -> str:
    """The one that is promoted to: the last one of the definition, unless it is named."""
    channels = list(definition["channels"])
    if wishes.channel and wishes.channel not in channels:
        has = f"it has {', '.join(channels)}" if channels else "it has none"
        raise PipelineProblem(f"pipeline_channel: the definition has no channel {wishes.channel}: {has}")
    if "promote" in stages and not channels:
        raise PipelineProblem(
            "pipeline_stages: promote needs channels in the definition (image.yml), and there are none"
        )
    if "deploy" in stages and not chain_of(definition, wishes.channel):
        raise PipelineProblem("pipeline_stages: deploy needs channels with deploy in the definition (image.yml)")
    if "deploy" in stages:
        _check_profiles(wishes, definition, names)
    return wishes.channel or (channels[-1] if channels else "")


def _check_profiles(wishes: Wishes, definition: Definition, names: Names) -> None:
    """Which role is in an instance profile is not known here, and without leave to pass it nothing is launched."""
    if wishes.instance_profile_role:
        return
    for channel in chain_of(definition, wishes.channel):
        deploy = definition["channels"][channel]["deploy"]
        # The role of another account has rights of its own there.
        if deploy.get("instance_profile") and deploy.get("account") in (None, names.place.account):
            raise PipelineProblem(
                f"pipeline_instance_profile_role: channels.{channel}.deploy launches with the instance profile"
                f" {deploy['instance_profile']}: name the role in it, which the stage deploy has to pass"
            )


def _project(stage: str, environment: dict[str, str], channel: str, names: Names) -> Options:
    told = {**environment, "GOLDEN_STAGE": stage, "GOLDEN_TOPIC_ARN": names.topic_arn}
    if channel:
        told["GOLDEN_CHANNEL"] = channel
    return {
        "name": names.stage(stage),
        "service_role": names.role_arn(names.stage(stage)),
        "log_group": names.log_group(stage),
        "environment_variables": [{"name": name, "value": value} for name, value in told.items()],
    }


def _stage(stage: str, wishes: Wishes, channel: str, names: Names) -> Options:
    action = {SOURCE: _source, APPROVE: _approval}.get(stage, _codebuild)(stage, wishes, channel, names)
    return {"name": stage.capitalize(), "actions": [{"name": stage.capitalize(), **action}]}


def _source(_stage: str, wishes: Wishes, _channel: str, names: Names) -> Options:
    configuration: Options = {"BranchName": names.branch}
    if wishes.connection:
        configuration |= {"ConnectionArn": wishes.connection, "FullRepositoryId": wishes.full_repository}
    else:
        # The rule for the branch starts it, within seconds; to ask again and again would be slower, and costs calls.
        configuration |= {"RepositoryName": names.repository, "PollForSourceChanges": "false"}
    return {
        "category": "Source",
        "provider": "CodeStarSourceConnection" if wishes.connection else "CodeCommit",
        "configuration": configuration,
        "output_artifacts": [_ARTIFACT],
        "namespace": "Source",
    }


def _codebuild(stage: str, _wishes: Wishes, _channel: str, names: Names) -> Options:
    # A notification says how to retry this very execution.
    told = {"GOLDEN_EXECUTION_ID": "#{codepipeline.PipelineExecutionId}"}
    if stage not in ("validate", "build"):
        told["GOLDEN_VERSION"] = "#{Build.GOLDEN_VERSION}"
    variables = [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in told.items()]
    action: Options = {
        "category": "Test" if stage in ("validate", "test") else "Build",
        "provider": "CodeBuild",
        "configuration": {"ProjectName": names.stage(stage), "EnvironmentVariables": variables},
        "input_artifacts": [_ARTIFACT],
        "namespace": stage.capitalize(),
    }
    if stage == "build":
        action["output_artifacts"] = ["Built"]
    return action


def _approval(_stage: str, wishes: Wishes, channel: str, names: Names) -> Options:
    tested = "test" in wishes.stages
    question = _QUESTION % (channel, "#{Test.GOLDEN_DIFF}" if tested else "")
    configuration = {"NotificationArn": names.topic_arn, "CustomData": question.strip()}
    return {"category": "Approval", "provider": "Manual", "configuration": configuration}
