#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: new_files
version_added: 1.0.0
short_description: Write files that are not there yet, all of them or none
description:
  - Writes a set of files below a directory, and the directories that they need.
  - Never overwrites anything. When a file is there with another content, or something is in the way of a directory, all such places
    are named at once, and nothing is written.
  - A file that is there with the same content stays as it is.
options:
  directory:
    description: The directory that the files are in. It is made when it is not there.
    type: path
    required: true
  files:
    description: The files, by their paths relative to O(directory), with their contents.
    type: dict
    required: true
  executable:
    description: Those of O(files) that may be executed.
    type: list
    elements: str
    default: []
author:
  - golden.ami contributors (@golden-ami)
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Returns details on what has changed, when in diff mode.
    support: full
  idempotent:
    description: Running it twice in a row without changes in between does not make changes the second time.
    support: full
"""

EXAMPLES = r"""
- name: Begin an image
  golden.ami.new_files:
    directory: "{{ playbook_dir }}/images/shop"
    files:
      image.yml: "{{ lookup('ansible.builtin.template', 'image.yml.j2') }}"
"""

RETURN = r"""
written:
  description: The files that were written, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [image.yml]
kept:
  description: The files that were there already with this content.
  returned: success
  type: list
  elements: str
  sample: [README.md]
conflicts:
  description: What is in the way, with the reason.
  returned: when something is
  type: list
  elements: str
  sample: ["README.md: is there with another content"]
"""

import os
from pathlib import Path, PurePosixPath

from ansible.module_utils.basic import AnsibleModule


def wrong(files: dict[str, str], executable: list[str]) -> list[str]:
    """What is wrong with the options themselves, before anything is looked at."""
    lines = []
    for path in files:
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or str(pure) != path or path == ".":
            lines.append(f"{path!r}: has to be a plain path below the directory")
        if set(map(str, pure.parents)) & files.keys():
            lines.append(f"{path!r}: another one of the files is its directory")
    lines += [f"{path!r}: is named in executable, but is none of the files" for path in executable if path not in files]
    return lines


def obstacle(directory: Path, path: str, content: bytes) -> str:
    """Why a file cannot be written. Empty: it is not there yet, or is there as wanted."""
    file = directory / path
    for parent in reversed([parent for parent in file.parents if parent.is_relative_to(directory)]):
        # The directory itself may be a link that its owner made; below it one could lead out of it.
        if parent != directory and parent.is_symlink():
            return f"{path}: {parent} is a symbolic link"
        if os.path.lexists(parent) and not parent.is_dir():
            return f"{path}: {parent} is not a directory"
    if file.is_symlink():
        return f"{path}: is a symbolic link"
    if file.is_dir():
        return f"{path}: is a directory"
    if not file.exists():
        return ""
    if not file.is_file():
        return f"{path}: is a special file"
    return "" if file.read_bytes() == content else f"{path}: is there with another content"


def write(file: Path, content: bytes, executable: bool) -> None:
    """Make the file. What somebody else made in the meantime is not overwritten either."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as stream:
        stream.write(content)
        if executable:
            # As far as the user's own umask lets others read it.
            mode = os.fstat(stream.fileno()).st_mode
            os.fchmod(stream.fileno(), mode | (mode & 0o444) >> 2)


def run(module: AnsibleModule) -> dict[str, object]:
    """Compare, write what lacks, and return the task's result."""
    directory = Path(os.path.abspath(module.params["directory"]))
    files: dict[str, str] = {str(path): str(content) for path, content in module.params["files"].items()}
    executable: list[str] = module.params["executable"]
    mistakes = wrong(files, executable)
    if mistakes:
        return {"failed": True, "msg": "\n".join(["files cannot be written like this:", *mistakes])}
    contents = {path: content.encode() for path, content in sorted(files.items())}
    conflicts = [reason for path, content in contents.items() if (reason := obstacle(directory, path, content))]
    if conflicts:
        words = f"Nothing was written to {directory}, because nothing is overwritten. Move away or choose another directory:"
        return {"failed": True, "conflicts": conflicts, "msg": "\n".join([words, *conflicts])}
    lacking = [path for path in contents if not (directory / path).exists()]
    if not module.check_mode:
        for path in lacking:
            write(directory / path, contents[path], path in executable)
    return {
        "changed": bool(lacking),
        "written": lacking,
        "kept": [path for path in contents if path not in lacking],
        "diff": [{"before": "", "after": files[path], "after_header": str(directory / path)} for path in lacking],
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "files": {"type": "dict", "required": True},
            "executable": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except OSError as error:
        module.fail_json(msg=f"{error.filename} cannot be written or read: {error.strerror}.")
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
