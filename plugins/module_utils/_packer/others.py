# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses

from .._ami.artifacts import OwnImage
from .plan import Plan, counts


def after_others(plan: Plan, before: list[OwnImage], images: list[OwnImage]) -> Plan:
    """What is left of a plan when another run may have built the image meanwhile.

    An AMI of just this content, completed after this run began, is what was asked for, with force as well.
    """
    known = {image.image_id for image in before if counts(image)}
    new = [image for image in images if counts(image) and image.image_id not in known]
    same = [image for image in new if image.tags["golden:fingerprint"] == plan.fingerprint]
    if not same:
        return plan
    made = same[-1]
    run = made.tags.get("golden:run", "another run")
    version = f" (version {made.version})" if made.version else ""
    text = f"{made.image_id}{version} is just what was asked for: {run} built it since this run began."
    return dataclasses.replace(plan, build=False, reason=text, current=made, diff={"before": {}, "after": {}})
