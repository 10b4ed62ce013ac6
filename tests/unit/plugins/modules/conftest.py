# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Packer that does what a test says, and an AWS that answers an ordered list of expected calls."""

from __future__ import annotations

import json
import os
import sys
import textwrap
import time
import types
import typing as t
from pathlib import Path

import botocore.client
import botocore.exceptions
import botocore.validate
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.module_utils._packer import process
from ansible_collections.golden.ami.plugins.modules import build_sweep, packer_build

FAKE = """
    #!{python}
    import json, os, pathlib, re, signal, subprocess, sys, time
    here = pathlib.Path({here!r})
    plan = json.loads((here / "plan.json").read_text())
    template = pathlib.Path(sys.argv[-1])
    # A build of nothing, that asks for the base of a template.
    command = "probe" if (template / "golden_probe.pkr.hcl").exists() else sys.argv[1]
    if template.is_dir():
        text = "\\n".join(file.read_text() for file in sorted(template.glob("*.pkr.*")))
    else:
        text = template.read_text() if template.exists() else ""
    files = [argument.split("=", 1)[1] for argument in sys.argv if argument.startswith("-var-file=")]
    values = {{}}
    for file in files:
        if file.endswith(".json"):
            values.update(json.loads(pathlib.Path(file).read_text()))
    if command == "version":
        print("Packer v" + plan["version"])
        sys.exit(0)
    with open(here / "calls.jsonl", "a") as calls:
        call = {{"argv": [command, *sys.argv[2:]], "environment": dict(os.environ), "variables": values, "directory": os.getcwd()}}
        call["modes"] = [oct(os.stat(file).st_mode & 0o777) for file in files]
        call["template"] = text
        call["group"] = os.getpgrp() == os.getpid()
        calls.write(json.dumps(call) + "\\n")
    step = plan[command]
    if isinstance(step, list):
        with open(here / "calls.jsonl") as calls:
            step = step[sum(json.loads(line)["argv"][0] == command for line in calls) - 1]
    if "clean_up" in step:
        def stop(number, _frame):
            print(step["clean_up"].format(signal.Signals(number).name), flush=True)
            sys.exit(1)
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
    if step.get("fill"):
        try:
            (pathlib.Path(step["fill"]) / "filler").write_bytes(bytes(1 << 26))
        except OSError:
            pass
    for line in step.get("lines", []):
        print(line.replace("VARIABLES", next(iter(files), "")), flush=True)
    if step.get("orphan"):
        subprocess.Popen(["sleep", "60"], start_new_session=True)
    if step.get("signal_parent"):
        os.kill(os.getppid(), step["signal_parent"])
    if step.get("sleep"):
        (here / "sleeps").touch()
        time.sleep(step["sleep"])
    patience = time.monotonic() + 300
    while step.get("until") and not os.path.exists(step["until"]) and time.monotonic() < patience:
        time.sleep(0.05)
    if step.get("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    added = re.search(r'"?output"? *[=:] *"([^"]+/(?:manifest|golden_probe).json)"', text)
    manifest = values.get("golden_manifest") or (added and added[1])
    if "manifest" in step and manifest:
        pathlib.Path(manifest).write_text(json.dumps(step["manifest"]))
    if command == "hcl2_upgrade":
        pathlib.Path(sys.argv[2].split("=", 1)[1]).write_text(step["upgraded"])
    sys.exit(step.get("code", 0))
"""


class FakePacker:
    """An executable file; C(plan) says for each command what it prints and how it ends."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "packer"
        self._directory = directory
        # It is there when Packer has said all that it says before it sleeps.
        self.sleeps = directory / "sleeps"
        source = textwrap.dedent(FAKE.format(python=sys.executable, here=str(directory))).lstrip()
        self.path.write_text(source)
        self.path.chmod(0o755)
        self.plan: dict[str, t.Any] = {"version": "1.16.0", "init": {}, "validate": {}, "build": {}}

    def does(self, command: str, **step: t.Any) -> None:
        self._plan(command, step)

    def does_in_turn(self, command: str, *steps: dict[str, t.Any]) -> None:
        """The first call of the command does the first step, and so on."""
        self._plan(command, list(steps))

    def _plan(self, command: str, what: t.Any) -> None:
        self.plan[command] = what
        (self._directory / "plan.json").write_text(json.dumps(self.plan))

    def makes(self, *ami_ids: str, lines: list[str] | None = None) -> None:
        self.does("build", **self.made(*ami_ids), lines=lines or [])

    def made(self, *ami_ids: str, region: str = "eu-west-1") -> dict[str, t.Any]:
        """The step of a build that succeeds."""
        build = {
            "name": "base",
            "builder_type": "amazon-ebs",
            "artifact_id": ",".join(f"{region}:{ami_id}" for ami_id in ami_ids),
            "packer_run_uuid": "two",
        }
        old = {**build, "artifact_id": f"{region}:ami-00000000000000bad", "packer_run_uuid": "one"}
        return {"manifest": {"builds": [old, build], "last_run_uuid": "two"}}

    def finds(self, *answers: str) -> None:
        """What Packer answers to the questions of a probe."""
        self.does("probe", manifest={"builds": [{"custom_data": {str(i): one for i, one in enumerate(answers)}}]})

    def calls(self, command: str | None = None) -> list[dict[str, t.Any]]:
        log = self._directory / "calls.jsonl"
        calls = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return [call for call in calls if command in (None, call["argv"][0])]


class AwsCalls:
    """The calls that a test expects, in order, and the answers. A missing or another call fails the test.

    The lock of a build is free, and nobody builds the image before it is taken, unless C(locks) is set to False.
    """

    def __init__(self) -> None:
        self.locks = True
        self._images: t.Any = None
        self._look_again = False
        self._expected: list[tuple[str, t.Any, t.Callable[[dict[str, t.Any]], None] | None]] = []
        self.seen: list[tuple[str, dict[str, t.Any]]] = []
        self.clients: list[dict[str, t.Any]] = []
        # Service and Region of each call.
        self.regions: list[tuple[str, str]] = []

    def expect(
        self, operation: str, answer: t.Any = None, check: t.Callable[[dict[str, t.Any]], None] | None = None
    ) -> AwsCalls:
        self._expected.append((operation, answer if answer is not None else {}, check))
        return self

    def fail(self, operation: str, code: str, check: t.Callable[[dict[str, t.Any]], None] | None = None) -> AwsCalls:
        error = {"Error": {"Code": code, "Message": f"{code}, says the test"}}
        return self.expect(operation, botocore.exceptions.ClientError(t.cast(t.Any, error), operation), check)

    def __call__(self, client: t.Any, operation: str, request: dict[str, t.Any]) -> t.Any:
        self.regions.append((client.meta.service_model.service_name, client.meta.region_name))
        if operation == "GetCallerIdentity" and (not self._expected or self._expected[0][0] != operation):
            # Whose credentials these are may be asked by a build at any time.
            self.seen.append((operation, request))
            return {"Account": "123456789012"}
        if self.locks and self._is_about_the_lock(operation, request):
            self.seen.append((operation, request))
            return self._images if operation == "DescribeImages" else {}
        if not self._expected:
            raise AssertionError(f"unexpected call: {operation} {request}")
        expected, answer, check = self._expected.pop(0)
        if expected != operation:
            raise AssertionError(f"expected {expected}, got {operation} {request}")
        shape = client.meta.service_model.operation_model(operation).input_shape
        report = botocore.validate.ParamValidator().validate(request, shape)
        if report.has_errors():
            raise AssertionError(f"{operation}: {report.generate_report()}")
        self.seen.append((operation, request))
        if check:
            check(request)
        if isinstance(answer, Exception):
            raise answer
        if operation == "DescribeImages" and self._asks_for_own(request):
            self._images = answer
        return answer

    @staticmethod
    def _asks_for_own(request: dict[str, t.Any]) -> bool:
        return any(one["Name"] == "tag:golden:image" for one in request.get("Filters", []))

    def _is_about_the_lock(self, operation: str, request: dict[str, t.Any]) -> bool:
        """The lock itself, and the look at the images that follows it."""
        if request.get("Name", "").endswith("/locks/build"):
            self._look_again = operation == "PutParameter"
            return True
        again = self._look_again and operation == "DescribeImages" and self._asks_for_own(request)
        self._look_again = self._look_again and not again
        return again

    def done(self) -> None:
        if self._expected:
            raise AssertionError(f"these calls did not come: {[call[0] for call in self._expected]}")

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _request in self.seen]


@pytest.fixture
def packer(tmp_path: Path) -> FakePacker:
    directory = tmp_path / "bin"
    directory.mkdir()
    fake = FakePacker(directory)
    fake.does("init")
    return fake


@pytest.fixture
def out_of_time(packer: FakePacker, monkeypatch: pytest.MonkeyPatch) -> int:
    """A timeout that is over when Packer sleeps, however slow the machine is."""
    timeout = 10_000
    clock = types.SimpleNamespace(
        monotonic=lambda: time.monotonic() + 2 * timeout * packer.sleeps.exists(), sleep=time.sleep
    )
    monkeypatch.setattr(process, "time", clock)
    return timeout


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[AwsCalls]:
    calls = AwsCalls()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: calls(*given))
    yield calls
    calls.done()


ACCESS = {
    "region": "eu-west-1",
    "endpoint_url": "http://127.0.0.1:9",
    "access_key": "AKIDLOCAL",
    "secret_key": "local-secret-key",
}


def result_of(
    main: t.Callable[[], None], options: dict[str, t.Any], capsys: pytest.CaptureFixture[str]
) -> dict[str, t.Any]:
    with patch_module_args({**ACCESS, **options}), pytest.raises(SystemExit):
        main()
    result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
    return result


@pytest.fixture
def build(packer: FakePacker, capsys: pytest.CaptureFixture[str]) -> t.Callable[..., dict[str, t.Any]]:
    """Runs packer_build's own main() with the fake Packer and with options that a test gives; the result of the module."""

    def call(**given: t.Any) -> dict[str, t.Any]:
        arguments = {
            "name": "web",
            "packer_executable": str(packer.path),
            **given,
        }
        return result_of(packer_build.main, arguments, capsys)

    return call


@pytest.fixture
def sweep(capsys: pytest.CaptureFixture[str]) -> t.Callable[..., dict[str, t.Any]]:
    """Runs build_sweep's own main() with options that a test gives; the result of the module."""
    return lambda **given: result_of(build_sweep.main, given, capsys)


@pytest.fixture(autouse=True)
def as_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests import Ansible's control side, and then a module's warnings would go to the screen."""
    monkeypatch.setattr("ansible.module_utils._internal.is_controller", False)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees the user's state, AWS settings or Packer plugins."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "PACKER_", "CODEBUILD_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path
