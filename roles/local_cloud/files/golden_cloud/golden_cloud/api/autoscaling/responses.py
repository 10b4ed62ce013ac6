# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Auto Scaling's operations: groups that launch from a launch template, and their refreshes."""

from __future__ import annotations

import re
import uuid
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from golden_cloud.api.access import PARTITION
from golden_cloud.api.autoscaling.backend import CloudAutoScalingBackend, autoscaling_backends
from golden_cloud.api.autoscaling.group import Group, Refresh, TemplateSpec
from golden_cloud.api.ec2 import aliases
from golden_cloud.api.ec2.filters import page
from golden_cloud.api.ec2.template import find
from golden_cloud.api.errors import CloudError, UnsupportedOption
from golden_cloud.api.service import CloudResponse

PREFERENCES = {
    "MinHealthyPercentage",
    "InstanceWarmup",
    "AutoRollback",
    "CheckpointPercentages",
    "CheckpointDelay",
    "BakeTime",
}
USUALLY_HEALTHY = 90
"""Per cent of a group that stay in service while it is refreshed, unless a refresh says otherwise."""


def _invalid(text: str) -> CloudError:
    return CloudError("ValidationError", text)


class CloudAutoScalingResponse(CloudResponse, BaseResponse):
    """Every operation of Auto Scaling that the catalogue lists."""

    def __init__(self) -> None:
        super().__init__(service_name="autoscaling")
        self.automated_parameter_parsing = True

    @property
    def _backend(self) -> CloudAutoScalingBackend:
        backend: CloudAutoScalingBackend = autoscaling_backends[self.identity.account_id][self.region]
        return backend

    # Groups

    def create_auto_scaling_group(self) -> ActionResult:
        backend, name = self._backend, str(self._get_param("AutoScalingGroupName"))
        if name in backend.groups:
            text = f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
            raise CloudError("AlreadyExists", text)
        spec = self._get_param("LaunchTemplate")
        if not spec:
            raise _invalid("Valid requests must contain a launch template here.")
        template = self._checked_template(spec)
        subnets, zones, by_subnet = self._places()
        least, most = int(self._get_param("MinSize")), int(self._get_param("MaxSize"))
        desired = _checked_sizes(least, most, self._get_int_param("DesiredCapacity", least))
        where = f"arn:{PARTITION}:autoscaling:{self.region}:{self.identity.account_id}"
        backend.groups[name] = Group(
            name=name,
            arn=f"{where}:autoScalingGroup:{uuid.uuid4()}:autoScalingGroupName/{name}",
            template=template,
            least=least,
            most=most,
            desired=desired,
            subnets=subnets,
            zones=zones,
            by_subnet=by_subnet,
            tags=[
                {k: tag.get(k) for k in ("Key", "Value", "PropagateAtLaunch")} for tag in self._get_param("Tags", [])
            ],
            cooldown=self._get_int_param("DefaultCooldown", 300),
            grace=self._get_int_param("HealthCheckGracePeriod", 0),
            warmup=self._get_int_param("DefaultInstanceWarmup"),
            policies=self._get_param("TerminationPolicies") or ["Default"],
            target_groups=self._checked_target_groups(),
            by_load_balancer=self._by_load_balancer("CreateAutoScalingGroup", False),
        )
        return EmptyResult()

    def update_auto_scaling_group(self) -> ActionResult:
        group, spec = self._group(), self._get_param("LaunchTemplate")
        least = self._get_int_param("MinSize", group.least)
        most = self._get_int_param("MaxSize", group.most)
        # A size out of the new bounds is drawn into them, one that is asked for must be within.
        wanted = self._get_int_param("DesiredCapacity", max(least, min(group.desired, most)))
        desired = _checked_sizes(least, most, wanted)
        by_load_balancer = self._by_load_balancer("UpdateAutoScalingGroup", group.by_load_balancer)
        template = self._checked_template(spec) if spec else group.template
        if spec and group.refresh is not None and group.refresh.desired:
            text = "An instance refresh with a desired configuration is under way: its launch template can't be changed"
            raise _invalid(text)
        places = (group.subnets, group.zones, group.by_subnet)
        if self._get_param("VPCZoneIdentifier") or self._get_param("AvailabilityZones"):
            places = self._places()
        group.subnets, group.zones, group.by_subnet = places
        group.least, group.most, group.desired, group.template = least, most, desired, template
        group.cooldown = self._get_int_param("DefaultCooldown", group.cooldown)
        group.grace = self._get_int_param("HealthCheckGracePeriod", group.grace)
        group.warmup = self._get_int_param("DefaultInstanceWarmup", group.warmup)
        group.policies = self._get_param("TerminationPolicies") or group.policies
        group.by_load_balancer = by_load_balancer
        group.retry_at = 0.0
        return EmptyResult()

    # Their target groups

    def attach_load_balancer_target_groups(self) -> ActionResult:
        group, arns = self._group(), self._checked_target_groups()
        group.target_groups += tuple(arn for arn in arns if arn not in group.target_groups)
        return EmptyResult()

    def detach_load_balancer_target_groups(self) -> ActionResult:
        group, arns = self._group(), tuple(str(arn) for arn in self._get_param("TargetGroupARNs"))
        missing = [arn for arn in arns if arn not in group.target_groups]
        if missing:
            raise _invalid(f"The target group '{missing[0]}' is not attached to the group {group.name}")
        self._backend.withdraw(group.alive, arns)
        group.target_groups = tuple(arn for arn in group.target_groups if arn not in arns)
        return EmptyResult()

    def describe_load_balancer_target_groups(self) -> ActionResult:
        shown = [self._attached(self._group(), arn) for arn in self._group().target_groups]
        attached, token = page(shown, self._page_size(), self._get_param("NextToken"))
        return ActionResult({"LoadBalancerTargetGroups": attached, "NextToken": token})

    def _attached(self, group: Group, arn: str) -> dict[str, str]:
        """InService once a target group calls one of its instances healthy."""
        balancing = self._backend.balancing
        found = balancing.groups.get(arn)
        keys = [found.key_of({"Id": m.instance_id}) for m in group.alive] if found is not None else []
        healthy = found is not None and any(balancing.health_of(found, key).state == "healthy" for key in keys)
        return {"LoadBalancerTargetGroupARN": arn, "State": "InService" if healthy else "Added"}

    def _checked_target_groups(self) -> tuple[str, ...]:
        arns = tuple(str(arn) for arn in self._get_param("TargetGroupARNs") or [])
        known = self._backend.balancing.groups
        for arn in arns:
            if arn not in known:
                raise _invalid("One or more target groups not found")
            if known[arn].target_type != "instance":
                raise _invalid(f"Target group {arn} is of the target type '{known[arn].target_type}', not 'instance'")
        return arns

    def _by_load_balancer(self, operation: str, before: bool) -> bool:
        """Whether load balancers say who is healthy."""
        wanted = self._get_param("HealthCheckType") or ("ELB" if before else "EC2")
        if wanted not in ("EC2", "ELB"):
            raise UnsupportedOption(operation, f"HealthCheckType={wanted}", "there are EC2 and ELB")
        return bool(wanted == "ELB")

    def disable_metrics_collection(self) -> ActionResult:
        """No group has any here, which is what this asks for."""
        self._group()
        return EmptyResult()

    def set_desired_capacity(self) -> ActionResult:
        group, wanted = self._group(), int(self._get_param("DesiredCapacity"))
        if not group.least <= wanted <= group.most:
            where = f"below min value {group.least}" if wanted < group.least else f"above max value {group.most}"
            raise _invalid(f"New SetDesiredCapacity value {wanted} is {where} for the AutoScalingGroup.")
        group.desired, group.retry_at = wanted, 0.0
        return EmptyResult()

    def delete_auto_scaling_group(self) -> ActionResult:
        group = self._group()
        if group.members and not self._get_param("ForceDelete"):
            raise CloudError(
                "ResourceInUse",
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
                "still in the group.",
            )
        group.deleting, group.least, group.desired = True, 0, 0
        self._backend.keep(group)
        return EmptyResult()

    def describe_auto_scaling_groups(self) -> ActionResult:
        names = self._get_param("AutoScalingGroupNames", [])
        filters = self._get_param("Filters", [])
        shown = [
            group.describe()
            for group in self._backend.groups.values()
            if (not names or group.name in names) and all(_passes(group, f) for f in filters)
        ]
        groups, token = page(shown, self._page_size(), self._get_param("NextToken"))
        return ActionResult({"AutoScalingGroups": groups, "NextToken": token})

    def describe_launch_configurations(self) -> ActionResult:
        """There are none: groups launch from launch templates."""
        return ActionResult({"LaunchConfigurations": []})

    def describe_auto_scaling_instances(self) -> ActionResult:
        ids = self._get_param("InstanceIds", [])
        shown = [
            member.describe() | {"AutoScalingGroupName": group.name, "HealthStatus": "HEALTHY"}
            for group in self._backend.groups.values()
            for member in group.members.values()
            if not ids or member.instance_id in ids
        ]
        instances, token = page(shown, self._page_size(), self._get_param("NextToken"))
        return ActionResult({"AutoScalingInstances": instances, "NextToken": token})

    def describe_scaling_activities(self) -> ActionResult:
        name = self._get_param("AutoScalingGroupName")
        groups = [self._group()] if name else list(self._backend.groups.values())
        shown = [
            {
                "ActivityId": activity.id,
                "AutoScalingGroupName": group.name,
                "AutoScalingGroupARN": group.arn,
                "Description": activity.description,
                "Cause": activity.cause,
                "StartTime": activity.time,
                "EndTime": activity.time,
                "StatusCode": activity.status,
                "StatusMessage": activity.message,
                "Progress": 100,
            }
            for group in groups
            for activity in group.activities
        ]
        activities, token = page(shown, self._page_size(), self._get_param("NextToken"))
        return ActionResult({"Activities": activities, "NextToken": token})

    def _page_size(self) -> int:
        size = int(self._get_param("MaxRecords", 50))
        if not 1 <= size <= 100:
            raise _invalid(f"Value {size} for MaxRecords is invalid: it must be from 1 to 100.")
        return size

    def _group(self) -> Group:
        name = str(self._get_param("AutoScalingGroupName"))
        group = self._backend.groups.get(name)
        if group is None:
            raise _invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
        if group.deleting:
            raise CloudError("ScalingActivityInProgress", f"The group {name} is being deleted.")
        return group

    def _checked_template(self, spec: dict[str, str]) -> TemplateSpec:
        """As groups tell it, once it is sure that a machine can be launched from it."""
        ec2 = self._backend.ec2
        try:
            template = find(ec2.launch_templates, spec.get("LaunchTemplateId"), spec.get("LaunchTemplateName"))
            data = template.version(spec.get("Version")).data
            missing = [name for name in ("ImageId", "InstanceType") if not data.get(name)]
            if missing:
                raise _invalid(f"the launch template says no {missing[0]}")
            image_id = data["ImageId"]
            if aliases.is_alias(image_id):
                image_id = aliases.resolve(image_id, ec2.account_id, ec2.region_name)
            ec2.find_image(image_id)
        except ServiceException as error:
            raise _invalid(f"You must use a valid fully-formed launch template. {error.message}") from error
        return {
            "LaunchTemplateId": template.id,
            "LaunchTemplateName": template.name,
            "Version": spec.get("Version") or "$Default",
        }

    def _places(self) -> tuple[list[str], list[str], bool]:
        """Subnets, their zones, and whether the request names subnets."""
        ec2 = self._backend.ec2
        ids = [i.strip() for i in (self._get_param("VPCZoneIdentifier") or "").split(",") if i.strip()]
        zones = self._get_param("AvailabilityZones", [])
        if ids:
            try:
                subnets = [ec2.get_subnet(subnet_id) for subnet_id in ids]
            except ServiceException as error:
                raise _invalid(f"The subnet ID '{', '.join(ids)}' does not exist: {error.message}") from error
            return ids, sorted({s.availability_zone for s in subnets}), True
        if not zones:
            raise _invalid("At least one Availability Zone or VPC Subnet is required.")
        known = ec2.get_default_subnets()
        unknown = [zone for zone in zones if zone not in known]
        if unknown:
            raise _invalid(f"Invalid availability zones: [{unknown[0]}]")
        return [known[zone].id for zone in zones], list(zones), False

    # Refreshes

    def start_instance_refresh(self) -> ActionResult:
        group = self._group()
        if group.refresh is not None:
            text = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."
            raise CloudError("InstanceRefreshInProgress", text)
        # A zero counts: no warmup, no delay.
        given = self._get_param("Preferences", {}) or {}
        preferences = {k: v for k, v in given.items() if v is not None and v is not False and v != []}
        extra = sorted(set(preferences) - PREFERENCES)
        if extra:
            raise UnsupportedOption("StartInstanceRefresh", f"Preferences.{extra[0]}")
        configuration = self._get_param("DesiredConfiguration", {}) or {}
        if configuration.get("MixedInstancesPolicy"):
            raise UnsupportedOption("StartInstanceRefresh", "DesiredConfiguration.MixedInstancesPolicy")
        spec = configuration.get("LaunchTemplate")
        former = self._way_back(group) if spec else None
        if preferences.get("AutoRollback") and former is None:
            text = (
                "AutoRollback needs a desired configuration, and a group whose launch template has a version with a"
                " number and an AMI that is not an SSM parameter."
            )
            raise _invalid(text)
        refresh = Refresh(
            template=self._checked_template(spec or group.named_template),
            old=[member.instance_id for member in group.alive],
            min_healthy=int(preferences.get("MinHealthyPercentage", USUALLY_HEALTHY)),
            warmup=int(preferences.get("InstanceWarmup", group.warmup or 0)),
            desired=bool(spec),
            former=former,
            rolls_back=bool(preferences.get("AutoRollback")),
            checkpoints=_checked_checkpoints(preferences.get("CheckpointPercentages") or []),
            checkpoint_delay=int(preferences.get("CheckpointDelay", 3600)),
            bake=int(preferences.get("BakeTime", 0)),
        )
        refresh.total = len(refresh.old)
        group.refreshes = [refresh, *group.refreshes]
        group.retry_at, group.failures = 0.0, 0
        return ActionResult({"InstanceRefreshId": refresh.id})

    def cancel_instance_refresh(self) -> ActionResult:
        group = self._group()
        refresh = group.refresh
        if refresh is None:
            text = f"No in progress or pending Instance Refresh found for Auto Scaling group {group.name}"
            raise CloudError("ActiveInstanceRefreshNotFound", text)
        refresh.finish("Cancelled")
        return ActionResult({"InstanceRefreshId": refresh.id})

    def rollback_instance_refresh(self) -> ActionResult:
        group = self._group()
        refresh = group.refresh
        if refresh is None or refresh.going_back:
            text = f"No in progress or pending Instance Refresh found for Auto Scaling group {group.name}"
            raise CloudError("ActiveInstanceRefreshNotFound", text)
        if refresh.former is None:
            text = (
                "The instance refresh has no desired configuration, or the group's launch template no numbered version."
            )
            raise CloudError("IrreversibleInstanceRefresh", text)
        refresh.go_back("Rollback was asked for.", group.new_ones)
        group.retry_at, group.failures = 0.0, 0
        return ActionResult({"InstanceRefreshId": refresh.id})

    def _way_back(self, group: Group) -> TemplateSpec | None:
        """What the group can go back to: only a version with a number and an AMI stays what it is."""
        version = group.template.get("Version", "")
        if not version.isdigit():
            return None
        template = find(self._backend.ec2.launch_templates, group.template["LaunchTemplateId"], None)
        return None if aliases.is_alias(template.version(version).data.get("ImageId")) else dict(group.template)

    def describe_instance_refreshes(self) -> ActionResult:
        group, ids = self._group(), self._get_param("InstanceRefreshIds", [])
        shown = [r.describe(group.name) for r in group.refreshes if not ids or r.id in ids]
        refreshes, token = page(shown, self._page_size(), self._get_param("NextToken"))
        return ActionResult({"InstanceRefreshes": refreshes, "NextToken": token})


def _checked_checkpoints(percentages: list[int]) -> tuple[int, ...]:
    checked = tuple(int(one) for one in percentages)
    if list(checked) != sorted(set(checked)) or any(not 1 <= one <= 100 for one in checked):
        raise _invalid("CheckpointPercentages must be unique, from 1 to 100 and in ascending order.")
    return checked


def _checked_sizes(least: int, most: int, desired: int) -> int:
    if not 0 <= least <= most:
        raise _invalid(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if not least <= desired <= most:
        text = f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}"
        raise _invalid(text)
    return desired


def _passes(group: Group, wanted: dict[str, Any]) -> bool:
    """Auto Scaling's own filters; they have no wildcards."""
    name, values = wanted.get("Name") or "", set(wanted.get("Values", []))
    tags = {str(tag["Key"]): str(tag.get("Value") or "") for tag in group.tags}
    if name == "tag-key":
        return bool(values & set(tags))
    if name == "tag-value":
        return bool(values & set(tags.values()))
    match = re.fullmatch("tag:(.+)", name)
    if match is None:
        raise _invalid(f"Filter type {name} is not correct. Allowed Filter types are: tag-key tag-value tag:<key>")
    return tags.get(match[1]) in values
