# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECR: repositories, tokens, and the door to the registry behind it. The registry is a stand-in that tells what it was asked."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import ACCOUNT, LocalCloud
from golden_cloud.api.ecr import asked, tokens
from golden_cloud.api.ecr.store import Store
from golden_cloud.ports import MachineError

MANIFEST = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"c"},"layers":[{"size":7},{"size":5}]}'
DIGEST = "sha256:" + hashlib.sha256(MANIFEST).hexdigest()


class StandIn:
    """A registry that answers everything with 202, and keeps what it was asked."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.asked: list[dict[str, Any]] = []
        self.trouble = ""
        self.answer = (202, {"Location": "", "Docker-Upload-UUID": "u"}, b"")
        self._server: socketserver.ThreadingUnixStreamServer | None = None

    def storage(self) -> Path:
        return self.directory / "storage"

    def ready(self) -> Path:
        if self.trouble:
            raise MachineError(self.trouble)
        address = self.directory / "s"
        if self._server is None:
            self._server = socketserver.ThreadingUnixStreamServer(str(address), self._handler())
            threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return address

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.client_address = ("socket", 0)
                super().handle_one_request()

            def _all(self) -> None:
                body = b""
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                else:
                    body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                told = {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body}
                outer.asked.append(told)
                status, headers, content = outer.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value or self.path)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _all  # noqa: N815 (the base class's names)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                return

        return Handler


@pytest.fixture
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    made = StandIn(tmp_path_factory.mktemp("r"))
    yield made
    made.close()


@pytest.fixture
def served(registry: StandIn, cloud_with: Callable[..., LocalCloud]) -> LocalCloud:
    cloud = cloud_with(registry=registry)
    cloud.client("ecr").create_repository(repositoryName="golden/toolkit")
    return cloud


def token(cloud: LocalCloud, region: str = "us-east-1", keys: dict[str, str] | None = None) -> str:
    data = cloud.client("ecr", region, keys).get_authorization_token()["authorizationData"][0]
    return str(data["authorizationToken"])


def call(
    cloud: LocalCloud,
    method: str,
    path: str,
    body: Any = None,
    *,
    basic: str | None = None,
    headers: dict[str, str] | None = None,
    chunked: bool = False,
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=30)
    given = dict(headers or {})
    if basic is not None:
        given["Authorization"] = f"Basic {basic}"
    if chunked:
        given["Transfer-Encoding"] = "chunked"
    connection.request(method, path, body, given, encode_chunked=chunked)
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def code_of(body: bytes) -> str:
    return str(json.loads(body)["errors"][0]["code"])


def put(store: Path, name: str, manifest: bytes, tag: str | None, account: str = ACCOUNT) -> str:
    """A manifest in the registry's files, as its driver lays them."""
    value = hashlib.sha256(manifest).hexdigest()
    base = store / "docker" / "registry" / "v2"
    home = base / "repositories" / account / "us-east-1" / name / "_manifests"
    links = [home / "revisions" / "sha256" / value / "link"]
    links += [home / "tags" / tag / "current" / "link"] if tag else []
    for link in links:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.write_text(f"sha256:{value}")
    blob = base / "blobs" / "sha256" / value[:2] / value / "data"
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(manifest)
    return f"sha256:{value}"


def test_a_token_says_whom_and_until_when_and_is_in_no_record(served: LocalCloud) -> None:
    data = served.client("ecr").get_authorization_token()["authorizationData"][0]
    assert data["proxyEndpoint"] == served.endpoint
    assert 11.9 * 3600 < data["expiresAt"].timestamp() - time.time() <= 12 * 3600
    user, password = base64.b64decode(data["authorizationToken"]).decode().split(":")
    assert user == "AWS"
    assert tokens.read(served.config.secret_key, password, time.time()).account_id == ACCOUNT
    assert password not in (served.directory / "calls.jsonl").read_text()
    assert data["authorizationToken"] not in (served.directory / "calls.jsonl").read_text()


def test_a_token_is_good_until_its_time_is_over_and_for_its_own_cloud_only() -> None:
    made = tokens.issue("secret", tokens.Bearer("1", "r", "arn", "AKIA", 100))
    assert tokens.read("secret", made, 99.0).account_id == "1"
    with pytest.raises(tokens.BadToken, match="expired"):
        tokens.read("secret", made, 100.0)
    with pytest.raises(tokens.BadToken, match="did not issue"):
        tokens.read("another", made, 99.0)
    payload, signature = made.split(".")
    forged = base64.urlsafe_b64encode(base64.urlsafe_b64decode(payload).replace(b'"1"', b'"2"')).decode()
    with pytest.raises(tokens.BadToken, match="did not issue"):
        tokens.read("secret", f"{forged}.{signature}", 99.0)
    for nonsense in ("", "a", "a.b.c", "é.ü", ".."):
        with pytest.raises(tokens.BadToken):
            tokens.read("secret", nonsense, 0.0)


@pytest.mark.parametrize(
    "basic", [None, "", "!", base64.b64encode(b"AWS:no").decode(), base64.b64encode(b"AWS").decode()]
)
def test_without_a_token_nobody_gets_to_the_registry(served: LocalCloud, registry: StandIn, basic: str | None) -> None:
    for method, path in (
        ("GET", "/v2/"),
        ("GET", "/v2/golden/toolkit/manifests/1"),
        ("POST", "/v2/golden/toolkit/blobs/uploads/"),
    ):
        status, headers, body = call(served, method, path, basic=basic)
        assert (status, code_of(body)) == (401, "UNAUTHORIZED")
        assert headers["WWW-Authenticate"].startswith("Basic ")
    assert registry.asked == []


def test_the_cloud_s_own_keys_are_no_token(served: LocalCloud, registry: StandIn) -> None:
    for user in ("AWS", served.config.access_key):
        basic = base64.b64encode(f"{user}:{served.config.secret_key}".encode()).decode()
        assert call(served, "GET", "/v2/", basic=basic)[0] == 401
    assert registry.asked == []


def test_a_web_page_is_refused_before_anything(served: LocalCloud) -> None:
    assert call(served, "GET", "/v2/", basic=token(served), headers={"Origin": "http://example.com"})[0] == 403


def test_with_a_token_the_door_is_open(served: LocalCloud) -> None:
    status, headers, body = call(served, "GET", "/v2/", basic=token(served))
    assert (status, body) == (200, b"{}")
    assert headers["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_a_request_is_passed_on_below_account_and_region(served: LocalCloud, registry: StandIn) -> None:
    status, headers, _body = call(
        served, "POST", "/v2/golden/toolkit/blobs/uploads/?mount=sha256:1&from=other", basic=token(served)
    )
    assert status == 202
    (told,) = registry.asked
    assert told["path"] == f"/v2/{ACCOUNT}/us-east-1/golden/toolkit/blobs/uploads/"
    assert "Authorization" not in told["headers"]
    assert headers["Location"] == f"{served.endpoint}/v2/golden/toolkit/blobs/uploads/"
    assert headers["Docker-Upload-UUID"] == "u"


def test_a_path_stays_one_behind_the_door(served: LocalCloud, registry: StandIn) -> None:
    call(served, "GET", "/v2/golden/toolkit/manifests/a%3Fn=1%20b", basic=token(served))
    assert registry.asked[0]["path"].endswith("/golden/toolkit/manifests/a%3Fn%3D1%20b")
    assert call(served, "GET", "/v2/golden/toolkit/%2e%2e/x/tags/list", basic=token(served))[0] == 404


@pytest.mark.parametrize("chunked", [True, False])
def test_a_layer_comes_through_as_it_is(served: LocalCloud, registry: StandIn, chunked: bool) -> None:
    content = bytes(range(256)) * 4096
    body: Any = iter([content[:1000], content[1000:]]) if chunked else content
    path = "/v2/golden/toolkit/blobs/uploads/u?_state=a%2Bb"
    assert call(served, "PATCH", path, body, basic=token(served), chunked=chunked)[0] == 202
    (told,) = registry.asked
    assert told["body"] == content
    assert told["path"].endswith("/blobs/uploads/u?_state=a%2Bb")


def test_what_the_registry_answers_names_the_repository_as_ecr_does(served: LocalCloud, registry: StandIn) -> None:
    kind = {"Content-Type": "application/json"}
    registry.answer = (200, kind, json.dumps({"name": f"{ACCOUNT}/us-east-1/golden/toolkit", "tags": []}).encode())
    assert (
        json.loads(call(served, "GET", "/v2/golden/toolkit/tags/list", basic=token(served))[2])["name"]
        == "golden/toolkit"
    )
    # A manifest is what its digest says, to the last byte.
    registry.answer = (200, kind, f"{ACCOUNT}/us-east-1/".encode())
    assert (
        call(served, "GET", "/v2/golden/toolkit/manifests/1", basic=token(served))[2]
        == f"{ACCOUNT}/us-east-1/".encode()
    )


def test_a_repository_is_not_made_by_a_push(served: LocalCloud, registry: StandIn) -> None:
    for basic in (token(served, "eu-west-1"), token(served)):
        name = "other" if basic == token(served) else "golden/toolkit"
        status, _headers, body = call(served, "POST", f"/v2/{name}x/blobs/uploads/", basic=basic)
        assert (status, code_of(body)) == (404, "NAME_UNKNOWN")
    status, _headers, body = call(served, "GET", "/v2/golden/toolkit/tags/list", basic=token(served, "eu-west-1"))
    assert (status, code_of(body)) == (404, "NAME_UNKNOWN"), "a Region has repositories of its own"
    assert registry.asked == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", f"/v2/golden/toolkit/manifests/{DIGEST}", 405),
        ("DELETE", f"/v2/golden/toolkit/blobs/{DIGEST}", 405),
        ("GET", "/v2/_catalog", 404),
        ("GET", "/v2/golden/toolkit/../../x/tags/list", 404),
        ("GET", "/v2/Golden/tags/list", 404),
    ],
)
def test_what_ecr_does_not_do_is_refused(
    served: LocalCloud, registry: StandIn, method: str, path: str, status: int
) -> None:
    found, _headers, body = call(served, method, path, basic=token(served))
    assert (found, code_of(body)) == (status, "UNSUPPORTED")
    assert registry.asked == []


def test_a_registry_that_cannot_be_had_is_told(served: LocalCloud, registry: StandIn) -> None:
    registry.trouble = "ECR needs the program docker-registry"
    status, _headers, body = call(served, "GET", "/v2/", basic=token(served))
    assert status == 503
    assert "docker-registry" in json.loads(body)["errors"][0]["message"]


def test_a_registry_that_does_not_answer_is_told(served: LocalCloud, registry: StandIn) -> None:
    silent = registry.directory / "silent"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(silent))  # and never listens
        registry.ready = lambda: silent  # type: ignore[method-assign]
        assert call(served, "GET", "/v2/golden/toolkit/tags/list", basic=token(served))[0] == 503


def test_pushes_and_pulls_are_in_the_record(served: LocalCloud, registry: StandIn) -> None:
    basic = token(served)
    call(served, "PUT", "/v2/golden/toolkit/manifests/1", MANIFEST, basic=basic)
    call(served, "PATCH", "/v2/golden/toolkit/blobs/uploads/u", b"x", basic=basic)
    call(served, "GET", "/v2/", basic="no")
    served.stop()
    rows = [one for one in served.calls() if one["service"] == "ecr"]
    assert [(one["operation"], one["status"]) for one in rows[-2:]] == [("PutImage", 202), ("GetAuthorization", 401)]
    assert rows[-2]["account"] == ACCOUNT
    served.start()


def test_policies_say_who_may_push(served: LocalCloud, registry: StandIn) -> None:
    iam = served.client("iam")
    iam.create_user(UserName="puller")
    actions = ["ecr:GetAuthorizationToken", "ecr:BatchGetImage"]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    iam.put_user_policy(UserName="puller", PolicyName="pull", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName="puller")["AccessKey"]
    served.control("PUT", "iam", {"enforce": True})
    basic = token(served, keys=key)
    assert call(served, "GET", "/v2/golden/toolkit/manifests/1", basic=basic)[0] == 202
    status, _headers, body = call(served, "POST", "/v2/golden/toolkit/blobs/uploads/", basic=basic)
    assert (status, code_of(body)) == (403, "DENIED")
    assert "ecr:InitiateLayerUpload" in json.loads(body)["errors"][0]["message"]
    iam.delete_access_key(UserName="puller", AccessKeyId=key["AccessKeyId"])
    assert call(served, "GET", "/v2/golden/toolkit/manifests/1", basic=basic)[0] == 401


def test_repositories_are_addressed_here_and_survive_a_restart(served: LocalCloud) -> None:
    (one,) = served.client("ecr").describe_repositories()["repositories"]
    assert one["repositoryUri"] == f"127.0.0.1:{served.port}/golden/toolkit"
    served.restart()
    (one,) = served.client("ecr").describe_repositories()["repositories"]
    assert one["repositoryUri"] == f"127.0.0.1:{served.port}/golden/toolkit"


def test_images_are_those_of_the_registry(served: LocalCloud, registry: StandIn) -> None:
    ecr = served.client("ecr")
    assert ecr.list_images(repositoryName="golden/toolkit")["imageIds"] == []
    put(registry.storage(), "golden/toolkit", MANIFEST, "1")
    put(registry.storage(), "golden/toolkit", MANIFEST, "latest")
    put(registry.storage(), "golden/toolkit", MANIFEST + b"\n", None)
    listed = ecr.list_images(repositoryName="golden/toolkit", filter={"tagStatus": "TAGGED"})["imageIds"]
    assert listed == [{"imageDigest": DIGEST, "imageTag": tag} for tag in ("1", "latest")]
    assert len(ecr.list_images(repositoryName="golden/toolkit")["imageIds"]) == 3
    (told,) = ecr.describe_images(repositoryName="golden/toolkit", imageIds=[{"imageTag": "1"}])["imageDetails"]
    assert (told["imageTags"], told["imageSizeInBytes"], told["imageDigest"]) == (["1", "latest"], 12, DIGEST)
    assert abs(told["imagePushedAt"].timestamp() - time.time()) < 60
    got = ecr.batch_get_image(repositoryName="golden/toolkit", imageIds=[{"imageTag": "1"}, {"imageTag": "no"}])
    assert got["images"][0]["imageManifest"].encode() == MANIFEST
    assert [one["failureCode"] for one in got["failures"]] == ["ImageNotFound"]
    with pytest.raises(ClientError, match="ImageNotFoundException"):
        ecr.describe_images(repositoryName="golden/toolkit", imageIds=[{"imageTag": "no"}])


def test_an_image_is_deleted_with_its_last_tag_or_by_its_digest(served: LocalCloud, registry: StandIn) -> None:
    ecr = served.client("ecr")
    for tag in ("1", "2"):
        put(registry.storage(), "golden/toolkit", MANIFEST, tag)
    store = Store(registry.storage(), ACCOUNT, "us-east-1", "golden/toolkit")

    def delete(**image: str) -> Any:
        return ecr.batch_delete_image(repositoryName="golden/toolkit", imageIds=[image])

    assert delete(imageTag="1")["imageIds"] == [{"imageDigest": DIGEST, "imageTag": "1"}]
    assert store.tags() == {"2": DIGEST}
    delete(imageTag="2")
    assert store.images() == []
    assert delete(imageDigest=DIGEST)["failures"][0]["failureCode"] == "ImageNotFound"
    put(registry.storage(), "golden/toolkit", MANIFEST, "3")
    delete(imageDigest=DIGEST)
    assert (store.images(), store.tags()) == ([], {})


def test_a_repository_with_images_is_deleted_only_by_force(served: LocalCloud, registry: StandIn) -> None:
    ecr = served.client("ecr")
    ecr.create_repository(repositoryName="golden/toolkit/deeper")
    for name in ("golden/toolkit", "golden/toolkit/deeper"):
        put(registry.storage(), name, MANIFEST, "1")
    with pytest.raises(ClientError, match="RepositoryNotEmptyException"):
        ecr.delete_repository(repositoryName="golden/toolkit")
    ecr.delete_repository(repositoryName="golden/toolkit", force=True)
    ecr.create_repository(repositoryName="golden/toolkit")
    assert ecr.list_images(repositoryName="golden/toolkit")["imageIds"] == []
    assert len(ecr.list_images(repositoryName="golden/toolkit/deeper")["imageIds"]) == 1


def test_a_tag_of_an_immutable_repository_stays(served: LocalCloud, registry: StandIn) -> None:
    ecr = served.client("ecr")
    ecr.create_repository(repositoryName="fixed", imageTagMutability="IMMUTABLE")
    basic = token(served)
    assert call(served, "PUT", "/v2/fixed/manifests/1", MANIFEST, basic=basic)[0] == 202
    put(registry.storage(), "fixed", MANIFEST, "1")
    status, _headers, body = call(served, "PUT", "/v2/fixed/manifests/1", MANIFEST + b" ", basic=basic)
    assert (status, code_of(body)) == (400, "TAG_INVALID")
    ecr.put_image_tag_mutability(repositoryName="fixed", imageTagMutability="MUTABLE")
    assert call(served, "PUT", "/v2/fixed/manifests/1", MANIFEST + b" ", basic=basic)[0] == 202


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("imageScanningConfiguration", {"scanOnPush": True}),
        ("encryptionConfiguration", {"encryptionType": "KMS"}),
        ("registryId", "222222222222"),
    ],
)
def test_options_that_would_be_ignored_are_refused(served: LocalCloud, option: str, value: Any) -> None:
    with pytest.raises(ClientError, match=option):
        served.client("ecr").create_repository(repositoryName="other", **{option: value})


def test_operations_that_it_does_not_have_say_so(served: LocalCloud) -> None:
    ecr = served.client("ecr")
    for ask in (
        lambda: ecr.put_image(repositoryName="golden/toolkit", imageManifest="{}"),
        lambda: ecr.start_image_scan(repositoryName="golden/toolkit", imageId={"imageTag": "1"}),
        lambda: ecr.set_repository_policy(repositoryName="golden/toolkit", policyText="{}"),
    ):
        with pytest.raises(ClientError, match="NotImplemented"):
            ask()


def test_without_a_registry_there_is_none(cloud: LocalCloud) -> None:
    cloud.client("ecr").create_repository(repositoryName="one")
    assert cloud.client("ecr").list_images(repositoryName="one")["imageIds"] == []
    assert call(cloud, "GET", "/v2/", basic=token(cloud))[0] == 503


def test_what_is_asked_for() -> None:
    found = asked.read("PUT", "/v2/a/b/manifests/1")
    assert found is not None
    assert (found.name, found.action, found.reference, found.rest) == ("a/b", "PutImage", "1", "manifests/1")
    assert asked.read("GET", "/v2/") is None
    assert asked.query("mount=x&from=y&digest=sha256%3A1") == "digest=sha256%3A1"
    assert not asked.takes("/v2/apis", {"authorization": "AWS4-HMAC-SHA256 …"})
    assert not asked.takes("/v20/", {})
