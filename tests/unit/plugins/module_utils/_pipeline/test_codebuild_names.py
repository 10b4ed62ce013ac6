# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names as Ansible and as CodeBuild write them: there and back is the same, for every option that a project has."""

from __future__ import annotations

import collections.abc as c
import typing as t

import botocore.session
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codebuild_names import (
    camel,
    snake,
    to_codebuild,
    to_options,
)
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codebuild_options import PROJECT


def names(spec: dict[str, t.Any], place: tuple[str, ...] = ()) -> c.Iterator[tuple[str, ...]]:
    for name, one in spec.items():
        if name != "buildspec_file":
            yield (*place, name)
            yield from names(one.get("options", {}), (*place, name))


def test_every_option_is_a_member_of_codebuilds_and_back() -> None:
    model = botocore.session.get_session().get_service_model("codebuild")
    for place in names(PROJECT):
        shape = model.operation_model("CreateProject").input_shape
        for name in place:
            shape = getattr(shape, "member", shape)
            assert camel(name) in shape.members, place
            shape = shape.members[camel(name)]
            assert snake(camel(name)) == name


def test_what_is_not_given_is_left_out() -> None:
    given = {"vpc_config": None, "source": {"git_clone_depth": 0, "auth": None}, "logs": [{"s3_logs": {"v": False}}]}
    said = to_codebuild(given)
    assert said == {"source": {"gitCloneDepth": 0}, "logs": [{"s3Logs": {"v": False}}]}
    assert to_options(said) == {"source": {"git_clone_depth": 0}, "logs": [{"s3_logs": {"v": False}}]}
