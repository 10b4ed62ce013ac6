# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ami_test by its own main(): instances in memory, and programs that answer what a test says."""

from __future__ import annotations

import collections.abc as c
import json
import signal
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.record import runs_directory
from ansible_collections.golden.ami.plugins.module_utils._testing import cell_run, suite_run
from ansible_collections.golden.ami.plugins.module_utils._testing.cases import Case
from ansible_collections.golden.ami.plugins.module_utils._testing.commands import Commands, Ended
from ansible_collections.golden.ami.plugins.module_utils._testing.errors import TestError
from ansible_collections.golden.ami.plugins.modules import ami_test
from harness.aws_world import HOME, OTHER, result_of
from harness.instance_world import InstanceWorld, install
from harness.junit import faults

Run = t.Callable[..., dict[str, t.Any]]
BUILT = {"golden:image": "web", "golden:version": "1.0", "golden:complete": "yes"}
TESTED, TESTS = "golden:tested", "golden:tests"
INSIDE = (
    "@golden packages-dpkg\nii \tbash\t5.2\n\n@golden end packages-dpkg 0 \n@golden disk\nFilesystem 1024-blocks Used\n"
    "/dev/xvda1 100 42 58 42% /\n\n@golden end disk 0 \n@golden that is all\n"
)


class Engine:
    """In place of goss. C(cases) tells what a suite shows, by the phase that its report is of."""

    good = frozenset({0})

    def __init__(self) -> None:
        self.cases_of: c.Callable[[str], c.Sequence[Case]] = lambda _phase: [Case("a"), Case("b")]
        self.checked: list[str] = []
        self.refuses = ""
        self.seen: list[dict[str, t.Any]] = []

    def check(self, suite: t.Any, _setting: t.Any) -> None:
        self.checked.append(suite.name)
        if self.refuses:
            raise TestError(self.refuses)

    def run(self, _suite: t.Any, connection: t.Any, setting: t.Any, _report: Path) -> Ended:
        self.seen.append({"way": connection.way, "variables": dict(setting.variables)})
        return Ended(0, ("it ran",), 0.1)

    def cases(self, _suite: t.Any, _ended: Ended, report: Path) -> c.Sequence[Case]:
        return self.cases_of(report.name.partition("-")[0])


class Machine:
    """How commands on instances end."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.answer: c.Callable[[str], Ended] = lambda _command: Ended(0, (), 0)
        self.before: c.Callable[[Commands], None] = lambda _commands: None

    def run(self, commands: Commands, argv: c.Sequence[str], **_more: t.Any) -> Ended:
        self.before(commands)
        commands.check()
        self.commands.append(argv[-1])
        return Ended(0, tuple(INSIDE.splitlines()), 0) if argv[-1] == "sudo -n sh -s" else self.answer(argv[-1])


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> InstanceWorld:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return install(monkeypatch)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setitem(suite_run._ENGINES, "goss", t.cast(t.Any, made))
    return made


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    # A function, so that it is bound to the commands.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(Commands, "run", lambda commands, argv, **more: made.run(commands, argv, **more))
    monkeypatch.setattr(Commands, "pause", lambda commands, _seconds: commands.check())
    monkeypatch.setattr(Commands, "end_rest", lambda _commands: None)
    return made


@pytest.fixture
def test(
    world: InstanceWorld, engine: Engine, machine: Machine, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Run:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "goss.yaml").write_text("file: {}")
    given = {
        "suites": [{"engine": "goss", "path": str(tmp_path / "tests" / "goss.yaml")}],
        "allow_from": ["192.0.2.0/24"],
        "results_dir": str(tmp_path / "results"),
    }
    return lambda **more: result_of(ami_test.main, capsys, **{**given, **more})


def planted(world: InstanceWorld, **tags: str) -> str:
    return world.ami(tags={**BUILT, **tags})


def test_check_apply_and_then_there_is_nothing_to_do(
    world: InstanceWorld, test: Run, engine: Engine, tmp_path: Path
) -> None:
    image_id = planted(world)
    given = {"image_ids": [image_id], "_ansible_diff": True}
    check = test(**given, _ansible_check_mode=True)
    assert (check["changed"], check["outcome"], world.writes()) == (True, "would test", [])
    assert check["table"] == [f"t3.small: would launch {image_id} as t3.small and run goss, and again after a restart"]
    assert engine.checked == ["goss"]
    apply = test(**given)
    assert (apply["changed"], apply["outcome"], apply["failures"]) == (True, "passed", [])
    tags = world.tags(image_id)
    assert tags[TESTED].startswith("passed 2")
    assert tags[TESTED].endswith(f"by {apply['run_id']}")
    assert tags[TESTS] == apply["digest"]
    assert world.left() == []
    assert not list(runs_directory().glob("*"))
    assert world.operations().count("RunInstances") == 1
    (cell,) = apply["cells"]
    assert [(one["name"], one["phase"], one["tests"]) for one in cell["suites"]] == [
        ("ready", "boot", 4),
        ("goss", "boot", 2),
        ("ready", "reboot", 3),
        ("goss", "reboot", 2),
    ]
    assert cell["disk_bytes"] == 42 * 1024
    for suite in cell["suites"]:
        assert faults(Path(suite["junit"]).read_text()) == []
    assert json.loads((tmp_path / "results" / "summary.json").read_text())["outcome"] == "passed"
    before = len(world.writes())
    for mode in (True, False):
        again = test(**given, _ansible_check_mode=mode)
        assert (again["changed"], again["outcome"], again["actions"]) == (False, "unchanged", [])
    assert len(world.writes()) == before
    assert test(**given, force=True)["changed"]
    assert world.operations().count("RunInstances") == 2


def test_what_is_inside_is_kept_for_the_version(world: InstanceWorld, test: Run) -> None:
    test(image_ids=[planted(world)], reboot=False)
    (parameters,) = world.parameters.values()
    assert list(parameters) == ["/golden/web/contents/1.0/1"]


def test_a_change_of_the_tests_or_of_the_matrix_is_a_reason_to_test_again(
    world: InstanceWorld, test: Run, tmp_path: Path
) -> None:
    image_id = planted(world)
    given = {"image_ids": [image_id], "reboot": False}
    test(**given)
    (tmp_path / "tests" / "goss.yaml").write_text("file: {/etc: {exists: true}}")
    assert test(**given, _ansible_check_mode=True)["outcome"] == "would test"
    assert test(**given)["outcome"] == "passed"
    assert test(**given, instance_types=["m7i.large"], _ansible_check_mode=True)["outcome"] == "would test"
    assert test(**given, _ansible_check_mode=True)["outcome"] == "unchanged"


def test_a_failing_test_quarantines_and_is_what_the_error_shows(
    world: InstanceWorld, test: Run, engine: Engine
) -> None:
    image_id = planted(world)
    bad = [Case("a"), Case("the site", "failed", "Expected 200\nto equal 500")]
    engine.cases_of = lambda phase: bad if phase == "reboot" else [Case("a")]
    result = test(image_ids=[image_id])
    assert result["failed"]
    assert "t3.small reboot goss: the site: Expected 200\n      to equal 500" in result["msg"]
    assert result["outcome"] == "failed"
    assert world.tags(image_id)[TESTED].startswith("failed ")
    assert world.left() == []
    # The same tests that failed are worth another try.
    engine.cases_of = lambda _phase: [Case("a")]
    assert test(image_ids=[image_id])["outcome"] == "passed"
    assert world.tags(image_id)[TESTED].startswith("passed ")


def test_cells_are_independent_of_each_other(world: InstanceWorld, test: Run) -> None:
    image_id = planted(world)
    world.lacking["m7i.large"] = "InsufficientInstanceCapacity"
    result = test(image_ids=[image_id], instance_types=["m7i.large", "t3.small"], reboot=False)
    assert result["failed"]
    assert result["outcome"] == "incomplete"
    assert "m7i.large: no instance: " in result["msg"]
    assert "InsufficientInstanceCapacity" in result["msg"]
    assert {one["name"]: one["outcome"] for one in result["cells"]} == {
        "m7i.large": "not launched",
        "t3.small": "passed",
    }
    # It says nothing about the AMI.
    assert TESTED not in world.tags(image_id)
    assert world.left() == []


def test_aws_that_refuses_in_the_middle_says_nothing_about_the_ami(world: InstanceWorld, test: Run) -> None:
    image_id = planted(world)
    world.deny["RebootInstances"] = "UnauthorizedOperation"
    result = test(image_ids=[image_id])
    assert (result["failed"], result["outcome"]) == (True, "incomplete")
    assert "t3.small: broken off: " in result["msg"]
    assert [one["outcome"] for one in result["cells"]] == ["broken off"]
    assert [one["phase"] for one in result["cells"][0]["suites"]] == ["boot", "boot"]
    assert TESTED not in world.tags(image_id)
    assert world.left() == []


def test_every_cell_of_a_matrix(world: InstanceWorld, test: Run, tmp_path: Path) -> None:
    (tmp_path / "one.sh").write_text("#!/bin/sh\n")
    result = test(
        image_ids=[planted(world)],
        instance_types=["t3.small", "m7i.large"],
        subnet_ids=["subnet-0000000a", "subnet-0000000b"],
        user_data=[str(tmp_path / "one.sh")],
        reboot=False,
        public_ip=False,
        instance_profile="web",
    )
    assert {one["name"] for one in result["cells"]} == {
        f"{kind}-subnet-0000000{letter}-one" for kind in ("t3.small", "m7i.large") for letter in "ab"
    }
    requests = [request for operation, _where, request in world.calls if operation == "RunInstances"]
    assert len({one["ClientToken"] for one in requests}) == 4
    for one in requests:
        (interface,) = one["NetworkInterfaces"]
        assert interface["AssociatePublicIpAddress"] is False
        assert (one["IamInstanceProfile"], one["MetadataOptions"]["HttpTokens"]) == ({"Name": "web"}, "required")
        assert {spec["ResourceType"] for spec in one["TagSpecifications"]} == {"instance", "volume"}
        tags = {tag["Key"]: tag["Value"] for tag in one["TagSpecifications"][0]["Tags"]}
        assert (tags["golden:run"], tags["golden:image"]) == (result["run_id"], "web")
    # A group for each VPC.
    assert world.operations().count("CreateSecurityGroup") == 2


def test_what_a_group_lets_in(world: InstanceWorld, test: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "socket.create_connection", lambda *_given, **_more: type("S", (), {"close": lambda _s: None})()
    )
    test(image_ids=[planted(world)], ports=[80], allow_from=["192.0.2.0/24", "2001:db8::/32"], reboot=False)
    (request,) = [request for operation, _where, request in world.calls if operation == "AuthorizeSecurityGroupIngress"]
    assert [(one["FromPort"], one["IpRanges"], one["Ipv6Ranges"]) for one in request["IpPermissions"]] == [
        (port, [{"CidrIp": "192.0.2.0/24"}], [{"CidrIpv6": "2001:db8::/32"}]) for port in (22, 80)
    ]
    test(image_ids=[planted(world)], security_group_ids=["sg-12345678"], allow_from=[], reboot=False)
    assert world.operations().count("CreateSecurityGroup") == 1


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (("pending", "terminated"), "is terminated (says the test)"),
        (("pending", "stopped"), "is stopped (says the test)"),
    ],
)
def test_an_instance_that_never_runs(world: InstanceWorld, test: Run, states: tuple[str, ...], said: str) -> None:
    image_id = planted(world)
    world.machine = lambda _request: states
    result = test(image_ids=[image_id])
    assert f"t3.small boot ready: the instance runs: i-{0:017x} {said}" in result["msg"]
    assert world.tags(image_id)[TESTED].startswith("failed ")
    assert world.left() == []


def test_one_that_dies_in_the_restart(world: InstanceWorld, test: Run, machine: Machine) -> None:
    def answer(command: str) -> Ended:
        if "test ! -e" in command:
            world.instances[f"i-{0:017x}"].states = ["terminated"]
            return Ended(255, ("Connection refused",), 0)
        return Ended(0, (), 0)

    machine.answer = answer
    result = test(image_ids=[planted(world)])
    assert "t3.small reboot ready: SSH answers: i-" in result["msg"]
    assert "is terminated" in result["msg"]
    assert world.left() == []


def test_units_that_failed_are_not_ready(world: InstanceWorld, test: Run, machine: Machine, engine: Engine) -> None:
    machine.answer = lambda command: (
        Ended(1, ("degraded", "web.service loaded failed failed Web"), 0)
        if "is-system-running" in command
        else Ended(0, (), 0)
    )
    result = test(image_ids=[planted(world)])
    assert "t3.small boot ready: systemd is running: these units failed: web.service" in result["msg"]
    # What is not ready is not tested.
    assert engine.seen == []


def test_no_test_at_all_is_said_and_the_gate_stays_closed(world: InstanceWorld, test: Run) -> None:
    image_id = planted(world)
    result = test(image_ids=[image_id], suites=[])
    assert (result["changed"], result["outcome"]) == (False, "untested")
    assert "has no tests, so it is not tagged as tested" in result["table"][0]
    assert "has no tests" in str(result["warnings"])
    assert world.writes() == []


def test_a_broken_test_file_is_told_before_anything_is_launched(
    world: InstanceWorld, test: Run, engine: Engine
) -> None:
    engine.refuses = "suites: goss: line 3: no YAML. Nothing was launched."
    for mode in (True, False):
        assert test(image_ids=[planted(world)], _ansible_check_mode=mode)["msg"] == engine.refuses
    assert world.writes() == []


def test_all_of_a_version_get_the_tags_and_only_those_here_are_launched(world: InstanceWorld, test: Run) -> None:
    here = planted(world)
    there = world.ami(account=OTHER, region="us-east-1", tags=BUILT)
    given = {
        "image": "web",
        "version": "1.0",
        "regions": ["eu-west-1", "us-east-1"],
        "accounts": [HOME, OTHER],
        "reboot": False,
    }
    result = test(**given)
    assert {one["image_id"] for one in result["actions"]} == {here, there}
    assert world.tags(there)[TESTED] == world.tags(here)[TESTED]
    assert world.operations().count("RunInstances") == 1
    # One that was copied later lacks the tags: it gets them without another test.
    later = world.ami(region="us-east-1", tags=BUILT)
    again = test(**given)
    assert (again["changed"], again["outcome"]) == (True, "unchanged")
    assert [one["image_id"] for one in again["actions"]] == [later]
    assert world.tags(later) == world.tags(here)
    assert world.operations().count("RunInstances") == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"image_ids": ["ami-0123456789abcdef0"]}, "There is no AMI ami-0123456789abcdef0"),
        ({"instance_types": ["t9.huge"]}, "instance_types: Failed to describe the instance types"),
        ({"instance_types": ["t4g.small"]}, "t4g.small runs arm64, and the AMIs are x86_64"),
        (
            {"suites": [{"engine": "nagios", "path": "/x"}]},
            "value of engine must be one of: goss, testinfra, inspec, ansible",
        ),
        ({"timeout": 0}, "timeout: 0 s"),
    ],
)
def test_what_is_refused_before_a_write(world: InstanceWorld, test: Run, given: dict[str, t.Any], said: str) -> None:
    result = test(**{"image_ids": [planted(world)], **given})
    assert result["failed"]
    assert said in result["msg"]
    assert world.writes() == []


def test_an_ami_that_is_elsewhere_or_not_available(world: InstanceWorld, test: Run) -> None:
    there = world.ami(region="us-east-1", tags=BUILT)
    assert "set region to one of theirs" in test(image_ids=[there], regions=["us-east-1"])["msg"]
    assert "is disabled, so no instance" in test(image_ids=[world.ami(tags=BUILT, State="disabled")])["msg"]
    assert (
        "Test one version at a time"
        in test(image_ids=[planted(world), world.ami(tags={**BUILT, "golden:version": "2"})])["msg"]
    )
    assert world.writes() == []


def test_a_signal_ends_it_and_nothing_is_left(world: InstanceWorld, test: Run, machine: Machine) -> None:
    image_id = planted(world)

    def interrupt(commands: Commands) -> None:
        t.cast(t.Any, commands)._trap.received = signal.SIGTERM

    machine.before = interrupt
    result = test(image_ids=[image_id])
    assert "were stopped: the module got SIGTERM. It is not tagged." in result["msg"]
    assert world.operations().count("RunInstances") == 1
    assert world.left() == []
    assert TESTED not in world.tags(image_id)
    assert not list(runs_directory().glob("*"))


def test_whatever_breaks_in_a_cell_nothing_is_left(
    world: InstanceWorld, test: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_it(*_given: t.Any) -> None:
        raise ZeroDivisionError("a mistake in the collection")

    monkeypatch.setattr(cell_run, "run_suite", break_it)
    with pytest.raises(ZeroDivisionError):
        test(image_ids=[planted(world)], instance_types=["t3.small", "m7i.large"])
    assert world.left() == []
    assert not list(runs_directory().glob("*"))


def test_what_cannot_be_removed_is_named_and_stays_on_record(world: InstanceWorld, test: Run) -> None:
    image_id = planted(world)
    world.deny["DeleteSecurityGroup"] = "UnauthorizedOperation"
    result = test(image_ids=[image_id], reboot=False)
    assert result["failed"]
    assert "passed its tests. These are left and may cost money: security-group sg-00000000" in result["msg"]
    assert "golden.ami.build_sweep" in result["msg"]
    assert [one["type"] for one in result["leftovers"]] == ["security-group"]
    assert world.tags(image_id)[TESTED].startswith("passed ")
    (record,) = runs_directory().glob("*.json")
    assert json.loads(record.read_text())["run_id"] == result["run_id"]


def test_secrets_reach_the_tests_and_nothing_else(
    world: InstanceWorld, test: Run, engine: Engine, tmp_path: Path
) -> None:
    engine.cases_of = lambda _phase: [Case("a", "failed", "got s3cretword!", "all: s3cretword")]
    result = test(
        image_ids=[planted(world)], secret_variables={"key": "s3cretword"}, variables={"word": "x"}, reboot=False
    )
    assert engine.seen[0]["variables"] == {"word": "x", "key": "s3cretword"}
    assert "s3cretword" not in json.dumps(result)
    written = [file.read_text() for file in tmp_path.rglob("*") if file.is_file()]
    assert not [text for text in written if "s3cretword" in text]


def test_the_images_own_playbook_counts_as_a_test(
    world: InstanceWorld, test: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(suite_run._ENGINES, "check-mode", t.cast(t.Any, engine))
    (tmp_path / "play.yml").write_text("- hosts: default")
    result = test(image_ids=[planted(world)], suites=[], playbook=str(tmp_path / "play.yml"))
    (cell,) = result["cells"]
    # Once: the restart changes nothing in what it says.
    assert [(one["name"], one["phase"]) for one in cell["suites"]] == [
        ("ready", "boot"),
        ("check-mode", "boot"),
        ("ready", "reboot"),
    ]


def test_without_ssh_nothing_is_launched(world: InstanceWorld, test: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "There is no ssh, which is part of OpenSSH's client" in test(image_ids=[planted(world)])["msg"]
    assert world.writes() == []


def test_where_results_cannot_go_nothing_is_launched(world: InstanceWorld, test: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = test(image_ids=[planted(world)], results_dir=str(tmp_path / "file" / "results"))
    assert "can't be written to: Not a directory. Name another directory" in result["msg"]
    assert world.writes() == []


def test_a_restart_that_cannot_be_seen_is_told(world: InstanceWorld, test: Run, machine: Machine) -> None:
    machine.answer = lambda command: Ended(1, ("a password is required",), 0) if "touch" in command else Ended(0, (), 0)
    result = test(image_ids=[planted(world)])
    assert "reboot ready: the restart begins: admin cannot become root by sudo: a password is required" in result["msg"]
    assert "RebootInstances" not in world.operations()
