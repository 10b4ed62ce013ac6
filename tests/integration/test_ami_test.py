# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AMIs are booted and tested, once; what fails is quarantined; whatever happens, no instance is left."""

from __future__ import annotations

import json
import os
import signal
import time
import typing as t
from pathlib import Path

import pytest
import yaml
from harness.builds import Bench, Result
from harness.cloud import Cloud
from harness.faults import Faults
from harness.four import Four
from harness.junit import faults as junit_faults
from harness.planted_amis import Amis
from harness.versions import Versions
from reliability.watching import Watch, files_with

SECRET = "a-word-that-must-not-be-seen"
TESTINFRA = """\
def test_it_runs_as_root(host):
    assert host.check_output("id -u") == "0"

def test_the_build_variables(host, golden_variables):
    assert golden_variables["greeting"] == "hello"
"""
VERIFY = """\
- name: Verify
  hosts: default
  gather_facts: false
  tasks:
    - name: The word that was asked for
      ansible.builtin.assert:
        that: greeting == 'hello'
"""
FAILS = """\
def test_a_service_that_is_not_there(host, golden_variables):
    assert host.service("nginx").is_running, "nginx is to run, and the secret is " + golden_variables["token"]
"""
NEVER_ENDS = """\
- name: Verify
  hosts: all
  gather_facts: false
  tasks:
    - name: Never ends
      ansible.builtin.command: sleep 900
"""
# The next boot is its last.
DIES = """\
- name: Verify
  hosts: all
  become: true
  gather_facts: false
  tasks:
    - name: Have a unit that ends every boot
      ansible.builtin.copy:
        dest: /etc/systemd/system/last.service
        content: |
          [Service]
          Type=oneshot
          ExecStart=/bin/systemctl poweroff
          [Install]
          WantedBy=multi-user.target
        mode: "0644"
    - name: Enable it
      ansible.builtin.command: systemctl enable last.service
"""


class Bed:
    """Test files of one test, and ami_test as a process of its own."""

    def __init__(self, cloud: Cloud, directory: Path) -> None:
        self.cloud, self.directory = cloud, directory
        self.amis = Amis(cloud)
        self.bench = Bench(cloud, directory)
        self.before = cloud.inventory()
        self.steps = directory / "steps.log"

    def suite(self, engine: str, name: str, text: str) -> dict[str, str]:
        file = self.directory / "tests" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return {"engine": engine, "path": str(file)}

    def options(self, image_id: str, *suites: dict[str, str], **more: t.Any) -> dict[str, t.Any]:
        known = {
            "results_dir": str(self.directory / "results"),
            "allow_from": ["0.0.0.0/0"],
            "reboot": False,
            "log_path": str(self.steps),
        }
        return {"image_ids": [image_id], "suites": list(suites), **known, **more}

    def start(self, image_id: str, *suites: dict[str, str], **more: t.Any) -> t.Any:
        return self.bench.start_module(
            "ami_test", {**self.bench.connection(), **self.options(image_id, *suites, **more)}
        )

    def run(self, image_id: str, *suites: dict[str, str], **more: t.Any) -> Result:
        result: Result = self.start(image_id, *suites, **more).finish()
        return result

    def module(self, name: str, **options: t.Any) -> Result:
        return self.bench.start_module(name, {**self.bench.connection(), **options}).finish()

    def tag(self, image_id: str) -> str:
        (image,) = self.amis.client("ec2").describe_images(ImageIds=[image_id])["Images"]
        return next((one["Value"] for one in image["Tags"] if one["Key"] == "golden:tested"), "")

    def log(self) -> str:
        """The steps that the module has told so far."""
        return self.steps.read_text() if self.steps.exists() else ""

    def assert_nothing_left(self) -> None:
        after = self.cloud.inventory()
        # The AMIs of the test itself.
        for kind in ("instances", "key pairs", "security groups", "volumes"):
            assert after[kind] <= self.before[kind], kind
        state = self.cloud.home / "golden.ami"
        assert not list((state / "runs").glob("*")) + list((state / "keys").glob("golden-*"))
        until = time.monotonic() + 30
        while self.bench.processes() and time.monotonic() < until:
            time.sleep(0.2)
        assert self.bench.processes() == {}
        assert [path.name for path in self.bench.temporary.iterdir() if not path.name.startswith("pymp-")] == []


@pytest.fixture
def tests(cloud: Cloud, tmp_path: Path) -> t.Iterator[Bed]:
    made = Bed(cloud, tmp_path)
    yield made
    made.bench.remove()


def test_it_is_tested_before_and_after_a_restart_and_once(four: Four, tests: Bed) -> None:
    image_id = tests.amis.plant()
    suites = [tests.suite("testinfra", "test_site.py", TESTINFRA), tests.suite("ansible", "verify.yml", VERIFY)]
    options = tests.options(image_id, *suites, reboot=True, ports=[22], variables={"greeting": "hello"})
    outcome = four.module("golden.ami.ami_test", options, unknown={"golden:tested"})
    made = {"ImportKeyPair", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "RunInstances", "RebootInstances"}
    gone = {"TerminateInstances", "DeleteSecurityGroup", "DeleteKeyPair"}
    # The volume goes with its instance, and may be asked to go before that.
    gone |= outcome.apply.writes.keys() & {"DeleteVolume"}
    outcome.expect(changed=True, writes={*made, *gone, "CreateTags", "PutParameter"}, idle_reads=3)
    assert (outcome.check.result["outcome"], outcome.apply_again.result["outcome"]) == ("would test", "unchanged")
    (cell,) = outcome.apply.result["cells"]
    assert [(one["phase"], one["name"], one["tests"], one["failures"] + one["errors"]) for one in cell["suites"]] == [
        ("boot", "ready", 5, 0),
        ("boot", "test_site", 2, 0),
        ("boot", "verify", 1, 0),
        ("reboot", "ready", 4, 0),
        ("reboot", "test_site", 2, 0),
        ("reboot", "verify", 1, 0),
    ]
    for one in cell["suites"]:
        assert junit_faults(Path(one["junit"]).read_text()) == []
    assert cell["boot_seconds"] > 0
    assert cell["disk_bytes"] > 0
    summary = json.loads(Path(outcome.apply.result["summary_path"]).read_text())
    assert summary["outcome"] == "passed"
    assert tests.tag(image_id).startswith("passed ")
    names = tests.amis.client("ssm").get_parameters_by_path(
        Path=f"/golden/{tests.amis.image}/contents/{tests.amis.version}"
    )
    assert names["Parameters"]
    tests.assert_nothing_left()


def test_what_fails_is_told_quarantined_and_goes_nowhere(tests: Bed, cloud: Cloud) -> None:
    image_id = tests.amis.plant()
    suites = [
        tests.suite("testinfra", "test_service.py", FAILS),
        tests.suite("ansible", "verify.yml", VERIFY),
        tests.suite("ansible", "never-ends.yml", NEVER_ENDS),
    ]
    with Watch([SECRET], tests.bench.temporary) as watch:
        result = tests.run(
            image_id, *suites, timeout=40, variables={"greeting": "bye"}, secret_variables={"token": SECRET}
        )
    assert result.failed
    assert (
        "t3.small boot test_service: test_a_service_that_is_not_there[ssh://default]: AssertionError: nginx"
        in result.msg
    )
    assert "t3.small boot verify: Verify: The word that was asked for: Assertion failed" in result.msg
    assert "t3.small boot never-ends: never-ends: it did not end within 40 s, and was killed" in result.msg
    assert tests.tag(image_id).startswith("failed ")
    tests.assert_nothing_left()
    assert (watch.looks > 100, watch.command_lines, watch.open_files) == (True, set(), set())
    assert SECRET not in result.stdout + result.stderr
    assert files_with([SECRET], tests.directory / "results", cloud.home / "golden.ami" / "logs") == []
    refused = [
        tests.module("ami_share", image_ids=[image_id], targets={"accounts": ["333333333333"]}),
        tests.module("ami_copy", image_ids=[image_id], regions=["eu-west-1"]),
    ]
    for one in refused:
        assert f"{image_id} in " in one.msg
        assert "is quarantined, for its tests failed" in one.msg


def test_one_that_dies_in_the_restart(tests: Bed) -> None:
    image_id = tests.amis.plant()
    result = tests.run(image_id, tests.suite("ansible", "dies.yml", DIES), reboot=True, timeout=120)
    assert "t3.small reboot ready: SSH answers: i-" in result.msg, result
    assert " is terminated" in result.msg or " is shutting-down" in result.msg
    assert tests.tag(image_id).startswith("failed ")
    tests.assert_nothing_left()


def test_one_that_is_never_ready(tests: Bed) -> None:
    """The first has user data that fails, the second none."""
    bad, good = tests.directory / "bad.sh", tests.directory / "good.sh"
    bad.write_text("#!/bin/sh\nexit 3\n")
    good.write_text("#!/bin/sh\ntrue\n")
    image_id = tests.amis.plant()
    suite = tests.suite("testinfra", "test_site.py", TESTINFRA)
    result = tests.run(image_id, suite, user_data=[str(bad), str(good)], variables={"greeting": "hello"}, timeout=120)
    assert "t3.small-bad boot ready: cloud-init is done: cloud-init status --wait ended with 1" in result.msg
    assert {one["name"]: one["outcome"] for one in result.values["cells"]} == {
        "t3.small-bad": "failed",
        "t3.small-good": "passed",
    }
    tests.assert_nothing_left()


def test_no_capacity_for_one_of_the_matrix(tests: Bed, cloud: Cloud) -> None:
    image_id = tests.amis.plant()
    suite = tests.suite("ansible", "verify.yml", VERIFY)
    full = {"code": "InsufficientInstanceCapacity", "parameters": {"InstanceType": "m7i.large"}, "times": None}
    with Faults(cloud)("ec2:RunInstances", "error", **full):
        result = tests.run(image_id, suite, instance_types=["m7i.large", "t3.small"], variables={"greeting": "hello"})
    assert result.failed
    assert result.values["outcome"] == "incomplete"
    assert "m7i.large: no instance: " in result.msg
    assert {one["name"]: one["outcome"] for one in result.values["cells"]} == {
        "m7i.large": "not launched",
        "t3.small": "passed",
    }
    assert tests.tag(image_id) == ""
    tests.assert_nothing_left()


@pytest.mark.parametrize("name", ["TERM", "KILL"])
def test_a_signal_in_the_middle(tests: Bed, name: str) -> None:
    image_id = tests.amis.plant()
    started = tests.start(
        image_id, tests.suite("ansible", "never-ends.yml", NEVER_ENDS), instance_types=["t3.small", "t3a.small"]
    )
    until = time.monotonic() + 240
    while tests.log().count(": boot: ready: ") < 2:
        assert time.monotonic() < until, started.said()
        assert started.running(), started.said()
        time.sleep(0.2)
    os.kill(started.pid, signal.Signals[f"SIG{name}"])
    result = started.finish()
    if name == "KILL":
        assert tests.cloud.inventory()["instances"] > tests.before["instances"]
        swept = tests.bench.sweep(tests.amis.image)
        assert sorted(one["type"] for one in swept.values["removed"]) == [
            "instance",
            "instance",
            "key-pair",
            "security-group",
            *["volume"] * sum(one["type"] == "volume" for one in swept.values["removed"]),
        ]
    else:
        assert "were stopped: the module got SIGTERM. It is not tagged." in result.msg
    assert tests.tag(image_id) == ""
    tests.assert_nothing_left()


DEFINITION: dict[str, t.Any] = {
    "base": {"ssm_parameter": "/aws/service/debian/release/12/latest/amd64"},
    "provision": {"roles": ["web"], "variables": {"greeting": "hello"}},
    "tests": {
        "suites": [
            {"engine": "goss", "path": "tests/goss.yaml"},
            {"engine": "testinfra", "path": "tests/test_site.py"},
        ],
        "instance_types": ["t3.small", "t3a.small"],
        "reboot": False,
    },
    "channels": {"prod": {"gates": [{"tested": True}]}},
}
GOSS = """\
command:
  echo {{ .Vars.greeting }}:
    exit-status: 0
    stdout: [hello]
"""


def test_test_ami_and_the_gate(four: Four, cloud: Cloud, images: Path, tests: Bed) -> None:
    """What the definition says, with the goss that is brought for it; the gate opens when it has passed, and closes when it has not."""
    image = tests.amis.image
    home = images / "images" / image
    (images / "images" / "web").rename(home)
    (home / "image.yml").write_text(yaml.safe_dump(DEFINITION))
    (home / "tests").mkdir()
    (home / "tests" / "goss.yaml").write_text(GOSS)
    (home / "tests" / "test_site.py").write_text(TESTINFRA)
    versions = Versions(cloud)
    (image_id,) = versions.make(image, "1.0", (versions.home, "us-east-1"))
    arguments = ["-e", f"image={image}"]
    outcome = four.playbook("test_ami.yml", *arguments, cwd=images, unknown={"golden:tested"})
    assert outcome.changed == [True, True, False, False]
    told = outcome.apply.task("Test the version")
    assert [(one["name"], one["outcome"]) for one in told["cells"]] == [("t3.small", "passed"), ("t3a.small", "passed")]
    assert tests.tag(image_id).startswith("passed ")
    results = Path(told["results_dir"])
    assert sorted(file.name for file in results.glob("*-goss.xml")) == [
        "t3.small-boot-goss.xml",
        "t3a.small-boot-goss.xml",
    ]
    promote = ["-e", f"image={image}", "-e", "channel=prod"]
    assert cloud.play("promote_ami.yml", *promote, "--check", cwd=images).rc == 0
    (home / "tests" / "goss.yaml").write_text(GOSS.replace("[hello]", "[goodbye]"))
    failed = cloud.play("test_ami.yml", *arguments, cwd=images)
    assert failed.rc != 0
    assert "boot goss: Command: echo hello: stdout:" in " ".join(failed.output.split())
    refused = cloud.play("promote_ami.yml", *promote, cwd=images)
    assert refused.rc != 0
    said = " ".join(refused.output.split())
    assert "failed not_quarantined" in said
    assert f"{image_id} in {versions.home}/us-east-1 is quarantined, for its tests failed" in said
    tests.assert_nothing_left()
