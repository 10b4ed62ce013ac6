# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists and graphs of images, values for one build, and hooks, with real builds of images that are as small as can be."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from harness.cloud import Cloud, Run

DEBIAN = "{ssm_parameter: /aws/service/debian/release/12/latest/amd64}"
TOUCH = """\
---
- name: Touch
  ansible.builtin.copy:
    content: one
    dest: /etc/{name}
    mode: "0644"
"""
BREAK = "---\n- name: Break on purpose\n  ansible.builtin.command: /bin/false\n"


def define(home: Path, name: str, base: str, *, more: str = "", tasks: str = "") -> None:
    """An image with one role, both of this name."""
    role, image = home / "roles" / name / "tasks", home / "images" / name
    for directory in (role, image):
        directory.mkdir(parents=True, exist_ok=True)
    (role / "main.yml").write_text(tasks or TOUCH.format(name=name))
    (image / "image.yml").write_text(f"---\nbase: {base}\nprovision:\n  roles: [{name}]\n{more}")


def change(home: Path, name: str, tasks: str = "") -> None:
    path = home / "roles" / name / "tasks" / "main.yml"
    path.write_text(tasks or path.read_text().replace("content: one", "content: two"))


def build(cloud: Cloud, home: Path, images: str, *arguments: str) -> Run:
    return cloud.play("build_ami.yml", "-e", f"image={images}", *arguments, cwd=home)


def unwrapped(run: Run) -> str:
    """The output without the line breaks that Ansible puts into long messages."""
    return re.sub(r"\s*\n\s+", " ", run.output)


def summary(run: Run) -> dict[str, str]:
    """What became of each image, in the first words."""
    last = run.output.rpartition("Say what became of each")[2]
    found = re.findall(
        r"- '?([a-z-]+): (built|unchanged|failed|skipped|would be built)(?: because of ([a-z-]+))?", last
    )
    return {name: f"{state} {parent}".strip() for name, state, parent in found}


def newest(cloud: Cloud, name: str) -> dict[str, str]:
    """The tags of an image's newest AMI, with its id."""
    filters = [{"Name": "tag:golden:image", "Values": [name]}]
    images = cloud.client("ec2").describe_images(Owners=["self"], Filters=filters)["Images"]
    image = max(images, key=lambda one: one["CreationDate"])
    return {"id": image["ImageId"], **{tag["Key"]: tag["Value"] for tag in image["Tags"]}}


@pytest.fixture(scope="module")
def family(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images fbase, fweb and fdb that are made from it, and falone, all built: the children were named first."""
    home = tmp_path_factory.mktemp("family")
    define(home, "fbase", DEBIAN)
    define(home, "fweb", "{image: fbase}")
    define(home, "fdb", "{image: fbase}")
    define(home, "falone", DEBIAN)
    first = build(cloud, home, "fweb,fdb,falone,fbase")
    assert first.rc == 0, first.output
    built = ["fbase", "fweb", "fdb", "falone"]
    assert [name for name, state in summary(first).items() if state == "built"] == built, first.output
    return home


def test_a_list_is_built_in_order_and_once(cloud: Cloud, family: Path) -> None:
    base = newest(cloud, "fbase")["id"]
    assert newest(cloud, "fweb")["golden:source-ami"] == base
    assert newest(cloud, "fdb")["golden:source-ami"] == base
    again = build(cloud, family, "fweb,fbase,fdb,falone")
    assert again.recap("changed") == 0, again.output
    assert set(summary(again).values()) == {"unchanged"}
    one = build(cloud, family, "fdb")
    assert one.recap("changed") == 0, one.output
    assert "Say what became of each" not in one.output
    assert "Next is" not in one.output


def test_a_changed_parent_names_the_children_that_are_behind_and_only_they_are_built(
    cloud: Cloud, family: Path
) -> None:
    old = newest(cloud, "fbase")["id"]
    change(family, "fbase")
    check = build(cloud, family, "fbase,fweb", "--check")
    assert summary(check) == {"fbase": "would be built", "fweb": "would be built"}, check.output
    assert "would be built after fbase" in check.output

    parent = build(cloud, family, "fbase")
    assert parent.rc == 0, parent.output
    new = newest(cloud, "fbase")["id"]
    for child in ("fweb", "fdb"):
        behind = f"{child} is behind: it was made from {old} of fbase, the newest is {new}."
        assert f"{behind} Build it: -e image={child}, or -e rebuild_children=true" in unwrapped(parent)

    web = build(cloud, family, "fweb")
    assert "base changed" in web.output, web.output
    later = build(cloud, family, "fbase")
    assert "fdb is behind" in unwrapped(later)
    assert "fweb is behind" not in unwrapped(later)

    # One that nobody ever built is no child that is behind.
    define(family, "fnever", "{image: fbase}")
    rest = build(cloud, family, "fbase", "-e", "rebuild_children=true")
    assert rest.rc == 0, rest.output
    assert summary(rest) == {"fbase": "unchanged", "fdb": "built", "fnever": "skipped", "fweb": "unchanged"}, (
        rest.output
    )
    assert newest(cloud, "fdb")["golden:source-ami"] == new
    assert "is behind" not in build(cloud, family, "fbase").output


@pytest.mark.night
def test_a_chain_by_owner_and_name_is_rebuilt_in_order(cloud: Cloud, tmp_path: Path) -> None:
    """vendor, hardened, base and application, where nobody names a parent but by the name of its AMIs."""
    define(tmp_path, "chard", '{owners: ["136693071363"], name: "debian-12-amd64-*"}')
    define(tmp_path, "cbase", '{owners: [self], name: "chard-*", architecture: x86_64}')
    define(tmp_path, "capp", '{owners: [self], name: "cbase-20*"}')
    first = build(cloud, tmp_path, "capp,cbase,chard")
    assert first.rc == 0, first.output
    assert list(summary(first)) == ["chard", "cbase", "capp"]
    assert set(summary(first).values()) == {"built"}, first.output
    old = newest(cloud, "chard")["id"]
    assert newest(cloud, "cbase")["golden:source-ami"] == old

    change(tmp_path, "chard")
    check = build(cloud, tmp_path, "chard", "-e", "rebuild_children=true", "--check")
    assert list(summary(check).items()) == [(name, "would be built") for name in ("chard", "cbase", "capp")]

    parent = build(cloud, tmp_path, "chard")
    assert parent.rc == 0, parent.output
    new = newest(cloud, "chard")["id"]
    behind = f"cbase is behind: it was made from {old} of chard, the newest AMI named chard-* is {new}."
    assert f"{behind} Build it: -e image=cbase, or -e rebuild_children=true, which goes on with capp" in unwrapped(
        parent
    )

    rest = build(cloud, tmp_path, "chard", "-e", "rebuild_children=true")
    assert rest.rc == 0, rest.output
    assert list(summary(rest).items()) == [("chard", "unchanged"), ("cbase", "built"), ("capp", "built")]
    assert newest(cloud, "cbase")["golden:source-ami"] == new
    assert newest(cloud, "capp")["golden:source-ami"] == newest(cloud, "cbase")["id"]
    again = build(cloud, tmp_path, "chard", "-e", "rebuild_children=true")
    assert again.recap("changed") == 0, again.output


def test_a_failed_parent_stops_its_children_only(cloud: Cloud, family: Path) -> None:
    before = cloud.inventory()
    change(family, "falone")
    change(family, "fbase", BREAK)
    run = build(cloud, family, "fbase,fweb,falone")
    change(family, "fbase", TOUCH.format(name="fbase").replace("content: one", "content: two"))
    assert run.rc != 0
    assert summary(run) == {"fbase": "failed", "fweb": "skipped fbase", "falone": "built"}, run.output
    assert "Break on purpose" in run.output.rpartition("Say what became of each")[2]
    after = cloud.inventory()
    assert {kind: len(ids - before[kind]) for kind, ids in after.items()} == {
        **dict.fromkeys(before, 0),
        "images": 1,
        "snapshots": 1,
    }


def test_a_child_follows_a_channel_where_it_names_one(cloud: Cloud, family: Path) -> None:
    define(family, "fchannel", "{image: fbase, channel: prod}")
    before = cloud.inventory()
    missing = build(cloud, family, "fchannel")
    assert "The channel prod of fbase names no AMI" in unwrapped(missing)
    assert cloud.inventory() == before
    newest_base = newest(cloud, "fbase")["id"]
    cloud.client("ssm").put_parameter(Name="/golden/fbase/prod", Value=newest_base, Type="String")
    check = build(cloud, family, "fchannel", "--check")
    assert "there is no AMI of fchannel" in unwrapped(check), check.output


def test_a_child_whose_parent_was_never_built_says_what_to_type(cloud: Cloud, tmp_path: Path) -> None:
    define(tmp_path, "parent", DEBIAN)
    define(tmp_path, "child", "{image: parent}")
    before = cloud.inventory()
    run = build(cloud, tmp_path, "child")
    assert run.rc != 0
    assert "build it first: -e image=parent,child" in unwrapped(run)
    check = build(cloud, tmp_path, "child,parent", "--check")
    assert check.rc == 0, check.output
    assert "would be built after parent" in check.output
    assert cloud.inventory() == before


def test_what_has_no_order_is_told_before_anything_starts(cloud: Cloud, tmp_path: Path) -> None:
    define(tmp_path, "one", "{image: two}")
    define(tmp_path, "two", "{image: one}")
    define(tmp_path, "lost", "{image: gone}")
    for images, message in (
        ("one", "images/one/image.yml:2: base.image: an image cannot be made from itself: one is made from two"),
        ("lost", "images/lost/image.yml:2: base.image: there is no definition of an image 'gone'"),
        ("wordpress,wordpress", "image: wordpress,wordpress: wordpress is named more than once; name it once"),
    ):
        run = build(cloud, tmp_path, images)
        assert run.rc != 0
        assert message in unwrapped(run)
        assert "TASK [Have the local cloud up]" not in run.output


MARK = """\
---
- name: Leave a mark
  ansible.builtin.shell: echo {word} >> /etc/order
  changed_when: true
"""
# The image itself says in which order things were done, and that it was generalised by then.
PROOF = """\
---
- name: Read the marks
  ansible.builtin.command: sh -c "cat /etc/order; ls /etc/ssh/ssh_host_*_key 2>/dev/null || echo generalised"
  register: marks
  changed_when: false

- name: Assert that everything was done in order
  ansible.builtin.assert:
    that: marks.stdout_lines == ['all-before', 'before', 'provision', 'after', 'all-after', 'generalised']
    fail_msg: "{{ marks.stdout_lines }}"
"""
PLAYBOOK = """\
---
- name: Provision
  hosts: default
  become: true
  tasks:
    - name: Leave a mark
      ansible.builtin.shell: echo {{ hooked_word }} >> /etc/order
      changed_when: true
- name: End
  hosts: default
  become: true
  roles: [golden.ami.sysprep]
"""
HOOKED = """\
---
base: {ssm_parameter: /aws/service/debian/release/12/latest/amd64}
provision:
  playbook: playbook.yml
  variables:
    hooked_word: provision
    hooked_number: 1
hooks:
  before: [hooks/before.yml]
  after: [after]
  after_sysprep: [hooks/proof.yml]
"""


def test_hooks_run_in_order_and_values_for_one_build_are_named(cloud: Cloud, tmp_path: Path) -> None:
    image = tmp_path / "images" / "hooked"
    for directory in (image / "hooks", tmp_path / "roles" / "after" / "tasks", tmp_path / "all"):
        directory.mkdir(parents=True)
    (image / "image.yml").write_text(HOOKED)
    (image / "playbook.yml").write_text(PLAYBOOK)
    (image / "hooks" / "before.yml").write_text(MARK.format(word="before"))
    (image / "hooks" / "proof.yml").write_text(PROOF)
    (tmp_path / "roles" / "after" / "tasks" / "main.yml").write_text(MARK.format(word="after"))
    for moment in ("before", "after"):
        (tmp_path / "all" / f"{moment}.yml").write_text(MARK.format(word=f"all-{moment}"))
    hooks = {"golden_hooks": {"before": ["all/before.yml"], "after": ["all/after.yml"]}}

    run = build(cloud, tmp_path, "hooked", "-e", json.dumps(hooks))
    assert run.rc == 0, run.output
    assert build(cloud, tmp_path, "hooked", "-e", json.dumps(hooks)).recap("changed") == 0

    (tmp_path / "roles" / "after" / "tasks" / "main.yml").write_text(MARK.format(word="later"))
    check = build(cloud, tmp_path, "hooked", "-e", json.dumps(hooks), "--check")
    assert "hook after after changed" in unwrapped(check), check.output
    without = build(cloud, tmp_path, "hooked", "--check")
    assert "hook before all/before.yml" in unwrapped(without), without.output

    values = {"golden_variables": {"hooked_word": "else"}}
    named = build(cloud, tmp_path, "hooked", "-e", json.dumps(hooks), "-e", json.dumps(values), "--check")
    assert "variables changed (hooked_word)" in unwrapped(named), named.output
    for given, message in (
        ({"hooked_number": "1"}, "golden_variables: hooked_number: expected a whole number (declared in images/hooked"),
        ({"hooked_wrod": "x"}, "golden_variables: hooked_wrod: hooked declares no such variable"),
    ):
        wrong = build(cloud, tmp_path, "hooked", "-e", json.dumps({"golden_variables": given}))
        assert wrong.rc != 0
        assert message in unwrapped(wrong)
        assert "TASK [Have the local cloud up]" not in wrong.output


def test_a_hook_that_dirties_the_image_after_sysprep_fails_the_build(cloud: Cloud, tmp_path: Path) -> None:
    hooks = "hooks: {before: [start.yml], after_sysprep: [dirt.yml]}\n"
    define(tmp_path, "dirty", DEBIAN, more=hooks)
    (tmp_path / "images" / "dirty" / "start.yml").write_text(MARK.format(word="start"))
    (tmp_path / "images" / "dirty" / "dirt.yml").write_text(
        "---\n- name: Leave a key\n  ansible.builtin.copy:\n    content: ssh-ed25519 AAAA\n"
        "    dest: /root/.ssh/authorized_keys\n    mode: '0600'\n"
    )
    before = cloud.inventory()
    run = build(cloud, tmp_path, "dirty")
    assert run.rc != 0
    assert "authorized_keys: /root/.ssh/authorized_keys" in unwrapped(run), run.output
    assert cloud.inventory() == before
