# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds of one image at the same time, in processes of their own, with locks of the kernel's and one common AWS."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import io
import json
import multiprocessing
import os
import signal
import time
import traceback
import typing as t
from pathlib import Path

import botocore.client
import botocore.exceptions
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.module_utils._packer import lock
from ansible_collections.golden.ami.plugins.modules import packer_build

BASE = "ami-0bbbbbbbbbbbbbbb1"
LOCK = "/golden/web/locks/build"
TEMPLATE = """
variable "golden_run_tags" { type = map(string) }
variable "golden_tags" { type = map(string) }
variable "golden_manifest" { type = string }
"""
FORK = multiprocessing.get_context("fork")


class World:
    """An AWS in a file, so that processes share it: parameters, and the AMIs that Packer's calls have made."""

    def __init__(self, directory: Path, packer: t.Any) -> None:
        self._path = directory / "world.json"
        self._packer = packer
        self._path.write_text(json.dumps({"parameters": {}, "complete": [], "denied": []}))

    @contextlib.contextmanager
    def changed(self) -> t.Iterator[dict[str, t.Any]]:
        with self._path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            world = json.load(file)
            try:
                yield world
            finally:
                file.seek(0)
                file.truncate()
                json.dump(world, file)

    def __call__(self, _client: t.Any, operation: str, request: dict[str, t.Any]) -> t.Any:
        with self.changed() as world:
            return getattr(self, operation)(world, request)

    def error(self, operation: str, code: str) -> t.NoReturn:
        raise botocore.exceptions.ClientError({"Error": {"Code": code, "Message": "says the test"}}, operation)

    def GetCallerIdentity(self, _world: dict[str, t.Any], _request: dict[str, t.Any]) -> t.Any:  # noqa: N802
        return {"Account": "123456789012"}

    def DescribeTags(self, _world: dict[str, t.Any], _request: dict[str, t.Any]) -> t.Any:  # noqa: N802
        return {"Tags": []}

    def GetParameter(self, world: dict[str, t.Any], request: dict[str, t.Any]) -> t.Any:  # noqa: N802
        if request["Name"] not in world["parameters"]:
            self.error("GetParameter", "ParameterNotFound")
        return {"Parameter": {"Value": world["parameters"][request["Name"]]}}

    def PutParameter(self, world: dict[str, t.Any], request: dict[str, t.Any]) -> t.Any:  # noqa: N802
        if request["Name"] in world["denied"]:
            self.error("PutParameter", "AccessDeniedException")
        if request["Name"] in world.get("lost", ()):
            # It is done, but the answer says something else.
            world["parameters"].setdefault(request["Name"], request["Value"])
            self.error("PutParameter", "InternalServerErrors")
        if request["Name"] in world["parameters"]:
            self.error("PutParameter", "ParameterAlreadyExists")
        world["parameters"][request["Name"]] = request["Value"]
        return {}

    def DeleteParameter(self, world: dict[str, t.Any], request: dict[str, t.Any]) -> t.Any:  # noqa: N802
        del world["parameters"][request["Name"]]
        return {}

    def CreateTags(self, world: dict[str, t.Any], request: dict[str, t.Any]) -> t.Any:  # noqa: N802
        world["complete"] += request["Resources"]
        return {}

    def DescribeImages(self, world: dict[str, t.Any], request: dict[str, t.Any]) -> t.Any:  # noqa: N802
        wanted = {one["Name"]: one["Values"] for one in request["Filters"]}
        images = []
        for number, call in enumerate(self._packer.calls("build")):
            image_id = f"ami-{number:017x}"
            done = "yes" if image_id in world["complete"] else "no"
            tags = {**call["variables"]["golden_tags"], "golden:complete": done}
            created = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            if image_id in wanted.get("image-id", [image_id]):
                listed = [{"Key": name, "Value": value} for name, value in tags.items()]
                images.append({"ImageId": image_id, "CreationDate": created, "State": "available", "Tags": listed})
        return {"Images": images}


@pytest.fixture
def world(tmp_path: Path, packer: t.Any, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path, packer)
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    monkeypatch.setattr(lock, "_POLL_PARAMETER", 0.2)
    return made


class Build:
    """A run of the module in a process of its own."""

    def __init__(self, arguments: dict[str, t.Any], state: Path, out: Path) -> None:
        self._out = out
        self.process = FORK.Process(target=self._main, args=(arguments, state))
        self.process.start()

    def _main(self, arguments: dict[str, t.Any], state: Path) -> None:
        os.environ["XDG_STATE_HOME"] = str(state)
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said), patch_module_args(arguments):
                packer_build.main()
        except SystemExit:
            self._out.write_text(said.getvalue())
        except BaseException:
            self._out.write_text(json.dumps({"failed": True, "msg": traceback.format_exc()}))

    def result(self) -> dict[str, t.Any]:
        self.process.join(60)
        assert self.process.exitcode == 0
        result: dict[str, t.Any] = json.loads(self._out.read_text())
        return result


Start = t.Callable[..., Build]


@pytest.fixture
def start(tmp_path: Path, packer: t.Any, world: World) -> t.Iterator[Start]:
    template = tmp_path / "image.pkr.hcl"
    template.write_text(TEMPLATE)
    started: list[Build] = []

    def call(state: str = "state", **given: t.Any) -> Build:
        arguments = {
            "name": "web",
            "template": str(template),
            "packer_executable": str(packer.path),
            "region": "eu-west-1",
            "endpoint_url": "http://127.0.0.1:9",
            "access_key": "AKIDLOCAL",
            "secret_key": "local-secret-key",
            "source_ami": {"id": BASE},
            **given,
        }
        started.append(Build(arguments, tmp_path / state, tmp_path / f"result-{len(started)}.json"))
        return started[-1]

    yield call
    for one in started:
        one.process.kill()


def slow(packer: t.Any, seconds: float = 2.0) -> None:
    """Builds that take a while; the first makes the first AMI, and so on."""
    steps = [{**packer.made(f"ami-{number:017x}"), "sleep": seconds} for number in range(5)]
    packer.does_in_turn("build", *steps)


@pytest.fixture
def gate(packer: t.Any, tmp_path: Path) -> Path:
    """The first build ends when this file is there, however slow the machine is."""
    until = tmp_path / "gate"
    first = {**packer.made("ami-00000000000000000"), "until": str(until)}
    packer.does_in_turn("build", first, packer.made("ami-00000000000000001"))
    return until


def until_packer_runs(packer: t.Any) -> None:
    end = time.monotonic() + 180
    while not packer.calls("build"):
        assert time.monotonic() < end
        time.sleep(0.05)


def parameters(world: World) -> dict[str, str]:
    with world.changed() as content:
        found: dict[str, str] = content["parameters"]
    return found


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("states", "record"), [(("one", "one", "one"), True), (("one", "two", "three"), True), (("one", "one"), False)]
)
def test_never_two_amis_of_one_fingerprint(
    packer: t.Any,
    world: World,
    start: Start,
    tmp_path: Path,
    gate: Path,
    states: tuple[str, ...],
    record: bool,
    force: bool,
) -> None:
    logs = [tmp_path / f"{number}.log" for number in range(len(states))]
    builds = [
        start(state, record=record, force=force, log_path=str(log)) for state, log in zip(states, logs, strict=True)
    ]
    # One builds, and the others wait for it.
    for log in logs:
        until_it_waits(log)
    gate.touch()
    results = [build.result() for build in builds]
    assert not any(result.get("failed") for result in results), results
    assert len(packer.calls("build")) == 1
    assert sorted(result["changed"] for result in results) == [*[False] * (len(states) - 1), True]
    built = next(result for result in results if result["changed"])
    for other in results:
        assert other["artifacts"][0]["ami_id"] == built["artifacts"][0]["ami_id"]
        if other is not built:
            assert f"is just what was asked for: {built['run_id']} built it since this run began" in other["reason"]
    assert not [name for name in parameters(world) if "/locks/" in name]


def test_another_content_is_built_after_the_first(packer: t.Any, world: World, start: Start, tmp_path: Path) -> None:
    slow(packer)
    first = start()
    until_packer_runs(packer)
    (tmp_path / "more").write_text("more")
    second = start(content={"more": [str(tmp_path / "more")]})
    results = [first.result(), second.result()]
    assert [result["changed"] for result in results] == [True, True]
    assert results[0]["version"] < results[1]["version"], "it is stamped when its turn has come"


def until_it_waits(log: Path) -> None:
    end = time.monotonic() + 180
    while not log.exists():
        assert time.monotonic() < end
        time.sleep(0.05)


# It finds its base, and knows nothing of the collection: so it is asked, and built in a copy.
FOREIGN = """
source "amazon-ebs" "web" {
  region   = "eu-west-1"
  ami_name = "OLD"
  source_ami_filter {
    filters = { name = "debian" }
    owners  = ["136693071363"]
  }
}
build {
  sources = ["source.amazon-ebs.web"]
}
variable "golden_run_tags" { type = map(string) }
variable "golden_tags" { type = map(string) }
"""


@pytest.mark.parametrize("base", [{"id": BASE}, None])
def test_what_is_edited_while_it_waits_is_built_as_it_is_by_then(
    packer: t.Any, world: World, start: Start, tmp_path: Path, gate: Path, base: t.Any
) -> None:
    del world
    template, log = tmp_path / "image.pkr.hcl", tmp_path / "log"
    template.write_text(FOREIGN)
    packer.finds(BASE)
    first = start(source_ami=base)
    until_packer_runs(packer)
    second = start(source_ami=base, log_path=str(log))
    until_it_waits(log)
    asked = len(packer.calls("validate"))
    template.write_text(FOREIGN.replace("OLD", "NEW"))
    gate.touch()
    results = [first.result(), second.result()]
    assert [result.get("changed") for result in results] == [True, True], results
    assert results[0]["fingerprint"] != results[1]["fingerprint"]
    assert ["NEW" in call["template"] for call in packer.calls("build")] == [False, True]
    assert "NEW" in packer.calls("validate")[asked]["template"], "what is built is what was validated"
    assert base or "NEW" in packer.calls("probe")[-1]["template"]


def test_what_is_broken_while_it_waits_is_not_built(
    packer: t.Any, world: World, start: Start, tmp_path: Path, gate: Path
) -> None:
    log = tmp_path / "log"
    first = start()
    until_packer_runs(packer)
    second = start(log_path=str(log))
    until_it_waits(log)
    (tmp_path / "image.pkr.hcl").write_text(TEMPLATE + 'variable "size" {}\n')
    gate.touch()
    assert first.result()["changed"]
    assert "size" in second.result()["msg"]
    assert len(packer.calls("build")) == 1
    assert LOCK not in parameters(world)


@pytest.mark.parametrize("other", ["one", "two"])
def test_to_be_told_at_once(packer: t.Any, world: World, start: Start, gate: Path, other: str) -> None:
    first = start("one")
    until_packer_runs(packer)
    result = start(other, lock_timeout=0).result()
    assert result["failed"]
    run = packer.calls("build")[0]["variables"]["golden_run_tags"]["golden:run"]
    assert f"web is being built by {run} on {os.uname().nodename} (process {first.process.pid}) since" in result["msg"]
    assert f"remove the SSM parameter {LOCK}" in result["msg"]
    gate.touch()
    assert first.result()["changed"]
    assert len(packer.calls("build")) == 1


def test_patience_has_an_end_and_the_wait_is_in_the_log(
    packer: t.Any, world: World, start: Start, tmp_path: Path, gate: Path
) -> None:
    first = start()
    until_packer_runs(packer)
    began = time.monotonic()
    result = start(lock_timeout=1, log_path=str(tmp_path / "log")).result()
    assert time.monotonic() - began >= 1
    assert "and 1 s were not enough to wait for it" in result["msg"]
    run = packer.calls("build")[0]["variables"]["golden_run_tags"]["golden:run"]
    assert f"==> golden.ami: [0:00] Wait for {run} on" in (tmp_path / "log").read_text()
    gate.touch()
    assert first.result()["changed"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("other", ["one", "two"])
def test_a_signal_ends_the_wait(
    packer: t.Any, world: World, start: Start, tmp_path: Path, gate: Path, number: signal.Signals, other: str
) -> None:
    first = start("one")
    until_packer_runs(packer)
    log = tmp_path / "log"
    waiting = start(other, log_path=str(log))
    until_it_waits(log)
    os.kill(waiting.process.pid or 0, number)
    result = waiting.result()
    gate.touch()
    assert f"Nothing of web was built: the module got {number.name} while it waited" in result["msg"]
    assert first.result()["changed"]
    assert len(packer.calls("build")) == 1
    assert not [name for name in parameters(world) if "/locks/" in name]


def locked(world: World, **more: t.Any) -> None:
    """A lock that a build on another machine left."""
    now = datetime.datetime.now(datetime.UTC)
    owner = {
        "run": "golden-1",
        "host": "elsewhere",
        "pid": 1,
        "started": now.isoformat(),
        "expires": (now + datetime.timedelta(hours=1)).isoformat(),
        "process_started": 0,
        "boot": "another",
        "namespace": "",
        **more,
    }
    with world.changed() as content:
        content["parameters"][LOCK] = json.dumps(owner)


def test_an_expired_lock_is_taken_over(packer: t.Any, world: World, start: Start) -> None:
    slow(packer, 0)
    locked(world)
    assert "golden-1 on elsewhere (process 1)" in start(lock_timeout=0).result()["msg"]
    locked(world, expires="2026-01-01T00:00:00+00:00")
    assert start(lock_timeout=0).result()["changed"]
    assert not [name for name in parameters(world) if "/locks/" in name]


@pytest.mark.parametrize("state", ["one", "two"])
def test_the_lock_of_a_killed_build_is_taken_over_at_once(
    packer: t.Any, world: World, start: Start, state: str
) -> None:
    packer.does_in_turn("build", {"sleep": 60}, packer.made("ami-00000000000000001"))
    first = start("one")
    until_packer_runs(packer)
    first.process.kill()
    first.process.join()
    assert LOCK in parameters(world)
    result = start(state, lock_timeout=0).result()
    assert result["changed"], result
    assert LOCK not in parameters(world)


def test_after_a_new_start_of_the_machine_its_lock_is_taken_over(packer: t.Any, world: World, start: Start) -> None:
    packer.does_in_turn("build", {"sleep": 60}, packer.made("ami-00000000000000001"))
    first = start()
    until_packer_runs(packer)
    first.process.kill()
    first.process.join()
    locked(world, **{**json.loads(parameters(world)[LOCK]), "boot": "the last one"})
    assert start(lock_timeout=0).result()["changed"]


def test_a_lock_that_is_none(packer: t.Any, world: World, start: Start) -> None:
    with world.changed() as content:
        content["parameters"][LOCK] = "hands off"
    result = start(lock_timeout=0).result()
    assert f"someone who wrote 'hands off' into the SSM parameter {LOCK}" in result["msg"]
    assert not packer.calls("build")


def test_without_permission_nothing_is_launched(packer: t.Any, world: World, start: Start) -> None:
    with world.changed() as content:
        content["denied"].append(LOCK)
    result = start().result()
    assert "AccessDenied" in result["msg"]
    assert "ssm:DeleteParameter on /golden/*: allow them, or set record to false" in result["msg"]
    assert not packer.calls("build")
    slow(packer, 0)
    assert start(record=False).result()["changed"]


@pytest.mark.parametrize("removable", [True, False])
def test_another_failure_is_told_as_what_it_was_and_leaves_no_lock(
    packer: t.Any, world: World, start: Start, removable: bool
) -> None:
    with world.changed() as content:
        content["lost"] = [LOCK]
        content["denied"] += [] if removable else ["/golden/web/locks/takeover"]
    message = start().result()["msg"]
    assert "InternalServerErrors" in message
    assert "Nothing was launched" in message
    assert "allow them" not in message
    assert ("has left its lock there is not known" in message) is not removable
    assert list(parameters(world)) == ([] if removable else [LOCK])
    assert not packer.calls("build")


def test_a_version_that_is_there_is_refused_before_anything_runs(
    packer: t.Any, world: World, start: Start, tmp_path: Path
) -> None:
    slow(packer, 0)
    assert start(version="1.0").result()["changed"]
    result = start(version="1.0", force=True).result()
    assert "web 1.0 is there already: ami-00000000000000000 in eu-west-1" in result["msg"]
    assert len(packer.calls("build")) == 1
