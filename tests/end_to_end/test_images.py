# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates as teams have them: a legacy one whose Ansible runs on the instance, and an HCL2 directory.

Both build by the one command, boot, answer over HTTP, and have nothing to do the second time.
"""

from __future__ import annotations

import collections.abc as c
import json
import os
import signal
import subprocess
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from harness.cloud import CHECKOUT, Cloud, Run
from harness.instances import Machine, launched
from harness.signals import hear_signals, wait_for
from wordpress_site import WordPress

IMAGES = CHECKOUT / "playbooks" / "images"
# What CodeBuild tells the builds that it runs.
CODEBUILD = {"CODEBUILD_BUILD_ID": "golden-images:6f0c2f5e-0d5b-4f39-9a51-1d5bd6a3c0de", "CODEBUILD_BUILD_NUMBER": "41"}


@pytest.fixture(scope="module")
def legacy(cloud: Cloud) -> Run:
    run = cloud.play("build_ami.yml", "-e", "image=wordpress-legacy", **CODEBUILD)
    assert run.rc == 0, run.output
    return run


@pytest.fixture(scope="module")
def legacy_machine(cloud: Cloud, legacy: Run) -> c.Iterator[Machine]:
    # pytest ends the generator of a fixture.
    # pylint: disable-next=contextmanager-generator-missing-cleanup
    with launched(cloud, "wordpress-legacy", legacy.ami()) as (machine,):
        yield machine


@pytest.fixture(scope="module")
def apache(cloud: Cloud) -> Run:
    run = cloud.play("build_ami.yml", "-e", "image=apache")
    assert run.rc == 0, run.output
    return run


def tags_of(cloud: Cloud, ami: str) -> tuple[dict[str, t.Any], dict[str, str], dict[str, str]]:
    """An image, its tags, and those of its snapshot."""
    ec2 = cloud.client("ec2")
    image = ec2.describe_images(ImageIds=[ami])["Images"][0]
    snapshots = ec2.describe_snapshots(SnapshotIds=[image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]])["Snapshots"]
    image_tags, snapshot_tags = ({tag["Key"]: tag["Value"] for tag in one["Tags"]} for one in (image, snapshots[0]))
    return image, image_tags, snapshot_tags


def answer(url: str, seconds: float = 60) -> tuple[str, str]:
    """The page and who served it, as soon as there is an answer."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as page:
                return page.read().decode(), page.headers["Server"]
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            if time.monotonic() > end:
                raise AssertionError(f"{url} does not answer: {error}") from error
            time.sleep(0.5)


def test_a_legacy_template_makes_a_working_wordpress(legacy_machine: Machine) -> None:
    site = WordPress(legacy_machine.address)
    site.wait()
    assert "Success!" in site.install("correct horse battery staple")
    number = site.publish("correct horse battery staple", "By hand", "Made by Ansible on the instance itself.")
    assert "Made by Ansible on the instance itself." in WordPress(legacy_machine.address).get(f"/?p={number}")


def test_its_ami_carries_the_tags_of_the_run_in_codebuild(cloud: Cloud, legacy: Run) -> None:
    image, tags, of_snapshot = tags_of(cloud, legacy.ami())
    assert {key: tags[key] for key in ("CodeBuildProject", "BuildNumber", "BuiltBy")} == {
        "CodeBuildProject": "golden-images",
        "BuildNumber": "41",
        "BuiltBy": "Packer",
    }
    assert tags["BuildDate"].startswith("20")
    assert tags["Name"] == image["Name"] == f"wordpress-legacy-{tags['golden:version']}"
    assert tags["golden:image"] == "wordpress-legacy"
    assert of_snapshot == tags
    assert image["ImdsSupport"] == "v2.0"


def test_it_says_what_it_is_and_has_no_ansible(cloud: Cloud, legacy: Run, legacy_machine: Machine) -> None:
    _image, tags, _of_snapshot = tags_of(cloud, legacy.ami())
    release = json.loads(legacy_machine.run("cat /etc/golden-release.json"))
    assert release["image"] == "wordpress-legacy"
    for key in ("version", "fingerprint", "commit", "run", "packer"):
        assert release[key] == tags[f"golden:{key}"], key
    assert release["build_date"] == tags["BuildDate"]
    assert release["source_ami"].startswith("ami-")
    # The distribution's, not that of the control side.
    assert release["ansible"].startswith("2.14.")
    look = (
        "command -v ansible-playbook; dpkg-query -W ansible-core; ls -d /tmp/provision /home/*/.ansible /root/.ansible"
    )
    assert legacy_machine.run(f"sudo sh -c '{look}' 2>/dev/null || true") == ""


def test_a_directory_makes_a_web_server(cloud: Cloud, apache: Run) -> None:
    with launched(cloud, "apache", apache.ami()) as (machine,):
        page, server = answer(f"http://{machine.address}/")
        assert "It works." in page
        assert server == "Apache"
        release = json.loads(machine.run("cat /etc/golden-release.json"))
    image, tags, of_snapshot = tags_of(cloud, apache.ami())
    assert tags["Name"] == image["Name"] == f"apache-{tags['golden:version']}"
    assert (tags["BuiltBy"], tags["CodeBuildProject"], tags["golden:image"]) == ("Packer", "none", "apache")
    assert of_snapshot == tags
    for key in ("image", "version", "fingerprint", "commit", "run", "packer", "ansible"):
        assert release[key] == tags[f"golden:{key}"], key


def test_the_second_time_there_is_nothing_to_do(cloud: Cloud, legacy: Run, apache: Run) -> None:
    before = cloud.inventory()
    for image, built in (("wordpress-legacy", legacy), ("apache", apache)):
        again = cloud.play("build_ami.yml", "-e", f"image={image}")
        assert again.rc == 0, again.output
        assert again.recap("changed") == 0, again.output
        assert again.ami() == built.ami()
    assert cloud.inventory() == before


def test_a_role_that_is_uploaded_counts(cloud: Cloud, legacy: Run, tmp_path: Path) -> None:
    """The images in a checkout of their own: one with another default in a role is told from what was built."""
    for name in ("playbooks/images", "roles/common", "roles/wordpress", "roles/sysprep"):
        copy(CHECKOUT / name, tmp_path / name)
    directories = json.dumps({"image_directories": [str(tmp_path / "playbooks" / "images")]})
    same = cloud.play("build_ami.yml", "-e", "image=wordpress-legacy", "-e", directories, "--check")
    assert same.recap("changed") == 0, same.output
    with (tmp_path / "roles" / "common" / "defaults" / "main.yml").open("a") as defaults:
        defaults.write("common_motd_extra: hello\n")
    check = cloud.play("build_ami.yml", "-e", "image=wordpress-legacy", "-e", directories, "--check")
    assert check.recap("changed") == 1, check.output
    assert "common/defaults/main.yml" in " ".join(check.output.split())


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def by_hand(cloud: Cloud) -> tuple[str, dict[str, str]]:
    """Packer, and the environment of a shell that works with the local cloud."""
    installed = CHECKOUT / "roles" / "packer" / "files"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "golden.ami" / "packer"
    packer = json.loads(
        subprocess.run(
            ["python", "-m", "golden_toolchain", "install", "--cache", str(cache)],
            env={**cloud.environment, "PYTHONPATH": str(installed)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )
    plugins = {"PACKER_PLUGIN_PATH": packer["plugin_path"], "CHECKPOINT_DISABLE": "1"}
    return packer["executable"], {**cloud.shell(), **plugins}


def test_the_legacy_template_builds_as_typed_by_hand_in_a_subnet_of_the_environment(cloud: Cloud) -> None:
    """As far as it differs from a run of ours: until the first provisioner runs."""
    ec2, before = cloud.client("ec2"), cloud.inventory()
    subnet = ec2.describe_subnets()["Subnets"][-1]
    packer, environment = by_hand(cloud)
    run = subprocess.Popen(
        [packer, "build", "-color=false", "-var-file=packer-vars.json", "packer-wordpress.json"],
        cwd=IMAGES / "wordpress-legacy",
        env={**environment, "VPC_ID": subnet["VpcId"], "SUBNET_ID": subnet["SubnetId"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=hear_signals,
    )
    try:
        lines = []
        for line in run.stdout or ():
            lines.append(line)
            if "Provisioning with shell script" in line:
                break
        new = cloud.inventory()["instances"] - before["instances"]
        assert len(new) == 1, "".join(lines)
        (builder,) = ec2.describe_instances(InstanceIds=list(new))["Reservations"][0]["Instances"]
        assert (builder["VpcId"], builder["SubnetId"]) == (subnet["VpcId"], subnet["SubnetId"])
    finally:
        os.killpg(run.pid, signal.SIGINT)
        rest = run.communicate(timeout=90)[0]
    wait_for(lambda: cloud.inventory() == before, 60, f"nothing is left\n{''.join(lines)}{rest}")


@pytest.mark.parametrize(("told", "tags"), [({}, "none none"), (CODEBUILD, "golden-images 41")])
def test_its_tags_make_sense_in_codebuild_and_elsewhere(cloud: Cloud, told: dict[str, str], tags: str) -> None:
    packer, environment = by_hand(cloud)
    done = subprocess.run(
        [packer, "console", "-var-file=packer-vars.json", "packer-wordpress.json"],
        cwd=IMAGES / "wordpress-legacy",
        env={**environment, **told},
        input="{{user `codebuild_project`}} {{user `build_number`}}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == tags, done.stderr
