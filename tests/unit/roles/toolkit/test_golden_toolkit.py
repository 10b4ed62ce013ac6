# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The toolkit image: its name follows from what is in it, a build keeps no secret, a command sees the cloud it is told."""

from __future__ import annotations

import json
import shutil
import stat
import sys
import typing as t
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[4]
sys.path[:0] = [str(CHECKOUT / "roles" / one / "files") for one in ("toolkit", "packer")]

from golden_toolchain.progress import Progress
from golden_toolkit import __main__ as door
from golden_toolkit import ways
from golden_toolkit.build import build, step_of
from golden_toolkit.context import Tools
from golden_toolkit.engine import Engine
from golden_toolkit.parts import Parts, ToolkitError
from golden_toolkit.run import Here, run_argv

# Writes down what it was called with, and what lay in the context.
ENGINE = """\
#!/bin/sh
printf '%s\\n' "$*" >>"$FAKE/calls"
case $1 in
images)
  test ! -e "$FAKE/down" || { echo 'nobody listens' >&2; exit 125; }
  test ! -e "$FAKE/there" || echo 1f2e3d
  ;;
build)
  for last; do :; done
  (cd "$last" && find . -type f | sort) >"$FAKE/context"
  cp "$last/../ways" "$FAKE/ways"
  stat -c %a "$last/../ways" >"$FAKE/mode"
  echo 'STEP 1/2: FROM base'
  echo 'it says something'
  test ! -e "$FAKE/broken" || { echo 'no space left'; exit 125; }
  touch "$FAKE/there"
  ;;
esac
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A podman that does nothing but say what it was asked."""
    directory = tmp_path / "fake"
    directory.mkdir()
    (directory / "podman").write_text(ENGINE)
    (directory / "podman").chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    monkeypatch.setenv("FAKE", str(directory))
    return directory


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    cache = tmp_path / "cache"
    plugin = cache / "abc" / "plugins" / "github.com" / "hashicorp" / "amazon" / "packer-plugin-amazon"
    for file in (cache / "abc" / "bin" / "packer", cache / "goss-1" / "bin" / "goss", plugin):
        file.parent.mkdir(parents=True)
        file.write_text(file.name)
    (cache / "abc" / "installed.json").write_text("{}")
    return Tools(cache / "abc" / "bin" / "packer", cache / "abc" / "plugins", cache / "goss-1" / "bin" / "goss")


def made(tmp_path: Path, tools: Tools) -> dict[str, t.Any]:
    return build(Engine("podman", ""), Parts(CHECKOUT), tools, "", tmp_path / "work", Progress(tmp_path / "progress"))


def test_what_is_built_has_the_tools_and_is_built_once(tmp_path: Path, fake: Path, tools: Tools) -> None:
    first = made(tmp_path, tools)
    assert (first["changed"], first["reference"]) == (True, Parts(CHECKOUT).reference)
    assert (fake / "context").read_text().split() == [
        "./goss/bin/goss",
        "./packer/bin/packer",
        "./packer/installed.json",
        "./packer/plugins/github.com/hashicorp/amazon/packer-plugin-amazon",
        "./run.txt",
        "./taskw",
    ]
    (asked,) = [line for line in (fake / "calls").read_text().splitlines() if line.startswith("build ")]
    for words in (
        "BASE=docker.io/library/debian:trixie-slim",
        "PACKER=abc",
        "GOSS=goss-1",
        f"--tag {first['reference']}",
    ):
        assert words in asked
    assert "step 1 of 2: FROM base" in (tmp_path / "progress").read_text()
    assert made(tmp_path, tools)["changed"] is False
    assert not list((tmp_path / "work").iterdir()), "the context stays"


def test_a_build_that_fails_says_what_was_said(tmp_path: Path, fake: Path, tools: Tools) -> None:
    (fake / "broken").touch()
    with pytest.raises(ToolkitError, match=r"(?s)ended with 125.*no space left"):
        made(tmp_path, tools)
    assert not list((tmp_path / "work").iterdir())


def test_how_the_host_reaches_an_index_is_a_secret_of_the_build(
    tmp_path: Path, fake: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://me:pass word@index.example.com/simple")
    made(tmp_path, tools)
    assert "export PIP_INDEX_URL='https://me:pass word@index.example.com/simple'\n" in (fake / "ways").read_text()
    assert (fake / "mode").read_text().strip() == "600"
    assert "index.example.com" not in (fake / "calls").read_text()


def test_certificates_of_the_host_are_those_of_the_build(tmp_path: Path) -> None:
    bundle = tmp_path / "own.pem"
    assert ways.certificates({"SSL_CERT_FILE": str(bundle)}) != str(bundle), "it is not there"
    bundle.touch()
    assert ways.certificates({"SSL_CERT_FILE": str(bundle)}) == str(bundle)
    assert f"export PIP_CERT={ways.SECRET}\n" in ways.exports({"SSL_CERT_FILE": str(bundle)})


def test_other_tools_are_another_image(tmp_path: Path) -> None:
    names = ["roles/toolkit/files/Containerfile", "taskw", "requirements/run.txt"]
    names += [f"roles/packer/files/{tool}.lock.json" for tool in ("packer", "goss")]
    names += ["roles/local_cloud/files/golden_cloud/golden_cloud/machines/recipes.py"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, tmp_path / name)
    before = Parts(tmp_path).reference
    assert before == Parts(CHECKOUT).reference
    for name in names:
        text = (tmp_path / name).read_text()
        (tmp_path / name).write_text(f"{text}\n")
        assert Parts(tmp_path).reference != before, name
        (tmp_path / name).write_text(text)


def test_a_directory_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolkitError, match="is none: there is no roles/toolkit/files/Containerfile"):
        Parts(tmp_path).reference.strip()


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("STEP 3/14: COPY taskw /opt", "step 3 of 14: COPY taskw /opt"),
        ("#7 [3/14] COPY taskw /opt", "step 3 of 14: COPY taskw /opt"),
        ("#7 [ 3/14] COPY taskw /opt", "step 3 of 14: COPY taskw /opt"),
        (f"STEP 1/1: RUN {'x' * 80}", f"step 1 of 1: RUN {'x' * 56}…"),
        ("taskw: ready", None),
        ("#7 DONE 0.1s", None),
    ],
)
def test_steps_are_told(line: str, step: str | None) -> None:
    assert step_of(line) == step


def there(tmp_path: Path, *, terminal: bool = False) -> Here:
    return Here(tmp_path / "repo", tmp_path / "repo" / "images", tmp_path / "state", terminal, tmp_path)


def test_a_command_runs_in_this_directory_on_the_local_cloud(tmp_path: Path) -> None:
    cloud = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4580", "AWS_SECRET_ACCESS_KEY": "hidden", "AWS_CONFIG_FILE": "/no"}
    argv = run_argv(["podman"], "toolkit:1", there(tmp_path), cloud, ["packer", "version"], on_aws=False)
    line = " ".join(argv)
    assert line.startswith("podman run --rm --interactive --network host ")
    assert line.endswith(" toolkit:1 packer version")
    assert f"--volume {tmp_path}/repo:{tmp_path}/repo" in line
    assert f"--workdir {tmp_path}/repo/images" in line
    assert "--env AWS_SECRET_ACCESS_KEY" in line
    assert "hidden" not in line
    assert "AWS_CONFIG_FILE" not in line, "the file is not in the container"
    assert "/.aws" not in line
    assert "--tty" in run_argv(["podman"], "toolkit:1", there(tmp_path, terminal=True), cloud, ["bash"], on_aws=False)


def on_aws(tmp_path: Path, **environment: str) -> str:
    return " ".join(run_argv(["docker"], "toolkit:1", there(tmp_path), environment, ["bash"], on_aws=True))


def test_on_aws_a_command_has_the_files_of_the_user(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / "token").touch()
    line = on_aws(tmp_path, AWS_PROFILE="images", AWS_WEB_IDENTITY_TOKEN_FILE=f"{tmp_path}/token")
    assert f"--volume {tmp_path}/.aws:/root/.aws:ro" in line
    assert f"--volume {tmp_path}/token:{tmp_path}/token:ro" in line
    assert "--env AWS_PROFILE" in line
    assert "--env AWS_WEB_IDENTITY_TOKEN_FILE" in line
    assert "inventories/aws.yml" in line


def test_on_aws_without_such_files_none_are_mounted(tmp_path: Path) -> None:
    assert "/.aws" not in on_aws(tmp_path)


def test_a_file_that_is_not_there_is_told_by_its_variable(tmp_path: Path) -> None:
    for file in (f"{tmp_path}/gone", "aws/config"):
        with pytest.raises(ToolkitError, match=f"AWS_CONFIG_FILE has to be the whole path .*: {file}"):
            on_aws(tmp_path, AWS_CONFIG_FILE=file)


@pytest.mark.parametrize("verb", [["run", "--cloud-of=aws", "--", "true"], ["login", "--cloud-of=aws"]])
def test_what_is_said_to_be_aws_goes_nowhere_else(
    fake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: list[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:4580")
    assert door.main(["--engine", "podman", *verb]) == 1
    assert "AWS_ENDPOINT_URL_EC2, which is not AWS: unset it" in capsys.readouterr().err
    assert not (fake / "calls").exists()


def test_there_are_two_clouds_and_three_engines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        door.main(["run", "--cloud-of=AWS", "--", "true"])
    assert "invalid choice: 'AWS'" in capsys.readouterr().err
    monkeypatch.setenv("GOLDEN_TOOLKIT_ENGINE", "nerdctl")
    assert door.main(["look"]) == 1
    assert "GOLDEN_TOOLKIT_ENGINE is one of cloud, podman, docker, not nerdctl." in capsys.readouterr().err


def test_look_says_which_it_would_be(fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert door.main(["--engine", "podman", "look"]) == 3
    assert json.loads(capsys.readouterr().out) == {"reference": Parts(CHECKOUT).reference, "present": False}
    (fake / "there").touch()
    assert door.main(["--engine", "podman", "look"]) == 0
    # An engine that is down may have the image: nothing is built for it.
    (fake / "down").touch()
    assert door.main(["--engine", "podman", "look"]) == 1
    assert "podman cannot say which images it has: nobody listens" in capsys.readouterr().err


def test_the_engine_of_a_local_cloud_is_podman_in_its_storage() -> None:
    argv = Engine("cloud", "second").argv
    assert argv[1:] == [str(CHECKOUT / "roles" / "local_cloud" / "files" / "cloud.py"), "podman", "--name=second", "--"]
    assert stat.S_ISREG(Path(argv[1]).stat().st_mode)
