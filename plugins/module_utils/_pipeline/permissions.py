# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the roles of a pipeline may do: derived from what its stages do, each on the resources that it is about."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from .names import Names

Statement = dict[str, t.Any]
# Stands for the ARN of the pipeline's key, which is known when there is one.
KEY = "KEY_OF_THE_PIPELINE"

# What a stage needs of EC2. Descriptions and questions about the account take no resource.
_LOOKS = ("DescribeImages", "DescribeSnapshots", "DescribeInstances", "DescribeSecurityGroups", "DescribeVolumes")
_EC2_READS = {
    "validate": ("DescribeImages",),
    # Packer's own, and the look for what killed builds have left; of those it is asked for key pairs.
    "build": (*_LOOKS, "DescribeTags", "DescribeRegions", "DescribeKeyPairs"),
    "test": (*_LOOKS, "DescribeTags", "DescribeKeyPairs", "DescribeInstanceTypes"),
    "distribute": ("DescribeImages", "DescribeSnapshots"),
    # Launch templates, instances of them, and what of these is left.
    "deploy": (
        *(
            "DescribeImages",
            "DescribeSnapshots",
            "DescribeInstances",
            "DescribeInstanceStatus",
            "DescribeInstanceTypes",
        ),
        *("DescribeLaunchTemplates", "DescribeLaunchTemplateVersions", "DescribeSubnets", "DescribeVolumes"),
        *("DescribeTags", "DescribeKeyPairs", "DescribeSecurityGroups"),
    ),
    "promote": ("DescribeImages", "DescribeSnapshots"),
}
_MACHINES = {
    "key-pair": ("DeleteKeyPair",),
    "security-group": ("AuthorizeSecurityGroupIngress", "DeleteSecurityGroup"),
    "volume": ("DeleteVolume",),
}
_LAUNCHED = ("instance", "volume", "network-interface", "key-pair", "security-group", "subnet")


@dataclasses.dataclass(frozen=True)
class Role:
    """A role: the service that assumes it, and what it may do."""

    name: str
    service: str
    statements: tuple[Statement, ...]

    def as_option(self) -> dict[str, t.Any]:
        return {"name": self.name, "service": self.service, "statements": list(self.statements)}


@dataclasses.dataclass(frozen=True)
class Deployment:
    """A stage that is deployed to. C(entered) is the role of another account, which has rights of its own there."""

    region: str
    entered: str = ""
    group: str = ""
    target_group: str = ""
    # Whether a playbook asks the instance.
    logs_in: bool = False


@dataclasses.dataclass(frozen=True)
class Needs:
    """What a pipeline does, as far as permissions follow from it."""

    stages: tuple[str, ...]
    image: str
    # Public parameters and channels of other images that the base is found by.
    parameters: tuple[str, ...] = ()
    connection: str = ""
    approves: bool = False
    in_vpc: tuple[str, ...] | None = None
    instance_profile_role: str = ""
    # Roles of other accounts that the image is given to.
    entered: tuple[str, ...] = ()
    shares: bool = False
    # Where its versions are, besides the pipeline's own Region.
    regions: tuple[str, ...] = ()
    copies: bool = False
    scheduled: bool = False
    # Packer sets a description when there is an AMI; whether a template of one's own has one is not known.
    describes: bool = True
    reboots: bool = True
    # Tests compare what is inside with what a channel names.
    compares: bool = False
    deployments: tuple[Deployment, ...] = ()


def derive(needs: Needs, names: Names) -> list[Role]:
    """The roles of a pipeline, each with the least that it works with."""
    roles = [_pipeline_role(needs, names), *(_stage_role(stage, needs, names) for stage in needs.stages)]
    if not needs.connection or needs.scheduled:
        services = [*([] if needs.connection else ["events"]), *(["scheduler"] if needs.scheduled else [])]
        for service in services:
            start = _statement("Start", ["codepipeline:StartPipelineExecution"], names.pipeline_arn)
            roles.append(Role(names.starter_role(service), f"{service}.amazonaws.com", (start,)))
    return roles


def _statement(sid: str, actions: c.Sequence[str], *resources: str, **more: t.Any) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": sorted(resources), **more}


def _pipeline_role(needs: Needs, names: Names) -> Role:
    projects = [names.place.arn("codebuild", f"project/{names.stage(stage)}") for stage in needs.stages]
    if needs.connection:
        service = needs.connection.split(":")[2]
        source = _statement("Source", [f"{service}:UseConnection"], needs.connection)
    else:
        actions = ["GetBranch", "GetCommit", "UploadArchive", "GetUploadArchiveStatus"]
        source = _statement("Source", [f"codecommit:{action}" for action in actions], names.repository_arn)
    statements = [
        source,
        _statement("Artefacts", ["s3:PutObject"], f"{names.bucket_arn}/*"),
        _statement("Encrypt", ["kms:GenerateDataKey"], KEY),
        _statement("Build", ["codebuild:StartBuild", "codebuild:BatchGetBuilds"], *projects),
    ]
    if needs.approves:
        statements.append(_statement("Ask", ["sns:Publish"], names.topic_arn))
    return Role(names.pipeline_role, "codepipeline.amazonaws.com", tuple(statements))


def _stage_role(stage: str, needs: Needs, names: Names) -> Role:
    statements = [*_build_project(stage, names), *_network(needs, names), *_work(stage, needs, names)]
    return Role(names.stage(stage), "codebuild.amazonaws.com", tuple(statements))


def _build_project(stage: str, names: Names) -> list[Statement]:
    """What every build in CodeBuild does: it takes its source, writes its log, reports, and tells of failures."""
    group = names.place.arn("logs", f"log-group:{names.log_group(stage)}:log-stream:*")
    reports = names.place.arn("codebuild", f"report-group/{names.stage(stage)}-*")
    report = ("CreateReportGroup", "CreateReport", "UpdateReport", "BatchPutTestCases")
    return [
        _statement("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], group),
        _statement("Source", ["s3:GetObject"], f"{names.bucket_arn}/*"),
        _statement("Decrypt", ["kms:Decrypt"], KEY),
        _statement("Report", [f"codebuild:{action}" for action in report], reports),
        _statement("Notify", ["sns:Publish"], names.topic_arn),
    ]


def _network(needs: Needs, names: Names) -> list[Statement]:
    if needs.in_vpc is None:
        return []
    looks = ("DhcpOptions", "NetworkInterfaces", "Subnets", "SecurityGroups", "Vpcs")
    asked = [f"ec2:Describe{one}" for one in looks]
    subnets = [names.place.arn("ec2", f"subnet/{subnet}") for subnet in needs.in_vpc]
    condition = {"StringEquals": {"ec2:Subnet": subnets, "ec2:AuthorizedService": "codebuild.amazonaws.com"}}
    interfaces = names.place.arn("ec2", "network-interface/*")
    return [
        _statement("Network", [*asked, "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"], "*"),
        _statement("Attach", ["ec2:CreateNetworkInterfacePermission"], interfaces, Condition=condition),
    ]


def _work(stage: str, needs: Needs, names: Names) -> list[Statement]:
    # Where Regions are named, it is asked whether there are such.
    regions = ("DescribeRegions",) if needs.regions and stage in ("test", "distribute", "deploy", "promote") else ()
    reads = _statement("Look", [f"ec2:{action}" for action in (*_EC2_READS[stage], *regions)], "*")
    return [reads, *_WORK[stage](needs, names)]


def _registry(names: Names, image: str, below: str = "/*") -> str:
    return names.place.arn("ssm", f"parameter/golden/{image}{below}")


def _everywhere(needs: Needs, names: Names) -> list[Names]:
    """The pipeline's Region, and those that versions are copied to."""
    places = [dataclasses.replace(names.place, region=region) for region in needs.regions]
    return [names, *(dataclasses.replace(names, place=place) for place in places if place != names.place)]


def _parameters(needs: Needs, names: Names) -> list[Statement]:
    """What the base is found by. A public parameter is in no account."""
    found = []
    for name in needs.parameters:
        account = "" if name.startswith("/aws/") else names.place.account
        found.append(f"arn:{names.place.partition}:ssm:{names.place.region}:{account}:parameter{name}")
    return [_statement("Base", ["ssm:GetParameter"], *found)] if found else []


def _ec2(names: Names, kind: str) -> str:
    # Images and snapshots are in no account.
    account = "" if kind in ("image", "snapshot") else names.place.account
    return f"arn:{names.place.partition}:ec2:{names.place.region}:{account}:{kind}/*"


def _machines(
    names: Names, key_pair: str, tagged: c.Sequence[str], made: dict[str, tuple[str, ...]]
) -> list[Statement]:
    """To launch machines and to take them away: I(key_pair) is how theirs comes to be, I(tagged) what is given tags."""
    launched = [_ec2(names, kind) for kind in (*_LAUNCHED, "image")]
    statements = [
        _statement("Launch", ["ec2:RunInstances"], *launched),
        _statement("KeyPair", [f"ec2:{key_pair}"], _ec2(names, "key-pair")),
        _statement("SecurityGroup", ["ec2:CreateSecurityGroup"], _ec2(names, "security-group"), _ec2(names, "vpc")),
        _statement("Tag", ["ec2:CreateTags"], *(_ec2(names, kind) for kind in tagged)),
    ]
    for kind, actions in {**made, **_MACHINES}.items():
        sid = "Use" + "".join(part.capitalize() for part in kind.split("-"))
        on = [_ec2(names, kind), *([_ec2(names, "image"), _ec2(names, "snapshot")] if "CreateImage" in actions else [])]
        statements.append(_statement(sid, [f"ec2:{action}" for action in actions], *on))
    return statements


def _validate(needs: Needs, names: Names) -> list[Statement]:
    return _parameters(needs, names)


def _build(needs: Needs, names: Names) -> list[Statement]:
    # The lock of another build is read, and its version when an answer got lost.
    registry = ("GetParameter", "PutParameter", "DeleteParameter")
    tagged = ("instance", "volume", "network-interface", "key-pair", "security-group", "snapshot", "image")
    # What a build that failed has made is taken away again.
    taken = _statement(
        "TakeBack", ["ec2:DeregisterImage", "ec2:DeleteSnapshot"], _ec2(names, "image"), _ec2(names, "snapshot")
    )
    described = _statement("Describe", ["ec2:ModifyImageAttribute"], _ec2(names, "image"))
    statements = [
        *_parameters(needs, names),
        _statement("Registry", [f"ssm:{action}" for action in registry], _registry(names, needs.image)),
        *_machines(
            names, "CreateKeyPair", tagged, {"instance": ("StopInstances", "TerminateInstances", "CreateImage")}
        ),
        *([described] if needs.describes else []),
        taken,
        _statement("Keep", ["s3:PutObject"], f"{names.bucket_arn}/*"),
        _statement("Encrypt", ["kms:GenerateDataKey"], KEY),
    ]
    return [*statements, *_passed(needs, names)]


def _passed(needs: Needs, names: Names) -> list[Statement]:
    if not needs.instance_profile_role:
        return []
    condition = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    role = names.role_arn(needs.instance_profile_role)
    return [_statement("Pass", ["iam:PassRole"], role, Condition=condition)]


def _test(needs: Needs, names: Names) -> list[Statement]:
    registry = ["GetParametersByPath", "PutParameter", *(["GetParameters"] if needs.compares else [])]
    # The verdict is a tag of the AMI, wherever that is.
    images = [_ec2(one, "image") for one in _everywhere(needs, names)]
    tagged = ("instance", "volume", "key-pair", "security-group")
    instance = ("TerminateInstances", *(("RebootInstances",) if needs.reboots else ()))
    statements = [
        _statement("Registry", [f"ssm:{action}" for action in registry], _registry(names, needs.image)),
        *_machines(names, "ImportKeyPair", tagged, {"instance": instance}),
        _statement("Verdict", ["ec2:CreateTags"], *images),
    ]
    if needs.compares:
        # To list parameters takes no resource.
        statements.append(_statement("List", ["ssm:DescribeParameters"], "*"))
    return [*statements, *_passed(needs, names)]


def _distribute(needs: Needs, names: Names) -> list[Statement]:
    everywhere = _everywhere(needs, names)
    copied = [_ec2(one, kind) for one in everywhere for kind in ("image", "snapshot")]
    # The version is recorded where the build was; it is written where the copies are.
    statements = [_statement("Registry", ["ssm:GetParameters"], *_versions(needs, everywhere)), *_entered(needs)]
    if needs.copies:
        statements.append(_statement("Record", ["ssm:PutParameter"], *_versions(needs, everywhere[1:] or everywhere)))
        statements.append(_statement("Copy", ["ec2:CopyImage", "ec2:CreateTags"], *copied))
    if needs.shares:
        share = (
            "ModifyImageAttribute",
            "ModifySnapshotAttribute",
            "DescribeImageAttribute",
            "DescribeSnapshotAttribute",
        )
        statements.append(_statement("Share", [f"ec2:{action}" for action in share], *copied))
    return statements


def _versions(needs: Needs, places: c.Iterable[Names]) -> list[str]:
    return [_registry(one, needs.image, "/versions/*") for one in places]


def _promote(needs: Needs, names: Names) -> list[Statement]:
    registry = ("GetParameter", "GetParameters", "GetParameterHistory", "PutParameter", "DeleteParameter")
    places = [_registry(one, needs.image) for one in _everywhere(needs, names)]
    return [_statement("Registry", [f"ssm:{action}" for action in registry], *places), *_entered(needs)]


def _entered(needs: Needs, *more: str) -> list[Statement]:
    entered = {*needs.entered, *more}
    return [_statement("Enter", ["sts:AssumeRole"], *entered)] if entered else []


def _deploy(needs: Needs, names: Names) -> list[Statement]:
    """To move channels as promote does, and what stages in the pipeline's own account do besides."""
    registry = [one for one in _promote(needs, names) if one["Sid"] != "Enter"]
    here = [one for one in needs.deployments if not one.entered]
    entered = _entered(needs, *(one.entered for one in needs.deployments if one.entered))
    if not here:
        return [*registry, *entered]
    regions = dict.fromkeys(one.region for one in here)
    places = [dataclasses.replace(names, place=dataclasses.replace(names.place, region=one)) for one in regions]

    def on(*kinds: str) -> list[str]:
        return [_ec2(place, kind) for place in places for kind in kinds]

    template = ("Create", "Modify", "Delete")
    keys = [
        _statement("KeyPair", ["ec2:ImportKeyPair", "ec2:DeleteKeyPair"], *on("key-pair")),
    ]
    logs_in = any(one.logs_in for one in here)
    tagged = ("instance", "volume", *(("key-pair",) if logs_in else ()))
    return [
        *registry,
        *entered,
        _statement(
            "Template",
            [
                *(f"ec2:{verb}LaunchTemplate" for verb in template),
                "ec2:CreateLaunchTemplateVersion",
                "ec2:DeleteLaunchTemplateVersions",
            ],
            *on("launch-template"),
        ),
        # A launch template of somebody's own may name a key pair, whether or not anybody logs in.
        _statement("Launch", ["ec2:RunInstances"], *on(*_LAUNCHED, "image", "launch-template")),
        _statement("Tag", ["ec2:CreateTags"], *on(*tagged)),
        _statement("UseInstance", ["ec2:TerminateInstances", "ec2:GetConsoleOutput"], *on("instance")),
        _statement("UseVolume", ["ec2:DeleteVolume"], *on("volume")),
        *(keys if logs_in else []),
        *_refreshed(here, names),
        *_targeted(here),
        *_passed(needs, names),
    ]


def _refreshed(here: c.Sequence[Deployment], names: Names) -> list[Statement]:
    groups = [
        dataclasses.replace(names.place, region=one.region).arn(
            "autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{one.group}"
        )
        for one in here
        if one.group
    ]
    if not groups:
        return []
    looks = ("DescribeAutoScalingGroups", "DescribeInstanceRefreshes")
    changes = ("StartInstanceRefresh", "RollbackInstanceRefresh")
    return [
        _statement("LookAtGroups", [f"autoscaling:{one}" for one in looks], "*"),
        _statement("Refresh", [f"autoscaling:{one}" for one in changes], *groups),
    ]


def _targeted(here: c.Sequence[Deployment]) -> list[Statement]:
    groups = sorted({one.target_group for one in here if one.target_group})
    if not groups:
        return []
    service = "elasticloadbalancing"
    return [
        _statement("LookAtTargets", [f"{service}:DescribeTargetGroups", f"{service}:DescribeTargetHealth"], "*"),
        _statement("Register", [f"{service}:RegisterTargets", f"{service}:DeregisterTargets"], *groups),
    ]


_WORK: dict[str, c.Callable[[Needs, Names], list[Statement]]] = {
    "validate": _validate,
    "build": _build,
    "test": _test,
    "distribute": _distribute,
    "deploy": _deploy,
    "promote": _promote,
}
STAGES = tuple(_WORK)
