# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real-looking AWS credentials and endpoints in the caller's environment are never used on the local cloud."""

from __future__ import annotations

import collections.abc as c
import http.server
import json
import threading
from pathlib import Path

import pytest
from harness.cloud import Cloud

PLANTED_KEY = "AKIAQYLPMN5HHHFPZZZZ"
SERVICES = ["", "_EC2", "_SSM", "_STS", "_KMS", "_IAM", "_S3"]


@pytest.fixture
def trap() -> c.Iterator[tuple[int, list[str]]]:
    """An endpoint that stands for the real AWS and keeps all that reaches it."""
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(f"{self.command} {self.path} {self.headers.get('Authorization')}")
            self.send_error(500)

        do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], seen
    server.shutdown()


def test_planted_credentials_are_never_used(
    cloud: Cloud, images: Path, trap: tuple[int, list[str]], tmp_path: Path
) -> None:
    port, seen = trap
    trapped = f"http://127.0.0.1:{port}"
    config = tmp_path / "config"
    config.write_text(
        f"[default]\nregion = eu-west-1\nendpoint_url = {trapped}\n[profile prod]\nendpoint_url = {trapped}\n"
    )
    credentials = tmp_path / "credentials"
    keys = f"aws_access_key_id = {PLANTED_KEY}\naws_secret_access_key = planted\n"
    credentials.write_text(f"[default]\n{keys}[prod]\n{keys}")
    planted = {
        "AWS_PROFILE": "prod",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_ACCESS_KEY_ID": PLANTED_KEY,
        "AWS_SECRET_ACCESS_KEY": "planted",
        "AWS_SESSION_TOKEN": "planted",
        "AWS_REGION": "eu-west-1",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{trapped}/credentials",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": trapped,
        **{f"AWS_ENDPOINT_URL{service}": trapped for service in SERVICES},
    }
    for playbook in ("build_ami.yml", "launch_ami.yml", "terminate_ami.yml"):
        run = cloud.play(playbook, "-e", "image=web", cwd=images, **planted)
        assert run.rc == 0, run.output
    assert seen == []
    calls = (cloud.home / "golden.ami" / "local_cloud" / cloud.name / "calls.jsonl").read_text()
    assert PLANTED_KEY not in calls
    assert all(json.loads(line) for line in calls.splitlines())


def test_an_inherited_endpoint_is_refused_on_aws(cloud: Cloud, trap: tuple[int, list[str]]) -> None:
    port, seen = trap
    run = cloud.play(
        "build_ami.yml", "-e", "image=wordpress", "-e", "golden_cloud=aws", AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}"
    )
    assert run.rc != 0
    assert "AWS_ENDPOINT_URL is set to" in run.output
    assert seen == []
