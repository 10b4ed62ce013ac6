# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository that the installed collection began lints, builds, tests and loses its demo by its own commands."""

from __future__ import annotations

import collections.abc as c
import re
import secrets
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import reusable_workflows
import yaml
from harness.cloud import Cloud, free_port
from harness.workflow_steps import run_job
from release.installed import Installed


@pytest.fixture(scope="module")
def user(installed: Installed, scratch: Path) -> c.Iterator[Installed]:
    """With the linters of the checkout's environment behind their own programs, and a local cloud of their own."""
    cloud = Cloud(name=f"scaffold-{secrets.token_hex(2)}", port=free_port(), home=scratch / "scaffold-state")
    path = f"{installed.environment['PATH']}:{Path(sys.executable).parent}"
    names = {
        "PATH": path,
        "XDG_STATE_HOME": str(cloud.home),
        "GOLDEN_CLOUD_NAME": cloud.name,
        "GOLDEN_CLOUD_PORT": str(cloud.port),
    }
    made = replace(installed, extra=names)
    yield made
    run = made.run("ansible-playbook", "golden.ami.local_cloud", "-e", "local_cloud_state=reset")
    assert run.rc == 0, run.output


@pytest.fixture(scope="module")
def repository(user: Installed, scratch: Path) -> Path:
    directory = scratch / "scaffolded"
    begin = ("ansible-playbook", "golden.ami.new_image", "-e", f"new_repository={directory}")
    first = user.run(*begin, cwd=scratch)
    assert first.rc == 0, first.output
    assert first.recap("changed") == 1
    second = user.run(*begin, cwd=scratch)
    assert second.rc == 0, second.output
    assert second.recap("changed") == 0
    return directory


def files(directory: Path) -> dict[str, bytes]:
    found = [path for path in directory.rglob("*") if path.is_file() and ".ansible" not in path.parts]
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


def test_check_mode_writes_nothing_and_shows_all(user: Installed, tmp_path: Path) -> None:
    run = user.run(
        "ansible-playbook", "golden.ami.new_image", "-e", "new_repository=new", "--check", "--diff", cwd=tmp_path
    )

    assert run.rc == 0, run.output
    assert run.recap("changed") == 1
    assert f"{tmp_path}/new/images/demo/image.yml" in run.output
    assert not (tmp_path / "new").exists()


def test_all_that_is_in_the_way_is_named_and_nothing_written(user: Installed, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine\n")
    (tmp_path / "inspec").write_text("a file\n")
    before = files(tmp_path)

    run = user.run("ansible-playbook", "golden.ami.new_image", "-e", "new_repository=.", cwd=tmp_path)

    assert run.rc != 0
    assert "README.md: is there with another content" in run.output
    assert "/inspec is not a directory" in run.output
    assert files(tmp_path) == before


@pytest.mark.parametrize("image", ["Shop", "../shop", "shop_x"])
def test_a_name_that_cannot_be_one(user: Installed, tmp_path: Path, image: str) -> None:
    run = user.run("ansible-playbook", "golden.ami.new_image", "-e", f"image={image}", cwd=tmp_path)

    assert run.rc != 0
    assert f"{image} cannot be the name of an image" in run.output
    assert files(tmp_path) == {}


def test_it_begins_with_all_of_it(repository: Path) -> None:
    assert {str(path.relative_to(repository)) for path in repository.rglob("*") if path.is_file()} >= {
        ".editorconfig",
        ".github/scripts/workflow_permissions.py",
        ".github/workflows/daily.yml",
        ".pre-commit-config.yaml",
        ".vscode/settings.json",
        "README.md",
        "Taskfile.yml",
        "images/demo/image.yml",
        "inspec/demo/inspec.yml",
        "provisioners/ansible/demo.yml",
        "provisioners/shell/demo.sh",
        "requirements.yml",
        "schemas/image.schema.json",
    }
    # What is an expression of somebody else's came through as one.
    assert "{{ ansible_playbook_python }}" in (repository / "inventories" / "local.yml").read_text()
    assert "{{.CLI_ARGS}}" in (repository / "Taskfile.yml").read_text()
    assert "${{ github.token }}" in (repository / ".github" / "workflows" / "report.yml").read_text()


def test_it_lints(user: Installed, repository: Path) -> None:
    run = user.run("task", "lint", cwd=repository)

    assert run.rc == 0, run.output
    assert "0 failure(s), 0 warning(s)" in run.output
    assert "playbook: provisioners/ansible/demo.yml" in run.output
    assert "images/demo/image.yml is valid" in run.output
    assert "6 workflows have the permissions that they need" in run.output


@pytest.mark.parametrize("provision", ["playbook", "role"])
def test_a_new_image_lints(user: Installed, repository: Path, provision: str) -> None:
    command = ("task", "new:image", f"IMAGE=shop-{provision}", f"PROVISION={provision}")
    made = user.run(*command, cwd=repository)
    assert made.rc == 0, made.output
    assert made.recap("changed") == 1
    again = user.run(*command, cwd=repository)
    assert again.rc == 0, again.output
    assert again.recap("changed") == 0

    run = user.run("task", "lint", cwd=repository)
    assert run.rc == 0, run.output


@pytest.mark.parametrize(
    ("file", "old", "new", "chore", "said"),
    [
        (
            "images/demo/image.yml",
            "provision:",
            "provison:",
            "validate-definitions",
            "provison: unknown key; did you mean provision?",
        ),
        (
            ".github/workflows/daily.yml",
            "      id-token: write\n",
            "",
            "lint",
            "daily.yml: job build lacks the permission id-token: write",
        ),
    ],
    ids=["definition", "permission"],
)
def test_what_is_broken_does_not_lint(
    user: Installed, repository: Path, file: str, old: str, new: str, chore: str, said: str
) -> None:
    path = repository / file
    text = path.read_text()
    path.write_text(text.replace(old, new))
    try:
        run = user.run("task", chore, cwd=repository)
    finally:
        path.write_text(text)

    assert run.rc != 0
    assert said in run.output


@pytest.mark.night
def test_it_builds_and_tests_its_demo(user: Installed, repository: Path) -> None:
    built = user.run("task", "packer-build", "IMAGE=demo", cwd=repository)
    assert built.rc == 0, built.output
    ami = built.ami()
    again = user.run("task", "packer-build", "IMAGE=demo", cwd=repository)
    assert again.rc == 0, again.output
    assert (again.recap("changed"), again.ami()) == (0, ami)

    tested = user.run("task", "test", "IMAGE=demo", cwd=repository)
    assert tested.rc == 0, tested.output
    assert "goss" in tested.output


def test_its_workflows_are_those_that_are_checked_and_run(repository: Path) -> None:
    """./taskw lint:workflows and the unit tests render the templates themselves."""
    for workflow in (repository / ".github" / "workflows").glob("*.yml"):
        assert workflow.read_text() == reusable_workflows.render(workflow.stem, reusable=False)


def test_its_workflows_have_no_more_rights_than_they_need(repository: Path) -> None:
    workflows = sorted((repository / ".github" / "workflows").glob("*.yml"))
    assert len(workflows) == 6
    for workflow in workflows:
        text = workflow.read_text()
        stated = yaml.safe_load(text)
        assert stated["permissions"] == {"contents": "read"}, workflow
        assert "secrets." not in text, workflow
        for used in re.findall(r"^ *-? *uses: (.*)$", text, re.MULTILINE):
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+|\./\.github/workflows/\w+\.yml", used), (
                used
            )
        for job in stated["jobs"].values():
            rights = {right for right, level in job.get("permissions", {}).items() if level == "write"}
            assert len(rights) <= 1, workflow
            for step in job.get("steps", []):
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False
                # What comes from outside reaches a shell by its environment, never by its text.
                assert "${{" not in step.get("run", ""), workflow


@pytest.mark.night
def test_the_steps_of_its_test_workflow_run(user: Installed, repository: Path) -> None:
    """On a local cloud, which is gone with its AMIs afterwards."""
    for image in ("shop-playbook", "shop-role"):
        shutil.rmtree(repository / "images" / image, ignore_errors=True)

    def step(argv: list[str], environment: dict[str, str]) -> tuple[int, str]:
        made = user.run(*argv, cwd=repository, **environment)
        return made.rc, made.output

    # The collection is the tarball's here, not one of a server.
    bring = "Bring Ansible and the collections"
    ran = run_job(repository / ".github" / "workflows" / "test.yml", "test", {}, step, replaced=[bring])

    assert ran.outcome == "success", ran.log
    assert ran.steps == {
        bring: "replaced",
        "Lint": "success",
        "Build": "success",
        "Test": "success",
        "Remove the AMIs, and all else that was made": "success",
    }
    state = Path(user.environment["XDG_STATE_HOME"]) / "golden.ami" / "local_cloud"
    assert not (state / user.environment["GOLDEN_CLOUD_NAME"]).exists()


def test_the_demo_goes_unless_it_was_changed(user: Installed, repository: Path) -> None:
    """The last one: afterwards there is no demo."""
    goss = repository / "images" / "demo" / "tests" / "goss.yaml"
    text = goss.read_text()
    goss.write_text(text + "# mine\n")
    extra = repository / "inspec" / "demo" / "mine.rb"
    extra.write_text("# mine\n")
    before = files(repository)

    refused = user.run("task", "demo:remove", cwd=repository)
    assert refused.rc != 0
    assert "images/demo/tests/goss.yaml: changed" in refused.output
    assert "inspec/demo/mine.rb: added" in refused.output
    assert files(repository) == before

    goss.write_text(text)
    extra.unlink()
    removed = user.run("task", "demo:remove", cwd=repository)
    assert removed.rc == 0, removed.output
    left = files(repository)
    assert [path for path in left if "demo" in path] == ["scripts/remove-demo.sh"]
    assert set(before) - set(left) == {
        "images/demo/image.yml",
        "images/demo/tests/goss.yaml",
        "inspec/demo/controls/demo.rb",
        "inspec/demo/inspec.yml",
        "inspec/demo/mine.rb",
        "provisioners/ansible/demo.yml",
        "provisioners/shell/demo.sh",
        "scripts/demo.sha256",
    }
    assert user.run("task", "lint", cwd=repository).rc == 0
    assert user.run("task", "demo:remove", cwd=repository).rc == 0
