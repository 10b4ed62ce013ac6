# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import typing as t

from .._ami.cloud import Cloud
from .cleanup import Cleanup, sweep
from .errors import PackerError
from .options import aws_access
from .record import RunRecord, dead_runs

ARGUMENT_SPEC: dict[str, t.Any] = {
    "images": {"type": "list", "elements": "str", "default": []},
    "kept": {"type": "bool", "default": False},
}

Result = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class _Plan:
    """What is to go, and what was kept and stays."""

    goes: list[RunRecord]
    stays: list[RunRecord]


def _make_plan(dead: list[RunRecord], kept: list[RunRecord], images: list[str], *, kept_as_well: bool) -> _Plan:
    """Records of other images stay out of it altogether."""
    dead, kept = ([one for one in records if not images or one.image in images] for records in (dead, kept))
    return _Plan([*dead, *kept], []) if kept_as_well else _Plan(dead, kept)


def run(module: t.Any) -> Result:
    """Remove what builds left whose module is gone, and what was kept when that is asked for."""
    access = aws_access(module)
    dead, kept = (dead_runs(access.endpoint_url, access.profile, kept=kept) for kept in (False, True))
    plan = _make_plan(dead, kept, module.params["images"], kept_as_well=module.params["kept"])
    # Each record knows its own; this one is for questions about the account.
    region = access.region or next((record.region for record in plan.goes), "")
    swept = sweep(Cloud(module.client, region), plan.goes, remove=not module.check_mode)
    result = _result(plan, swept, check=module.check_mode)
    if result["left"] or swept.failed:
        raise PackerError(f"Not all could be removed.{swept.text()}", **result)
    return result


def _result(plan: _Plan, swept: Cleanup, *, check: bool) -> Result:
    known = [one for one in swept.remaining if one not in swept.untouched]
    removed = known if check else swept.removed
    left = swept.untouched if check else swept.remaining
    foreign = [record.run_id for record in swept.foreign]
    ours = [record.run_id for record in plan.goes if record.run_id not in foreign]
    gone = swept.forgotten
    return {
        "changed": bool(removed or gone),
        "removed": removed,
        "left": left,
        "runs": gone,
        "kept": [_kept(record) for record in plan.stays],
        "foreign": [_foreign(record) for record in swept.foreign],
        "diff": {"before": {"runs": ours, "resources": [*removed, *left]}, "after": _after(ours, gone, left)},
    }


def _after(ours: list[str], gone: list[str], left: list[dict[str, str]]) -> Result:
    return {"runs": [run_id for run_id in ours if run_id not in gone], "resources": left}


def _kept(record: RunRecord) -> Result:
    kept = record.kept or {}
    about = {"run_id": record.run_id, "image": record.image}
    return {**about, "since": kept.get("since"), "ssh": kept.get("ssh") or None, "resources": kept.get("resources", [])}


def _foreign(record: RunRecord) -> Result:
    return {
        "run_id": record.run_id,
        "image": record.image,
        "account": record.account,
        "record": str(record.path),
    }
