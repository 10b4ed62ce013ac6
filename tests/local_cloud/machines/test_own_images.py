# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of the user's own: what the file may say, and what is told when it is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from golden_cloud.machines import own_images, seed
from golden_cloud.place import Place
from golden_cloud.ports import MachineError

ACCOUNT = "123456789012"
ROLE = Path(__file__).parents[3] / "roles" / "local_cloud"


def test_a_small_entry_gets_defaults() -> None:
    image = own_images.parse_entry({"name": "corp-12", "source": "docker.io/corp/debian:12"}, "x", ACCOUNT)
    assert (image.owner, image.volume_size, image.user) == (ACCOUNT, 8, None)
    assert image.describe().image_id == image.image_id
    assert image.pull_arguments() == ["pull", "--quiet", "docker.io/corp/debian:12"]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("x", "a mapping"),
        ({"name": "corp-12", "source": "x", "colour": 1}, "unknown key 'colour'"),
        ({"name": "x", "source": "x"}, "name: an AMI's name"),
        ({"name": "corp-12"}, "source: a container image"),
        ({"name": "corp-12", "source": "/no/such.tar"}, "there is no file /no/such.tar"),
        ({"name": "corp-12", "source": "x", "owner": "me"}, "owner: an account of 12 digits"),
        ({"name": "corp-12", "source": "x", "ssm_parameters": "corp"}, "ssm_parameters"),
    ],
)
def test_mistakes_name_the_entry_and_what_is_expected(entry: Any, told: str) -> None:
    with pytest.raises(MachineError, match="images.yml: images") as caught:
        own_images.parse_entry(entry, "images.yml: images[0]", ACCOUNT)
    assert told in str(caught.value)


def test_the_file_is_read_from_the_state_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOLDEN_CLOUD_IMAGES", raising=False)
    place = Place("default", tmp_path, tmp_path)
    assert own_images.read(place, ACCOUNT) == []
    (tmp_path / "images.yml").write_text('images:\n  - name: corp-12\n    source: x\n    owner: "210987654321"\n')
    assert [image.owner for image in own_images.read(place, ACCOUNT)] == ["210987654321"]
    (tmp_path / "images.yml").write_text("images: {}\n")
    with pytest.raises(MachineError, match="a list 'images'"):
        own_images.read(place, ACCOUNT)


def test_the_seed_says_who_gets_the_key(tmp_path: Path) -> None:
    seed.write(tmp_path / "seed", "i-1", "ip-1", ["ssh-ed25519 AAAA"], b"\x1f\x8b", "corp")
    told = json.loads((tmp_path / "seed" / "meta-data").read_text())
    assert told == {"instance-id": "i-1", "local-hostname": "ip-1", "public-keys": ["ssh-ed25519 AAAA"]}
    assert (tmp_path / "seed" / "user-data").read_bytes() == b"\x1f\x8b"
    assert '"name": "corp"' in (tmp_path / "seed" / "vendor-data").read_text()
    assert (tmp_path / "seed" / "user-data").stat().st_mode & 0o777 == 0o600


def test_the_example_in_the_readme_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = re.search(r"```yaml\n(images:\n.*?)```", (ROLE / "README.md").read_text(), re.DOTALL)
    assert example
    file = tmp_path / "mine.yml"
    file.write_text(example[1])
    monkeypatch.setenv("GOLDEN_CLOUD_IMAGES", str(file))
    (image,) = own_images.read(Place("default", tmp_path, tmp_path), ACCOUNT)
    assert (image.owner, image.user, image.volume_size) == ("210987654321", "corp", 8)
    assert image.describe().ssm_parameters == ("/corp/debian/latest",)


def test_the_role_passes_on_what_the_cloud_reads_from_its_environment() -> None:
    passed = yaml.safe_load((ROLE / "vars" / "main.yml").read_text())["__local_cloud_environment"]
    options = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    for option, variable in (
        ("local_cloud_images_file", "GOLDEN_CLOUD_IMAGES"),
        ("local_cloud_debian_mirror", "GOLDEN_CLOUD_DEBIAN_MIRROR"),
        ("local_cloud_timings", "GOLDEN_CLOUD_TIMINGS"),
    ):
        assert variable in passed
        assert option in options
        assert variable in defaults[option]
