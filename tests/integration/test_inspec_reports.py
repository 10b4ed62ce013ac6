# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports that InSpec wrote elsewhere are read as they are: all cases, and what became of each.

They are the samples of Heimdall, a viewer of such reports, as its package in npm's registry has them.
"""

from __future__ import annotations

import collections
import hashlib
import json
import shutil
import subprocess
import tarfile
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._testing.engines.inspec import read

PACKAGE = "@mitre/heimdall-lite@2.6.31"
SHA256 = "1f26e3bfee8571b3914f5de55f1a6f2f09c61f45933e490c11d8ec77d63bc67c"
SAMPLES = "package/dist/static/samples"
# Those that InSpec itself wrote, of operating systems and of services, with the version that wrote them.
REPORTS = {
    "good_nginxresults.json": "1.37.6",
    "bad_nginx.json": "1.37.6",
    "rhel_cve_vulnerability_scan_baseline_with_failures.json": "3.0.46",
    "ubuntu-16.04-baseline-results.json": "4.10.4",
    "rhel7-results.json": "4.16.0",
    "red_hat_bad.json": "4.18.104",
    "wrapper-acme-run.json": "4.19.2",
    "example-3-layer-overlay.json": "4.52.9",
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("npm") is None:
        pytest.skip("there is no npm, by which recorded reports of InSpec are brought")
    directory = tmp_path_factory.mktemp("heimdall")
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=directory, check=True, timeout=300)
    (file,) = directory.glob("*.tgz")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == SHA256
    with tarfile.open(file) as archive:
        for name in REPORTS:
            archive.extract(f"{SAMPLES}/{name}", directory, filter="data")
    return directory / SAMPLES


def counted(report: dict[str, t.Any]) -> collections.Counter[str]:
    """What the report says of its results, by the words of ami_test."""
    found: collections.Counter[str] = collections.Counter()
    for profile in report["profiles"]:
        for control in profile["controls"]:
            for result in control.get("results", []):
                broke = result["status"] == "failed" and "exception" in result
                found["error" if broke else result["status"]] += 1
    return found


@pytest.mark.parametrize("name", REPORTS)
def test_a_recorded_report(samples: Path, name: str) -> None:
    text = (samples / name).read_text(encoding="utf-8")
    report = json.loads(text)
    assert report["version"] == REPORTS[name]
    cases = read(text)
    assert collections.Counter(case.outcome for case in cases) == counted(report)
    for case in cases:
        assert case.name.startswith(f"{case.subject}: ")
        assert case.seconds >= 0
        assert bool(case.message) == (case.outcome != "passed"), case
