# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tags of an AMI are those that EC2 takes: 50 at most, keys of 128 and values of 256 characters."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._packer.fingerprint import part_of
from ansible_collections.golden.ami.plugins.module_utils._packer.tags import artifact_tags, run_tags
from ansible_collections.golden.ami.plugins.module_utils._packer.versions import Versions
from hypothesis import given
from hypothesis import strategies as st

SCHEMA = Path(__file__).parents[5] / "roles" / "image" / "files" / "image.schema.json"
OWN_TAGS = json.loads(SCHEMA.read_text())["properties"]["tags"]["maxProperties"]
LONG = st.text(max_size=400)


@given(
    st.dictionaries(st.text("abcXYZ", min_size=1, max_size=128), LONG, max_size=OWN_TAGS),
    st.dictionaries(
        st.sampled_from(["BUILD_NUMBER", "CODEBUILD_BUILD_ID", "CODEBUILD_RESOLVED_SOURCE_VERSION", "HOME"]), LONG
    ),
    st.none() | LONG,
    st.lists(st.text(min_size=1, max_size=90), max_size=20),
)
def test_ec2_takes_them(extra: dict[str, str], environment: dict[str, str], base: str | None, roles: list[str]) -> None:
    made = artifact_tags(
        image="web",
        version="1",
        run_id="golden-1",
        ami_name="web-1",
        fingerprint="f" * 64,
        parts={f"role {role}": part_of({}) for role in roles},
        source_ami=base,
        commit=None,
        versions=Versions("1.16.0", {}, "2.21.5"),
        environment=environment,
        now=datetime.datetime(2026, 11, 21, 9, 30, tzinfo=datetime.UTC),
        extra=extra,
    )
    assert len(made) <= 50
    assert all(len(value) <= 256 for value in made.values())
    assert made["golden:image"] == "web"
    assert made["golden:complete"] == "no"
    assert {name: made[name] for name in extra} == {name: value[:256] for name, value in extra.items()}


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_what_lives_as_long_as_a_run_is_found_by_it(image: str, run: str) -> None:
    assert run_tags(image, run)["golden:run"] == run
