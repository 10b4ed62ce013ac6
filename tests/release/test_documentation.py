# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-doc shows all that is in the installed collection, and the guides build and name only what there is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from harness.cloud import CHECKOUT, Run
from release.installed import Installed

GUIDES = sorted((CHECKOUT / "docs" / "docsite" / "rst").glob("*.rst"))
# By ansible-doc's name of the type: where the plugins are. Actions are documented by the module of their name.
PLACES = {"module": "modules", "lookup": "lookup", "filter": "filter", "test": "test", "inventory": "inventory"}
NAME = re.compile(r"\bgolden\.ami\.([a-z_]+)\b")


def plugins(root: Path, kind: str) -> list[str]:
    files = (root / "plugins" / PLACES[kind]).glob("*.py")
    return sorted(f"golden.ami.{file.stem}" for file in files if not file.stem.startswith("_"))


def roles(root: Path) -> list[str]:
    return sorted(f"golden.ami.{role.name}" for role in (root / "roles").iterdir())


def playbooks(root: Path) -> set[str]:
    return {f"golden.ami.{file.stem}" for file in (root / "playbooks").glob("*.yml")}


def _json(run: Run) -> t.Any:
    """Behind the warnings that ansible-doc may print."""
    return json.loads(run.output[run.output.index("\n{") + 1 if not run.output.startswith("{") else 0 :])


def test_every_directory_of_plugins_is_looked_at() -> None:
    private = {"action", "doc_fragments", "module_utils", "plugin_utils"}
    there = {path.name for path in (CHECKOUT / "plugins").iterdir() if any(path.glob("*.py"))}

    assert there - private <= set(PLACES.values())


@pytest.mark.parametrize("kind", [kind for kind in PLACES if plugins(CHECKOUT, kind)])
def test_every_plugin_is_documented(installed: Installed, kind: str) -> None:
    names = plugins(CHECKOUT, kind)

    listed = installed.run("ansible-doc", "-t", kind, "--list", "--json", "golden.ami")
    assert listed.rc == 0, listed.output
    assert sorted(_json(listed)) == names

    shown = installed.run("ansible-doc", "-t", kind, *names)
    assert shown.rc == 0, shown.output
    for name in names:
        assert f"> {kind.upper()} {name} (" in shown.output
        assert f"({installed.path}/plugins/{PLACES[kind]}/{name.rpartition('.')[2]}.py)" in shown.output


def test_an_action_has_a_module_that_documents_it() -> None:
    actions = {file.stem for file in (CHECKOUT / "plugins" / "action").glob("[!_]*.py")}

    assert actions <= {name.rpartition(".")[2] for name in plugins(CHECKOUT, "module")}


def test_every_role_is_documented(installed: Installed) -> None:
    names = roles(CHECKOUT)

    listed = installed.run("ansible-doc", "-t", "role", "--list", "--json", "golden.ami")
    assert listed.rc == 0, listed.output
    entry_points = {name: set(told["entry_points"]) for name, told in _json(listed).items()}
    assert sorted(entry_points) == names
    for name in names:
        file = CHECKOUT / "roles" / name.rpartition(".")[2] / "meta" / "argument_specs.yml"
        assert entry_points[name] == set(yaml.safe_load(file.read_text())["argument_specs"])

    shown = installed.run("ansible-doc", "-t", "role", *names)
    assert shown.rc == 0, shown.output
    for name in names:
        # Without colours ansible-doc marks the name by asterisks.
        assert f"> ROLE: *{name}* ({installed.path})" in shown.output


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_a_guide_names_only_what_there_is(guide: Path) -> None:
    there = {name for kind in PLACES for name in plugins(CHECKOUT, kind)}
    there |= {*roles(CHECKOUT), *playbooks(CHECKOUT), "golden.ami.docsite", "golden.ami.aws"}
    named = {f"golden.ami.{name}" for name in NAME.findall(guide.read_text())}

    assert named
    assert named - there == set()


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_the_chores_and_yaml_of_a_guide_are_good(guide: Path) -> None:
    text = guide.read_text()
    chores = yaml.safe_load((CHECKOUT / "Taskfile.yml").read_text())["tasks"]
    assert set(re.findall(r"\./taskw ([a-z][a-z_:]*)", text)) <= set(chores)

    for block in re.findall(r"\.\. code-block:: yaml\n\n((?:   .*\n|\n)+)", text):
        yaml.safe_load(re.sub(r"^   ", "", block, flags=re.MULTILINE))


def test_every_guide_is_in_the_table_of_contents() -> None:
    sections = yaml.safe_load((CHECKOUT / "docs" / "docsite" / "extra-docs.yml").read_text())["sections"]

    assert sorted(name for section in sections for name in section["toctree"]) == [guide.stem for guide in GUIDES]


def test_html_of_everything(tmp_path: Path) -> None:
    argv = [sys.executable, str(CHECKOUT / "docs" / "build.py"), str(tmp_path)]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    pages = {page.stem for page in (tmp_path / "html").glob("*.html")}
    for kind in PLACES:
        assert {f"{name.rpartition('.')[2]}_{kind}" for name in plugins(CHECKOUT, kind)} <= pages
    assert {f"{name.rpartition('.')[2]}_role" for name in roles(CHECKOUT)} <= pages
    there = {str(page.relative_to(tmp_path / "html")) for page in (tmp_path / "html").rglob("*.html")}
    assert {f"docsite/{guide.stem}.html" for guide in GUIDES} <= there


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        (":ref:`common_return_values`", ""),
        (":ref:`common_return_value`", "undefined label: 'common_return_value'"),
        (":ansplugin:`golden.ami.no_such#module`", "undefined label: 'ansible_collections.golden.ami.no_such_module'"),
    ],
)
def test_a_reference_that_leads_nowhere_fails_the_build(tmp_path: Path, reference: str, told: str) -> None:
    """Also one to another site, which no network can resolve here."""
    rst = tmp_path / "rst"
    rst.mkdir()
    (rst / "index.rst").write_text(f"A page\n======\n\nSee {reference}.\n")
    code = "import sys; from pathlib import Path; import build; build.to_html(Path(sys.argv[1]), Path(sys.argv[2]))"
    argv = [sys.executable, "-c", code, str(rst), str(tmp_path)]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, cwd=CHECKOUT / "docs")

    assert (done.returncode == 0) is (told == ""), done.stderr
    assert told in done.stderr
