# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enter a role of AWS by GitHub's OIDC, and again each time that its session nears its end.

python aws_session.py prepare: writes a configuration of AWS that names this program, and tells the job's later steps of it. The
environment says ROLE, CHAINED_ROLE (a role that is entered from that one; may be empty), REGION, and RUNNER_TEMP and GITHUB_ENV as
GitHub sets them.

python aws_session.py credentials ROLE REGION: what the configuration names as credential_process. GitHub can be asked for another
token as long as the job runs, so that no session has to live longer than its hour. Needs the permission "id-token: write".
"""

from __future__ import annotations

import json
import os
import re
import sys
import typing as t
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

AUDIENCE = "sts.amazonaws.com"
# SDKs ask again a quarter of an hour before the end: what they get has to live longer than that.
LEFT = timedelta(minutes=20)
ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
PERMISSION = 'Has the job, and the one that calls it, "permissions: {id-token: write}"?'

Credentials = dict[str, t.Any]


def write(path: Path, text: str) -> None:
    """Whole or not at all, and for nobody else to read."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def token() -> str:
    """GitHub's word for which job this is."""
    try:
        url, bearer = (os.environ[f"ACTIONS_ID_TOKEN_REQUEST_{name}"] for name in ("URL", "TOKEN"))
    except KeyError as error:
        sys.exit(f"{error.args[0]} is not set, so GitHub's OIDC cannot be asked. {PERMISSION}")
    mark = "&" if "?" in url else "?"
    request = urllib.request.Request(
        f"{url}{mark}audience={urllib.parse.quote(AUDIENCE)}", headers={"Authorization": f"Bearer {bearer}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(json.loads(answer.read())["value"])
    except urllib.error.HTTPError as error:
        sys.exit(f"GitHub's OIDC answered {error.code} {error.reason}. {PERMISSION}")
    except urllib.error.URLError as error:
        sys.exit(f"GitHub's OIDC cannot be reached: {error.reason}")


def entered(role: str, region: str) -> Credentials:
    """A new session of the role."""
    # Unsigned, or the profile that asks for credentials would be asked for some.
    os.environ.pop("AWS_PROFILE", None)
    sts = boto3.client("sts", region_name=region, config=Config(signature_version=UNSIGNED))
    name = f"github-{os.environ.get('GITHUB_RUN_ID', 'job')}"
    try:
        got = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName=name, WebIdentityToken=token())
    except ClientError as error:
        sys.exit(
            f"AWS does not let GitHub's OIDC into {role}: {error.response['Error']['Code']}. The role has to trust the provider"
            f" token.actions.githubusercontent.com for this repository, with the audience {AUDIENCE}."
        )
    except BotoCoreError as error:
        sys.exit(f"STS cannot be asked: {error}")
    session = got["Credentials"]
    keys = {name: session[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}
    return {"Version": 1, **keys, "Expiration": session["Expiration"].astimezone(UTC).isoformat()}


def kept(path: Path) -> Credentials | None:
    """The session that was entered before, if enough of it is left: each module of Ansible asks for itself."""
    try:
        found: Credentials = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found if datetime.fromisoformat(found["Expiration"]) - datetime.now(UTC) > LEFT else None


def credentials(role: str, region: str) -> None:
    path = Path(os.environ["AWS_CONFIG_FILE"]).with_name("session.json")
    session = kept(path)
    if session is None:
        session = entered(role, region)
        write(path, json.dumps(session))
    # Read by the SDK that started this, and by nobody else.
    print(json.dumps(session))


def configuration(role: str, chained_role: str, region: str) -> str:
    command = f'"{sys.executable}" "{Path(__file__).resolve()}" credentials {role} {region}'
    lines = ["[profile github]", f"region = {region}", f"credential_process = {command}"]
    if chained_role:
        lines += ["[profile chained]", f"region = {region}", f"role_arn = {chained_role}", "source_profile = github"]
        lines += ["role_session_name = github"]
    return "\n".join(lines) + "\n"


def prepare() -> None:
    role, chained_role, region = (os.environ.get(name, "") for name in ("ROLE", "CHAINED_ROLE", "REGION"))
    for name, arn in (("role", role), ("chained_role", chained_role)):
        if not ROLE.fullmatch(arn) and (arn or name == "role"):
            sys.exit(
                f"{name} has to be the ARN of a role, such as arn:aws:iam::123456789012:role/images, and is {arn!r}"
            )
    if not REGION.fullmatch(region):
        sys.exit(f"region has to be a Region of AWS, such as us-east-1, and is {region!r}")
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        # SDKs prefer keys of the environment to any profile.
        sys.exit("The runner has keys of its own in AWS_ACCESS_KEY_ID. Take them away, or give no role to go by them.")
    directory = Path(os.environ["RUNNER_TEMP"]) / "golden-aws"
    directory.mkdir(mode=0o700, exist_ok=True)
    (directory / "session.json").unlink(missing_ok=True)
    write(directory / "config", configuration(role, chained_role, region))
    told = {
        "AWS_CONFIG_FILE": directory / "config",
        "AWS_PROFILE": "chained" if chained_role else "github",
        # Packer's plugin reads the configuration only with this, in its older versions.
        "AWS_SDK_LOAD_CONFIG": "1",
    }
    with Path(os.environ["GITHUB_ENV"]).open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in told.items())
    # Asked once now, so that a role that does not trust GitHub is told of before anything is built.
    os.environ.update({name: str(value) for name, value in told.items()})
    write(directory / "session.json", json.dumps(entered(role, region)))
    os.environ["AWS_PROFILE"] = str(told["AWS_PROFILE"])
    try:
        who = boto3.client("sts", region_name=region).get_caller_identity()["Arn"]
    except (ClientError, BotoCoreError) as error:
        sys.exit(f"{chained_role or role} cannot be entered: {error}")
    print(f"The steps behind this are {who}, and stay so as long as the job runs")


def main() -> None:
    match sys.argv[1:]:
        case ["prepare"]:
            prepare()
        case ["credentials", role, region]:
            credentials(role, region)
        case _:
            sys.exit("usage: aws_session.py prepare | credentials ROLE REGION")


if __name__ == "__main__":
    main()
