# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names are refused before the first call where AWS would refuse them."""

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._pipeline.names import (
    LONGEST,
    NameProblem,
    Names,
    Place,
    check_connection,
)

PLACE = Place("111111111111", "eu-west-1", "aws-cn")


def names(**given: str) -> Names:
    return Names(place=PLACE, **{"project": "web", "bucket": "web-artefacts", "repository": "images", **given})


def test_arns_are_of_the_place() -> None:
    made = names()
    assert made.pipeline_arn == "arn:aws-cn:codepipeline:eu-west-1:111111111111:web"
    assert made.role_arn(made.stage("build")) == "arn:aws-cn:iam::111111111111:role/web-build"
    assert made.bucket_arn == "arn:aws-cn:s3:::web-artefacts"
    assert made.repository_arn == "arn:aws-cn:codecommit:eu-west-1:111111111111:images"
    assert made.topic_arn == "arn:aws-cn:sns:eu-west-1:111111111111:web-pipeline"


def test_the_longest_name_leaves_room_for_those_of_roles() -> None:
    project = "x" * LONGEST
    assert max(len(names(project=project).stage(stage)) for stage in ("distribute", "validate")) <= 64
    with pytest.raises(NameProblem, match=f"2 to {LONGEST} letters"):
        names(project=f"{project}x")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"project": "w"}, "project_name"),
        ({"project": "web site"}, "project_name"),
        ({"bucket": "Web"}, "artefact_bucket_name"),
        ({"bucket": "a..b"}, "artefact_bucket_name"),
        ({"bucket": "x" * 64}, "artefact_bucket_name"),
        ({"repository": "images.git"}, "source_repository"),
        ({"repository": "x" * 101}, "source_repository"),
    ],
)
def test_what_aws_would_refuse(given: dict[str, str], told: str) -> None:
    with pytest.raises(NameProblem, match=told):
        names(**given)


def test_a_connection_is_an_arn_of_one() -> None:
    check_connection("arn:aws:codeconnections:eu-west-1:111111111111:connection/6f0c2f5e-0d5b")
    with pytest.raises(NameProblem, match="no ARN of a connection"):
        check_connection("github")
