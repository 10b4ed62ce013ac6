# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest from which the result is read: missing, cut off, nonsense, or of another run."""

from __future__ import annotations

import json

import pytest
from harness.builds import TEMPLATE
from reliability.ground import Row

MANIFEST = 'post-processor "manifest" {'


def spoiled(command: str) -> str:
    """A template that does this to its manifest when it is written; ``$M`` is its path."""
    chained = TEMPLATE.replace(MANIFEST, "post-processors {\n" + "    " + MANIFEST)
    end = "strip_path = true\n  }\n}"
    assert end in chained
    again = f"""strip_path = true
    }}
    post-processor "shell-local" {{
      environment_vars = ["M=${{var.golden_manifest}}"]
      inline           = [{json.dumps(command)}]
    }}
  }}
}}"""
    return chained.replace(end, again)


NO_POST_PROCESSOR = TEMPLATE[: TEMPLATE.index(f"  {MANIFEST}")] + "}\n"


@pytest.mark.row("manifest")
@pytest.mark.parametrize("template", [NO_POST_PROCESSOR, spoiled("rm -f $M")], ids=["never written", "removed"])
def test_one_that_is_missing_is_no_harm(row: Row, template: str) -> None:
    """Packer itself tells of its AMI too."""
    row.bench.image("web", template=template)
    row.good(row.bench.build("web"), "web")


@pytest.mark.row("manifest")
@pytest.mark.parametrize(
    "command",
    [
        pytest.param("head -c 40 $M > $M.cut; mv $M.cut $M", id="cut off"),
        pytest.param(": > $M", id="empty"),
        pytest.param("echo '[]' > $M", id="another shape"),
        pytest.param("printf '\\377\\376' > $M", id="no text"),
    ],
)
def test_one_that_cannot_be_read_fails_the_build(row: Row, command: str) -> None:
    row.bench.image("web", template=spoiled(command))
    result = row.bench.build("web")
    assert result.rc != 0, result
    assert "manifest" in result.msg, result
    assert result.outcome == "failed", result
    assert {one["type"] for one in result.removed} >= {"image", "snapshot"}, "what was made is named as removed"
    assert not result.leftovers, result


@pytest.mark.row("manifest", representative=True)
def test_one_of_another_run_gives_nobody_elses_ami(row: Row) -> None:
    """A manifest that lies about: the AMI that it names belongs to another image, and stays as it is."""
    keep = row.bench.directory / "kept.json"
    row.bench.image("other", template=spoiled(f"cp $M {keep}"))
    other = row.bench.build("other")
    assert not other.failed, other
    (foreign,) = other.amis
    tags = row.cloud.client("ec2").describe_images(ImageIds=[foreign])["Images"][0]["Tags"]

    row.bench.image("web", template=spoiled(f"cp {keep} $M"))
    result = row.bench.build("web")
    assert row.cloud.client("ec2").describe_images(ImageIds=[foreign])["Images"][0]["Tags"] == tags
    assert result.rc != 0, result
    assert foreign in result.msg, result
    assert str(other.values["run_id"]) in result.msg, result
    row.complete(foreign, "other")
