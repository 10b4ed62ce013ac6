# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The source method with a Go that only pretends: argv, environment, progress, failure."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
from golden_toolchain import __main__ as cli
from golden_toolchain import gotool, source
from golden_toolchain import host as host_module
from golden_toolchain.choose import Request
from golden_toolchain.errors import NotAvailable, ToolchainError
from golden_toolchain.host import Host
from golden_toolchain.lock import Lock
from toolchain_fakes import FILES, write_packer, write_program

# Writes its arguments down; "compiles" Packer to the fake and a plugin to its version.
FAKE_GO = """\
    #!/bin/sh
    [ "$1" = version ] && {{ echo "go version go{version} linux/amd64"; exit 0; }}
    [ "$1" = env ] && {{ echo '{{"GOMODCACHE": "/nonexistent/mod", "GOCACHE": "/tmp"}}'; exit 0; }}
    mkdir -p "$GOMODCACHE" || exit 1
    [ -z "$GOCACHE" ] || exit 1
    echo "$PWD $GOPROXY $CGO_ENABLED $*" >> "{log}"
    [ "$1" = list ] && {{ echo "go: downloading example.com/x v1.0.0" >&2; printf 'a\\n\\nb\\n'; exit 0; }}
    case "$*" in *" std") exec sleep 60 ;; esac
    [ -n "{broken}" ] && {{ echo "a"; echo "disk quota exceeded" >&2; exit 2; }}
    while [ "$1" != -o ]; do shift; done
    case "$3" in
      */packer) cp "{packer}" "$2" ;;
      *amazon) printf 1.8.2 > "$2" ;;
      *ansible) printf 1.0.3 > "$2" ;;
    esac
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "go.log"


def write_go(path: Path, log: Path, version: str = "1.26.8", broken: str = "") -> Path:
    packer = write_packer(log.with_name("fake-packer"))
    return write_program(path, FAKE_GO.format(version=version, log=log, packer=packer, broken=broken))


@pytest.fixture
def request_(env: dict[str, str], tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch) -> Request:
    monkeypatch.setattr(host_module, "detect", lambda: host)
    return Request(
        method="source",
        cache=tmp_path / "cache",
        files=FILES,
        release_url="http://127.0.0.1:9",
        release_timeout=1,
        go=str(tmp_path / "bin" / "go"),
        nice=0,
        env={**env, "GOPROXY": "https://proxy.example.com", "GOLDEN_PROGRESS_FILE": str(tmp_path / "progress")},
    )


def test_builds(request_: Request, lock: Lock, log: Path, tmp_path: Path) -> None:
    write_go(Path(request_.go), log)
    result = cli.bring(request_, lock)
    assert (result["changed"], result["method"]) == (True, "source")
    assert os.access(result["executable"], os.X_OK)
    assert [path.name for path in request_.cache.iterdir() if path.name != ".lock"] == [lock.digest]
    calls = [line.split(" ", 4) for line in log.read_text(encoding="utf-8").splitlines()]
    assert all(call[1:3] == ["https://proxy.example.com", "0"] for call in calls)
    builds = [call for call in calls if call[3] == "build" and not call[4].endswith(" std")]
    assert [Path(call[0]).name for call in builds] == ["packer", "packer-plugin-amazon", "packer-plugin-ansible"]
    assert all("-trimpath" in call[4] and "-mod=readonly" in call[4] for call in builds)
    assert "-X github.com/hashicorp/packer/version.VersionPrerelease= " in builds[0][4]
    shown = (tmp_path / "progress").read_text(encoding="utf-8")
    assert "Compiling Packer 1.16.0 … 2 packages" in shown
    assert "Compiling the ansible plugin 1.0.3: done in" in shown


def test_auto_ends_here_and_says_why(request_: Request, lock: Lock, log: Path) -> None:
    write_go(Path(request_.go), log)
    result = cli.plan(dataclasses.replace(request_, method="auto"), lock)
    assert result["message"] == f"Packer 1.16.0: would be installed from source, with Go 1.26.8 ({request_.go})"
    assert result["passed_over"]["system"] == "no packer is on PATH"
    assert "does not answer" in result["passed_over"]["release"]


def test_a_failed_compile_leaves_nothing(request_: Request, lock: Lock, log: Path) -> None:
    write_go(Path(request_.go), log, broken="yes")
    with pytest.raises(ToolchainError, match=r"(?s)Packer 1\.16\.0 could not be compiled.*disk quota exceeded"):
        cli.bring(request_, lock)
    assert {path.name for path in request_.cache.iterdir()} == {".lock", ".go"}, "what was compiled is of use next time"


def test_what_a_killed_install_left_is_cleared(request_: Request, lock: Lock, log: Path) -> None:
    write_go(Path(request_.go), log)
    dead = request_.cache / ".partial-dead" / "toolchain"
    dead.mkdir(parents=True)
    cli.bring(request_, lock)
    assert not dead.exists()


def test_the_wrong_versions_are_not_installed(request_: Request, lock: Lock, log: Path) -> None:
    go = write_go(Path(request_.go), log)
    go.write_text(go.read_text(encoding="utf-8").replace("1.8.2", "1.8.2-dev"), encoding="utf-8")
    with pytest.raises(ToolchainError, match="not what was pinned"):
        cli.bring(request_, lock)


def test_old_go_is_refused_with_the_remedy(env: dict[str, str], lock: Lock, log: Path, tmp_path: Path) -> None:
    go = write_go(tmp_path / "bin" / "go", log, version="1.19.8")
    with pytest.raises(NotAvailable, match=rf"{go} is 1\.19\.8.*tar -C /usr/local -xzf go1\.26\.3\.linux-arm64"):
        gotool.find(lock, Host("linux", "arm64"), env, str(go))


def test_go_is_found_beside_path(
    env: dict[str, str], lock: Lock, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_go(tmp_path / "bin" / "go", log, version="1.19.8")
    newer = write_go(tmp_path / "home" / "sdk" / "go1.27.0" / "bin" / "go", log, version="1.27.0")
    monkeypatch.setattr(gotool, "_PLACES", ())
    assert gotool.find(lock, Host("linux", "amd64"), env).executable == newer


def test_caches_that_are_there_are_used(env: dict[str, str], log: Path, tmp_path: Path) -> None:
    go = gotool.Go(write_go(tmp_path / "bin" / "go", log), "1.26.8")
    assert source.own_caches(go, {**env, "GOFLAGS": "-p=1"}, tmp_path / "own") == {
        "GOMODCACHE": str(tmp_path / "own" / "gomodcache"),
        "GOFLAGS": "-p=1 -modcacherw",
    }


def test_argv_is_whole_words(lock: Lock) -> None:
    argv = source.build_argv(Path("/go"), lock.packer, Path("/out"))
    assert argv[:2] == ["/go", "build"]
    assert argv[argv.index("-ldflags") + 1] == lock.packer.source.ldflags
