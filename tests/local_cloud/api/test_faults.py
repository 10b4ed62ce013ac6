# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults: what a user has the cloud do wrong, seen by real clients."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, ConnectionClosedError, WaiterError
from golden_cloud.api.front import drop_connection
from golden_cloud.ports import Timings

ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=40)


@pytest.fixture
def once(cloud: Any) -> Any:
    """An EC2 client that never repeats a call."""
    return client_once(cloud, "ec2")


def client_once(cloud: Any, service: str, keys: dict[str, str] | None = None) -> Any:
    return cloud.client(service, keys=keys, config=ONCE)


def failed(call: Any, *arguments: Any, **options: Any) -> tuple[str, int]:
    """Code and HTTP status of the error."""
    with pytest.raises(ClientError) as caught:
        call(*arguments, **options)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_an_error_comes_as_often_as_asked_and_nothing_is_done(cloud: Any, once: Any, base_ami: str) -> None:
    fault = cloud.fault("RunInstances", "error", code="InsufficientInstanceCapacity", message="none", times=2)
    asked = {"ImageId": base_ami, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    for _unused in range(2):
        assert failed(once.run_instances, **asked) == ("InsufficientInstanceCapacity", 500)
    assert once.describe_instances()["Reservations"] == []
    once.run_instances(**asked)
    assert len(once.describe_instances()["Reservations"]) == 1
    assert cloud.hits(fault) == 2


def test_an_sdk_goes_over_a_short_shortage_by_itself(cloud: Any, ec2: Any) -> None:
    fault = cloud.fault("DescribeInstances", "throttle", times=2)
    assert ec2.describe_instances()["Reservations"] == []
    assert cloud.hits(fault) == 2
    assert [call["attempt"] for call in cloud.calls()] == [1, 2, 3]
    assert [call["fault"] for call in cloud.calls()] == [fault, fault, None]


@pytest.mark.parametrize(
    ("service", "call", "expected"),
    [
        ("ec2", "describe_instances", ("RequestLimitExceeded", 503)),
        ("ssm", "describe_parameters", ("ThrottlingException", 400)),
        ("kms", "list_keys", ("ThrottlingException", 400)),
        ("sts", "get_caller_identity", ("Throttling", 400)),
        ("iam", "list_users", ("Throttling", 400)),
    ],
)
def test_throttling_in_the_words_of_each_service(cloud: Any, service: str, call: str, expected: Any) -> None:
    cloud.fault("*", "throttle", times=None)
    for _unused in range(3):
        assert failed(getattr(client_once(cloud, service), call)) == expected


@pytest.mark.parametrize(
    ("service", "call", "expected"),
    [
        ("ec2", "describe_instances", ("RequestExpired", 400)),
        ("ssm", "describe_parameters", ("ExpiredTokenException", 400)),
        ("kms", "list_keys", ("ExpiredTokenException", 400)),
        ("sts", "get_caller_identity", ("ExpiredToken", 403)),
        ("iam", "list_users", ("ExpiredToken", 403)),
    ],
)
def test_expired_credentials_in_the_words_of_each_service(cloud: Any, service: str, call: str, expected: Any) -> None:
    cloud.fault("*", "expire_credentials")
    for _unused in range(2):
        assert failed(getattr(client_once(cloud, service), call)) == expected


def test_credentials_that_expire_after_a_call_do_so_for_their_key_alone(cloud: Any, ec2: Any, launch: Any) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="builder")
    keys = iam.create_access_key(UserName="builder")["AccessKey"]
    builder = client_once(cloud, "ec2", keys)
    fault = cloud.fault("CreateKeyPair", "expire_credentials", after=True, access_key=keys["AccessKeyId"])
    ec2.create_key_pair(KeyName="others")
    builder.create_key_pair(KeyName="mine")
    assert failed(builder.describe_key_pairs) == ("RequestExpired", 400)
    assert failed(client_once(cloud, "sts", keys).get_caller_identity) == ("ExpiredToken", 403)
    assert {pair["KeyName"] for pair in ec2.describe_key_pairs()["KeyPairs"]} == {"others", "mine"}
    assert cloud.faults()[0]["expired_keys"] == [keys["AccessKeyId"]]
    assert cloud.hits(fault) == 3
    cloud.remove_fault(fault)
    assert len(builder.describe_key_pairs()["KeyPairs"]) == 2


def test_the_clouds_own_key_can_expire_and_yet_nobody_is_locked_out(cloud: Any, once: Any) -> None:
    fault = cloud.fault("ec2:*", "expire_credentials")
    assert failed(once.describe_instances)[0] == "RequestExpired"
    cloud.remove_fault(fault)
    assert once.describe_instances()["Reservations"] == []


def test_a_delayed_call_takes_its_time(cloud: Any, once: Any) -> None:
    cloud.fault("DescribeKeyPairs", "delay", seconds=0.7)
    began = time.monotonic()
    once.describe_key_pairs()
    assert time.monotonic() - began >= 0.7


def test_a_delayed_call_keeps_nobody_else_waiting(cloud: Any, ec2: Any, once: Any) -> None:
    fault = cloud.fault("DescribeKeyPairs", "delay", seconds=600)
    thread = threading.Thread(target=once.describe_key_pairs)
    thread.start()
    wait_for_hit(cloud, fault)
    for _unused in range(3):
        ec2.create_key_pair(KeyName="others")
        ec2.delete_key_pair(KeyName="others")
    assert thread.is_alive()
    cloud.remove_fault(fault)
    thread.join(20)
    assert not thread.is_alive()


def test_a_call_that_is_delayed_when_the_cloud_ends_is_not_served(cloud: Any, once: Any, base_ami: str) -> None:
    fault = cloud.fault("RunInstances", "delay", seconds=600)
    outcome: list[tuple[str, int]] = []
    asked = {"ImageId": base_ami, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    thread = threading.Thread(target=lambda: outcome.append(failed(once.run_instances, **asked)))
    thread.start()
    wait_for_hit(cloud, fault)
    cloud.app.close(timeout=10)
    thread.join(20)
    assert outcome == [("ServiceUnavailable", 503)]
    assert cloud.machines.verbs() == []
    cloud.restart()
    assert cloud.client("ec2").describe_instances()["Reservations"] == []


def wait_for_hit(cloud: Any, fault: str) -> None:
    end = time.monotonic() + 20
    while not cloud.hits(fault):
        assert time.monotonic() < end, "no call has met the fault"
        time.sleep(0.02)


def test_a_dropped_answer_is_not_a_byte_and_the_work_is_done(cloud: Any, ec2: Any) -> None:
    fault = cloud.fault("CreateKeyPair", "drop_answer")
    body = "Action=CreateKeyPair&KeyName=lost&Version=2016-11-15"
    request = AWSRequest(
        "POST", cloud.endpoint + "/", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    SigV4Auth(Credentials(cloud.config.access_key, cloud.config.secret_key), "ec2", "us-east-1").add_auth(request)
    lines = [f"{name}: {value}" for name, value in request.headers.items()]
    head = "\r\n".join(["POST / HTTP/1.1", f"Host: 127.0.0.1:{cloud.port}", *lines, f"Content-Length: {len(body)}"])
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=10) as connection:
        connection.sendall(f"{head}\r\n\r\n{body}".encode())
        assert connection.recv(4096) == b""
    assert [pair["KeyName"] for pair in ec2.describe_key_pairs()["KeyPairs"]] == ["lost"]
    assert [(c["status"], c["fault"]) for c in cloud.calls() if c["operation"] == "CreateKeyPair"] == [(200, fault)]


def test_a_client_that_has_left_needs_no_dropping() -> None:
    ours, clients = socket.socketpair()
    clients.close()
    ours.close()
    with pytest.raises(ConnectionAbortedError):
        drop_connection({"werkzeug.socket": ours})


def test_a_client_without_retries_sees_a_closed_connection(cloud: Any, once: Any) -> None:
    cloud.fault("CreateKeyPair", "drop_answer")
    with pytest.raises(ConnectionClosedError):
        once.create_key_pair(KeyName="lost")


def test_an_sdk_repeats_a_launch_whose_answer_was_lost_and_gets_the_same_instance(
    cloud: Any, ec2: Any, base_ami: str
) -> None:
    cloud.fault("RunInstances", "drop_answer")
    made = ec2.run_instances(ImageId=base_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    launches = [call for call in cloud.calls() if call["operation"] == "RunInstances"]
    assert [call["attempt"] for call in launches] == [1, 2]
    assert len({call["parameters"]["ClientToken"] for call in launches}) == 1
    there = [i["InstanceId"] for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
    assert there == [made["Instances"][0]["InstanceId"]]


def test_a_token_with_other_parameters_is_refused(cloud: Any, once: Any, base_ami: str) -> None:
    asked = {"ImageId": base_ami, "MinCount": 1, "MaxCount": 1, "ClientToken": "one"}
    once.run_instances(InstanceType="t3.micro", **asked)
    assert failed(once.run_instances, InstanceType="t3.small", **asked) == ("IdempotentParameterMismatch", 400)


def test_only_calls_that_fit_are_counted(cloud: Any, once: Any) -> None:
    cloud.fault("CreateKeyPair", "error", code="X", skip=1, parameters={"KeyName": "web-*"})
    for name in ("web-1", "db-1"):
        once.create_key_pair(KeyName=name)
    assert failed(once.create_key_pair, KeyName="web-2") == ("X", 400)
    once.create_key_pair(KeyName="web-3")


def test_counts_are_exact_when_calls_come_at_once(cloud: Any, once: Any) -> None:
    fault = cloud.fault("DescribeRegions", "error", code="X", times=5)
    outcomes: list[str] = []

    def ask() -> None:
        for _unused in range(5):
            try:
                once.describe_regions()
                outcomes.append("served")
            except ClientError:
                outcomes.append("failed")

    threads = [threading.Thread(target=ask) for _unused in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count("failed"), outcomes.count("served")) == (5, 25)
    assert cloud.hits(fault) == 5


def test_faults_are_gone_after_a_restart(cloud: Any) -> None:
    cloud.fault("*", "throttle", times=None)
    cloud.restart()
    assert cloud.faults() == []
    cloud.client("ec2").describe_regions()


# Images that take their time or fail


def test_an_image_stays_pending_until_its_fault_is_removed(cloud: Any, ec2: Any, launch: Any) -> None:
    instance = launch()
    fault = cloud.fault("CreateImage", "image_pending")
    image_id = ec2.create_image(InstanceId=instance, Name="held")["ImageId"]
    cloud.settle()
    assert image(ec2, image_id)["State"] == "pending"
    assert snapshots(ec2) == [(snapshot_of(ec2, image_id), "pending")]
    # The instance is not held with it.
    ec2.terminate_instances(InstanceIds=[instance])
    cloud.settle()
    assert cloud.machines.machines == {}

    done: list[str] = []
    waiter = threading.Thread(target=lambda: done.append(wait_for(ec2, image_id)))
    waiter.start()
    time.sleep(0.5)
    assert not done
    cloud.remove_fault(fault)
    waiter.join(20)
    assert done == ["available"]
    assert snapshots(ec2) == [(snapshot_of(ec2, image_id), "completed")]
    ec2.run_instances(ImageId=image_id, InstanceType="t3.micro", MinCount=1, MaxCount=1)


def image(ec2: Any, image_id: str) -> Any:
    return ec2.describe_images(ImageIds=[image_id])["Images"][0]


def snapshot_of(ec2: Any, image_id: str) -> str:
    return str(image(ec2, image_id)["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"])


def snapshots(ec2: Any) -> list[tuple[str, str]]:
    found = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    return sorted((snapshot["SnapshotId"], snapshot["State"]) for snapshot in found)


def wait_for(ec2: Any, image_id: str) -> str:
    ec2.get_waiter("image_available").wait(ImageIds=[image_id], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    return str(image(ec2, image_id)["State"])


def test_an_sdks_waiter_is_not_held_for_ever(cloud_with: Any, base_ami: str) -> None:
    cloud = cloud_with(Timings(save_delay=0.05, patience=0.5))
    ec2 = cloud.client("ec2")
    cloud.fault("CreateImage", "image_pending")
    instance = ec2.run_instances(ImageId=base_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    cloud.settle()
    image_id = ec2.create_image(InstanceId=instance["InstanceId"], Name="held")["ImageId"]
    began = time.monotonic()
    with pytest.raises(WaiterError, match="Max attempts"):
        ec2.get_waiter("image_available").wait(ImageIds=[image_id], WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    assert time.monotonic() - began < 20


def test_nothing_is_left_of_a_pending_image_that_is_deregistered(cloud: Any, ec2: Any, launch: Any) -> None:
    fault = cloud.fault("CreateImage", "image_pending")
    image_id = ec2.create_image(InstanceId=launch(), Name="held")["ImageId"]
    cloud.settle()
    assert cloud.machines.images == {f"image:{image_id}"}
    snapshot = snapshot_of(ec2, image_id)
    waited: list[Any] = []
    asking = ec2.get_waiter("image_available")
    waiter = threading.Thread(target=lambda: waited.append(failure_of(asking, image_id)))
    waiter.start()
    time.sleep(0.5)
    ec2.deregister_image(ImageId=image_id)
    cloud.settle()
    assert cloud.machines.images == {f"image:{image_id}"}, "its snapshot still needs it"
    ec2.delete_snapshot(SnapshotId=snapshot)
    cloud.settle()
    waiter.join(20)
    assert not waiter.is_alive(), "the call of the waiter is held although there is no such image any more"
    assert cloud.machines.images == set()
    cloud.remove_fault(fault)
    cloud.settle()
    assert ec2.describe_images(Owners=["self"])["Images"] == []
    assert snapshots(ec2) == []
    assert cloud.machines.images == set()


def failure_of(waiter: Any, image_id: str) -> str:
    with pytest.raises(WaiterError) as caught:
        waiter.wait(ImageIds=[image_id], WaiterConfig={"Delay": 1, "MaxAttempts": 1})
    return str(caught.value)


def test_a_pending_image_that_is_deregistered_with_its_snapshot_while_it_is_made(
    cloud: Any, ec2: Any, launch: Any
) -> None:
    instance = launch()
    cloud.fault("CreateImage", "image_pending")
    cloud.machines.gate.clear()
    image_id = ec2.create_image(InstanceId=instance, Name="held")["ImageId"]
    ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    cloud.machines.gate.set()
    cloud.settle()
    assert (snapshots(ec2), cloud.machines.images) == ([], set())


def test_a_fault_that_is_removed_while_an_image_is_made_holds_nothing(cloud: Any, ec2: Any, launch: Any) -> None:
    instance = launch()
    fault = cloud.fault("CreateImage", "image_pending")
    cloud.machines.gate.clear()
    image_id = ec2.create_image(InstanceId=instance, Name="held")["ImageId"]
    cloud.remove_fault(fault)
    cloud.machines.gate.set()
    cloud.settle()
    assert image(ec2, image_id)["State"] == "available"


@pytest.mark.parametrize("orderly", [True, False])
def test_an_image_that_was_kept_pending_is_available_after_a_restart(
    cloud: Any, ec2: Any, launch: Any, orderly: bool
) -> None:
    cloud.fault("CreateImage", "image_pending")
    image_id = ec2.create_image(InstanceId=launch(), Name="held")["ImageId"]
    cloud.settle()
    saved = cloud.directory / "api-state.pickle"
    if not orderly:
        cloud.app.save()
        killed = saved.read_bytes()
    cloud.stop()
    if not orderly:
        saved.write_bytes(killed)
    cloud.start()
    ec2 = cloud.client("ec2")
    assert image(ec2, image_id)["State"] == "available"
    assert snapshots(ec2) == [(snapshot_of(ec2, image_id), "completed")]


def test_an_image_fails_with_a_reason_and_leaves_nothing_to_pay_for(cloud: Any, ec2: Any, launch: Any) -> None:
    instance = launch()
    cloud.fault("CreateImage", "image_failed", code="Client.InternalError", message="encrypted snapshot")
    image_id = ec2.create_image(InstanceId=instance, Name="bad")["ImageId"]
    cloud.settle()
    seen = image(ec2, image_id)
    reason = {"Code": "Client.InternalError", "Message": "Client.InternalError: encrypted snapshot"}
    assert (seen["State"], seen["StateReason"]) == ("failed", reason)
    snapshot = snapshot_of(ec2, image_id)
    assert snapshots(ec2) == [(snapshot, "error")]
    assert cloud.machines.images == set()
    with pytest.raises(WaiterError, match="failed"):
        ec2.get_waiter("image_available").wait(ImageIds=[image_id])
    ec2.deregister_image(ImageId=image_id)
    ec2.delete_snapshot(SnapshotId=snapshot)
    assert snapshots(ec2) == []
    # The next one is well.
    other = ec2.create_image(InstanceId=instance, Name="good")["ImageId"]
    cloud.settle()
    assert image(ec2, other)["State"] == "available"


@pytest.mark.parametrize(("action", "state"), [("image_pending", "pending"), ("image_failed", "failed")])
def test_copied_and_registered_images(cloud: Any, ec2: Any, make_image: Any, action: str, state: str) -> None:
    source = make_image()
    snapshot = snapshot_of(ec2, source)
    fault = cloud.fault("*", action, times=2)
    copy = ec2.copy_image(Name="copy", SourceImageId=source, SourceRegion="us-east-1")["ImageId"]
    volume = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}]
    registered = ec2.register_image(Name="registered", RootDeviceName="/dev/xvda", BlockDeviceMappings=volume)
    cloud.settle()
    both = [copy, registered["ImageId"]]
    assert [image(ec2, one)["State"] for one in both] == [state, state]
    assert cloud.hits(fault) == 2
    assert image(ec2, source)["State"] == "available"
    assert (snapshot, "completed") in snapshots(ec2)
    cloud.remove_fault(fault)
    after = "available" if action == "image_pending" else "failed"
    assert [image(ec2, one)["State"] for one in both] == [after, after]
    for one in [*both, source]:
        ec2.deregister_image(ImageId=one, DeleteAssociatedSnapshots=True)
    cloud.settle()
    assert cloud.machines.images == set()
