# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Target groups: what they can be, and how their targets are, who are really asked."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from balancing import Fleet, own_address, until
from botocore.config import Config

LISTENER = 18080


@pytest.fixture
def used(fleet: Fleet) -> str:
    """A target group that a load balancer forwards to."""
    group = fleet.group()
    fleet.listener(fleet.balancer()[0], group, LISTENER)
    return group


def described(fleet: Fleet, group: str) -> dict[str, Any]:
    (found,) = fleet.elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
    return dict(found)


def test_a_group_is_told_as_aws_tells_it(fleet: Fleet, refused: Any) -> None:
    made = fleet.elb.create_target_group(
        Name="web", Protocol="HTTP", Port=80, VpcId=fleet.vpc, Tags=[{"Key": "team", "Value": "web"}]
    )["TargetGroups"][0]
    assert made["TargetGroupArn"].startswith("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/")
    told = {k: v for k, v in made.items() if k.startswith(("Health", "Unhealthy", "Match", "Target", "Protocol"))}
    assert told == {
        "TargetGroupArn": made["TargetGroupArn"],
        "TargetGroupName": "web",
        "TargetType": "instance",
        "Protocol": "HTTP",
        "ProtocolVersion": "HTTP1",
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
        "HealthCheckPath": "/",
        "Matcher": {"HttpCode": "200"},
    }
    of_tcp = fleet.elb.create_target_group(Name="net", Protocol="TCP", Port=22, VpcId=fleet.vpc)["TargetGroups"][0]
    assert (of_tcp["HealthCheckProtocol"], "Matcher" in of_tcp, "HealthCheckPath" in of_tcp) == ("TCP", False, False)
    again = fleet.elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=fleet.vpc)["TargetGroups"][0]
    assert again["TargetGroupArn"] == made["TargetGroupArn"]
    with refused("DuplicateTargetGroupName"):
        fleet.elb.create_target_group(Name="web", Protocol="HTTP", Port=81, VpcId=fleet.vpc)
    assert [one["TargetGroupName"] for one in fleet.elb.describe_target_groups(Names=["net"])["TargetGroups"]] == [
        "net"
    ]
    with refused("TargetGroupNotFound"):
        fleet.elb.describe_target_groups(Names=["none"])
    first = fleet.elb.describe_target_groups(PageSize=1)
    second = fleet.elb.describe_target_groups(PageSize=1, Marker=first["NextMarker"])
    assert [one["TargetGroups"][0]["TargetGroupName"] for one in (first, second)] == ["web", "net"]
    assert "NextMarker" not in second


@pytest.mark.parametrize(
    ("more", "code", "text"),
    [
        ({"TargetType": "lambda"}, "UnsupportedOperation", "TargetType=lambda"),
        ({"TargetType": "alb"}, "UnsupportedOperation", "TargetType=alb"),
        ({"Protocol": "GENEVE"}, "UnsupportedOperation", "Protocol=GENEVE"),
        ({"Protocol": "HTTPS"}, "UnsupportedOperation", "Protocol=HTTPS"),
        ({"ProtocolVersion": "GRPC"}, "UnsupportedOperation", "ProtocolVersion=GRPC"),
        ({"IpAddressType": "ipv6"}, "UnsupportedOperation", "IpAddressType"),
        ({"Name": "-web"}, "ValidationError", "hyphens"),
        ({"Name": "w" * 33}, "ValidationError", "longer than"),
        ({"VpcId": "vpc-none"}, "ValidationError", "is not found"),
        ({"HealthCheckIntervalSeconds": 4}, "ValidationError", "between 5 and 300"),
        ({"HealthCheckTimeoutSeconds": 30, "HealthCheckIntervalSeconds": 30}, "ValidationError", "smaller than"),
        ({"HealthyThresholdCount": 11}, "ValidationError", "between 2 and 10"),
        ({"HealthCheckPath": "health"}, "ValidationError", "begin with"),
        ({"HealthCheckPath": "/ HTTP/1.1"}, "ValidationError", "no blanks"),
        ({"HealthCheckPort": "70000"}, "ValidationError", "1 to 65535"),
        ({"HealthCheckProtocol": "TCP"}, "ValidationError", "must be one of HTTP, HTTPS"),
        ({"HealthCheckEnabled": False}, "ValidationError", "must be true"),
        ({"Matcher": {"HttpCode": "500"}}, "ValidationError", "200-499"),
        ({"Matcher": {"HttpCode": "abc"}}, "ValidationError", "abc"),
        ({"Matcher": {"GrpcCode": "0"}}, "ValidationError", "GRPC"),
    ],
)
def test_what_a_group_can_not_be(fleet: Fleet, refused: Any, more: dict[str, Any], code: str, text: str) -> None:
    # botocore would refuse some by itself.
    elb = fleet.cloud.client("elbv2", config=Config(parameter_validation=False))
    with refused(code, text):
        elb.create_target_group(**{"Name": "web", "Protocol": "HTTP", "Port": 80, "VpcId": fleet.vpc} | more)
    assert elb.describe_target_groups()["TargetGroups"] == []


def test_a_group_without_what_it_needs(fleet: Fleet, refused: Any) -> None:
    asked = {"Name": "web", "Protocol": "HTTP", "Port": 80, "VpcId": fleet.vpc}
    for name in ("Protocol", "Port", "VpcId"):
        with refused("ValidationError", "must be specified"):
            fleet.elb.create_target_group(**{k: v for k, v in asked.items() if k != name})
    with refused("ValidationError", "protocol 'TCP'"):
        fleet.elb.create_target_group(**asked | {"Protocol": "TCP", "HealthCheckPath": "/"})


def test_attributes_that_would_be_ignored_are_refused(fleet: Fleet, refused: Any) -> None:
    group = fleet.group()

    def put(key: str, value: str) -> Any:
        pairs = [{"Key": key, "Value": value}]
        return fleet.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=pairs)

    put("deregistration_delay.timeout_seconds", "7")
    put("stickiness.enabled", "false")
    found = fleet.elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
    told = {one["Key"]: one["Value"] for one in found}
    assert told["deregistration_delay.timeout_seconds"] == "7"
    assert told["load_balancing.algorithm.type"] == "round_robin"
    for key, value, code in (
        ("stickiness.enabled", "true", "UnsupportedOperation"),
        ("load_balancing.algorithm.type", "least_outstanding_requests", "UnsupportedOperation"),
        ("deregistration_delay.timeout_seconds", "4000", "ValidationError"),
        ("lambda.multi_value_headers.enabled", "true", "ValidationError"),
    ):
        with refused(code, key):
            put(key, value)


def test_tags(fleet: Fleet, refused: Any) -> None:
    group = fleet.group(Tags=[{"Key": "team", "Value": "web"}])
    fleet.elb.add_tags(ResourceArns=[group], Tags=[{"Key": "stage", "Value": "dev"}])
    fleet.elb.remove_tags(ResourceArns=[group], TagKeys=["team"])
    (told,) = fleet.elb.describe_tags(ResourceArns=[group])["TagDescriptions"]
    assert told["Tags"] == [{"Key": "stage", "Value": "dev"}]
    with refused("TargetGroupNotFound"):
        fleet.elb.describe_tags(ResourceArns=[group + "0"])
    with refused("ValidationError", "reserved"):
        fleet.elb.add_tags(ResourceArns=[group], Tags=[{"Key": "aws:x", "Value": "y"}])


def test_who_can_be_a_target(fleet: Fleet, refused: Any) -> None:
    ec2, group, instance = fleet.cloud.client("ec2"), fleet.group(), fleet.silent()
    ec2.stop_instances(InstanceIds=[instance])
    fleet.cloud.settle()
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    elsewhere = fleet.group("elsewhere", VpcId=vpc)
    for arn, target, code, text in (
        (group, "web", "ValidationError", "is not valid"),
        (group, "i-0123456789abcdef0", "InvalidTarget", "do not exist"),
        (group, instance, "InvalidTarget", "not in a running state"),
        (elsewhere, fleet.silent(), "InvalidTarget", "not in the target group VPC"),
        (fleet.group("ips", TargetType="ip"), "8.8.8.8", "InvalidTarget", "10.0.0.0/8"),
        (fleet.group("ips", TargetType="ip"), "web", "ValidationError", "not a valid IPv4 address"),
    ):
        with refused(code, text):
            fleet.register(arn, target)
        assert fleet.elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"] == []
    with refused("TargetGroupNotFound"):
        fleet.register(group + "0", instance)


def test_nobody_asks_the_targets_of_a_group_without_a_load_balancer(fleet: Fleet) -> None:
    group, instance = fleet.group(), fleet.serve()
    fleet.register(group, instance)
    (found,) = fleet.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert found["Target"] == {"Id": instance, "Port": fleet.port}
    assert found["HealthCheckPort"] == str(fleet.port)
    assert found["TargetHealth"] == {
        "State": "unused",
        "Reason": "Target.NotInUse",
        "Description": "Target group is not configured to receive traffic from the load balancer",
    }
    assert fleet.sites[instance].seen == []
    listener = fleet.listener(fleet.balancer()[0], group, LISTENER)
    fleet.until_health(group, instance, "healthy")
    assert fleet.sites[instance].seen[0]["user-agent"] == "ELB-HealthChecker/2.0"
    assert fleet.health(group, "i-0123456789abcdef0") == ("unused", "Target.NotRegistered")
    fleet.elb.delete_listener(ListenerArn=listener)
    assert fleet.health(group, instance) == ("unused", "Target.NotInUse")


def test_a_target_is_what_it_answers(fleet: Fleet, used: str) -> None:
    good, bad, slow, deaf = fleet.serve(), fleet.serve(500), fleet.serve(), fleet.silent()
    fleet.sites[slow].slow = 3
    fleet.register(used, good, bad, slow, deaf)
    assert fleet.health(used, deaf)[1] in ("Elb.RegistrationInProgress", "Elb.InitialHealthChecking")
    fleet.until_health(used, good, "healthy")
    for target, reason in (
        (bad, "Target.ResponseCodeMismatch"),
        (slow, "Target.Timeout"),
        (deaf, "Target.FailedHealthChecks"),
    ):
        fleet.until_health(used, target, "unhealthy")
        assert fleet.health(used, target) == ("unhealthy", reason)
    (found,) = fleet.elb.describe_target_health(TargetGroupArn=used, Targets=[{"Id": bad}])["TargetHealthDescriptions"]
    assert found["TargetHealth"]["Description"] == "Health checks failed with these codes: [500]"
    # What gets well is healthy again, what breaks is not.
    fleet.sites[bad].status, fleet.sites[good].status = 200, 404
    fleet.until_health(used, bad, "healthy")
    fleet.until_health(used, good, "unhealthy")


def test_the_settings_of_the_check_count(fleet: Fleet, used: str, refused: Any) -> None:
    instance = fleet.serve(204)
    fleet.register(used, instance)
    fleet.until_health(used, instance, "unhealthy")
    fleet.elb.modify_target_group(
        TargetGroupArn=used, HealthCheckPath="/health?full=1", Matcher={"HttpCode": "200,202-204"}
    )
    fleet.until_health(used, instance, "healthy")
    assert fleet.sites[instance].seen[-1]["path"] == "/health?full=1"
    told = described(fleet, used)
    assert (told["Matcher"], told["HealthCheckIntervalSeconds"]) == ({"HttpCode": "200,202-204"}, 10)
    fleet.elb.modify_target_group(TargetGroupArn=used, HealthCheckPort=str(fleet.port + 1))
    fleet.until_health(used, instance, "unhealthy")
    with refused("ValidationError", "smaller than"):
        fleet.elb.modify_target_group(TargetGroupArn=used, HealthCheckTimeoutSeconds=60)
    assert described(fleet, used)["HealthCheckTimeoutSeconds"] == 9


def test_a_stopped_instance_is_unused_and_a_terminated_one_gone(fleet: Fleet, used: str) -> None:
    ec2, instance, other = fleet.cloud.client("ec2"), fleet.serve(), fleet.serve()
    fleet.register(used, instance, other)
    fleet.until_health(used, instance, "healthy")
    ec2.stop_instances(InstanceIds=[instance])
    fleet.cloud.settle()
    assert fleet.health(used, instance) == ("unused", "Target.InvalidState")
    fleet.addresses.append(fleet.sites[instance].address)
    ec2.start_instances(InstanceIds=[instance])
    fleet.until_health(used, instance, "healthy")
    ec2.terminate_instances(InstanceIds=[other])
    until(lambda: fleet.health(used, other) == ("unused", "Target.NotRegistered"))
    found = fleet.elb.describe_target_health(TargetGroupArn=used)["TargetHealthDescriptions"]
    assert [one["Target"]["Id"] for one in found] == [instance]


def test_what_is_deregistered_drains_first(fleet: Fleet, used: str) -> None:
    first, second = fleet.serve(), fleet.serve()
    fleet.register(used, first, second)
    for one in (first, second):
        fleet.until_health(used, one, "healthy")
    fleet.elb.deregister_targets(TargetGroupArn=used, Targets=[{"Id": first}, {"Id": second}])
    assert fleet.health(used, first) == ("draining", "Target.DeregistrationInProgress")
    # Whoever comes back begins anew.
    asked = len(fleet.sites[second].seen)
    fleet.register(used, second)
    fleet.until_health(used, second, "healthy")
    assert len(fleet.sites[second].seen) > asked
    pairs = [{"Key": "deregistration_delay.timeout_seconds", "Value": "10"}]
    fleet.elb.modify_target_group_attributes(TargetGroupArn=used, Attributes=pairs)
    fleet.elb.deregister_targets(TargetGroupArn=used, Targets=[{"Id": second}])
    assert fleet.health(used, second)[0] == "draining"
    until(lambda: fleet.health(used, second) == ("unused", "Target.NotRegistered"))


def test_the_same_instance_at_two_ports(fleet: Fleet, used: str) -> None:
    instance = fleet.serve()
    targets = [{"Id": instance}, {"Id": instance, "Port": fleet.port + 1}]
    fleet.elb.register_targets(TargetGroupArn=used, Targets=targets)

    def states() -> list[str]:
        found = fleet.elb.describe_target_health(TargetGroupArn=used)["TargetHealthDescriptions"]
        return [one["TargetHealth"]["State"] for one in found]

    until(lambda: states() == ["healthy", "unhealthy"])


def test_a_zone_that_the_load_balancer_is_not_in(fleet: Fleet) -> None:
    group = fleet.group()
    instance = fleet.serve(Placement={"AvailabilityZone": "us-east-1f"})
    subnets = fleet.cloud.client("ec2").describe_subnets()["Subnets"]
    own = [one["SubnetId"] for one in subnets if one["AvailabilityZone"] in ("us-east-1a", "us-east-1b")]
    fleet.listener(fleet.balancer(Subnets=own)[0], group, LISTENER)
    fleet.register(group, instance)
    assert fleet.health(group, instance) == ("unused", "Target.NotInUse")
    assert fleet.sites[instance].seen == []


def test_tcp_is_a_connection_that_is_made(fleet: Fleet) -> None:
    group = fleet.group(Protocol="TCP")
    balancer, _address = fleet.balancer(Type="network")
    fleet.listener(balancer, group, LISTENER, "TCP")
    open_one, deaf = fleet.serve(500), fleet.silent()
    fleet.register(group, open_one, deaf)
    fleet.until_health(group, open_one, "healthy")
    fleet.until_health(group, deaf, "unhealthy")
    assert fleet.health(group, deaf)[1] == "Target.FailedHealthChecks"
    # One of HTTP tells no more than that it failed.
    fleet.elb.modify_target_group(TargetGroupArn=group, HealthCheckProtocol="HTTP", HealthCheckPath="/up")
    fleet.until_health(group, open_one, "unhealthy")
    assert fleet.health(group, open_one)[1] == "Target.FailedHealthChecks"
    assert described(fleet, group)["Matcher"] == {"HttpCode": "200-399"}


def test_what_speaks_no_http_fails(fleet: Fleet, used: str) -> None:
    address = own_address()
    fleet.addresses.append(address)
    with socket.create_server((address, fleet.port)) as server:
        server.settimeout(20)
        instance = fleet.launch()
        fleet.register(used, instance)
        for _attempt in range(2):
            client, _address = server.accept()
            with client:
                client.recv(1000)
                client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        fleet.until_health(used, instance, "unhealthy")
    assert fleet.health(used, instance)[1] == "Target.FailedHealthChecks"


def test_a_group_in_use_stays(fleet: Fleet, used: str, refused: Any) -> None:
    with refused("ResourceInUse"):
        fleet.elb.delete_target_group(TargetGroupArn=used)
    (balancer,) = described(fleet, used)["LoadBalancerArns"]
    fleet.elb.delete_load_balancer(LoadBalancerArn=balancer)
    fleet.elb.delete_target_group(TargetGroupArn=used)
    fleet.elb.delete_target_group(TargetGroupArn=used)
    with refused("TargetGroupNotFound"):
        fleet.elb.describe_target_groups(TargetGroupArns=[used])


def test_accounts_and_regions_have_their_own(fleet: Fleet) -> None:
    fleet.group()
    assert fleet.cloud.client("elbv2", "eu-west-1").describe_target_groups()["TargetGroups"] == []


def test_policies_are_asked(fleet: Fleet, refused: Any) -> None:
    group, iam = fleet.group(), fleet.cloud.client("iam")
    allowed = {"Effect": "Allow", "Action": "elasticloadbalancing:Describe*", "Resource": "*"}
    own = {"Effect": "Allow", "Action": "elasticloadbalancing:DeregisterTargets", "Resource": group}
    iam.create_user(UserName="reader")
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed, own]})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=document)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    assert fleet.cloud.control("PUT", "iam", {"enforce": True})[0] == 200
    reader = fleet.cloud.client("elbv2", keys=key)
    assert len(reader.describe_target_groups()["TargetGroups"]) == 1
    reader.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "i-0123456789abcdef0"}])
    with refused("AccessDenied", "elasticloadbalancing:RegisterTargets"):
        reader.register_targets(TargetGroupArn=group, Targets=[{"Id": "i-0123456789abcdef0"}])
    with refused("AccessDenied", "loadbalancer/net/x/"):
        reader.create_load_balancer(Name="x", Type="network", Subnets=fleet.subnets[:1])
