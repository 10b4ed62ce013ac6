# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is inside the toolkit is told by the image: as a table, and as a bill of materials that fits its schema."""

from __future__ import annotations

import json
import re
import shutil
import sys
import typing as t
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[4]
sys.path[:0] = [str(CHECKOUT / "roles" / one / "files") for one in ("toolkit", "packer")]

from golden_toolkit import __main__ as door
from golden_toolkit import contents, inside
from golden_toolkit.engine import Engine
from golden_toolkit.parts import ToolkitError

REFERENCE = "localhost/golden.ami/toolkit:0123456789ab"
MODULES = [
    {"path": "github.com/aws/aws-sdk-go-v2", "version": "v1.2.3"},
    {"path": "golang.org/x/sys", "version": "v0.1.0"},
]
TOLD: dict[str, t.Any] = {
    "system": {"ID": "debian", "VERSION_ID": "13", "PRETTY_NAME": "Debian GNU/Linux 13 (trixie)"},
    "programs": {"packer": "1.16.0", "task": "3.54.0", "aws": "2.23.6"},
    "plugins": [{"name": "amazon", "version": "1.8.2"}],
    "collections": [{"name": "amazon.aws", "version": "11.4.0"}, {"name": "acme.other", "version": "1.0.0"}],
    "debian": [
        {"name": "git", "version": "1:2.47.3-0+deb13u1", "architecture": "amd64", "source": "git"},
        {"name": "libc6", "version": "2.41-12", "architecture": "amd64", "source": "glibc"},
    ],
    "python": [
        {"environment": "/opt/x", "name": "pytest-testinfra", "version": "10.2"},
        {"environment": "/opt/x", "name": "Ruamel.YAML", "version": "0.18"},
        {"environment": "/usr/lib", "name": "Ruamel.YAML", "version": "0.18"},
    ],
    "go": [
        {
            "file": "/c/packer/bin/packer",
            "go": "go1.26",
            "path": "p",
            "main": {"path": "p", "version": ""},
            "modules": MODULES,
        },
        {"file": "/c/goss/bin/goss", "go": "go1.26", "path": "g", "main": None, "modules": []},
    ],
}


def test_the_table_says_what_people_ask_for() -> None:
    rows = [re.split(r" {2,}", line) for line in contents.versions(REFERENCE, TOLD).splitlines() if line]
    said = {row[0]: row[1] for row in rows if len(row) == 2}
    assert said["packer"] == "1.16.0"
    assert said["packer plugin amazon"] == "1.8.2"
    assert said["amazon.aws"] == "11.4.0"
    assert said["pytest-testinfra"] == "10.2"
    assert "acme.other" not in said
    assert rows[-1] == ["In all 2 Debian packages, 3 Python distributions, 2 collections, 2 Go programs."]


def test_the_bill_of_materials_fits_the_schema() -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    validator = JsonStrictValidator(SchemaVersion.V1_6)
    document = contents.sbom(REFERENCE, TOLD)
    found = validator.validate_str(json.dumps(document))
    assert found is None, str(found)[:300]
    assert validator.validate_str(json.dumps({**document, "specVersion": 1})) is not None, "the check finds nothing"


def test_the_bill_of_materials_names_each_thing_once_and_how_it_hangs_together() -> None:
    document = contents.sbom(REFERENCE, TOLD)
    names = [one["bom-ref"] for one in document["components"]]
    assert names == sorted(set(names))
    assert "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13&upstream=glibc" in names
    assert "pkg:deb/debian/git@1:2.47.3-0%2Bdeb13u1?arch=amd64&distro=debian-13" in names
    assert "pkg:pypi/ruamel-yaml@0.18" in names
    assert "pkg:golang/github.com/aws/aws-sdk-go-v2@v1.2.3" in names
    known = {*names, document["metadata"]["component"]["bom-ref"]}
    for one in document["dependencies"]:
        assert {one["ref"], *one["dependsOn"]} <= known
    by_ref = {one["ref"]: one["dependsOn"] for one in document["dependencies"]}
    assert by_ref["file:/c/packer/bin/packer"] == [
        "pkg:golang/github.com/aws/aws-sdk-go-v2@v1.2.3",
        "pkg:golang/golang.org/x/sys@v0.1.0",
    ]


def test_the_same_image_has_the_same_bill_of_materials() -> None:
    first = contents.sbom(REFERENCE, TOLD)
    assert first == contents.sbom(REFERENCE, json.loads(json.dumps(TOLD)))
    assert first["serialNumber"] != contents.sbom(REFERENCE, {**TOLD, "go": []})["serialNumber"]


def written(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def program(information: str, flags: int = 2, before: bytes = b"") -> bytes:
    """A Go program, as far as its build information goes."""
    version, marked = b"go1.26.1", b"<" * 16 + information.encode() + b">" * 16
    head = b"\xff Go buildinf:" + bytes([8, flags])
    body = written(len(version)) + version + written(len(marked)) + marked
    padding = b"\0" * (-len(before) % 16)
    return before + padding + head + b"\0" * 16 + body + b"rest"


INFORMATION = (
    "path\tgithub.com/hashicorp/packer\nmod\texample.com/golden\t(devel)\t\n"
    "dep\tgithub.com/zclconf/go-cty\tv1.14.0\th1:x=\n=>\tgithub.com/nywilken/go-cty\tv1.13.3\th1:y=\n"
    "dep\tgolang.org/x/sys\tv0.1.0\th1:z=\nbuild\t-trimpath=true\n"
)


@pytest.mark.parametrize("before", [b"", b"ELF", b"looks for \xff Go buildinf: itself", b"x" * 1000])
def test_a_go_program_tells_its_modules(before: bytes) -> None:
    found = inside.go_build(program(INFORMATION + "dep\tlong\t" + "v" * 300, before=before))
    assert found is not None
    assert (found["go"], found["path"]) == ("go1.26.1", "github.com/hashicorp/packer")
    assert found["main"] == {"path": "example.com/golden", "version": "(devel)"}
    assert found["modules"] == [
        {"path": "github.com/nywilken/go-cty", "version": "v1.13.3"},
        {"path": "golang.org/x/sys", "version": "v0.1.0"},
        {"path": "long", "version": "v" * 300},
    ]


@pytest.mark.parametrize("data", [b"", b"\x7fELF and no more", program(INFORMATION, flags=0), b"\xff Go buildinf:"])
def test_another_program_tells_none(data: bytes) -> None:
    assert inside.go_build(data) is None


def test_this_machine_s_task_tells_its_modules() -> None:
    task = shutil.which("task")
    assert task
    found = inside.programs((task,))
    assert [one["path"] for one in found] == ["github.com/go-task/task/v3/cmd/task"]
    modules = t.cast("list[dict[str, str]]", found[0]["modules"])
    assert any(one["path"] == "mvdan.cc/sh/v3" for one in modules)


def test_python_and_collections_and_plugins_are_found_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "x-1.dist-info").mkdir()
    (tmp_path / "x-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: x\nVersion: 1\n")
    assert inside.distributions((str(tmp_path),)) == [{"environment": str(tmp_path), "name": "x", "version": "1"}]
    manifest = tmp_path / "MANIFEST.json"
    manifest.write_text('{"collection_info": {"namespace": "amazon", "name": "aws", "version": "11.4.0"}}')
    assert inside.collections(str(manifest)) == [{"name": "amazon.aws", "version": "11.4.0"}]
    for name in (
        "packer-plugin-amazon_v1.8.2_x5.0_linux_amd64",
        "packer-plugin-amazon_v1.8.2_x5.0_linux_amd64_SHA256SUM",
        "x",
    ):
        (tmp_path / name).touch()
    assert inside.plugins((str(tmp_path / "*"),)) == [{"name": "amazon", "version": "1.8.2"}]


def test_the_image_is_asked_with_nothing_of_the_host_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "podman").write_text(
        f'#!/bin/sh\ncase $1 in image) exit 0 ;; esac\necho "$*" >{tmp_path}/argv\ncat >{tmp_path}/stdin\ncat {tmp_path}/told\n'
    )
    (tmp_path / "podman").chmod(0o755)
    (tmp_path / "told").write_text(json.dumps(TOLD))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("GOLDEN_TOOLKIT", raising=False)
    assert door.main(["--engine=podman", "versions"]) == 0
    assert "1.16.0" in capsys.readouterr().out
    argv = (tmp_path / "argv").read_text()
    assert "--network none" in argv
    assert "--volume" not in argv
    assert (tmp_path / "stdin").read_bytes() == contents.INSIDE.read_bytes()
    assert door.main(["--engine=podman", "sbom", str(tmp_path / "deep" / "sbom.json")]) == 0
    assert json.loads((tmp_path / "deep" / "sbom.json").read_text())["bomFormat"] == "CycloneDX"
    (tmp_path / "told").write_text("no JSON")
    assert door.main(["--engine=podman", "versions"]) == 1
    assert "something else than JSON" in capsys.readouterr().err


def test_an_image_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "podman").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "podman").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(ToolkitError, match="toolkit:build"):
        contents.ask(Engine("podman", ""), REFERENCE)


def test_in_the_toolkit_commands_run_where_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called: list[list[str]] = []

    def become(_file: str, argv: list[str]) -> t.NoReturn:
        called.append(argv)
        raise SystemExit(0)

    monkeypatch.setenv("GOLDEN_TOOLKIT", "/opt/golden.ami")
    monkeypatch.setattr("os.execvp", become)
    assert door.main(["look"]) == 0
    with pytest.raises(SystemExit):
        door.main(["run", "--", "./taskw", "build", "IMAGE=apache", "--", "-v"])
    assert called == [["./taskw", "build", "IMAGE=apache", "--", "-v"]]
