# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The harness of modules turns red for each promise that one can break, and stays green for the one that keeps them."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import secrets
import shutil
from pathlib import Path

import pytest
from harness.cloud import CHECKOUT, Cloud, remove_cloud, start_cloud
from harness.four import Four

NOTE = Path(__file__).parent / "modules" / "note.py"
WRITE = "if changed and not module.check_mode:"
DIFF = 'diff = {"before": {"text": before}, "after": {"text": text}}'
EXIT = "module.exit_json("


@dataclasses.dataclass(frozen=True)
class Defect:
    """What is changed in the good module, and what the harness must say."""

    old: str
    new: str
    said: str


DEFECTS = {
    "ignores_check_mode": Defect(WRITE, "if changed:", "check mode wrote: PutParameter ×1 (check)"),
    "writes_on_the_second_run": Defect(
        WRITE, "if not module.check_mode:", "apply again says unchanged, and wrote: PutParameter ×1"
    ),
    "is_never_done": Defect("changed = before != text", "changed = True", "check again says changed"),
    "says_changed_in_check_mode_only": Defect(
        EXIT, "changed = changed and module.check_mode\n    " + EXIT, "check says changed=True, apply changed=False"
    ),
    "has_another_diff_in_check_mode": Defect(
        DIFF,
        DIFF.replace('{"text": text}', '{"text": "?" if module.check_mode else text}'),
        "the diff of check is not the one of apply",
    ),
    "has_a_diff_without_a_difference": Defect(
        DIFF, DIFF.replace("before}", "text}"), "changed=True, and before and after in its diff are the same"
    ),
    "returns_what_is_not_documented": Defect(
        EXIT, EXIT + 'colour="red", ', "it returns colour, which RETURN does not have"
    ),
    "returns_another_type": Defect(
        "changed, text=text", "changed, text=[text]", 'text is ["buy milk"], and in RETURN a str'
    ),
    "lacks_what_is_documented": Defect("changed, text=text", "changed", "RETURN has text as returned success"),
    "tells_a_secret": Defect(
        "changed, text=text", "changed, text=ssm._get_credentials().secret_key", "a secret is in text (check)"
    ),
    "does_not_support_check_mode": Defect(
        "supports_check_mode=True", "supports_check_mode=False", "check says changed=False, apply changed=True"
    ),
}


@pytest.fixture(scope="module")
def cloud_of_copies(tmp_path_factory: pytest.TempPathFactory) -> c.Iterator[Cloud]:
    """A local cloud whose plays find a copy of the collection with good and broken modules."""
    root = tmp_path_factory.mktemp("collections")
    copy = root / "ansible_collections" / "golden" / "ami"
    shutil.copytree(CHECKOUT / "plugins", copy / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(CHECKOUT / "meta", copy / "meta")
    shutil.copy(CHECKOUT / "galaxy.yml", copy)
    runtime = copy / "meta" / "runtime.yml"
    names = ["note", *(f"note_{name}" for name in DEFECTS)]
    group = "  aws:\n"
    assert group in runtime.read_text()
    runtime.write_text(runtime.read_text().replace(group, group + "".join(f"    - {name}\n" for name in names)))
    good = NOTE.read_text()
    (copy / "plugins" / "modules" / "note.py").write_text(good)
    for name, defect in DEFECTS.items():
        broken = good.replace("module: note", f"module: note_{name}").replace(defect.old, defect.new)
        assert defect.new in broken
        (copy / "plugins" / "modules" / f"note_{name}.py").write_text(broken)
    made = start_cloud(f"broken-{secrets.token_hex(2)}")
    yield dataclasses.replace(made, extra={"ANSIBLE_COLLECTIONS_PATH": str(root)})
    remove_cloud(made)


@pytest.fixture
def four(cloud_of_copies: Cloud, tmp_path: Path) -> Four:
    return Four(cloud_of_copies, tmp_path)


def test_a_good_module_is_green(four: Four) -> None:
    outcome = four.module("golden.ami.note", {"name": "/notes/good", "text": "buy milk"})
    outcome.expect(changed=True, writes={"PutParameter": 1}, idle_reads=1)
    assert outcome.apply.result["text"] == "buy milk"


@pytest.mark.parametrize("name", DEFECTS)
def test_a_broken_module_is_red(four: Four, name: str) -> None:
    with pytest.raises(AssertionError) as error:
        four.module(f"golden.ami.note_{name}", {"name": f"/notes/{name}", "text": "buy milk"})
    assert DEFECTS[name].said in str(error.value)
    assert "CHECK AGAIN" in str(error.value), "all four results are shown"


def test_what_a_test_expects_of_a_good_module_can_fail(four: Four) -> None:
    outcome = four.module("golden.ami.note", {"name": "/notes/expected", "text": "buy milk"})
    with pytest.raises(AssertionError, match=r"changed is \[True, True, False, False\], expected \[False,"):
        outcome.expect(changed=False, writes={"PutParameter": 1}, idle_reads=1)
    with pytest.raises(AssertionError, match="apply wrote with PutParameter ×1, expected nothing"):
        outcome.expect(changed=True, writes={}, idle_reads=1)
    with pytest.raises(AssertionError, match="had nothing to do and read 1 times, not 0"):
        outcome.expect(changed=True, writes={"PutParameter": 1}, idle_reads=0)
