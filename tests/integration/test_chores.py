# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chores under the names that people know, on a local cloud: the login to its registry, and templates without access."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
import tarfile
from pathlib import Path

import pytest
from harness.cloud import CHECKOUT, Cloud, Run, run

DOOR = CHECKOUT / "roles" / "local_cloud" / "files" / "cloud.py"
TEMPLATE = """\
data "amazon-parameterstore" "greeting" {
  name = "/site/greeting"
}
source "null" "here" {
  communicator = "none"
}
build {
  sources = ["source.null.here"]
  provisioner "shell-local" {
    inline = ["printf %s '${data.amazon-parameterstore.greeting.value}' >'${path.root}/said'"]
  }
}
"""


@pytest.fixture
def auth(tmp_path: Path) -> dict[str, str]:
    """Where podman keeps what it has logged in to, for the test alone; the cloud's keys only are to be used."""
    return {
        "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json"),
        "AWS_PROFILE": "somebody",
        "GOLDEN_TOOLKIT_ENGINE": "cloud",
    }


def chore(cloud: Cloud, *words: str, **environment: str) -> Run:
    return run(
        ["task", "--taskfile", str(CHECKOUT / "Taskfile.yml"), *words], CHECKOUT, {**cloud.environment, **environment}
    )


def podman(cloud: Cloud, *words: str, **environment: str) -> Run:
    argv = [sys.executable, str(DOOR), "podman", f"--name={cloud.name}", "--", *words]
    return run(argv, CHECKOUT, {**cloud.environment, **environment})


@pytest.fixture
def image(cloud: Cloud, tmp_path: Path) -> str:
    """An image with one file in it."""
    content = os.urandom(300_000)
    with tarfile.open(tmp_path / "image.tar", "w") as made:
        entry = tarfile.TarInfo("hello")
        entry.size = len(content)
        made.addfile(entry, io.BytesIO(content))
    done = podman(cloud, "import", str(tmp_path / "image.tar"), "localhost/hello:1")
    assert done.rc == 0, done.output
    return "localhost/hello:1"


def test_podman_pushes_and_pulls_after_docker_login(cloud: Cloud, image: str, auth: dict[str, str]) -> None:
    uri = cloud.client("ecr").create_repository(repositoryName="golden/hello")["repository"]["repositoryUri"]
    plain = "--tls-verify=false"
    assert podman(cloud, "push", plain, image, f"{uri}:1", **auth).rc != 0, "without a login"

    done = chore(cloud, "docker-login", **auth)
    assert done.rc == 0, done.output
    assert f"podman is logged in to 127.0.0.1:{cloud.port} as AWS until" in done.words

    pushed = podman(cloud, "push", plain, image, f"{uri}:1", **auth)
    assert pushed.rc == 0, pushed.output
    (told,) = cloud.client("ecr").describe_images(repositoryName="golden/hello")["imageDetails"]
    assert told["imageTags"] == ["1"]
    podman(cloud, "rmi", image)
    pulled = podman(cloud, "pull", plain, f"{uri}@{told['imageDigest']}", **auth)
    assert pulled.rc == 0, pulled.output


def test_a_registry_that_refuses_is_told(cloud: Cloud, auth: dict[str, str]) -> None:
    fault = ["faults", f"--name={cloud.name}"]
    more = ["add", "GetAuthorizationToken", "error", "--code", "AccessDeniedException", "--times", "1"]
    added = run([sys.executable, str(DOOR), *fault, *more], CHECKOUT, cloud.environment)
    assert added.rc == 0, added.output
    done = chore(cloud, "docker-login", **auth)
    assert done.rc != 0
    assert "ECR gave no token: An error occurred (AccessDeniedException)" in done.words
    assert not Path(auth["REGISTRY_AUTH_FILE"]).exists()


def packer(cloud: Cloud) -> str:
    """The Packer that builds use."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "golden.ami" / "packer"
    environment = {
        **cloud.environment,
        "PYTHONPATH": str(CHECKOUT / "roles/packer/files"),
        "GOLDEN_PROGRESS_FILE": "/dev/null",
    }
    done = run([sys.executable, "-m", "golden_toolchain", "install", "--cache", str(cache)], CHECKOUT, environment)
    assert done.rc == 0, done.output
    return str(json.loads(done.output.splitlines()[-1])["executable"])


def test_a_template_builds_without_access_to_its_parameters(cloud: Cloud, tmp_path: Path) -> None:
    ssm = cloud.client("ssm")
    ssm.put_parameter(Name="/site/greeting", Value="good morning", Type="SecureString")
    template = tmp_path / "web"
    template.mkdir()
    (template / "web.pkr.hcl").write_text(TEMPLATE)
    words = ["create-legacy-packer-deps", f"TEMPLATE={template}", f"DIRECTORY={tmp_path / 'deps'}"]

    refused = chore(cloud, *words)
    assert refused.rc != 0
    assert "/site/greeting is a SecureString" in refused.words
    assert not (tmp_path / "deps").exists()

    done = chore(cloud, *words, "SECURE=true")
    assert done.rc == 0, done.output
    assert "good morning" not in done.output
    assert stat.S_IMODE((tmp_path / "deps" / "web" / "parameters.json").stat().st_mode) == 0o600

    ssm.delete_parameter(Name="/site/greeting")
    copy = done.output.rpartition("packer build ")[2].strip()
    nowhere = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"}
    built = run([packer(cloud), "build", copy], tmp_path, nowhere)
    assert built.rc == 0, built.output
    assert (template / "said").read_text() == "good morning"

    assert chore(cloud, *words).rc != 0, "the parameter is gone"
    assert (tmp_path / "deps" / "web" / "parameters.json").is_file(), "what was there is lost"
