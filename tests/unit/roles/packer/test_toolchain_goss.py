# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Goss, which is brought for the machine that it tests: from its release, by a Go that only pretends, or the system's."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import threading
import typing as t
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from golden_toolchain import goss, goss_lock
from golden_toolchain import host as host_module
from golden_toolchain.choose import Request
from golden_toolchain.errors import NotAvailable, ToolchainError
from golden_toolchain.goss_lock import GossLock
from golden_toolchain.host import Host
from golden_toolchain.versions import satisfies
from toolchain_fakes import FILES, write_program

FAKE_GOSS = "#!/bin/sh\necho goss version v{version}\n"
FAKE_GO = """\
    #!/bin/sh
    [ "$1" = version ] && {{ echo "go version go1.26.8 linux/amd64"; exit 0; }}
    [ "$1" = env ] && {{ echo '{{"GOMODCACHE": "/tmp", "GOCACHE": "/tmp"}}'; exit 0; }}
    echo "$GOOS/$GOARCH ${{PWD##*/}} $*" >> "{log}"
    [ "$1" = list ] && {{ printf 'a\\n'; exit 0; }}
    case "$*" in *" std") exec sleep 60 ;; esac
    while [ "$1" != -o ]; do shift; done
    printf '#!/bin/sh\\necho goss version v{version}\\n' > "$2"
"""
ARM = Host("linux", "arm64")


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_words: object) -> None:
        """Silence."""


@pytest.fixture
def pins() -> GossLock:
    return goss_lock.load(FILES / goss_lock.NAME)


@pytest.fixture
def releases(tmp_path: Path, pins: GossLock) -> t.Iterator[tuple[str, GossLock]]:
    """A site on loopback with the release of a goss, and the lock that pins that one."""
    path = tmp_path / "site" / "v0.4.9" / "goss-linux-amd64"
    write_program(path, FAKE_GOSS.format(version="0.4.9"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(tmp_path / "site")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    release = dataclasses.replace(pins.release, sha256={"linux_amd64": digest})
    yield f"http://127.0.0.1:{server.server_port}", dataclasses.replace(pins, release=release)
    server.shutdown()
    server.server_close()


@pytest.fixture
def request_(env: dict[str, str], tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch) -> Request:
    detect = host_module.detect
    monkeypatch.setattr(host_module, "detect", lambda *named: detect(*named) if named else host)
    return Request(
        method="auto",
        cache=tmp_path / "cache",
        files=FILES,
        release_url="http://127.0.0.1:9",
        release_timeout=1,
        go=str(tmp_path / "bin" / "go"),
        nice=0,
        env=env,
    )


def write_go(tmp_path: Path, version: str = "0.4.9") -> Path:
    """A Go that writes down for which machine it compiles what."""
    log = tmp_path / "go.log"
    write_program(tmp_path / "bin" / "go", FAKE_GO.format(log=log, version=version))
    return log


def installs(request: Request) -> list[str]:
    return sorted(path.name for path in request.cache.iterdir() if path.name != ".lock")


def test_the_pins_agree_with_each_other(pins: GossLock) -> None:
    source = pins.goss.source
    text = (FILES / "source" / source.directory / "go.mod").read_text(encoding="utf-8")
    assert f"tool {source.module}\n" in text
    assert re.search(rf"{re.escape(goss_lock.ADDRESS)} v{re.escape(pins.goss.version)}\b", text)
    assert f"\ngo {source.go}\n" in text
    assert satisfies(pins.go_minimum, f">={source.go}.0")
    assert source.ldflags.endswith(f"Version=v{pins.goss.version}")
    content = (FILES / "source" / source.directory / "go.sum").read_bytes()
    assert hashlib.sha256(content).hexdigest() == source.go_sum_sha256
    assert satisfies(pins.goss.version, pins.goss.system)


def test_there_is_a_release_for_both_architectures_that_ec2_has(pins: GossLock) -> None:
    base = "https://github.com/goss-org/goss/releases/download/v0.4.9"
    assert pins.url(goss.target("x86_64")) == f"{base}/goss-linux-amd64"
    assert pins.url(goss.target("arm64")) == f"{base}/goss-linux-arm64"
    assert all(len(digest) == 64 for digest in pins.release.sha256.values())
    with pytest.raises(NotAvailable, match="no SHA-256 of a release for linux_riscv64"):
        pins.sha256(Host("linux", "riscv64"))


def test_from_its_release_then_nothing_to_do(
    request_: Request, releases: tuple[str, GossLock], host: Host, pins: GossLock
) -> None:
    url, lock = releases
    request = dataclasses.replace(request_, release_url=url)
    planned = goss.plan(request, lock, host)
    assert (planned["changed"], request.cache.exists()) == (True, False)
    first = goss.bring(request, lock, host)
    assert (first["changed"], first["method"], first["version"]) == (True, "release", "0.4.9")
    assert goss.version(Path(first["executable"]), {}) == "0.4.9"
    assert planned["executable"] == first["executable"]
    again = goss.bring(request, lock, host)
    assert (again["changed"], again["executable"]) == (False, first["executable"])
    assert installs(request) == [f"goss-{pins.digest}-linux_amd64"]


def test_a_release_that_is_not_the_pinned_one_installs_nothing(
    request_: Request, releases: tuple[str, GossLock], host: Host, tmp_path: Path
) -> None:
    url, lock = releases
    (tmp_path / "site" / "v0.4.9" / "goss-linux-amd64").write_text("evil", encoding="utf-8")
    for method in ("auto", "release"):
        request = dataclasses.replace(request_, release_url=url, method=method)
        with pytest.raises(ToolchainError, match="but goss.lock.json says"):
            goss.bring(request, lock, host)
        assert installs(request) == []


@pytest.mark.parametrize(("where", "machine"), [(Host("linux", "amd64"), "linux/amd64"), (ARM, "linux/arm64")])
def test_from_source_for_the_machine_that_is_tested(
    request_: Request, pins: GossLock, tmp_path: Path, where: Host, machine: str
) -> None:
    log = write_go(tmp_path)
    made = goss.bring(request_, pins, where)
    assert (made["changed"], made["method"]) == (True, "source")
    assert set(made["passed_over"]) == {"system", "release"}
    builds = [line for line in log.read_text().splitlines() if " build " in line and not line.endswith(" std")]
    assert len(builds) == 1
    assert builds[0].startswith(f"{machine} goss build -mod=readonly")
    assert installs(request_) == [f"goss-{pins.digest}-{where}"]


def test_another_version_is_not_installed(request_: Request, pins: GossLock, host: Host, tmp_path: Path) -> None:
    write_go(tmp_path, version="0.4.8")
    with pytest.raises(ToolchainError, match="not what was pinned: 0.4.8, not 0.4.9"):
        goss.bring(request_, pins, host)
    assert installs(request_) == []


def test_the_systems_goss_is_taken_where_it_fits(request_: Request, pins: GossLock, host: Host, tmp_path: Path) -> None:
    ours = write_program(tmp_path / "bin" / "goss", FAKE_GOSS.format(version="0.4.10"))
    found = goss.bring(request_, pins, host)
    assert (found["changed"], found["executable"], found["version"]) == (False, str(ours), "0.4.10")
    # It is this machine's: it cannot run on another kind.
    with pytest.raises(ToolchainError, match="this machine is linux_amd64, and goss is wanted for linux_arm64"):
        goss.choose(dataclasses.replace(request_, method="system"), pins, ARM)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (FAKE_GOSS.format(version="0.3.16"), "is version 0.3.16, the lock wants >=0.4.9,<0.5.0"),
        ("#!/bin/sh\ncat\n", "is no goss, the lock wants"),
        ("", "no goss is on PATH"),
    ],
)
def test_what_is_wrong_with_the_systems_goss_is_told(
    request_: Request, pins: GossLock, host: Host, tmp_path: Path, program: str, said: str
) -> None:
    if program:
        write_program(tmp_path / "bin" / "goss", program)
    with pytest.raises(ToolchainError, match=re.escape(said)):
        goss.choose(dataclasses.replace(request_, method="system"), pins, host)


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    stamp = {"method": "source", "host": "linux_arm64", "files": {}}
    directory = goss_lock.load(FILES / goss_lock.NAME).directory(tmp_path, ARM)
    directory.mkdir()
    (directory / "installed.json").write_text(json.dumps(stamp), encoding="utf-8")
    assert goss.main(["install", f"--cache={tmp_path}", "--architecture=arm64"]) == 0
    assert json.loads(capsys.readouterr().out)["executable"] == str(directory / "bin" / "goss")
    assert goss.main(["plan", f"--cache={tmp_path}", "--architecture=x86_64", "--method=system"]) == 1
    assert "goss 0.4.9 cannot be brought here:\n  system: " in capsys.readouterr().err
