# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In whatever order the calls of several runs reach SSM: one of them gets the lock, and only from one that is dead."""

from __future__ import annotations

import datetime
import threading
import typing as t

import botocore.exceptions
from ansible_collections.golden.ami.plugins.module_utils._ami.lock_parameter import ParameterLock, lock_name
from ansible_collections.golden.ami.plugins.module_utils._ami.owner import Owner, read_owner, this_process
from hypothesis import given, settings
from hypothesis import strategies as st

NOW = datetime.datetime.now(datetime.UTC)
# Nobody waits so long for a turn, unless somebody has died without a word.
PATIENCE = 60


class Turns:
    """Lets one call of one run through at a time, in the order that a test says; then whoever is there."""

    def __init__(self, order: list[str]) -> None:
        self._order = order
        self._condition = threading.Condition()
        self._running: set[str] = set()
        self._waiting: set[str] = set()
        self._turn: str | None = None

    def run(self, works: dict[str, t.Callable[[], None]]) -> None:
        self._running = set(works)
        threads = [threading.Thread(target=self._run, args=(name, work)) for name, work in works.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def _run(self, name: str, work: t.Callable[[], None]) -> None:
        try:
            work()
        finally:
            with self._condition:
                self._running.discard(name)
                self._next()

    def wait(self, name: str) -> None:
        with self._condition:
            self._waiting.add(name)
            self._next()
            assert self._condition.wait_for(lambda: self._turn == name, PATIENCE)
            self._turn = None
            self._waiting.discard(name)

    def _next(self) -> None:
        """When all that run wait, it is the turn of the next one."""
        if self._turn is None and self._waiting and self._waiting == self._running:
            while self._order and self._order[0] not in self._waiting:
                self._order.pop(0)
            self._turn = self._order.pop(0) if self._order else min(self._waiting)
            self._condition.notify_all()


class Ssm:
    """The parameters as one run sees them: it waits for its turn before each call."""

    def __init__(self, name: str, turns: Turns, parameters: dict[str, str]) -> None:
        self._name = name
        self._turns = turns
        self._parameters = parameters

    def ssm(self, _region: str | None = None) -> Ssm:
        return self

    def put_parameter(self, Name: str, Value: str, **_more: t.Any) -> None:  # noqa: N803 - as boto3 has it
        self._turns.wait(self._name)
        if Name in self._parameters:
            self._fail("ParameterAlreadyExists", "PutParameter")
        self._parameters[Name] = Value

    def get_parameter(self, Name: str) -> t.Any:  # noqa: N803
        self._turns.wait(self._name)
        if Name not in self._parameters:
            self._fail("ParameterNotFound", "GetParameter")
        return {"Parameter": {"Value": self._parameters[Name]}}

    def delete_parameter(self, Name: str) -> None:  # noqa: N803
        self._turns.wait(self._name)
        if self._parameters.pop(Name, None) is None:
            self._fail("ParameterNotFound", "DeleteParameter")

    @staticmethod
    def _fail(code: str, operation: str) -> t.NoReturn:
        raise botocore.exceptions.ClientError({"Error": {"Code": code, "Message": ""}}, operation)


def owner(run: str, hours: float = 1) -> Owner:
    return this_process(run, NOW, NOW + datetime.timedelta(hours=hours))


RUNS = ["one", "two", "three"]
ORDERS = st.lists(st.sampled_from(RUNS), max_size=24)
# A lock that is free, of one that is dead, of one that is late, or of one that lives.
HOLDERS = st.sampled_from(["none", "dead", "late", "alive"])


@settings(max_examples=40)
@given(ORDERS, HOLDERS)
def test_one_gets_it_and_only_from_one_that_is_over(order: list[str], holder: str) -> None:
    parameters: dict[str, str] = {}
    if holder != "none":
        parameters[lock_name("web")] = owner(holder, hours=-1 if holder == "late" else 1).text()
    turns = Turns(order)
    won: list[str] = []

    def contend(run: str) -> None:
        lock = ParameterLock(t.cast(t.Any, Ssm(run, turns, parameters)), "web")
        for _attempt in range(3):
            if lock.take(owner(run), lambda other: other.run == "dead") is None:
                won.append(run)
                return

    turns.run({run: lambda run=run: contend(run) for run in RUNS})
    held = read_owner(parameters[lock_name("web")])
    assert held
    assert held.run == ("alive" if holder == "alive" else won[0])
    assert len(won) == (0 if holder == "alive" else 1)
    assert list(parameters) == [lock_name("web")], "nothing else is left"


@settings(max_examples=40)
@given(ORDERS)
def test_it_is_given_back_and_the_next_gets_it(order: list[str]) -> None:
    parameters: dict[str, str] = {}
    turns = Turns(order)
    inside: list[str] = []
    most: list[int] = []

    def work(run: str) -> None:
        lock = ParameterLock(t.cast(t.Any, Ssm(run, turns, parameters)), "web")
        for _attempt in range(6):
            if lock.take(owner(run), lambda _other: False) is None:
                inside.append(run)
                most.append(len(inside))
                # A call within, so that others have their turns.
                lock.remove_of("nobody", owner(run))
                inside.remove(run)
                lock.release(owner(run))
                return

    turns.run({run: lambda run=run: work(run) for run in RUNS})
    assert most
    assert max(most) == 1
    assert parameters == {}
