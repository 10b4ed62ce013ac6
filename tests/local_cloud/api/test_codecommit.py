# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CodeCommit: repositories that real git pushes to and clones from, and that the API and events tell the truth about."""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from golden_cloud.api import bus, codecommit, permitted
from golden_cloud.api.codecommit import protocol

NOTHING = "0" * 40
ACCOUNT = "123456789012"


class Work:
    """A working tree, and git with nobody's configuration."""

    def __init__(self, path: Path, remote: str) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", remote)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        who = {f"GIT_{role}_{key}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
        nothing = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
        return subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C", **who, **nothing},
            check=False,
        )

    def git(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        for name, content in files.items():
            (self.path / name).write_text(content)
        self.git("add", "--all")
        self.git("commit", "-q", "-m", f"Change {' '.join(files)}")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def cc(cloud: Any) -> Any:
    return cloud.client("codecommit")


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """(event, name of the reference, old id, new id) of every event of CodeCommit."""
    seen: list[tuple[Any, ...]] = []

    def _listen(event: bus.Event) -> None:
        told = event.document()
        assert (told["source"], told["detail-type"]) == ("aws.codecommit", "CodeCommit Repository State Change")
        assert told["resources"] == [f"arn:aws:codecommit:us-east-1:{ACCOUNT}:{told['detail']['repositoryName']}"]
        detail = told["detail"]
        assert detail["callerUserArn"] == f"arn:aws:iam::{ACCOUNT}:user/golden-local"
        short = (detail["event"].removeprefix("reference"), detail["referenceFullName"])
        seen.append((*short, detail.get("oldCommitId"), detail.get("commitId")))

    monkeypatch.setattr(bus, "_listeners", [_listen])
    return seen


def _address(cloud: Any, url: str, user: str | None = None, password: str | None = None) -> str:
    user, password = user or cloud.config.access_key, password or cloud.config.secret_key
    return url.replace("http://", f"http://{quote(user, safe='')}:{quote(password, safe='')}@")


@pytest.fixture
def url(cc: Any) -> str:
    made = cc.create_repository(repositoryName="images", repositoryDescription="All of them", tags={"a": "b"})
    return str(made["repositoryMetadata"]["cloneUrlHttp"])


@pytest.fixture
def work(cloud: Any, url: str, tmp_path: Path) -> Work:
    return Work(tmp_path / "work", _address(cloud, url))


def test_push_fetch_force_tag_and_delete(
    cloud: Any, cc: Any, url: str, work: Work, events: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    assert "defaultBranch" not in cc.get_repository(repositoryName="images")["repositoryMetadata"]
    first = work.commit(a="1")
    work.git("push", "-q", "origin", "HEAD:refs/heads/trunk")
    assert events.pop() == ("Created", "refs/heads/trunk", None, first)
    assert cc.get_repository(repositoryName="images")["repositoryMetadata"]["defaultBranch"] == "trunk"
    (work.path / "big").write_bytes(os.urandom(5_000_000))
    second = work.commit(a="2")
    work.git("push", "-q", "origin", "HEAD:trunk")
    assert events.pop() == ("Updated", "refs/heads/trunk", first, second)
    clone = Work(tmp_path / "clone", _address(cloud, url))
    clone.git("fetch", "-q", "--depth=1", "origin", "trunk")
    assert clone.git("rev-parse", "FETCH_HEAD") == second
    clone.git("fetch", "-q", "--unshallow", "origin")
    assert clone.git("rev-list", "--count", "origin/trunk") == "2"
    work.git("commit", "-q", "--amend", "-m", "another")
    third = work.git("rev-parse", "HEAD")
    assert "non-fast-forward" in work.run("push", "origin", "HEAD:trunk").stderr
    assert events == []
    work.git("push", "-q", "--force", "origin", "HEAD:trunk", "HEAD:other")
    assert events == [("Updated", "refs/heads/trunk", second, third), ("Created", "refs/heads/other", None, third)]
    events.clear()
    work.git("tag", "v1")
    work.git("push", "-q", "origin", "v1", ":other")
    assert sorted(events) == [("Created", "refs/tags/v1", None, third), ("Deleted", "refs/heads/other", third, None)]
    refused = work.run("push", "origin", ":trunk")
    assert (refused.returncode, "deletion of the current branch" in refused.stderr) == (1, True)
    assert len(events) == 2
    cloud.restart()
    again = Work(
        tmp_path / "again",
        _address(
            cloud,
            cloud.client("codecommit").get_repository(repositoryName="images")["repositoryMetadata"]["cloneUrlHttp"],
        ),
    )
    assert again.git("ls-remote", "origin", "HEAD").split() == [third, "HEAD"]
    asked = [(call["operation"], call["principal"]) for call in cloud.calls() if call["operation"].startswith("Git")]
    who = f"arn:aws:iam::{ACCOUNT}:user/golden-local"
    assert asked == [
        *[("GitPush", who)] * 2, *[("GitPull", who)] * 2, *[("GitPush", who)] * 3, ("GitPull", who)
    ]  # fmt: skip
    assert "gc" not in {path.name for path in (cloud.directory / "codecommit").rglob("*.pid")}


def _signed(access_key: str, secret: str, url: str, at: datetime) -> str:
    """The password that AWS's credential helper makes."""
    stamp, parts = at.strftime("%Y%m%dT%H%M%S"), urlsplit(url)
    scope = f"{stamp[:8]}/us-east-1/codecommit/aws4_request"
    canonical = f"GIT\n{parts.path}\n\nhost:{parts.hostname}\n\nhost\n"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return f"{stamp}Z{hmac.new(key, text.encode(), hashlib.sha256).hexdigest()}"


def test_who_may_push(cloud: Any, url: str, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    work.commit(a="1")
    own, secret = cloud.config.access_key, cloud.config.secret_key
    now = datetime.now(UTC)
    role = "arn:aws:iam::222222222222:role/OrganizationAccountAccessRole"
    session = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    far = (session["AccessKeyId"], session["SecretAccessKey"])
    assert "401" in work.run("push", url, "main").stderr or "Username" in work.run("push", url, "main").stderr

    def _refused(user: str, password: str, code: str, address: str = url) -> None:
        done = work.run("push", _address(cloud, address, user, password), "main")
        assert (done.returncode, code in done.stderr) == (128, True), done.stderr

    _refused(own, "wrong", "SignatureDoesNotMatch")
    _refused("AKIANOBODY", secret, "InvalidClientTokenId")
    _refused(own, _signed(own, "wrong", url, now), "SignatureDoesNotMatch")
    _refused(own, _signed(own, secret, url + "2", now), "SignatureDoesNotMatch")
    _refused(own, _signed(own, secret, url, now.replace(year=2020)), "SignatureDoesNotMatch")
    _refused(far[0], far[1], "InvalidClientTokenId")
    # The account of the key has no such repository.
    _refused(f"{far[0]}%{session['SessionToken']}", far[1], "RepositoryDoesNotExist")
    for path in ("/git/us-east-1/v1/repos/..", "/git/us-east-1/v1/repos/other", "/git/mars/v1/repos/images"):
        _refused(own, secret, "", cloud.endpoint + path)
    decided: list[tuple[str, ...]] = []

    def _deny(principal: str, action: str, resource: str, _context: Any) -> str | None:
        decided.append((principal, action, resource))
        return "is not authorized to perform: codecommit:GitPush" if action == "codecommit:GitPush" else None

    with monkeypatch.context() as patch:
        patch.setattr(permitted, "decide", _deny)
        _refused(own, secret, "is not authorized")
        work.git("ls-remote", "origin")
    assert {action for _principal, action, _resource in decided} == {"codecommit:GitPush", "codecommit:GitPull"}
    assert decided[0][2] == f"arn:aws:codecommit:us-east-1:{ACCOUNT}:images"
    work.git("push", "-q", _address(cloud, url, own, _signed(own, secret, url, now)), "main")
    cloud.app._cloud.closing = True
    assert "ServiceUnavailable" in work.run("push", "origin", "main:more").stderr
    cloud.app._cloud.closing = False


def test_files_and_branches_by_the_api(cc: Any, url: str, events: list[tuple[Any, ...]], refused: Any) -> None:
    name = {"repositoryName": "images"}
    first = cc.put_file(**name, branchName="main", filePath="a/run.sh", fileContent=b"#!\n", fileMode="EXECUTABLE")
    assert events.pop() == ("Created", "refs/heads/main", None, first["commitId"])
    with refused("ParentCommitIdRequiredException"):
        cc.put_file(**name, branchName="main", filePath="b", fileContent=b"x")
    tip = {"branchName": "main", "parentCommitId": first["commitId"]}
    with refused("SameFileContentException"):
        cc.put_file(**name, **tip, filePath="a/run.sh", fileContent=b"#!\n", fileMode="EXECUTABLE")
    for path in ("../x", ".git/config", "a//b", ""):
        with refused("InvalidPathException"):
            cc.put_file(**name, **tip, filePath=path or "/", fileContent=b"x")
    made = cc.create_commit(
        **name,
        **tip,
        authorName="Somebody",
        email="a@b.c",
        commitMessage="Zwei\n\nTeile",
        putFiles=[
            {"filePath": "ü b", "fileContent": b"\0\xff"},
            {"filePath": "l", "fileContent": b"a", "fileMode": "SYMLINK"},
        ],
        setFileModes=[{"filePath": "a/run.sh", "fileMode": "NORMAL"}],
    )
    assert [one["absolutePath"] for one in made["filesAdded"]] == ["ü b", "l"]
    assert [one["absolutePath"] for one in made["filesUpdated"]] == ["a/run.sh"]
    with refused("ParentCommitIdOutdatedException"):
        cc.put_file(**name, **tip, filePath="b", fileContent=b"x")
    told = cc.get_commit(**name, commitId=made["commitId"])["commit"]
    assert (told["message"], told["parents"], told["author"]["name"]) == (
        "Zwei\n\nTeile",
        [first["commitId"]],
        "Somebody",
    )
    got = cc.get_file(**name, commitSpecifier="main", filePath="ü b")
    assert (got["fileContent"], got["fileMode"], got["fileSize"]) == (b"\0\xff", "NORMAL", 2)
    folder = cc.get_folder(**name, folderPath="/")
    assert [one["absolutePath"] for one in folder["subFolders"]] == ["a"]
    assert [one["absolutePath"] for one in folder["symbolicLinks"]] == ["l"]
    changed = cc.get_differences(**name, beforeCommitSpecifier=first["commitId"], afterCommitSpecifier="main")
    assert [one["changeType"] for one in changed["differences"]] == ["M", "A", "A"]
    cc.create_branch(**name, branchName="fix/it", commitId=first["commitId"])
    assert cc.list_branches(**name)["branches"] == ["fix/it", "main"]
    with refused("BranchNameExistsException"):
        cc.create_branch(**name, branchName="main", commitId=first["commitId"])
    with refused("CommitDoesNotExistException"):
        cc.create_branch(**name, branchName="x", commitId="1" * 40)
    with refused("InvalidBranchNameException"):
        cc.create_branch(**name, branchName="a..b", commitId=first["commitId"])
    with refused("DefaultBranchCannotBeDeletedException"):
        cc.delete_branch(**name, branchName="main")
    cc.update_default_branch(**name, defaultBranchName="fix/it")
    cc.delete_branch(**name, branchName="main")
    assert events[-1] == ("Deleted", "refs/heads/main", made["commitId"], None)
    with refused("BranchDoesNotExistException"):
        cc.get_branch(**name, branchName="main")


def test_repositories(cloud: Any, cc: Any, url: str, refused: Any) -> None:
    arn = f"arn:aws:codecommit:us-east-1:{ACCOUNT}:images"
    assert urlsplit(url).path == "/git/us-east-1/v1/repos/images"
    with refused("RepositoryNameExistsException"):
        cc.create_repository(repositoryName="images")
    for bad in ("a/b", "x.git", "a" * 101, "ü"):
        with refused("InvalidRepositoryNameException"):
            cc.create_repository(repositoryName=bad)
    with refused("RepositoryDoesNotExistException"):
        cloud.client("codecommit", "eu-west-1").get_repository(repositoryName="images")
    cc.tag_resource(resourceArn=arn, tags={"c": "d"})
    cc.untag_resource(resourceArn=arn, tagKeys=["a"])
    cc.update_repository_description(repositoryName="images", repositoryDescription="New")
    (before,) = cc.batch_get_repositories(repositoryNames=["images", "none"])["repositories"]
    cc.update_repository_name(oldName="images", newName="golden")
    cloud.restart()
    cc = cloud.client("codecommit")
    after = cc.get_repository(repositoryName="golden")["repositoryMetadata"]
    assert (after["repositoryId"], after["repositoryDescription"]) == (before["repositoryId"], "New")
    assert after["creationDate"] == before["creationDate"]
    assert cc.list_tags_for_resource(resourceArn=after["Arn"])["tags"] == {"c": "d"}
    assert [one["repositoryName"] for one in cc.list_repositories()["repositories"]] == ["golden"]
    assert cc.delete_repository(repositoryName="golden")["repositoryId"] == before["repositoryId"]
    assert "repositoryId" not in cc.delete_repository(repositoryName="golden")
    assert list((cloud.directory / "codecommit").iterdir()) == []


def test_an_archive_has_every_file_as_it_was_committed(work: Work) -> None:
    (work.path / "run.sh").write_text("#!/bin/sh\n")
    (work.path / "run.sh").chmod(0o755)
    (work.path / "link").symlink_to("run.sh")
    commit = work.commit(**{".gitattributes": "secret export-ignore\n* text=auto eol=crlf\n", "secret": "1\n"})
    work.git("push", "-q", "origin", "main")
    archive = zipfile.ZipFile(io.BytesIO(codecommit.archive(ACCOUNT, "us-east-1", "images", commit)))
    modes = {one.filename: one.external_attr >> 16 for one in archive.infolist()}
    assert modes["run.sh"] & 0o777 == 0o755
    assert modes["link"] & 0o170000 == 0o120000
    assert (archive.read("secret"), archive.read("link")) == (b"1\n", b"run.sh")
    assert (codecommit.directory(ACCOUNT, "us-east-1", "images") / "HEAD").is_file()


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/git/us-east-1/v1/repos/a/info/refs", "service=git-upload-pack", ("a", "git-upload-pack", True)),
        ("/git/us-east-1/v1/repos/a/git-receive-pack", "", ("a", "git-receive-pack", False)),
        ("/git/us-east-1/v1/repos/a/../b/git-receive-pack", "", None),
        ("/git/us-east-1/v1/repos/a/HEAD", "", None),
    ],
)
def test_what_git_asks_for(path: str, query: str, expected: Any) -> None:
    asked = protocol.asked(path, query)
    assert (asked and (asked.name, asked.service, asked.advertise)) == expected
    push = b"0000"
    for line in (b"shallow " + b"1" * 40, f"{NOTHING} {'2' * 40} refs/heads/a\0 report-status".encode()):
        push = f"{len(line) + 4:04x}".encode() + line + push
    assert protocol.commands(io.BytesIO(push + b"PACK")) == [("refs/heads/a", NOTHING, "2" * 40)]
