# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin in a real play: Packer is a script, EC2 a page that says there is nothing."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
import types
import typing as t
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from ansible_collections.golden.ami.plugins.action import packer_build as action

# Seconds that a play may take on a machine that has much else to do.
PATIENCE = 240
EMPTY = {"DescribeImages": "imagesSet", "DescribeTags": "tagSet"}
PACKER = """
    #!/bin/sh
    case $1 in
      version) echo "Packer v1.16.0"; exit 0;;
      validate) exit 0;;
    esac
    trap 'sleep 1; echo "1,,ui,say,cleaned up"; touch {directory}/cleaned; exit 1' INT TERM
    echo "1,,ui,say,==> x: Launching a source AWS instance..."
    echo "1,,ui,say,==> x: TASK [common : Update] ****"
    echo "1,,ui,say,==> x: chatter"
    touch {directory}/running
    n=0; while [ $n -lt {tenths} ]; do sleep 0.1; n=$((n+1)); done
    exit 1
"""


class Ec2(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # noqa: N802 - the base class's name
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        # The lock of the build is a parameter of SSM, which speaks JSON.
        answer = "{}" if "X-Amz-Target" in self.headers else self._ec2(parse_qs(body)["Action"][0])
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    @staticmethod
    def _ec2(action: str) -> str:
        name = "http://ec2.amazonaws.com/doc/2016-11-15/"
        return f'<{action}Response xmlns="{name}"><{EMPTY[action]}/></{action}Response>'

    def log_message(self, *_arguments: object) -> None:
        return


@pytest.fixture
def endpoint() -> t.Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ec2) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


Play = t.Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def play(tmp_path: Path, endpoint: str) -> Play:
    def start(*arguments: str, tenths: int = 3, **more: t.Any) -> subprocess.Popen[str]:
        packer = tmp_path / "packer"
        packer.write_text(textwrap.dedent(PACKER.format(directory=tmp_path, tenths=tenths)).lstrip())
        packer.chmod(0o755)
        (tmp_path / "image.pkr.hcl").write_text("")
        options = {
            "name": "web",
            "template": str(tmp_path / "image.pkr.hcl"),
            "packer_executable": str(packer),
            "region": "eu-west-1",
            "endpoint_url": endpoint,
            "access_key": "local",
            "secret_key": "local-secret",
            "source_ami": {"id": "ami-1"},
        }
        task = {"name": "Build", "golden.ami.packer_build": options, **more}
        (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_", "XDG_"))}
        executable = shutil.which("ansible-playbook", path=os.path.dirname(sys.executable)) or "ansible-playbook"
        return subprocess.Popen(
            [executable, str(tmp_path / "play.yml"), "-e", f"ansible_python_interpreter={sys.executable}", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**kept, "HOME": str(tmp_path), "ANSIBLE_ASYNC_DIR": str(tmp_path / "async")},
            start_new_session=True,
        )

    return start


def steps(output: str) -> list[str]:
    return [line.strip().partition("] ")[2] for line in output.splitlines() if line.startswith("  [0:")]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> t.Any:
    """What decides what is shown, with a clock that the test sets; what was shown is in C(shown)."""
    made = action._Screen()
    made.now, made.shown, made.beats = 100.0, [], []
    made.heartbeat = types.SimpleNamespace(beat=lambda after=None: made.beats.append(after))
    monkeypatch.setattr(action, "show", lambda line: made.shown.append(line.strip()))
    monkeypatch.setattr(action, "time", types.SimpleNamespace(monotonic=lambda: made.now))
    return made


def step(name: str) -> str:
    return f"12:00:00 ==> golden.ami: [0:01] {name}"


def test_a_task_that_takes_no_time_is_not_shown(screen: t.Any) -> None:
    screen.line(step("Launch the instance"))
    screen.line(step("Provision: common : Update"))
    screen.line("12:00:01 ==> x: chatter")
    screen.line(step("Provision: common : Install"))
    assert screen.shown == ["[0:01] Launch the instance"]
    assert screen.beats[-1] == 1.0, "it is shown when it takes that long"
    screen._idle()
    assert screen.shown[1:] == ["[0:01] Provision: common : Install"]
    screen.now += 30
    screen._idle()
    assert screen.shown[2:] == ["… still: Provision: common : Install (0:30)"]


def test_after_a_while_without_a_line_a_task_is_shown_at_once(screen: t.Any) -> None:
    screen.line(step("Launch the instance"))
    screen.now += 6
    screen.line(step("Provision: common : Update"))
    assert screen.shown[1:] == ["[0:01] Provision: common : Update"]


def test_steps_are_shown_while_it_runs(play: Play) -> None:
    output, _unused = play(tenths=30).communicate(timeout=PATIENCE)
    shown = steps(output)
    assert shown[0].startswith("Start Packer for web-")
    assert shown[1:] == ["Launch the instance", "Provision: common : Update"]
    assert "chatter" not in output.partition("fatal:")[0]
    assert "The build of web failed" in output


def test_all_is_shown_with_more_verbosity(play: Play) -> None:
    output, _unused = play("-vv").communicate(timeout=PATIENCE)
    assert "  ==> x: chatter" in output.splitlines()


def test_check_mode_shows_the_result_alone(play: Play) -> None:
    process = play("--check", "--diff")
    output, _unused = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "Start Packer" not in output
    assert "+++ after" in output


def test_async_runs_as_any_module(play: Play) -> None:
    process = play(**{"async": 60, "poll": 1})
    output, _unused = process.communicate(timeout=PATIENCE)
    assert "The build of web failed" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_an_ended_play_lets_packer_clean_up(play: Play, tmp_path: Path, number: signal.Signals) -> None:
    process = play(tenths=600)
    until = time.monotonic() + PATIENCE
    while not (tmp_path / "running").exists() and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(number)
    process.wait(timeout=PATIENCE)
    if number == signal.SIGINT:
        assert (tmp_path / "cleaned").exists(), "ansible-playbook waits for it"
    runs = tmp_path / ".local/state/golden.ami/runs"
    until = time.monotonic() + PATIENCE
    while list(runs.iterdir()) and time.monotonic() < until:
        time.sleep(0.1)
    assert (tmp_path / "cleaned").exists()
    assert not list(runs.iterdir())
    assert not list((tmp_path / ".ansible/tmp").glob("golden-ami-*"))
