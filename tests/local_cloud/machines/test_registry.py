# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry behind ECR: brought, started, ended; and podman, which logs in, pushes and pulls."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from golden_cloud.machines import registry
from golden_cloud.machines.registry import DebianRegistry
from golden_cloud.place import Place
from golden_cloud.ports import MachineError
from own_cloud import Cloud

# A registry as far as the cloud needs one to have started: it answers on the socket that its configuration names.
FAKE = f"""\
#!{sys.executable}
import re, socketserver, sys
from http.server import BaseHTTPRequestHandler
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.client_address = ("", 0)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *words): pass
assert sys.argv[1] == "serve"
address = re.search(r'addr: "(.*)"', open(sys.argv[2]).read())[1]
socketserver.UnixStreamServer(address, Handler).serve_forever()
"""


@pytest.fixture
def place(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A cloud that is nothing but directories; that for sockets is short."""
    run = tmp_path_factory.mktemp("r")
    monkeypatch.setattr(Place, "run", property(lambda _self: run))
    made = Place("default", tmp_path / "state", tmp_path / "cache")
    made.state.mkdir()
    return made


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry on PATH."""
    directory = tmp_path / "bin"
    directory.mkdir()
    file = directory / "docker-registry"
    file.write_text(FAKE)
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")
    return file


def running(place: Place) -> list[int]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(place.state / "registry").encode() in file.read_bytes():
                found.append(int(file.parent.name))
        except OSError:
            continue
    return found


def test_it_starts_when_it_is_needed_once_and_ends_with_the_cloud(place: Place, program: Path) -> None:
    made = DebianRegistry(place)
    assert running(place) == []
    assert made.ready() == made.ready() == place.run / "registry.sock"
    (pid,) = running(place)
    made.close()
    assert (running(place), Path(f"/proc/{pid}").exists()) == ([], False)
    assert not (place.run / "registry.sock").exists()
    with pytest.raises(MachineError, match="is ending"):
        made.ready()


def test_one_that_died_is_started_anew(place: Place, program: Path) -> None:
    made = DebianRegistry(place)
    made.ready()
    (pid,) = running(place)
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.01)
    # Whoever reaps it says so a moment after it is gone from /proc.
    for _moment in range(100):
        made.ready()
        if running(place):
            break
        time.sleep(0.02)
    assert running(place) not in ([], [pid])
    made.close()


def test_it_dies_with_a_server_that_is_killed(place: Place, program: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom golden_cloud.place import Place\n"
        "from golden_cloud.machines.registry import DebianRegistry\n"
        "Place.run = property(lambda self: Path(sys.argv[2]))\n"
        "DebianRegistry(Place('default', Path(sys.argv[1]), Path('/x'))).ready()\nprint('up', flush=True)\ntime.sleep(600)\n"
    )
    package = str(Path(registry.__file__).parents[2])
    server = subprocess.Popen(
        [sys.executable, "-c", code, str(place.state), str(place.run)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": package},
    )
    assert server.stdout is not None
    assert server.stdout.readline() == b"up\n"
    assert len([pid for pid in running(place) if pid != server.pid]) == 1
    server.kill()
    server.wait()
    server.stdout.close()
    deadline = time.monotonic() + 10
    while running(place) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert running(place) == []


def test_one_that_ends_at_once_is_told(place: Place, program: Path) -> None:
    program.write_text("#!/bin/sh\necho broken\nexit 7\n")
    made = DebianRegistry(place)
    with pytest.raises(MachineError, match=r"ended with 7; .*registry.log says more"):
        made.ready()
    assert "broken" in (place.state / "registry.log").read_text()


def test_nobody_else_can_read_what_it_is_told_to_listen_on(place: Place) -> None:
    text = registry.config(Path('/s t/"a'), Path("/run/x"))
    assert 'rootdirectory: "/s t/\\"a"' in text
    assert "net: unix" in text
    assert registry.argv("/p", Path("/c"))[:3] == ["setpriv", "--pdeathsig", "KILL"]


def test_a_package_that_cannot_be_had_is_told(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "apt"
    directory.mkdir()
    (directory / "apt-get").write_text(
        f"#!/bin/sh\necho \"$1\" >>{tmp_path}/asked\necho 'E: Unable to locate'\nexit 100\n"
    )
    (directory / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/bin")
    monkeypatch.setattr(registry.shutil, "which", lambda name: None if name == registry.PROGRAM else f"/bin/{name}")
    with pytest.raises(MachineError, match="Unable to locate"):
        registry.program(place)
    # Lists of packages are read anew before it gives up.
    assert (tmp_path / "asked").read_text().split() == ["download", "update", "download"]
    assert [one.name for one in (place.cache / "local_cloud" / "registry").iterdir()] == [".lock"]


def test_without_apt_the_program_is_asked_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry.shutil, "which", lambda _name: None)
    with pytest.raises(MachineError, match="install it"):
        registry.program(place)


@pytest.fixture
def image(cloud: Cloud) -> str:
    """An image with nothing but a file, in the storage of the cloud."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as made:
        entry = tarfile.TarInfo("hello")
        entry.size = 100_000
        made.addfile(entry, io.BytesIO(os.urandom(entry.size)))
    file = cloud.home / "image.tar"
    file.write_bytes(archive.getvalue())
    podman(cloud, "import", str(file), "localhost/hello:1")
    return "localhost/hello:1"


def podman(cloud: Cloud, *words: str, stdin: str | None = None, status: int = 0) -> str:
    argv = [sys.executable, "-m", "golden_cloud", "podman", "--", *words]
    done = subprocess.run(
        argv, env=cloud.environment, input=stdin, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def auth(tmp_path: Path) -> Iterator[str]:
    yield f"--authfile={tmp_path / 'auth.json'}"


def test_podman_logs_in_pushes_and_pulls(cloud: Cloud, image: str, auth: str) -> None:
    ecr = cloud.client("ecr")
    uri = ecr.create_repository(repositoryName="golden/hello")["repository"]["repositoryUri"]
    host = uri.partition("/")[0]
    data = ecr.get_authorization_token()["authorizationData"][0]
    password = base64.b64decode(data["authorizationToken"]).decode().partition(":")[2]
    login = ["login", auth, "--tls-verify=false", "--username=AWS", "--password-stdin", host]

    assert "invalid username/password" in podman(cloud, *login, stdin="wrong", status=125)
    refused = podman(cloud, "push", "--creds=AWS:wrong", "--tls-verify=false", image, f"{uri}:1", status=125)
    assert "token" in refused or "authentication" in refused or "unauthorized" in refused
    assert "Succeeded" in podman(cloud, *login, stdin=password)

    podman(cloud, "push", auth, "--tls-verify=false", image, f"{uri}:1")
    missing = podman(cloud, "push", auth, "--tls-verify=false", image, f"{host}/other:1", status=125)
    assert "does not exist" in missing

    (told,) = ecr.describe_images(repositoryName="golden/hello")["imageDetails"]
    assert told["imageTags"] == ["1"]
    before = json.loads(podman(cloud, "image", "inspect", image))[0]["Id"]
    podman(cloud, "rmi", image)
    podman(cloud, "pull", "--quiet", auth, "--tls-verify=false", f"{uri}@{told['imageDigest']}")
    assert json.loads(podman(cloud, "image", "inspect", f"{uri}@{told['imageDigest']}"))[0]["Id"] == before

    calls = [json.loads(line) for line in (cloud.state / "calls.jsonl").read_text().splitlines()]
    assert {"PutImage", "BatchGetImage"} <= {one["operation"] for one in calls if one["service"] == "ecr"}
    assert password not in (cloud.state / "calls.jsonl").read_text()


def test_images_survive_a_restart_and_down_leaves_nothing_running(cloud: Cloud, image: str, auth: str) -> None:
    ecr = cloud.client("ecr")
    uri = ecr.create_repository(repositoryName="kept")["repository"]["repositoryUri"]
    data = ecr.get_authorization_token()["authorizationData"][0]
    password = base64.b64decode(data["authorizationToken"]).decode().partition(":")[2]
    podman(cloud, "push", "--creds", f"AWS:{password}", "--tls-verify=false", image, f"{uri}:1")
    assert any("registry/config.yml" in trace for trace in cloud.traces())
    assert cloud.run("down").returncode == 0
    assert not [trace for trace in cloud.traces() if "registry" in trace]
    assert cloud.run("up").returncode == 0
    podman(cloud, "pull", "--quiet", "--creds", f"AWS:{password}", "--tls-verify=false", f"{uri}:1")
