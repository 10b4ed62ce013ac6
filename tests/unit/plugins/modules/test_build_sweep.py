# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""build_sweep by its own main(): what killed builds left, by the records that they left."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.processes import host_name, own_process
from ansible_collections.golden.ami.plugins.module_utils._packer.record import RunRecord

Sweep = t.Callable[..., dict[str, t.Any]]


def record(home: Path, run_id: str, **given: t.Any) -> RunRecord:
    made = RunRecord(
        run_id=run_id,
        image=given.pop("image", "web"),
        region="eu-west-1",
        endpoint_url="http://127.0.0.1:9",
        profile=None,
        pid=own_process().pid,
        started=1,
        host=host_name(),
        scratch=str(home / "scratch" / run_id),
        **given,
    )
    made.write()
    return made


def found(*resources: tuple[str, str]) -> dict[str, t.Any]:
    return {"Tags": [{"ResourceType": kind, "ResourceId": name, "Key": "golden:run"} for kind, name in resources]}


def test_where_nothing_was_left_nothing_is_asked(aws: t.Any, sweep: Sweep) -> None:
    result = sweep(_ansible_diff=True)
    assert (result["changed"], result["removed"], result["runs"]) == (False, [], [])
    assert result["diff"]["before"] == result["diff"]["after"] == {"runs": [], "resources": []}
    assert aws.seen == []


def test_check_mode_tells_the_same_and_removes_nothing(aws: t.Any, sweep: Sweep, home: Path) -> None:
    left = record(home, "golden-1")
    aws.expect("DescribeTags", found(("security-group", "sg-1")))
    checked = sweep(_ansible_check_mode=True)
    assert left.path.exists()
    aws.expect("DescribeTags", found(("security-group", "sg-1")))
    aws.expect("DeleteSecurityGroup", {}, lambda request: None)
    aws.expect("DescribeSecurityGroups", {"SecurityGroups": []})
    applied = sweep()
    assert not left.path.exists()
    for key in ("changed", "removed", "left", "runs", "diff"):
        assert checked.get(key) == applied.get(key), key
    assert applied["changed"]
    assert applied["runs"] == ["golden-1"]
    again = sweep()
    assert (again["changed"], again["runs"]) == (False, [])


def test_of_one_image_only(aws: t.Any, sweep: Sweep, home: Path) -> None:
    other = record(home, "golden-1", image="db", account="123456789012")
    assert not sweep(images=["web"])["changed"]
    assert other.path.exists()
    aws.expect("DescribeTags", found())
    assert sweep(images=["web", "db"])["runs"] == ["golden-1"]


def test_a_record_of_an_unknown_account_stays_when_nothing_is_found(aws: t.Any, sweep: Sweep, home: Path) -> None:
    """In check mode as well: it said that the record would go, and then it did not."""
    left = record(home, "golden-1")
    for check in (True, False):
        aws.expect("DescribeTags", found())
        result = sweep(_ansible_check_mode=check)
        assert (result["changed"], result["runs"]) == (False, [])
    assert left.path.exists()


def test_what_was_kept_is_named_and_stays(aws: t.Any, sweep: Sweep, home: Path) -> None:
    record(home, "golden-1", kept={"since": "2026-11-21T09:30:00Z", "ssh": "ssh admin@192.0.2.7", "resources": []})
    result = sweep()
    assert not result["changed"]
    assert [(one["run_id"], one["ssh"]) for one in result["kept"]] == [("golden-1", "ssh admin@192.0.2.7")]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"images": {"web": 1}}, "images"),
        ({"kept": "perhaps"}, "kept"),
        ({"image": "web"}, "Unsupported parameters for (basic.py) module: image"),
    ],
)
def test_options_of_another_form(sweep: Sweep, given: dict[str, t.Any], said: str) -> None:
    result = sweep(**given)
    assert result["failed"]
    assert said in result["msg"]
