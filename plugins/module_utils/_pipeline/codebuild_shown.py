# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What a result and a diff show of a CodeBuild project: all but the values of variables that are secret."""

from __future__ import annotations

import collections.abc as c
import typing as t

from .._packer.secrets import HIDDEN, looks_secret
from .codebuild_names import to_options
from .codebuild_normal import Project

# So that a diff tells that a value changes which it doesn't show.
ANOTHER = f"{HIDDEN} (another value)"


def is_hidden(variable: c.Mapping[str, t.Any]) -> bool:
    """A value is secret when its name says so. What is kept elsewhere is only named here."""
    return (variable.get("type") or "PLAINTEXT") == "PLAINTEXT" and looks_secret(variable["name"])


def secret_values(variables: c.Iterable[c.Mapping[str, t.Any]]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in variables if is_hidden(one)}


def hide_variables(
    variables: c.Iterable[c.Mapping[str, t.Any]], known: c.Mapping[str, str] | None = None
) -> list[Project]:
    """The same with C(HIDDEN) for what is secret, and C(ANOTHER) where it is not the one that is known."""
    hidden = []
    for one in variables:
        other = known is not None and one["name"] in known and known[one["name"]] != one["value"]
        hidden.append({**one, "value": ANOTHER if other else HIDDEN} if is_hidden(one) else dict(one))
    return hidden


def _with_hidden(project: Project, known: c.Mapping[str, str] | None) -> Project:
    environment = project["environment"]
    variables = hide_variables(environment["environmentVariables"], known)
    return {**project, "environment": {**environment, "environmentVariables": variables}}


def shown_project(project: Project, known: c.Mapping[str, str] | None = None) -> dict[str, t.Any]:
    """A normal form as options are written. The keys of tags are the user's, and stay."""
    shown: dict[str, t.Any] = to_options(
        {name: one for name, one in _with_hidden(project, known).items() if name != "tags"}
    )
    return {**shown, "tags": dict(project["tags"])}


def shown_diff(before: Project | None, after: Project | None) -> dict[str, t.Any]:
    known = secret_values(before["environment"]["environmentVariables"]) if before else {}
    return {
        "before": shown_project(before) if before else {},
        "after": shown_project(after, known) if after else {},
    }
