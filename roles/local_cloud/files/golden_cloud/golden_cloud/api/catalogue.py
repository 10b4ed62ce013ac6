# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this cloud has: services, their operations and, where moto would ignore some, their options.

What is not listed is refused with ``NotImplemented``. An operation is listed once its answers are true here; one whose
options are named takes these only. Security groups and networks are kept and told, not enforced.
"""

from __future__ import annotations

from typing import Any

Options = frozenset[str] | None
"""None: every option that the operation has is honoured."""

ALL: Options = None


def _only(text: str) -> Options:
    return frozenset(text.split())


def _as_is(text: str) -> dict[str, Options]:
    return dict.fromkeys(text.split(), ALL)


_EC2: dict[str, Options] = _as_is(
    """
    DescribeInstances DescribeInstanceStatus DescribeInstanceAttribute DescribeInstanceTypes
    DescribeInstanceTypeOfferings DescribeInstanceCreditSpecifications
    StartInstances RebootInstances ModifyInstanceMetadataOptions
    GetConsoleOutput MonitorInstances UnmonitorInstances
    AssociateIamInstanceProfile DisassociateIamInstanceProfile ReplaceIamInstanceProfileAssociation
    DescribeIamInstanceProfileAssociations
    CreateKeyPair ImportKeyPair DeleteKeyPair DescribeKeyPairs
    CreateSecurityGroup DeleteSecurityGroup DescribeSecurityGroups DescribeSecurityGroupRules
    AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress
    RevokeSecurityGroupIngress RevokeSecurityGroupEgress
    UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress ModifySecurityGroupRules
    CreateTags DeleteTags DescribeTags
    DescribeImages DescribeImageAttribute ResetImageAttribute DeregisterImage EnableImage DisableImage
    EnableImageDeprecation DisableImageDeprecation
    EnableImageDeregistrationProtection DisableImageDeregistrationProtection
    DeleteSnapshot DescribeSnapshotAttribute ModifySnapshotAttribute ResetSnapshotAttribute
    GetImageBlockPublicAccessState EnableImageBlockPublicAccess DisableImageBlockPublicAccess
    GetSnapshotBlockPublicAccessState EnableSnapshotBlockPublicAccess DisableSnapshotBlockPublicAccess
    DeleteVolume DescribeVolumes DescribeVolumesModifications
    DescribeAvailabilityZones DescribeRegions DescribeAccountAttributes
    CreateVpc DeleteVpc DescribeVpcs DescribeVpcAttribute ModifyVpcAttribute
    CreateSubnet DeleteSubnet DescribeSubnets ModifySubnetAttribute
    CreateInternetGateway DeleteInternetGateway DescribeInternetGateways AttachInternetGateway DetachInternetGateway
    CreateRouteTable DeleteRouteTable DescribeRouteTables AssociateRouteTable DisassociateRouteTable
    ReplaceRouteTableAssociation CreateRoute DeleteRoute ReplaceRoute
    DescribeNetworkInterfaces DescribeNetworkAcls DescribeDhcpOptions
    ListImagesInRecycleBin RestoreImageFromRecycleBin ListSnapshotsInRecycleBin RestoreSnapshotFromRecycleBin
    DescribeImageUsageReports DescribeImageUsageReportEntries DeleteImageUsageReport
    DescribeSpotInstanceRequests DescribeSpotFleetRequests DescribeFleets
    GetEbsEncryptionByDefault DescribeImageReferences GetImageAncestry
    CreateLaunchTemplateVersion ModifyLaunchTemplate DescribeLaunchTemplates DescribeLaunchTemplateVersions
    DeleteLaunchTemplate DeleteLaunchTemplateVersions
    """
)
_EC2 |= {
    "RunInstances": _only(
        """
        ImageId InstanceType MinCount MaxCount KeyName SecurityGroupIds SecurityGroups SubnetId Placement UserData
        TagSpecifications BlockDeviceMappings ClientToken DryRun Monitoring EbsOptimized MetadataOptions
        NetworkInterfaces InstanceInitiatedShutdownBehavior DisableApiTermination DisableApiStop IamInstanceProfile
        CreditSpecification LaunchTemplate
        """
    ),
    "CreateLaunchTemplate": _only(
        "LaunchTemplateName LaunchTemplateData VersionDescription TagSpecifications ClientToken DryRun"
    ),
    "CreateImageUsageReport": _only("ImageId ResourceTypes AccountIds ClientToken DryRun"),
    "TerminateInstances": _only("InstanceIds DryRun Force SkipOsShutdown"),
    "StopInstances": _only("InstanceIds DryRun Force SkipOsShutdown"),
    "ModifyInstanceAttribute": _only(
        """
        InstanceId DryRun Attribute Value DisableApiTermination DisableApiStop Groups SourceDestCheck
        EbsOptimized EnaSupport SriovNetSupport InstanceInitiatedShutdownBehavior BlockDeviceMappings InstanceType
        UserData
        """
    ),
    "CreateImage": _only("InstanceId Name Description NoReboot BlockDeviceMappings TagSpecifications DryRun"),
    "CopyImage": _only(
        """
        Name SourceImageId SourceRegion Description ClientToken Encrypted KmsKeyId CopyImageTags TagSpecifications
        SnapshotCopyCompletionDurationMinutes DryRun
        """
    ),
    "RegisterImage": _only(
        """
        Name Description Architecture BlockDeviceMappings RootDeviceName EnaSupport SriovNetSupport VirtualizationType
        ImdsSupport BootMode TpmSupport TagSpecifications DryRun
        """
    ),
    "ModifyImageAttribute": _only(
        """
        ImageId Attribute Description ImdsSupport LaunchPermission OperationType UserIds UserGroups OrganizationArns
        OrganizationalUnitArns Value DryRun
        """
    ),
    "DescribeSnapshots": _only("SnapshotIds OwnerIds Filters MaxResults NextToken DryRun"),
    "ModifyVolume": _only("VolumeId Size VolumeType Iops Throughput DryRun"),
    "CreateSnapshot": _only("VolumeId Description TagSpecifications DryRun"),
    "CreateVolume": _only(
        """
        AvailabilityZone Size VolumeType Iops Throughput Encrypted KmsKeyId TagSpecifications ClientToken DryRun
        """
    ),
}

_SSM = _as_is(
    """
    GetParameter GetParameters GetParametersByPath GetParameterHistory DescribeParameters
    DeleteParameter DeleteParameters LabelParameterVersion UnlabelParameterVersion
    AddTagsToResource RemoveTagsFromResource ListTagsForResource
    """
)

_SSM |= {
    "PutParameter": _only("Name Value Type Description KeyId Overwrite AllowedPattern Tags DataType Tier"),
}

_STS: dict[str, Options] = {
    "GetCallerIdentity": ALL,
    "GetSessionToken": _only("DurationSeconds"),
    "AssumeRole": _only("RoleArn RoleSessionName DurationSeconds ExternalId"),
}

_IAM = _as_is(
    """
    CreateRole GetRole DeleteRole ListRoles UpdateRole UpdateAssumeRolePolicy TagRole UntagRole ListRoleTags
    PutRolePolicy GetRolePolicy DeleteRolePolicy ListRolePolicies
    AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies
    CreateInstanceProfile GetInstanceProfile DeleteInstanceProfile ListInstanceProfiles ListInstanceProfilesForRole
    AddRoleToInstanceProfile RemoveRoleFromInstanceProfile TagInstanceProfile UntagInstanceProfile
    CreatePolicy GetPolicy DeletePolicy ListPolicies GetPolicyVersion ListPolicyVersions CreatePolicyVersion
    DeletePolicyVersion TagPolicy UntagPolicy
    ListAccountAliases CreateAccountAlias DeleteAccountAlias
    CreateUser GetUser DeleteUser ListUsers CreateAccessKey DeleteAccessKey UpdateAccessKey ListAccessKeys
    """
)

_KMS = _as_is(
    """
    CreateKey DescribeKey ListKeys EnableKey DisableKey ScheduleKeyDeletion CancelKeyDeletion
    CreateAlias UpdateAlias DeleteAlias ListAliases GetKeyPolicy ListKeyPolicies GetKeyRotationStatus
    TagResource UntagResource ListResourceTags CreateGrant ListGrants RevokeGrant RetireGrant
    """
)

_KMS |= {"PutKeyPolicy": _only("KeyId PolicyName Policy BypassPolicyLockoutSafetyCheck")}

_ORGANIZATIONS = _as_is(
    """
    DescribeOrganization DeleteOrganization DescribeAccount DescribeCreateAccountStatus ListCreateAccountStatus
    DescribeOrganizationalUnit CreateOrganizationalUnit UpdateOrganizationalUnit DeleteOrganizationalUnit
    ListAccounts ListAccountsForParent ListChildren ListParents ListRoots ListOrganizationalUnitsForParent
    MoveAccount RemoveAccountFromOrganization TagResource UntagResource ListTagsForResource
    """
)
_ORGANIZATIONS |= {
    "CreateOrganization": _only("FeatureSet"),
    "CreateAccount": _only("Email AccountName RoleName Tags"),
}

_AUTOSCALING = _as_is(
    """
    DescribeAutoScalingGroups DescribeAutoScalingInstances DescribeScalingActivities SetDesiredCapacity
    DeleteAutoScalingGroup DescribeInstanceRefreshes DescribeLaunchConfigurations DisableMetricsCollection
    """
)
_GROUP = """
    AutoScalingGroupName LaunchTemplate MinSize MaxSize DesiredCapacity DefaultCooldown HealthCheckGracePeriod
    AvailabilityZones VPCZoneIdentifier DefaultInstanceWarmup
    """
_AUTOSCALING |= {
    "CreateAutoScalingGroup": _only(_GROUP + "Tags"),
    "UpdateAutoScalingGroup": _only(_GROUP),
    "DescribeAutoScalingGroups": _only("AutoScalingGroupNames Filters MaxRecords NextToken"),
    "DescribeScalingActivities": _only("AutoScalingGroupName MaxRecords NextToken"),
    "SetDesiredCapacity": _only("AutoScalingGroupName DesiredCapacity"),
    "StartInstanceRefresh": _only("AutoScalingGroupName DesiredConfiguration Preferences"),
    "CancelInstanceRefresh": _only("AutoScalingGroupName"),
}

_RBIN = _as_is("GetRule DeleteRule")
_RBIN |= {
    "CreateRule": _only("RetentionPeriod Description Tags ResourceType ResourceTags ExcludeResourceTags"),
    "UpdateRule": _only("Identifier identifier RetentionPeriod Description ResourceTags ExcludeResourceTags"),
    "ListRules": _only("MaxResults NextToken ResourceType ResourceTags ExcludeResourceTags"),
}

_CODEPIPELINE = _as_is(
    """
    CreatePipeline GetPipeline UpdatePipeline DeletePipeline ListPipelines
    TagResource UntagResource ListTagsForResource
    StartPipelineExecution StopPipelineExecution GetPipelineExecution ListPipelineExecutions
    GetPipelineState ListActionExecutions PutApprovalResult RetryStageExecution RollbackStage
    EnableStageTransition DisableStageTransition
    """
)

_EVENTS = _as_is(
    """
    PutRule DescribeRule ListRules DeleteRule EnableRule DisableRule
    PutTargets RemoveTargets ListTargetsByRule ListRuleNamesByTarget
    PutEvents TestEventPattern TagResource UntagResource ListTagsForResource
    """
)
_EVENTS |= {
    "DescribeEventBus": _only("Name"),
    "PutEvents": _only("Entries"),
    "DeleteRule": _only("Name EventBusName Force"),
}

_SCHEDULER = _as_is(
    """
    CreateSchedule GetSchedule UpdateSchedule DeleteSchedule ListSchedules
    CreateScheduleGroup GetScheduleGroup DeleteScheduleGroup ListScheduleGroups
    TagResource UntagResource ListTagsForResource
    """
)

_SNS = _as_is(
    """
    CreateTopic DeleteTopic ListTopics GetTopicAttributes SetTopicAttributes
    Subscribe Unsubscribe ListSubscriptions ListSubscriptionsByTopic
    GetSubscriptionAttributes SetSubscriptionAttributes
    Publish AddPermission RemovePermission TagResource UntagResource ListTagsForResource
    """
)

_SQS = _as_is(
    """
    CreateQueue DeleteQueue ListQueues GetQueueUrl GetQueueAttributes SetQueueAttributes PurgeQueue
    SendMessage SendMessageBatch ReceiveMessage DeleteMessage DeleteMessageBatch
    ChangeMessageVisibility ChangeMessageVisibilityBatch
    TagQueue UntagQueue ListQueueTags AddPermission RemovePermission
    """
)
_SQS |= {"GetQueueUrl": _only("QueueName")}

SERVICES: dict[str, dict[str, Options]] = {
    "ec2": _EC2,
    "ssm": _SSM,
    "sts": _STS,
    "iam": _IAM,
    "kms": _KMS,
    "organizations": _ORGANIZATIONS,
    "autoscaling": _AUTOSCALING,
    "rbin": _RBIN,
    "codepipeline": _CODEPIPELINE,
    "events": _EVENTS,
    "scheduler": _SCHEDULER,
    "sns": _SNS,
    "sqs": _SQS,
}

_READS = ("Describe", "Get", "List")


def has(service: str, operation: str) -> bool:
    return operation in SERVICES.get(service, {})


# Values that are true here without anything being done.
_TRUE_ANYWAY: dict[tuple[str, str], list[Any]] = {
    ("CreateAutoScalingGroup", "HealthCheckType"): ["EC2"],
    ("UpdateAutoScalingGroup", "HealthCheckType"): ["EC2"],
    ("CreateAutoScalingGroup", "TerminationPolicies"): [["Default"], ["OldestInstance"]],
    ("UpdateAutoScalingGroup", "TerminationPolicies"): [["Default"], ["OldestInstance"]],
    ("DescribeAutoScalingGroups", "IncludeInstances"): [True],
    ("StartInstanceRefresh", "Strategy"): ["Rolling"],
    ("RunInstances", "CapacityReservationSpecification"): [
        {"CapacityReservationPreference": "none"},
        {"CapacityReservationPreference": "open"},
    ],
    ("RunInstances", "MaintenanceOptions"): [{"AutoRecovery": "default"}, {"AutoRecovery": "disabled"}],
    ("RunInstances", "PrivateDnsNameOptions"): [{"HostnameType": "resource-name"}],
}


def supports(service: str, operation: str, option: str, value: Any) -> bool:
    """Whether the option is honoured; one that asks for nothing is."""
    options = SERVICES[service][operation]
    if options is None or option in options or _asks_for_nothing(value):
        return True
    return value in _TRUE_ANYWAY.get((operation, option), [])


def _asks_for_nothing(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_asks_for_nothing(v) for v in value.values())
    return value in (None, False, "", [])


def changes_state(operation: str) -> bool:
    return not operation.startswith(_READS)
