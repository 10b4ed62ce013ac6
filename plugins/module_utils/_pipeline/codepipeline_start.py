# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What StartPipelineExecution is given, and what of it AWS would refuse."""

from __future__ import annotations

import re

from .codepipeline_calls import Resource
from .codepipeline_execution_options import Options

# The kinds of revisions that a source takes, the usual one first.
_REVISIONS = {
    "CodeCommit": ("COMMIT_ID",),
    "CodeStarSourceConnection": ("COMMIT_ID",),
    "GitHub": ("COMMIT_ID",),
    "ECR": ("IMAGE_DIGEST",),
    "S3": ("S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"),
}
_TOKEN = re.compile(r"[a-zA-Z0-9-]{1,128}")


def _sources(declaration: Resource) -> dict[str, str]:
    """The providers of the source actions by name."""
    actions = [action for stage in declaration["stages"][:1] for action in stage["actions"]]
    return {action["name"]: action["actionTypeId"]["provider"] for action in actions}


def _variables(declaration: Resource, options: Options) -> list[str]:
    declared = {one["name"]: one.get("defaultValue") for one in declaration.get("variables") or []}
    unknown = [name for name in options.variables if name not in declared]
    faults = [f"it has no variable {name} (those it has: {', '.join(declared) or 'none'})" for name in unknown]
    faults += [
        f"variables.{name} must be given, it has no default"
        for name, default in declared.items()
        if default is None and name not in options.variables
    ]
    faults += [
        f"variables.{name} has {len(value)} characters, and may have 1 to 1000"
        for name, value in options.variables.items()
        if not 1 <= len(value) <= 1000
    ]
    return faults


def _revisions(declaration: Resource, options: Options) -> list[str]:
    sources = _sources(declaration)
    faults = []
    for one in options.source_revisions:
        name = one["action"]
        kinds = _REVISIONS.get(sources.get(name, ""), ())
        if name not in sources:
            faults.append(f"source_revisions: it has no source action {name} (those it has: {', '.join(sources)})")
        elif one["type"] is None and not kinds:
            faults.append(f"source_revisions: say the type of the revision of {name}, which is {sources[name]}")
        elif kinds and one["type"] not in (None, *kinds):
            faults.append(f"source_revisions: {name} is {sources[name]}, which takes {' or '.join(kinds)}")
    return faults


def start_faults(declaration: Resource, options: Options) -> list[str]:
    faults = [*_variables(declaration, options), *_revisions(declaration, options)]
    token = options.client_request_token
    if token is not None and not _TOKEN.fullmatch(token):
        faults.append("client_request_token may have letters, digits and dashes, 128 at most")
    return faults


def start_request(declaration: Resource, options: Options) -> Resource:
    sources = _sources(declaration)
    request: Resource = {}
    if options.variables:
        request["variables"] = [{"name": name, "value": value} for name, value in options.variables.items()]
    if options.source_revisions:
        request["sourceRevisions"] = [
            {
                "actionName": one["action"],
                "revisionType": one["type"] or _REVISIONS[sources[one["action"]]][0],
                "revisionValue": one["value"],
            }
            for one in options.source_revisions
        ]
    if options.client_request_token:
        request["clientRequestToken"] = options.client_request_token
    return request
