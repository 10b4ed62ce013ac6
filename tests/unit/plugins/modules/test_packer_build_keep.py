# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""on_error=keep: what stays, what goes, and for how long; and the module that removes it."""

from __future__ import annotations

import base64
import functools
import json
import stat
import subprocess
import typing as t
from pathlib import Path

import pytest

BASE = "ami-0bbbbbbbbbbbbbbb1"
AMI, SNAPSHOT = "ami-0aaaaaaaaaaaaaaa1", "snap-0aaaaaaaaaaaaaaa1"
DECLARED = """
variable "golden_run_tags" { type = map(string) }
variable "golden_tags" { type = map(string) }
variable "golden_manifest" { type = string }
variable "golden_keypair_name" { type = string }
variable "golden_private_key_file" { type = string }
variable "user" { default = "admin" }
"""
SOURCE = """
source "amazon-ebs" "web" {
  source_ami = "ami-0bbbbbbbbbbbbbbb1"
  ssh_username = var.user
}
build { sources = ["source.amazon-ebs.web"] }
"""
PROVISIONING = ["1,,ui,say,==> amazon-ebs.web: Provisioning with shell script: /tmp/one"]
KINDS = (("instance", "i-1"), ("security-group", "sg-1"), ("key-pair", "key-1"))
GOOD = {"ImageId": AMI, "CreationDate": "2026-11-21T09:30:00.000Z", "State": "available"}

Module = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    directory = tmp_path / "template"
    directory.mkdir()
    (directory / "image.pkr.hcl").write_text(DECLARED + SOURCE)
    return directory


@pytest.fixture
def run(build: t.Any, template: Path) -> Module:
    return functools.partial(build, template=str(template), source_ami={"id": BASE}, on_error="keep")


def state(home: Path, name: str) -> list[Path]:
    directory = home / ".local/state/golden.ami" / name
    return sorted(directory.iterdir()) if directory.exists() else []


def tagged(*resources: tuple[str, str]) -> dict[str, t.Any]:
    return {"Tags": [{"ResourceType": kind, "ResourceId": name, "Key": "golden:run"} for kind, name in resources]}


def reads(aws: t.Any) -> t.Any:
    return aws.expect("DescribeImages", {"Images": []}).expect("ImportKeyPair", {"KeyPairId": "key-1"})


def instances(*, key: str = "", running: bool = True) -> dict[str, t.Any]:
    one = {
        "InstanceId": "i-1",
        "State": {"Name": "running" if running else "terminated"},
        "KeyName": key,
        "PublicIpAddress": "192.0.2.7",
        "PrivateIpAddress": "10.0.0.7",
    }
    return {"Reservations": [{"Instances": [one]}]}


def looks(aws: t.Any, resources: tuple[tuple[str, str], ...] = KINDS) -> t.Any:
    """What a failed build asks: for what it tagged, and for the key pair that it made."""
    aws.expect("DescribeTags", tagged(*resources))
    if any(kind == "instance" for kind, _name in resources):
        aws.expect("DescribeInstances", instances())
    return aws.expect("DescribeKeyPairs", {"KeyPairs": []})


def kept(aws: t.Any, packer: t.Any, run: Module, **given: t.Any) -> dict[str, t.Any]:
    """A build whose provisioner fails, so that the instance stays. It has the key that EC2 was told."""
    packer.does("build", code=1, lines=PROVISIONING)
    reads(aws)
    own: dict[str, t.Any] = {}

    def answer(_request: dict[str, t.Any]) -> None:
        own.update(instances(key=[one["KeyName"] for operation, one in aws.seen if operation == "ImportKeyPair"][-1]))

    looks(aws).expect("DescribeInstances", own, answer)
    return run(**given)


def test_the_builder_stays_with_a_line_that_leads_into_it(aws: t.Any, packer: t.Any, run: Module, home: Path) -> None:
    result = kept(aws, packer, run)
    assert result["failed"]
    key = home / ".local/state/golden.ami/keys" / result["run_id"]
    line = f"ssh -i {key} -o StrictHostKeyChecking=accept-new admin@192.0.2.7"
    assert result["ssh"] == line
    assert result["msg"].splitlines()[-1] == line
    assert "./taskw sweep IMAGE=web KEPT=true removes it" in result["msg"]
    assert {one["id"] for one in result["leftovers"]} == {"i-1", "sg-1", "key-1"}
    assert result["removed"] == []
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [path.name for path in state(home, "keys")] == [result["run_id"]], "the public half is at EC2"
    call = packer.calls("build")[0]
    assert "-on-error=abort" in call["argv"]
    assert call["variables"]["golden_keypair_name"] == result["run_id"]
    assert call["variables"]["golden_private_key_file"] == str(key)
    assert json.loads(Path(result["profile_path"]).read_text())["outcome"] == "kept"
    assert not list(home.glob("golden-ami-*")), "what is secret in variable files does not stay"


def test_ec2_is_told_the_key_of_the_file_with_the_tags_of_the_run(
    aws: t.Any, packer: t.Any, run: Module, home: Path
) -> None:
    result = kept(aws, packer, run)
    request = next(request for operation, request in aws.seen if operation == "ImportKeyPair")
    shown = subprocess.run(
        ["ssh-keygen", "-y", "-f", str(state(home, "keys")[0])], capture_output=True, text=True, check=True
    )
    material = request["PublicKeyMaterial"]
    material = material if isinstance(material, bytes) else base64.b64decode(material)
    assert shown.stdout.split()[:2] == material.decode().split()[:2]
    assert shown.stdout.startswith("ssh-ed25519 ")
    tags = {tag["Key"]: tag["Value"] for tag in request["TagSpecifications"][0]["Tags"]}
    assert (tags["golden:run"], tags["golden:image"]) == (result["run_id"], "web")


@pytest.mark.parametrize(
    ("source", "given", "login"),
    [
        ('ssh_username = "debian"', {}, "debian@192.0.2.7"),
        ("ssh_username = var.user", {"variables": {"user": "ec2-user"}}, "ec2-user@192.0.2.7"),
        ('ssh_username = "x"\nssh_interface = "private_ip"', {}, "x@10.0.0.7"),
        ('ssh_username = "x"\nssh_port = 2222', {}, "-p 2222 x@192.0.2.7"),
        ('ssh_username = lower("X")', {}, "USER@192.0.2.7"),
    ],
)
def test_who_logs_in_is_what_the_template_says(
    aws: t.Any, packer: t.Any, run: Module, template: Path, source: str, given: dict[str, t.Any], login: str
) -> None:
    (template / "image.pkr.hcl").write_text(DECLARED + SOURCE.replace("ssh_username = var.user", source))
    assert kept(aws, packer, run, **given)["ssh"].endswith(f"accept-new {login}")


def test_who_logs_in_by_a_legacy_template(aws: t.Any, packer: t.Any, run: Module, tmp_path: Path) -> None:
    legacy = tmp_path / "web.json"
    builder = {"type": "amazon-ebs", "source_ami": BASE, "ssh_username": "{{user `login`}}", "ssh_port": 2222}
    legacy.write_text(json.dumps({"variables": {"login": "ubuntu"}, "builders": [builder]}))
    result = kept(aws, packer, run, template=str(legacy))
    assert result["ssh"].endswith("-p 2222 ubuntu@192.0.2.7")
    copied = json.loads(packer.calls("build")[0]["template"])["builders"][0]
    assert copied["ssh_keypair_name"] == result["run_id"], "a template that knows nothing of it gets the key"


def test_an_instance_with_another_key(aws: t.Any, packer: t.Any, run: Module) -> None:
    packer.does("build", code=1, lines=PROVISIONING)
    reads(aws)
    looks(aws).expect("DescribeInstances", instances(key="mine"))
    result = run()
    assert result["ssh"] is None
    assert "no way to log in is known" in result["msg"]


def test_it_is_kept_when_ec2_cannot_be_asked_how_to_log_in(aws: t.Any, packer: t.Any, run: Module, home: Path) -> None:
    packer.does("build", code=1, lines=PROVISIONING)
    reads(aws)
    marks: list[t.Any] = []

    def look(_request: dict[str, t.Any]) -> None:
        marks.append(json.loads(state(home, "runs")[0].read_text())["kept"])

    looks(aws).fail("DescribeInstances", "UnauthorizedOperation", look)
    result = run()
    assert marks[-1]["ssh"] == ""
    assert {one["id"] for one in marks[-1]["resources"]} == {"i-1", "sg-1", "key-1"}
    record = json.loads(state(home, "runs")[0].read_text())
    assert record["kept"] == marks[-1], "the next build leaves it alone"
    assert "how to log in could not be found out" in result["msg"]
    assert "UnauthorizedOperation" in result["msg"]
    assert result["ssh"] is None


def test_amis_of_other_builders_do_not_stay(aws: t.Any, packer: t.Any, run: Module) -> None:
    packer.does("build", code=1, lines=PROVISIONING)
    reads(aws)
    looks(aws, (*KINDS, ("image", AMI), ("snapshot", SNAPSHOT)))
    aws.expect("DescribeImages", {"Images": []}).expect("DeleteSnapshot")
    aws.expect("DescribeImages", {"Images": []}).expect("DescribeSnapshots", {"Snapshots": []})
    aws.expect("DescribeInstances", instances(key="mine"))
    result = run()
    assert {one["id"] for one in result["removed"]} == {AMI, SNAPSHOT}
    assert {one["id"] for one in result["leftovers"]} == {"i-1", "sg-1", "key-1"}


def goes(aws: t.Any, resources: tuple[tuple[str, str], ...] = KINDS) -> None:
    """All that is found is removed."""
    looks(aws, resources)
    kinds = [kind for kind, _name in resources]
    if "instance" in kinds:
        aws.expect("TerminateInstances").expect("DescribeInstances", instances(running=False))
    if "security-group" in kinds:
        aws.expect("DeleteSecurityGroup")
    aws.expect("DescribeKeyPairs", {"KeyPairs": [{"KeyName": "pair", "KeyPairId": "key-1"}]}).expect("DeleteKeyPair")
    if "instance" in kinds:
        aws.expect("DescribeInstances", instances(running=False))
    if "security-group" in kinds:
        aws.expect("DescribeSecurityGroups", {"SecurityGroups": []})
    aws.expect("DescribeKeyPairs", {"KeyPairs": []})


@pytest.mark.parametrize(
    "how",
    [
        {"code": 1, "lines": ["1,,ui,say,==> amazon-ebs.web: Launching a source AWS instance..."]},
        {"code": 1, "lines": [*PROVISIONING, "1,,ui,say,==> amazon-ebs.web: Stopping the source instance..."]},
        {"lines": PROVISIONING, "clean_up": "1,,ui,say,bye", "sleep": 30},
    ],
)
def test_only_a_failed_provisioner_keeps(
    aws: t.Any, packer: t.Any, run: Module, home: Path, how: dict[str, t.Any], out_of_time: int
) -> None:
    packer.does("build", **how)
    reads(aws)
    goes(aws)
    result = run(timeout=out_of_time)
    assert result["failed"]
    assert result["leftovers"] == []
    assert result["ssh"] is None
    assert not state(home, "keys")
    assert not state(home, "runs")


def test_a_builder_that_is_gone_is_not_kept(aws: t.Any, packer: t.Any, run: Module, home: Path) -> None:
    packer.does("build", code=1, lines=PROVISIONING)
    reads(aws)
    aws.expect("DescribeTags", tagged(("key-pair", "key-1"), ("snapshot", SNAPSHOT)))
    aws.expect("DescribeKeyPairs", {"KeyPairs": []}).expect("DeleteSnapshot")
    aws.expect("DescribeSnapshots", {"Snapshots": []})
    goes(aws, (("key-pair", "key-1"),))
    result = run()
    assert result["leftovers"] == []
    assert [one["id"] for one in result["removed"]] == [SNAPSHOT, "key-1"]
    assert not state(home, "keys")
    assert not state(home, "runs")


def test_of_a_good_build_neither_key_stays(aws: t.Any, packer: t.Any, run: Module, home: Path) -> None:
    packer.makes(AMI)
    reads(aws).expect("DescribeImages", {"Images": [GOOD]})
    aws.expect("DescribeTags", tagged(("image", AMI), ("key-pair", "key-1")))
    aws.expect("DescribeKeyPairs", {"KeyPairs": [{"KeyName": "pair", "KeyPairId": "key-1"}]}).expect("DeleteKeyPair")
    aws.expect("DescribeKeyPairs", {"KeyPairs": []}).expect("PutParameter").expect("CreateTags")
    result = run()
    assert not result.get("failed"), result
    assert result["leftovers"] == []
    assert not state(home, "keys")
    assert not state(home, "runs")


def test_a_key_that_ec2_does_not_take_launches_nothing(aws: t.Any, packer: t.Any, run: Module, home: Path) -> None:
    aws.expect("DescribeImages", {"Images": []}).fail("ImportKeyPair", "UnauthorizedOperation")
    looks(aws, ())
    assert "UnauthorizedOperation" in run()["msg"]
    assert not packer.calls("build")
    assert not state(home, "keys")
    assert not state(home, "runs")


def test_a_key_that_ec2_took_though_its_answer_got_lost_goes(
    aws: t.Any, packer: t.Any, run: Module, home: Path
) -> None:
    aws.expect("DescribeImages", {"Images": []}).fail("ImportKeyPair", "InvalidKeyPair.Duplicate")
    goes(aws, (("key-pair", "key-1"),))
    assert "InvalidKeyPair.Duplicate" in run()["msg"]
    assert not packer.calls("build")
    assert not state(home, "keys")
    assert not state(home, "runs")


def test_a_key_of_which_nothing_is_known_stays_on_record(aws: t.Any, packer: t.Any, run: Module, home: Path) -> None:
    aws.expect("DescribeImages", {"Images": []}).fail("ImportKeyPair", "InvalidKeyPair.Duplicate")
    aws.fail("DescribeTags", "UnauthorizedOperation")
    assert "InvalidKeyPair.Duplicate" in run()["msg"]
    assert state(home, "runs")


NO_ROOM = {
    "code": 1,
    "lines": [
        "1,,ui,error,==> x: Error launching source instance: RunInstances: InsufficientInstanceCapacity: no room"
    ],
}


def test_the_key_serves_the_next_placement_too(aws: t.Any, packer: t.Any, run: Module, home: Path) -> None:
    packer.does_in_turn("build", NO_ROOM, {"code": 1, "lines": PROVISIONING})
    reads(aws)
    own = {"KeyPairs": [{"KeyName": "pair", "KeyPairId": "key-1"}]}
    # Of the first try nothing stays but the key.
    aws.expect("DescribeTags", tagged(("key-pair", "key-1"))).expect("DescribeKeyPairs", own)
    looks(aws).expect("DescribeInstances", instances(key="mine"))
    result = run(placements=[{"user": "a"}, {"user": "b"}])
    assert {one["id"] for one in result["leftovers"]} == {"i-1", "sg-1", "key-1"}
    first, second = (call["variables"] for call in packer.calls("build"))
    assert first["golden_keypair_name"] == second["golden_keypair_name"] == result["run_id"]


def test_no_room_anywhere_keeps_nothing(aws: t.Any, packer: t.Any, run: Module, home: Path) -> None:
    packer.does("build", **NO_ROOM)
    reads(aws)
    goes(aws, (("key-pair", "key-1"),))
    assert run()["leftovers"] == []
    assert not state(home, "keys")


def over(home: Path) -> Path:
    """Records name this process, which goes on; one of another time is another one."""
    (path,) = state(home, "runs")
    path.write_text(json.dumps({**json.loads(path.read_text()), "started": 1}))
    return path


def test_the_next_build_respects_and_names_it(aws: t.Any, packer: t.Any, run: Module, home: Path) -> None:
    first = kept(aws, packer, run)
    over(home)
    packer.makes(AMI)
    aws.expect("DescribeImages", {"Images": []}).expect("DescribeImages", {"Images": [GOOD]})
    aws.expect("DescribeTags", tagged(("image", AMI))).expect("PutParameter").expect("CreateTags")
    result = run(on_error="cleanup")
    assert not result.get("failed"), result
    assert f"What the failed build {first['run_id']} of web kept for a look" in json.dumps(result["warnings"])
    assert len(state(home, "runs")) == 1
    assert len(state(home, "keys")) == 1


def test_sweep_removes_it_when_told(aws: t.Any, packer: t.Any, run: Module, sweep: Module, home: Path) -> None:
    first = kept(aws, packer, run)
    path = over(home)
    result = sweep()
    assert not result["changed"]
    assert [(one["run_id"], one["ssh"]) for one in result["kept"]] == [(first["run_id"], first["ssh"])]
    assert not sweep(images=["other"], kept=True)["changed"], "of another image"
    looks(aws)
    before = path.read_text()
    result = sweep(kept=True, _ansible_check_mode=True, _ansible_diff=True)
    assert result["changed"]
    assert {one["id"] for one in result["removed"]} == {"i-1", "sg-1", "key-1"}
    assert (result["diff"]["before"]["runs"], result["diff"]["after"]["runs"]) == ([first["run_id"]], [])
    assert path.read_text() == before
    goes(aws)
    result = sweep(kept=True, images=["web"])
    assert result["changed"]
    assert {one["id"] for one in result["removed"]} == {"i-1", "sg-1", "key-1"}
    assert not state(home, "runs")
    assert not state(home, "keys")
    again = sweep(kept=True)
    assert (again["changed"], again["removed"], again["kept"]) == (False, [], [])


def test_sweep_leaves_running_builds_and_other_accounts(
    aws: t.Any, packer: t.Any, run: Module, sweep: Module, home: Path
) -> None:
    first = kept(aws, packer, run)
    assert sweep(kept=True)["runs"] == [], "its process is alive: this one"
    path = over(home)
    path.write_text(json.dumps({**json.loads(path.read_text()), "account": "210987654321"}))
    result = sweep(kept=True)
    assert [(one["run_id"], one["account"]) for one in result["foreign"]] == [(first["run_id"], "210987654321")]
    assert not result["changed"]
    assert path.exists()


def test_sweep_fails_with_what_it_could_not_remove(
    aws: t.Any, packer: t.Any, run: Module, sweep: Module, home: Path
) -> None:
    kept(aws, packer, run)
    path = over(home)
    looks(aws, (("security-group", "sg-1"),)).fail("DeleteSecurityGroup", "UnauthorizedOperation")
    aws.expect("DescribeSecurityGroups", {"SecurityGroups": [{"GroupId": "sg-1"}]})
    result = sweep(kept=True)
    assert result["failed"]
    assert "security-group sg-1 in eu-west-1" in result["msg"]
    assert "UnauthorizedOperation" in result["msg"]
    assert [one["id"] for one in result["left"]] == ["sg-1"]
    assert path.exists()


def killed(aws: t.Any, packer: t.Any, run: Module, home: Path) -> tuple[Path, str, dict[str, t.Any]]:
    """The record of a build that was killed, its id, and the parameter that is its lock."""
    result = kept(aws, packer, run)
    path = over(home)
    path.write_text(json.dumps({**json.loads(path.read_text()), "kept": None}))
    lock = next(one["Value"] for _operation, one in aws.seen if str(one.get("Name")).endswith("/locks/build"))
    aws.locks = False
    return path, result["run_id"], {"Parameter": {"Value": lock}}


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
def test_sweep_gives_back_the_lock_of_a_killed_build(
    aws: t.Any, packer: t.Any, run: Module, sweep: Module, home: Path, region: str
) -> None:
    path, run_id, lock = killed(aws, packer, run, home)
    gone: list[str] = []
    takeover: dict[str, t.Any] = {}
    looks(aws, ())
    aws.expect("GetParameter", lock)
    aws.expect("PutParameter", {}, lambda request: takeover.update(Parameter={"Value": request["Value"]}))
    aws.expect("GetParameter", lock).expect("GetParameter", takeover)
    aws.expect("DeleteParameter", {}, lambda request: gone.append(request["Name"])).expect("DeleteParameter")
    before = len(aws.regions)
    assert sweep(region=region)["runs"] == [run_id]
    assert gone == ["/golden/web/locks/build"]
    assert {where for service, where in aws.regions[before:] if service == "ssm"} == {"eu-west-1"}
    assert not path.exists()


@pytest.mark.parametrize("how", ["ParameterAlreadyExists", "AccessDeniedException"])
def test_while_a_lock_cannot_be_removed_its_build_stays_on_record(
    aws: t.Any, packer: t.Any, run: Module, sweep: Module, home: Path, how: str
) -> None:
    path, _run_id, lock = killed(aws, packer, run, home)
    looks(aws, ())
    aws.expect("GetParameter", lock).fail("PutParameter", how)
    if how == "ParameterAlreadyExists":
        aws.expect("GetParameter", {"Parameter": {"Value": "other until 2999-01-01T00:00:00+00:00"}})
    result = sweep()
    assert result["failed"]
    assert result["left"] == [{"type": "lock", "id": "/golden/web/locks/build", "region": "eu-west-1"}]
    assert ("another run is about to remove it" if how == "ParameterAlreadyExists" else how) in result["msg"]
    assert result["runs"] == []
    assert path.exists()


def test_sweep_fails_where_it_could_not_look(aws: t.Any, packer: t.Any, run: Module, sweep: Module, home: Path) -> None:
    kept(aws, packer, run)
    path = over(home)
    aws.fail("DescribeTags", "UnauthorizedOperation")
    result = sweep(kept=True)
    assert result["failed"]
    assert "UnauthorizedOperation" in result["msg"]
    assert path.exists()
