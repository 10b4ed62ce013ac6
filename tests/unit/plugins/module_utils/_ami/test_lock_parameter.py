# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import random
import threading
import time
import typing as t

import botocore.exceptions
import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.lock_parameter import ParameterLock, lock_name
from ansible_collections.golden.ami.plugins.module_utils._ami.owner import Owner, this_process

TAKEOVER = "/golden/web/locks/takeover"
NOW = datetime.datetime.now(datetime.UTC)


class Ssm:
    """Parameters, for many threads, with answers that take their time."""

    def __init__(self) -> None:
        self.parameters: dict[str, str] = {}
        self.calls: list[str] = []
        self._lock = threading.Lock()

    def _called(self, operation: str) -> None:
        time.sleep(random.random() / 100)
        self.calls.append(operation)

    def put_parameter(self, Name: str, Value: str, **_more: t.Any) -> None:  # noqa: N803 - as boto3 has it
        self._called("put")
        with self._lock:
            if Name in self.parameters:
                error = {"Error": {"Code": "ParameterAlreadyExists", "Message": ""}}
                raise botocore.exceptions.ClientError(error, "PutParameter")
            self.parameters[Name] = Value

    def get_parameter(self, Name: str) -> t.Any:  # noqa: N803
        self._called("get")
        if Name not in self.parameters:
            error = {"Error": {"Code": "ParameterNotFound", "Message": ""}}
            raise botocore.exceptions.ClientError(error, "GetParameter")
        return {"Parameter": {"Value": self.parameters[Name]}}

    def delete_parameter(self, Name: str) -> None:  # noqa: N803
        self._called("delete")
        with self._lock:
            self.parameters.pop(Name, None)


class Cloud:
    def __init__(self) -> None:
        self.client = Ssm()
        self.elsewhere = Ssm()

    def ssm(self, region: str | None = None) -> Ssm:
        return self.elsewhere if region else self.client


def owner(run: str, hours: float = 1) -> Owner:
    return this_process(run, NOW, NOW + datetime.timedelta(hours=hours))


def never(_owner: Owner) -> bool:
    return False


@pytest.fixture
def cloud() -> t.Any:
    return Cloud()


def test_taken_and_given_back_with_one_call_each(cloud: t.Any) -> None:
    lock = ParameterLock(cloud, "web")
    assert lock.take(owner("a"), never) is None
    lock.release(owner("a"))
    assert cloud.client.calls == ["put", "delete"]
    assert not cloud.client.parameters


def test_who_has_it_is_told(cloud: t.Any) -> None:
    assert ParameterLock(cloud, "web").take(owner("a"), never) is None
    said = ParameterLock(cloud, "web").take(owner("b"), never)
    assert said
    assert said.startswith("a on ")
    assert ParameterLock(cloud, "other").take(owner("b"), never) is None


def test_a_lost_answer_does_not_lock_out_its_owner(cloud: t.Any) -> None:
    cloud.client.parameters[lock_name("web")] = owner("a").text()
    assert ParameterLock(cloud, "web").take(owner("a"), never) is None


@pytest.mark.parametrize("dead", [True, False])
@pytest.mark.parametrize("round_", range(5))
def test_one_of_many_takes_over(cloud: t.Any, dead: bool, round_: int) -> None:
    cloud.client.parameters[lock_name("web")] = owner("gone", hours=1 if dead else -1).text()
    won: list[str] = []

    def contend(run: str) -> None:
        lock = ParameterLock(cloud, "web")
        for _attempt in range(20):
            if lock.take(owner(run), lambda other: dead and other.run == "gone") is None:
                won.append(run)
                return

    threads = [threading.Thread(target=contend, args=(f"run-{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert f'"run": "{won[0]}"' in cloud.client.parameters[lock_name("web")]
    assert list(cloud.client.parameters) == [lock_name("web")]


def test_who_is_late_does_not_remove_the_lock_of_the_next(cloud: t.Any) -> None:
    late = owner("late", hours=-1)
    lock = ParameterLock(cloud, "web")
    assert lock.take(late, never) is None
    assert ParameterLock(cloud, "web").take(owner("next"), never) is None
    lock.release(late)
    assert '"run": "next"' in cloud.client.parameters[lock_name("web")]


def test_a_takeover_that_died_is_forgotten(cloud: t.Any) -> None:
    cloud.client.parameters[lock_name("web")] = owner("gone", hours=-1).text()
    cloud.client.parameters["/golden/web/locks/takeover"] = "dead until 2026-01-01T00:00:00+00:00"
    lock = ParameterLock(cloud, "web")
    assert lock.take(owner("a"), never)
    assert lock.take(owner("a"), never) is None
    assert list(cloud.client.parameters) == [lock_name("web")]


def test_only_the_lock_of_that_run_is_removed(cloud: t.Any) -> None:
    lock = ParameterLock(cloud, "web")
    assert lock.remove_of("a", owner("sweep")), "it has none"
    assert lock.take(owner("b"), never) is None
    assert lock.remove_of("a", owner("sweep")), "it has none"
    assert list(cloud.client.parameters) == [lock_name("web")]
    assert lock.remove_of("b", owner("sweep"))
    assert not cloud.client.parameters


def test_a_lock_that_somebody_else_removes_is_not_gone_yet(cloud: t.Any) -> None:
    lock = ParameterLock(cloud, "web")
    assert lock.take(owner("a"), never) is None
    cloud.client.parameters[TAKEOVER] = "other until 2999-01-01T00:00:00+00:00"
    assert not lock.remove_of("a", owner("sweep"))
    assert sorted(cloud.client.parameters) == [lock_name("web"), TAKEOVER]


def test_it_is_in_the_region_that_was_given(cloud: t.Any) -> None:
    lock = ParameterLock(cloud, "web", "us-east-1")
    assert lock.take(owner("a"), never) is None
    assert list(cloud.elsewhere.parameters) == [lock_name("web")]
    assert lock.remove_of("a", owner("sweep"))
    assert not cloud.elsewhere.parameters
    assert not cloud.client.calls


def test_who_lost_the_takeover_removes_nothing(cloud: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its look at the lock and the removal, another one takes both over."""
    cloud.client.parameters[lock_name("web")] = owner("gone", hours=-1).text()
    read = cloud.client.get_parameter

    def late(Name: str) -> t.Any:  # noqa: N803 - as boto3 has it
        answer = read(Name)
        if Name == lock_name("web") and TAKEOVER in cloud.client.parameters:
            cloud.client.parameters = {lock_name("web"): owner("next").text(), TAKEOVER: "next until whenever"}
        return answer

    monkeypatch.setattr(cloud.client, "get_parameter", late)
    assert not ParameterLock(cloud, "web").remove_of("gone", owner("sweep"))
    assert '"run": "next"' in cloud.client.parameters[lock_name("web")]
    assert cloud.client.parameters[TAKEOVER] == "next until whenever"


def test_each_work_has_a_lock_of_its_own(cloud: t.Any) -> None:
    assert ParameterLock(cloud, "web").take(owner("a"), never) is None
    assert ParameterLock(cloud, "web", work="promote").take(owner("b"), never) is None
    assert sorted(cloud.client.parameters) == ["/golden/web/locks/build", "/golden/web/locks/promote"]
    said = ParameterLock(cloud, "web", work="promote").take(owner("c"), never)
    assert said
    assert said.startswith("b on ")
