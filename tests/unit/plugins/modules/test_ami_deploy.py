# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ami_deploy by its own main(): what is healthy moves the default version and the channel, what is not moves nothing."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.module_utils._deploy import asking
from ansible_collections.golden.ami.plugins.module_utils._deploy.health import Answer, Reply
from ansible_collections.golden.ami.plugins.module_utils._packer.record import runs_directory
from ansible_collections.golden.ami.plugins.module_utils._testing.commands import Commands
from ansible_collections.golden.ami.plugins.module_utils._testing.errors import Interrupted
from ansible_collections.golden.ami.plugins.modules import ami_deploy
from harness.channel_world import ACCESS, SECOND, ami_id, error
from harness.deploy_world import HOME, OTHER, REGION, TARGET_GROUP, DeployWorld, Template, install

Deploy = t.Callable[..., dict[str, t.Any]]
HERE = (HOME, REGION)
DEV = "/golden/web/dev"
OLD, NEW = ami_id(16), ami_id(32)
URL = {"url": "http://{address}/", "must_say": ["Welcome"], "must_not_say": ["Error establishing"]}
HEALTH = {"status_checks": True, "url": URL}
GROUP = {"name": "web-dev"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> DeployWorld:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = install(monkeypatch)
    for number, version in enumerate(["1.0", "1.1"]):
        made.version("web", version, 16 * (number + 1), HERE)
    return made


@pytest.fixture
def template(world: DeployWorld) -> Template:
    """The launch template of a stage that has version 1.0."""
    world.put(HERE, DEV, OLD)
    return world.template(HERE, "web-dev", OLD)


@pytest.fixture
def deploy(world: DeployWorld, capsys: pytest.CaptureFixture[str]) -> Deploy:
    def call(**given: t.Any) -> dict[str, t.Any]:
        options = {"image": "web", "channel": "dev", "version": "1.1", "launch_template": "web-dev", "health": HEALTH}
        told = {name: value for name, value in {**ACCESS, **options, **given}.items() if value is not None}
        with patch_module_args(told), pytest.raises(SystemExit):
            ami_deploy.main()
        result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
        return result

    return call


def as_it_was(world: DeployWorld, template: Template) -> bool:
    """The default version, its channel, no other version, no instance of a run, and no record of one."""
    same = (template.default, list(template.versions)) == (1, [1]) and world.value(HERE, DEV) == OLD
    left = [name for name in world.running() if world.instances[name]["Tags"]]
    return same and not left and not list(runs_directory().glob("*"))


def test_check_apply_and_then_there_is_nothing_to_do(world: DeployWorld, template: Template, deploy: Deploy) -> None:
    check = deploy(_ansible_check_mode=True, _ansible_diff=True)
    assert (check["changed"], check["outcome"], world.writes()) == (True, "would deploy", [])
    apply = deploy(_ansible_diff=True)
    assert (apply["changed"], apply["outcome"], apply["diff"]) == (True, "deployed", check["diff"])
    assert (template.default, template.image_id, template.versions[2]["InstanceType"]) == (2, NEW, "t3.small")
    assert world.value(HERE, DEV) == NEW
    assert apply["launch_template"] == {
        "id": template.id,
        "name": "web-dev",
        "version": "2",
        "former_version": "1",
        "former_image_id": OLD,
    }
    assert [(one["check"], one["healthy"]) for one in apply["checks"]] == [
        ("instance", True),
        ("status checks", True),
        ("URL", True),
    ]
    assert [asked for asked, _wanted in world.asked] == ["http://192.0.2.7/"]
    (instance,) = world.instances.values()
    assert instance["Image"] == NEW
    assert {"Key": "golden:run", "Value": apply["run_id"]} in instance["Tags"]
    assert (world.running(), list(runs_directory().glob("*"))) == ([], [])
    before = world.writes()
    for mode in (True, False):
        again = deploy(_ansible_check_mode=mode, _ansible_diff=True)
        assert (again["changed"], again["outcome"]) == (False, "unchanged")
        assert again["diff"]["before"] == again["diff"]["after"]
    assert world.writes() == before


def test_the_default_version_moves_after_the_answers_and_the_channel_after_that(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    def reply(_asked: str) -> Reply:
        assert (template.default, world.value(HERE, DEV)) == (1, OLD)
        return Reply(200, "Welcome")

    world.replies = reply
    deploy()
    writes = [one for one in world.writes() if one != "DeleteParameter"]
    assert writes == [
        "CreateLaunchTemplateVersion",
        "RunInstances",
        "TerminateInstances",
        "ModifyLaunchTemplate",
        "PutParameter",
        "PutParameter",
    ]


def test_it_waits_until_it_is_healthy(world: DeployWorld, template: Template, deploy: Deploy) -> None:
    world.statuses = lambda: "ok" if world.clock > 30 else "initializing"
    world.replies = lambda _asked: Reply(200, "Welcome") if world.clock > 50 else Reply(None, error="refused")
    result = deploy()
    assert result["outcome"] == "deployed"
    assert [one["seconds"] for one in result["checks"]] == [0.0, 32.0, 20.0]
    assert template.default == 2


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (
            Reply(200, "<h1>Error establishing a database connection</h1> Welcome"),
            "says 'Error establishing', which it",
        ),
        (Reply(200, "It works!"), "answered 200 and does not say 'Welcome': It works!"),
        (Reply(503, "Busy"), "answered 503, not 200: Busy"),
        (Reply(302, "", "https://www.example.com/"), "answered 302 to https://www.example.com/, which is not followed"),
        (Reply(None, error="Connection refused"), "does not answer: Connection refused"),
    ],
)
def test_an_answer_that_is_not_healthy_moves_nothing(
    world: DeployWorld, template: Template, deploy: Deploy, reply: Reply, said: str
) -> None:
    world.replies = lambda _asked: reply
    result = deploy(timeout=60)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "unhealthy")
    assert said in result["msg"]
    assert "not within 60 s" in result["msg"]
    assert "console: [FAILED] Failed to start web.service" in result["msg"]
    assert "The launch template web-dev and the channel dev are as they were." in result["msg"]
    assert result["console"] == ["boot", "[FAILED] Failed to start web.service"]
    assert as_it_was(world, template)


def test_status_checks_that_stay_impaired_and_an_instance_that_dies(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    world.statuses = lambda: "impaired"
    assert "status checks of i-" in deploy(timeout=10)["msg"]
    assert as_it_was(world, template)
    world.state = "shutting-down"
    told = deploy(timeout=3600)
    assert "instance of i-" in told["msg"]
    assert "shutting-down" in told["msg"]
    assert as_it_was(world, template)


def test_it_has_to_stay_healthy_while_it_bakes(world: DeployWorld, template: Template, deploy: Deploy) -> None:
    world.replies = lambda _asked: Reply(200, "Welcome" if world.clock < 100 else "Error establishing")
    result = deploy(bake_time=300)
    assert result["outcome"] == "unhealthy"
    assert "s of the bake time of 300 s" in result["msg"]
    assert as_it_was(world, template)
    world.replies = lambda _asked: Reply(200, "Welcome")
    began = world.clock
    assert deploy(bake_time=300)["outcome"] == "deployed"
    assert world.clock - began >= 300


def test_an_instance_that_is_kept_for_a_look(world: DeployWorld, template: Template, deploy: Deploy) -> None:
    world.replies = lambda _asked: Reply(500)
    result = deploy(timeout=10, keep_unhealthy=True)
    assert world.running() == [result["instance_id"]]
    assert f"The instance {result['instance_id']} in {HOME}/{REGION} stays" in result["msg"]
    assert "KEPT=true" in result["msg"]
    (record,) = runs_directory().glob("*")
    assert json.loads(record.read_text())["kept"]["resources"]
    assert (template.default, list(template.versions), world.value(HERE, DEV)) == (1, [1], OLD)


def test_a_launch_template_that_is_not_there_is_made_or_gone_again(world: DeployWorld, deploy: Deploy) -> None:
    settings = {"instance_type": "t3.small", "security_group_ids": ["sg-00000001"], "instance_profile": "web"}
    world.replies = lambda _asked: Reply(500)
    result = deploy(instance=settings, timeout=10)
    assert "which was made for it, is removed" in result["msg"]
    assert (world.templates[HERE], world.value(HERE, DEV), world.running()) == ({}, None, [])
    world.replies = lambda _asked: Reply(200, "Welcome")
    assert deploy(instance=settings)["launch_template"]["former_version"] is None
    (made,) = world.templates[HERE].values()
    assert made.versions == {
        1: {
            "ImageId": NEW,
            "InstanceType": "t3.small",
            "SecurityGroupIds": ["sg-00000001"],
            "IamInstanceProfile": {"Name": "web"},
            "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        }
    }
    assert world.value(HERE, DEV) == NEW
    assert deploy(instance=settings)["outcome"] == "unchanged"


def test_a_channel_that_lags_behind_is_moved_when_the_default_version_is_healthy(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    template.versions[1]["ImageId"] = NEW
    result = deploy()
    assert (result["outcome"], list(template.versions), world.value(HERE, DEV)) == ("deployed", [1], NEW)
    assert "RunInstances" in world.writes()


def test_a_channel_that_cannot_be_moved_takes_the_default_version_back(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    def hook(operation: str, _where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "PutParameter" and request["Name"] == DEV:
            raise error("AccessDeniedException", operation)

    world.hook = hook
    result = deploy()
    assert (result["outcome"], result["changed"]) == ("failed", False)
    assert "No channel was moved" in result["msg"]
    assert "are as they were" in result["msg"]
    assert as_it_was(world, template)


def test_a_default_version_that_somebody_else_moved_stays(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    def reply(_asked: str) -> Reply:
        template.versions[7] = {"ImageId": "ami-00000000000000fff"}
        template.default = template.last = 7
        return Reply(200, "Welcome")

    world.replies = reply
    result = deploy()
    assert "was changed by somebody else meanwhile: its default version is 7, and was 1" in result["msg"]
    assert (template.default, list(template.versions), world.value(HERE, DEV)) == (7, [1, 7], OLD)


def test_a_version_that_cannot_be_removed_is_told(world: DeployWorld, template: Template, deploy: Deploy) -> None:
    def hook(operation: str, _where: t.Any, _request: t.Any) -> None:
        if operation == "DeleteLaunchTemplateVersions":
            raise error("UnauthorizedOperation", operation)

    world.hook = hook
    world.replies = lambda _asked: Reply(500)
    result = deploy(timeout=10)
    assert "have version 1 as the default of web-dev" in result["msg"]
    assert "and remove version 2." in result["msg"]
    assert template.default == 1


def test_whoever_ends_it_finds_all_as_it_was(
    world: DeployWorld, template: Template, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pause(_commands: Commands, _seconds: float) -> None:
        raise Interrupted("the module got SIGTERM")

    monkeypatch.setattr(Commands, "pause", pause)
    world.replies = lambda _asked: Reply(500)
    result = deploy()
    assert (result["outcome"], result["changed"]) == ("interrupted", False)
    assert "was stopped: the module got SIGTERM. The launch template web-dev" in result["msg"]
    assert as_it_was(world, template)


def test_a_launch_that_fails_leaves_nothing(world: DeployWorld, template: Template, deploy: Deploy) -> None:
    def hook(operation: str, _where: t.Any, _request: t.Any) -> None:
        if operation == "RunInstances":
            raise error("InsufficientInstanceCapacity", operation)

    world.hook = hook
    assert "InsufficientInstanceCapacity" in deploy()["msg"]
    assert as_it_was(world, template)


def test_the_stage_has_an_account_of_its_own(world: DeployWorld, deploy: Deploy) -> None:
    there = (OTHER, SECOND)
    stage = {"account": OTHER, "region": SECOND}
    made = world.template(there, "web-dev", OLD)
    places = {"accounts": [HOME], "regions": [REGION, SECOND]}
    world.image((HOME, SECOND), ami_id(40), tags={"golden:image": "web", "golden:version": "1.1"})
    world.put((HOME, SECOND), "/golden/web/versions/1.1", ami_id(40))
    told = deploy(stage=stage, **places)
    assert f"The account {OTHER} cannot use {ami_id(40)}" in told["msg"]
    assert "share it with that account" in told["msg"]
    assert world.writes() == []
    world.image(there, ami_id(40))
    result = deploy(stage=stage, **places)
    assert (result["account"], result["region"], result["image_id"]) == (OTHER, SECOND, ami_id(40))
    assert made.image_id == ami_id(40)
    (instance,) = world.instances.values()
    assert (instance["Where"], instance["State"]["Name"]) == (there, "terminated")
    assert [world.value(place, DEV) for place in (HERE, (HOME, SECOND), there)] == [NEW, ami_id(40), None]
    assert "There is no AMI of version 1.1" in deploy(stage={"region": "ap-south-1"}, **places)["msg"]


def test_a_copy_of_the_stages_own_goes_before_what_is_shared_with_it(world: DeployWorld, deploy: Deploy) -> None:
    there = (OTHER, REGION)
    world.version("web", "1.2", 64, HERE, there)
    made = world.template(there, "web-dev", OLD)
    result = deploy(version="1.2", stage={"account": OTHER}, accounts=[HOME, OTHER], regions=[REGION])
    assert (result["image_id"], made.image_id) == (ami_id(65), ami_id(65))


def test_an_account_that_cannot_be_entered_is_told_first(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    def hook(operation: str, _where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "AssumeRole" and request["RoleArn"].endswith("role/stage"):
            raise error("AccessDenied", operation)

    world.hook = hook
    result = deploy(stage={"account": OTHER, "role_name": "stage"})
    assert f"The account {OTHER} of the stage dev cannot be entered" in result["msg"]
    assert "AccessDenied" in result["msg"]
    assert "Nothing was changed." in result["msg"]
    assert world.writes() == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"health": {"url": {"url": "ftp://{address}/"}}}, "is no URL that can be asked"),
        ({"health": {"url": {"url": "http://{address"}}}, "is no URL that can be asked"),
        ({"health": {"url": {"url": "http://{address}:0x50/"}}}, "is no URL that can be asked"),
        ({"health": {"url": {"url": "http://www.example.com/"}}}, "does not have {address}"),
        ({"health": {"url": {**URL, "status": 99}}}, "99 is no status of HTTP"),
        ({"health": {"url": {**URL, "must_say": [""]}}}, "an empty text is in every answer"),
        ({"health": {"status_checks": False}}, "nothing is asked"),
        ({"health": {"target_group": "web"}}, "is not the ARN of one"),
        ({"health": {"playbook": "/nowhere/health.yml"}}, "there is no /nowhere/health.yml"),
        ({"health": {"playbook": "/etc/hostname"}, "auto_scaling_group": GROUP}, "nobody can log in"),
        ({"health": {"target_group": TARGET_GROUP.replace("0123", "4567")}}, "TargetGroupNotFound"),
        ({"launch_template": "w!"}, "can't be the name of one"),
        ({"stage": {"account": "12"}}, "an account number has twelve digits"),
        ({"timeout": 0}, "timeout: 0 s: say 1 to"),
        ({"bake_time": -1}, "bake_time: -1 s"),
        ({"version": "9.9"}, "There is no version 9.9 of web"),
        ({"version": None}, "Promote what?"),
        ({"gates": [{"tested": True}]}, "1 of 2 gates failed"),
        ({"channel": "versions"}, "versions"),
        ({"instance": {"instance_type": "t9.huge"}, "launch_template": "another"}, "InvalidInstanceType"),
        ({"instance": {"user_data": "/nowhere"}}, "instance.user_data: /nowhere"),
        ({"auto_scaling_group": {**GROUP, "checkpoint_percentages": [50, 20]}}, "each more than the last"),
        ({"auto_scaling_group": {**GROUP, "checkpoint_delay": 5}}, "goes with checkpoint_percentages"),
        ({"auto_scaling_group": {**GROUP, "min_healthy_percentage": 101}}, "say 0 to 100"),
        ({"auto_scaling_group": GROUP}, "There is no Auto Scaling group web-dev"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_what_is_wrong_is_told_before_anything_is_changed(
    world: DeployWorld, template: Template, deploy: Deploy, given: dict[str, t.Any], said: str, check: bool
) -> None:
    result = deploy(**given, _ansible_check_mode=check)
    assert result["failed"]
    assert said in result["msg"]
    assert world.writes() == []
    assert as_it_was(world, template)


def test_a_launch_template_that_follows_the_channel_is_refused(world: DeployWorld, deploy: Deploy) -> None:
    world.template(HERE, "web-dev", f"resolve:ssm:{DEV}")
    assert "takes its AMI from resolve:ssm:/golden/web/dev at each launch" in deploy()["msg"]
    assert world.writes() == []


def test_a_soak_of_no_time_is_taken_as_given_by_check_mode_where_an_earlier_stage_comes_first(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    given = {"gates": [{"soaked": {"channel": "alpha", "days": 0}}], "expected_channels": ["alpha"]}
    assert deploy(**given, _ansible_check_mode=True)["outcome"] == "would deploy"
    assert "there is no channel alpha" in deploy(**given)["msg"]
    given["gates"] = [{"soaked": {"channel": "alpha", "days": 1}}]
    assert "there is no channel alpha" in deploy(**given, _ansible_check_mode=True)["msg"]
    assert as_it_was(world, template)


def test_a_target_group_has_the_instance_only_while_it_is_asked(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    health = {"target_group": TARGET_GROUP}
    world.target_health = {"State": "unhealthy", "Reason": "Target.ResponseCodeMismatch", "Description": "codes: [500]"}
    result = deploy(health=health, timeout=10)
    assert "target group of i-" in result["msg"]
    assert "unhealthy (codes: [500])" in result["msg"]
    assert world.targets == []
    assert as_it_was(world, template)
    world.target_health = {"State": "healthy"}
    assert deploy(health=health)["outcome"] == "deployed"
    assert world.targets == []
    writes = world.writes()
    assert writes.index("DeregisterTargets", writes.index("DeregisterTargets") + 1) < writes.index(
        "ModifyLaunchTemplate"
    )


def test_a_playbook_runs_with_a_key_of_the_run(
    world: DeployWorld, template: Template, deploy: Deploy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    playbook = tmp_path / "health.yml"
    playbook.write_text("- hosts: default\n  gather_facts: false\n  tasks: []\n")
    pairs: dict[str, dict[str, t.Any]] = {}

    def import_pair(_where: t.Any, request: dict[str, t.Any]) -> dict[str, t.Any]:
        pairs[request["KeyName"]] = request
        return {"KeyPairId": "key-1"}

    world.answers["ImportKeyPair"] = import_pair
    names: list[str] = []

    def asked(self: asking.Asking) -> Answer:
        names.append(str(self._access and self._access.key.is_file()))
        return Answer("playbook", False, "the task Say hello failed", final=True)

    monkeypatch.setattr(asking.Asking, "_playbook", asked)
    result = deploy(health={"playbook": str(playbook)})
    assert "playbook of i-" in result["msg"]
    assert "the task Say hello failed" in result["msg"]
    (instance,) = world.instances.values()
    assert ([instance["KeyName"]], names) == (list(pairs), ["True"])
    assert as_it_was(world, template)


# Groups


def test_a_group_is_refreshed_and_asked_meanwhile(world: DeployWorld, template: Template, deploy: Deploy) -> None:
    group = world.group(HERE, "web-dev", template)
    options = {**GROUP, "checkpoint_percentages": [50, 100], "checkpoint_delay": 60, "instance_warmup": 5}
    result = deploy(auto_scaling_group=options, bake_time=120)
    assert (result["outcome"], result["instance_id"], result["instance_refresh_id"]) == ("deployed", None, "refresh-1")
    (started,) = group.started
    assert started["DesiredConfiguration"] == {"LaunchTemplate": {"LaunchTemplateId": template.id, "Version": "2"}}
    assert started["Preferences"] == {
        "MinHealthyPercentage": 90,
        "InstanceWarmup": 5,
        "CheckpointPercentages": [50, 100],
        "CheckpointDelay": 60,
        "BakeTime": 120,
        "AutoRollback": True,
    }
    assert (template.default, world.value(HERE, DEV)) == (2, NEW)
    assert "RunInstances" not in world.writes()
    assert "http://10.0.0.9/" in [asked for asked, _wanted in world.asked]
    assert deploy(auto_scaling_group=options, bake_time=120)["outcome"] == "unchanged"


def test_a_group_that_is_not_healthy_is_rolled_back_and_that_is_awaited(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    world.group(HERE, "web-dev", template, script=["InProgress"])
    world.replies = lambda _asked: Reply(200, "Error establishing a database connection")
    result = deploy(auto_scaling_group=GROUP, timeout=30)
    assert result["outcome"] == "unhealthy"
    assert "which it must not" in result["msg"]
    assert "rollback of web-dev: the group is back on version 1" in result["msg"]
    assert [one["check"] for one in result["checks"]] == ["URL", "rollback"]
    assert as_it_was(world, template)


def test_a_refresh_that_aws_gives_up_is_told_with_its_reason(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    world.group(HERE, "web-dev", template, script=["InProgress", "RollbackInProgress", "RollbackSuccessful"])
    result = deploy(auto_scaling_group=GROUP)
    assert "instance refresh of web-dev: RollbackInProgress: says the test" in result["msg"]
    assert "the group is back on version 1" in result["msg"]
    assert "RollbackInstanceRefresh" not in world.writes()
    assert as_it_was(world, template)


def test_a_rollback_that_fails_is_told(world: DeployWorld, template: Template, deploy: Deploy) -> None:
    world.group(HERE, "web-dev", template, script=["InProgress"], after_rollback=["RollbackFailed"])
    world.replies = lambda _asked: Reply(500)
    result = deploy(auto_scaling_group=GROUP, timeout=30)
    assert "rollback of web-dev: RollbackFailed, 50 %: look at the group" in result["msg"]
    # The group may launch from it.
    assert "its version 2 stays, for the group may launch from it" in result["msg"]
    assert (template.default, list(template.versions)) == (1, [1, 2])


@pytest.mark.parametrize(
    ("refused", "script"),
    [("RollbackInstanceRefresh", ["InProgress"]), ("StartInstanceRefresh", ["Successful"])],
    ids=["in the middle", "after its end"],
)
def test_a_way_back_that_aws_refuses_is_told_with_what_was_not_healthy(
    world: DeployWorld, template: Template, deploy: Deploy, refused: str, script: list[str]
) -> None:
    group = world.group(HERE, "web-dev", template, script=script)

    def hook(operation: str, _where: t.Any, _request: t.Any) -> None:
        if operation == refused and group.started:
            raise error("ThrottledForGood", operation)

    world.hook = hook
    world.replies = lambda _asked: Reply(500)
    result = deploy(auto_scaling_group=GROUP, timeout=30)
    assert "answered 500" in result["msg"]
    assert "rollback of web-dev: it may run the new version, and could not be given back: " in result["msg"]
    assert "ThrottledForGood" in result["msg"]
    assert "its version 2 stays" in result["msg"]
    assert (template.default, list(template.versions)) == (1, [1, 2])


def _stops_after(world: DeployWorld, monkeypatch: pytest.MonkeyPatch, started: int) -> None:
    """Somebody ends the module while the so manieth refresh is under way."""
    goes_on = Commands.pause

    def pause(commands: Commands, seconds: float) -> None:
        if world.scaling and len(world.scaling.started) == started:
            raise Interrupted("the module got SIGTERM")
        goes_on(commands, seconds)

    monkeypatch.setattr(Commands, "pause", pause)


def test_ended_in_the_middle_the_group_is_told_of(
    world: DeployWorld, template: Template, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.group(HERE, "web-dev", template, script=["InProgress"])
    _stops_after(world, monkeypatch, 1)
    result = deploy(auto_scaling_group=GROUP)
    assert (result["outcome"], result["changed"]) == ("interrupted", False)
    assert "The Auto Scaling group web-dev: it is being rolled back, which nobody waits for" in result["msg"]
    assert "RollbackInstanceRefresh" in world.writes()
    # AWS may still need it.
    assert (template.default, list(template.versions)) == (1, [1, 2])


def test_ended_while_the_group_is_given_back_the_default_is_back_already(
    world: DeployWorld, template: Template, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hook(operation: str, _where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "PutParameter" and request["Name"] == DEV:
            raise error("AccessDeniedException", operation)

    world.group(HERE, "web-dev", template)
    world.hook = hook
    _stops_after(world, monkeypatch, 2)
    result = deploy(auto_scaling_group=GROUP)
    assert "it is being given back by the instance refresh refresh-2, which nobody waits for" in result["msg"]
    assert "AccessDeniedException" in result["msg"]
    assert "not begun" not in result["msg"]
    assert (template.default, world.value(HERE, DEV)) == (1, OLD)


def test_a_refresh_whose_answer_was_lost_goes_back_as_well(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    group = world.group(HERE, "web-dev", template, script=["InProgress"])

    def hook(operation: str, _where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "StartInstanceRefresh":
            world.hook = lambda *_given: None
            group.started.append(request)
            group.listed = [{"InstanceRefreshId": "refresh-1", "Status": "InProgress", **request}]
            raise error("InstanceRefreshInProgress", operation)

    world.hook = hook
    result = deploy(auto_scaling_group=GROUP)
    assert "InstanceRefreshInProgress" in result["msg"]
    assert "The Auto Scaling group web-dev: it is being rolled back" in result["msg"]
    assert "RollbackInstanceRefresh" in world.writes()
    assert 2 in template.versions


def test_a_group_that_runs_it_already_has_to_stay_healthy_for_as_long(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    """As a run leaves it that was killed: the group was refreshed, and nothing else was moved."""
    template.versions[2] = {**template.versions[1], "ImageId": NEW}
    template.last = 2
    group = world.group(HERE, "web-dev", template, version="2")
    assert deploy(auto_scaling_group=GROUP, bake_time=600)["outcome"] == "deployed"
    assert (world.clock >= 600, group.started) == (True, [])
    assert (world.value(HERE, DEV)) == NEW


def test_one_that_runs_it_already_and_is_not_healthy_is_said_to_go_on(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    template.versions[2] = {**template.versions[1], "ImageId": NEW}
    template.last = 2
    world.group(HERE, "web-dev", template, version="2")
    world.replies = lambda _asked: Reply(500)
    result = deploy(auto_scaling_group=GROUP, timeout=10)
    assert "web-dev: it runs this version since before this run, and goes on to" in result["msg"]
    assert (template.default, world.value(HERE, DEV)) == (1, OLD)


def test_what_was_asked_is_what_is_moved(world: DeployWorld, template: Template, deploy: Deploy) -> None:
    """The channel that it comes from goes on meanwhile."""
    world.put(HERE, "/golden/web/nightly", NEW)

    def replies(_asked: str) -> Reply:
        world.put(HERE, "/golden/web/nightly", OLD)
        return Reply(200, "Welcome")

    world.replies = replies
    result = deploy(version=None, from_channel="nightly")
    assert (result["outcome"], result["version"]) == ("deployed", "1.1"), result
    assert (template.default, world.value(HERE, DEV)) == (2, NEW)


def test_a_group_whose_refresh_has_ended_already_is_replaced_once_more(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    group = world.group(HERE, "web-dev", template, script=["Successful"])
    world.replies = lambda _asked: Reply(500)
    result = deploy(auto_scaling_group=GROUP, timeout=30)
    assert "the group is back on version 1" in result["msg"]
    versions = [one["DesiredConfiguration"]["LaunchTemplate"]["Version"] for one in group.started]
    assert versions == ["2", "1"]
    assert as_it_was(world, template)


def test_a_channel_that_cannot_be_moved_gives_the_group_back(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    def hook(operation: str, _where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "PutParameter" and request["Name"] == DEV:
            raise error("AccessDeniedException", operation)

    group = world.group(HERE, "web-dev", template)
    world.hook = hook
    result = deploy(auto_scaling_group=GROUP)
    assert "The Auto Scaling group web-dev: the group is back on version 1." in result["msg"]
    assert len(group.started) == 2
    assert as_it_was(world, template)


def test_groups_without_a_way_back_are_refused(world: DeployWorld, template: Template, deploy: Deploy) -> None:
    group = world.group(HERE, "web-dev", template, version="$Default")
    assert "from which AWS cannot roll back: let it name version 1" in deploy(auto_scaling_group=GROUP)["msg"]
    group.version, group.instances = "1", []
    assert "has no instances in service" in deploy(auto_scaling_group=GROUP)["msg"]
    group.mixed = True
    assert "has a mixed instances policy, which is not supported" in deploy(auto_scaling_group=GROUP)["msg"]
    group.mixed = False
    half = {**GROUP, "checkpoint_percentages": [50]}
    assert "the last one has to be 100" in deploy(auto_scaling_group=half)["msg"]
    assert "instances of a group are the group's" in deploy(auto_scaling_group=GROUP, keep_unhealthy=True)["msg"]
    world.template(HERE, "other", OLD)
    told = deploy(auto_scaling_group=GROUP, launch_template="other")
    assert "does not launch from the launch template other" in told["msg"]
    assert world.writes() == []


def test_the_instance_goes_whatever_the_template_says_and_is_in_no_channel(
    world: DeployWorld, template: Template, deploy: Deploy
) -> None:
    asked: list[dict[str, t.Any]] = []

    def hook(operation: str, _where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "RunInstances":
            asked.append(request)

    template.versions[1]["DisableApiTermination"] = True
    world.hook = hook
    assert deploy()["outcome"] == "deployed"
    (request,) = asked
    assert (request["DisableApiTermination"], request["DisableApiStop"]) == (False, False)
    tags = {tag["Key"] for one in request["TagSpecifications"] for tag in one["Tags"]}
    assert "golden:run" in tags
    assert "golden:channel" not in tags


def test_a_target_group_of_addresses_is_refused(world: DeployWorld, template: Template, deploy: Deploy) -> None:
    world.target_type = "ip"
    told = deploy(health={"target_group": TARGET_GROUP})
    assert "takes targets of type ip, and an instance is registered by its id" in told["msg"]
    assert as_it_was(world, template)
    assert world.writes() == []
