# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The release method, whole, against a site on loopback: the good case and each way to tamper."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path

import pytest
from golden_toolchain import __main__ as cli
from golden_toolchain import host as host_module
from golden_toolchain import release
from golden_toolchain.choose import Request
from golden_toolchain.errors import NotAvailable, ToolchainError
from golden_toolchain.host import Host
from golden_toolchain.lock import Lock
from golden_toolchain.progress import Progress
from toolchain_fakes import FILES, Key, Site


@pytest.fixture
def request_(env: dict[str, str], site: Site, tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch) -> Request:
    monkeypatch.setattr(host_module, "detect", lambda: host)
    return Request(
        method="release",
        cache=tmp_path / "cache",
        files=FILES,
        release_url=site.url,
        release_timeout=60,
        go="",
        nice=0,
        env={**env, "GOLDEN_PROGRESS_FILE": str(tmp_path / "progress")},
    )


def left_over(request: Request) -> list[str]:
    return sorted(path.name for path in request.cache.iterdir() if path.name != ".lock")


def test_installs(request_: Request, signed_lock: Lock, tmp_path: Path) -> None:
    result = cli.bring(request_, signed_lock)
    assert result["changed"] is True
    assert result["method"] == "release"
    assert Path(result["executable"]).stat().st_mode & 0o111
    assert left_over(request_) == [signed_lock.digest]
    stamp = json.loads((request_.cache / signed_lock.digest / "installed.json").read_text(encoding="utf-8"))
    assert len(stamp["files"]) == 3
    lines = (tmp_path / "progress").read_text(encoding="utf-8")
    assert "Downloading Packer 1.16.0: done in 00:00" in lines
    again = cli.bring(request_, signed_lock)
    assert (again["changed"], again["executable"]) == (False, result["executable"])


def test_a_lost_file_is_repaired(request_: Request, signed_lock: Lock) -> None:
    executable = Path(cli.bring(request_, signed_lock)["executable"])
    executable.unlink()
    assert cli.bring(request_, signed_lock)["changed"] is True
    assert executable.is_file()
    assert left_over(request_) == [signed_lock.digest]


def test_a_truncated_file_is_repaired(request_: Request, signed_lock: Lock) -> None:
    executable = Path(cli.bring(request_, signed_lock)["executable"])
    executable.write_text("", encoding="utf-8")
    assert cli.plan(request_, signed_lock)["changed"] is True


def test_plan_writes_nothing(request_: Request, signed_lock: Lock) -> None:
    result = cli.plan(request_, signed_lock)
    assert result["changed"] is True
    assert "would be installed from HashiCorp's release" in result["message"]
    assert not request_.cache.exists()


def _other_archive(site: Site, _keys: tuple[Key, Key]) -> None:
    with zipfile.ZipFile(site.path("packer-plugin-amazon", "1.8.2", "linux_amd64.zip"), "a") as file:
        file.writestr("evil", "evil")


def _other_sums(site: Site, _keys: tuple[Key, Key]) -> None:
    path = site.path("packer", "1.16.0", "SHA256SUMS")
    path.write_text(path.read_text(encoding="utf-8").replace("0", "1"), encoding="utf-8")


def _strangers_signature(site: Site, keys: tuple[Key, Key]) -> None:
    sums = site.path("packer", "1.16.0", "SHA256SUMS")
    keys[1].sign(sums, sums.with_name(f"{sums.name}.72D7468F.sig"))


def _no_signature(site: Site, _keys: tuple[Key, Key]) -> None:
    site.path("packer", "1.16.0", "SHA256SUMS.72D7468F.sig").unlink()


def _archive_not_named(site: Site, keys: tuple[Key, Key]) -> None:
    sums = site.path("packer", "1.16.0", "SHA256SUMS")
    sums.write_text(f"{'0' * 64}  packer_1.16.0_darwin_arm64.zip\n", encoding="utf-8")
    keys[0].sign(sums, sums.with_name(f"{sums.name}.72D7468F.sig"))


def _archive_missing(site: Site, _keys: tuple[Key, Key]) -> None:
    site.path("packer", "1.16.0", "linux_amd64.zip").unlink()


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (_other_archive, "the signed checksum file says"),
        (_other_sums, "signature of packer_1.16.0_SHA256SUMS is not good"),
        (_strangers_signature, "signature of packer_1.16.0_SHA256SUMS is not good"),
        (_no_signature, "could not be downloaded .HTTP 404"),
        (_archive_not_named, "there is no such release"),
        (_archive_missing, "could not be downloaded .HTTP 404"),
    ],
)
def test_tampering_installs_nothing(
    request_: Request, signed_lock: Lock, site: Site, keys: tuple[Key, Key], tamper: object, words: str
) -> None:
    tamper(site, keys)  # type: ignore[operator]
    for method in ("release", "auto"):
        with pytest.raises(ToolchainError, match=words):
            cli.bring(dataclasses.replace(request_, method=method), signed_lock)
        assert left_over(request_) == []


def test_hashicorps_key_does_not_accept_the_test_site(request_: Request, lock: Lock) -> None:
    with pytest.raises(ToolchainError, match=lock.release.key_fingerprint):
        cli.bring(request_, lock)


def test_a_download_without_end_is_cut(site: Site, tmp_path: Path) -> None:
    progress = Progress(None)
    with progress.step("x") as step, pytest.raises(ToolchainError, match="larger than"):
        release.download(f"{site.url}/packer/1.16.0/packer_1.16.0_linux_amd64.zip", tmp_path / "x", 10, step)


def test_a_silent_site_is_not_waited_for(lock: Lock, host: Host) -> None:
    with pytest.raises(NotAvailable, match="does not answer"):
        release.answers(lock, host, "http://127.0.0.1:9", 1)


def test_addresses(lock: Lock, host: Host) -> None:
    where = release.addresses(lock.release, lock.plugins[0], host)
    base = "https://releases.hashicorp.com/packer-plugin-amazon/1.8.2/packer-plugin-amazon_1.8.2"
    assert where.archive == f"{base}_linux_amd64.zip"
    assert where.signature == f"{base}_SHA256SUMS.72D7468F.sig"
