# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What a deployment works with, and its plan: the launch template of the stage, its group, and the moves of the channel."""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
import secrets
import typing as t

from .._ami import calls_instances, channels, promotion, table
from .._ami.accounts import Accounts, Place
from .._ami.calls import AmiError
from .._ami.cloud import Cloud
from .._ami.images import read_amis
from .._ami.steps import why
from .._packer.environment import AwsAccess
from .._packer.options import aws_access
from .._packer.state import state_directory
from . import calls
from .errors import DeployError
from .health import Answer
from .options import Options, read_options
from .template import Scaling, Template, refuse_alias, refuse_unfit, template_of

Result = dict[str, t.Any]

_OVER = frozenset({"Successful", "Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed"})


def _run_id() -> str:
    return f"golden-deploy-{datetime.datetime.now(datetime.UTC).strftime('%Y%m%d%H%M%S')}-{secrets.token_hex(3)}"


@dataclasses.dataclass(frozen=True)
class Plan:
    """C(image_id) is the AMI of the version that instances of the stage are launched from."""

    promotion: promotion.Plan
    image_id: str
    template: Template | None
    scaling: Scaling | None

    @property
    def new_version(self) -> bool:
        """Whether the launch template needs a version with the AMI."""
        return self.template is None or self.template.image_id != self.image_id

    @property
    def refreshes(self) -> bool:
        return self.scaling is not None and self.scaling.image_id != self.image_id

    @property
    def changes(self) -> bool:
        return self.new_version or self.refreshes or self.promotion.changes


@dataclasses.dataclass(frozen=True)
class World:
    """C(stage) is where instances are launched; sessions in its account are renewed, so ask for C(cloud) each time."""

    options: Options
    access: AwsAccess
    accounts: Accounts
    stage_accounts: Accounts
    region: str
    stage: Place
    check: bool
    run_id: str = dataclasses.field(default_factory=_run_id)

    @property
    def cloud(self) -> Cloud:
        return self.stage_accounts.cloud(self.stage.account)

    @property
    def ec2(self) -> t.Any:
        return self.cloud.ec2(self.stage.region)

    @property
    def autoscaling(self) -> t.Any:
        return self.cloud.autoscaling(self.stage.region)

    @property
    def elbv2(self) -> t.Any:
        return self.cloud.elbv2(self.stage.region)

    @property
    def log(self) -> pathlib.Path:
        given = self.options.log_path
        return pathlib.Path(given) if given else state_directory() / "logs" / f"{self.run_id}.log"

    def pinned(self, version: str) -> World:
        """The same, about this version alone."""
        move = dataclasses.replace(self.options.promotion, version=version, from_channel=None, image_id=None)
        return dataclasses.replace(self, options=dataclasses.replace(self.options, promotion=move))

    def promotion(self) -> promotion.Promotion:
        """With sessions that have just begun."""
        return promotion.Promotion(self.options.promotion, self.accounts, self.region)


def read_world(module: t.Any) -> World:
    """Read the options, and enter the account of the stage. Raises AmiError when that is not possible."""
    options = read_options(module.params)
    if module.check_mode:
        options = _with_expected(options)
    role = module.params["role_name"]
    accounts = Accounts(module.client, module.region, role)
    stage_role = options.stage_role or role
    # One role for the places of the channel, and perhaps another one for the stage.
    stage_accounts = accounts if stage_role == role else Accounts(module.client, module.region, stage_role)
    stage = Place(options.account or accounts.home_account, options.region or module.region)
    world = World(options, aws_access(module), accounts, stage_accounts, module.region, stage, module.check_mode)
    try:
        stage_accounts.cloud(stage.account)
    except AmiError as error:
        raise DeployError(
            f"The account {stage.account} of the stage {options.channel} cannot be entered: {why(error)}. Correct stage.account or"
            f" stage.role_name, or let the role {stage_role} there trust the task's credentials. Nothing was changed."
        ) from error
    return world


def _with_expected(options: Options) -> Options:
    """In check mode no earlier stage has moved its channel: that it soaked there for no time at all holds once it has."""

    def holds(gate: dict[str, t.Any]) -> bool:
        soaked = gate.get("soaked")
        return soaked is not None and soaked["channel"] in options.expected_channels and soaked["days"] == 0

    move = options.promotion
    kept = tuple(gate for gate in move.gates if not holds(gate))
    return dataclasses.replace(options, promotion=dataclasses.replace(move, gates=kept))


def make_plan(world: World) -> Plan:
    """Read all that decides. Refuses what cannot be deployed, before anything is changed."""
    options = world.options
    move = world.promotion().plan()
    promotion.check_verdicts(options.promotion, move)
    image_id = _image_of_stage(world, move)
    template = read_template(world)
    if template:
        refuse_alias(template, options.channel)
    else:
        _check_settings(world)
    scaling = read_scaling(world) if options.group else None
    if scaling:
        refuse_unfit(scaling, template)
        _refuse_under_way(world, scaling)
    if options.health.target_group:
        found = calls.describe_target_group(world.elbv2, options.health.target_group)
        if found["TargetType"] != "instance":
            raise DeployError(
                f"health.target_group: {options.health.target_group} takes targets of type {found['TargetType']}, and an instance"
                " is registered by its id: name one of type instance. Nothing was changed."
            )
    return Plan(move, image_id, template, scaling)


def read_template(world: World) -> Template | None:
    described = calls.find_template(world.ec2, world.options.template)
    if described is None:
        return None
    return template_of(described, calls.describe_version(world.ec2, described["LaunchTemplateId"], "$Default"))


def read_scaling(world: World) -> Scaling:
    name = world.options.group.name if world.options.group else ""
    found = calls.find_group(world.autoscaling, name)
    if found is None:
        raise DeployError(
            f"There is no Auto Scaling group {name} in {world.stage}: make it, or correct auto_scaling_group. Nothing was changed."
        )
    template = found.get("LaunchTemplate") or {}
    template_id, version = template.get("LaunchTemplateId"), str(template.get("Version") or "$Default")
    image_id = None
    if template_id:
        image_id = calls.describe_version(world.ec2, template_id, version)["LaunchTemplateData"].get("ImageId")
    serving = [one["InstanceId"] for one in found.get("Instances", []) if one["LifecycleState"] == "InService"]
    return Scaling(name, template_id, version, image_id, tuple(serving), mixed=bool(found.get("MixedInstancesPolicy")))


def _refuse_under_way(world: World, scaling: Scaling) -> None:
    under_way = [one for one in calls.list_refreshes(world.autoscaling, scaling.name) if one["Status"] not in _OVER]
    if under_way:
        raise DeployError(
            f"An instance refresh of the Auto Scaling group {scaling.name} is under way ({under_way[0]['InstanceRefreshId']},"
            f" {under_way[0]['Status']}): wait for it, or cancel it. Nothing was changed."
        )


def _image_of_stage(world: World, move: promotion.Plan) -> str:
    """The artifact in the stage's own account, or the one that the task's account shares with it."""
    by_place = {one.place: one.after for one in move.moves}
    home = Place(world.accounts.home_account, world.stage.region)
    found = by_place.get(world.stage) or by_place.get(home)
    named = f"version {move.version} of {world.options.image}"
    if found is None:
        where = ", ".join(str(place) for place in by_place)
        raise DeployError(
            f"There is no AMI of {named} for {world.stage}: the channel is moved in {where}. Distribute it there and name the place"
            " under regions and accounts, or move the stage. Nothing was changed."
        )
    if world.stage in by_place:
        return found
    amis = read_amis(world.cloud, world.stage, owners=(), image_ids=[found])
    if not amis or amis[0].state != "available":
        raise DeployError(
            f"The account {world.stage.account} cannot use {found}, which is {named} in {home}: share it with that account"
            " (golden.ami.ami_share), or copy it there (golden.ami.ami_copy). Nothing was changed."
        )
    return found


def _check_settings(world: World) -> None:
    """Of a launch template that is to be made: EC2 itself looks at them only when it launches."""
    settings = world.options.settings
    calls_instances.describe_instance_types(world.ec2, [settings["InstanceType"]])
    subnets = [one["SubnetId"] for one in settings.get("NetworkInterfaces", [])]
    if subnets:
        calls_instances.describe_subnets(world.ec2, subnets)


@dataclasses.dataclass
class Progress:
    """What is known so far, for results of whatever end."""

    outcome: str = "unchanged"
    version: str | None = None
    template_id: str | None = None
    instance_id: str | None = None
    refresh_id: str | None = None
    answers: list[Answer] = dataclasses.field(default_factory=list)
    console: list[str] = dataclasses.field(default_factory=list)
    leftovers: list[dict[str, str]] = dataclasses.field(default_factory=list)


def result_of(world: World, plan: Plan, progress: Progress, *, changed: bool) -> Result:
    """What every result has. Where nothing was changed, nothing moved."""
    options, template = world.options, plan.template
    moved = promotion.result_of(options.promotion, plan.promotion)
    return {
        **{name: moved[name] for name in ("image", "channel", "version", "former_version", "moves", "gates")},
        "changed": changed,
        "outcome": progress.outcome,
        "account": world.stage.account,
        "region": world.stage.region,
        "image_id": plan.image_id,
        "launch_template": {
            "id": progress.template_id or (template.template_id if template else None),
            "name": options.template,
            "version": progress.version or (template.default if template and not plan.new_version else None),
            "former_version": template.default if template else None,
            "former_image_id": template.image_id if template else None,
        },
        "instance_id": progress.instance_id,
        "instance_refresh_id": progress.refresh_id,
        "checks": [one.line() for one in progress.answers],
        "console": progress.console,
        "leftovers": progress.leftovers,
        "run_id": world.run_id,
        "log_path": str(world.log),
        "table": _table(world, plan, progress),
        "diff": _diff(world, plan),
    }


def version_name(world: World, plan: Plan) -> str:
    """How a version of a launch template tells where it is from."""
    return f"{world.options.image} {plan.promotion.version} for {world.options.channel}, {world.run_id}"[:255]


def _table(world: World, plan: Plan, progress: Progress) -> list[str]:
    template, group = plan.template, plan.scaling
    before = template.image_id if template else None
    told = [
        (world.stage, f"launch template {world.options.template}", plan.image_id, *_said(before, plan.image_id)),
        *(
            [(world.stage, f"Auto Scaling group {group.name}", plan.image_id, *_said(group.image_id, plan.image_id))]
            if group
            else []
        ),
        *(
            (move.place, f"{world.options.image}/{move.channel}", move.after, move.action, move.reason)
            for move in plan.promotion.moves
        ),
    ]
    asked = [
        (one.check, one.subject, "healthy" if one.healthy else "not healthy", f"{one.seconds:.1f} s", one.said)
        for one in progress.answers
    ]
    return [*table.lines(told), *(table.lines(asked) if asked else [])]


def _said(before: str | None, after: str) -> tuple[str, str]:
    if before == after:
        return "keep", "it has this AMI already"
    return ("move", f"from {before}") if before else ("create", "there is none yet")


def _diff(world: World, plan: Plan) -> Result:
    diff = channels.diff_of(plan.promotion.moves)
    before: Result = dict(diff["before"])
    after: Result = dict(diff["after"])
    key = f"{world.stage} launch template {world.options.template}"
    before[key], after[key] = plan.template.image_id if plan.template else None, plan.image_id
    if plan.scaling:
        key = f"{world.stage} Auto Scaling group {plan.scaling.name}"
        before[key], after[key] = plan.scaling.image_id, plan.image_id
    return {"before": before, "after": after}
