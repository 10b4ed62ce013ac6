# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository that the installed collection began deploys and builds by the steps of its own workflows, on a local cloud.

The cloud is one that the environment leads to, as for a runner with a session of its own. GitHub's API is a stand-in.
"""

from __future__ import annotations

import collections.abc as c
import configparser
import re
import secrets
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml
from harness.cloud import Cloud, free_port
from harness.github import REPOSITORY, GitHub, served_github
from harness.workflow_runs import Runner, Whole, run_workflow
from release.installed import Installed

# The collection is the tarball's here, not one of a server.
BRING = "Bring Ansible and the collections"
# Done only with a role of GitHub's OIDC, which the unit tests enter.
BY_OIDC = {"Hold the permissions against what is needed": "skipped", "Enter the role of AWS": "skipped"}


@dataclass
class Deployed:
    """A repository with its cloud, and GitHub."""

    user: Installed
    cloud: Cloud
    root: Path
    github: GitHub

    def run(self, name: str) -> Whole:
        def step(argv: list[str], given: dict[str, str]) -> tuple[int, str]:
            made = self.user.run(*argv, cwd=self.root, **given)
            return made.rc, made.output

        # Each run of GitHub's has a checkout of its own.
        (self.root / "build.log").unlink(missing_ok=True)
        contexts = {
            "vars.AWS_REGION": "us-east-1",
            "vars.GOLDEN_CLOUD": "around",
            "github.event.release.id": "7",
            "github.server_url": "https://github.invalid",
            "github.repository": REPOSITORY,
            "github.run_id": "1",
        }
        runner = Runner(step, self.github.issue_token, replaced=[BRING])
        return run_workflow(self.root / ".github" / "workflows" / f"{name}.yml", contexts, runner)

    def amis(self, region: str = "us-east-1") -> set[str]:
        images = self.cloud.client("ec2", region).describe_images(Owners=["self"])["Images"]
        return {image["ImageId"] for image in images}


@pytest.fixture(scope="module")
def deployed(installed: Installed, scratch: Path) -> c.Iterator[Deployed]:
    cloud = Cloud(name=f"deploys-{secrets.token_hex(2)}", port=free_port(), home=scratch / "deploys-state")
    own = {
        "PATH": f"{installed.environment['PATH']}:{Path(sys.executable).parent}",
        "XDG_STATE_HOME": str(cloud.home),
        "GOLDEN_CLOUD_NAME": cloud.name,
        "GOLDEN_CLOUD_PORT": str(cloud.port),
    }
    owner = replace(installed, extra=own)
    root = scratch / "deployed"
    github = GitHub()
    github.releases["7"] = {"body": "Thanks to all."}
    try:
        up = owner.run("ansible-playbook", "golden.ami.local_cloud", "-e", "local_cloud_state=present")
        assert up.rc == 0, up.output
        begun = owner.run("ansible-playbook", "golden.ami.new_image", "-e", f"new_repository={root}", cwd=scratch)
        assert begun.rc == 0, begun.output
        with served_github(github) as api:
            around = {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{cloud.port}",
                "GITHUB_API_URL": api,
                "GITHUB_REPOSITORY": REPOSITORY,
            }
            credentials = configparser.ConfigParser()
            credentials.read(cloud.home / "golden.ami" / "local_cloud" / cloud.name / "credentials")
            keys = credentials[credentials.sections()[0]]
            around |= {name.upper(): keys[name] for name in ("aws_access_key_id", "aws_secret_access_key")}
            yield Deployed(replace(owner, extra={**own, **around}), cloud, root, github)
    finally:
        gone = owner.run("ansible-playbook", "golden.ami.local_cloud", "-e", "local_cloud_state=reset")
        assert gone.rc == 0, gone.output


@pytest.mark.night
def test_a_release_deploys_and_nights_follow(deployed: Deployed) -> None:
    """One story: what is built once serves all of it."""
    second = "eu-west-1"
    definition = deployed.root / "images/demo/image.yml"
    stated = yaml.safe_load(definition.read_text())
    definition.write_text(f"---\n{yaml.safe_dump({**stated, 'distribution': {'regions': [second]}})}")

    released = deployed.run("release")
    assert released.outcome == "success", released.log
    assert released.jobs["deploy/build"].steps == BY_OIDC | {
        "Hold the session against the expected time": "success",
        BRING: "replaced",
        "Build against the newest base": "success",
        "Test, copy, share and promote": "success",
        "Write the notes": "success",
        "Keep the cause": "skipped",
    }
    (ami,) = deployed.amis()
    body = deployed.github.releases["7"]["body"]
    assert body.startswith("Thanks to all.\n")
    assert f"| us-east-1 | `{ami}` |" in body
    found = re.search(rf"\| {second} \| `(ami-[0-9a-f]+)` \|", body)
    assert found, body
    assert deployed.amis(second) == {found[1]}
    # The first release has nothing before it to be compared with.
    assert "What changed could not be compared" in body

    again = deployed.run("release")
    assert again.outcome == "success", again.log
    assert deployed.amis() == {ami}
    body = deployed.github.releases["7"]["body"]
    assert body.count("## demo") == 1
    assert "What changed could not be compared" not in body
    assert deployed.github.issues == []

    playbook = deployed.root / "provisioners/ansible/demo.yml"
    whole = playbook.read_text()
    broken = "  tasks:\n    - name: Be broken\n      ansible.builtin.fail:\n        msg: this is broken\n\n"
    playbook.write_text(whole.replace("  tasks:\n", broken))
    for _night in range(2):
        failed = deployed.run("daily")
        assert failed.outcome == "failure"
        assert failed.jobs["build/build"].steps["Build against the newest base"] == "failure"
    (issue,) = deployed.github.issues
    assert (issue["title"], issue["state"]) == ("Daily build fails", "open")
    assert "this is broken" in issue["body"]
    assert [number for number, _words in deployed.github.comments] == [1]
    assert deployed.cloud.inventory()["instances"] == set()

    playbook.write_text(whole)
    repaired = deployed.run("daily")
    assert repaired.outcome == "success", repaired.log
    assert [one["state"] for one in deployed.github.issues] == ["closed"]
    assert deployed.amis() == {ami}
