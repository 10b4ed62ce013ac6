# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of calls: complete, in order, of a known size, with nothing secret in it."""

from __future__ import annotations

import base64
import errno
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from golden_cloud.api.record import masking
from golden_cloud.api.record.calls import CallLog, CallRecord

SECRET = "hush-hush-hush"


def test_a_call_has_caller_parameters_and_result(cloud: Any, ec2: Any, base_ami: str) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]}]
    made = ec2.run_instances(
        ImageId=base_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1, TagSpecifications=tags, ClientToken="one"
    )
    call = cloud.calls()[-1]
    assert call["parameters"] == {
        "ImageId": base_ami,
        "InstanceType": "t3.micro",
        "MinCount": 1,
        "MaxCount": 1,
        "TagSpecifications": tags,
        "ClientToken": "one",
    }
    assert call["result"]["Instances"][0]["InstanceId"] == made["Instances"][0]["InstanceId"]
    assert call["result"]["Instances"][0]["State"] == {"Code": 0, "Name": "pending"}
    assert call["principal"] == "arn:aws:iam::123456789012:user/golden-local"
    assert call["request_id"] == made["ResponseMetadata"]["RequestId"]
    assert (call["fault"], call["attempt"], call["status"], call["error"]) == (None, 1, 200, None)


@pytest.mark.parametrize(
    ("service", "operation", "asked"),
    [
        ("ec2", "describe_images", {"Owners": ["136693071363"]}),
        ("ec2", "describe_availability_zones", {}),
        ("ec2", "describe_key_pairs", {}),
        ("ssm", "get_parameter", {"Name": "/aws/service/debian/release/12/latest/amd64"}),
        ("sts", "get_caller_identity", {}),
        ("iam", "list_users", {}),
        ("iam", "create_user", {"UserName": "ann", "Tags": [{"Key": "a", "Value": "b"}]}),
        ("kms", "list_keys", {}),
    ],
)
def test_parameters_and_results_are_those_of_boto3(cloud: Any, service: str, operation: str, asked: Any) -> None:
    given = getattr(cloud.client(service), operation)(**asked)
    call = cloud.calls()[-1]
    del given["ResponseMetadata"]
    assert call["parameters"] == asked
    assert comparable(call["result"]) == comparable(given)


def comparable(value: Any) -> Any:
    """Times are kept as they are sent; boto3 adds lists that are not in the answer and leaves out what is null."""
    if isinstance(value, dict):
        return {k: comparable(v) for k, v in value.items() if not k.endswith("Date") and v not in ([], None)}
    return [comparable(one) for one in value] if isinstance(value, list) else value


def test_an_error_is_kept_with_its_text(cloud: Any, ec2: Any, ssm: Any, refused: Any) -> None:
    with refused("InvalidAMIID.NotFound"):
        ec2.deregister_image(ImageId="ami-0123456789abcdef0")
    call = cloud.calls()[-1]
    assert (call["status"], call["error"]) == (400, "InvalidAMIID.NotFound")
    message = "The image id '[ami-0123456789abcdef0]' does not exist"
    assert call["result"] == {"Code": "InvalidAMIID.NotFound", "Message": message}
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name="/none")
    assert cloud.calls()[-1]["result"]["Code"] == "ParameterNotFound"


def test_no_secret_gets_into_the_record(cloud: Any, ec2: Any, ssm: Any, base_ami: str) -> None:
    ssm.put_parameter(Name="/a", Value=SECRET, Type="SecureString")
    ssm.put_parameter(Name="/plain", Value="seen", Type="String")
    for _unused in range(2):
        ssm.get_parameter(Name="/a", WithDecryption=True)
        ssm.get_parameters(Names=["/a"], WithDecryption=True)
        ssm.get_parameters_by_path(Path="/", WithDecryption=True)
        ssm.get_parameter_history(Name="/a", WithDecryption=True)
    material = ec2.create_key_pair(KeyName="k")["KeyMaterial"]
    made = ec2.run_instances(
        ImageId=base_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1, UserData=f"#!/bin/sh\necho {SECRET}"
    )
    instance = made["Instances"][0]["InstanceId"]
    ec2.describe_instance_attribute(InstanceId=instance, Attribute="userData")
    iam, sts = cloud.client("iam"), cloud.client("sts")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]["SecretAccessKey"]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    role = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="me")["Credentials"]
    text = (cloud.directory / "calls.jsonl").read_text()
    shown = json.dumps(cloud.control("GET", "calls"))
    encoded = "ZWNobyBodXNoLWh1c2gtaHVzaA"  # what user data becomes on its way
    for secret in (SECRET, encoded, key, role["SecretAccessKey"], role["SessionToken"], material.splitlines()[2]):
        assert secret not in text
        assert secret not in shown
    assert cloud.config.secret_key not in text
    values = [c["parameters"]["Value"] for c in cloud.calls() if c["operation"] == "PutParameter"]
    assert values == [masking.MASK, "seen"]
    assert key_of(cloud, "AssumeRole")["Credentials"]["AccessKeyId"] == role["AccessKeyId"]


def key_of(cloud: Any, operation: str) -> Any:
    return next(call["result"] for call in cloud.calls() if call["operation"] == operation)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"ClientToken": "t", "NextToken": "n", "PublicKeyMaterial": b"ssh"}, None),
        ({"MetadataOptions": {"HttpTokens": "required"}}, None),
        ({"MasterUserPassword": "x"}, {"MasterUserPassword": masking.MASK}),
        (
            {"A": {"SecretThing": ["x"], "SessionToken": "y"}},
            {"A": dict.fromkeys(("SecretThing", "SessionToken"), "*")},
        ),
        ({"Type": "SecureString", "Value": "x"}, {"Type": "SecureString", "Value": masking.MASK}),
        ({"Type": "String", "Value": "x"}, None),
        ({"Attribute": "userData", "Value": "x"}, {"Attribute": "userData", "Value": masking.MASK}),
        ({"Attribute": "USERDATA", "Value": "x"}, {"Attribute": "USERDATA", "Value": masking.MASK}),
        ({"Attribute": "disableApiStop", "Value": "true"}, None),
        ({"UserData": {"Value": "x"}}, {"UserData": masking.MASK}),
        ({"UserData.Value": "x", "MinCount": "a"}, {"UserData.Value": masking.MASK, "MinCount": "a"}),
        ({"LaunchTemplateData": {"UserData": "x"}}, {"LaunchTemplateData": {"UserData": masking.MASK}}),
        ({"Tags": [{"Key": "DbPassword", "Value": "x"}]}, {"Tags": [{"Key": "DbPassword", "Value": masking.MASK}]}),
        (
            {"Tag.1.Key": "DbPassword", "Tag.1.Value": "x", "Tag.2.Value": "y"},
            {"Tag.1.Key": "DbPassword", "Tag.1.Value": masking.MASK, "Tag.2.Value": "y"},
        ),
        ({"Tags": [{"Key": "Name", "Value": "x"}]}, None),
        ({"KeyId": "k", "Plaintext": b"x"}, {"KeyId": "k", "Plaintext": masking.MASK}),
        ({"PasswordData": "x"}, {"PasswordData": masking.MASK}),
        (
            {"PrivateKeyPlaintext": b"x", "PublicKey": "c3No"},
            {"PrivateKeyPlaintext": masking.MASK, "PublicKey": "c3No"},
        ),
    ],
)
def test_what_is_a_secret(given: dict[str, Any], kept: dict[str, Any] | None) -> None:
    def plain(value: Any) -> Any:
        return json.loads(json.dumps(value, default=lambda one: "c3No").replace(masking.MASK, "*"))

    assert plain(masking.clean(given)) == plain(given if kept is None else kept)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"Value": "x"}, masking.MASK),
        ({"Value": "x", "Type": None}, masking.MASK),
        ({"Value": "x", "Type": "securestring"}, masking.MASK),
        ({"Value": "x", "Type": "SecureString"}, masking.MASK),
        ({"Value": "x", "Type": "String"}, "x"),
        ({"Value": "x,y", "Type": "StringList"}, "x,y"),
    ],
)
def test_a_parameter_is_shown_only_when_it_says_that_it_is_plain(given: dict[str, Any], kept: str) -> None:
    assert json.loads(masking.parameters("PutParameter", {"Name": "/a", **given}))["Value"] == kept


def test_user_data_that_is_changed_is_not_in_the_record(cloud: Any, ec2: Any, launch: Any, refused: Any) -> None:
    """In all the ways in which it can be sent, although none is served."""
    instance, encoded = launch(), base64.b64encode(SECRET.encode()).decode()
    ec2.stop_instances(InstanceIds=[instance])
    cloud.settle()
    for given in (
        {"Attribute": "userData", "Value": encoded},
        {"Attribute": "UserData", "Value": encoded},
        {"UserData": {"Value": SECRET}},
    ):
        with refused("UnsupportedOperation", "UserData"):
            ec2.modify_instance_attribute(InstanceId=instance, **given)
    ec2.create_tags(Resources=[instance], Tags=[{"Key": "db-password", "Value": SECRET}])
    ec2.describe_tags()
    ec2.describe_instances()
    for sent in (cloud.directory / "calls.jsonl").read_text(), json.dumps(cloud.control("GET", "calls")):
        assert SECRET not in sent
        assert encoded.rstrip("=") not in sent
    changes = [c["parameters"] for c in cloud.calls() if c["operation"] == "ModifyInstanceAttribute"]
    assert [c.get("Value", c.get("UserData")) for c in changes] == [masking.MASK] * 3


def test_a_line_is_not_longer_than_16_kib(cloud: Any, ec2: Any, ssm: Any) -> None:
    many = [{"Key": f"k{n}-" + "ü" * 100, "Value": "v" * 250} for n in range(45)]
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=many)
    ec2.describe_vpcs()
    ssm.put_parameter(Name="/long", Value="x" * 4000, Type="String")
    lines = (cloud.directory / "calls.jsonl").read_bytes().splitlines()
    assert [len(line) for line in lines if len(line) > 16 * 1024] == []
    calls = cloud.calls()
    assert calls[-1]["parameters"]["Value"] == "x" * 1024 + "(and 2976 characters more)"
    assert "(cut)" in calls[-2]["result"]
    assert calls[-3]["operation"] == "CreateTags"
    assert "(cut)" in calls[-3]["parameters"]


def test_numbers_go_on_after_a_restart(cloud: Any, ec2: Any) -> None:
    for _unused in range(3):
        ec2.describe_regions()
    cloud.restart()
    cloud.client("ec2").describe_regions()
    assert [call["seq"] for call in cloud.calls()] == [1, 2, 3, 4]


def test_calls_are_asked_for_by_number_and_operation(cloud: Any, ec2: Any) -> None:
    ec2.describe_regions()
    ec2.create_key_pair(KeyName="a")
    ec2.describe_key_pairs()
    assert operations(cloud, "calls") == ["DescribeRegions", "CreateKeyPair", "DescribeKeyPairs"]
    assert operations(cloud, "calls?after=1") == ["CreateKeyPair", "DescribeKeyPairs"]
    assert operations(cloud, "calls?after=3") == []
    assert operations(cloud, "calls?after=99") == []
    assert operations(cloud, "calls?operation=ec2:Describe*&after=1") == ["DescribeKeyPairs"]
    assert operations(cloud, "calls?operation=CreateKeyPair&operation=DescribeRegions") == [
        "DescribeRegions",
        "CreateKeyPair",
    ]
    told = cloud.control("GET", "calls?after=99")[1]
    assert (told["first"], told["last"]) == (1, 3)
    assert cloud.control("GET", "calls")[1]["calls"] == cloud.calls()


def operations(cloud: Any, path: str) -> list[str]:
    return [call["operation"] for call in cloud.control("GET", path)[1]["calls"]]


# The file itself


def record(operation: str) -> CallRecord:
    unknown = dict.fromkeys(("access_key", "account", "region", "user_agent", "request_id"), "")
    none: dict[str, Any] = dict.fromkeys(("error", "principal", "fault", "attempt"))
    return CallRecord(service="ec2", operation=operation, status=200, parameters="{}", result="null", **unknown, **none)


def all_of(log: CallLog, after: int = 0) -> tuple[list[int], int, int]:
    calls, first, last = log.read(after, lambda _call: True)
    return [call["seq"] for call in calls], first, last


def test_a_record_that_is_too_long_is_put_aside_and_the_reader_can_tell(tmp_path: Path) -> None:
    log = CallLog(tmp_path / "calls.jsonl", largest=2000)
    for _unused in range(20):
        log.write(record("DescribeRegions"))
    seen, first, last = all_of(log)
    assert (seen[0], seen[-1], last) == (first, 20, 20)
    assert first > 1
    assert seen == list(range(first, 21))
    assert all_of(log, 19)[0] == [20]
    assert (tmp_path / "calls.old.jsonl").exists()
    log.close()


@pytest.mark.parametrize("found", ["", '{"operation": "of an older cloud"}\n', '{"seq": 1, "operation": "cut sho'])
def test_a_file_that_cannot_be_gone_on_with(tmp_path: Path, found: str) -> None:
    (tmp_path / "calls.jsonl").write_text(found)
    log = CallLog(tmp_path / "calls.jsonl")
    log.write(record("DescribeRegions"))
    assert all_of(log) == ([1], 1, 1)
    assert (tmp_path / "calls.old.jsonl").exists() is bool(found)
    log.close()


def test_a_file_that_was_cut_short_by_a_crash(tmp_path: Path) -> None:
    log = CallLog(tmp_path / "calls.jsonl")
    for _unused in range(3):
        log.write(record("DescribeRegions"))
    log.close()
    with (tmp_path / "calls.jsonl").open("a") as file:
        file.write('{"ts": "2026')
    log = CallLog(tmp_path / "calls.jsonl")
    log.write(record("DescribeRegions"))
    assert all_of(log) == ([4], 4, 4)
    log.close()


class FullDisk:
    """The record's file, of which only the beginning of a line can be written; also not cut back when ``stuck``."""

    closed = False

    def __init__(self, file: Any, stuck: bool) -> None:
        self._file = file
        self._stuck = stuck

    def write(self, line: bytes) -> int:
        return int(self._file.write(line[:10]))

    def fileno(self) -> int:
        if self._stuck:
            raise OSError(errno.EIO, "stuck")
        return int(self._file.fileno())


@pytest.mark.parametrize("stuck", [False, True])
def test_a_full_disk_costs_lines_and_no_call_and_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, stuck: bool
) -> None:
    log = CallLog(tmp_path / "calls.jsonl")
    log.write(record("DescribeRegions"))
    file = log._file
    monkeypatch.setattr(log, "_file", FullDisk(file, stuck))
    for _unused in range(3):
        log.write(record("RunInstances"))
    assert all_of(log) == ([1], 1, 1)
    assert (tmp_path / "calls.jsonl").read_bytes().endswith(b"\n") is not stuck
    monkeypatch.setattr(log, "_file", file)
    for _unused in range(2):
        log.write(record("DescribeRegions"))
    assert all_of(log) == ([1, 2, 3], 1, 3)
    log.close()
    assert all_of(CallLog(tmp_path / "calls.jsonl"))[0] == [1, 2, 3]
    assert [r.levelname for r in caplog.records] == ["ERROR", "WARNING"]
    assert "3 are missing" in caplog.text


@pytest.mark.parametrize("step", ["open", "first rename", "second rename"])
def test_where_no_new_file_can_be_begun_the_old_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    log = CallLog(tmp_path / "calls.jsonl", largest=2000)
    replace, from_which = Path.replace, {"first rename": "calls.jsonl", "second rename": "calls.new.jsonl"}.get(step)

    def refuse(*_about: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    def move(self: Path, target: Path) -> Path:
        return refuse() if self.name == from_which else replace(self, target)

    with monkeypatch.context() as full:
        if step == "open":
            full.setattr("golden_cloud.api.record.calls._appending", refuse)
        full.setattr(Path, "replace", move)
        for _unused in range(20):
            log.write(record("DescribeRegions"))
        assert all_of(log) == (list(range(1, 21)), 1, 20)
    told = [r for r in caplog.records if "no new one can be begun" in r.message]
    assert 0 < len(told) < 20
    for _unused in range(20):
        log.write(record("DescribeRegions"))
    seen, first, last = all_of(log)
    assert first > 20
    assert (seen, last) == (list(range(first, 41)), 40)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["calls.jsonl", "calls.old.jsonl"]
    log.close()


def test_a_call_that_cannot_be_recorded_is_served_and_told_once(
    cloud: Any, ec2: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_about: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(CallLog, "write", broken)
        for name in ("a", "b"):
            ec2.create_key_pair(KeyName=name)
    assert len(ec2.describe_key_pairs()["KeyPairs"]) == 2
    assert [call["operation"] for call in cloud.calls()] == ["DescribeKeyPairs"]
    assert caplog.text.count("is not in the record of calls") == 1


def test_an_answer_that_cannot_be_read_is_the_records_trouble(
    cloud: Any, ec2: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_about: Any) -> Any:
        raise KeyError("x")

    monkeypatch.setattr("golden_cloud.api.front.result_of", broken)
    assert ec2.describe_regions()["Regions"]
    assert "could not be read" in cloud.calls()[-1]["result"]["(cut)"]


def test_lines_of_threads_do_not_mix(tmp_path: Path) -> None:
    log = CallLog(tmp_path / "calls.jsonl", largest=20_000)

    def write() -> None:
        for _unused in range(100):
            log.write(record("DescribeRegions"))
            log.read(0, lambda _call: True)

    threads = [threading.Thread(target=write) for _unused in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen, first, last = all_of(log)
    assert (seen, last) == (list(range(first, 401)), 400)
    log.close()
