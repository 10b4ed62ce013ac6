# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is inside instances, kept for two versions, and what differs between them."""

from __future__ import annotations

import collections.abc as c
import contextlib
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._inside import parsing, store
from ansible_collections.golden.ami.plugins.module_utils._inside.contents import Contents
from ansible_collections.golden.ami.plugins.module_utils._inside.script import SCRIPT
from harness.builds import DEBIAN
from harness.cloud import Cloud
from harness.four import Four
from harness.insides import AFTER, BEFORE, kept
from harness.instances import OPTIONS
from harness.planted_amis import HOME_REGION, OTHER_REGION, Amis

MODULE = "golden.ami.ami_diff"
# One unit more than it came with, and a package less.
OTHERWISE = """
set -e
printf '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/extra.service
systemctl enable --now --quiet extra.service
dpkg --purge curl >/dev/null
"""


@dataclass(frozen=True)
class Machine:
    ami: str
    ssh: list[str]

    def run(self, script: str) -> str:
        """What a program of the shell's prints that runs as root."""
        argv = [*self.ssh, "sudo -n sh -s"]
        return subprocess.run(argv, input=script, check=True, capture_output=True, text=True, timeout=120).stdout


@contextlib.contextmanager
def machine(cloud: Cloud, directory: Path) -> c.Iterator[Machine]:
    """A booted instance of Debian's AMI, while the block runs."""
    ec2 = cloud.client("ec2")
    ami = cloud.client("ssm").get_parameter(Name=DEBIAN)["Parameter"]["Value"]
    key = directory / "key"
    key.touch(mode=0o600)
    key.write_text(ec2.create_key_pair(KeyName="ami-diff", KeyType="ed25519")["KeyMaterial"])
    made = ec2.run_instances(ImageId=ami, InstanceType="t3.small", KeyName="ami-diff", MinCount=1, MaxCount=1)
    ids = [one["InstanceId"] for one in made["Instances"]]
    try:
        ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        (found,) = ec2.describe_instances(InstanceIds=ids)["Reservations"][0]["Instances"]
        ssh = ["ssh", "-i", str(key), *OPTIONS, f"admin@{found['PublicIpAddress']}"]
        booted(ssh)
        yield Machine(ami, ssh)
    finally:
        ec2.terminate_instances(InstanceIds=ids)
        ec2.delete_key_pair(KeyName="ami-diff")


def booted(ssh: list[str]) -> None:
    until = time.monotonic() + 120
    said = None
    while time.monotonic() < until:
        said = subprocess.run(
            [*ssh, "systemctl is-system-running --wait"], capture_output=True, text=True, timeout=120, check=False
        )
        if said.stdout.strip() in {"running", "degraded"}:
            return
        time.sleep(0.5)
    raise AssertionError(f"it has not booted after two minutes: {said}")


def keep(amis: Amis, version: str, contents: Contents, region: str = HOME_REGION) -> list[str]:
    return store.write(amis.client("ssm", region), amis.image, version, kept(contents))


def test_a_package_more_and_a_service_less(four: Four, cloud: Cloud, tmp_path: Path) -> None:
    """As the instances themselves tell it; what they run by chance is no difference."""
    amis = Amis(cloud)
    with machine(cloud, tmp_path) as one:
        after = parsing.parse(one.run(SCRIPT))
        again = parsing.parse(one.run(SCRIPT))
        one.run(OTHERWISE)
        before = parsing.parse(one.run(SCRIPT))
    assert after.unread == {}
    assert after.ports[0].process == "sshd"
    assert after.os["ID"] == "debian"
    assert 0 < (after.boot_seconds or 0) < 600
    # The root file system of the container, not that of the machine that runs it.
    assert 100e6 < (after.disk_bytes or 0) < 3e9
    # The same instance twice is the same.
    assert (again.packages, again.services, again.ports, again.users) == (
        after.packages,
        after.services,
        after.ports,
        after.users,
    )
    ssm = amis.client("ssm")
    names = [*keep(amis, "1.0", before), *keep(amis, "1.1", after)]
    told = ssm.describe_parameters(
        ParameterFilters=[{"Key": "Path", "Option": "Recursive", "Values": [f"/golden/{amis.image}"]}], MaxResults=50
    )["Parameters"]
    assert sorted(one["Name"] for one in told) == sorted(names)
    assert {(one["Type"], one.get("Tier", "Standard")) for one in told} == {("String", "Standard")}
    outcome = four.module(MODULE, {"image": amis.image, "from": "1.0", "to": "1.1"})
    # Whose account it is; names, and what is kept of each version.
    outcome.expect(changed=False, writes={}, idle_reads=5)
    result = outcome.apply.result
    assert [(one["action"], one["part"], one["name"]) for one in result["changes"]] == [
        ("added", "packages", "curl"),
        ("removed", "services", "extra.service"),
    ]
    assert result["changes"][1]["before"] == "enabled/active"
    assert result["summary"].startswith(
        f"{amis.image} 1.0 → 1.1: 1 package added (curl); 1 service removed (extra.service); boot "
    )


def test_what_a_channel_names_and_where_it_is_kept(four: Four, cloud: Cloud) -> None:
    """The newest version that was tested, in another Region than the channel's."""
    amis = Amis(cloud)
    image_id = amis.plant()
    amis.client("ssm").put_parameter(
        Name=f"/golden/{amis.image}/prod", Value=image_id, Type="String", DataType="aws:ec2:image"
    )
    keep(amis, amis.version, BEFORE)
    newest = f"{amis.version}-newer"
    keep(amis, newest, AFTER, OTHER_REGION)
    options = {"image": amis.image, "from": "prod", "regions": [HOME_REGION, OTHER_REGION]}
    outcome = four.module(MODULE, options)
    outcome.expect(changed=False, writes={}, idle_reads=12)
    result = outcome.apply.result
    assert (result["from"]["version"], result["from"]["region"]) == (amis.version, HOME_REGION)
    assert (result["to"]["version"], result["to"]["region"]) == (newest, OTHER_REGION)
    assert result["differs"]


def test_a_version_that_was_not_tested_is_refused(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    keep(amis, "1.0", BEFORE)
    amis.client("ssm").put_parameter(Name=f"/golden/{amis.image}/versions/1.1", Value="ami-1", Type="String")
    said = four.refused(MODULE, {"image": amis.image, "from": "1.0", "to": "1.1"})
    assert said.startswith(f"to: nothing is kept in {amis.account}/{HOME_REGION} of what is inside {amis.image} 1.1")
    assert said.endswith("(golden.ami.ami_test). It is kept of 1.0.")


def test_the_playbook_says_it_and_writes_it_down(cloud: Cloud, images: Path) -> None:
    amis = Amis(cloud, image="web")
    before, after = f"{amis.version}-a", f"{amis.version}-b"
    keep(amis, before, BEFORE)
    keep(amis, after, AFTER)
    given = {"image": "web", "diff_from": before, "diff_to": after, "diff_file": "diff.md"}
    words = [word for name, value in given.items() for word in ("-e", f"{name}={value}")]
    run = cloud.play("diff_amis.yml", *words, cwd=images)
    assert run.rc == 0, run.output
    assert f"web {before} → {after}: 1 package added (htop); 1 service removed (cron.service)" in run.output
    assert "removed  services  cron.service  enabled/active" in run.output
    page = (images / "diff.md").read_text()
    assert page.startswith(f"## `web`: `{before}` → `{after}`\n")
    assert "| added | `htop` |  | `3.2.2-2` |" in page
