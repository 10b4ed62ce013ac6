# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local cloud's API with stand-ins for its machines, behind its real server, reached by real clients."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config as ClientConfig

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[3] / "roles" / "local_cloud" / "files" / "golden_cloud"))
sys.path.insert(0, str(Path(__file__).parent))

from balancing import Fleet
from golden_cloud.api import create_app
from golden_cloud.ports import BaseImage, Builder, CommitResult, Config, MachineError, Timings, stable_image_id
from golden_cloud.server import Server

ACCOUNT = "123456789012"
DEBIAN = "136693071363"
DEBIAN_NAME = "debian-12-amd64-20260101-0001"
PARAMETER = "/aws/service/debian/release/12/latest/amd64"


def pytest_configure(config: pytest.Config) -> None:
    # moto's remark on every error code that is in no service's model.
    config.addinivalue_line("filterwarnings", "ignore:.*does not match an error shape.*:UserWarning")


class FakeMachines:
    """Machines that are nothing but their states; work waits for ``gate``, and fails as ``failures`` says."""

    def __init__(self) -> None:
        self.machines: dict[str, str] = {}
        self.images: set[str] = set()
        self.done: list[tuple[Any, ...]] = []
        self.failures: dict[str, str] = {}
        self.addresses: list[str] = []
        """Of the machines that are launched next; usual ones when there are none."""
        self.gate = threading.Event()
        self.gate.set()
        self.ended: Callable[[str], None] = lambda _instance_id: None

    def _do(self, verb: str, *arguments: Any) -> None:
        self.gate.wait(20)
        self.done.append((verb, *arguments))
        if verb in self.failures:
            raise MachineError(self.failures[verb])

    def base_images(self) -> list[BaseImage]:
        return [
            BaseImage(
                key="debian-12",
                image_id=stable_image_id(DEBIAN_NAME),
                name=DEBIAN_NAME,
                owner_id=DEBIAN,
                owner_alias=None,
                architecture="x86_64",
                description="Debian 12",
                creation_date="2026-01-01T00:00:00.000Z",
                root_device_name="/dev/xvda",
                volume_size=8,
                ssm_parameters=(PARAMETER,),
                image_ref="base:debian-12",
            )
        ]

    def launch(self, instance_id: str, image_ref: str, **about: Any) -> str:
        self._do("launch", instance_id, image_ref, about)
        self.machines[instance_id] = "running"
        return self.addresses.pop(0) if self.addresses else f"10.9.0.{len(self.done) % 250 + 2}"

    def stop(self, instance_id: str) -> None:
        self._do("stop", instance_id)
        self.machines[instance_id] = "stopped"

    def start(self, instance_id: str) -> str:
        self._do("start", instance_id)
        self.machines[instance_id] = "running"
        return self.addresses.pop(0) if self.addresses else "10.9.0.2"

    def reboot(self, instance_id: str) -> None:
        self._do("reboot", instance_id)

    def terminate(self, instance_id: str) -> None:
        self._do("terminate", instance_id)
        self.machines.pop(instance_id, None)

    def commit(self, instance_id: str, image_id: str, *, reboot: bool) -> CommitResult:
        self._do("commit", instance_id, image_id, reboot)
        self.images.add(f"image:{image_id}")
        return CommitResult(f"image:{image_id}", 1_234_567)

    def delete_image(self, image_ref: str) -> None:
        self._do("delete_image", image_ref)
        self.images.discard(image_ref)

    def console_output(self, instance_id: str) -> str:
        return f"console of {instance_id}\n"

    def watch(self, ended: Callable[[str], None]) -> None:
        self.ended = ended

    def describe(self, instance_id: str) -> str:
        return self.machines.get(instance_id, "gone")

    def verbs(self) -> list[str]:
        return [entry[0] for entry in self.done]


class LocalBuilders:
    """Containers of builds that are directories, whose commands run in a local ``sh``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.present: set[str] = set()
        self.started: list[tuple[str, str, str]] = []
        self.users: list[str] = []
        """As whom commands were to run that were not to run as the image's own user."""
        self.failures: dict[str, str] = {}
        self._running: dict[str, list[subprocess.Popen[bytes]]] = {}

    def start(self, key: str, image: str, environment_type: str, *, privileged: bool) -> Builder:
        self.started.append((key, image, environment_type))
        if privileged or "start" in self.failures:
            raise MachineError(self.failures.get("start", "no container is privileged here"))
        place = self.directory / key
        place.mkdir(parents=True)
        self.present.add(key)
        return Builder(str(place), "a directory")

    def run(
        self,
        key: str,
        argv: list[str],
        *,
        output: Callable[[bytes], None],
        stdin: bytes = b"",
        user: str | None = None,
        errors: Callable[[bytes], None] | None = None,
    ) -> int:
        if key not in self.present:
            raise MachineError(f"there is no container {key}")
        self.users += [user] if user else []
        given = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CODEBUILD_"))}
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if errors is None else subprocess.PIPE,
            env=given,
            start_new_session=True,
        )
        self._running.setdefault(key, []).append(process)
        assert process.stdin is not None and process.stdout is not None
        feeder = threading.Thread(target=self._feed, args=(process.stdin, stdin), daemon=True)
        feeder.start()
        while chunk := os.read(process.stdout.fileno(), 65536):
            output(chunk)
        if errors is not None and process.stderr is not None:
            errors(process.stderr.read())
            process.stderr.close()
        feeder.join()
        process.stdout.close()
        return process.wait()

    @staticmethod
    def _feed(pipe: Any, content: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            pipe.write(content)
        with contextlib.suppress(BrokenPipeError):
            pipe.close()

    def remove(self, key: str) -> None:
        self.present.discard(key)
        for process in self._running.pop(key, []):
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


class LocalCloud:
    """The API under test."""

    def __init__(self, directory: Path, timings: Timings | None = None, registry: Any = None) -> None:
        self.directory = directory
        self.registry = registry
        self.machines = FakeMachines()
        self.builders = LocalBuilders(directory / "builds")
        self.timings = timings or Timings(save_delay=0.05)
        self.start()

    def start(self) -> None:
        config = Config(
            name="test",
            state_directory=self.directory,
            access_key="AKIATESTTESTTESTTEST",
            secret_key="secret" * 6,
            port=0,
            timings=self.timings,
        )
        self.app = create_app(config, self.machines, self.builders, self.registry)
        self.app.load()
        self.server = Server(self._application, [("127.0.0.1", 0)])
        self.port = self.server.ports[0]
        # The port is known only now.
        object.__setattr__(config, "port", self.port)
        self.config = config
        self.server.start()

    def _application(self, environ: Any, start_response: Any) -> Any:
        return self.app.wsgi(environ, start_response)

    def stop(self) -> None:
        self.machines.gate.set()
        self.server.stop()
        self.app.close(timeout=10)

    def restart(self) -> None:
        self.stop()
        self.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(
        self,
        service: str,
        region: str = "us-east-1",
        keys: dict[str, str] | None = None,
        config: ClientConfig | None = None,
    ) -> Any:
        keys = keys or {"AccessKeyId": self.config.access_key, "SecretAccessKey": self.config.secret_key}
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            config=config or ClientConfig(connect_timeout=5, read_timeout=40),
        )

    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.directory / "calls.jsonl").read_text().splitlines()]

    def control(self, method: str, path: str, document: Any = None, *, user: str | None = None) -> tuple[int, Any]:
        """HTTP status and JSON of the control API; ``user`` is ``KEY:SECRET``."""
        pair = f"{self.config.access_key}:{self.config.secret_key}" if user is None else user
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = document if isinstance(document, bytes) or document is None else json.dumps(document).encode()
        headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()} if pair else {}
        connection.request(method, f"/_golden/{path}", body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def fault(self, operation: str, action: str, **fields: Any) -> str:
        """Have something go wrong; the fault's id."""
        status, told = self.control("POST", "faults", {"operation": operation, "action": action, **fields})
        assert status == 201, told
        return str(told["id"])

    def faults(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "faults")[1]["faults"]
        return found

    def hits(self, fault_id: str) -> int:
        return int(next(fault["hits"] for fault in self.faults() if fault["id"] == fault_id))

    def remove_fault(self, fault_id: str) -> None:
        assert self.control("DELETE", f"faults/{fault_id}") == (200, {"removed": 1})

    def settle(self) -> None:
        assert self.app.idle(20), "the work on machines does not end"


@pytest.fixture
def cloud_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., LocalCloud]]:
    """A local cloud with other timings than the usual ones, or with a registry."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    tmp_path.chmod(0o700)
    running: list[LocalCloud] = []

    def _cloud_with(timings: Timings | None = None, registry: Any = None) -> LocalCloud:
        running.append(LocalCloud(tmp_path, timings, registry))
        return running[0]

    yield _cloud_with
    for one in running:
        one.stop()


@pytest.fixture
def cloud(cloud_with: Callable[..., LocalCloud]) -> LocalCloud:
    return cloud_with()


@pytest.fixture
def ec2(cloud: LocalCloud) -> Any:
    return cloud.client("ec2")


@pytest.fixture
def ssm(cloud: LocalCloud) -> Any:
    return cloud.client("ssm")


@pytest.fixture
def base_ami() -> str:
    return stable_image_id(DEBIAN_NAME)


@pytest.fixture
def launch(cloud: LocalCloud, ec2: Any, base_ami: str) -> Callable[..., str]:
    """Launch an instance and wait until it runs; returns its id."""

    def _launch(**options: Any) -> str:
        asked = {"ImageId": base_ami, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1} | options
        instance_id: str = ec2.run_instances(**asked)["Instances"][0]["InstanceId"]
        cloud.settle()
        return instance_id

    return _launch


@pytest.fixture
def make_image(cloud: LocalCloud, ec2: Any, launch: Callable[..., str]) -> Callable[..., str]:
    """Make an image of a new instance and wait until it is available; returns its id."""

    def _make_image(name: str = "wordpress-20260101000000", **options: Any) -> str:
        image_id: str = ec2.create_image(InstanceId=launch(), Name=name, **options)["ImageId"]
        cloud.settle()
        return image_id

    return _make_image


@pytest.fixture
def fleet(cloud_with: Callable[..., LocalCloud]) -> Iterator[Fleet]:
    """Instances with web servers, on a cloud whose health checks are ten times as quick as they say."""
    cloud = cloud_with(Timings(save_delay=0.05, health_check_second=0.1))
    base_ami = stable_image_id(DEBIAN_NAME)

    def launch(**options: Any) -> str:
        asked = {"ImageId": base_ami, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1} | options
        instance_id: str = cloud.client("ec2").run_instances(**asked)["Instances"][0]["InstanceId"]
        cloud.settle()
        return instance_id

    made = Fleet(cloud, launch, cloud.machines.addresses)
    yield made
    made.stop()


@pytest.fixture
def state_of(ec2: Any) -> Callable[[str], str]:
    def _state_of(instance_id: str) -> str:
        found = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
        return str(found["State"]["Name"])

    return _state_of


@pytest.fixture
def refused() -> Callable[..., Any]:
    """``with refused("Code") as error``: the call ends with this code."""
    from contextlib import contextmanager

    from botocore.exceptions import ClientError

    @contextmanager
    def _refused(code: str, text: str = "") -> Iterator[Any]:
        with pytest.raises(ClientError) as caught:
            yield caught
        assert caught.value.response["Error"]["Code"] == code, str(caught.value)
        assert text in str(caught.value)

    return _refused
