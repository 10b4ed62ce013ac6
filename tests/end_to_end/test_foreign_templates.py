# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates as teams have them, unchanged: each is built, found again on the second run, and leaves nothing."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import json
import shutil
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness.cloud import Cloud, Run

TEMPLATES = Path(__file__).parent / "templates"
HOME_REGION = "us-east-1"
# A build waits most of the time: for machines to boot and to stop.
AT_ONCE = 3


@dataclasses.dataclass(frozen=True)
class Expected:
    """What a template is to make: the names of its builds, the Regions of each, and the tags that it gives itself."""

    builds: tuple[str, ...]
    regions: tuple[str, ...] = (HOME_REGION,)
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    # Files that its post-processors and provisioners write, below the definition.
    files: tuple[str, ...] = ()
    # Disk of the AMI, in GiB.
    size: int = 8


EXPECTED = {
    "quickstart": Expected(("quickstart",)),
    "split": Expected(("debian",), tags={"release": "2026.11", "os_version": "Debian 12"}),
    "two-sources": Expected(("amazon-ebs.bookworm", "amazon-ebs.trixie")),
    "two-builds": Expected(("base",), tags={"team": "web", "patched": "yes"}),
    "hcl-json": Expected(("base",), tags={"style": "json"}),
    "legacy-several": Expected(("bookworm", "trixie")),
    "legacy-manifests": Expected(
        ("amazon-ebs",),
        tags={"build_region": HOME_REGION},
        files=(
            "manifest.json",
            "seen-by-shell-local.json",
            "legacy-manifests-manifest.json",
            "legacy-manifests-version-info.json",
        ),
        size=10,
    ),
    "regions": Expected(
        ("regions",),
        regions=(HOME_REGION, "us-west-2"),
        tags={"Environment": "production", "Region": HOME_REGION},
        size=9,
    ),
    "ansible": Expected(("web",)),
    "own-ends": Expected(("app",), files=("app/made.json", "out/ids", "out/second.json")),
}
# These have what tests without rows look at. They are in HCL and in JSON, in two Regions, of two builds, with files of their own.
ALWAYS = ("legacy-several", "regions", "own-ends")
ROWS = [pytest.param(name, marks=[pytest.mark.representative] if name in ALWAYS else []) for name in EXPECTED]
# Templates whose base is not there, or that need what a container can't do.
REFUSED = {
    "amazon-linux": ("al2023.pkr.hcl", "No AMI was found", "al2023-ami-2023.*-x86_64", "GOLDEN_CLOUD_IMAGES"),
    "windows": ("No AMI was found", "Windows_Server-2022-English-Full-Base-*", "GOLDEN_CLOUD_IMAGES"),
    "surrogate": ("local cloud does not implement the option BlockDeviceMappings of RunInstances", "/dev/xvda only"),
}


@dataclasses.dataclass(frozen=True)
class Built:
    directory: Path
    first: Run
    second: Run


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("foreign")
    shutil.copytree(TEMPLATES, made / "images")
    return made


@pytest.fixture(scope="module")
def before(cloud: Cloud) -> dict[str, set[str]]:
    return cloud.inventory()


@pytest.fixture(scope="module")
def built(
    cloud: Cloud, directory: Path, before: dict[str, set[str]], request: pytest.FixtureRequest
) -> c.Mapping[str, Built]:
    """Every template of which a row is run built, and then again."""
    del before
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    rows = {str(item.callspec.params.get("name")) for item in items if hasattr(item, "callspec")}
    names = [name for name in EXPECTED if name in {*rows, *ALWAYS}]

    def twice(name: str) -> Built:
        runs = [cloud.play("build_ami.yml", "-e", f"image={name}", cwd=directory) for _unused in range(2)]
        return Built(directory / "images" / name, *runs)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(names, pool.map(twice, names), strict=True))


def made(cloud: Cloud, name: str, region: str = HOME_REGION) -> list[dict[str, t.Any]]:
    filters = [{"Name": "tag:golden:image", "Values": [name]}]
    images: list[dict[str, t.Any]] = cloud.client("ec2", region).describe_images(Owners=["self"], Filters=filters)[
        "Images"
    ]
    return images


def tags_of(thing: dict[str, t.Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in thing.get("Tags", [])}


@pytest.mark.parametrize("name", ROWS)
def test_it_builds_and_is_found_again(built: c.Mapping[str, Built], name: str) -> None:
    first, second = built[name].first, built[name].second
    assert first.rc == 0, first.output
    assert first.recap("changed") >= 1, first.output
    assert second.rc == 0, second.output
    assert second.recap("changed") == 0, second.output
    assert "is still good" in " ".join(second.output.split())


@pytest.mark.parametrize("name", ROWS)
def test_its_amis_are_complete_in_each_region(cloud: Cloud, built: c.Mapping[str, Built], name: str) -> None:
    expected = EXPECTED[name]
    assert built[name].first.rc == 0, built[name].first.output
    for region in expected.regions:
        images = made(cloud, name, region)
        assert len(images) == len(expected.builds), [image["Name"] for image in images]
        for image in images:
            tags = tags_of(image)
            assert {key: tags.get(key) for key in expected.tags} == expected.tags
            assert tags["golden:complete"] == "yes"
            assert tags["golden:fingerprint"]
            (disk,) = [mapping["Ebs"] for mapping in image["BlockDeviceMappings"]]
            assert disk["VolumeSize"] == expected.size
            snapshots = cloud.client("ec2", region).describe_snapshots(SnapshotIds=[disk["SnapshotId"]])["Snapshots"]
            assert tags_of(snapshots[0])["golden:image"] == name


@pytest.mark.parametrize("name", ROWS)
def test_each_build_has_its_record(cloud: Cloud, built: c.Mapping[str, Built], name: str) -> None:
    expected = EXPECTED[name]
    assert built[name].first.rc == 0, built[name].first.output
    for region in expected.regions:
        parameters = cloud.client("ssm", region).get_parameters_by_path(
            Path=f"/golden/{name}/versions", Recursive=True
        )["Parameters"]
        assert {one["Value"] for one in parameters} == {image["ImageId"] for image in made(cloud, name, region)}
        if len(expected.builds) > 1:
            assert {one["Name"].rpartition("/")[2] for one in parameters} == set(expected.builds)


@pytest.mark.parametrize("name", [row for row in ROWS if EXPECTED[str(row.values[0])].files])
def test_its_own_files_are_where_it_wants_them(cloud: Cloud, built: c.Mapping[str, Built], name: str) -> None:
    ids = {image["ImageId"] for image in made(cloud, name)}
    for file in EXPECTED[name].files:
        text = (built[name].directory / file).read_text()
        if file.endswith(("manifest.json", "made.json", "second.json")):
            assert {one["artifact_id"].partition(":")[2] for one in json.loads(text)["builds"]} == ids


def test_what_a_template_says_besides_comes_true(cloud: Cloud, built: c.Mapping[str, Built]) -> None:
    (copied,) = made(cloud, "regions", "us-west-2")
    permission = cloud.client("ec2", "us-west-2").describe_image_attribute(
        ImageId=copied["ImageId"], Attribute="launchPermission"
    )
    assert permission["LaunchPermissions"] == [{"UserId": "210987654321"}]
    assert copied["DeprecationTime"] > copied["CreationDate"]
    app, instance, build = (built["own-ends"].directory / "out" / "ids").read_text().split()
    assert (app, build) == ("shop", "app")
    assert instance.startswith("i-"), "build.ID is the builder's"


def test_nothing_but_amis_stays(cloud: Cloud, built: c.Mapping[str, Built], before: dict[str, set[str]]) -> None:
    assert built
    after = cloud.inventory()
    for kind in ("instances", "key pairs", "security groups", "volumes"):
        assert after[kind] == before[kind]
    images = {image["ImageId"] for name in EXPECTED for image in made(cloud, name)}
    assert after["images"] - before["images"] == images
    assert len(after["snapshots"] - before["snapshots"]) == len(images)


def test_secrets_of_a_template_are_not_shown(built: c.Mapping[str, Built]) -> None:
    for name, secret in {"own-ends": "hunter2-of-the-template", "legacy-several": "not-so-secret-0815"}.items():
        assert secret not in built[name].first.output


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_here_validates_and_is_refused(cloud: Cloud, directory: Path, name: str) -> None:
    before = cloud.inventory()
    run = cloud.play("build_ami.yml", "-e", f"image={name}", cwd=directory)
    assert run.rc != 0, run.output
    said = " ".join(run.output.split())
    assert "is not valid" not in said
    for words in REFUSED[name]:
        assert words in said
    assert cloud.inventory() == before
