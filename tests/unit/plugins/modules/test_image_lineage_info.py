# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""image_lineage_info by its own main()."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.modules import image_lineage_info


def run(capsys: pytest.CaptureFixture[str], **given: t.Any) -> dict[str, t.Any]:
    access = {"region": "eu-west-1", "access_key": "AKIDLOCAL", "secret_key": "x", "endpoint_url": "http://127.0.0.1:9"}
    with patch_module_args({**access, **given}), pytest.raises(SystemExit):
        image_lineage_info.main()
    result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
    return result


def test_it_tells_which_are_behind(aws: t.Any, capsys: pytest.CaptureFixture[str]) -> None:
    tags = [{"Key": "golden:image", "Value": "web"}, {"Key": "golden:source-ami", "Value": "ami-old"}]
    web = {"ImageId": "ami-web", "CreationDate": "2026-01-01T00:00:00.000Z", "Tags": tags}
    aws.expect("DescribeImages", {"Images": [web]})
    result = run(capsys, images=[{"name": "web", "parent": "base"}], just_made={"base": "ami-new"})
    assert not result["changed"]
    assert [(one["name"], one["behind"], one["parent_ami"]) for one in result["images"]] == [("web", True, "ami-new")]
    assert result["behind"] == [result["images"][0]["message"]]


def test_a_call_that_fails_is_told(aws: t.Any, capsys: pytest.CaptureFixture[str]) -> None:
    aws.fail("DescribeImages", "UnauthorizedOperation")
    result = run(capsys, images=[{"name": "web", "parent": "base"}])
    assert result["failed"]
    assert "describe images" in result["msg"]


def test_a_search_is_asked_for(aws: t.Any, capsys: pytest.CaptureFixture[str]) -> None:
    tags = [{"Key": "golden:image", "Value": "web"}, {"Key": "golden:source-ami", "Value": "ami-old"}]
    web = {"ImageId": "ami-web", "CreationDate": "2026-01-01T00:00:00.000Z", "Tags": tags}
    aws.expect("DescribeImages", {"Images": [web]})
    aws.expect("DescribeImages", {"Images": [{"ImageId": "ami-new", "CreationDate": "2026-01-02T00:00:00.000Z"}]})
    search = {"owners": ["self"], "name": "base-*"}
    result = run(capsys, images=[{"name": "web", "parent": "base", "search": search, "descendants": ["shop"]}])
    assert [(one["behind"], one["parent_ami"]) for one in result["images"]] == [(True, "ami-new")]
    assert result["behind"][0].endswith("which goes on with shop")
    result = run(capsys, images=[{"name": "web", "parent": "base", "search": {"name": "base-*"}}])
    assert "missing required arguments: owners found in images -> search" in result["msg"]
