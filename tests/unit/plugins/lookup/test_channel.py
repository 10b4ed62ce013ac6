# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup as a playbook calls it: what a channel names, and in which cloud it looks."""

from __future__ import annotations

import typing as t
from pathlib import Path

import botocore.client
import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleLookupError
from ansible_collections.amazon.aws.plugins.doc_fragments import common, region
from ansible_collections.golden.ami.plugins.lookup import channel

LOCAL = {"golden_cloud": "local", "golden_cloud_name": "mine", "golden_cloud_port": 4581}
AWS = {"region": "eu-west-1", "access_key": "AKIDGIVEN", "secret_key": "given"}


class Ssm:
    """Parameters, and how they were asked for."""

    def __init__(self) -> None:
        self.parameters = {"/golden/web/prod": "ami-1", "/golden/db/prod": "ami-2"}
        self.asked: list[tuple[str, str, str]] = []

    def __call__(self, client: t.Any, operation: str, request: dict[str, t.Any]) -> t.Any:
        key = client._request_signer._credentials.access_key
        self.asked.append((client.meta.endpoint_url, client.meta.region_name, key))
        if operation == "AssumeRole":
            account = request["RoleArn"].split(":")[4]
            session = {"AccessKeyId": f"ASIA{account}", "SecretAccessKey": "s", "SessionToken": "t"}
            return {"Credentials": session}
        assert operation == "GetParameters"
        found = [{"Name": name, "Value": self.parameters[name]} for name in request["Names"] if name in self.parameters]
        return {"Parameters": found}


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Ssm:
    made = Ssm()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    return made


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The keys of a local cloud, and a shell that points somewhere else altogether."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIDSHELL",
        "AWS_SECRET_ACCESS_KEY": "shell",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_REGION": "sa-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "golden.ami" / "local_cloud" / "mine" / "credentials"
    file.parent.mkdir(parents=True)
    file.write_text("[golden-local]\naws_access_key_id = AKIDLOCAL\naws_secret_access_key = local\n")
    return file


def look(*images: str, variables: dict[str, t.Any] | None = None, **options: t.Any) -> list[str]:
    """What the plugin loader does to a plugin, without its import hooks, which would stay for the tests after."""
    name = "golden.ami.channel"
    documented = yaml.safe_load(channel.DOCUMENTATION)["options"]
    for fragment in (common.ModuleDocFragment.PLUGINS, region.ModuleDocFragment.PLUGINS):
        documented.update(yaml.safe_load(fragment)["options"])
    constants.config.initialize_plugin_configuration_definitions("lookup", name, documented)
    plugin = channel.LookupModule()
    plugin._load_name = name
    return plugin.run(list(images), variables or {}, **options)


def test_one_ami_for_each_image(ssm: Ssm) -> None:
    assert look("web", "db", channel="prod", **AWS) == ["ami-1", "ami-2"]
    assert ssm.asked == [("http://127.0.0.1:1", "eu-west-1", "AKIDGIVEN")], "one call, as lookups of amazon.aws do it"


def test_aws_of_the_inventory_is_aws(ssm: Ssm) -> None:
    assert look("web", channel="prod", variables={"golden_cloud": "aws"}, **AWS) == ["ami-1"]
    assert ssm.asked == [("https://ssm.eu-west-1.amazonaws.com", "eu-west-1", "AKIDGIVEN")]


@pytest.mark.parametrize("profile", [None, "production"])
def test_the_local_cloud_of_the_inventory_is_it(ssm: Ssm, monkeypatch: pytest.MonkeyPatch, profile: str | None) -> None:
    if profile:
        monkeypatch.setenv("AWS_PROFILE", profile)
    assert look("web", channel="prod", variables=LOCAL) == ["ami-1"]
    given = {"profile": "golden-local", "endpoint_url": "http://127.0.0.1:4581", "region": "eu-west-1"}
    assert look("web", channel="prod", variables=LOCAL, **given) == ["ami-1"]
    assert ssm.asked == [
        ("http://127.0.0.1:4581", "us-east-1", "AKIDLOCAL"),
        ("http://127.0.0.1:4581", "eu-west-1", "AKIDLOCAL"),
    ]


def test_another_account_of_the_local_cloud_is_entered(ssm: Ssm) -> None:
    assert look("web", channel="prod", variables=LOCAL, profile="golden-local-222222222222") == ["ami-1"]
    assert [key for _endpoint, _region, key in ssm.asked] == ["AKIDLOCAL", "ASIA222222222222"]
    assert {endpoint for endpoint, _region, _key in ssm.asked} == {"http://127.0.0.1:4581"}
    with pytest.raises(AnsibleLookupError, match="in us-east-1 of the local cloud, account 222222222222"):
        look("x", channel="prod", variables=LOCAL, profile="golden-local-222222222222")
    with pytest.raises(AnsibleLookupError, match="profile would lead elsewhere"):
        look("web", channel="prod", variables=LOCAL, profile="golden-local-2222")


def test_what_is_empty_is_not_given(ssm: Ssm) -> None:
    given = {"profile": "", "region": "", "endpoint_url": ""}
    assert look("web", channel="prod", variables={"golden_cloud": "aws"}, **given) == ["ami-1"]
    assert ssm.asked == [("https://ssm.sa-east-1.amazonaws.com", "sa-east-1", "AKIDSHELL")]


REFUSED = [
    (
        ["web"],
        {"channel": "dev", **AWS},
        "web has no channel dev in eu-west-1: there is no SSM parameter /golden/web/dev.",
    ),
    (["web", "x"], {"channel": "prod", **AWS}, "x has no channel prod in eu-west-1"),
    (["web"], {"channel": "versions", **AWS}, "channel: versions can be no channel"),
    (["../x"], {"channel": "prod", **AWS}, "'../x' is no image's name"),
]


@pytest.mark.parametrize(("images", "options", "said"), REFUSED)
def test_what_is_not_there(ssm: Ssm, images: list[str], options: dict[str, t.Any], said: str) -> None:
    with pytest.raises(AnsibleLookupError) as caught:
        look(*images, **options)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "elsewhere", [{"endpoint_url": "https://ssm.amazonaws.com"}, {"profile": "production"}, {"access_key": "AKID"}]
)
def test_nothing_leads_away_from_the_local_cloud(ssm: Ssm, elsewhere: dict[str, str]) -> None:
    with pytest.raises(AnsibleLookupError, match=f"{next(iter(elsewhere))} would lead elsewhere"):
        look("web", channel="prod", variables=LOCAL, **elsewhere)
    assert ssm.asked == []


def test_a_local_cloud_that_is_not_up(ssm: Ssm, state: Path) -> None:
    state.unlink()
    with pytest.raises(AnsibleLookupError, match="The local cloud mine is not up: there are no keys in"):
        look("web", channel="prod", variables=LOCAL)
