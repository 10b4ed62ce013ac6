# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two that work with one AMI at once: no channel and no version names an AMI that is gone, and none goes that somebody uses.

Each row begins the two a little further apart than the row before, from one well before the other to the other way round.
"""

from __future__ import annotations

import collections.abc as c
import concurrent.futures
import secrets

import botocore.exceptions
import pytest
from harness.cloud import Cloud
from harness.versions import Versions
from harness.waiting import Waiting, apart

ROUNDS = 25
MIDDLE = ROUNDS // 2
# How far the first and the last round are from starting together, in seconds: what the module takes by itself.
PROMOTION, PRUNING = 1.5, 4.0
REGION, REGIONS = "us-east-1", ["us-east-1", "eu-west-1", "ap-southeast-2"]
AT_ONCE = {"keep": 0, "disable_after": 0, "delete_after": 0}
LOCKED, MEANWHILE = "are being moved by golden-", "was moved by somebody else meanwhile"


def rounds(cls: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "round_",
        [pytest.param(one, marks=pytest.mark.row(cls, representative=one == MIDDLE)) for one in range(ROUNDS)],
    )


def distance(round_: int, farthest: float) -> float:
    return (round_ - MIDDLE) / MIDDLE * farthest


@pytest.fixture(scope="session")
def versions(ready: Cloud) -> Versions:
    return Versions(ready)


@pytest.fixture
def image() -> str:
    return f"race-{secrets.token_hex(3)}"


@pytest.fixture
def waiting(ready: Cloud) -> c.Iterator[c.Callable[[str], Waiting]]:
    started: list[Waiting] = []

    def start(module: str) -> Waiting:
        started.append(Waiting(ready, module))
        return started[-1]

    yield start
    for one in started:
        one.end()


def state(versions: Versions, image_id: str) -> str:
    """What EC2 says of it, or C(gone)."""
    found = versions.client("ec2", REGION).describe_images(
        Owners=["self"],
        IncludeDeprecated=True,
        IncludeDisabled=True,
        Filters=[{"Name": "image-id", "Values": [image_id]}],
    )["Images"]
    return str(found[0]["State"]) if found else "gone"


def parameters(versions: Versions, image: str, region: str = REGION) -> dict[str, str]:
    """All that is written of an image, by the name below it."""
    pages = versions.client("ssm", region).get_paginator("get_parameters_by_path")
    path = f"/golden/{image}/"
    found = pages.paginate(Path=path, Recursive=True).search("Parameters")
    return {str(one["Name"]).removeprefix(path): str(one["Value"]) for one in found}


@rounds("promote and promote")
def test_one_of_two_promotions_wins(
    versions: Versions, image: str, waiting: c.Callable[[str], Waiting], found: list[str], round_: int
) -> None:
    """Whoever loses says so, and each Region names what the last winner wanted."""
    places = [(versions.home, region) for region in REGIONS]
    made = {version: versions.make(image, version, *places) for version in ("1.1", "1.2")}
    both = {version: waiting("ami_promote") for version in made}
    start = [
        lambda one=one, version=version: one.go(image=image, channel="prod", version=version, regions=REGIONS)
        for version, one in both.items()
    ]
    apart(*start, distance(round_, PROMOTION))
    results = {version: one.result() for version, one in both.items()}
    won = [version for version, result in results.items() if not result.get("failed")]
    assert won, results
    assert versions.named(image, "prod", *places) in [made[version] for version in won], results
    for result in results.values():
        assert not result.get("failed") or LOCKED in result["msg"] or MEANWHILE in result["msg"], result
    for region in REGIONS:
        assert set(parameters(versions, image, region)) == {"prod", "versions/1.1", "versions/1.2"}
    found.append(f"promote and promote: {'one waited for the other' if len(won) > 1 else 'one lost, and said so'}")


@rounds("promote and prune")
def test_what_is_promoted_is_not_pruned(
    versions: Versions, image: str, waiting: c.Callable[[str], Waiting], found: list[str], round_: int
) -> None:
    """Either it is promoted and stays, or it goes with its version and cannot be promoted."""
    (ami,) = versions.make(image, "1.0", (versions.home, REGION))
    promote, prune = waiting("ami_promote"), waiting("ami_prune")
    apart(
        lambda: promote.go(image=image, channel="prod", version="1.0"),
        lambda: prune.go(images=[image], **AT_ONCE),
        distance(round_, PRUNING),
    )
    promoted, pruned = promote.result(), prune.result()
    there, written = state(versions, ami), parameters(versions, image)
    told = f"{there}\n{written}\n{promoted}\n{pruned}"
    if promoted.get("failed"):
        assert there == "gone", told
        assert not written, told
        found.append("promote and prune: pruned, and the promotion was refused")
    else:
        assert there == "available", told
        assert written == {"prod": ami, "versions/1.0": ami}, told
        found.append("promote and prune: promoted, and it stayed")


@rounds("prune and launch")
def test_what_is_launched_is_not_deleted(
    versions: Versions, image: str, waiting: c.Callable[[str], Waiting], found: list[str], round_: int
) -> None:
    """Either an instance runs and its AMI is there, or EC2 refused to launch it."""
    (ami,) = versions.make(image, "1.0", (versions.home, REGION))
    ec2 = versions.client("ec2", REGION)
    prune = waiting("ami_prune")

    def launch() -> str:
        try:
            told = ec2.run_instances(ImageId=ami, InstanceType="t3.micro", MinCount=1, MaxCount=1)
        except botocore.exceptions.ClientError as error:
            return str(error.response["Error"]["Code"])
        return str(told["Instances"][0]["InstanceId"])

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        launching: list[concurrent.futures.Future[str]] = []
        apart(
            lambda: launching.append(pool.submit(launch)),
            # EC2 tells of a launch a day late, so that must not be what keeps it.
            lambda: prune.go(images=[image], **AT_ONCE, launched_within=0),
            distance(round_, PRUNING),
        )
        pruned, launched = prune.result(), launching[0].result()
    there = state(versions, ami)
    if launched.startswith("i-"):
        ec2.terminate_instances(InstanceIds=[launched])
        ec2.get_waiter("instance_terminated").wait(InstanceIds=[launched], WaiterConfig={"Delay": 1})
        assert there in ("available", "disabled"), pruned
        assert launched in str(pruned["images"]), pruned
        assert parameters(versions, image) == {"versions/1.0": ami}
        found.append(f"prune and launch: launched, and it stayed ({there})")
    else:
        assert launched in ("InvalidAMIID.Unavailable", "InvalidAMIID.NotFound"), launched
        assert (there, parameters(versions, image)) == ("gone", {}), pruned
        found.append("prune and launch: deleted, and the launch was refused")
