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
    "AssumeRole": _only("RoleArn RoleSessionName DurationSeconds ExternalId Policy"),
    "DecodeAuthorizationMessage": ALL,
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

_IAM |= _as_is(
    """
    PutRolePermissionsBoundary DeleteRolePermissionsBoundary SetDefaultPolicyVersion
    PutUserPolicy GetUserPolicy DeleteUserPolicy ListUserPolicies
    AttachUserPolicy DetachUserPolicy ListAttachedUserPolicies
    CreateGroup GetGroup DeleteGroup ListGroups AddUserToGroup RemoveUserFromGroup ListGroupsForUser
    PutGroupPolicy GetGroupPolicy DeleteGroupPolicy ListGroupPolicies
    AttachGroupPolicy DetachGroupPolicy ListAttachedGroupPolicies
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
_KMS |= _as_is("EnableKeyRotation DisableKeyRotation UpdateKeyDescription")

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
    AttachLoadBalancerTargetGroups DetachLoadBalancerTargetGroups DescribeLoadBalancerTargetGroups
    """
)
_GROUP = """
    AutoScalingGroupName LaunchTemplate MinSize MaxSize DesiredCapacity DefaultCooldown HealthCheckGracePeriod
    AvailabilityZones VPCZoneIdentifier DefaultInstanceWarmup HealthCheckType
    """
_AUTOSCALING |= {
    "CreateAutoScalingGroup": _only(_GROUP + "Tags TargetGroupARNs"),
    "UpdateAutoScalingGroup": _only(_GROUP),
    "DescribeAutoScalingGroups": _only("AutoScalingGroupNames Filters MaxRecords NextToken"),
    "DescribeScalingActivities": _only("AutoScalingGroupName MaxRecords NextToken"),
    "SetDesiredCapacity": _only("AutoScalingGroupName DesiredCapacity"),
    "StartInstanceRefresh": _only("AutoScalingGroupName DesiredConfiguration Preferences"),
    "CancelInstanceRefresh": _only("AutoScalingGroupName"),
    "RollbackInstanceRefresh": _only("AutoScalingGroupName"),
}

_CLOUDFORMATION = _as_is("GetTemplate DescribeStackEvents DescribeStackResource")
_CLOUDFORMATION |= {
    "CreateStack": _only(
        "StackName TemplateBody Parameters OnFailure DisableRollback Tags Capabilities ClientRequestToken"
    ),
    "DeleteStack": _only("StackName ClientRequestToken"),
    "DescribeStacks": _only("StackName NextToken"),
    "DescribeStackEvents": _only("StackName NextToken"),
    "DescribeStackResources": _only("StackName LogicalResourceId"),
    "ListStackResources": _only("StackName NextToken"),
    "GetTemplate": _only("StackName"),
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
_HEADERS = "CacheControl ContentDisposition ContentEncoding ContentLanguage ContentType Expires"
_ENCRYPTION = "ServerSideEncryption SSEKMSKeyId BucketKeyEnabled"
_CONDITIONS = "IfMatch IfModifiedSince IfNoneMatch IfUnmodifiedSince"
_RESPONSE = """
    ResponseCacheControl ResponseContentDisposition ResponseContentEncoding ResponseContentLanguage
    ResponseContentType ResponseExpires
    """
_CHECKSUMS = "ChecksumAlgorithm ChecksumCRC32 ChecksumCRC32C ChecksumCRC64NVME ChecksumSHA1 ChecksumSHA256 ContentMD5"

_S3 = _as_is(
    """
    DeleteBucket HeadBucket GetBucketLocation GetBucketVersioning
    GetBucketEncryption PutBucketEncryption DeleteBucketEncryption
    GetPublicAccessBlock PutPublicAccessBlock DeletePublicAccessBlock
    GetBucketOwnershipControls PutBucketOwnershipControls DeleteBucketOwnershipControls
    GetBucketPolicy PutBucketPolicy DeleteBucketPolicy GetBucketPolicyStatus
    GetBucketTagging PutBucketTagging DeleteBucketTagging
    GetBucketLifecycleConfiguration PutBucketLifecycleConfiguration DeleteBucketLifecycle
    GetBucketAcl GetObjectAcl GetBucketCors GetBucketWebsite GetBucketAccelerateConfiguration GetBucketRequestPayment
    GetBucketLogging GetBucketReplication GetObjectLockConfiguration GetBucketNotificationConfiguration
    ListObjects ListObjectVersions ListParts ListMultipartUploads
    AbortMultipartUpload UploadPart UploadPartCopy CompleteMultipartUpload
    GetObjectTagging PutObjectTagging DeleteObjectTagging GetObjectAttributes
    """
)
_S3 |= {
    "CreateBucket": _only("Bucket CreateBucketConfiguration ObjectOwnership"),
    "ListBuckets": _only("Prefix BucketRegion"),
    "PutBucketVersioning": _only("Bucket VersioningConfiguration ChecksumAlgorithm ContentMD5 ExpectedBucketOwner"),
    "ListObjectsV2": _only(
        "Bucket Delimiter EncodingType MaxKeys Prefix ContinuationToken FetchOwner StartAfter ExpectedBucketOwner"
    ),
    "PutObject": _only(
        f"Bucket Key ContentLength Metadata Tagging IfMatch IfNoneMatch {_HEADERS} {_ENCRYPTION} {_CHECKSUMS}"
    ),
    "CreateMultipartUpload": _only(
        f"Bucket Key Metadata Tagging ChecksumAlgorithm ChecksumType {_HEADERS} {_ENCRYPTION}"
    ),
    "CopyObject": _only(
        f"Bucket Key CopySource Metadata MetadataDirective TaggingDirective Tagging {_HEADERS} {_ENCRYPTION}"
    ),
    "GetObject": _only(f"Bucket Key Range VersionId ChecksumMode {_CONDITIONS} {_RESPONSE}"),
    "HeadObject": _only(f"Bucket Key Range VersionId ChecksumMode PartNumber {_CONDITIONS}"),
    "DeleteObject": _only("Bucket Key VersionId"),
    "DeleteObjects": _only("Bucket Delete ChecksumAlgorithm"),
}

_LOGS = _as_is(
    """
    DeleteLogGroup CreateLogStream DeleteLogStream
    PutRetentionPolicy DeleteRetentionPolicy
    TagResource UntagResource ListTagsForResource TagLogGroup UntagLogGroup ListTagsLogGroup
    """
)
_LOGS |= {
    "CreateLogGroup": _only("logGroupName kmsKeyId tags"),
    "AssociateKmsKey": _only("logGroupName kmsKeyId"),
    "DisassociateKmsKey": _only("logGroupName"),
    "DescribeLogGroups": _only("logGroupNamePrefix nextToken limit"),
    "DescribeLogStreams": _only(
        "logGroupName logGroupIdentifier logStreamNamePrefix orderBy descending nextToken limit"
    ),
    "PutLogEvents": _only("logGroupName logStreamName logEvents sequenceToken"),
    "GetLogEvents": _only(
        "logGroupName logGroupIdentifier logStreamName startTime endTime nextToken limit startFromHead"
    ),
    "FilterLogEvents": _only("logGroupName logStreamNames startTime endTime filterPattern nextToken limit interleaved"),
}

_SECRETS_MANAGER = _as_is(
    """
    GetSecretValue BatchGetSecretValue PutSecretValue DescribeSecret DeleteSecret RestoreSecret ListSecrets
    ListSecretVersionIds UpdateSecretVersionStage GetResourcePolicy PutResourcePolicy DeleteResourcePolicy
    TagResource UntagResource GetRandomPassword
    """
)
_SECRETS_MANAGER |= {
    "CreateSecret": _only("Name ClientRequestToken Description KmsKeyId SecretBinary SecretString Tags"),
    "UpdateSecret": _only("SecretId ClientRequestToken Description KmsKeyId SecretBinary SecretString"),
    "PutSecretValue": _only("SecretId ClientRequestToken SecretBinary SecretString VersionStages"),
    "ListSecrets": _only("IncludePlannedDeletion MaxResults NextToken Filters"),
    "ListSecretVersionIds": _only("SecretId IncludeDeprecated"),
    "PutResourcePolicy": _only("SecretId ResourcePolicy"),
}

_CODECOMMIT = _as_is(
    """
    GetRepository BatchGetRepositories ListRepositories DeleteRepository
    UpdateRepositoryName UpdateRepositoryDescription UpdateDefaultBranch
    CreateBranch GetBranch ListBranches DeleteBranch
    GetCommit GetFile GetFolder PutFile CreateCommit
    TagResource UntagResource ListTagsForResource
    """
)
_CODECOMMIT |= {
    "CreateRepository": _only("repositoryName repositoryDescription tags"),
    "GetDifferences": _only("repositoryName beforeCommitSpecifier afterCommitSpecifier MaxResults NextToken"),
}

_CODEBUILD = _as_is(
    """
    DeleteProject BatchGetProjects ListProjects StopBuild RetryBuild BatchGetBuilds BatchDeleteBuilds
    ListBuilds ListBuildsForProject ImportSourceCredentials ListSourceCredentials DeleteSourceCredentials
    CreateReportGroup UpdateReportGroup DeleteReportGroup BatchGetReportGroups ListReportGroups
    BatchGetReports ListReports ListReportsForReportGroup DeleteReport DescribeTestCases
    """
)
_PROJECT = """
    name description source secondarySources sourceVersion secondarySourceVersions artifacts secondaryArtifacts cache
    environment serviceRole timeoutInMinutes queuedTimeoutInMinutes encryptionKey tags vpcConfig badgeEnabled
    logsConfig concurrentBuildLimit
    """
_CODEBUILD |= {
    "CreateProject": _only(_PROJECT),
    "UpdateProject": _only(_PROJECT),
    "StartBuild": _only(
        """
        projectName secondarySourcesOverride secondarySourcesVersionOverride sourceVersion artifactsOverride
        secondaryArtifactsOverride environmentVariablesOverride sourceTypeOverride sourceLocationOverride
        sourceAuthOverride gitCloneDepthOverride gitSubmodulesConfigOverride buildspecOverride insecureSslOverride
        reportBuildStatusOverride environmentTypeOverride imageOverride computeTypeOverride cacheOverride
        serviceRoleOverride privilegedModeOverride timeoutInMinutesOverride queuedTimeoutInMinutesOverride
        encryptionKeyOverride idempotencyToken logsConfigOverride imagePullCredentialsTypeOverride
        """
    ),
}

_ECR: dict[str, Options] = {
    "CreateRepository": _only("repositoryName tags imageTagMutability"),
    "DescribeRepositories": _only("registryId repositoryNames"),
    "DeleteRepository": _only("registryId repositoryName force"),
    "PutImageTagMutability": _only("registryId repositoryName imageTagMutability"),
    "GetAuthorizationToken": _only("registryIds"),
    "DescribeRegistry": ALL,
    "ListImages": _only("registryId repositoryName filter"),
    "DescribeImages": _only("registryId repositoryName imageIds filter"),
    "BatchGetImage": _only("registryId repositoryName imageIds"),
    "BatchDeleteImage": _only("registryId repositoryName imageIds"),
    "TagResource": ALL,
    "UntagResource": ALL,
    "ListTagsForResource": ALL,
}

_ELBV2 = _as_is(
    """
    ModifyTargetGroup DeleteTargetGroup DescribeTargetGroups
    DescribeTargetGroupAttributes ModifyTargetGroupAttributes RegisterTargets DeregisterTargets
    DeleteLoadBalancer DescribeLoadBalancers DescribeLoadBalancerAttributes ModifyLoadBalancerAttributes
    DescribeCapacityReservation DeleteListener DescribeListeners DescribeListenerAttributes ModifyListenerAttributes
    AddTags RemoveTags DescribeTags
    """
)
_ELBV2 |= {
    "CreateTargetGroup": _only(
        """
        Name Protocol ProtocolVersion Port VpcId HealthCheckProtocol HealthCheckPort HealthCheckEnabled HealthCheckPath
        HealthCheckIntervalSeconds HealthCheckTimeoutSeconds HealthyThresholdCount UnhealthyThresholdCount Matcher
        TargetType Tags
        """
    ),
    "DescribeTargetHealth": _only("TargetGroupArn Targets"),
    "CreateLoadBalancer": _only("Name Subnets SubnetMappings SecurityGroups Scheme Tags Type IpAddressType"),
    "CreateListener": _only("LoadBalancerArn Protocol Port DefaultActions Tags"),
    "ModifyListener": _only("ListenerArn Protocol Port DefaultActions"),
}

SERVICES: dict[str, dict[str, Options]] = {
    "ec2": _EC2,
    "ssm": _SSM,
    "sts": _STS,
    "iam": _IAM,
    "kms": _KMS,
    "organizations": _ORGANIZATIONS,
    "autoscaling": _AUTOSCALING,
    "cloudformation": _CLOUDFORMATION,
    "rbin": _RBIN,
    "codepipeline": _CODEPIPELINE,
    "events": _EVENTS,
    "scheduler": _SCHEDULER,
    "sns": _SNS,
    "sqs": _SQS,
    "s3": _S3,
    "logs": _LOGS,
    "secretsmanager": _SECRETS_MANAGER,
    "codecommit": _CODECOMMIT,
    "codebuild": _CODEBUILD,
    "ecr": _ECR,
    "elbv2": _ELBV2,
}

_READS = ("Describe", "Get", "List", "Head", "Filter", "BatchGet")


def has(service: str, operation: str) -> bool:
    return operation in SERVICES.get(service, {})


# Values that are true here without anything being done.
_TRUE_ANYWAY: dict[tuple[str, str], list[Any]] = {
    ("CreateBucket", "ACL"): ["private"],
    ("CreateLogGroup", "logGroupClass"): ["STANDARD"],
    ("CreateSecret", "ForceOverwriteReplicaSecret"): [False],
    ("CreateRepository", "imageScanningConfiguration"): [{"scanOnPush": False}],
    ("CreateRepository", "encryptionConfiguration"): [{"encryptionType": "AES256"}],
    ("PutObject", "ACL"): ["private", "bucket-owner-full-control"],
    ("PutObject", "StorageClass"): ["STANDARD"],
    ("CreateMultipartUpload", "ACL"): ["private", "bucket-owner-full-control"],
    ("CreateMultipartUpload", "StorageClass"): ["STANDARD"],
    ("CopyObject", "ACL"): ["private", "bucket-owner-full-control"],
    ("CopyObject", "StorageClass"): ["STANDARD"],
    ("CreateAutoScalingGroup", "TerminationPolicies"): [["Default"], ["OldestInstance"]],
    ("UpdateAutoScalingGroup", "TerminationPolicies"): [["Default"], ["OldestInstance"]],
    ("DescribeAutoScalingGroups", "IncludeInstances"): [True],
    ("CreateTargetGroup", "IpAddressType"): ["ipv4"],
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
