# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands in a build's container, as one session of a shell: what one exports or changes to, the next one finds.

Each command is a shell of its own that takes up where the one before left off, so that one that says ``exit`` or hangs
takes no more with it than itself.
"""

from __future__ import annotations

import io
import shlex
import tarfile
from collections.abc import Mapping

from golden_cloud.api.codebuild.log import BuildLog
from golden_cloud.ports import Builder, Builders

# $1 directory, $2 whether the build succeeds so far, $3 whether this is the session (version 0.2) or a shell apart.
_SESSION = """\
cb_dir=$1 cb_ok=$2 cb_keep=$3
cat > "$cb_dir/script.sh.$$" && mv "$cb_dir/script.sh.$$" "$cb_dir/script.sh"
exec < /dev/null
. "$cb_dir/env.sh" 2> /dev/null
cd "$(cat "$cb_dir/cwd")" 2> /dev/null || cd "$CODEBUILD_SRC_DIR"
export CODEBUILD_BUILD_SUCCEEDING="$cb_ok"
cb_leave() {
  cb_status=$?
  if [ "$cb_keep" = 1 ]; then
    export -p > "$cb_dir/env.sh.$$" && mv "$cb_dir/env.sh.$$" "$cb_dir/env.sh"
    pwd > "$cb_dir/cwd.$$" && mv "$cb_dir/cwd.$$" "$cb_dir/cwd"
  fi
  exit "$cb_status"
}
trap cb_leave EXIT
set --
set -a
. "$cb_dir/script.sh"
"""


def tar_of(files: Mapping[str, bytes]) -> bytes:
    """Files by name, as an archive that ``Shell.unpack`` takes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            about = tarfile.TarInfo(name)
            about.size, about.mode = len(content), 0o644
            archive.addfile(about, io.BytesIO(content))
    return buffer.getvalue()


def environment_file(variables: Mapping[str, str]) -> bytes:
    """A script that exports the variables."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()).encode()


class Failed(Exception):
    """A command that the build itself needs has failed; the text is what it said."""


class Shell:
    """The session of one build."""

    def __init__(self, builders: Builders, key: str, builder: Builder, log: BuildLog) -> None:
        self._builders = builders
        self._key = key
        self._log = log
        self.directory = f"{builder.directory}/output"
        self.state = f"{builder.directory}/output/tmp"
        self.kind = "sh"
        self.session = True
        """Whether commands share what they export; False for version 0.1."""

    def prepare(self, variables: Mapping[str, str], source: str) -> None:
        """Have the session begin with these variables in the directory of the source."""
        self.unpack(self.state, tar_of({"env.sh": environment_file(variables), "cwd": f"{source}\n".encode()}))
        self.quiet("chmod", "-R", "a+rwX", self.state)

    def command(self, text: str, *, succeeding: bool, user: str | None) -> int:
        """Run a command of the buildspec, with its output in the log."""
        argv = [self.kind, "-c", _SESSION, self.kind, self.state, str(int(succeeding)), str(int(self.session))]
        script = text.encode() + b"\n"
        status = self._builders.run(self._key, argv, output=self._log.output, stdin=script, user=user)
        self._log.end_output()
        return status

    def within(self, script: str, *arguments: str) -> str:
        """What a script of our own says that finds the session's variables and its working directory."""
        begin = '. "$1/env.sh" 2> /dev/null; cd "$(cat "$1/cwd")" && shift && '
        return self.quiet(self.kind, "-c", begin + script, self.kind, self.state, *arguments).decode(errors="replace")

    def quiet(self, *argv: str, stdin: bytes = b"") -> bytes:
        """What a command says that is none of the build's own; ``Failed`` when it fails."""
        said, errors = io.BytesIO(), io.BytesIO()
        status = self._builders.run(self._key, list(argv), output=said.write, errors=errors.write, stdin=stdin)
        if status:
            raise Failed(errors.getvalue().decode(errors="replace").strip() or f"{argv[0]} ended with status {status}")
        return said.getvalue()

    def unpack(self, directory: str, archive: bytes) -> None:
        """Extract a tar archive into a directory, which is made."""
        self.quiet("mkdir", "-p", directory)
        self.quiet("tar", "-C", directory, "--no-same-owner", "-xf", "-", stdin=archive)
