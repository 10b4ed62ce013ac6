# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""create-legacy-packer-deps: what a template reads from SSM is read once, and its build needs no access then."""

from __future__ import annotations

import json
import stat
import sys
import typing as t
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

CHECKOUT = Path(__file__).resolve().parents[4]
sys.path[:0] = [str(CHECKOUT / "roles" / one / "files") for one in ("toolkit", "packer")]

from golden_toolkit import __main__ as door
from golden_toolkit import parameters
from golden_toolkit.parameters import of_image, of_template
from golden_toolkit.parts import ToolkitError

TEMPLATE = """\
data "amazon-parameterstore" "base" {
  name   = "/golden/base/prod"
  region = "eu-west-1"
}
data "amazon-parameterstore" "again" {
  name   = "/golden/base/prod"
  region = "eu-west-1"
}
source "amazon-ebs" "web" { source_ami = data.amazon-parameterstore.base.value }
"""


class World:
    """SSM, as far as it is asked."""

    def __init__(self, **kinds: str) -> None:
        self.kinds = kinds
        self.asked: list[tuple[str, str, bool]] = []
        self.missing: set[str] = set()

    def __call__(self, region: str) -> t.Any:
        world = self

        class Client:
            def get_parameter(self, Name: str, WithDecryption: bool) -> dict[str, t.Any]:  # noqa: N803 (AWS's names)
                world.asked.append((region, Name, WithDecryption))
                if Name in world.missing:
                    raise ClientError({"Error": {"Code": "ParameterNotFound", "Message": ""}}, "GetParameter")
                kind = world.kinds.get("kind", "String")
                return {"Parameter": {"Value": "ami-1", "Version": 3, "ARN": "arn:x", "Type": kind}}

        return Client()


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "web" / "web.pkr.hcl"
    file.parent.mkdir()
    file.write_text(TEMPLATE)
    return file


def test_each_parameter_is_asked_once_and_lies_there_for_its_owner(template: Path, tmp_path: Path) -> None:
    world = World()
    said = parameters.write(of_template(template, []), world, tmp_path / "deps", secure=False)
    assert world.asked == [("eu-west-1", "/golden/base/prod", False)]
    listed = tmp_path / "deps" / "web" / "parameters.json"
    (row,) = json.loads(listed.read_text())
    assert row == {"name": "/golden/base/prod", "region": "eu-west-1", "version": 3, "type": "String", "value": "ami-1"}
    assert stat.S_IMODE(listed.stat().st_mode) == 0o600
    assert stat.S_IMODE(listed.parent.stat().st_mode) == 0o700
    assert "/golden/base/prod version 3 in eu-west-1" in said
    assert "ami-1" not in said
    path = Path(said.rpartition("packer build ")[2])
    assert 'source_ami = "ami-1"' in path.read_text()
    assert template.read_text() == TEMPLATE


def test_again_gives_what_is_new(template: Path, tmp_path: Path) -> None:
    for _again in range(2):
        parameters.write(of_template(template, []), World(), tmp_path / "deps", secure=False)
    assert [one.name for one in (tmp_path / "deps").iterdir()] == ["web"]


def test_a_parameter_that_is_not_there_is_told_and_nothing_changes(template: Path, tmp_path: Path) -> None:
    parameters.write(of_template(template, []), World(), tmp_path / "deps", secure=False)
    before = (tmp_path / "deps" / "web" / "parameters.json").read_text()
    world = World()
    world.missing = {"/golden/base/prod"}
    with pytest.raises(
        ToolkitError, match=r"Nothing was written.\n.*web.pkr.hcl:1: /golden/base/prod: .*ParameterNotFound"
    ):
        parameters.write(of_template(template, []), world, tmp_path / "deps", secure=False)
    assert (tmp_path / "deps" / "web" / "parameters.json").read_text() == before


def test_a_secure_string_is_refused_until_it_is_asked_for(template: Path, tmp_path: Path) -> None:
    with pytest.raises(ToolkitError, match="is a SecureString.*SECURE=true"):
        parameters.write(of_template(template, []), World(kind="SecureString"), tmp_path / "deps", secure=False)
    assert not (tmp_path / "deps").exists()
    world = World(kind="SecureString")
    parameters.write(of_template(template, []), world, tmp_path / "deps", secure=True)
    assert world.asked == [("eu-west-1", "/golden/base/prod", True)]


def test_what_somebody_else_put_there_is_not_overwritten(template: Path, tmp_path: Path) -> None:
    (tmp_path / "deps" / "web").mkdir(parents=True)
    (tmp_path / "deps" / "web" / "mine").write_text("mine")
    with pytest.raises(ToolkitError, match="nothing was overwritten"):
        parameters.write(of_template(template, []), World(), tmp_path / "deps", secure=False)
    assert [one.name for one in (tmp_path / "deps" / "web").iterdir()] == ["mine"]


def test_a_failure_while_writing_leaves_what_was_there(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters.write(of_template(template, []), World(), tmp_path / "deps", secure=False)
    before = sorted(str(one) for one in (tmp_path / "deps").rglob("*"))

    def full(*_words: t.Any) -> t.NoReturn:
        raise OSError("no space left")

    monkeypatch.setattr(parameters, "write_private", full)
    with pytest.raises(OSError, match="no space left"):
        parameters.write(of_template(template, []), World(), tmp_path / "deps", secure=False)
    assert sorted(str(one) for one in (tmp_path / "deps").rglob("*")) == before


def test_a_template_that_reads_nothing_needs_nothing(tmp_path: Path) -> None:
    file = tmp_path / "x.pkr.hcl"
    file.write_text('source "null" "x" {}\n')
    world = World()
    assert "reads no SSM parameter" in parameters.write(of_template(file, []), world, tmp_path / "deps", secure=False)
    assert (world.asked, (tmp_path / "deps").exists()) == ([], False)


def test_a_template_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolkitError, match="does not exist"):
        parameters.write(of_template(tmp_path / "no.json", []), World(), tmp_path / "deps", secure=False)


def test_an_image_names_its_template_and_variables(tmp_path: Path) -> None:
    found = of_image("wordpress-legacy", CHECKOUT, tmp_path)
    assert [one.name for one in (found.template, *found.var_files)] == ["packer-wordpress.json", "packer-vars.json"]
    own = tmp_path / "images" / "wordpress-legacy"
    own.mkdir(parents=True)
    (own / "image.yml").write_text("template: mine.json\n")
    (own / "mine.json").write_text("{}")
    assert of_image("wordpress-legacy", CHECKOUT, tmp_path).template == own / "mine.json", "images here come first"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no", "there is no image 'no'. Images that exist: apache"),
        ("../x", "is no name of an image"),
        ("wordpress", "has no template of its own"),
    ],
)
def test_an_image_without_a_template_is_told(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(ToolkitError, match=message):
        of_image(name, CHECKOUT, tmp_path)


def test_a_mistake_in_the_definition_is_told_with_its_line(tmp_path: Path) -> None:
    own = tmp_path / "images" / "web"
    own.mkdir(parents=True)
    (own / "web.json").write_text("{}")
    (own / "image.yml").write_text("template: web.json\nvar_files: vars.json\n")
    with pytest.raises(ToolkitError, match=r"images/web/image\.yml:2: var_files"):
        of_image("web", CHECKOUT, tmp_path)


def test_a_template_that_reads_nothing_needs_no_cloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(door, "_enter", lambda *_given: pytest.fail("it asked for a cloud"))
    (tmp_path / "web.json").write_text('{"builders": []}')
    directory = f"--directory={tmp_path}/deps"
    assert door.main(["parameters", f"--template={tmp_path}/web.json", directory]) == 0
    assert "reads no SSM parameter" in capsys.readouterr().out
    assert door.main(["parameters", f"--template={tmp_path}/gone.json", directory]) == 1
    assert "gone.json" in capsys.readouterr().err
