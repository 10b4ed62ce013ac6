# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of an AMI's life, driven by a definition: what they say they would do, they do, once."""

from __future__ import annotations

import secrets
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from harness.cloud import Cloud, Run
from harness.four import Four
from harness.outcome import NAMES, Step
from harness.recorder import Recorder
from harness.versions import OTHER, Versions

HOME_REGION = "us-east-1"
REGIONS = [HOME_REGION, "eu-west-1", "ap-southeast-2"]
CUSTOMER = "333333333333"
DEFINITION: dict[str, t.Any] = {
    "description": "An image that lives a whole life",
    "base": {"ssm_parameter": "/aws/service/debian/release/12/latest/amd64"},
    "provision": {"roles": ["web"]},
    "distribution": {"regions": REGIONS[1:], "accounts": [OTHER]},
    "channels": {"dev": {}, "prod": {"gates": [{"tested": True}, {"soaked": {"channel": "dev", "days": 0}}]}},
    "retention": {
        "keep": 1,
        "launched_within": 0,
        "disable_after": 0,
        "delete_after": 0,
        "channels": {"dev": {"keep": 0}},
    },
}
# What moving a channel in six places writes: the locks, the channel, and the locks are gone again.
MOVED = {"PutParameter": 12, "DeleteParameter": 6}
Place = tuple[str, str]


@dataclass
class Life:
    """An image of one test alone: its definition in a directory of the user's, and versions of it without a build."""

    cloud: Cloud
    versions: Versions
    directory: Path
    image: str

    @property
    def places(self) -> list[Place]:
        return [(account, region) for account in (self.versions.home, OTHER) for region in REGIONS]

    @property
    def home(self) -> Place:
        return self.versions.home, HOME_REGION

    def define(self, **more: t.Any) -> None:
        """Write the definition, with some of its keys otherwise."""
        file = self.directory / "images" / self.image / "image.yml"
        file.write_text(yaml.safe_dump({**DEFINITION, **more}))

    def make(self, version: str, *places: Place, **tags: str) -> list[str]:
        return self.versions.make(self.image, version, *places, **tags)

    def named(self, channel: str) -> list[str]:
        return self.versions.named(self.image, channel, *self.places)

    def arguments(self, **given: str) -> list[str]:
        return [word for name, value in {"image": self.image, **given}.items() for word in ("-e", f"{name}={value}")]

    def play(self, playbook: str, **given: str) -> Run:
        run = self.cloud.play(playbook, *self.arguments(**given), cwd=self.directory)
        assert run.rc == 0, run.output
        return run

    def name(self, channel: str, image_ids: list[str]) -> None:
        """Have a channel name these AMIs, one in each place, as a promotion does."""
        for (account, region), image_id in zip(self.places, image_ids, strict=False):
            self.versions.client("ssm", region, account).put_parameter(
                Name=f"/golden/{self.image}/{channel}",
                Value=image_id,
                Type="String",
                DataType="aws:ec2:image",
                Overwrite=True,
            )


@pytest.fixture
def life(cloud: Cloud, images: Path) -> Life:
    made = Life(cloud, Versions(cloud), images, f"life-{secrets.token_hex(3)}")
    (images / "images" / "web").rename(images / "images" / made.image)
    made.define()
    return made


def planned(step: Step, task: str, said: str, key: str) -> list[dict[str, t.Any]]:
    """What a task tells of each AMI. A person reads the same: a line for each, with the reason at its end."""
    told: list[dict[str, t.Any]] = step.task(task)[key]
    lines = step.task(said)["msg"].splitlines()
    printed = " ".join(step.output.split())
    assert len(lines) >= len(told), step.name
    for line, one in zip(lines, told, strict=False):
        assert line.startswith(f"{one['account']}/{one['region']}"), line
        assert line.endswith(f"  {one['reason']}"), line
        assert " ".join(line.split()) in printed, line
    return told


def refused(four: Four, life: Life, playbook: str, **given: str) -> str:
    """What a playbook says that must fail: in check mode the same, and nothing is written."""
    words = []
    for name, more in zip(NAMES, (["--check"], []), strict=False):
        recorder = Recorder(four.cloud, four.directory)
        arguments = [*life.arguments(**given), "--diff", *more]
        step = recorder.playbook(name, playbook, *arguments, cwd=life.directory, environment={})
        assert step.failed, step.output
        assert step.writes == {}, step.output
        words.append([str(task.result["msg"]) for task in step.tasks if task.status == "failed"])
    assert words[0] == words[1]
    return words[0][-1]


COPY, SAY_COPIES = "Copy it to where the definition says", "Say where it is"


def test_distribute_ami(four: Four, life: Life) -> None:
    """The newest version, to where the definition says and to whom it says."""
    life.define(distribution={**DEFINITION["distribution"], "share": {"accounts": [CUSTOMER]}})
    life.make("1.0", life.home)
    # EC2 tells no smaller part of a second.
    time.sleep(1.1)
    (newest,) = life.make("1.1", life.home)
    # Only an apply knows which ids the copies have.
    outcome = four.playbook("distribute_ami.yml", *life.arguments(), cwd=life.directory, unknown={"image_id"})
    # The other account may use the source while it copies; then everywhere only those whom the definition names.
    writes = {"CopyImage": 5, "PutParameter": 5, "ModifyImageAttribute": 1 + 6, "ModifySnapshotAttribute": 1 + 6 + 1}
    outcome.expect(changed=True, writes=writes, idle_reads=70)
    for step in outcome.steps:
        told = planned(step, COPY, SAY_COPIES, "copies")
        assert {(one["account"], one["region"]) for one in told} == set(life.places)
        assert {one["source_image_id"] for one in told} == {newest}
    made = {(one["account"], one["region"]): one["image_id"] for one in outcome.apply.task(COPY)["copies"]}
    assert life.versions.named(life.image, "versions/1.1", *life.places) == [made[place] for place in life.places]
    for (_account, region), image_id in made.items():
        theirs = life.versions.client("ec2", region, CUSTOMER)
        assert theirs.describe_images(Filters=[{"Name": "image-id", "Values": [image_id]}])["Images"]


PROMOTE, SAY_NAMED = "Let the channel name it", "Say what it names"
ROLL_BACK = "Let the channel name the former version"


def test_promote_ami_and_rollback_ami(four: Four, life: Life) -> None:
    """Through the gates of the definition, in all its places; and back."""
    first = life.make("1.0", *life.places, **{"golden:tested": "passed"})
    second = life.make("1.1", *life.places)
    life.play("promote_ami.yml", channel="dev", version="1.0")
    assert life.named("dev") == first
    outcome = four.playbook("promote_ami.yml", *life.arguments(channel="prod", from_channel="dev"), cwd=life.directory)
    outcome.expect(changed=True, writes=MOVED, idle_reads=30)
    assert life.named("prod") == first
    for step in outcome.steps:
        told = planned(step, PROMOTE, SAY_NAMED, "moves")
        assert [one["image_id"] for one in told] == first
    assert [one["gate"] for one in outcome.check.task(PROMOTE)["gates"]] == ["not_revoked", "tested", "soaked"]

    said = refused(four, life, "promote_ami.yml", channel="prod", version="1.1")
    assert "2 of 3 gates failed" in said
    assert "tag it with passed" in said
    assert "it was never in dev: promote it there first" in said
    said = refused(four, life, "promote_ami.yml", channel="stage", version="1.1")
    assert f"{life.image} has no channel stage: it has dev, prod" in said
    assert str(life.directory / "images" / life.image / "image.yml") in said

    life.name("dev", second)
    outcome = four.playbook("rollback_ami.yml", *life.arguments(channel="dev"), cwd=life.directory)
    outcome.expect(changed=True, writes=MOVED, idle_reads=30)
    assert life.named("dev") == first
    for step in outcome.steps:
        told = planned(step, ROLL_BACK, SAY_NAMED, "moves")
        assert [one["image_id"] for one in told] == first
    assert {one["reason"] for one in outcome.check.task(ROLL_BACK)["moves"]} == {"rolled back to 1.0 from 1.1"}


REVOKE, SAY_REVOKED = "Take the version out of use", "Say what is touched by it"


def test_revoke_ami(four: Four, life: Life) -> None:
    good = life.make("1.0", *life.places)
    bad = life.make("1.1", *life.places)
    life.name("dev", good)
    life.name("dev", bad)
    arguments = life.arguments(version="1.1", reason="CVE-2026-0001")
    outcome = four.playbook("revoke_ami.yml", *arguments, cwd=life.directory)
    # A record, a tag and the end of it for each AMI; the channel and a lock in each place.
    writes = {"CreateTags": 6, "DisableImage": 6, "PutParameter": 6 + 6 + 6, "DeleteParameter": 6}
    outcome.expect(changed=True, writes=writes, idle_reads=200)
    assert life.named("dev") == good
    for step in outcome.steps:
        told = planned(step, REVOKE, SAY_REVOKED, "images")
        assert sorted(one["image_id"] for one in told) == sorted(bad)
    # Who used it is told before it is taken away, and the channel has lines of its own.
    before = outcome.check.task(REVOKE)
    references = [(one["kind"], one["id"]) for image in before["images"] for one in image["references"]]
    assert references.count(("ssm-parameter", f"/golden/{life.image}/dev")) == 6
    assert len(outcome.check.task(SAY_REVOKED)["msg"].splitlines()) == 6 + 6
    said = refused(four, life, "promote_ami.yml", channel="dev", version="1.1")
    assert f"Version 1.1 of {life.image} can't be used: {bad[0]} is disabled (revoked: " in said
    assert "CVE-2026-0001). It has to be available" in said


PRUNE, SAY_PRUNED = "Retire what it does not keep", "Say what stays, what goes, and why"


def test_prune_amis(four: Four, life: Life) -> None:
    """What the definition keeps stays, and what a channel names; the rest goes wherever it is, or was sent to before."""
    life.define(distribution={"regions": REGIONS[1:2], "former_regions": REGIONS[2:], "former_accounts": [OTHER]})
    gone = life.make("1.0", *life.places)
    time.sleep(1.1)
    (used,) = life.make("1.1", life.home)
    life.name("dev", [used])
    time.sleep(1.1)
    (newest,) = life.make("1.2", life.home)
    outcome = four.playbook("prune_amis.yml", *life.arguments(), cwd=life.directory)
    assert outcome.changed == [True, True, False, False]
    assert outcome.apply.writes["DeregisterImage"] == 6
    reasons = {
        used: f"channel dev of {life.image} names it",
        newest: f"one of the newest 1 of {life.image}",
        **dict.fromkeys(gone, f"beyond the newest 1 of {life.image}; not deprecated yet"),
    }
    for step in outcome.steps[:2]:
        told = planned(step, PRUNE, SAY_PRUNED, "images")
        assert {one["image_id"]: one["reason"] for one in told} == reasons
        assert {one["image_id"] for one in told if one["action"] == "delete"} == set(gone)
    left = planned(outcome.apply_again, PRUNE, SAY_PRUNED, "images")
    assert {one["image_id"]: one["action"] for one in left} == {used: "keep", newest: "keep"}
    for account, region in life.places:
        ec2, ssm = (life.versions.client(service, region, account) for service in ("ec2", "ssm"))
        found = ec2.describe_images(Filters=[{"Name": "image-id", "Values": gone}], IncludeDisabled=True)
        assert found["Images"] == []
        assert ssm.get_parameters(Names=[f"/golden/{life.image}/versions/1.0"])["Parameters"] == []


@pytest.fixture
def followed(life: Life) -> t.Iterator[Life]:
    """Afterwards without what follows its channel."""
    yield life
    name = f"{life.image}-dev"
    ec2, groups = life.versions.client("ec2"), life.versions.client("autoscaling")
    for group in groups.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]:
        groups.delete_auto_scaling_group(AutoScalingGroupName=group["AutoScalingGroupName"], ForceDelete=True)
    for template in ec2.describe_launch_templates()["LaunchTemplates"]:
        if template["LaunchTemplateName"] == name:
            ec2.delete_launch_template(LaunchTemplateName=name)


def test_consume_ami(four: Four, followed: Life) -> None:
    """A group without instances, so that it waits for none: its template never says which AMI."""
    life = followed
    (image_id,) = life.make("1.0", life.home)
    channel = f"/golden/{life.image}/dev"
    life.name("dev", [image_id])
    arguments = [*life.arguments(channel="dev"), "-e", "image_consumer_count=0"]
    again = "amazon.aws.autoscaling_group writes what a group has already, and says that nothing changed"
    outcome = four.playbook("consume_ami.yml", *arguments, cwd=life.directory, again=again)
    assert outcome.changed == [True, True, False, False]
    assert outcome.apply.writes == {"CreateLaunchTemplate": 1, "CreateAutoScalingGroup": 1}
    assert outcome.apply_again.writes.keys() <= {"UpdateAutoScalingGroup", "DisableMetricsCollection"}
    name = f"{life.image}-dev"
    ec2, groups = life.versions.client("ec2"), life.versions.client("autoscaling")
    (version,) = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"]
    assert version["LaunchTemplateData"]["ImageId"] == f"resolve:ssm:{channel}"
    (group,) = groups.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    assert (group["LaunchTemplate"]["LaunchTemplateName"], group["DesiredCapacity"]) == (name, 0)
    for step in outcome.steps:
        said = step.task("Say what runs")["msg"]
        assert said.startswith(f"{name} follows {life.image}/dev, which is {image_id}:"), step.name


@pytest.mark.parametrize(
    ("playbook", "given", "said"),
    [
        ("test_ami.yml", [], "Which image? Say -e image=NAME"),
        ("distribute_ami.yml", [], "Which image? Say -e image=NAME"),
        ("promote_ami.yml", ["-e", "channel=dev"], "Which image? Say -e image=NAME"),
        ("promote_ami.yml", ["-e", "image=web"], "Which channel? Say -e channel=NAME"),
        (
            "promote_ami.yml",
            ["-e", "image=web", "-e", "channel=dev", "-e", "version=1.0", "-e", "from_channel=test"],
            "Version 1.0, or the one that test names? Say one of the two",
        ),
        ("rollback_ami.yml", ["-e", "channel=dev"], "Which image? Say -e image=NAME"),
        ("rollback_ami.yml", ["-e", "image=web"], "Which channel? Say -e channel=NAME"),
        ("revoke_ami.yml", ["-e", "version=1.0"], "Which image? Say -e image=NAME"),
        ("revoke_ami.yml", ["-e", "image=web"], "Which version? Say -e version=VERSION"),
        ("prune_amis.yml", [], "Which image? Say -e image=NAME"),
        ("consume_ami.yml", ["-e", "channel=dev"], "Which image? Say -e image=NAME"),
        ("consume_ami.yml", ["-e", "image=web"], "Which channel? Say -e channel=NAME"),
    ],
)
def test_what_was_not_said_is_asked_for(cloud: Cloud, images: Path, playbook: str, given: list[str], said: str) -> None:
    run = cloud.play(playbook, *given, "--check", cwd=images)
    assert run.rc != 0, run.output
    assert said in " ".join(run.output.split())
