# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers: connections to them really reach targets, whose turn it is."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections import Counter
from typing import Any

import pytest
from balancing import Fleet, get, own_address, until
from golden_cloud.api.elbv2 import backend

LISTENER = 18080


@pytest.fixture
def used(fleet: Fleet) -> tuple[str, str]:
    """A target group that a load balancer forwards to, and the load balancer's address."""
    group = fleet.group()
    balancer, address = fleet.balancer()
    fleet.listener(balancer, group, LISTENER)
    return group, address


def test_requests_go_round_the_healthy_targets(fleet: Fleet, used: tuple[str, str]) -> None:
    group, address = used
    assert ipaddress.ip_address(address).is_loopback
    first, second, bad = fleet.serve(), fleet.serve(), fleet.serve(500)
    fleet.register(group, first, second, bad)
    for target, state in ((first, "healthy"), (second, "healthy"), (bad, "unhealthy")):
        fleet.until_health(group, target, state)
    answers = Counter(get(address, LISTENER, "/page?x=1") for _n in range(6))
    assert answers == {(200, fleet.sites[first].address): 3, (200, fleet.sites[second].address): 3}
    seen = fleet.sites[first].visits[0]
    assert seen["path"] == "/page?x=1"
    assert seen["host"] == f"{address}:{LISTENER}"
    assert (seen["x-forwarded-for"], seen["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert seen["x-forwarded-port"] == str(LISTENER)
    assert fleet.sites[bad].visits == []
    fleet.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": first}])
    assert {get(address, LISTENER) for _n in range(3)} == {(200, fleet.sites[second].address)}


def test_without_a_healthy_target_the_unhealthy_ones_are_asked_and_without_any_nobody(
    fleet: Fleet, used: tuple[str, str]
) -> None:
    """As AWS says: it fails open."""
    group, address = used
    assert get(address, LISTENER)[0] == 503
    assert "503 Service Temporarily Unavailable" in get(address, LISTENER)[1]
    assert get(address, LISTENER, method="HEAD") == (503, "")
    bad, deaf = fleet.serve(500), fleet.silent()
    fleet.register(group, bad)
    fleet.until_health(group, bad, "unhealthy")
    assert get(address, LISTENER) == (500, fleet.sites[bad].address)
    fleet.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": bad}])
    fleet.register(group, deaf)
    fleet.until_health(group, deaf, "unhealthy")
    assert get(address, LISTENER)[0] == 502


def test_what_a_request_carries_arrives(fleet: Fleet, used: tuple[str, str]) -> None:
    group, address = used
    instance = fleet.serve()
    fleet.register(group, instance)
    fleet.until_health(group, instance, "healthy")
    body = b"x" * 300_000
    headers = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "Connection": "keep-alive"}
    assert get(address, LISTENER, method="POST", body=body, headers=headers)[0] == 200
    site = fleet.sites[instance]
    assert site.bodies[-1] == body
    assert site.visits[-1]["x-forwarded-for"] == "192.0.2.7, 127.0.0.1"
    assert site.visits[-1]["x-forwarded-proto"] == "http"
    assert site.visits[-1]["connection"] == "close"


@pytest.mark.parametrize(
    "sent", [b"GARBAGE\r\n\r\n", b"GET / HTTP/1.1\r\nno header\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000]
)
def test_what_is_no_http_is_answered_400(fleet: Fleet, used: tuple[str, str], sent: bytes) -> None:
    with socket.create_connection((used[1], LISTENER), 20) as client:
        client.sendall(sent)
        assert client.recv(1000).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_a_target_that_takes_too_long(fleet: Fleet, used: tuple[str, str]) -> None:
    group, address = used
    (told,) = fleet.elb.describe_load_balancers()["LoadBalancers"]
    fleet.elb.modify_load_balancer_attributes(
        LoadBalancerArn=told["LoadBalancerArn"], Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "1"}]
    )
    instance = fleet.serve()
    fleet.register(group, instance)
    fleet.until_health(group, instance, "healthy")
    fleet.sites[instance].slow = 3
    assert get(address, LISTENER)[0] == 504


def test_a_network_load_balancer_hands_on_bytes(fleet: Fleet) -> None:
    group = fleet.group(Protocol="TCP")
    balancer, address = fleet.balancer(Type="network", Subnets=fleet.subnets[:1])
    fleet.listener(balancer, group, LISTENER, "TCP")
    with socket.create_connection((address, LISTENER), 20) as client:
        assert client.recv(10) == b""
    own = own_address()
    fleet.addresses.append(own)
    with socket.create_server((own, fleet.port)) as server:
        echo = threading.Thread(target=_echo, args=(server,), daemon=True)
        echo.start()
        zone = fleet.elb.describe_load_balancers()["LoadBalancers"][0]["AvailabilityZones"][0]["ZoneName"]
        instance = fleet.launch(Placement={"AvailabilityZone": zone})
        fleet.register(group, instance)
        fleet.until_health(group, instance, "healthy")
        with socket.create_connection((address, LISTENER), 20) as client:
            for word in (b"\0one", b"two\xff"):
                client.sendall(word)
                assert client.recv(10) == word
            client.shutdown(socket.SHUT_WR)
            assert client.recv(10) == b"bye"


def _echo(server: socket.socket) -> None:
    """Says what it hears until it hears the end; for each connection that says anything."""
    while True:
        try:
            client, _address = server.accept()
        except OSError:
            return
        with client:
            while heard := client.recv(10):
                client.sendall(heard)
            client.sendall(b"bye")


def test_what_a_load_balancer_is(fleet: Fleet, refused: Any) -> None:
    made = fleet.elb.create_load_balancer(Name="web", Subnets=fleet.subnets[:2])["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    assert arn.startswith("arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/")
    assert made["State"] == {"Code": "provisioning"}
    (told,) = fleet.elb.describe_load_balancers(Names=["web"])["LoadBalancers"]
    assert (told["State"], told["Type"], told["Scheme"]) == ({"Code": "active"}, "application", "internet-facing")
    assert [one["SubnetId"] for one in told["AvailabilityZones"]] == fleet.subnets[:2]
    assert len(told["SecurityGroups"]) == 1
    fleet.elb.get_waiter("load_balancer_available").wait(LoadBalancerArns=[arn])
    again = fleet.elb.create_load_balancer(Name="web", Subnets=fleet.subnets[:2])["LoadBalancers"][0]
    assert again["LoadBalancerArn"] == arn
    with refused("DuplicateLoadBalancerName"):
        fleet.elb.create_load_balancer(Name="web", Subnets=fleet.subnets[1:3])
    with refused("LoadBalancerNotFound"):
        fleet.elb.describe_load_balancers(Names=["none"])


@pytest.mark.parametrize(
    ("more", "code", "text"),
    [
        ({"Type": "gateway"}, "UnsupportedOperation", "Type=gateway"),
        ({"IpAddressType": "dualstack"}, "UnsupportedOperation", "dualstack"),
        ({"CustomerOwnedIpv4Pool": "pool"}, "UnsupportedOperation", "CustomerOwnedIpv4Pool"),
        ({"Name": "internal-web"}, "ValidationError", "internal-"),
        ({"SecurityGroups": ["sg-none"]}, "InvalidSecurityGroup", "sg-none"),
        ({"Subnets": ["subnet-none"]}, "SubnetNotFound", "subnet-none"),
        ({"Subnets": []}, "ValidationError", "At least one subnet"),
        ({"Subnets": [], "SubnetMappings": [{"SubnetId": "s", "PrivateIPv4Address": "10.0.0.1"}]},
         "UnsupportedOperation", "SubnetMappings.PrivateIPv4Address"),
    ],
)  # fmt: skip
def test_what_it_can_not_be(fleet: Fleet, refused: Any, more: dict[str, Any], code: str, text: str) -> None:
    with refused(code, text):
        fleet.elb.create_load_balancer(**{"Name": "web", "Subnets": fleet.subnets[:2]} | more)
    assert fleet.elb.describe_load_balancers()["LoadBalancers"] == []


def test_subnets_are_in_zones_of_their_own(fleet: Fleet, refused: Any) -> None:
    one = fleet.subnets[:1]
    with refused("ValidationError", "two different Availability Zones"):
        fleet.balancer(Subnets=one)
    with refused("InvalidConfigurationRequest", "two subnets in one zone"):
        fleet.balancer(Subnets=one * 2)


def test_what_a_listener_can_not_do(fleet: Fleet, refused: Any) -> None:
    balancer, _address = fleet.balancer()
    group, other = fleet.group(), fleet.group("other")
    of_tcp = fleet.group("tcp", Protocol="TCP")
    forward = {"Type": "forward", "TargetGroupArn": group}
    weighted = {"TargetGroups": [{"TargetGroupArn": group, "Weight": 9}, {"TargetGroupArn": other, "Weight": 1}]}
    two = {"TargetGroups": [{"TargetGroupArn": group}, {"TargetGroupArn": other}]}
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    asked = {"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": LISTENER, "DefaultActions": [forward]}
    for more, code, text in (
        ({"Protocol": "HTTPS"}, "UnsupportedOperation", "Protocol=HTTPS"),
        ({"Protocol": "TCP"}, "UnsupportedOperation", "Protocol=TCP"),
        ({"Certificates": [{"CertificateArn": "arn"}]}, "UnsupportedOperation", "Certificates"),
        ({"SslPolicy": "ELBSecurityPolicy-2016-08"}, "UnsupportedOperation", "SslPolicy"),
        ({"DefaultActions": [fixed]}, "UnsupportedOperation", "fixed-response"),
        ({"DefaultActions": [{"Type": "forward", "ForwardConfig": weighted}]}, "UnsupportedOperation", "Weight"),
        ({"DefaultActions": [{"Type": "forward", "ForwardConfig": two}]}, "UnsupportedOperation", "one target group"),
        ({"DefaultActions": []}, "ValidationError", "one default action"),
        ({"DefaultActions": [{"Type": "forward"}]}, "ValidationError", "target group"),
        ({"DefaultActions": [forward | {"TargetGroupArn": of_tcp}]}, "InvalidConfigurationRequest", "TCP"),
        ({"DefaultActions": [forward | {"TargetGroupArn": group + "0"}]}, "TargetGroupNotFound", ""),
        ({"LoadBalancerArn": balancer + "0"}, "LoadBalancerNotFound", ""),
    ):
        with refused(code, text):
            fleet.elb.create_listener(**asked | more)
    for name in ("Protocol", "Port"):
        with refused("ValidationError", "a protocol and a port"):
            fleet.elb.create_listener(**{k: v for k, v in asked.items() if k != name})
    with refused("NotImplemented", "CreateRule"):
        fleet.elb.create_rule(ListenerArn="x", Conditions=[], Priority=1, Actions=[forward])
    assert fleet.elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"] == []
    fleet.elb.create_listener(**asked)
    with refused("DuplicateListener"):
        fleet.elb.create_listener(**asked)
    with refused("TargetGroupAssociationLimit"):
        fleet.listener(fleet.balancer("second")[0], group, LISTENER)


def test_a_listener_is_changed_and_goes(fleet: Fleet, used: tuple[str, str], refused: Any) -> None:
    _group, address = used
    (balancer,) = fleet.elb.describe_load_balancers()["LoadBalancers"]
    (listener,) = fleet.elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    other, instance = fleet.group("other"), fleet.serve()
    fleet.register(other, instance)
    action = {"Type": "forward", "TargetGroupArn": other}
    arn = listener["ListenerArn"]
    told = fleet.elb.modify_listener(ListenerArn=arn, Port=LISTENER + 10, DefaultActions=[action])["Listeners"][0]
    assert (told["Port"], told["DefaultActions"][0]["TargetGroupArn"]) == (LISTENER + 10, other)
    fleet.until_health(other, instance, "healthy")
    assert get(address, LISTENER + 10) == (200, fleet.sites[instance].address)
    with pytest.raises(ConnectionRefusedError):
        get(address, LISTENER)
    with refused("UnsupportedOperation", "Protocol=HTTPS"):
        fleet.elb.modify_listener(ListenerArn=arn, Protocol="HTTPS")
    fleet.elb.delete_listener(ListenerArn=arn)
    with pytest.raises(ConnectionRefusedError):
        get(address, LISTENER + 10)
    with refused("ListenerNotFound"):
        fleet.elb.describe_listeners(ListenerArns=[arn])
    with refused("ListenerNotFound"):
        fleet.elb.delete_listener(ListenerArn=arn)


def test_a_port_that_is_somebody_elses_is_told(fleet: Fleet, refused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    balancer, address = fleet.balancer()
    group = fleet.group()
    with socket.create_server((address, LISTENER)), refused("InvalidConfigurationRequest", "in use"):
        fleet.listener(balancer, group, LISTENER)
    assert fleet.elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"] == []
    fleet.listener(balancer, group, LISTENER)
    # After a restart as well, and it is tried again.
    fleet.cloud.stop()
    with socket.create_server((address, LISTENER)):
        fleet.cloud.start()
        (told,) = fleet.elb.describe_load_balancers()["LoadBalancers"]
        assert told["State"]["Code"] == "active_impaired"
        assert f"{address}:{LISTENER}" in told["State"]["Reason"]
    monkeypatch.setattr(backend, "RETRY", 0.1)
    fleet.group("another")
    until(lambda: fleet.elb.describe_load_balancers()["LoadBalancers"][0]["State"] == {"Code": "active"})
    assert get(address, LISTENER)[0] == 503


def test_all_of_it_is_there_after_a_restart_and_nothing_listens_between(fleet: Fleet, used: tuple[str, str]) -> None:
    group, address = used
    instance = fleet.serve()
    fleet.register(group, instance)
    fleet.until_health(group, instance, "healthy")
    fleet.cloud.stop()
    with pytest.raises(ConnectionRefusedError):
        get(address, LISTENER)
    fleet.cloud.start()
    fleet.until_health(group, instance, "healthy")
    assert get(address, LISTENER) == (200, fleet.sites[instance].address)
    fleet.sites[instance].status = 500
    fleet.until_health(group, instance, "unhealthy")


def test_a_protected_load_balancer_stays(fleet: Fleet, used: tuple[str, str], refused: Any) -> None:
    (told,) = fleet.elb.describe_load_balancers()["LoadBalancers"]
    arn = told["LoadBalancerArn"]

    def put(key: str, value: str) -> None:
        fleet.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": key, "Value": value}])

    put("deletion_protection.enabled", "true")
    with refused("OperationNotPermitted"):
        fleet.elb.delete_load_balancer(LoadBalancerArn=arn)
    put("deletion_protection.enabled", "false")
    with refused("UnsupportedOperation", "access_logs.s3.enabled=true"):
        put("access_logs.s3.enabled", "true")
    with refused("ValidationError", "true or false"):
        put("deletion_protection.enabled", "yes")
    found = fleet.elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    assert {"Key": "deletion_protection.enabled", "Value": "false"} in found
    fleet.elb.delete_load_balancer(LoadBalancerArn=arn)
    fleet.elb.delete_load_balancer(LoadBalancerArn=arn)
    with pytest.raises(ConnectionRefusedError):
        get(used[1], LISTENER)


def test_attributes_of_a_listener(fleet: Fleet, refused: Any) -> None:
    group = fleet.group(Protocol="TCP")
    balancer, _address = fleet.balancer(Type="network")
    listener = fleet.listener(balancer, group, LISTENER, "TCP")
    pairs = [{"Key": "tcp.idle_timeout.seconds", "Value": "60"}]
    fleet.elb.modify_listener_attributes(ListenerArn=listener, Attributes=pairs)
    assert fleet.elb.describe_listener_attributes(ListenerArn=listener)["Attributes"] == pairs
    with refused("ValidationError", "60 to 6000"):
        fleet.elb.modify_listener_attributes(ListenerArn=listener, Attributes=[pairs[0] | {"Value": "5"}])
