# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of three engines on a machine that is there: they change nothing, and nothing of them stays."""

from __future__ import annotations

import subprocess
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from harness.builds import DEBIAN, goss
from harness.cloud import Cloud
from harness.four import Four
from harness.instances import OPTIONS
from harness.signals import wait_for

SUITES = {
    "goss.yaml": "file:\n  /etc/greeting:\n    exists: true\n    contents: ['{{ .Vars.greeting }}']\n",
    "test_web.py": (
        "def test_greeting(host, golden_variables):\n"
        "    assert host.file('/etc/greeting').content_string.strip() == golden_variables['greeting']\n"
    ),
    "verify.yml": (
        "- hosts: default\n  gather_facts: false\n  tasks:\n"
        "    - name: Greeting\n      ansible.builtin.command: grep -qx {{ greeting }} /etc/greeting\n      changed_when: false\n"
    ),
}
ENGINES = {"goss.yaml": "goss", "test_web.py": "testinfra", "verify.yml": "ansible"}


class Machine(t.NamedTuple):
    address: str
    key: Path

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        argv = ["ssh", "-i", str(self.key), *OPTIONS, "-o", "ConnectTimeout=5", f"admin@{self.address}", command]
        return subprocess.run(argv, check=False, capture_output=True, text=True)


@pytest.fixture
def machine(cloud: Cloud, tmp_path: Path) -> t.Iterator[Machine]:
    """An instance of the base, with a greeting."""
    ec2 = cloud.client("ec2")
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text(ec2.create_key_pair(KeyName="machine-test", KeyType="ed25519")["KeyMaterial"])
    base = cloud.client("ssm").get_parameter(Name=DEBIAN)["Parameter"]["Value"]
    made = ec2.run_instances(ImageId=base, InstanceType="t3.small", KeyName="machine-test", MinCount=1, MaxCount=1)
    ids = [made["Instances"][0]["InstanceId"]]
    try:
        ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig={"Delay": 1, "MaxAttempts": 600})
        found = ec2.describe_instances(InstanceIds=ids)["Reservations"][0]["Instances"][0]
        there = Machine(found["PublicIpAddress"], key)
        greet = "echo hello | sudo tee /etc/greeting"
        wait_for(lambda: there.run(greet).returncode == 0, 300, "SSH answers")
        yield there
    finally:
        ec2.terminate_instances(InstanceIds=ids)
        ec2.delete_key_pair(KeyName="machine-test")


def test_it_tests_and_changes_nothing(four: Four, machine: Machine, tmp_path: Path) -> None:
    for name, text in SUITES.items():
        (tmp_path / name).write_text(text)
    options = {
        "host": machine.address,
        "user": "admin",
        "private_key_file": str(machine.key),
        "suites": [{"engine": engine, "path": str(tmp_path / name)} for name, engine in ENGINES.items()],
        "variables": {"greeting": "hello"},
        "results_dir": str(tmp_path / "results"),
        "goss": goss(four.cloud.environment["PATH"]),
    }
    outcome = four.module("golden.ami.machine_test", options)
    outcome.expect(changed=False, writes={}, idle_reads=0)
    assert outcome.check.result["suites"] == []
    assert [suite["tests"] for suite in outcome.apply.result["suites"]] == [2, 1, 1]
    reports = sorted((tmp_path / "results").glob("*.xml"))
    assert [len(list(ET.parse(report).getroot().iter("testcase"))) for report in reports] == [2, 1, 1]
    assert machine.run("ls /usr/local/lib/golden-test").returncode != 0

    (tmp_path / "test_web.py").write_text("def test_greeting(host:\n")
    said = four.refused("golden.ami.machine_test", options)
    assert said.startswith("suites: test_web: ")
