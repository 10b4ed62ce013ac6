# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""packer_build by its own main(): every call to AWS is expected in order, Packer is a program that the test wrote."""

from __future__ import annotations

import datetime
import functools
import json
import os
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest

AMI, SNAPSHOT, BASE = "ami-0aaaaaaaaaaaaaaa1", "snap-0aaaaaaaaaaaaaaa1", "ami-0bbbbbbbbbbbbbbb1"
TEMPLATE = """
variable "source_ami" { type = string }
variable "region" { type = string }
variable "golden_run_tags" { type = map(string) }
variable "golden_tags" { type = map(string) }
variable "golden_manifest" { type = string }
variable "size" { type = number }
variable "password" { type = string }
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    directory = tmp_path / "template"
    directory.mkdir()
    (directory / "image.pkr.hcl").write_text(TEMPLATE)
    return directory


@pytest.fixture
def role(tmp_path: Path) -> Path:
    directory = tmp_path / "roles" / "common"
    directory.mkdir(parents=True)
    (directory / "main.yml").write_text("---\n")
    return directory


Run = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def run(build: t.Any, template: Path, role: Path) -> Run:
    return functools.partial(
        build,
        template=str(template),
        source_ami={"ssm_parameter": "/base"},
        variables={"size": 8},
        secret_variables={"password": 'hun"ter22'},
        content={"role common": [str(role)]},
    )


def image(tags: dict[str, str] | None = None, **more: t.Any) -> dict[str, t.Any]:
    return {
        "ImageId": AMI,
        "CreationDate": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "State": "available",
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": SNAPSHOT}}],
        "Tags": [{"Key": key, "Value": value} for key, value in (tags or {}).items()],
        **more,
    }


def reads(aws: t.Any, *images: dict[str, t.Any]) -> t.Any:
    aws.expect("GetParameter", {"Parameter": {"Value": BASE}})
    return aws.expect("DescribeImages", {"Images": list(images)})


def tagged(*resources: tuple[str, str]) -> dict[str, t.Any]:
    return {"Tags": [{"ResourceType": kind, "ResourceId": name, "Key": "golden:run"} for kind, name in resources]}


def tags_of(packer: t.Any) -> dict[str, str]:
    tags: dict[str, str] = packer.calls("build")[-1]["variables"]["golden_tags"]
    return tags


def built(aws: t.Any, packer: t.Any, run: Run, **given: t.Any) -> tuple[dict[str, t.Any], dict[str, str]]:
    """A build for which all goes well; gives the result and the tags that the AMI has afterwards."""
    packer.makes(AMI)
    reads(aws)
    aws.expect("DescribeImages", {"Images": [image()]})
    aws.expect("DescribeTags", tagged(("image", AMI), ("snapshot", SNAPSHOT)))
    aws.expect("PutParameter")
    aws.expect("CreateTags")
    result = run(**given)
    assert not result.get("failed"), result
    return result, {**tags_of(packer), "golden:complete": "yes"}


def test_first_build(aws: t.Any, packer: t.Any, run: Run, home: Path) -> None:
    result, tags = built(aws, packer, run, version="20261121093000")
    assert result["changed"]
    assert result["reason"] == "web is to be built: there is no AMI of web in eu-west-1 yet."
    artifact = {"name": "base", "builder": "amazon-ebs", "region": "eu-west-1", "ami_id": AMI}
    assert result["artifacts"] == [{**artifact, "snapshot_ids": [SNAPSHOT]}]
    assert tags["Name"] == "web-20261121093000"
    assert tags["golden:source-ami"] == BASE
    assert tags["golden:fingerprint"] == result["fingerprint"]
    lock = [(operation, request["Name"]) for operation, request in aws.seen if "/locks/" in request.get("Name", "")]
    assert lock == [("PutParameter", "/golden/web/locks/build"), ("DeleteParameter", "/golden/web/locks/build")]
    parameter, completing, _unlocking = (request for _operation, request in aws.seen[-3:])
    assert {"Key": "golden:complete", "Value": "yes"} in completing["Tags"]
    assert AMI in completing["Resources"]
    assert parameter["Name"] == "/golden/web/versions/20261121093000"
    assert (parameter["DataType"], parameter["Value"]) == ("aws:ec2:image", AMI)
    assert not parameter.get("Overwrite"), "a version is written once"
    assert len(aws.operations) <= 10
    call = packer.calls("build")[0]
    assert call["group"], "Packer leads a process group"
    assert call["variables"]["golden_run_tags"]["golden:run"] == result["run_id"]
    state = home / ".local/state/golden.ami"
    assert not list((state / "runs").iterdir()), "the record of the run is gone"
    assert not list(home.glob("golden-ami-*")), "so are variable files and manifest"
    assert oct(Path(result["log_path"]).stat().st_mode & 0o777) == "0o600"


def test_unchanged_with_two_reads(aws: t.Any, packer: t.Any, run: Run) -> None:
    _result, tags = built(aws, packer, run)
    before = len(aws.operations)
    reads(aws, image(tags))
    result = run(_ansible_diff=True)
    assert not result["changed"]
    assert result["reason"].startswith(f"{AMI} (version {tags['golden:version']}) is still good: nothing changed since")
    assert result["diff"]["before"] == result["diff"]["after"]
    assert result["artifacts"][0]["ami_id"] == AMI
    assert aws.operations[before:] == ["GetParameter", "DescribeImages"]
    assert len(packer.calls("build")) == 1


def test_check_mode_names_what_changed_and_touches_nothing(
    aws: t.Any, packer: t.Any, run: Run, role: Path, home: Path
) -> None:
    _result, tags = built(aws, packer, run)
    (role / "main.yml").write_text("--- # changed\n")
    files = sorted(home.rglob("*"))
    reads(aws, image(tags))
    result = run(_ansible_check_mode=True, _ansible_diff=True)
    assert result["changed"]
    assert "role common changed (main.yml) since" in result["reason"]
    parts = result["diff"]
    assert parts["before"]["parts"]["role:common"] != parts["after"]["parts"]["role:common"]
    assert parts["before"]["parts"]["template"] == parts["after"]["parts"]["template"]
    assert len(packer.calls("build")) == 1
    assert len(packer.calls("validate")) == 2
    assert sorted(home.rglob("*")) == files


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"variables": {"size": 9}}, "variables changed (size)"),
        ({"secret_variables": {"password": "another"}}, None),
        ({"force": True}, "asked for with force"),
        ({"max_age": 86400}, None),
    ],
)
def test_what_decides(aws: t.Any, packer: t.Any, run: Run, given: dict[str, t.Any], reason: str | None) -> None:
    _result, tags = built(aws, packer, run)
    reads(aws, image(tags))
    result = run(_ansible_check_mode=True, **given)
    assert result["changed"] == bool(reason)
    assert (reason or "still good") in result["reason"]


def test_max_age(aws: t.Any, packer: t.Any, run: Run) -> None:
    _result, tags = built(aws, packer, run)
    reads(aws, image(tags, CreationDate="2026-01-01T00:00:00.000Z"))
    result = run(_ansible_check_mode=True, max_age=86400)
    assert result["changed"]
    assert "more than 24 hours" in result["reason"]


def test_new_base_is_named(aws: t.Any, packer: t.Any, run: Run) -> None:
    _result, tags = built(aws, packer, run)
    aws.expect("DescribeImages", {"Images": [image(tags)]})
    result = run(_ansible_check_mode=True, source_ami={"id": "ami-0cccccccccccccccc"})
    assert f"base changed ({BASE} → ami-0cccccccccccccccc)" in result["reason"]


def test_base_by_name_takes_the_newest_of_these_owners(aws: t.Any, run: Run) -> None:
    def check(request: dict[str, t.Any]) -> None:
        assert request["Owners"] == ["136693071363"]

    old = {"ImageId": "ami-0ffffffffffffffff", "CreationDate": "2025-01-01T00:00:00.000Z"}
    new = {"ImageId": "ami-00000000000000001", "CreationDate": "2026-01-01T00:00:00.000Z"}
    aws.expect("DescribeImages", {"Images": [new, old]}, check).expect("DescribeImages", {"Images": []})
    result = run(_ansible_check_mode=True, source_ami={"owners": ["136693071363"], "name": "debian-12-*"})
    assert result["source_ami"] == "ami-00000000000000001"


def test_base_of_another_image(aws: t.Any, run: Run) -> None:
    aws.expect("DescribeImages", {"Images": [image()]}).expect("DescribeImages", {"Images": []})
    assert run(_ansible_check_mode=True, source_ami={"image": "base"})["source_ami"] == AMI
    aws.expect("DescribeImages", {"Images": []})
    assert "build it first: -e image=base,web" in run(source_ami={"image": "base"})["msg"]
    assert "missing parameter(s) required by 'channel': image" in run(source_ami={"id": AMI, "channel": "x"})["msg"]


def test_base_that_is_not_there(aws: t.Any, packer: t.Any, run: Run) -> None:
    aws.fail("GetParameter", "ParameterNotFound")
    result = run()
    assert "There is no SSM parameter /base in eu-west-1" in result["msg"]
    assert not packer.calls("build")


def test_invalid_template_launches_nothing(aws: t.Any, packer: t.Any, run: Run) -> None:
    packer.does("validate", lines=["Error: Missing item", "", "  on a.pkr.hcl line 7:", "", "It is not there."], code=1)
    reads(aws)
    result = run()
    assert "a.pkr.hcl:7: Missing item: It is not there." in result["msg"]
    assert result["diagnostics"][0]["line"] == 7
    assert not packer.calls("build")


def test_secrets_stay_secret(aws: t.Any, packer: t.Any, run: Run, home: Path) -> None:
    packer.makes(
        AMI, lines=['1,,ui,say,the password is hun"ter22', '1,,ui,say,{"p": "hun\\"ter22"}', "1,,ui,say,aHVuInRlcjIy"]
    )
    reads(aws)
    aws.expect("DescribeImages", {"Images": [image()]}).expect("DescribeTags", tagged()).expect("PutParameter")
    aws.expect("CreateTags")
    result = run()
    call = packer.calls("build")[0]
    assert call["variables"]["password"] == 'hun"ter22'
    assert set(call["modes"]) == {"0o600"}
    log = Path(result["log_path"]).read_text()
    for form in ('hun"ter22', 'hun\\"ter22', "aHVuInRlcjIy", "local-secret-key"):
        assert form not in json.dumps(call["argv"])
        assert form not in log
        assert form not in json.dumps(result)
    assert "the password is ********" in log
    assert "hun" not in json.dumps([request for _operation, request in aws.seen])


def test_keys_of_the_environment_stay_secret(
    aws: t.Any, packer: t.Any, run: Run, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (template / "more.pkr.hcl").write_text('variable "pin" {\n  sensitive = true\n}\n')
    secrets = {
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-chain",
        "AWS_SESSION_TOKEN": "session-of-the-chain",
        "DB_PASSWORD": "password-of-the-caller",
        "PKR_VAR_pin": "pin-of-the-caller",
    }
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDCHAIN")
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    given = {**secrets, "MIRROR_TOKEN": "token-of-the-play"}
    packer.does("build", code=1, lines=[f"1,,ui,say,    base: {name}={value}" for name, value in given.items()])
    reads(aws).expect("DescribeTags", tagged())
    chain = {"endpoint_url": None, "access_key": None, "secret_key": None}
    result = run(**chain, environment={"MIRROR_TOKEN": given["MIRROR_TOKEN"]})
    assert packer.calls("build")[0]["environment"]["AWS_SECRET_ACCESS_KEY"] == "secret-of-the-chain"
    log = Path(result["log_path"]).read_text()
    for name, value in given.items():
        assert f"{name}=********" in log
        assert value not in log + json.dumps(result)


def test_what_a_template_declares_sensitive_stays_secret(
    aws: t.Any, packer: t.Any, run: Run, template: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (template / "more.pkr.hcl").write_text(
        'variable "lic" {\n  default = env("LICENSE_CODE")\n  sensitive = true\n}\nvariable "pin" { sensitive = true }\n'
    )
    monkeypatch.setenv("LICENSE_CODE", "license-of-the-caller")
    lines = ["1,,ui,say,it is license-of-the-caller", "1,,ui,say,and pin-of-the-play"]
    packer.makes(AMI, lines=lines)
    reads(aws)
    aws.expect("DescribeImages", {"Images": [image()]}).expect("DescribeTags", tagged()).expect("PutParameter")
    aws.expect("CreateTags")
    result = run(variables={"size": 8, "pin": "pin-of-the-play"})
    assert not result.get("failed"), result
    log = Path(result["log_path"]).read_text()
    assert "it is ********" in log
    assert "and ********" in log
    assert "pin-of-the-play" not in json.dumps(result), "nor where the result repeats the options"
    (memory,) = (home / ".local/state/golden.ami/fingerprints/web").iterdir()
    parts = json.loads(memory.read_text())["parts"]
    assert parts["environment"]["LICENSE_CODE"] == parts["variables"]["pin"] == "secret"
    tags = {**tags_of(packer), "golden:complete": "yes"}
    monkeypatch.setenv("LICENSE_CODE", "another one")
    reads(aws, image(tags))
    assert not run(variables={"size": 8, "pin": "another one"})["changed"]


@pytest.mark.parametrize(
    "given",
    [
        {"version": "a/b"},
        {"region": None},
        {"template": "/nowhere"},
        {"requirements": "/nowhere"},
        {"content": {"x": 1}},
    ],
)
def test_a_refusal_repeats_no_sensitive_value(aws: t.Any, run: Run, template: Path, given: dict[str, t.Any]) -> None:
    (template / "more.pkr.hcl").write_text('variable "pin" { sensitive = true }')
    result = run(**{"variables": {"pin": "pin-of-the-play"}, **given, "_ansible_inject_invocation": True})
    assert result["failed"]
    assert result["invocation"]["module_args"]["variables"] == {"pin": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}
    assert "pin-of-the-play" not in json.dumps(result)
    assert aws.seen == []


def test_a_sensitive_value_that_is_the_name_damages_no_result(
    aws: t.Any, packer: t.Any, run: Run, template: Path
) -> None:
    (template / "more.pkr.hcl").write_text('variable "db_name" { sensitive = true }')
    variables = {"size": 8, "db_name": "wordpress"}
    result, _tags = built(
        aws, packer, run, name="wordpress", version="wordpress-1", variables=variables, _ansible_inject_invocation=True
    )
    assert (result["image"], result["version"]) == ("wordpress", "wordpress-1")
    hidden = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    assert result["invocation"]["module_args"]["variables"] == {"size": 8, "db_name": hidden}


def test_variables_in_the_environment_are_content(
    aws: t.Any, packer: t.Any, run: Run, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (template / "more.pkr.hcl").write_text('variable "flavour" {}\nvariable "pin" { sensitive = true }\n')
    names = ("PKR_VAR_flavour", "PKR_VAR_pin")
    for name in names:
        monkeypatch.setenv(name, "first")
    _result, tags = built(aws, packer, run)
    # Neither a secret one, nor one that is set by an option, nor one that the template does not know.
    for name in ("PKR_VAR_pin", "PKR_VAR_size", "PKR_VAR_unknown"):
        monkeypatch.setenv(name, "second")
    reads(aws, image(tags))
    assert not run()["changed"]
    monkeypatch.setenv("PKR_VAR_flavour", "second")
    reads(aws, image(tags))
    assert "environment changed (PKR_VAR_flavour) since" in run(_ansible_check_mode=True)["reason"]
    monkeypatch.setenv("PKR_VAR_flavour", "first")
    reads(aws, image(tags))
    assert "environment changed (MIRROR) since" in run(_ansible_check_mode=True, environment={"MIRROR": "x"})["reason"]


def test_real_looking_credentials_are_never_used(
    aws: t.Any, packer: t.Any, run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".aws").mkdir()
    planted = "[default]\naws_access_key_id = AKIAREALFILE\naws_secret_access_key = real-file-secret\n"
    (home / ".aws/credentials").write_text(planted)
    (home / "local.ini").write_text(planted.replace("default", "golden-local").replace("REALFILE", "LOCAL"))
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"):
        # As a play's environment empties what it must not use.
        monkeypatch.setenv(name, "")
    real = {
        "AWS_ENDPOINT_URL_EC2": "https://ec2.real.example",
        "AWS_SECURITY_TOKEN": "real-token",
        "AWS_ROLE_ARN": "arn:aws:iam::1:role/real",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/real",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://real.example",
        "AWS_DEFAULT_PROFILE": "real",
    }
    for name, value in real.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "local.ini"))
    monkeypatch.setenv("AWS_PROFILE", "golden-local")
    packer.makes(AMI)
    reads(aws)
    aws.expect("DescribeImages", {"Images": [image()]}).expect("DescribeTags", tagged()).expect("PutParameter")
    aws.expect("CreateTags")
    result = run(access_key="", secret_key="", profile="golden-local")
    assert not result.get("failed"), result
    for call in packer.calls():
        seen = {name: value for name, value in call["environment"].items() if name.startswith("AWS")}
        assert seen == {
            "AWS_ACCESS_KEY_ID": "AKIALOCAL",
            "AWS_SECRET_ACCESS_KEY": "real-file-secret",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }


def test_failing_provisioner_in_its_own_words(aws: t.Any, packer: t.Any, run: Run, home: Path) -> None:
    lines = [
        "1,,ui,say,    amazon-ebs.base: TASK [wordpress : Install it] ****",
        '1,,ui,say,    amazon-ebs.base: fatal: [default]: FAILED! => {"changed": false%!(PACKER_COMMA) "msg": "No package x"}',
        "1,,ui,error,Build 'amazon-ebs.base' errored: Error executing Ansible: exit status 2",
    ]
    packer.does("build", lines=lines, code=1)
    reads(aws).expect("DescribeTags", tagged())
    result = run()
    assert result["failed"]
    assert result["msg"].startswith("The build of web failed in 'wordpress : Install it': No package x. The log is")
    assert result["rc"] == 1
    assert result["last_lines"][-1].startswith("Build 'amazon-ebs.base' errored")
    assert result["leftovers"] == []
    assert not list((home / ".local/state/golden.ami/runs").iterdir())


def test_leftovers_are_removed_in_order(aws: t.Any, packer: t.Any, run: Run) -> None:
    packer.does("build", kill=True)
    left = [("instance", "i-1"), ("security-group", "sg-1"), ("volume", "vol-1"), ("key-pair", "key-1"), ("image", AMI)]
    running = {"Reservations": [{"Instances": [{"InstanceId": "i-1", "State": {"Name": "running"}}]}]}
    gone: dict[str, t.Any] = {"Reservations": []}
    pair = {"KeyPairs": [{"KeyPairId": "key-1", "KeyName": "packer_1"}]}
    reads(aws).expect("DescribeTags", tagged(*left)).expect("DescribeInstances", running)
    aws.expect("TerminateInstances").expect("DescribeInstances", gone).expect("DeleteSecurityGroup")
    aws.expect("DeleteVolume").expect("DescribeKeyPairs", pair).expect("DeleteKeyPair")
    aws.expect("DescribeImages", {"Images": [image()]}).expect("DeregisterImage").expect("DeleteSnapshot")
    aws.expect("DescribeInstances", gone).expect("DescribeSecurityGroups", {"SecurityGroups": []})
    aws.expect("DescribeVolumes", {"Volumes": []}).expect("DescribeKeyPairs", {"KeyPairs": []})
    aws.expect("DescribeImages", {"Images": []}).expect("DescribeSnapshots", {"Snapshots": []})
    result = run()
    assert "Packer was killed by signal 9" in result["msg"]
    assert result["leftovers"] == []
    assert {one["id"] for one in result["removed"]} == {"i-1", "sg-1", "vol-1", "key-1", AMI, SNAPSHOT}


def test_success_with_leftovers_that_stay_is_a_failure(aws: t.Any, packer: t.Any, run: Run) -> None:
    packer.makes(AMI)
    reads(aws).expect("DescribeImages", {"Images": [image()]})
    aws.expect("DescribeTags", tagged(("image", AMI), ("snapshot", SNAPSHOT), ("security-group", "sg-9")))
    aws.fail("DeleteSecurityGroup", "UnauthorizedOperation")
    aws.expect("DescribeSecurityGroups", {"SecurityGroups": [{"GroupId": "sg-9"}]}).expect("PutParameter")
    aws.expect("CreateTags")
    result = run()
    assert result["failed"]
    assert "security-group sg-9 in eu-west-1" in result["msg"]
    assert "UnauthorizedOperation" in result["msg"]
    assert result["leftovers"] == [{"region": "eu-west-1", "type": "security-group", "id": "sg-9"}]
    assert result["artifacts"][0]["ami_id"] == AMI


def test_an_ami_that_was_not_completed_is_no_good_one(aws: t.Any, packer: t.Any, run: Run) -> None:
    packer.makes(AMI)
    reads(aws).expect("DescribeImages", {"Images": [image()]}).expect("DescribeTags", tagged(("image", AMI)))
    aws.fail("PutParameter", "AccessDeniedException")
    result = run()
    assert result["failed"]
    assert "could not be completed: Failed to write the SSM parameter /golden/web/versions/" in result["msg"]
    assert f"image {AMI} in eu-west-1, snapshot {SNAPSHOT} in eu-west-1" in result["msg"]
    assert "./taskw sweep IMAGE=web removes it" in result["msg"]
    assert [one["id"] for one in result["leftovers"]] == [AMI, SNAPSHOT]
    assert result["artifacts"][0]["ami_id"] == AMI
    reads(aws, image(tags_of(packer)))
    result = run(_ansible_check_mode=True)
    assert result["changed"]
    assert "its version record and tags were not completed" in result["reason"]


@pytest.mark.parametrize(("written", "failed"), [(AMI, False), ("ami-0eeeeeeeeeeeeeee1", True)])
def test_a_version_record_that_is_there_already(
    aws: t.Any, packer: t.Any, run: Run, written: str, failed: bool
) -> None:
    packer.makes(AMI)
    reads(aws).expect("DescribeImages", {"Images": [image()]}).expect("DescribeTags", tagged(("image", AMI)))
    aws.fail("PutParameter", "ParameterAlreadyExists").expect("GetParameter", {"Parameter": {"Value": written}})
    if not failed:
        aws.expect("CreateTags")
    result = run()
    assert result.get("failed", False) == failed
    assert ("ParameterAlreadyExists" in result.get("msg", "")) == failed


def test_ids_are_learned_where_a_template_takes_no_tags(aws: t.Any, packer: t.Any, run: Run, template: Path) -> None:
    (template / "image.pkr.hcl").write_text(TEMPLATE.replace('variable "golden_run_tags" { type = map(string) }', ""))
    packer.does("build", lines=["1,,ui,say,==> x: Instance ID: i-0123456789abcdef0"], code=1)
    reads(aws).expect("DescribeTags", tagged()).expect("DescribeInstances", {"Reservations": []})
    assert run()["leftovers"] == []


def test_an_ami_that_cannot_be_looked_at_is_named(aws: t.Any, packer: t.Any, run: Run, home: Path) -> None:
    packer.makes(AMI)
    reads(aws).fail("DescribeImages", "UnauthorizedOperation")
    result = run()
    assert "was made, but could not be looked at: Failed to describe images" in result["msg"]
    assert result["leftovers"] == [{"region": "eu-west-1", "type": "image", "id": AMI}]
    assert list((home / ".local/state/golden.ami/runs").iterdir()), "the sweep finds it"


def test_what_expired_credentials_cannot_remove_is_named(aws: t.Any, packer: t.Any, run: Run, home: Path) -> None:
    lines = [
        "1,,ui,say,==> x: Creating temporary keypair: packer_1",
        "1,,ui,say,==> x: Instance ID: i-0123456789abcdef0",
        "1,,ui,error,==> x: Error stopping instance: api error RequestExpired: Request has expired.",
    ]
    packer.does("build", lines=lines, code=1)
    reads(aws).fail("DescribeTags", "RequestExpired")
    result = run()
    assert "The credentials have expired: get new ones, that last as long as a build" in result["msg"]
    assert "instance i-0123456789abcdef0 in eu-west-1, key-pair packer_1 in eu-west-1" in result["msg"]
    assert "./taskw sweep IMAGE=web removes it" in result["msg"]
    assert [one["id"] for one in result["leftovers"]] == ["i-0123456789abcdef0", "packer_1"]
    assert list((home / ".local/state/golden.ami/runs").iterdir()), "the sweep finds it"


def test_a_lock_that_stays_is_on_record(aws: t.Any, packer: t.Any, run: Run, home: Path) -> None:
    aws.locks = False
    packer.makes(AMI)
    reads(aws).expect("PutParameter").expect("DescribeImages", {"Images": []})
    aws.expect("DescribeImages", {"Images": [image()]}).expect("DescribeTags", tagged())
    aws.expect("PutParameter").expect("CreateTags").fail("DeleteParameter", "AccessDeniedException")
    result = run()
    assert not result.get("failed"), result
    (path,) = (home / ".local/state/golden.ami/runs").iterdir()
    assert json.loads(path.read_text())["locks"]
    assert json.loads(path.read_text())["artifacts"] == [AMI, SNAPSHOT]
    assert json.loads(path.read_text())["complete"], "so the next build does not take them for unfinished ones"


def test_where_the_amis_are_is_on_record(aws: t.Any, packer: t.Any, run: Run, home: Path) -> None:
    packer.does("build", **packer.made(AMI, region="us-east-1"))
    reads(aws).expect("DescribeImages", {"Images": [image()]}).fail("DescribeTags", "UnauthorizedOperation")
    assert "could not be completed" in run()["msg"]
    (path,) = (home / ".local/state/golden.ami/runs").iterdir()
    assert json.loads(path.read_text())["learned"]["regions"] == ["us-east-1"]
    assert not json.loads(path.read_text())["complete"]


def test_artifact_that_ec2_does_not_know(aws: t.Any, packer: t.Any, run: Run) -> None:
    packer.makes(AMI)
    reads(aws).expect("DescribeImages", {"Images": []}).expect("DescribeTags", tagged())
    assert "EC2 does not know it" in run()["msg"]


def test_an_artifact_of_another_run(aws: t.Any, packer: t.Any, run: Run) -> None:
    packer.makes(AMI, lines=["1,,ui,error,x: something that did not matter"])
    foreign = image({"golden:run": "golden-of-old"}, CreationDate="2026-11-21T09:30:00.000Z")
    reads(aws).expect("DescribeImages", {"Images": [foreign]}).expect("DescribeTags", tagged())
    assert (
        f"base: {AMI} in eu-west-1 is named as a result, but it was made by the run golden-of-old on 2026-11-21 09:30:00 UTC,"
        " before this build began; it stays as it is."
    ) in run()["msg"]


def test_an_artifact_with_the_copied_tags_of_its_parent(aws: t.Any, packer: t.Any, run: Run) -> None:
    packer.makes(AMI)
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)
    tags = {"golden:run": "golden-of-parent", "golden:complete": "yes"}
    copied = image(tags, CreationDate=soon.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    reads(aws).expect("DescribeImages", {"Images": [copied]}).expect("DescribeTags", tagged()).expect("PutParameter")
    aws.expect("CreateTags")
    result = run()
    assert not result.get("failed"), result
    (tagging,) = (request for operation, request in aws.seen if operation == "CreateTags")
    assert {"Key": "golden:run", "Value": result["run_id"]} in tagging["Tags"]
    assert AMI in tagging["Resources"]


def test_artifacts_from_messages_without_a_manifest(aws: t.Any, packer: t.Any, run: Run) -> None:
    line = f"1,amazon-ebs.base,artifact,0,id,eu-west-1:{AMI}"
    packer.does("build", lines=[line, line.replace(",0,", ",1,")])
    reads(aws).expect("DescribeImages", {"Images": [image()]}).expect("DescribeTags", tagged()).expect("PutParameter")
    aws.expect("CreateTags")
    assert [one["ami_id"] for one in run()["artifacts"]] == [AMI]


def test_timeout_ends_packer_in_peace(aws: t.Any, packer: t.Any, run: Run, out_of_time: int) -> None:
    packer.does("build", clean_up="1,,ui,say,cleaned up after {}", sleep=60)
    reads(aws).expect("DescribeTags", tagged())
    result = run(timeout=out_of_time)
    assert f"it took longer than the timeout of {out_of_time} s" in result["msg"]
    assert result["last_lines"] == ["cleaned up after SIGINT"]


def test_after_a_timeout_packer_may_say_what_took_so_long(
    aws: t.Any, packer: t.Any, run: Run, out_of_time: int
) -> None:
    said = "1,,ui,error,==> x: Error launching source instance: RunInstances: api error RequestLimitExceeded: no"
    packer.does("build", clean_up=said, sleep=60)
    reads(aws).expect("DescribeTags", tagged())
    message = run(timeout=out_of_time)["msg"]
    assert f"the timeout of {out_of_time} s. Packer said then: Error launching source instance: RunInstances" in message
    assert "come too fast" in message


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_to_the_module(aws: t.Any, packer: t.Any, run: Run, number: signal.Signals) -> None:
    packer.does("build", clean_up="1,,ui,say,cleaned up after {}", sleep=60, signal_parent=int(number))
    reads(aws).expect("DescribeTags", tagged())
    result = run()
    assert f"the module got {number.name}" in result["msg"]
    assert result["last_lines"] == ["cleaned up after SIGINT"]


def test_orphans_of_a_killed_packer_are_ended(aws: t.Any, packer: t.Any, run: Run) -> None:
    packer.does("build", orphan=True, kill=True)
    reads(aws).expect("DescribeTags", tagged())
    result = run()
    mark = f"GOLDEN_AMI_RUN={result['run_id']}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            assert mark not in environment.split(b"\0") or (entry / "stat").read_text().split()[2] == "Z"


def dead_record(home: Path, **more: t.Any) -> Path:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    runs = home / ".local/state/golden.ami/runs"
    runs.mkdir(parents=True)
    record = {
        "run_id": "golden-20260101000000-abcdef",
        "image": "web",
        "region": "eu-west-1",
        "endpoint_url": "http://127.0.0.1:9",
        "profile": None,
        "pid": ended.pid,
        "started": 1,
        "host": os.uname().nodename,
        "scratch": str(home / "golden-ami-dead"),
        "learned": {"instances": [], "key_pairs": [], "security_groups": [], "images": [], "regions": []},
        "artifacts": [],
        **more,
    }
    path = runs / f"{record['run_id']}.json"
    path.write_text(json.dumps(record))
    return path


def test_next_build_sweeps_what_a_killed_one_left(aws: t.Any, packer: t.Any, run: Run, home: Path) -> None:
    path = dead_record(home)
    (home / "golden-ami-dead").mkdir()
    aws.expect("DescribeTags", tagged(("volume", "vol-1"))).expect("DeleteVolume").expect(
        "DescribeVolumes", {"Volumes": []}
    )
    result, _tags = built(aws, packer, run)
    assert "Removed volume vol-1 in eu-west-1, which a killed build had left." in json.dumps(result["warnings"])
    assert not path.exists()
    assert not (home / "golden-ami-dead").exists()


@pytest.mark.parametrize("other", [{"endpoint_url": None}, {"host": "elsewhere"}, {"profile": "another"}])
def test_records_of_others_are_left_alone(
    aws: t.Any, packer: t.Any, run: Run, home: Path, other: dict[str, t.Any]
) -> None:
    path = dead_record(home, **other)
    built(aws, packer, run)
    assert path.exists()


def test_records_of_another_account_are_left_alone_and_named(aws: t.Any, packer: t.Any, run: Run, home: Path) -> None:
    path = dead_record(home, account="210987654321")
    result, _tags = built(aws, packer, run)
    assert path.exists()
    warnings = json.dumps(result["warnings"])
    assert "golden-20260101000000-abcdef of web was killed in the AWS account 210987654321" in warnings
    assert str(path) in warnings


@pytest.mark.parametrize(("known", "forgotten"), [({"account": "123456789012"}, True), ({}, False)])
def test_records_are_forgotten_only_in_their_account(
    aws: t.Any, packer: t.Any, run: Run, home: Path, known: dict[str, str], forgotten: bool
) -> None:
    path = dead_record(home, **known)
    aws.expect("DescribeTags", tagged())
    built(aws, packer, run)
    assert path.exists() is not forgotten


def test_record_of_a_run_names_its_account(aws: t.Any, packer: t.Any, run: Run, home: Path) -> None:
    packer.does("build", code=1)
    records: list[dict[str, t.Any]] = []
    runs = home / ".local/state/golden.ami/runs"
    reads(aws).expect(
        "DescribeTags", tagged(), lambda _request: records.extend(json.loads(p.read_text()) for p in runs.iterdir())
    )
    run()
    assert [record["account"] for record in records] == ["123456789012"]
    assert time.time() - records[0]["learned"]["began"] < 600


def test_a_way_to_sts_is_not_needed(aws: t.Any, packer: t.Any, run: Run) -> None:
    packer.makes(AMI)
    reads(aws).fail("GetCallerIdentity", "AccessDenied").expect("DescribeImages", {"Images": [image()]})
    aws.expect("DescribeTags", tagged(("image", AMI), ("snapshot", SNAPSHOT))).expect("PutParameter")
    aws.expect("CreateTags")
    result = run()
    assert result["changed"]
    assert "It is not known which AWS account this is" in json.dumps(result["warnings"])


def test_instances_that_a_provisioner_speaks_of_are_not_terminated(
    aws: t.Any, packer: t.Any, run: Run, template: Path
) -> None:
    (template / "image.pkr.hcl").write_text(TEMPLATE.replace('variable "golden_run_tags" { type = map(string) }', ""))
    spoken = "1,,ui,say,    x: Database Instance ID: i-0aaaaaaaaaaaaaaaa"
    # As if it came before Packer's own: only the proof is left.
    imitated = "1,,ui,say,==> x: Instance ID: i-0bbbbbbbbbbbbbbbb"
    packer.does("build", lines=[spoken, imitated], code=1)
    database = {"InstanceId": "i-0bbbbbbbbbbbbbbbb", "State": {"Name": "running"}, "KeyName": "mine"}

    def asked(request: dict[str, t.Any]) -> None:
        assert request["Filters"][0]["Values"] == ["i-0bbbbbbbbbbbbbbbb"]

    answer = {"Reservations": [{"Instances": [database]}]}
    reads(aws).expect("DescribeTags", tagged()).expect("DescribeInstances", answer, asked)
    result = run()
    assert result["leftovers"] == [{"region": "eu-west-1", "type": "instance", "id": "i-0bbbbbbbbbbbbbbbb"}]
    assert "nothing proves that this build made it" in result["msg"]


def test_legacy_template_runs_from_a_copy_with_run_tags(aws: t.Any, packer: t.Any, run: Run, tmp_path: Path) -> None:
    legacy = tmp_path / "packer-web.json"
    builders = [{"type": "amazon-ebs", "run_tags": {"mine": "1"}}, {"type": "null"}]
    provisioners = [{"type": "file", "source": "{{template_dir}}/x"}]
    text = json.dumps({"variables": {"size": ""}, "builders": builders, "provisioners": provisioners})
    legacy.write_text(text)
    line = f"1,amazon-ebs,artifact,0,id,eu-west-1:{AMI}"
    packer.does("build", lines=[line])
    reads(aws).expect("DescribeImages", {"Images": [image()]}).expect("DescribeTags", tagged()).expect("PutParameter")
    aws.expect("CreateTags")
    result = run(template=str(legacy), secret_variables={})
    copy = json.loads(packer.calls("build")[0]["template"])
    tags = copy["builders"][0]["run_tags"]
    assert (tags["mine"], tags["golden:run"]) == ("1", result["run_id"])
    assert "run_tags" not in copy["builders"][1]
    assert copy["provisioners"][0]["source"] == f"{tmp_path}/x"
    assert legacy.read_text() == text
    assert not packer.calls("init")


PLACEMENTS = [{"instance_type": "t3.small", "subnet_id": "subnet-1"}, {"instance_type": "t3a.small"}]
NO_ROOM = {
    "code": 1,
    "lines": [
        "1,,ui,error,==> amazon-ebs.base: Error launching source instance: operation error EC2: RunInstances"
        "%!(PACKER_COMMA) api error InsufficientInstanceCapacity: We currently do not have sufficient capacity"
    ],
}


@pytest.fixture
def placed(template: Path) -> None:
    """The template takes what placements and local_variables set."""
    declared = (f'variable "{name}" {{ default = "" }}' for name in ("instance_type", "subnet_id", "playbook"))
    (template / "more.pkr.hcl").write_text("\n".join(declared))


@pytest.mark.usefixtures("placed")
def test_next_placement_where_there_is_no_room(aws: t.Any, packer: t.Any, run: Run, home: Path) -> None:
    packer.does_in_turn("build", NO_ROOM, packer.made(AMI))
    # The first try left nothing.
    reads(aws).expect("DescribeTags", tagged())
    aws.expect("DescribeImages", {"Images": [image()]}).expect("DescribeTags", tagged(("image", AMI)))
    aws.expect("PutParameter").expect("CreateTags")
    result = run(placements=PLACEMENTS)
    assert not result.get("failed"), result
    assert [one["ami_id"] for one in result["artifacts"]] == [AMI]
    assert "No capacity for t3.small in subnet-1: trying t3a.small." in json.dumps(result["warnings"])
    first, second = (call["variables"] for call in packer.calls("build"))
    assert (first["instance_type"], first["subnet_id"]) == ("t3.small", "subnet-1")
    assert (second["instance_type"], "subnet_id" in second) == ("t3a.small", False)
    assert first["golden_run_tags"] == second["golden_run_tags"], "one run, whatever it is that is left"
    assert not list((home / ".local/state/golden.ami/runs").iterdir())


@pytest.mark.usefixtures("placed")
def test_sensitive_placements_stay_secret(aws: t.Any, packer: t.Any, run: Run, template: Path) -> None:
    (template / "more.pkr.hcl").write_text('variable "subnet_id" { sensitive = true }')
    packer.does_in_turn("build", NO_ROOM, packer.made(AMI))
    reads(aws).expect("DescribeTags", tagged())
    aws.expect("DescribeImages", {"Images": [image()]}).expect("DescribeTags", tagged(("image", AMI)))
    aws.expect("PutParameter").expect("CreateTags")
    placements = [{"subnet_id": "subnet-of-secrets"}, {"subnet_id": "subnet-of-others"}]
    result = run(placements=placements, _ansible_inject_invocation=True)
    assert not result.get("failed"), result
    assert "No capacity for ********: trying ********." in json.dumps(result["warnings"])
    assert "subnet-of" not in json.dumps(result)


@pytest.mark.usefixtures("placed")
def test_no_room_anywhere(aws: t.Any, packer: t.Any, run: Run) -> None:
    packer.does("build", **NO_ROOM)
    reads(aws).expect("DescribeTags", tagged()).expect("DescribeTags", tagged())
    result = run(placements=PLACEMENTS)
    assert result["failed"]
    assert "InsufficientInstanceCapacity" in result["msg"]
    assert len(packer.calls("build")) == 2


@pytest.mark.usefixtures("placed")
def test_other_failures_are_not_tried_elsewhere(aws: t.Any, packer: t.Any, run: Run) -> None:
    packer.does(
        "build", code=1, lines=["1,,ui,error,Error launching source instance: RunInstances%!(PACKER_COMMA) Blocked"]
    )
    reads(aws).expect("DescribeTags", tagged())
    assert run(placements=PLACEMENTS)["failed"]
    assert len(packer.calls("build")) == 1


@pytest.mark.usefixtures("placed")
def test_where_it_is_built_does_not_change_the_image(aws: t.Any, packer: t.Any, run: Run) -> None:
    result, tags = built(aws, packer, run, placements=PLACEMENTS, local_variables={"playbook": "/here/playbook.yml"})
    assert packer.calls("build")[0]["variables"]["playbook"] == "/here/playbook.yml"
    for given in (
        {"placements": PLACEMENTS[1:], "local_variables": {"playbook": "/there/playbook.yml"}},
        {"placements": [], "local_variables": {}},
    ):
        reads(aws, image(tags))
        again = run(**given)
        assert (again["changed"], again["fingerprint"]) == (False, result["fingerprint"])
    assert len(packer.calls("build")) == 1


def test_placements_set_variables_that_the_template_declares(run: Run, packer: t.Any) -> None:
    result = run(placements=PLACEMENTS)
    assert result["failed"]
    assert "instance_type" in result["msg"]
    assert not packer.calls()
