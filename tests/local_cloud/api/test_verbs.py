# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs faults and calls, as a user types them, against a cloud that answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from golden_cloud import cli, settings
from golden_cloud.place import Place

Say = Callable[..., str]


@pytest.fixture
def say(cloud: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a verb; gives what it printed, on standard error too when it failed."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    place = Place.of("default")
    place.state.mkdir(parents=True)
    keys = {"access_key": cloud.config.access_key, "secret_key": cloud.config.secret_key}
    settings.save(place, settings.Settings(port=cloud.port, subnet="10.9.0.0/24", **keys))

    def _say(*words: str, status: int = 0) -> str:
        with monkeypatch.context() as within:
            # A proxy for the world outside is not asked.
            within.setenv("http_proxy", "http://127.0.0.1:1")
            assert cli.main(list(words)) == status
        told = capsys.readouterr()
        return told.out if status == 0 else told.err

    return _say


def test_faults_are_added_listed_and_removed(cloud: Any, say: Say) -> None:
    assert "no faults" in say("faults")
    added = say(
        "faults", "add", "RunInstances", "error", "--code", "InsufficientInstanceCapacity", "--times", "forever",
        "--parameter", "InstanceType=t3.small", "--parameter", "Placement.AvailabilityZone=us-east-1a", "--skip", "2",
    )  # fmt: skip
    assert added.startswith("error-1 ")
    (fault,) = cloud.faults()
    assert fault["parameters"] == {"InstanceType": "t3.small", "Placement.AvailabilityZone": "us-east-1a"}
    assert (fault["times"], fault["skip"], fault["code"]) == (None, 2, "InsufficientInstanceCapacity")
    for word in ("ec2:RunInstances", "for ever", "hits: 0", "InsufficientInstanceCapacity", "skip=2", "t3.small"):
        assert word in say("faults", "list")
    assert "removed: 1" in say("faults", "remove", "error-1")
    say("faults", "add", "*", "delay", "--seconds", "1.5")
    say("faults", "add", "*", "expire_credentials", "--after", "--access-key", "AKIAIOSFODNN7EXAMPLE")
    shown = say("faults")
    assert "1.5 s" in shown
    assert "after the call access_key=AKIAIOSFODNN7EXAMPLE" in shown
    assert json.loads(say("faults", "list", "--json")) == {"faults": cloud.faults()}
    assert json.loads(say("faults", "--json")) == {"faults": cloud.faults()}
    assert "removed: 2" in say("faults", "clear")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["add", "RunInstance", "throttle"], "no operation 'RunInstance': did you mean RunInstances"),
        (["add", "RunInstances", "explode"], "'explode' is no action: use one of error, throttle"),
        (["add", "RunInstances", "error"], "needs the field code"),
        (["add", "RunInstances", "throttle", "--code", "X"], "has no field 'code'"),
        (["remove", "error-7"], "no fault 'error-7'; there are none"),
        (["remove", "?a#b/c"], "no fault '?a#b/c'; there are none"),
        (["remove", ""], "an ID is missing"),
    ],
)
def test_what_is_refused_is_told(say: Say, words: list[str], text: str) -> None:
    told = say("faults", *words, status=1)
    assert text in told
    assert "Traceback" not in told


@pytest.mark.parametrize("words", [["add", "X", "error", "--times", "some"], ["add", "X", "error", "--parameter", "X"]])
def test_a_wrong_option_is_a_usage_error(say: Say, words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        say("faults", *words)
    assert caught.value.code == 2


def test_a_cloud_that_is_down_or_was_never_up_is_told(cloud: Any, say: Say) -> None:
    cloud.server.stop()
    assert "is the local cloud 'default' up?" in say("faults", status=1)
    assert "was never up" in say("calls", "--name", "other", status=1)
    cloud.start()


@pytest.mark.parametrize("verb", [["faults"], ["faults", "add", "*", "throttle"], ["faults", "clear"], ["calls"]])
def test_a_cloud_of_an_older_version_is_told(say: Say, monkeypatch: pytest.MonkeyPatch, verb: list[str]) -> None:
    # What has no control API takes these for calls of a service, without a signature.
    monkeypatch.setattr("golden_cloud.api.front.PREFIX", "/nothing/")
    told = say(*verb, status=1)
    assert "was started by an older version" in told
    assert "down" in told and "up" in told
    assert "ignature" not in told and "Token" not in told


def test_calls_are_shown(cloud: Any, say: Say) -> None:
    cloud.fault("DescribeRegions", "throttle")
    cloud.client("ec2").describe_regions()
    cloud.client("ec2").create_key_pair(KeyName="mine")
    first, second, third = say("calls").splitlines()
    assert "503 ec2:DescribeRegions RequestLimitExceeded [throttle-1]" in first
    assert "200 ec2:DescribeRegions (attempt 2)" in second
    assert "200 ec2:CreateKeyPair KeyName=mine" in third
    assert say("calls", "--operation", "Create*").splitlines() == [third]
    assert say("calls", "--after", "1", "--last", "2").splitlines() == [second, third]
    assert [json.loads(line) for line in say("calls", "--json").splitlines()] == cloud.calls()


def test_calls_are_followed_until_interrupted(cloud: Any, say: Say) -> None:
    cloud.client("ec2").describe_regions()
    # A shell that runs the tests in the background has its children ignore INT.
    argv = [sys.executable, "-u", "-m", "golden_cloud", "calls", "--follow"]
    follower = subprocess.Popen(argv, stdout=subprocess.PIPE, env=os.environ, text=True, preexec_fn=hear_int)
    try:
        assert follower.stdout is not None
        assert "DescribeRegions" in follower.stdout.readline()
        cloud.client("ec2").describe_key_pairs()
        assert "DescribeKeyPairs" in follower.stdout.readline()
        time.sleep(0.2)
        follower.send_signal(signal.SIGINT)
        assert follower.wait(10) == 0
    finally:
        follower.kill()


def hear_int() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_policies_are_switched_and_told(cloud: Any, say: Say) -> None:
    assert "are not enforced" in say("iam")
    assert "are enforced" in say("iam", "--enforce", "on")
    assert json.loads(say("iam", "--json")) == {"enforce": True}
    assert json.loads(say("iam", "--enforce", "off", "--json")) == {"enforce": False, "changed": True}
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    allow = {"Sid": "Look", "Effect": "Allow", "Action": ["ec2:DescribeTags", "ec2:*Vpc*"], "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="r", PolicyName="own", PolicyDocument=text)
    arn = "arn:aws:iam::123456789012:role/r"
    keys = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
    for operation in ("describe_regions", "describe_vpcs"):
        getattr(cloud.client("ec2", keys=keys), operation)()
    assert say("iam", "--used", "--role", "r").splitlines() == [
        f"{arn}: 2 granted, 2 used",
        "  in vain   ec2:DescribeTags  (own, statement Look)",
        "  wildcard  ec2:*Vpc*  (own, statement Look)",
        "  missing   ec2:DescribeRegions on * (1x)",
        '  to add    {"Effect": "Allow", "Action": "ec2:DescribeRegions", "Resource": "*"}',
    ]
    told = json.loads(say("iam", "--used", "--role", arn, "--json"))
    assert [one["principal"] for one in told["principals"]] == [arn]
    assert "no role was used" in say("iam", "--used", "--role", "nobody")
    assert "forgotten: 2" in say("iam", "--forget")
    with pytest.raises(SystemExit):
        say("iam", "--enforce", "perhaps")


def test_up_settles_whether_policies_are_enforced(cloud: Any, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("golden_cloud.lifecycle.up", lambda _place, _port, _say: False)

    def changed(*words: str) -> bool:
        return bool(json.loads(say("up", "--json", *words))["changed"])

    assert [changed("--enforce-iam", "on"), changed("--enforce-iam", "true"), changed()] == [True, False, False]
    monkeypatch.setenv("GOLDEN_CLOUD_ENFORCE_IAM", "off")
    assert [changed(), changed()] == [True, False]
    assert cloud.control("GET", "iam")[1] == {"enforce": False}
