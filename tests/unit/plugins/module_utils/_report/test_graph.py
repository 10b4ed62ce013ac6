# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which version was made from which."""

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._report.facts import Facts, Wanted, World
from ansible_collections.golden.ami.plugins.module_utils._report.graph import lineage, sources_of
from harness.planted_report import DEBIAN, HOME, ami, world


def test_versions_are_made_from_versions_and_from_what_is_outside() -> None:
    found = lineage(world())
    edges = {(edge["from"], edge["to"]) for edge in found["edges"]}
    assert (DEBIAN, "base/20261115060000") in edges
    assert ("base/20261115060000", "web/20261122150000") in edges
    assert ("base/20261001060000", "wordpress/20261003090000") in edges
    # A copy is of the same version, and no edge of its own.
    assert len(found["edges"]) == 7
    nodes = {node["id"]: node for node in found["nodes"]}
    assert nodes[DEBIAN] == {
        "id": DEBIAN,
        "image": "",
        "version": None,
        "name": "debian-12-amd64-20260920",
        "channels": [],
    }
    assert nodes["web/20261116073000"]["channels"] == ["dev", "prod"]


def test_a_parent_that_is_not_reported_on_has_its_name_and_one_that_is_gone_its_id() -> None:
    tags = {"golden:source-ami": "ami-1, ami-2"}
    facts = Facts(Wanted("web"), (HOME,), (ami("web", "1.0", 1, 1, tags=tags),))
    parent = ami("base", "7", 9, 9, image_id="ami-1")
    names = {node["id"]: node["name"] for node in lineage(World((facts,), others={"ami-1": parent}))["nodes"]}
    assert names == {"web/1.0": "1.0", "ami-1": "base 7", "ami-2": "ami-2"}


def test_without_a_tag_it_is_what_ec2_tells() -> None:
    assert sources_of(ami("web", "1.0", 1, 1, source_image_id="ami-1")) == ["ami-1"]
    assert sources_of(ami("web", "1.0", 1, 1)) == []
