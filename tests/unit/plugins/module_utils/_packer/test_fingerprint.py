# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer import fingerprint as fp
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError


@pytest.fixture
def role(tmp_path: Path) -> Path:
    root = tmp_path / "role"
    (root / "tasks").mkdir(parents=True)
    (root / "tasks/main.yml").write_text("---\n")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "link").symlink_to("tasks")
    return root


def test_same_content_elsewhere_is_the_same(role: Path, tmp_path: Path) -> None:
    before = fp.part_of_files([role])
    moved = role.rename(tmp_path / "moved")
    (moved / "tasks/main.yml").touch()
    assert fp.part_of_files([moved]) == before


def test_what_does_not_count(role: Path) -> None:
    before = fp.part_of_files([role])
    for name in (
        ".git/config",
        "__pycache__/a.pyc",
        "main.yml~",
        ".main.yml.swp",
        "#main.yml#",
        "a.orig",
        "tests/goss.yaml",
    ):
        (role / name).parent.mkdir(exist_ok=True)
        (role / name).write_text("x")
    assert fp.part_of_files([role]) == before


def test_tests_count_where_they_are_named_or_lie_in_no_role(role: Path, tmp_path: Path) -> None:
    for root in (role, tmp_path / "other"):
        (root / "tests").mkdir(parents=True)
        (root / "tests/goss.yaml").write_text("x")
    assert list(fp.part_of_files([role / "tests"]).items) == ["goss.yaml"]
    assert list(fp.part_of_files([tmp_path / "other"]).items) == ["tests/goss.yaml"]


def test_what_counts(role: Path) -> None:
    seen = {fp.part_of_files([role]).digest}
    (role / "run.sh").chmod(0o755)
    seen.add(fp.part_of_files([role]).digest)
    (role / "link").unlink()
    (role / "link").symlink_to("run.sh")
    seen.add(fp.part_of_files([role]).digest)
    (role / "new").write_text("")
    seen.add(fp.part_of_files([role]).digest)
    assert len(seen) == 4


def test_linked_directories_count_with_what_is_in_them(role: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "nginx.conf").write_text("1")
    (role / "files").symlink_to(shared)
    before = fp.part_of_files([role])
    assert "files/nginx.conf" in before.items
    (shared / "nginx.conf").write_text("2")
    assert fp.changed_items(before.items, fp.part_of_files([role]).items) == ["files/nginx.conf"]


def test_links_that_lead_in_a_circle_end(role: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (role / "up").symlink_to("..")
    (role / "tasks/self").symlink_to(".")
    (role / "tasks/root").symlink_to("/")
    (role / "other").symlink_to(other)
    (other / "back").symlink_to(role)
    items = fp.part_of_files([role]).items
    assert items["up"] == "link .."
    assert items["tasks/self"] == "link ."
    assert items["tasks/root"] == "link /"
    assert items["other/back"].startswith("link ")


def test_what_is_missing_is_named() -> None:
    with pytest.raises(PackerError, match="/nowhere goes into the image, but does not exist"):
        fp.part_of_files(["/nowhere"])


def test_two_files_of_one_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "vars.yml").write_text(name)
    part = fp.part_of_files([tmp_path / "a/vars.yml", tmp_path / "b/vars.yml"])
    assert list(part.items) == ["vars.yml", "vars.yml (2)"]


def test_files_of_several_directories_are_told_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "defaults").mkdir(parents=True)
        (tmp_path / name / "defaults" / "main.yml").write_text(name)
    part = fp.part_of_files([tmp_path / "a", tmp_path / "b"])
    assert list(part.items) == ["a/defaults/main.yml", "b/defaults/main.yml"]


def test_types_of_variables_count_and_secrets_by_name_only() -> None:
    assert fp.part_of_values({"a": 1}) != fp.part_of_values({"a": "1"})
    assert fp.part_of_values({"a": {"x": 1, "y": 2}}) == fp.part_of_values({"a": {"y": 2, "x": 1}})
    assert fp.part_of_values({}, ["password"]).items == {"password": "secret"}


def parts(**values: str) -> fp.Parts:
    return {name.replace("_", " "): fp.part_of({"it": value}) for name, value in values.items()}


def test_a_change_has_a_name() -> None:
    tag = fp.parts_tag(parts(template="1", role_common="1", gone="1"))
    now = parts(template="1", role_common="2", new="1")
    assert fp.changed_parts(tag, now) == ["role common", "new", "gone"]
    assert fp.changed_parts(fp.parts_tag(now), now) == []


@pytest.mark.parametrize("count", [1, 12, 15, 20, 30, 100])
def test_the_tag_always_fits(count: int) -> None:
    many = parts(**{f"role_number{index}": "1" for index in range(count)})
    tag = fp.parts_tag(many)
    assert len(tag) <= fp.TAG_LENGTH
    assert fp.changed_parts(tag, many) == []
    last = list(many)[-1]
    many[last] = fp.part_of({"it": "2"})
    assert fp.changed_parts(tag, many) in ([last], ["the rest of the content"])


def test_results_of_a_build_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "input").touch()
    before = fp.part_of_files([tmp_path / "tree"])
    result = tmp_path / "tree" / "manifest.json"
    result.touch()
    assert fp.part_of_files([tmp_path / "tree"], {str(result)}) == before
    assert fp.part_of_files([tmp_path / "tree", result], {str(result)}) == before
    assert fp.part_of_files([tmp_path / "tree"]) != before
    made = tmp_path / "made"
    made.mkdir()
    (made / "ids").touch()
    assert fp.part_of_files([tmp_path / "tree", made], {str(result), str(made / "ids")}) == before
