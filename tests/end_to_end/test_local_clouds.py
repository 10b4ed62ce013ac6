# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two local clouds side by side: each has its own, and what is removed of one is not missed by the other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from harness.cloud import Cloud, remove_cloud, start_cloud


def host_state(tag: str) -> list[str]:
    """All that a cloud may have left on this machine: mounts, network devices, processes that name its directory."""
    mounts = [line for line in Path("/proc/mounts").read_text().splitlines() if tag in line]
    processes = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = command.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if tag in line and "pytest" not in line:
            processes.append(line)
    return mounts + processes


def network_devices(tag: str) -> set[str]:
    """The network devices of one cloud; others may come and go beside it."""
    return {path.name for path in Path("/sys/class/net").iterdir() if path.name.endswith(f"-{tag}")}


def launch(cloud: Cloud) -> str:
    ec2 = cloud.client("ec2")
    parameter = cloud.client("ssm").get_parameter(Name="/aws/service/debian/release/12/latest/amd64")
    image = parameter["Parameter"]["Value"]
    made = ec2.run_instances(ImageId=image, InstanceType="t3.small", MinCount=1, MaxCount=1)["Instances"][0]
    ec2.get_waiter("instance_running").wait(InstanceIds=[made["InstanceId"]], WaiterConfig={"Delay": 1})
    return str(made["InstanceId"])


def running(cloud: Cloud) -> set[str]:
    found = cloud.client("ec2").describe_instances(Filters=[{"Name": "instance-state-name", "Values": ["running"]}])
    return {i["InstanceId"] for r in found["Reservations"] for i in r["Instances"]}


@pytest.mark.night
def test_two_clouds_do_not_know_each_other(cloud: Cloud) -> None:
    other = start_cloud("default")
    here, there = launch(cloud), launch(other)
    assert running(other) == {there}
    assert there not in running(cloud)
    assert here in running(cloud)
    # By it a cloud's directory for podman and its devices are known on this machine.
    (tag,) = set(re.findall(r"/run/golden-cloud-([0-9a-f]{8})/", "\n".join(host_state(str(other.home)))))
    assert network_devices(tag)

    down = other.play("local_cloud.yml", "-e", "local_cloud_state=absent")
    assert down.rc == 0, down.output
    assert host_state(str(other.home)) == []
    assert here in running(cloud)
    cloud.client("ec2").terminate_instances(InstanceIds=[here])

    remove_cloud(other)
    assert not other.home.exists()
    assert not network_devices(tag)


def test_a_port_that_is_taken_is_refused_and_its_owner_named(cloud: Cloud, tmp_path: Path) -> None:
    second = Cloud(name="second", port=cloud.port, home=tmp_path)
    run = second.play("local_cloud.yml")
    assert run.rc != 0
    assert str(cloud.port) in run.output
    assert "golden_cloud" in run.output  # the program that holds it


def test_amis_and_parameters_survive_down_and_up(cloud: Cloud, images: Path) -> None:
    built = cloud.play("build_ami.yml", "-e", "image=web", cwd=images)
    assert built.rc == 0, built.output
    before = cloud.inventory()
    for state in ("absent", "present"):
        run = cloud.play("local_cloud.yml", "-e", f"local_cloud_state={state}")
        assert run.rc == 0, run.output
    assert cloud.inventory() == before
    again = cloud.play("build_ami.yml", "-e", "image=web", cwd=images)
    assert again.recap("changed") == 0, again.output
