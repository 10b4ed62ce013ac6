# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.cloud import VERSION, Cloud


def test_clients_are_used_again() -> None:
    made: list[tuple[str, str]] = []

    def make(service: str, region: str) -> t.Any:
        made.append((service, region))
        return object()

    cloud = Cloud(make, "eu-west-1")
    assert cloud.ec2() is cloud.ec2("eu-west-1")
    assert cloud.ec2("us-east-1") is not cloud.ec2()
    cloud.ssm()
    assert made == [("ec2", "eu-west-1"), ("ec2", "us-east-1"), ("ssm", "eu-west-1")]


def test_sessions_share_what_they_read_of_the_models() -> None:
    botocore_session = pytest.importorskip("botocore.session")
    Cloud(lambda service, region: (service, region), "eu-west-1")
    one, other = (botocore_session.Session().get_component("data_loader") for _session in range(2))
    assert one is other
    assert one.load_service_model("sts", "service-2") is other.load_service_model("sts", "service-2")


def test_each_service_has_its_client_where_it_is() -> None:
    cloud = Cloud(lambda service, region: (service, region), "eu-west-1")
    assert cloud.autoscaling("us-east-1") == ("autoscaling", "us-east-1")
    assert cloud.kms("us-east-1") == ("kms", "us-east-1")
    assert cloud.organizations() == ("organizations", "eu-west-1")
    assert cloud.codepipeline() == ("codepipeline", "eu-west-1")
    assert cloud.client("events", "us-east-1") == ("events", "us-east-1")


def test_threads_get_the_same_client() -> None:
    """boto3 cannot make two in two threads."""
    making: list[str] = []

    def make(service: str, region: str) -> t.Any:
        making.append(service)
        time.sleep(0.05)
        return object()

    cloud = Cloud(make, "eu-west-1")
    with ThreadPoolExecutor(8) as pool:
        clients = set(pool.map(lambda _number: id(cloud.ec2()), range(8)))
    assert (len(clients), making) == (1, ["ec2"])


def test_version_is_that_of_the_collection() -> None:
    galaxy = Path(__file__).resolve().parents[5] / "galaxy.yml"
    found = re.search(r"^version: *\"?([^\"\s]+)", galaxy.read_text(), re.MULTILINE)
    assert found is not None
    assert found[1] == VERSION
