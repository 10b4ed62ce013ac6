# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks of launch templates and instances: launched as any other instance, taken back when something fails."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from golden_cloud.api.cloudformation.template import Scope, given_parameters, read, resolve

CHANNEL = "/golden/web/prod"
BODY = """
AWSTemplateFormatVersion: 2010-09-09
Description: An instance of what a channel names
Parameters:
  Channel:
    Type: AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>
    Default: /golden/web/prod
  InstanceType:
    Type: String
    Default: t3.micro
    AllowedValues: [t3.micro, t3.small]
Resources:
  Server:
    Type: AWS::EC2::Instance
    Properties:
      LaunchTemplate:
        LaunchTemplateId: !Ref Template
        Version: !GetAtt Template.LatestVersionNumber
      Tags:
        - {Key: golden:channel, Value: prod}
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateName: !Sub "${AWS::StackName}-web"
      LaunchTemplateData:
        ImageId: !Ref Channel
        InstanceType: !Ref InstanceType
        MetadataOptions: {HttpTokens: required}
        UserData:
          Fn::Base64: !Sub "#!/bin/sh\\necho ${AWS::Region} ${!kept}\\n"
Outputs:
  InstanceId: {Value: !Ref Server, Description: The instance}
  Where: {Value: !Join ["/", [!Ref "AWS::AccountId", !GetAtt Server.PrivateIp]]}
"""


@pytest.fixture
def stacks(cloud: Any) -> Any:
    return cloud.client("cloudformation")


@pytest.fixture
def channel(ssm: Any, make_image: Any) -> str:
    image_id = str(make_image())
    ssm.put_parameter(Name=CHANNEL, Value=image_id, Type="String", DataType="aws:ec2:image")
    return image_id


def _ended(stacks: Any, stack: str, seconds: float = 30) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        (told,) = stacks.describe_stacks(StackName=stack)["Stacks"]
        if not told["StackStatus"].endswith("_IN_PROGRESS"):
            return dict(told)
        time.sleep(0.05)
    pytest.fail("the stack does not end")
    return {}


def _instance(ec2: Any, instance_id: str) -> dict[str, Any]:
    (reservation,) = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    return dict(reservation["Instances"][0])


def _tags(resource: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource["Tags"]}


def test_a_stack_launches_a_machine_of_what_the_channel_names(
    cloud: Any, ec2: Any, stacks: Any, channel: str, state_of: Any
) -> None:
    stack = stacks.create_stack(StackName="web", TemplateBody=BODY, Tags=[{"Key": "team", "Value": "web"}])["StackId"]
    told = _ended(stacks, "web")
    assert (told["StackStatus"], told["StackId"]) == ("CREATE_COMPLETE", stack)
    values = {one["ParameterKey"]: one.get("ResolvedValue", one["ParameterValue"]) for one in told["Parameters"]}
    assert values == {"Channel": channel, "InstanceType": "t3.micro"}
    outputs = {one["OutputKey"]: one["OutputValue"] for one in told["Outputs"]}
    instance = _instance(ec2, outputs["InstanceId"])
    assert outputs["Where"] == f"123456789012/{instance['PrivateIpAddress']}"
    assert (instance["ImageId"], instance["State"]["Name"]) == (channel, "running")
    # A machine was started, as for any other launch.
    assert cloud.machines.machines[outputs["InstanceId"]] == "running"
    (launched,) = [entry for entry in cloud.machines.done if entry[0] == "launch" and entry[1] == outputs["InstanceId"]]
    assert "echo us-east-1 ${kept}" in str(launched[3])
    tags = _tags(instance)
    assert (tags["team"], tags["golden:channel"], tags["aws:cloudformation:logical-id"]) == ("web", "prod", "Server")
    assert tags["aws:cloudformation:stack-id"] == stack
    (template,) = ec2.describe_launch_templates(LaunchTemplateNames=["web-web"])["LaunchTemplates"]
    assert _tags(template)["aws:cloudformation:stack-name"] == "web"
    parts = stacks.describe_stack_resources(StackName="web")["StackResources"]
    assert [(one["LogicalResourceId"], one["ResourceStatus"]) for one in parts] == [
        ("Template", "CREATE_COMPLETE"),
        ("Server", "CREATE_COMPLETE"),
    ]
    launches = [call for call in cloud.calls() if call["operation"] == "RunInstances"]
    assert "golden-cloud/service" in launches[-1]["user_agent"], "its call is in the record"
    stacks.delete_stack(StackName="web")
    assert _ended(stacks, stack)["StackStatus"] == "DELETE_COMPLETE"
    assert state_of(outputs["InstanceId"]) == "terminated"
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert stacks.describe_stacks()["Stacks"] == []


def test_the_machine_is_launched_by_whom_the_stack_is_for(cloud: Any, stacks: Any, channel: str) -> None:
    role = "arn:aws:iam::222222222222:role/OrganizationAccountAccessRole"
    keys = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    theirs = cloud.client("cloudformation", keys=keys)
    body = BODY.replace("SSM::Parameter::Value<AWS::EC2::Image::Id>", "x").replace("AWS::x", "String")
    base = cloud.client("ec2").describe_images(Owners=["136693071363"])["Images"][0]["ImageId"]
    given = [{"ParameterKey": "Channel", "ParameterValue": base}]
    theirs.create_stack(StackName="web", TemplateBody=body, Parameters=given)
    assert _ended(theirs, "web")["StackStatus"] == "CREATE_COMPLETE"
    (reservation,) = cloud.client("ec2", keys=keys).describe_instances()["Reservations"]
    assert reservation["OwnerId"] == "222222222222"
    assert stacks.describe_stacks()["Stacks"] == []


@pytest.mark.parametrize(
    ("asked", "ended"),
    [
        ({}, "ROLLBACK_COMPLETE"),
        ({"OnFailure": "DELETE"}, "DELETE_COMPLETE"),
        ({"DisableRollback": True}, "CREATE_FAILED"),
    ],
)
def test_a_launch_that_fails_leaves_what_was_asked_for(
    cloud: Any, ec2: Any, stacks: Any, channel: str, asked: dict[str, Any], ended: str
) -> None:
    cloud.fault("RunInstances", "error", code="VcpuLimitExceeded", times=1)
    stack = stacks.create_stack(StackName="web", TemplateBody=BODY, **asked)["StackId"]
    told = _ended(stacks, stack)
    assert told["StackStatus"] == ended
    assert len(ec2.describe_launch_templates()["LaunchTemplates"]) == (1 if ended == "CREATE_FAILED" else 0)
    events = stacks.describe_stack_events(StackName=stack)["StackEvents"]
    (failed,) = [
        one for one in events if one["ResourceStatus"] == "CREATE_FAILED" and one["LogicalResourceId"] == "Server"
    ]
    assert "VcpuLimitExceeded" in failed["ResourceStatusReason"]
    stacks.delete_stack(StackName=stack)
    assert _ended(stacks, stack)["StackStatus"] == "DELETE_COMPLETE"
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []


def test_a_machine_that_does_not_start_is_no_success(cloud: Any, ec2: Any, stacks: Any, channel: str) -> None:
    cloud.machines.failures["launch"] = "no room"
    stacks.create_stack(StackName="web", TemplateBody=BODY)
    assert _ended(stacks, "web")["StackStatus"] == "ROLLBACK_COMPLETE"
    events = stacks.describe_stack_events(StackName="web")["StackEvents"]
    assert any("did not start" in (one.get("ResourceStatusReason") or "") for one in events)
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []


def test_a_stack_survives_a_restart_and_one_under_way_is_told_to_have_failed(
    cloud: Any, stacks: Any, channel: str
) -> None:
    stacks.create_stack(StackName="web", TemplateBody=BODY)
    _ended(stacks, "web")
    cloud.restart()
    stacks = cloud.client("cloudformation")
    assert _ended(stacks, "web")["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.get_template(StackName="web")["TemplateBody"].strip() == BODY.strip()
    from golden_cloud.api.cloudformation import model

    (stack,) = model.cloudformation_backends["123456789012"]["us-east-1"].stacks.values()
    stack.status = "CREATE_IN_PROGRESS"
    model.recover()
    (told,) = stacks.describe_stacks(StackName="web")["Stacks"]
    assert (told["StackStatus"], told["StackStatusReason"]) == (
        "CREATE_FAILED",
        "The local cloud ended meanwhile. Delete the stack.",
    )


def _with(**changes: Any) -> str:
    document = {"Resources": {"Server": {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": "ami-1"}}}}
    return json.dumps({**document, **changes})


def _server(**changes: Any) -> str:
    return _with(Resources={"Server": {"Type": "AWS::EC2::Instance", **changes}})


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("[", "ValidationError", "Template format error"),
        ("{}", "ValidationError", "At least one Resources member"),
        (_with(Conditions={}), "UnsupportedOperation", "TemplateBody.Conditions"),
        (_with(Mappings={}), "UnsupportedOperation", "TemplateBody.Mappings"),
        (_with(Transform="AWS::Serverless-2016-10-31"), "UnsupportedOperation", "TemplateBody.Transform"),
        (_with(Parameters={"A": {"Type": "AWS::EC2::VPC::Id"}}), "UnsupportedOperation", "Parameters.A.Type"),
        (_with(Parameters={"A": {"Type": "String", "NoEcho": True}}), "UnsupportedOperation", "Parameters.A.NoEcho"),
        (_with(Parameters={"A": {"Type": "String"}}), "ValidationError", "Parameters: [A] must have values"),
        (_with(Outputs={"A": {"Value": "x", "Export": {}}}), "UnsupportedOperation", "Outputs.A.Export"),
        (
            _with(Resources={"B": {"Type": "AWS::S3::Bucket"}}),
            "UnsupportedOperation",
            "Resources.B.Type AWS::S3::Bucket",
        ),
        (_server(Properties={"HibernationOptions": {}}), "UnsupportedOperation", "Properties.HibernationOptions"),
        (_server(DeletionPolicy="Retain"), "UnsupportedOperation", "DeletionPolicy Retain"),
        (_server(UpdatePolicy={}), "UnsupportedOperation", "Resources.Server.UpdatePolicy"),
        (_server(Properties={"ImageId": {"Fn::If": ["A", 1, 2]}}), "UnsupportedOperation", "Fn::If"),
        (_server(Properties={"ImageId": {"Ref": "Nobody"}}), "ValidationError", "dependencies [Nobody]"),
        (
            _server(Properties={"SubnetId": {"Fn::GetAtt": "Server.Fancy"}}),
            "UnsupportedOperation",
            "the attribute Fancy",
        ),
        (_server(DependsOn="Nobody"), "ValidationError", "dependencies [Nobody]"),
        (_server(DependsOn="Server"), "ValidationError", "Circular dependency between resources: [Server]"),
    ],
)
def test_what_is_not_here_is_refused_before_anything_is_made(
    ec2: Any, stacks: Any, refused: Any, body: str, code: str, said: str
) -> None:
    with refused(code, said):
        stacks.create_stack(StackName="web", TemplateBody=body)
    assert stacks.describe_stacks()["Stacks"] == []
    assert ec2.describe_instances()["Reservations"] == []


def test_names_parameters_and_options(cloud: Any, stacks: Any, ssm: Any, channel: str, refused: Any) -> None:
    for given, said in (
        (
            [{"ParameterKey": "Channel", "ParameterValue": "/golden/web/none"}],
            "[/golden/web/none] from parameter store",
        ),
        ([{"ParameterKey": "InstanceType", "ParameterValue": "m5.large"}], "must be one of AllowedValues"),
        ([{"ParameterKey": "Other", "ParameterValue": "x"}], "[Other] do not exist in the template"),
    ):
        with refused("ValidationError", said):
            stacks.create_stack(StackName="web", TemplateBody=BODY, Parameters=given)
    ssm.put_parameter(Name="/golden/web/text", Value="none", Type="String")
    with refused("ValidationError", "parameter value none for parameter name Channel does not exist"):
        named = [{"ParameterKey": "Channel", "ParameterValue": "/golden/web/text"}]
        stacks.create_stack(StackName="web", TemplateBody=BODY, Parameters=named)
    with refused("ValidationError", "stackName"):
        stacks.create_stack(StackName="1web", TemplateBody=BODY)
    with refused("UnsupportedOperation", "TimeoutInMinutes"):
        stacks.create_stack(StackName="web", TemplateBody=BODY, TimeoutInMinutes=5)
    with refused("NotImplemented", "UpdateStack"):
        stacks.update_stack(StackName="web", TemplateBody=BODY)
    with refused("ValidationError", "Stack with id web does not exist"):
        stacks.describe_stacks(StackName="web")
    stacks.delete_stack(StackName="web")
    stacks.create_stack(StackName="web", TemplateBody=BODY)
    with refused("AlreadyExistsException", "Stack [web] already exists"):
        stacks.create_stack(StackName="web", TemplateBody=BODY)
    _ended(stacks, "web")


def test_functions_mean_what_they_do() -> None:
    template = read(
        """
        Parameters: {Name: {Type: String, Default: web}, Size: {Type: Number, Default: 8}}
        Resources: {One: {Type: AWS::EC2::Instance, Properties: {ImageId: !Ref Name, KeyName: !Ref "AWS::NoValue"}}}
        """
    )
    values = given_parameters(template, [{"ParameterKey": "Size", "ParameterValue": "10"}])
    assert values == {"Name": "web", "Size": "10"}
    scope = Scope({**values, "One": "i-1"}, {"One": {"PrivateIp": "10.0.0.1"}})
    assert resolve(template.resources[0].properties, scope) == {"ImageId": "web"}
    assert resolve({"Fn::Sub": ["${a}-${One}-${One.PrivateIp}-${!x}", {"a": {"Ref": "Name"}}]}, scope) == (
        "web-i-1-10.0.0.1-${x}"
    )
    assert resolve({"Fn::Join": ["/", ["a", {"Ref": "AWS::NoValue"}, {"Ref": "Size"}]]}, scope) == "a/10"
