# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever stands where a manifest should be: the AMIs of its last run, or an error that can be told."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.manifest import (
    Artifact,
    read_manifest,
    split_artifact_id,
    together,
)
from hypothesis import example, given
from hypothesis import strategies as st

JSON: st.SearchStrategy[t.Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=8,
)
RUNS = st.sampled_from(["one", "two", "three"])
HEX = st.text("0123456789abcdef", min_size=8, max_size=17)
REGIONS = st.sampled_from(["eu-west-1", "us-gov-east-1", "ap-southeast-2"])
BUILDERS = st.sampled_from(["amazon-ebs", "amazon-chroot", "docker", "x"])
NO_AMI = st.sampled_from(["", "Null", "sha256:abc", "a.ova,b.ova", "eu-west-1:snap-0123", "ami-0123", ":", ","])


@st.composite
def builds(draw: st.DrawFn) -> tuple[str, list[tuple[str, str]], dict[str, t.Any]]:
    """A run, the AMIs of one of its builds, and how a manifest says so."""
    run, amis = draw(RUNS), draw(st.lists(st.tuples(REGIONS, HEX), max_size=3))
    found = [(region, f"ami-{digits}") for region, digits in amis]
    artifact_id = ",".join(f"{region}:{ami}" for region, ami in found) if found else draw(NO_AMI)
    said = {"name": "web", "builder_type": draw(BUILDERS), "artifact_id": artifact_id, "packer_run_uuid": run}
    return run, found, said


MANIFESTS = st.tuples(st.lists(builds(), max_size=5), RUNS)


def text_of(manifest: t.Any) -> str:
    made, last = manifest
    return json.dumps({"builds": [said for _run, _amis, said in made], "last_run_uuid": last})


@given(MANIFESTS)
def test_just_the_amis_of_the_last_run(manifest: t.Any) -> None:
    made, last = manifest
    found = {(one.region, one.ami_id) for one in read_manifest(text_of(manifest), "m.json")}
    assert found == {ami for run, amis, _said in made if run == last for ami in amis}


@given(MANIFESTS, st.integers(0, 2000))
def test_cut_off_it_is_an_error(manifest: t.Any, length: int) -> None:
    text = text_of(manifest)
    cut = text[: length % len(text)]
    try:
        read_manifest(cut, "m.json")
    except PackerError as error:
        assert str(error).startswith("m.json is not a manifest of Packer")
    else:
        raise AssertionError(f"{cut} was taken for a manifest")


@given(MANIFESTS, JSON, st.data())
def test_another_value_in_it_is_never_another_exception(manifest: t.Any, value: t.Any, data: st.DataObject) -> None:
    content = json.loads(text_of(manifest))
    build = data.draw(st.sampled_from(content["builds"])) if content["builds"] else content
    build[data.draw(st.sampled_from(sorted(build)))] = value
    try:
        found = read_manifest(json.dumps(content), "m.json")
    except PackerError:
        return
    said = json.dumps([one for one in content["builds"] if one["packer_run_uuid"] == content["last_run_uuid"]])
    assert all(f"{one.region}:{one.ami_id}" in said for one in found)


@given(JSON)
@example(
    {"builds": [{"name": "a", "builder_type": "b", "artifact_id": None, "packer_run_uuid": "1"}], "last_run_uuid": "1"}
)
@example({"builds": [None], "last_run_uuid": "1"})
@example({"builds": "1", "last_run_uuid": "1"})
def test_any_json_is_a_manifest_or_an_error(value: t.Any) -> None:
    try:
        read_manifest(json.dumps(value), "m.json")
    except PackerError as error:
        assert "m.json" in str(error)


@given(st.text(max_size=30))
@example("[" * 100_000)
@example("9" * 5000)
def test_any_text_is_a_manifest_or_an_error(text: str) -> None:
    try:
        read_manifest(text, "m.json")
    except PackerError as error:
        assert "m.json" in str(error)


ARTIFACTS = st.lists(
    st.builds(Artifact, st.sampled_from(["web", "db"]), st.just("amazon-ebs"), REGIONS, HEX.map("ami-{}".format)),
    max_size=4,
)


@given(ARTIFACTS, ARTIFACTS)
def test_no_ami_gets_lost_or_comes_from_nowhere(written: list[Artifact], told: list[Artifact]) -> None:
    def ids(artifacts: list[Artifact]) -> set[tuple[str, str]]:
        return {(one.region, one.ami_id) for one in artifacts}

    assert ids(together(written, told)) == ids(written) | ids(told)


@given(st.text(max_size=40))
def test_what_is_no_ami_is_none_of_ours(artifact_id: str) -> None:
    for one in split_artifact_id("web", "amazon-ebs", artifact_id):
        assert f"{one.region}:{one.ami_id}" in artifact_id
