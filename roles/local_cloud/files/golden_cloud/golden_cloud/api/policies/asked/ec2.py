# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operations of EC2 ask for. Images and snapshots have no account in their ARNs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix
from moto.iam.models import iam_backends

from golden_cloud.api.access import PARTITION
from golden_cloud.api.ec2.template import find as find_template
from golden_cloud.api.ec2.template import with_template
from golden_cloud.api.errors import CloudError
from golden_cloud.api.faults.fault import Call
from golden_cloud.api.policies.asked.ask import Ask, More, first, parameter, pass_role
from golden_cloud.api.policies.asked.table import table
from golden_cloud.api.policies.asked.tags import pairs, request_tags
from golden_cloud.api.policies.patterns import Values

_OF_NOBODY = ("image/", "snapshot/")


def _arn(call: Call, text: str) -> str:
    account = "" if text.startswith(_OF_NOBODY) else call.account
    return f"arn:aws:ec2:{call.region}:{account}:{text}"


def _tagged(call: Call, resource_id: str) -> str:
    """The resource of an id, of whatever kind it is: ``instance/i-…``."""
    try:
        kind = str(EC2_PREFIX_TO_RESOURCE.get(get_prefix(resource_id), "*"))
    except (KeyError, ValueError, IndexError):
        kind = "*"
    return f"{kind or '*'}/{resource_id}"


def _template_id(call: Call, name: str) -> str:
    """The launch template's id, by its name."""
    templates = ec2_backends[call.account][call.region].launch_templates
    return next((t.id for t in list(templates.values()) if t.name == name), "*")


def _creates(call: Call) -> list[Ask]:
    """``ec2:CreateTags`` for what the call tags as it makes it."""
    found = []
    for specification in call.parameters.get("TagSpecifications") or []:
        if isinstance(specification, dict) and specification.get("Tags"):
            context = request_tags(pairs(specification["Tags"])) | {"ec2:createaction": call.operation}
            found.append(Ask("ec2:CreateTags", _arn(call, f"{specification.get('ResourceType')}/*"), context))
    return found


def tags_of(call: Call, ask: Ask) -> dict[str, Values]:
    """The tags that the call gives to the resource of the ask as it makes it."""
    if call.service != "ec2" or ask.action == "ec2:CreateTags" or not ask.resource.endswith("/*"):
        return {}
    kind = ask.resource.rpartition(":")[2].partition("/")[0]
    given = [s for s in call.parameters.get("TagSpecifications") or [] if isinstance(s, dict)]
    return request_tags({k: v for s in given if s.get("ResourceType") == kind for k, v in pairs(s.get("Tags")).items()})


def _passes_profile(call: Call) -> list[Ask]:
    """iam:PassRole for the role of the instance profile that the call gives to an instance."""
    profile = call.parameters.get("IamInstanceProfile") or {}
    name = str(profile.get("Name") or str(profile.get("Arn") or "").rpartition("/")[2])
    if not name:
        return []
    profiles = list(iam_backends[call.account][PARTITION].instance_profiles.values())
    roles = [role for p in profiles if p.name == name for role in p.roles]
    return [pass_role(role.arn, "ec2.amazonaws.com") for role in roles]


def _runs(call: Call) -> list[Ask]:
    """A launch asks for all that it takes and makes."""
    merged, template = _with_template(call)
    launch = dataclasses.replace(call, parameters=merged)
    interface: dict[str, Any] = next(iter(launch.parameters.get("NetworkInterfaces") or []), {})
    groups = parameter(launch, "SecurityGroupIds") or [str(g) for g in interface.get("Groups") or []]
    subnet = first(launch, "SubnetId") or interface.get("SubnetId") or "*"
    about = _about_instance(launch)
    image = {"ec2:imageid": first(launch, "ImageId") or ""}
    resources: list[tuple[str, dict[str, Any]]] = [
        (f"image/{first(launch, 'ImageId') or '*'}", image),
        ("instance/*", about),
        ("network-interface/*", {}),
        (f"subnet/{subnet}", {}),
        ("volume/*", {}),
        *((f"security-group/{group}", {}) for group in groups or ["*"]),
    ]
    if first(launch, "KeyName"):
        resources.append((f"key-pair/{first(launch, 'KeyName')}", {}))
    if template:
        resources.append((f"launch-template/{template}", {}))
    found = [Ask("ec2:RunInstances", _arn(call, text), context) for text, context in resources]
    found = [dataclasses.replace(ask, context=tags_of(launch, ask) | ask.context) for ask in found]
    return found + _creates(launch) + _passes_profile(launch)


def _with_template(call: Call) -> tuple[Mapping[str, Any], str]:
    """What the launch asks for together with its launch template, and that one's id."""
    asked = call.parameters.get("LaunchTemplate")
    if not isinstance(asked, dict):
        return call.parameters, ""
    templates = ec2_backends[call.account][call.region].launch_templates
    try:
        template = find_template(templates, asked.get("LaunchTemplateId"), asked.get("LaunchTemplateName"))
        return with_template(dict(call.parameters), template.version(asked.get("Version")).data), template.id
    except CloudError:
        # The operation tells it.
        return call.parameters, "*"


def _about_instance(launch: Call) -> dict[str, Any]:
    options = launch.parameters.get("MetadataOptions") or {}
    told = {
        "ec2:instancetype": first(launch, "InstanceType") or "m1.small",
        "ec2:metadatahttptokens": options.get("HttpTokens"),
        "ec2:metadatahttpendpoint": options.get("HttpEndpoint"),
        "ec2:instanceprofile": first(launch, "IamInstanceProfile.Arn"),
    }
    return {name: str(value) for name, value in told.items() if value}


def _copies(call: Call) -> list[Ask]:
    return [Ask("ec2:CopyImage", _arn(call, "snapshot/*")), *_creates(call)]


def _associated(call: Call, association_id: str) -> str:
    """The instance of an association with an instance profile."""
    associations = ec2_backends[call.account][call.region].iam_instance_profile_associations
    found = next((a.instance.id for a in list(associations.values()) if a.id == association_id), "*")
    return f"instance/{found}"


_CREATE = """
    CreateVpc CreateSubnet CreateInternetGateway CreateRouteTable CreateSecurityGroup CreateKeyPair ImportKeyPair
    CreateImage RegisterImage CreateSnapshot CreateVolume CreateLaunchTemplate CreateImageUsageReport
    AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress CreateNetworkInterface CopySnapshot
"""

_MORE: dict[str, More] = {
    **dict.fromkeys(_CREATE.split(), _creates),
    "CopyImage": _copies,
    "AssociateIamInstanceProfile": _passes_profile,
    "ReplaceIamInstanceProfileAssociation": _passes_profile,
}

RUN = _runs
"""RunInstances has no line of its own: all that it asks for follows from the parameters together."""

TABLE = table(
    "ec2",
    """
    * DescribeInstances DescribeInstanceStatus DescribeInstanceTypes DescribeInstanceTypeOfferings
    * DescribeInstanceCreditSpecifications DescribeIamInstanceProfileAssociations DescribeKeyPairs
    * DescribeSecurityGroups DescribeSecurityGroupRules DescribeTags DescribeImages DescribeSnapshots
    * GetImageBlockPublicAccessState EnableImageBlockPublicAccess DisableImageBlockPublicAccess
    * GetSnapshotBlockPublicAccessState EnableSnapshotBlockPublicAccess DisableSnapshotBlockPublicAccess
    * DescribeVolumes DescribeVolumesModifications DescribeAvailabilityZones DescribeRegions
    * DescribeAccountAttributes DescribeVpcs DescribeSubnets DescribeInternetGateways DescribeRouteTables
    * DescribeNetworkInterfaces DescribeNetworkAcls DescribeDhcpOptions
    * ListImagesInRecycleBin ListSnapshotsInRecycleBin DescribeImageUsageReports DescribeImageUsageReportEntries
    * DescribeSpotInstanceRequests DescribeSpotFleetRequests DescribeFleets GetEbsEncryptionByDefault
    * DescribeImageReferences DescribeLaunchTemplates DescribeLaunchTemplateVersions
    DescribeInstanceAttribute instance/{InstanceId}
    StartInstances instance/{InstanceIds}
    StopInstances instance/{InstanceIds}
    RebootInstances instance/{InstanceIds}
    TerminateInstances instance/{InstanceIds}
    MonitorInstances instance/{InstanceIds}
    UnmonitorInstances instance/{InstanceIds}
    ModifyInstanceAttribute instance/{InstanceId} ?security-group/{Groups}
    ModifyInstanceMetadataOptions instance/{InstanceId}
    GetConsoleOutput instance/{InstanceId}
    AssociateIamInstanceProfile instance/{InstanceId}
    DisassociateIamInstanceProfile {AssociationId|association}
    ReplaceIamInstanceProfileAssociation {AssociationId|association}
    CreateKeyPair key-pair/{KeyName}
    ImportKeyPair key-pair/{KeyName}
    DeleteKeyPair ?key-pair/{KeyName} ?key-pair/{KeyPairId}
    CreateSecurityGroup security-group/* ?vpc/{VpcId}
    DeleteSecurityGroup security-group/{GroupId}
    AuthorizeSecurityGroupIngress security-group/{GroupId}
    AuthorizeSecurityGroupEgress security-group/{GroupId}
    RevokeSecurityGroupIngress security-group/{GroupId}
    RevokeSecurityGroupEgress security-group/{GroupId}
    UpdateSecurityGroupRuleDescriptionsIngress security-group/{GroupId}
    UpdateSecurityGroupRuleDescriptionsEgress security-group/{GroupId}
    ModifySecurityGroupRules security-group/{GroupId} security-group-rule/{SecurityGroupRules.SecurityGroupRuleId}
    CreateTags {Resources|tagged}
    DeleteTags {Resources|tagged}
    CreateImage image/* instance/{InstanceId} snapshot/*
    CopyImage image/*
    RegisterImage image/* ?snapshot/{BlockDeviceMappings.Ebs.SnapshotId}
    DescribeImageAttribute image/{ImageId}
    ModifyImageAttribute image/{ImageId}
    ResetImageAttribute image/{ImageId}
    DeregisterImage image/{ImageId}
    EnableImage image/{ImageId}
    DisableImage image/{ImageId}
    EnableImageDeprecation image/{ImageId}
    DisableImageDeprecation image/{ImageId}
    EnableImageDeregistrationProtection image/{ImageId}
    DisableImageDeregistrationProtection image/{ImageId}
    RestoreImageFromRecycleBin image/{ImageId}
    GetImageAncestry image/{ImageId}
    CreateImageUsageReport image/{ImageId} image-usage-report/*
    DeleteImageUsageReport image-usage-report/{ReportId}
    CreateSnapshot snapshot/* volume/{VolumeId}
    CopySnapshot snapshot/*
    DeleteSnapshot snapshot/{SnapshotId}
    DescribeSnapshotAttribute snapshot/{SnapshotId}
    ModifySnapshotAttribute snapshot/{SnapshotId}
    ResetSnapshotAttribute snapshot/{SnapshotId}
    RestoreSnapshotFromRecycleBin snapshot/{SnapshotId}
    CreateVolume volume/*
    ModifyVolume volume/{VolumeId}
    DeleteVolume volume/{VolumeId}
    CreateVpc vpc/*
    DeleteVpc vpc/{VpcId}
    DescribeVpcAttribute vpc/{VpcId}
    ModifyVpcAttribute vpc/{VpcId}
    CreateSubnet subnet/* vpc/{VpcId}
    DeleteSubnet subnet/{SubnetId}
    ModifySubnetAttribute subnet/{SubnetId}
    CreateInternetGateway internet-gateway/*
    DeleteInternetGateway internet-gateway/{InternetGatewayId}
    AttachInternetGateway internet-gateway/{InternetGatewayId} vpc/{VpcId}
    DetachInternetGateway internet-gateway/{InternetGatewayId} vpc/{VpcId}
    CreateRouteTable route-table/* vpc/{VpcId}
    DeleteRouteTable route-table/{RouteTableId}
    AssociateRouteTable route-table/{RouteTableId} ?subnet/{SubnetId}
    DisassociateRouteTable route-table/*
    ReplaceRouteTableAssociation route-table/{RouteTableId}
    CreateRoute route-table/{RouteTableId}
    DeleteRoute route-table/{RouteTableId}
    ReplaceRoute route-table/{RouteTableId}
    CreateLaunchTemplate launch-template/*
    CreateLaunchTemplateVersion ?launch-template/{LaunchTemplateId} ?launch-template/{LaunchTemplateName|template}
    ModifyLaunchTemplate ?launch-template/{LaunchTemplateId} ?launch-template/{LaunchTemplateName|template}
    DeleteLaunchTemplate ?launch-template/{LaunchTemplateId} ?launch-template/{LaunchTemplateName|template}
    DeleteLaunchTemplateVersions ?launch-template/{LaunchTemplateId} ?launch-template/{LaunchTemplateName|template}
    """,
    arn=_arn,
    ways={"tagged": _tagged, "template": _template_id, "association": _associated},
    more=_MORE,
)
