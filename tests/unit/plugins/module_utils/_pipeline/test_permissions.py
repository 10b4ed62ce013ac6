# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each role has what its stage does and no more, on the resources that it is about."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

import botocore.session
import pytest
from ansible_collections.golden.ami.plugins.module_utils._pipeline.names import Names, Place
from ansible_collections.golden.ami.plugins.module_utils._pipeline.permissions import (
    STAGES,
    Deployment,
    Needs,
    Role,
    derive,
)

NAMES = Names("web", Place("111111111111", "eu-west-1"), "web-artefacts", "images")
PARAMETER = "/aws/service/debian/release/12/latest/amd64"
NEEDS = Needs(STAGES, "web", parameters=(PARAMETER,), approves=True)
# Actions that are no operations of an API: https://docs.aws.amazon.com/service-authorization/
NO_OPERATIONS = {
    "codecommit:UploadArchive",
    "codecommit:GetUploadArchiveStatus",
    "codebuild:BatchPutTestCases",
    "codebuild:CreateReport",
    "codebuild:UpdateReport",
    "codeconnections:UseConnection",
    "ec2:CreateNetworkInterfacePermission",
    "iam:PassRole",
}


def roles(needs: Needs = NEEDS) -> dict[str, Role]:
    return {role.name: role for role in derive(needs, NAMES)}


def actions(role: Role) -> set[str]:
    return {action for statement in role.statements for action in statement["Action"]}


def test_there_is_a_role_for_each_that_does_something() -> None:
    services = {name: role.service for name, role in roles().items()}
    assert services == {
        "web-pipeline": "codepipeline.amazonaws.com",
        **{f"web-{stage}": "codebuild.amazonaws.com" for stage in STAGES},
        "web-events": "events.amazonaws.com",
    }
    scheduled = roles(dataclasses.replace(NEEDS, scheduled=True))
    assert scheduled["web-scheduler"].service == "scheduler.amazonaws.com"


def test_actions_exist() -> None:
    session = botocore.session.get_session()
    needs = dataclasses.replace(NEEDS, in_vpc=("subnet-1",), instance_profile_role="web", shares=True, scheduled=True)
    named = {action for role in derive(needs, NAMES) for action in actions(role)} - NO_OPERATIONS
    for action in sorted(named):
        service, _colon, operation = action.partition(":")
        assert operation in _operations(session, service), action


def _operations(session: botocore.session.Session, service: str) -> set[str]:
    of_bucket = {"GetObject", "PutObject"} if service == "s3" else set()
    return {*session.get_service_model(service).operation_names, *of_bucket}


def test_resources_are_named_wherever_the_service_takes_them() -> None:
    for role in roles().values():
        for statement in role.statements:
            if statement["Resource"] == ["*"]:
                assert all(re.match(r"ec2:Describe", action) for action in statement["Action"]), statement["Sid"]
            assert statement["Sid"].isalnum()


def test_sids_are_there_once_and_a_policy_fits_into_a_role() -> None:
    needs = dataclasses.replace(NEEDS, in_vpc=("subnet-1", "subnet-2"), instance_profile_role="web", shares=True)
    for role in derive(needs, NAMES):
        sids = [statement["Sid"] for statement in role.statements]
        assert len(sids) == len(set(sids)), role.name
        text = json.dumps({"Version": "2012-10-17", "Statement": role.statements}, separators=(",", ":"))
        assert len(text) <= 10240, role.name


def test_only_stages_that_are_there_can_be_started() -> None:
    made = roles(dataclasses.replace(NEEDS, stages=("validate", "build")))
    (start,) = [one for one in made["web-pipeline"].statements if one["Sid"] == "Build"]
    assert start["Resource"] == [
        "arn:aws:codebuild:eu-west-1:111111111111:project/web-build",
        "arn:aws:codebuild:eu-west-1:111111111111:project/web-validate",
    ]
    assert "web-promote" not in made


@pytest.mark.parametrize(
    ("stage", "forbidden"),
    [
        ("validate", ("ec2:RunInstances", "ssm:PutParameter")),
        ("test", ("ec2:CreateImage", "ec2:DeregisterImage")),
        ("distribute", ("ec2:RunInstances",)),
        ("deploy", ("ec2:RunInstances", "ec2:CreateTags", "ec2:CopyImage")),
        ("promote", ("ec2:RunInstances", "ec2:CreateTags", "ec2:CopyImage")),
    ],
)
def test_a_stage_cannot_do_what_is_not_its_own(stage: str, forbidden: tuple[str, ...]) -> None:
    assert actions(roles()[f"web-{stage}"]).isdisjoint(forbidden)


def test_the_base_of_the_image_is_all_that_is_read_of_others() -> None:
    (base,) = [one for one in roles()["web-build"].statements if one["Sid"] == "Base"]
    assert base["Resource"] == [f"arn:aws:ssm:eu-west-1::parameter{PARAMETER}"]
    made = roles(dataclasses.replace(NEEDS, parameters=("/golden/base/prod",)))
    (base,) = [one for one in made["web-build"].statements if one["Sid"] == "Base"]
    assert base["Resource"] == ["arn:aws:ssm:eu-west-1:111111111111:parameter/golden/base/prod"]


def test_a_connection_needs_no_rule_and_no_repository() -> None:
    connection = "arn:aws:codeconnections:eu-west-1:111111111111:connection/1"
    made = roles(dataclasses.replace(NEEDS, connection=connection))
    assert "web-events" not in made
    assert made["web-pipeline"].statements[0]["Action"] == ["codeconnections:UseConnection"]
    assert "codecommit:GetBranch" not in actions(made["web-pipeline"])


def test_only_what_is_asked_for() -> None:
    plain = actions(roles()["web-build"])
    assert plain.isdisjoint({"ec2:CreateNetworkInterface", "iam:PassRole"})
    assert "sns:Publish" not in actions(roles(dataclasses.replace(NEEDS, approves=False))["web-pipeline"])
    assert "sts:AssumeRole" not in actions(roles()["web-distribute"])
    entered = dataclasses.replace(NEEDS, entered=("arn:aws:iam::222222222222:role/there",))
    assert "sts:AssumeRole" in actions(roles(entered)["web-distribute"])


def statement(role: Role, action: str) -> dict[str, object]:
    (found,) = [one for one in role.statements if action in one["Action"]]
    return found


def test_what_goes_to_other_regions_may_be_done_there() -> None:
    made = roles(dataclasses.replace(NEEDS, regions=("eu-west-1", "us-west-2"), copies=True, shares=True))
    there = "arn:aws:ec2:us-west-2::image/*"
    for action in ("ec2:CopyImage", "ec2:ModifyImageAttribute"):
        assert there in t.cast("list[str]", statement(made["web-distribute"], action)["Resource"])
    record = statement(made["web-distribute"], "ssm:PutParameter")
    assert record["Resource"] == ["arn:aws:ssm:us-west-2:111111111111:parameter/golden/web/versions/*"]
    channel = statement(made["web-promote"], "ssm:PutParameter")
    assert channel["Resource"] == [
        f"arn:aws:ssm:{region}:111111111111:parameter/golden/web/*" for region in ("eu-west-1", "us-west-2")
    ]
    for name in ("test", "distribute", "promote"):
        assert "ec2:DescribeRegions" in actions(made[f"web-{name}"])
        assert "ec2:DescribeRegions" not in actions(roles()[f"web-{name}"])


@pytest.mark.parametrize(
    ("need", "stage", "action"),
    [
        ("describes", "build", "ec2:ModifyImageAttribute"),
        ("reboots", "test", "ec2:RebootInstances"),
        ("compares", "test", "ssm:DescribeParameters"),
        ("copies", "distribute", "ec2:CopyImage"),
        ("shares", "distribute", "ec2:ModifySnapshotAttribute"),
        ("approves", "pipeline", "sns:Publish"),
    ],
)
def test_what_is_not_done_is_not_allowed(need: str, stage: str, action: str) -> None:
    for wanted in (True, False):
        made = roles(dataclasses.replace(NEEDS, **{need: wanted}))
        assert (action in actions(made[f"web-{stage}"])) is wanted


def test_many_regions_fit_into_a_role() -> None:
    regions = tuple(f"ap-southeast-{number}" for number in range(17))
    for role in derive(dataclasses.replace(NEEDS, regions=regions, copies=True, shares=True, compares=True), NAMES):
        assert len(json.dumps({"Version": "2012-10-17", "Statement": list(role.statements)})) < 10240, role.name


HERE = Deployment("eu-west-1")
TARGETS = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/web/0123456789abcdef"


def deploys(*deployments: Deployment, **more: t.Any) -> Role:
    return roles(dataclasses.replace(NEEDS, deployments=deployments, **more))["web-deploy"]


def test_a_stage_here_is_launched_from_its_template_and_nothing_more() -> None:
    made = deploys(HERE)
    assert {"ec2:RunInstances", "ec2:TerminateInstances", "ec2:ModifyLaunchTemplate", "ssm:PutParameter"} <= actions(
        made
    )
    beyond = {
        "ec2:CreateImage",
        "ec2:ImportKeyPair",
        "autoscaling:StartInstanceRefresh",
        "sts:AssumeRole",
        "iam:PassRole",
    }
    assert actions(made).isdisjoint(beyond)
    template = t.cast("list[str]", statement(made, "ec2:CreateLaunchTemplateVersion")["Resource"])
    assert template == ["arn:aws:ec2:eu-west-1:111111111111:launch-template/*"]
    assert template[0] in t.cast("list[str]", statement(made, "ec2:RunInstances")["Resource"])
    elsewhere = deploys(dataclasses.replace(HERE, region="us-west-2"))
    assert statement(elsewhere, "ec2:TerminateInstances")["Resource"] == [
        "arn:aws:ec2:us-west-2:111111111111:instance/*"
    ]


def test_a_launch_template_may_name_a_key_pair_though_nobody_logs_in() -> None:
    made = deploys(HERE)
    keys = "arn:aws:ec2:eu-west-1:111111111111:key-pair/*"
    assert keys in t.cast("list[str]", statement(made, "ec2:RunInstances")["Resource"])
    assert keys not in t.cast("list[str]", statement(made, "ec2:CreateTags")["Resource"])


def test_a_role_is_passed_to_what_is_launched_when_it_is_named() -> None:
    passed = statement(deploys(HERE, instance_profile_role="web"), "iam:PassRole")
    assert passed["Resource"] == ["arn:aws:iam::111111111111:role/web"]
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def test_a_stage_in_another_account_has_rights_of_its_own_there() -> None:
    there = Deployment("eu-west-1", entered="arn:aws:iam::222222222222:role/stage")
    made = deploys(there, entered=("arn:aws:iam::333333333333:role/copies",))
    assert "ec2:RunInstances" not in actions(made)
    assert statement(made, "sts:AssumeRole")["Resource"] == [
        "arn:aws:iam::222222222222:role/stage",
        "arn:aws:iam::333333333333:role/copies",
    ]


@pytest.mark.parametrize(
    ("more", "action", "resource"),
    [
        ({"logs_in": True}, "ec2:ImportKeyPair", "arn:aws:ec2:eu-west-1:111111111111:key-pair/*"),
        (
            {"group": "web"},
            "autoscaling:RollbackInstanceRefresh",
            "arn:aws:autoscaling:eu-west-1:111111111111:autoScalingGroup:*:autoScalingGroupName/web",
        ),
        ({"target_group": TARGETS}, "elasticloadbalancing:RegisterTargets", TARGETS),
    ],
)
def test_a_stage_may_do_what_its_health_asks_for(more: dict[str, t.Any], action: str, resource: str) -> None:
    assert action not in actions(deploys(HERE))
    assert statement(deploys(dataclasses.replace(HERE, **more)), action)["Resource"] == [resource]


def test_all_that_a_deployment_can_do_fits_into_a_role() -> None:
    whole = dataclasses.replace(HERE, logs_in=True, group="web", target_group=TARGETS)
    made = deploys(whole, regions=tuple(f"ap-southeast-{number}" for number in range(17)), instance_profile_role="web")
    sids = [one["Sid"] for one in made.statements]
    assert len(sids) == len(set(sids))
    assert len(json.dumps({"Version": "2012-10-17", "Statement": list(made.statements)})) < 10240
    session = botocore.session.get_session()
    services = {"elasticloadbalancing": "elbv2"}
    for one in sorted(actions(made) - NO_OPERATIONS):
        service, _colon, operation = one.partition(":")
        assert operation in _operations(session, services.get(service, service)), one
