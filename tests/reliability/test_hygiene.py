# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must not be in an image, planted in one place of it after another: the hygiene check finds each, and fails the build.

The check is the role sysprep's own program. On one instance it cleans once; then each canary by itself is planted,
looked for and taken away, in one connection, for the keys of the next one are gone. Two whole builds show that
what it finds keeps an AMI from being made: one by a hook after sysprep, one in a place that only an author can clean.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from harness.builds import DEBIAN
from harness.cloud import CHECKOUT, Cloud
from harness.fixtures import images
from harness.instances import OPTIONS
from harness.signals import wait_for
from reliability.ground import REGION, Row

__all__ = ["images"]

PROGRAM = CHECKOUT / "roles" / "sysprep" / "files" / "golden_sysprep.py"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n"
# Path, content, and the kind that the finding says.
CANARIES = {
    "an SSH host key": ("/etc/ssh/ssh_host_ed25519_key", KEY, "host_keys"),
    "root's authorized keys": ("/root/.ssh/authorized_keys", "ssh-ed25519 AAAA canary", "authorized_keys"),
    "the user's authorized keys": ("/home/admin/.ssh/authorized_keys", "ssh-ed25519 AAAA canary", "authorized_keys"),
    "the machine's id": ("/etc/machine-id", "0123456789abcdef0123456789abcdef\n", "machine_id"),
    "cloud-init's state": ("/var/lib/cloud/instances/i-1/user-data.txt", "canary", "cloud_init"),
    "a shell's history": ("/root/.bash_history", "mysql -pcanary", "histories"),
    "a log": ("/var/log/canary.log", "password=canary", "logs"),
    "a rotated log": ("/var/log/dpkg.log.1", "canary", "logs"),
    "the journal": ("/var/log/journal/canary", "canary", "journal"),
    "AWS credentials": ("/home/admin/.aws/credentials", "[default]\n", "credentials"),
    "a netrc": ("/root/.netrc", "machine example.com password canary", "credentials"),
    "git's credentials": ("/home/admin/.git-credentials", "https://u:canary@example.com", "credentials"),
    "a private key in a home": ("/home/admin/.ssh/id_ed25519", "canary", "credentials"),
    "a private key elsewhere": ("/opt/canary/server.pem", KEY, "secrets"),
    "an AWS key in a configuration": ("/etc/canary.conf", "key=AKIA" + "QWERTYUIOPASDFGH", "secrets"),
    "a token in a web server's directory": ("/var/www/canary.php", "ghp_" + "a" * 36, "secrets"),
    "a temporary file": ("/tmp/canary", "canary", "tmp"),
    "the random seed": ("/var/lib/systemd/random-seed", "canary", "random_seed"),
    "a lease": ("/var/lib/dhcp/dhclient.leases", "canary", "leases"),
    "a copy of the passwords": ("/etc/shadow-", "root:$y$canary:1::::::", "backups"),
    "Docker's credentials": ("/root/.docker/config.json", "{}", "credentials"),
    "the SSM agent's registration": ("/var/lib/amazon/ssm/registration", "canary", "agents"),
}
# Runs on the instance: cleans, checks, and then plants one after the other. Prints one JSON object.
DRIVER = """\
import base64, json, os, pathlib, shutil, subprocess, sys
def program(verb):
    done = subprocess.run(["/usr/bin/python3", "/opt/golden_sysprep.py", verb, "--settings", SETTINGS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["findings"]
SETTINGS = base64.b64encode(json.dumps({"allow": ["/opt/golden_sysprep.py", "/opt/driver.py"]}).encode()).decode()
canaries = json.loads(pathlib.Path("/opt/canaries.json").read_text())
# It holds what is looked for.
os.unlink("/opt/canaries.json")
told = {"clean": program("clean")}
for name, (path, content, _kind) in canaries.items():
    path = pathlib.Path(path)
    before = path.read_bytes() if path.exists() else None
    missing = [one for one in path.parents if not one.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    told[name] = program("check")
    path.unlink() if before is None else path.write_bytes(before)
    if missing:
        shutil.rmtree(missing[-1])
told["at the end"] = program("check")
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def findings(ready: Cloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the check found with each of the canaries, and without any. The instance is gone when it is known."""
    ec2, ssm = ready.client("ec2", REGION), ready.client("ssm", REGION)
    base = ssm.get_parameter(Name=DEBIAN)["Parameter"]["Value"]
    directory = tmp_path_factory.mktemp("hygiene")
    key = directory / "key"
    key.touch(mode=0o600)
    key.write_text(ec2.create_key_pair(KeyName="hygiene", KeyType="ed25519")["KeyMaterial"])
    made = ec2.run_instances(ImageId=base, InstanceType="t3.small", KeyName="hygiene", MinCount=1, MaxCount=1)
    identifier = made["Instances"][0]["InstanceId"]
    try:
        ec2.get_waiter("instance_running").wait(InstanceIds=[identifier], WaiterConfig={"Delay": 1, "MaxAttempts": 600})
        (instance,) = ec2.describe_instances(InstanceIds=[identifier])["Reservations"][0]["Instances"]
        return ask(instance["PublicIpAddress"], key, directory)
    finally:
        ec2.terminate_instances(InstanceIds=[identifier])
        ec2.delete_key_pair(KeyName="hygiene")
        ec2.get_waiter("instance_terminated").wait(InstanceIds=[identifier], WaiterConfig={"Delay": 1})


def ask(address: str, key: Path, directory: Path) -> dict[str, list[str]]:
    """Bring the driver, the program and the canaries with a tar archive, and run them, all in one connection."""
    (directory / "driver.py").write_text(DRIVER)
    (directory / "canaries.json").write_text(json.dumps(CANARIES))
    (directory / PROGRAM.name).write_bytes(PROGRAM.read_bytes())
    names = ["driver.py", "canaries.json", PROGRAM.name]
    archive = subprocess.run(["tar", "-C", str(directory), "-c", *names], check=True, capture_output=True).stdout
    login = ["ssh", "-i", str(key), *OPTIONS, "-o", "BatchMode=yes", f"admin@{address}"]
    wait_for(
        lambda: subprocess.run([*login, "true"], capture_output=True, check=False).returncode == 0, 300, "SSH answers"
    )
    told = subprocess.run(
        [*login, "cloud-init status --wait >/dev/null; sudo tar -C /opt -x && sudo python3 /opt/driver.py"],
        input=archive,
        capture_output=True,
        timeout=900,
        check=False,
    )
    assert told.returncode == 0, told.stderr.decode()
    found: dict[str, list[str]] = json.loads(told.stdout)
    return found


@pytest.mark.row("hygiene")
@pytest.mark.parametrize("when", ["clean", "at the end"])
def test_a_clean_machine_has_none(row: Row, findings: dict[str, list[str]], when: str) -> None:
    """Else that a canary is found would say nothing."""
    assert findings[when] == []


@pytest.mark.row("hygiene")
@pytest.mark.parametrize("name", CANARIES)
def test_each_canary_is_found(row: Row, findings: dict[str, list[str]], name: str) -> None:
    path, _content, kind = CANARIES[name]
    found = [finding.partition(": ") for finding in findings[name]]
    assert kind in [said for said, _unused, _where in found], findings[name]
    # Where a whole directory must go, that is what is named; and one thing may be found in two ways.
    assert all(path.startswith(where.partition(" (")[0]) for _said, _unused, where in found), findings[name]


HOOK = """\
---
- name: Plant a canary when all is clean
  ansible.builtin.copy:
    content: canary
    dest: /root/.netrc
    mode: "0600"
"""
ROLE = """\
---
- name: Leave a private key where a server looks for it
  ansible.builtin.copy:
    content: "{{ web_key }}"
    dest: /etc/canary.pem
    mode: "0600"
"""


def assert_refused(row: Row, images: Path, words: str) -> None:
    row.bench.directory = images
    run = row.bench.play("web")
    said = " ".join(run.stdout.split())
    assert run.rc != 0, run.stdout
    assert "must not be in an image" in said, run.stdout
    assert words in said, run.stdout
    assert row.images() == []
    assert not [call for call in row.calls() if call["operation"] == "CreateImage"], "not even for a while"


@pytest.mark.row("hygiene", representative=True)
def test_a_hook_after_sysprep_is_found_out(row: Row, images: Path) -> None:
    with (images / "images" / "web" / "image.yml").open("a") as definition:
        definition.write("hooks:\n  after_sysprep: [plant.yml]\n")
    (images / "images" / "web" / "plant.yml").write_text(HOOK)
    assert_refused(row, images, "credentials: /root/.netrc")


@pytest.mark.row("hygiene")
def test_a_key_that_only_its_author_can_remove_is_found_out(row: Row, images: Path) -> None:
    (images / "roles" / "web" / "tasks" / "main.yml").write_text(ROLE)
    (images / "roles" / "web" / "defaults" / "main.yml").write_text(f"---\nweb_key: {json.dumps(KEY)}\n")
    assert_refused(row, images, "secrets: /etc/canary.pem (private_key)")
