# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What AWS would refuse of a pipeline's form, told before the first call and all at once."""

from __future__ import annotations

import collections.abc as c

from .codepipeline_check_flow import flow_faults
from .codepipeline_check_type import type_faults
from .codepipeline_check_words import word_faults
from .codepipeline_form import Form


def _twice(names: c.Iterable[str]) -> list[str]:
    seen: list[str] = list(names)
    return sorted({name for name in seen if seen.count(name) > 1})


def _names(form: Form) -> list[str]:
    faults = [f"two stages are named {name}" for name in _twice(stage["name"] for stage in form["stages"])]
    faults += [
        f"stage {stage['name']}: two actions are named {name}"
        for stage in form["stages"]
        for name in _twice(action["name"] for action in stage["actions"])
    ]
    return faults


def _shape(form: Form) -> list[str]:
    stages = form["stages"]
    faults = []
    if len(stages) < 2:
        faults.append(f"a pipeline has two stages at least, a source and what is done with it; here are {len(stages)}")
    faults += [f"stage {stage['name']} has no actions" for stage in stages if not stage["actions"]]
    for stage in stages[:1]:
        faults += [
            f"stage {stage['name']}: the first stage has source actions only, and {action['name']} is {action['category']}"
            for action in stage["actions"]
            if action["category"] != "Source"
        ]
    for stage in stages[1:]:
        faults += [
            f"stage {stage['name']}: {action['name']} is a source action, which only the first stage may have"
            for action in stage["actions"]
            if action["category"] == "Source"
        ]
    return faults


def _stores(form: Form, home: str) -> list[str]:
    stores = form["artifact_stores"]
    if not stores:
        return ["artifact_store or artifact_stores must say in which bucket artifacts are kept"]
    if home not in stores:
        return [f"artifact_stores has none for the pipeline's own Region {home}"]
    wanted = {
        one["region"]: f"stage {stage['name']}, action {one['name']}"
        for stage in form["stages"]
        for one in stage["actions"]
    }
    return [
        f"{who} is in {region}, for which there is no artifact store: use artifact_stores, with one for each Region"
        for region, who in sorted(wanted.items())
        if region not in stores
    ]


def faults(form: Form, home: str) -> list[str]:
    """A sentence for each thing that AWS would refuse; none when it would take the pipeline."""
    return [
        *_shape(form),
        *_names(form),
        *word_faults(form),
        *_stores(form, home),
        *flow_faults(form),
        *type_faults(form),
    ]
