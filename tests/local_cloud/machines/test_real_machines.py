# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real machines: boot, cloud-init, metadata, images, restarts, and what is left of them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from own_cloud import IMDS, Cloud, free_port


@pytest.fixture(scope="module")
def machine(cloud: Cloud) -> tuple[str, str]:
    """An instance of Debian 12: id and address."""
    data = "#!/bin/sh\necho $(hostname) >> /root/user-data-ran\n"
    return cloud.launch(cloud.base("12"), KeyName="key", UserData=data, MetadataOptions={"HttpTokens": "required"})


def test_up_again_changes_nothing_and_is_quick(cloud: Cloud) -> None:
    began = time.monotonic()
    assert cloud.told("up")["changed"] is False
    assert time.monotonic() - began < 3


def test_files_are_private(cloud: Cloud) -> None:
    assert cloud.state.stat().st_mode & 0o777 == 0o700
    for name in ("credentials", "config", "cloud.json"):
        assert (cloud.state / name).stat().st_mode & 0o777 == 0o600


def test_a_taken_port_is_refused_and_its_holder_named(cloud: Cloud, tmp_path: Path) -> None:
    done = Cloud(home=tmp_path, port=cloud.port).run("up")
    assert done.returncode == 1
    assert f"port {cloud.port} is taken by pid" in done.stderr
    assert "golden_cloud serve" in done.stderr


def test_another_port_while_it_is_up_is_refused(cloud: Cloud) -> None:
    done = Cloud(home=cloud.home, port=free_port()).run("up")
    assert f"is up already, at port {cloud.port}" in done.stderr


def test_cloud_init_gives_key_user_and_user_data(cloud: Cloud, machine: tuple[str, str]) -> None:
    _identifier, address = machine
    assert cloud.ssh(address, "cloud-init status --wait").endswith("status: done")
    assert cloud.ssh(address, "whoami; sudo cat /root/user-data-ran | wc -l") == "admin\n1"
    assert cloud.ssh(address, "systemctl is-system-running --wait") == "running"


def test_the_image_carries_nothing_of_the_host(cloud: Cloud, machine: tuple[str, str]) -> None:
    _identifier, address = machine
    told = cloud.ssh(address, "grep -rhiE '^(URIs|deb )|proxy' /etc/apt || true")
    assert set(told.splitlines()) == {
        "URIs: http://deb.debian.org/debian",
        "URIs: http://deb.debian.org/debian-security",
    }


def test_metadata_needs_a_token_and_knows_the_machine(cloud: Cloud, machine: tuple[str, str]) -> None:
    identifier, address = machine
    ask = "curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/"
    assert cloud.ssh(address, ask) == "401"
    assert cloud.ssh(address, IMDS + "/meta-data/instance-id") == identifier
    assert cloud.ssh(address, IMDS + "/meta-data/local-ipv4") == address
    assert cloud.ssh(address, IMDS + "/meta-data/mac") == cloud.ssh(address, "cat /sys/class/net/eth0/address")


def test_nobody_but_a_machine_is_answered(cloud: Cloud, machine: tuple[str, str]) -> None:
    _identifier, address = machine
    with socket.socket() as client:
        client.settimeout(5)
        try:
            client.connect((address.rpartition(".")[0] + ".1", 80))
            client.sendall(b"GET /latest/meta-data/ HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = client.recv(100)
        except ConnectionError:
            answer = b""
    assert answer == b""


def test_the_hosts_own_metadata_address_is_left_alone(machine: tuple[str, str]) -> None:
    _identifier, address = machine
    listed = json.loads(subprocess.run(["ip", "-j", "-4", "address"], capture_output=True, check=True).stdout)
    gateway = address.rpartition(".")[0] + ".1"
    ours = [{info["local"] for info in link["addr_info"]} for link in listed]
    assert [addresses for addresses in ours if gateway in addresses] == [{gateway}]


def test_the_api_is_reached_from_a_machine(cloud: Cloud, machine: tuple[str, str]) -> None:
    _identifier, address = machine
    ask = "curl -s -o /dev/null -w '%{http_code}' http://$(ip route | awk '/default/ {print $3}')"
    assert cloud.ssh(address, f"{ask}:{cloud.port}/") == "403"  # answered: without keys, refused


def test_stop_and_start_keep_address_and_identity(cloud: Cloud, machine: tuple[str, str]) -> None:
    identifier, address = machine
    keys = cloud.ssh(address, "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub")
    ec2 = cloud.client("ec2")
    ec2.stop_instances(InstanceIds=[identifier])
    cloud.wait(identifier, "stopped")
    ec2.start_instances(InstanceIds=[identifier])
    assert cloud.wait(identifier, "running") == address
    assert cloud.ssh(address, "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub") == keys
    assert cloud.ssh(address, "sudo cat /root/user-data-ran | wc -l") == "1"


def test_a_reboot_from_inside_comes_back(cloud: Cloud, machine: tuple[str, str]) -> None:
    identifier, address = machine
    before = cloud.ssh(address, "systemctl show -P UserspaceTimestampMonotonic")
    cloud.ssh(address, "sudo systemd-run --quiet --on-active=0.2 systemctl reboot")
    end = time.monotonic() + 60
    # A machine that goes down lets one in for a while, and its systemd does not answer any more.
    while cloud.ssh(address, "systemctl show -P UserspaceTimestampMonotonic || true") in (before, ""):
        assert time.monotonic() < end, "it did not reboot"
        time.sleep(0.5)
    assert cloud.wait(identifier, "running") == address


def test_a_machine_of_a_committed_image_is_another_machine(cloud: Cloud, machine: tuple[str, str]) -> None:
    identifier, address = machine
    ec2 = cloud.client("ec2")
    cloud.ssh(address, "sudo touch /opt/mark; sudo truncate -s 0 /etc/machine-id; sync")
    image = ec2.create_image(InstanceId=identifier, Name="committed")["ImageId"]
    end = time.monotonic() + 120
    while (seen := ec2.describe_images(ImageIds=[image])["Images"][0])["State"] == "pending":
        assert time.monotonic() < end
        time.sleep(0.2)
    assert seen["State"] == "available", seen.get("StateReason")
    other, there = cloud.launch(image, KeyName="key")
    assert cloud.ssh(there, "ls /opt/mark; cloud-init status --wait | tail -1") == "/opt/mark\nstatus: done"
    key = "cat /etc/ssh/ssh_host_ed25519_key.pub"
    assert cloud.ssh(there, key) != cloud.ssh(address, key)
    assert cloud.ssh(there, "cat /etc/machine-id") != cloud.ssh(address, "cat /etc/machine-id")
    ec2.deregister_image(ImageId=image)
    assert cloud.ssh(there, "ls /opt/mark") == "/opt/mark"
    ec2.terminate_instances(InstanceIds=[other])
    cloud.wait(other, "terminated")
    assert other not in [one["id"] for one in cloud.told("status")["instances"]]


def test_a_killed_server_leaves_machines_running(cloud: Cloud, machine: tuple[str, str]) -> None:
    identifier, address = machine
    os.kill(cloud.told("status")["pid"], signal.SIGKILL)
    time.sleep(0.2)
    assert cloud.told("status")["running"] is False
    assert cloud.told("up")["changed"] is True
    assert cloud.wait(identifier, "running") == address
    assert cloud.ssh(address, IMDS + "/meta-data/instance-id") == identifier


def test_machines_that_died_with_everything_start_again(cloud: Cloud, machine: tuple[str, str]) -> None:
    from golden_cloud import leftovers

    identifier, address = machine
    os.kill(cloud.told("status")["pid"], signal.SIGKILL)
    listed = json.loads((cloud.state / "storage" / "overlay-containers" / "containers.json").read_text())
    leftovers.kill(leftovers.processes(record["id"] for record in listed))
    assert cloud.told("up")["changed"] is True
    assert cloud.wait(identifier, "stopped") == ""
    cloud.client("ec2").start_instances(InstanceIds=[identifier])
    assert cloud.wait(identifier, "running") == address
    assert cloud.ssh(address, IMDS + "/meta-data/instance-id") == identifier


def test_down_leaves_nothing_on_the_host_and_up_finds_it_all(cloud: Cloud, machine: tuple[str, str]) -> None:
    identifier, address = machine
    assert cloud.told("down")["changed"] is True
    assert cloud.traces() == []
    assert cloud.told("down")["changed"] is False
    assert cloud.told("up")["changed"] is True
    assert cloud.wait(identifier, "stopped") == ""
    cloud.client("ec2").start_instances(InstanceIds=[identifier])
    assert cloud.wait(identifier, "running") == address
