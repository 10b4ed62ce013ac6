# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""git over HTTP: clone, fetch and push with the credentials of the cloud."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import threading
import uuid
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO, Any
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as HTTPResponse
from werkzeug.wsgi import get_input_stream

from golden_cloud.api import access, permitted, runtime
from golden_cloud.api.access import Identity
from golden_cloud.api.codecommit import backend, git, protocol
from golden_cloud.api.codecommit.backend import Repository
from golden_cloud.api.codecommit.protocol import BLOCK, Asked
from golden_cloud.api.errors import CloudError
from golden_cloud.api.record import masking
from golden_cloud.api.record.calls import CallLog, CallRecord

PUSH_LIMIT = 2 * 1024**3
"""Bytes of one push, as on AWS."""


class GitServer:
    """The WSGI application for the addresses of repositories."""

    def __init__(self, cloud: runtime.Cloud, regions: set[str], calls: CallLog) -> None:
        self._cloud = cloud
        self._regions = regions
        self._calls = calls

    def takes(self, path: str, query: str, headers: dict[str, str]) -> bool:
        """Whether it is git that asks, not somebody with a bucket of S3 called git."""
        signed = headers.get("authorization", "").startswith("AWS4") or "X-Amz-Signature=" in query
        return not signed and protocol.asked(path, query) is not None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = protocol.asked(environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
        given = protocol.user_and_password(environ.get("HTTP_AUTHORIZATION"))
        if asked is None or given is None:
            challenge = {"WWW-Authenticate": 'Basic realm="golden.ami local cloud"'}
            text = "Access key and secret key, or what git's helper of AWS makes of them, are needed.\n"
            return HTTPResponse(text, 401, challenge, mimetype="text/plain")(environ, start_response)
        call = _Call(asked, given[0], environ.get("HTTP_USER_AGENT", ""))
        try:
            answer = self._answer(environ, asked, given, call)
        except CloudError as error:
            call.status, call.error = error.status or 400, error.code
            answer = HTTPResponse(f"{error.code}: {error.message}\n", call.status, mimetype="text/plain")
        except Exception:
            runtime.LOG.exception("%s of %s", asked.service, asked.path)
            call.status, call.error = 500, "InternalError"
            answer = HTTPResponse("A mistake in the local cloud; see its log.\n", 500, mimetype="text/plain")
        # A push or a pull is one call here as it is in CloudTrail, not the requests that git makes of it.
        if call.status >= 400 or (call.references if asked.writes else asked.advertise):
            self._record(call)
        return answer(environ, start_response)

    def _answer(
        self, environ: WSGIEnvironment, asked: Asked, given: tuple[str, str | None, str], call: _Call
    ) -> HTTPResponse:
        who = self._authenticate(asked, given, environ.get("HTTP_HOST", "").rpartition(":")[0])
        call.who = who
        if asked.service not in protocol.SERVICES:
            raise CloudError("InvalidRequest", "git's smart protocol is needed here: git 1.6.6 or newer", 403)
        if asked.region not in self._regions:
            raise CloudError("RepositoryDoesNotExistException", f"{asked.region} is not a Region", 404)
        with self._cloud.lock:
            if self._cloud.closing:
                raise CloudError("ServiceUnavailable", "The local cloud is ending.", 503)
            repository = _find(who, asked)
        permitted.require(who.arn, f"codecommit:{call.operation}", repository.arn)
        wire = environ.get("HTTP_GIT_PROTOCOL", "")
        if asked.advertise:
            return _streamed(_advertise(repository, asked.service, wire), f"{asked.service}-advertisement")
        body = _spooled(environ)
        if asked.writes:
            content = self._push(repository, body, who, call, wire)
            return HTTPResponse(content, 200, _NOT_CACHED, mimetype="application/x-git-receive-pack-result")
        return _streamed(_upload(repository, body, wire), f"{asked.service}-result")

    def _authenticate(self, asked: Asked, given: tuple[str, str | None, str], host: str) -> Identity:
        access_key, token, password = given
        with self._cloud.lock:
            key = access.find_key(self._cloud.config, access_key)
        return access.authenticate_git(key, asked.path, host, asked.region, token, password)

    def _push(self, repository: Repository, body: IO[bytes], who: Identity, call: _Call, wire: str) -> bytes:
        """Pushes to a repository come one after the other, and the cloud ends after them."""
        try:
            wanted = protocol.commands(body)
        except (ValueError, UnicodeDecodeError) as error:
            raise CloudError("InvalidRequest", f"The push can't be read: {error}", 400) from None
        # That of the file itself, which git reads from, and not that of Python's buffer.
        os.lseek(body.fileno(), 0, os.SEEK_SET)
        call.references = [name for name, _old, _new in wanted]
        answer: list[bytes | Exception] = []
        done = threading.Event()

        def work() -> None:
            try:
                answer.append(self._receive(repository, body, who, wanted, wire))
            except Exception as error:  # is the request's, whose thread waits for it
                answer.append(error)
            finally:
                done.set()

        self._cloud.jobs.submit(repository.id, work)
        done.wait()
        (result,) = answer
        if isinstance(result, Exception):
            raise result
        return result

    def _receive(
        self, repository: Repository, body: IO[bytes], who: Identity, wanted: list[tuple[str, str, str]], wire: str
    ) -> bytes:
        if not repository.directory.is_dir():
            raise CloudError("RepositoryDoesNotExistException", f"{repository.name} does not exist", 404)
        ended = subprocess.run(
            ["git", "receive-pack", "--stateless-rpc", str(repository.directory)],
            stdin=body,
            capture_output=True,
            env=git.environment({"GIT_PROTOCOL": wire}),
            cwd="/",
            check=False,
        )
        if ended.returncode and not ended.stdout:
            raise CloudError("InvalidRequest", ended.stderr.decode(errors="replace").strip(), 400)
        # What git has refused is as before: of that, and of what changed nothing, there is nothing to tell.
        made = [
            (name, old, new)
            for name, old, new in wanted
            if old != new and (git.resolve(repository.directory, name) or git.NOTHING) == new
        ]
        if made:
            prefix = "refs/heads/"
            pushed = [name.removeprefix(prefix) for name, _old, _new in made if name.startswith(prefix)]
            git.adopt_first_branch(repository.directory, pushed)
            with self._cloud.changing():
                repository.modified = datetime.now(UTC)
            backend.changed(repository, who.arn, made)
        return ended.stdout

    def _record(self, call: _Call) -> None:
        who = call.who
        self._calls.write(
            CallRecord(
                access_key=call.access_key[: masking.LONGEST_STRING],
                account=who.account_id if who else "",
                region=call.asked.region,
                service="codecommit",
                operation=call.operation,
                status=call.status,
                error=call.error,
                user_agent=call.user_agent[: masking.LONGEST_STRING],
                principal=who.arn if who else None,
                parameters=masking.parameters(
                    call.operation, {"repositoryName": call.asked.name, "references": call.references}
                ),
                result=masking.result(None),
                request_id=str(uuid.uuid4()),
                fault=None,
                attempt=None,
            )
        )


class _Call:
    """What goes into the record of calls."""

    def __init__(self, asked: Asked, access_key: str, user_agent: str) -> None:
        self.asked = asked
        self.access_key = access_key
        self.user_agent = user_agent
        self.who: Identity | None = None
        self.status = 200
        self.error: str | None = None
        self.references: list[str] = []

    @property
    def operation(self) -> str:
        return "GitPush" if self.asked.writes else "GitPull"


def _find(who: Identity, asked: Asked) -> Repository:
    try:
        return backend.find(who.account_id, asked.region, asked.name)
    except CloudError as error:
        raise CloudError(error.code, error.message, 404) from None


_NOT_CACHED = {"Cache-Control": "no-cache, max-age=0, must-revalidate"}


def _streamed(content: Iterator[bytes], kind: str) -> HTTPResponse:
    return HTTPResponse(content, 200, _NOT_CACHED, mimetype=f"application/x-{kind}")


def _advertise(repository: Repository, service: str, wire: str) -> Iterator[bytes]:
    if "version=2" not in wire or service == "git-receive-pack":
        yield protocol.service_line(service)
    program = service.removeprefix("git-")
    yield from _output([program, "--stateless-rpc", "--advertise-refs"], repository, None, wire)


def _upload(repository: Repository, body: IO[bytes], wire: str) -> Iterator[bytes]:
    return _output(["upload-pack", "--stateless-rpc"], repository, body, wire)


def _output(arguments: list[str], repository: Repository, body: IO[bytes] | None, wire: str) -> Iterator[bytes]:
    """What git prints, as it prints it; it ends with the client."""
    with subprocess.Popen(
        ["git", *arguments, str(repository.directory)],
        stdin=body or subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=git.environment({"GIT_PROTOCOL": wire}),
        cwd="/",
    ) as process:
        try:
            while block := process.stdout.read1(BLOCK):  # type: ignore[union-attr]
                yield block
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()


def _spooled(environ: WSGIEnvironment) -> Any:
    """The body as a file, unpacked: git reads all of it before it answers."""
    stream = get_input_stream(environ, max_content_length=PUSH_LIMIT)
    file = tempfile.TemporaryFile(dir=backend.home())  # noqa: SIM115 (it goes with the answer)
    size = 0
    try:
        for block in protocol.blocks(stream, gzipped=environ.get("HTTP_CONTENT_ENCODING") in ("gzip", "x-gzip")):
            size += len(block)
            if size > PUSH_LIMIT:
                raise CloudError("RequestEntityTooLarge", f"The local cloud takes {PUSH_LIMIT} bytes at once.", 413)
            file.write(block)
    except zlib.error as error:
        raise CloudError("InvalidRequest", f"The body is not gzip: {error}", 400) from None
    except HTTPException as error:
        raise CloudError("RequestEntityTooLarge", str(error.description), 413) from None
    file.seek(0)
    return file
