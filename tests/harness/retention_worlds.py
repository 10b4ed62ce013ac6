# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AMIs as values, for tests of decisions about them."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.images import Ami

NOW = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.UTC)
HOME = Place("111111111111", "eu-west-1")


def ami(version: str, *, days: float = 100, image: str = "web", **given: t.Any) -> Ami:
    """An AMI of a version, made so many days ago, with what a test says of it."""
    known: dict[str, t.Any] = {
        "place": HOME,
        "image_id": f"ami-{int(version):017x}",
        "name": f"{image}-{version}",
        "description": "",
        "state": "available",
        "owner": HOME.account,
        "created": NOW - datetime.timedelta(days=days),
        "deprecated_at": None,
        "protected": False,
        "public": False,
        "architecture": "x86_64",
        "snapshots": (),
        "source_image_id": None,
        "source_region": None,
        **given,
    }
    own = {"golden:image": image, "golden:version": version}
    return Ami(**{**known, "tags": {**own, **known.get("tags", {})}})
