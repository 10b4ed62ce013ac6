# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ami_prune by its own main(), in a small EC2 that has all it reads: what goes, what stays, and what fails."""

from __future__ import annotations

import json
import typing as t

import botocore.client
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.module_utils._ami import calls_prune
from ansible_collections.golden.ami.plugins.modules import ami_prune
from harness.ec2_world import OTHER, Fault, Place, refusal
from harness.prune_world import PLACE, REGION, PruneWorld, ago, stamp

Prune = t.Callable[..., dict[str, t.Any]]
HOME = PLACE[0]
STAGES = {"EnableImageDeprecation", "DisableImage", "CreateTags", "DeregisterImage", "DeleteParameters"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> PruneWorld:
    made = PruneWorld()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    return made


@pytest.fixture
def prune(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Prune:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    access = {"region": REGION, "endpoint_url": "http://127.0.0.1:9", "access_key": "AKIDLOCAL", "secret_key": "secret"}

    def call(**given: t.Any) -> dict[str, t.Any]:
        with patch_module_args({**access, "images": ["web"], "keep": 0, **given}), pytest.raises(SystemExit):
            ami_prune.main()
        result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
        return result

    return call


def actions(result: dict[str, t.Any]) -> dict[str, str]:
    return {one["image_id"]: one["action"] for one in result["images"]}


def reason(result: dict[str, t.Any], image_id: str) -> str:
    return str(next(one["reason"] for one in result["images"] if one["image_id"] == image_id))


def test_each_ami_goes_one_stage_and_says_why(world: PruneWorld, prune: Prune) -> None:
    newest, fresh = world.ami(5, days=1), world.ami(4, days=10)
    old = world.ami(3, days=20, DeprecationTime=stamp(20))
    waiting = world.disabled(2, 3, days=30)
    gone = world.disabled(1, 14.5, days=40)
    result = prune(keep=1)
    assert actions(result) == {newest: "keep", fresh: "deprecate", old: "disable", waiting: "keep", gone: "delete"}
    assert result["counts"] == {"keep": 2, "deprecate": 1, "disable": 1, "delete": 1}
    assert reason(result, newest) == "one of the newest 1 of web"
    assert reason(result, fresh) == "beyond the newest 1 of web; not deprecated yet"
    assert "is deleted from" in reason(result, waiting)
    assert [world.state(one) for one in (newest, fresh, old, waiting, gone)] == [
        "available",
        "available",
        "disabled",
        "disabled",
        None,
    ]
    assert "DeprecationTime" in world.images[PLACE][fresh]
    assert "golden:disabled-at" in world.tags(PLACE, old)
    # In the order of places, images and age, and the reason at the end.
    assert [line.split()[1] for line in result["table"]] == [newest, fresh, old, waiting, gone]
    assert all(line.endswith(one["reason"]) for line, one in zip(result["table"], result["images"], strict=True))


def test_check_mode_tells_the_same_and_a_second_run_does_nothing(world: PruneWorld, prune: Prune) -> None:
    world.ami(3)
    world.ami(2, DeprecationTime=stamp(20))
    world.disabled(1)
    checked = prune(_ansible_check_mode=True, _ansible_diff=True)
    assert world.writes == []
    applied = prune(_ansible_diff=True)
    for key in ("changed", "images", "counts", "table", "diff", "deleted_snapshots"):
        assert checked[key] == applied[key], key
    assert applied["changed"]
    assert set(world.writes) - {"PutParameter", "DeleteParameter"} == STAGES
    seen = len(world.writes)
    again = prune(_ansible_diff=True)
    assert not again["changed"]
    assert again["diff"]["before"] == again["diff"]["after"]
    assert len(world.writes) == seen
    assert set(actions(again).values()) == {"keep"}


def test_the_diff_has_a_line_for_each_ami_with_its_reason(world: PruneWorld, prune: Prune) -> None:
    kept, gone = world.ami(2, days=1), world.disabled(1)
    diff = prune(keep=1, _ansible_check_mode=True, _ansible_diff=True)["diff"]
    before, after = (diff[key].splitlines() for key in ("before", "after"))
    assert before[0] == after[0]
    assert before[0].split() == f"{HOME}/{REGION} {kept} web 2 available one of the newest 1 of web".split()
    assert before[1].replace("disabled  ", "deleted   ", 1) == after[1]
    assert gone in after[1]
    assert "beyond the newest 1 of web; disabled since" in after[1]


def test_the_version_goes_before_its_ami_and_the_snapshots_go_with_it(world: PruneWorld, prune: Prune) -> None:
    gone = world.disabled(1)
    world.put("/golden/web/versions/2", "ami-00000000000000abc")
    snapshots = list(world.snapshots[PLACE])
    result = prune()
    assert result["deleted_snapshots"] == snapshots
    assert world.snapshots[PLACE] == {}
    assert list(world.parameters[PLACE]) == ["/golden/web/versions/2"]
    assert [one for one in world.writes if not one.endswith(("PutParameter", "DeleteParameter"))] == [
        "DeleteParameters",
        "DeregisterImage",
    ]
    assert actions(result) == {gone: "delete"}


def test_a_record_that_names_another_ami_stays(world: PruneWorld, prune: Prune) -> None:
    world.disabled(1)
    world.put("/golden/web/versions/1", "ami-00000000000000abc")
    assert prune()["counts"]["delete"] == 1
    assert "/golden/web/versions/1" in world.parameters[PLACE]


def test_of_a_version_with_several_amis_the_builders_record_goes(world: PruneWorld, prune: Prune) -> None:
    gone = world.disabled(1)
    del world.parameters[PLACE]["/golden/web/versions/1"]
    world.put("/golden/web/versions/1/ebs.one", gone)
    world.put("/golden/web/versions/1/ebs.two", "ami-00000000000000abc")
    prune()
    assert list(world.parameters[PLACE]) == ["/golden/web/versions/1/ebs.two"]


def kept_inside(world: PruneWorld, version: str, parts: int, image: str = "web") -> list[str]:
    """What is inside a version is kept in so many parameters."""
    names = [f"/golden/{image}/contents/{version}/{number}" for number in range(1, parts + 1)]
    for number, name in enumerate(names, start=1):
        world.put(name, f"golden.ami contents {number}/{parts} 0123456789abcdef\nAAAA")
    return names


@pytest.mark.parametrize("image", ["web", "team/web", "versions"])
def test_what_is_inside_goes_with_its_version(world: PruneWorld, prune: Prune, image: str) -> None:
    world.disabled(1, image=image)
    kept_inside(world, "1", 12, image)
    left = [*kept_inside(world, "2", 2, image), *kept_inside(world, "1", 1, f"{image}2")]
    prune(images=[image])
    assert list(world.parameters[PLACE]) == left


def test_what_is_inside_one_of_several_builders_amis_goes_with_that_one(world: PruneWorld, prune: Prune) -> None:
    later, sooner = world.disabled(1, 10), world.disabled(1, 60, image_id="ami-00000000000000abc")
    del world.parameters[PLACE]["/golden/web/versions/1"]
    world.put("/golden/web/versions/1/ebs.one", sooner)
    world.put("/golden/web/versions/1/ebs.two", later)
    kept_inside(world, "1/ebs.one", 2)
    left = [*kept_inside(world, "1/ebs.two", 1), *kept_inside(world, "1", 1)]
    assert actions(prune(delete_after=50)) == {later: "keep", sooner: "delete"}
    assert list(world.parameters[PLACE]) == ["/golden/web/versions/1/ebs.two", *left]
    prune(delete_after=0)
    assert world.parameters[PLACE] == {}


def test_what_is_inside_a_version_without_a_record_goes_with_its_last_ami(world: PruneWorld, prune: Prune) -> None:
    later, sooner = world.disabled(1, 10), world.disabled(1, 60, image_id="ami-00000000000000abc")
    del world.parameters[PLACE]["/golden/web/versions/1"]
    inside = kept_inside(world, "1", 1)
    assert actions(prune(delete_after=50)) == {later: "keep", sooner: "delete"}
    assert list(world.parameters[PLACE]) == inside
    assert actions(prune(delete_after=0)) == {later: "delete"}
    assert world.parameters[PLACE] == {}


def test_what_is_inside_stays_while_the_record_names_another_ami(world: PruneWorld, prune: Prune) -> None:
    world.disabled(1)
    world.put("/golden/web/versions/1", "ami-00000000000000abc")
    left = kept_inside(world, "1", 1)
    prune()
    assert list(world.parameters[PLACE]) == ["/golden/web/versions/1", *left]


def test_at_most_one_delete_call_an_ami(world: PruneWorld, prune: Prune) -> None:
    for number in range(1, 13):
        world.disabled(number, days=100 + number)
    assert prune()["counts"]["delete"] == 12
    assert world.writes.count("DeregisterImage") == 12
    assert world.writes.count("DeleteParameters") == 2
    assert "DeleteSnapshot" not in world.writes


@pytest.mark.parametrize("image", ["web", "team/web"])
def test_the_record_of_one_of_several_builders_keeps_no_ami(world: PruneWorld, prune: Prune, image: str) -> None:
    """It goes with its AMI, and it is none of those that refer to it; the name of an image may have several parts."""
    gone = world.disabled(1, image=image)
    del world.parameters[PLACE][f"/golden/{image}/versions/1"]
    world.put(f"/golden/{image}/versions/1/ebs.one", gone)
    assert actions(prune(images=[image])) == {gone: "delete"}
    assert world.parameters[PLACE] == {}


REVOKED = {"golden:revoked": "2026-11-20T12:00:00+00:00 CVE-2026-0001"}


def test_what_a_revocation_wrote_down_goes_with_the_ami_and_keeps_none(world: PruneWorld, prune: Prune) -> None:
    """It names the AMI to which a channel was moved then. When that has no other users it goes, too."""
    revoked, former = world.disabled(2), world.disabled(1, days=101)
    told = json.dumps({"channels": {"/golden/web/prod": former}})
    world.put(f"/golden/web/revoked/{revoked}", told)
    world.put(f"/golden/web/revoked/{former}", told)
    world.images[PLACE][revoked]["Tags"] += [{"Key": key, "Value": value} for key, value in REVOKED.items()]
    result = prune()
    assert actions(result) == {revoked: "delete", former: "delete"}
    assert reason(result, revoked).startswith("it is revoked; disabled since")
    # The other one is not revoked; whoever wrote its record has to say what it is for.
    assert list(world.parameters[PLACE]) == [f"/golden/web/revoked/{former}"]


def test_a_revocation_that_cannot_be_forgotten_fails_the_module(world: PruneWorld, prune: Prune) -> None:
    gone = world.disabled(1)
    name = f"/golden/web/revoked/{gone}"
    world.put(name, "{}")
    world.images[PLACE][gone]["Tags"] += [{"Key": key, "Value": value} for key, value in REVOKED.items()]
    denied = refusal("DeleteParameters", "AccessDeniedException")
    world.faults.append(Fault("DeleteParameters", denied, lambda _place, request: name in request["Names"], 9))
    result = prune()
    assert result["failed"]
    assert f"the AMI is gone, {name} is not: " in result["msg"]
    assert world.state(gone) is None


def test_without_a_new_botocore_snapshots_go_one_by_one(
    world: PruneWorld, prune: Prune, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls_prune, "deletes_snapshots", lambda _ec2: False)
    world.disabled(1)
    (own,) = world.snapshots[PLACE]
    other = world.ami(2, days=1, image="db")
    shared = world.images[PLACE][other]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    mappings = world.images[PLACE]["ami-00000000000000001"]["BlockDeviceMappings"]
    mappings.append({"DeviceName": "/dev/sdf", "Ebs": {"SnapshotId": shared}})
    result = prune()
    assert (result["deleted_snapshots"], result["left_snapshots"]) == ([own], [shared])
    assert set(world.snapshots[PLACE]) == {shared}


def test_a_snapshot_that_cannot_be_deleted_fails_the_module(
    world: PruneWorld, prune: Prune, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls_prune, "deletes_snapshots", lambda _ec2: False)
    gone = world.disabled(1)
    world.faults.append(Fault("DeleteSnapshot", refusal("DeleteSnapshot", "UnauthorizedOperation"), times=9))
    result = prune()
    assert result["failed"]
    assert "snapshots of it are not" in result["msg"]
    assert [one["image_id"] for one in result["failed_images"]] == [gone]
    assert world.state(gone) is None


def plant_instance(world: PruneWorld, image_id: str) -> str:
    return f"instance {world.run(image_id)} (running) of {HOME} uses it"


def plant_template(world: PruneWorld, image_id: str) -> str:
    world.template(image_id, 1, default=True)
    return f"launch-template lt-1 (web version 1, default, latest) of {HOME} uses it"


def plant_group(world: PruneWorld, image_id: str) -> str:
    overrides = [{"ImageId": image_id, "InstanceType": "t3.small"}]
    policy = {"LaunchTemplate": {"LaunchTemplateSpecification": {}, "Overrides": overrides}}
    world.groups[PLACE].append({"AutoScalingGroupName": "asg", "MixedInstancesPolicy": policy})
    return f"auto-scaling-group asg of {HOME} uses it"


def by_template(world: PruneWorld, image_id: str) -> dict[str, str]:
    """By a version that is neither the default nor the latest one: who names it is all that keeps the AMI."""
    world.template(image_id, 1)
    world.template("ami-00000000000000abc", 2, default=True)
    return {"LaunchTemplateId": "lt-1", "Version": "1"}


def plant_group_with_template(world: PruneWorld, image_id: str) -> str:
    world.groups[PLACE].append({"AutoScalingGroupName": "asg", "LaunchTemplate": by_template(world, image_id)})
    return f"auto-scaling-group asg (launch template web version 1) of {HOME} uses it"


def plant_configuration(world: PruneWorld, image_id: str) -> str:
    world.configurations[PLACE].append({"LaunchConfigurationName": "old", "ImageId": image_id})
    return f"launch-configuration old of {HOME} uses it"


def plant_group_with_configuration(world: PruneWorld, image_id: str) -> str:
    plant_configuration(world, image_id)
    world.groups[PLACE].append({"AutoScalingGroupName": "asg", "LaunchConfigurationName": "old"})
    return f"auto-scaling-group asg (launch configuration old) of {HOME} uses it"


def plant_spot_request(world: PruneWorld, image_id: str) -> str:
    specification = {"ImageId": image_id}
    open_one = {"SpotInstanceRequestId": "sir-1", "State": "open", "LaunchSpecification": specification}
    world.spot_requests[PLACE] += [open_one, {**open_one, "SpotInstanceRequestId": "sir-2", "State": "cancelled"}]
    return f"spot-request sir-1 (open) of {HOME} uses it"


def plant_spot_fleet(world: PruneWorld, image_id: str) -> str:
    config = {"LaunchSpecifications": [{"ImageId": image_id}]}
    world.spot_fleets[PLACE].append(
        {"SpotFleetRequestId": "sfr-1", "SpotFleetRequestState": "active", "SpotFleetRequestConfig": config}
    )
    return f"spot-fleet sfr-1 of {HOME} uses it"


def plant_spot_fleet_with_template(world: PruneWorld, image_id: str) -> str:
    config = {"LaunchTemplateConfigs": [{"LaunchTemplateSpecification": by_template(world, image_id)}]}
    world.spot_fleets[PLACE].append(
        {"SpotFleetRequestId": "sfr-1", "SpotFleetRequestState": "active", "SpotFleetRequestConfig": config}
    )
    return f"spot-fleet sfr-1 (launch template web version 1) of {HOME} uses it"


def plant_fleet(world: PruneWorld, image_id: str) -> str:
    configs = [{"LaunchTemplateSpecification": by_template(world, image_id)}]
    world.fleets[PLACE].append({"FleetId": "fleet-1", "FleetState": "active", "LaunchTemplateConfigs": configs})
    return f"fleet fleet-1 (launch template web version 1) of {HOME} uses it"


def plant_container_recipe(world: PruneWorld, image_id: str) -> str:
    kind = "imagebuilder:ContainerRecipe"
    world.recipes[PLACE].append({"ImageId": image_id, "ResourceType": kind, "Arn": "arn:recipe"})
    return f"container-recipe arn:recipe of {HOME} uses it"


def plant_parameter(world: PruneWorld, image_id: str) -> str:
    world.put("/apps/shop/ami", image_id)
    return f"ssm-parameter /apps/shop/ami of {HOME} uses it"


def plant_channel(world: PruneWorld, image_id: str) -> str:
    world.put("/golden/web/prod", image_id)
    return "channel prod of web names it"


def plant_last_good(world: PruneWorld, image_id: str) -> str:
    world.put("/golden/web/prod", image_id, days=9)
    world.put("/golden/web/prod", "ami-00000000000000abc", days=2)
    return "one of the last good 1 of channel prod of web"


def plant_recipe(world: PruneWorld, image_id: str) -> str:
    world.recipes[PLACE].append({"ImageId": image_id, "ResourceType": "imagebuilder:ImageRecipe", "Arn": "arn:recipe"})
    return f"image-recipe arn:recipe of {HOME} uses it"


def plant_lock(world: PruneWorld, image_id: str) -> str:
    world.images[PLACE][image_id]["Tags"].append({"Key": "golden:keep", "Value": "audit"})
    return "locked by the tag golden:keep (audit)"


def plant_protection(world: PruneWorld, image_id: str) -> str:
    world.images[PLACE][image_id]["DeregistrationProtection"] = "enabled-without-cooldown"
    return "deregistration protection is on"


def plant_launch(world: PruneWorld, image_id: str) -> str:
    world.images[PLACE][image_id]["LastLaunchedTime"] = stamp(3)
    return f"last launched on {ago(3):%Y-%m-%d}, within 30 days"


PLANTED = [
    plant_instance,
    plant_template,
    plant_group,
    plant_group_with_template,
    plant_configuration,
    plant_group_with_configuration,
    plant_spot_request,
    plant_spot_fleet,
    plant_spot_fleet_with_template,
    plant_fleet,
    plant_container_recipe,
    plant_parameter,
    plant_channel,
    plant_last_good,
    plant_recipe,
    plant_lock,
    plant_protection,
    plant_launch,
]


# The last good one is one that can be launched.
STAGES_OF = [(one, stage) for one in PLANTED for stage in ("available", "disabled")]
STAGES_OF.remove((plant_last_good, "disabled"))


@pytest.mark.parametrize(("plant", "stage"), STAGES_OF)
def test_what_is_in_use_stays(
    world: PruneWorld, prune: Prune, plant: t.Callable[[PruneWorld, str], str], stage: str
) -> None:
    """Beside one that goes, so that it is not the module that does nothing."""
    used = world.disabled(1) if stage == "disabled" else world.ami(1, days=90)
    other = world.disabled(2, days=91)
    said = plant(world, used)
    result = prune()
    assert said in reason(result, used)
    assert actions(result) == {used: "keep", other: "delete"}
    assert world.state(used) == stage
    assert result["counts"] == {"keep": 1, "deprecate": 0, "disable": 0, "delete": 1}


def test_the_instance_of_another_account_keeps_it(world: PruneWorld, prune: Prune) -> None:
    used, other = world.disabled(1), world.disabled(2, days=91)
    name = world.run(used, place=(OTHER, REGION))
    result = prune(accounts=[HOME, OTHER])
    assert reason(result, used) == f"instance {name} (running) of {OTHER} uses it"
    assert actions(result)[other] == "delete"


def test_what_a_report_tells_of_an_account_that_is_not_looked_at_keeps_it(world: PruneWorld, prune: Prune) -> None:
    """Of one that is looked at it is known what is so now, and reports are up to a month old."""
    used = world.disabled(1)
    told = {"ResourceType": "ec2:Instance", "UsageCount": 3, "ReportCreationTime": ago(2)}
    world.usage[PLACE].append({**told, "ImageId": used, "AccountId": OTHER})
    result = prune()
    assert actions(result) == {used: "keep"}
    assert reason(result, used).startswith(f"account {OTHER} (3 ec2:Instance, report of ")
    assert reason(result, used).endswith(") uses it")
    assert actions(prune(accounts=[HOME, OTHER])) == {used: "delete"}


SOURCES = {
    "instances": "DescribeInstances",
    "launch-templates": "DescribeLaunchTemplateVersions",
    "auto-scaling-groups": "DescribeAutoScalingGroups",
    "launch-configurations": "DescribeLaunchConfigurations",
    "ssm-parameters": "DescribeParameters",
    "spot-fleets": "DescribeSpotFleetRequests",
    "spot-requests": "DescribeSpotInstanceRequests",
    "fleets": "DescribeFleets",
    "image-builder": "DescribeImageReferences",
    "usage-reports": "DescribeImageUsageReportEntries",
    "channels": "DescribeParameters",
}


@pytest.mark.parametrize(("source", "operation"), SOURCES.items())
def test_a_source_that_cannot_be_read_keeps_all_of_its_region(
    world: PruneWorld, prune: Prune, source: str, operation: str
) -> None:
    far = (HOME, "us-east-1")
    near, other = world.disabled(1), world.disabled(2, place=far, days=90)

    def is_it(place: Place, request: dict[str, t.Any]) -> bool:
        """Channels are below some paths, and other parameters are anywhere."""
        asked = {one["Key"] for one in request.get("ParameterFilters", [])}
        return place == PLACE and (operation != "DescribeParameters" or ("Path" in asked) == (source == "channels"))

    denied = Fault(operation, refusal(operation, "UnauthorizedOperation"), is_it, 99)
    world.faults.append(denied)
    options = {"regions": [REGION, "us-east-1"]}
    result = prune(**options)
    assert actions(result) == {near: "keep", other: "delete"}
    assert reason(result, near).startswith(f"{source} of {HOME} in {REGION} could not be read (")
    assert "UnauthorizedOperation" in reason(result, near)
    (unread,) = result["unread"]
    assert (unread["source"], unread["region"], unread["accepted"]) == (source, REGION, False)
    accepted = prune(**options, accept_unread=[source])
    assert actions(accepted) == {near: "delete"}
    assert accepted["unread"][0]["accepted"]


def test_an_older_botocore_asks_for_the_last_launch_one_by_one(
    world: PruneWorld, prune: Prune, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls_prune, "tells_launches", lambda _ec2: False)
    launched = world.disabled(1, LastLaunchedTime=stamp(3))
    other = world.disabled(2, days=90)
    world.ami(3, days=1, image="db")
    describe = world._DescribeImages
    monkeypatch.setattr(
        world,
        "_DescribeImages",
        lambda *given: {
            "Images": [
                {key: value for key, value in one.items() if key != "LastLaunchedTime"}
                for one in describe(*given)["Images"]
            ]
        },
    )
    result = prune()
    assert actions(result) == {launched: "keep", other: "delete"}
    assert world.operations.count("DescribeImageAttribute") == 2
    world.disabled(4)
    world.faults.append(
        Fault("DescribeImageAttribute", refusal("DescribeImageAttribute", "UnauthorizedOperation"), times=9)
    )
    assert set(actions(prune()).values()) == {"keep"}


@pytest.mark.parametrize("stage", ["disable", "delete"])
def test_what_came_to_use_it_since_the_plan_keeps_it(world: PruneWorld, prune: Prune, stage: str) -> None:
    used = world.disabled(1) if stage == "delete" else world.ami(1, DeprecationTime=stamp(20))
    describe = world._DescribeInstances
    asked: list[str] = []

    def launch(*given: t.Any) -> t.Any:
        """The first look finds nothing; then an instance is there."""
        answer = describe(*given)
        asked.append(world.run(used) if not asked else "")
        return answer

    world._DescribeInstances = launch  # type: ignore[method-assign]
    result = prune()
    assert actions(result) == {used: "keep"}
    assert f"at a second look: instance {asked[0]} (running) of {HOME} uses it" in reason(result, used)
    assert not result["changed"]
    assert world.state(used) == ("disabled" if stage == "delete" else "available")
    assert "/golden/web/versions/1" in world.parameters[PLACE]


def test_with_no_days_between_a_launch_before_it_is_disabled_is_seen(world: PruneWorld, prune: Prune) -> None:
    used = world.ami(1)
    disable = world._DisableImage
    world._DisableImage = lambda *given: (world.run(used), disable(*given))[1]  # type: ignore[method-assign]
    result = prune(disable_after=0, delete_after=0)
    assert actions(result) == {used: "disable"}
    assert "at a second look: instance" in reason(result, used)
    assert world.state(used) == "disabled"


def test_all_stages_at_once(world: PruneWorld, prune: Prune) -> None:
    gone = world.ami(1)
    checked = prune(disable_after=0, delete_after=0, _ansible_check_mode=True)
    result = prune(disable_after=0, delete_after=0)
    assert actions(result) == actions(checked) == {gone: "delete"}
    assert world.state(gone) is None


def test_while_channels_are_moved_nothing_of_the_image_is_disabled_or_deleted(world: PruneWorld, prune: Prune) -> None:
    kept, other = world.disabled(1), world.disabled(2, image="db")
    world.put("/golden/web/locks/promote", "somebody")
    result = prune(images=["web", "db"])
    assert actions(result) == {kept: "keep", other: "delete"}
    assert "/golden/web/locks/promote" in reason(result, kept)
    assert not result.get("failed")
    assert "/golden/db/locks/promote" not in world.parameters[PLACE]


def test_what_fails_stops_its_own_ami_only(world: PruneWorld, prune: Prune) -> None:
    bad, good = world.disabled(1), world.disabled(2, days=90)
    late = world.ami(3, days=80)
    world.faults += [
        Fault(
            operation, refusal(operation, "UnauthorizedOperation"), lambda _place, request: request["ImageId"] == bad, 9
        )
        for operation in ("DeregisterImage", "EnableImageDeprecation")
    ]
    result = prune()
    assert result["failed"]
    assert result["changed"]
    assert [(one["image_id"], one["action"]) for one in result["failed_images"]] == [(bad, "keep")]
    assert "UnauthorizedOperation" in result["failed_images"][0]["error"]
    assert "run the task again" in result["msg"]
    assert bad in result["msg"]
    assert actions(result) == {late: "deprecate", good: "delete", bad: "keep"}
    assert "failed:" in reason(result, bad)
    world.faults.clear()
    assert actions(prune())[bad] == "delete"


def test_without_a_version_record_to_delete_the_ami_is_not_deleted_either(world: PruneWorld, prune: Prune) -> None:
    kept = world.disabled(1)
    world.faults.append(Fault("DeleteParameters", refusal("DeleteParameters", "AccessDeniedException"), times=9))
    result = prune()
    assert result["failed"]
    assert world.state(kept) == "disabled"
    assert "DeregisterImage" not in world.writes


def test_when_the_time_was_not_noted_it_is_the_next_time(world: PruneWorld, prune: Prune) -> None:
    """A run that ended between the two calls, or somebody who disabled the AMI by hand."""
    one = world.disabled(1, None)
    result = prune(_ansible_diff=True)
    assert actions(result) == {one: "disable"}
    assert result["diff"]["before"] != result["diff"]["after"]
    assert [name for name in world.writes if "Parameter" not in name] == ["CreateTags"]
    assert actions(prune()) == {one: "keep"}


def test_stale_versions_of_launch_templates_go_when_asked_for(world: PruneWorld, prune: Prune) -> None:
    gone, named = world.disabled(1), world.ami(2, days=1)
    world.template(gone, 1)
    world.template(named, 2, default=True)
    assert "launch-template-version lt-1:1" in reason(prune(keep=1), gone)
    result = prune(keep=1, launch_template_versions=True)
    assert actions(result) == {named: "keep", gone: "delete"}
    assert [one["VersionNumber"] for one in world.templates[PLACE]] == [2]
    assert world.writes.index("DeleteLaunchTemplateVersions") < world.writes.index("DeregisterImage")


def test_a_version_of_a_launch_template_that_stays_keeps_its_ami(world: PruneWorld, prune: Prune) -> None:
    kept, named = world.disabled(1), world.ami(2, days=1)
    world.template(kept, 1)
    world.template(named, 2, default=True)
    error = {"Message": "no", "Code": "unexpectedError"}
    world._DeleteLaunchTemplateVersions = lambda *_given: {  # type: ignore[method-assign]
        "UnsuccessfullyDeletedLaunchTemplateVersions": [{"VersionNumber": 1, "ResponseError": error}]
    }
    result = prune(keep=1, launch_template_versions=True)
    assert result["failed"]
    assert "lt-1:1: no" in result["msg"]
    assert world.state(kept) == "disabled"


def test_copies_stand_and_fall_together(world: PruneWorld, prune: Prune) -> None:
    far, strange = (HOME, "us-east-1"), (OTHER, REGION)
    one = world.disabled(1)
    copy = world.disabled(1, place=far, image_id="ami-0000000000000000a")
    third = world.disabled(1, place=strange, image_id="ami-0000000000000000b")
    options = {"regions": [REGION, "us-east-1"], "accounts": [HOME, OTHER], "copies": True}
    name = world.run(copy, place=far)
    result = prune(**options)
    assert set(actions(result).values()) == {"keep"}
    assert (
        reason(result, one) == f"its copy {copy} in {HOME}/us-east-1 stays: instance {name} (running) of {HOME} uses it"
    )
    world.instances[far].clear()
    result = prune(**options)
    assert actions(result) == dict.fromkeys((one, copy, third), "delete")
    assert [world.state(one), world.state(copy, far), world.state(third, strange)] == [None, None, None]


COPIES = {"regions": [REGION, "us-east-1"], "accounts": [HOME, OTHER], "copies": True}
FAR, STRANGE = (HOME, "us-east-1"), (OTHER, REGION)


def copied(world: PruneWorld, **given: t.Any) -> dict[tuple[str, str], str]:
    """One version in three places, disabled for long everywhere."""
    return {
        place: world.disabled(1, place=place, image_id=f"ami-0000000000000000{letter}", **given)
        for letter, place in zip("abc", (PLACE, FAR, STRANGE), strict=True)
    }


def launched_after_the_plan(world: PruneWorld, image_id: str, place: tuple[str, str]) -> None:
    """Each place is asked for its instances once for the plan; then somebody has launched one."""
    describe = world._DescribeInstances
    asked: list[tuple[str, str]] = []

    def launch(where: tuple[str, str], request: dict[str, t.Any]) -> t.Any:
        answer = describe(where, request)
        if where == place and place not in asked:
            world.run(image_id, place=place)
        asked.append(where)
        return answer

    world._DescribeInstances = launch  # type: ignore[method-assign]


@pytest.mark.parametrize("used", [PLACE, FAR, STRANGE])
def test_what_came_to_use_one_since_the_plan_keeps_its_copies(
    world: PruneWorld, prune: Prune, used: tuple[str, str]
) -> None:
    amis = copied(world)
    other = world.disabled(2, days=101)
    launched_after_the_plan(world, amis[used], used)
    result = prune(**COPIES)
    assert actions(result) == {other: "delete", **dict.fromkeys(amis.values(), "keep")}
    assert {place: world.state(one, place) for place, one in amis.items()} == dict.fromkeys(amis, "disabled")
    for place, one in amis.items():
        said = f"at a second look: {'' if place == used else f'its copy {amis[used]} in {used[0]}/{used[1]} stays: '}instance"
        assert said in reason(result, one)
        assert "/golden/web/versions/1" in world.parameters[place]


def test_what_came_to_use_one_that_waits_keeps_the_copies_that_are_due(world: PruneWorld, prune: Prune) -> None:
    """One was disabled later than the other: it is not to be deleted yet, and somebody begins to need it."""
    due = world.disabled(1, 40, image_id="ami-0000000000000000a")
    waits = world.disabled(1, 5, place=FAR, image_id="ami-0000000000000000b")
    launched_after_the_plan(world, waits, FAR)
    result = prune(**COPIES)
    assert actions(result) == {due: "keep", waits: "keep"}
    assert f"at a second look: its copy {waits} in {HOME}/us-east-1 stays: instance" in reason(result, due)
    assert world.state(due) == "disabled"


def test_what_kept_one_from_being_disabled_keeps_its_copies_from_being_deleted(world: PruneWorld, prune: Prune) -> None:
    """Also when it is over a moment later."""
    due = world.disabled(1, 40, image_id="ami-0000000000000000a")
    used = world.ami(1, place=FAR, image_id="ami-0000000000000000b", DeprecationTime=stamp(20))
    describe = world._DescribeInstances
    running = iter([False, True, False])

    def launch(where: tuple[str, str], request: dict[str, t.Any]) -> t.Any:
        if where == FAR:
            world.instances[FAR].clear()
            if next(running):
                world.run(used, place=FAR)
        return describe(where, request)

    world._DescribeInstances = launch  # type: ignore[method-assign]
    result = prune(**COPIES)
    assert actions(result) == {due: "keep", used: "keep"}
    assert world.state(due) == "disabled"
    assert world.state(used, FAR) == "available"


def test_without_copies_each_place_has_a_second_look_of_its_own(world: PruneWorld, prune: Prune) -> None:
    amis = copied(world)
    launched_after_the_plan(world, amis[FAR], FAR)
    result = prune(**{**COPIES, "copies": False})
    assert actions(result) == {amis[PLACE]: "delete", amis[FAR]: "keep", amis[STRANGE]: "delete"}


def test_copies_that_are_gone_already_keep_nothing(world: PruneWorld, prune: Prune) -> None:
    amis = copied(world)
    describe = world._DescribeInstances

    def deregister(where: tuple[str, str], request: dict[str, t.Any]) -> t.Any:
        world.images[FAR].pop(amis[FAR], None)
        return describe(where, request)

    world._DescribeInstances = deregister  # type: ignore[method-assign]
    result = prune(**COPIES)
    assert actions(result) == {amis[PLACE]: "delete", amis[FAR]: "keep", amis[STRANGE]: "delete"}
    assert reason(result, amis[FAR]).endswith("it is gone already")


def test_snapshots_without_an_image_are_reported(world: PruneWorld, prune: Prune) -> None:
    world.ami(1, days=1)
    world.disabled(2, 1, days=50)
    # Of another image by its tag, and in use all the same.
    used = world.snapshots[PLACE][f"snap-{1:017x}"]
    orphan = {"SnapshotId": "snap-0000000000000000a", "Description": "left", "StartTime": ago(90), "VolumeSize": 8}
    young = {"SnapshotId": "snap-0000000000000000b", "Description": "new", "StartTime": ago(0.5)}
    tags = [{"Key": "golden:image", "Value": "web"}]
    used["Tags"] = tags
    for one in (orphan, young):
        world.snapshots[PLACE][one["SnapshotId"]] = {**one, "State": "completed", "Tags": tags}
    result = prune(keep=5, orphaned_snapshots=True)
    (told,) = result["orphaned_snapshots"]
    assert (told["snapshot_id"], told["size"], told["description"]) == (orphan["SnapshotId"], 8, "left")
    assert not result["changed"]
    assert "orphaned_snapshots" not in prune(keep=5)


def test_a_cap_stops_a_run_and_the_next_one_goes_on(world: PruneWorld, prune: Prune) -> None:
    ids = [world.disabled(number, days=100 - number) for number in (1, 2, 3)]
    first = prune(max_count=2)
    assert actions(first) == {ids[0]: "delete", ids[1]: "delete", ids[2]: "keep"}
    assert reason(first, ids[2]).endswith("waits, for this run takes 2 (max_count: 2)")
    assert actions(prune(max_count=2)) == {ids[2]: "delete"}


@pytest.mark.parametrize(
    ("permission", "who"),
    [
        ({"UserId": "333333333333"}, "333333333333"),
        ({"Group": "all"}, "all"),
        ({"OrganizationArn": "arn:aws:organizations::1:organization/o-1"}, "arn:aws:organizations::1:organization/o-1"),
    ],
)
def test_what_others_may_use_stays(world: PruneWorld, prune: Prune, permission: dict[str, str], who: str) -> None:
    one = world.ami(1, days=50, DeprecationTime=stamp(50), LaunchPermissions=[permission])
    result = prune()
    assert actions(result) == {one: "keep"}
    assert reason(result, one) == f"it is shared with {who}, and what is launched from it there is not looked at"
    assert world.writes == []
    assert actions(prune(accept_unread=["other-accounts"])) == {one: "disable"}


def test_who_may_use_it_cannot_be_read(world: PruneWorld, prune: Prune) -> None:
    one = world.ami(1, days=50, DeprecationTime=stamp(50))
    operation = "DescribeImageAttribute"
    denied = refusal(operation, "UnauthorizedOperation")
    world.faults.append(
        Fault(operation, denied, lambda _place, request: request["Attribute"] == "launchPermission", 99)
    )
    result = prune()
    assert actions(result) == {one: "keep"}
    assert "other-accounts" in reason(result, one)


def test_an_old_note_does_not_shorten_the_days(world: PruneWorld, prune: Prune) -> None:
    """It was disabled and enabled again once; the note is renewed before it is disabled, whatever comes between."""
    one = world.ami(1, days=90, DeprecationTime=stamp(50), tags={"golden:disabled-at": ago(60).isoformat()})
    prune()
    order = [operation for operation in world.writes if operation in ("CreateTags", "DisableImage")]
    assert order == ["CreateTags", "DisableImage"]
    assert world.tags(PLACE, one)["golden:disabled-at"] > ago(1).isoformat()


def test_amis_of_another_tool_by_filters(world: PruneWorld, prune: Prune) -> None:
    keys: dict[str, t.Any] = {"image": None, "tags": {"team": "web"}}
    new, old = world.ami(2, days=1, **keys), world.ami(1, days=9, **keys)
    world.ami(3, days=2)
    result = prune(images=[], filters={"tag:team": "web"}, keep=1)
    assert actions(result) == {new: "keep", old: "deprecate"}
    assert reason(result, old).startswith("beyond the newest 1 of those without the tag golden:image")


def test_dear_questions_are_asked_about_those_only_that_would_go(world: PruneWorld, prune: Prune) -> None:
    for number in range(1, 31):
        world.ami(number, days=100 + number, DeprecationTime=stamp(1))
    world.disabled(31, days=200)
    prune(_ansible_check_mode=True)
    (asked,) = [request["ImageIds"] for _place, name, request in world.seen if name == "DescribeImageReferences"]
    assert asked == [f"ami-{31:017x}"]
    assert world.operations.count("DescribeImages") == 1


REFUSED = [
    ({"images": []}, "Which AMIs?"),
    ({"images": [], "filters": {}}, "Which AMIs?"),
    ({"images": ["*"]}, "images: '*' names no image"),
    ({"images": [""]}, "images: '' names no image"),
    ({"images": [], "filters": {"name": ""}}, "filters: 'name' has the value ''"),
    ({"images": [], "filters": {"tag:team": []}}, "filters: 'tag:team' has the value []"),
    ({"images": [], "filters": {"tag:team": None}}, "an empty filter"),
    ({"images": [], "filters": {"name": "*"}}, "lets every AMI through"),
    ({"images": [], "filters": {"state": "available"}}, "says of what kind AMIs are, not which they are"),
    ({"images": [], "filters": {"architecture": "x86_64", "is-public": False}}, "says of what kind AMIs are"),
    ({"keep": -1}, "keep: -1 is less than nothing"),
    ({"disable_after": -1}, "disable_after: -1"),
    ({"max_percent": 101}, "max_percent: 101 is more than all"),
    ({"accounts": ["11111111111"]}, "an account number has twelve digits"),
    ({"regions": ["eu-west-9"]}, "eu-west-9 is not a Region"),
    ({"per_image": {"web": 3}}, "per_image.web must have keep, max_age or both"),
    ({"per_image": {"web": {"count": 3}}}, "per_image.web has count, which is unknown"),
    ({"per_image": {"web": {"keep": "many"}}}, "per_image.web.keep must be a whole number, got 'many'"),
    ({"per_image": {"web": {"keep": True}}}, "per_image.web.keep must be a whole number"),
    ({"per_image": {"db": {"keep": 3}}}, "per_image: db is not one of the images web"),
    ({"per_channel": {"versions": {"keep": 3}}}, "per_channel: versions can be no channel"),
    ({"accept_unread": ["everything"]}, "accept_unread"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED)
def test_what_cannot_be_meant_is_refused_before_the_first_write(
    world: PruneWorld, prune: Prune, given: dict[str, t.Any], said: str
) -> None:
    world.put("/golden/web/prod", world.ami(1))
    for check in (True, False):
        result = prune(**given, _ansible_check_mode=check)
        assert result["failed"]
        assert said in result["msg"]
    assert world.writes == []


def test_rules_of_an_image_and_of_a_channel(world: PruneWorld, prune: Prune) -> None:
    amis = [world.ami(number, days=100 - number) for number in range(1, 6)]
    for number, one in enumerate(amis[:4]):
        world.put("/golden/web/prod", one, days=40 - 10 * number)
    result = prune(per_image={"web": {"keep": "1"}}, per_channel={"prod": {"keep": 2}})
    assert actions(result) == dict(zip(amis, ["deprecate", "keep", "keep", "keep", "keep"], strict=True))
    assert reason(result, amis[1]) == "one of the last good 2 of channel prod of web"
    assert reason(result, amis[4]) == "one of the newest 1 of web"


def test_a_rule_for_a_channel_that_is_not_there_is_told(world: PruneWorld, prune: Prune) -> None:
    """It may be one that nothing was promoted to yet."""
    world.put("/golden/web/prod", world.ami(1))
    result = prune(per_channel={"prod": {"keep": 2}, "prd": {"keep": 2}})
    (warning,) = result["warnings"]
    assert "none of the images has a channel prd" in str(warning)


def test_a_rolled_back_version_is_not_the_last_good_one(world: PruneWorld, prune: Prune) -> None:
    old, good, bad = (world.ami(number, days=100 - number) for number in (1, 2, 3))
    world.put("/golden/web/prod", old, days=40)
    world.put("/golden/web/prod", good, days=30)
    world.put("/golden/web/prod", bad, days=20)
    world.put(
        "/golden/web/prod", good, days=10, description="rolled back: 2 after 3 by arn:aws:iam::1:user/x; golden.ami"
    )
    assert actions(prune()) == {old: "keep", good: "keep", bad: "deprecate"}


def test_what_a_channel_named_long_ago_goes_through_all_stages(world: PruneWorld, prune: Prune) -> None:
    """Another one is the last good one, at the second look as well, which does not look at that one's users."""
    due, gone = world.ami(1, days=90, DeprecationTime=stamp(20)), world.disabled(2, days=80)
    good, now = world.ami(3, days=70), world.ami(4, days=60)
    for number, one in enumerate((due, gone, good, now)):
        world.put("/golden/web/prod", one, days=40 - 10 * number)
    result = prune()
    assert actions(result) == {due: "disable", gone: "delete", good: "keep", now: "keep"}
    assert reason(result, good) == "one of the last good 1 of channel prod of web"


def test_when_the_last_good_one_goes_bad_meanwhile_the_one_before_stays(world: PruneWorld, prune: Prune) -> None:
    old, good, now = (world.ami(number, days=100 - number, DeprecationTime=stamp(20)) for number in (1, 2, 3))
    for number, one in enumerate((old, good, now)):
        world.put("/golden/web/prod", one, days=40 - 10 * number)
    describe = world._DescribeInstances

    def revoke(where: tuple[str, str], request: dict[str, t.Any]) -> t.Any:
        world.images[PLACE][good]["State"] = "disabled"
        return describe(where, request)

    world._DescribeInstances = revoke  # type: ignore[method-assign]
    result = prune()
    assert actions(result) == {old: "keep", good: "keep", now: "keep"}
    assert "at a second look: one of the last good 1 of channel prod of web" in reason(result, old)
    assert world.state(old) == "available"


@pytest.mark.parametrize("state", ["available", "disabled"])
def test_a_revoked_one_is_neither_one_of_the_newest_nor_the_last_good_one(
    world: PruneWorld, prune: Prune, state: str
) -> None:
    """Also when the revocation ended half way, before the AMI was disabled."""
    old, good, now = (world.ami(number, days=100 - number) for number in (1, 2, 4))
    bad = world.ami(3, days=50, State=state, tags={**REVOKED, "golden:disabled-at": ago(1).isoformat()})
    newest = world.ami(5, days=5, State=state, tags={**REVOKED, "golden:disabled-at": ago(1).isoformat()})
    for number, one in enumerate((old, good, bad, now)):
        world.put("/golden/web/prod", one, days=40 - 10 * number)
    result = prune(keep=1)
    assert reason(result, now) == "channel prod of web names it; one of the newest 1 of web"
    assert reason(result, good) == "one of the last good 1 of channel prod of web"
    assert actions(result)[old] == "deprecate"
    for one in (bad, newest):
        assert reason(result, one).startswith("it is revoked; ")
        assert actions(result)[one] == ("deprecate" if state == "available" else "keep")
