# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Which AMIs a template finds by itself: a build of nothing asks Packer, in a copy of the template."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import json
import pathlib
import re
import shutil
import typing as t

# AnsibleAWSModule.warn hands warnings on in a way that ansible-core calls deprecated.
from ansible.module_utils.common.warnings import warn

from . import checks, hcl
from .argv import Selection, probe_argv, upgrade_argv
from .bases import Base
from .copies import rooted, with_template_dir, write_copy
from .declarations import listed
from .diagnostics import Diagnostic, describe_errors, parse_diagnostics
from .errors import PackerError
from .process import AncestorWatch, SignalTrap
from .settings import JsonSettings, NativeSettings
from .sources import Source
from .state import make_private, write_private
from .template import File, Template, load_template
from .workspace import Workspace

_AMI = re.compile(r"ami-[0-9a-f]+")
_NAME = "golden_probe"
_FILE = f"{_NAME}.pkr.hcl"
_LEGACY = f"{_NAME}_legacy"
_TIMEOUT = 300.0
# What decides how a source reaches AWS; its data source has to go the same way.
_ACCESS = (
    "region",
    "profile",
    "access_key",
    "secret_key",
    "token",
    "assume_role",
    "vault_aws_engine",
    "custom_endpoint_ec2",
    "shared_credentials_file",
    "skip_credential_validation",
    "skip_metadata_api_check",
    "insecure_skip_tls_verify",
    "max_retries",
    "mfa_code",
    "decode_authorization_messages",
)
_BASE = ("source_ami", "source_ami_filter")
# AWS answered, and the build would get the same answer.
_ANSWERED = re.compile(
    r"No AMI was found|returned more than one result|UnauthorizedOperation|not authorized to perform|AuthFailure"
    r"|validating provider credentials|no valid credential sources|ExpiredToken|InvalidAMIID"
)
_USER = re.compile(r"\buser\s+[`\"']([^`\"']+)[`\"']")


@dataclasses.dataclass(frozen=True)
class _Question:
    """What sources with the same settings start from. C(number) is in the names of what asks for it."""

    number: int
    source: Source
    asked_by: list[str]

    @property
    def name(self) -> str:
        return f"{_NAME}_{self.number}"

    @property
    def answer(self) -> str:
        """The expression of the AMI's id. A filter counts when the id is empty."""
        local, data = f"local.{self.name}", f"data.amazon-ami.{self.name}.id"
        settings = self.source.settings
        if settings.has("source_ami") and settings.has("source_ami_filter"):
            return f"coalesce({local}, {data})"
        return local if settings.has("source_ami") else data


def _signature(source: Source) -> str:
    names = (*_ACCESS, *_BASE)
    if isinstance(source.settings, NativeSettings):
        return source.settings.text(names)
    return json.dumps(t.cast("JsonSettings", source.settings).content(names), sort_keys=True)


def _questions(sources: c.Iterable[Source]) -> list[_Question]:
    asked: dict[str, _Question] = {}
    for source in sources:
        if source.from_ami and any(source.settings.has(name) for name in _BASE):
            question = asked.setdefault(_signature(source), _Question(len(asked), source, []))
            question.asked_by.append(source.name or f"{source.kind}.{source.label}")
    return list(asked.values())


def _silent(sources: c.Iterable[Source]) -> Source | None:
    """A source that starts from an AMI, and says only to Packer from which: in a dynamic block."""
    for source in sources:
        says = any(source.settings.has(name) for name in (*_BASE, "from_scratch"))
        if source.from_ami and not says:
            return source
    return None


def plain_base(sources: c.Sequence[Source], variables: c.Mapping[str, t.Any]) -> dict[str, str] | None:
    """The bases of sources that name them in so many words, or by a variable that is given; None when one does not."""
    found: dict[str, str] = {}
    if _silent(sources):
        return None
    for question in _questions(sources):
        settings = question.source.settings
        value = settings.plain("source_ami") or variables.get(settings.variable("source_ami") or "")
        if not isinstance(value, str) or not _AMI.fullmatch(value):
            return None
        found.update(dict.fromkeys(question.asked_by, value))
    return found


def _data_block(question: _Question) -> str:
    settings = question.source.settings
    found = settings.block("source_ami_filter")
    if not isinstance(settings, NativeSettings) or not isinstance(found, NativeSettings):
        return ""
    return f'data "amazon-ami" "{question.name}" {{\n{settings.text(_ACCESS)}\n{found.text()}\n}}'


def _native_questions(questions: c.Iterable[_Question]) -> str:
    parts: list[str] = []
    for question in questions:
        settings = question.source.settings
        if isinstance(settings, NativeSettings):
            if settings.has("source_ami"):
                parts.append(f"locals {{\n{question.name} = {settings.expression('source_ami')}\n}}")
            parts.append(_data_block(question))
    return "\n".join(part for part in parts if part)


def _json_questions(questions: c.Iterable[_Question]) -> dict[str, t.Any]:
    content: dict[str, t.Any] = {}
    for question in questions:
        settings = question.source.settings
        if isinstance(settings, JsonSettings):
            found = settings.block("source_ami_filter")
            if settings.has("source_ami"):
                content.setdefault("locals", {})[question.name] = settings.value("source_ami")
            if found:
                data = content.setdefault("data", {}).setdefault("amazon-ami", {})
                data[question.name] = {**settings.content(_ACCESS), **found.content()}
    return content


def _build(questions: c.Iterable[_Question], manifest: pathlib.Path) -> str:
    answers = "\n".join(f'"{question.number}" = {question.answer}' for question in questions)
    return (
        f'source "null" "{_NAME}" {{\ncommunicator = "none"\n}}\n'
        f'build {{\nname = "{_NAME}"\nsources = ["source.null.{_NAME}"]\n'
        f'post-processor "manifest" {{\noutput = {hcl.quote(str(manifest))}\nstrip_path = true\n'
        f"custom_data = {{\n{answers}\n}}\n}}\n}}\n"
    )


def _without_builds(file: File) -> str:
    return hcl.apply(file.text, [hcl.blanked(file.text, block) for block in file.body.of_kind("build")])


def _json_without_builds(file: File) -> dict[str, t.Any]:
    return {name: value for name, value in (file.content or {}).items() if name != "build"}


def write_probe(
    template: Template, questions: list[_Question], root: pathlib.Path, manifest: pathlib.Path
) -> pathlib.Path:
    """Write a copy of an HCL template that builds nothing, and writes the answers to questions into a manifest.

    Returns the directory in the shadow tree below C(root) that Packer is to run.
    """
    directory = write_copy(template, root, _without_builds, _json_without_builds, as_directory=True)
    original = str(template.directory)
    native = hcl.replace_path_root(_native_questions(questions), original)
    write_private(directory / _FILE, f"{native}\n{_build(questions, manifest)}")
    from_json = _json_questions(questions)
    if from_json:
        write_private(directory / f"{_NAME}.pkr.json", json.dumps(rooted(from_json, original), indent=2))
    return directory


def read_answers(text: str | bytes, questions: c.Iterable[_Question]) -> dict[str, str]:
    """The AMIs by source, from the text of the probe's manifest; only those that are ids of AMIs."""
    try:
        builds = json.loads(text)["builds"]
        answers = {str(k): str(v) for build in builds for k, v in (build.get("custom_data") or {}).items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {
        name: answers[str(question.number)]
        for question in questions
        for name in question.asked_by
        if _AMI.fullmatch(answers.get(str(question.number), ""))
    }


def _texts(value: t.Any) -> c.Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _used_variables(value: t.Any, variables: dict[str, t.Any]) -> dict[str, t.Any]:
    """The variables that a legacy value uses, and those that they use."""
    used: dict[str, t.Any] = {}
    names = {name for text in _texts(value) for name in _USER.findall(text)}
    while names:
        name = names.pop()
        if name in variables and name not in used:
            used[name] = variables[name]
            names.update(found for text in _texts(variables[name]) for found in _USER.findall(text))
    return used


def reduced_legacy(template: Template, questions: c.Iterable[_Question]) -> dict[str, t.Any]:
    """A legacy template with no more in it than where its builders begin: much of the rest cannot be turned into HCL."""
    builders = []
    for question in questions:
        settings = t.cast("JsonSettings", question.source.settings).content((*_ACCESS, *_BASE))
        for found in listed(settings.get("source_ami_filter")):
            # Legacy templates may have a text where HCL wants a list.
            if isinstance(found.get("owners"), str):
                found["owners"] = found["owners"].split(",")
        builders.append({"type": "amazon-ebs", "name": question.name, **settings})
    legacy = template.legacy or {}
    content = {"variables": _used_variables(builders, legacy.get("variables") or {}), "builders": builders}
    hidden = [name for name in template.sensitive if name in content["variables"]]
    return {**content, "sensitive-variables": hidden} if hidden else content


class Probe:
    """Finds out which AMIs the sources of a template start from."""

    def __init__(self, workspace: Workspace, trap: SignalTrap, watch: AncestorWatch) -> None:
        self._workspace = workspace
        self._directory = workspace.path
        self._trap = trap
        self._watch = watch

    def find(self, sources: list[Source], selection: Selection, refuse_invalid: c.Callable[[], None]) -> Base:
        """The base of these sources. Why it is not known is told as a warning, or, when no build can succeed, raised.

        C(selection) has the variable files, and C(refuse_invalid) raises when the user's template is not valid.
        """
        questions = _questions(sources)
        silent = _silent(sources)
        if silent:
            return self._unknown(f"{silent.title} has neither source_ami nor source_ami_filter in so many words.")
        try:
            code, raw = self._ask(questions, selection)
        except _NotPossible as error:
            refuse_invalid()
            return self._unknown(str(error))
        manifest = self._manifest
        found = read_answers(manifest.read_bytes(), questions) if manifest.exists() else {}
        if code == 0 and all(name in found for question in questions for name in question.asked_by):
            return Base(found=found)
        refuse_invalid()
        errors = self._errors(raw, questions)
        if code != 0 and _ANSWERED.search(raw):
            raise PackerError(f"The base image cannot be found: {describe_errors(errors)}", raw=raw)
        return self._unknown(describe_errors(errors[:1]) or "Packer did not say")

    @property
    def _manifest(self) -> pathlib.Path:
        return self._workspace.path / f"{_NAME}.json"

    def _unknown(self, why: str) -> Base:
        warn(
            f"Which base image the template {self._workspace.template.path} finds could not be asked beforehand, so it"
            f" counts as changed: {why}"
        )
        return Base(known=False)

    def _ask(self, questions: list[_Question], selection: Selection) -> tuple[int, str]:
        self._forget()
        root = self._workspace.path / _NAME
        template = self._workspace.template
        if template.legacy is not None:
            self._directory = self._upgrade(questions, root)
        else:
            self._directory = write_probe(template, questions, root, self._manifest)
            self._workspace.note_copy(root)
        only = Selection(str(self._directory), selection.var_files, only=(f"{_NAME}.*",))
        argv = probe_argv(self._workspace.executable, only)
        return self._run(argv)

    def _forget(self) -> None:
        """Another probe of this run may have asked before."""
        self._manifest.unlink(missing_ok=True)
        for name in (_NAME, _LEGACY):
            shutil.rmtree(self._workspace.path / name, ignore_errors=True)

    def _run(self, argv: list[str]) -> tuple[int, str]:
        timeout = min(self._workspace.options.timeout or _TIMEOUT, _TIMEOUT)
        return checks.run_check(self._workspace, argv, timeout, self._trap, self._watch)

    def _upgrade(self, questions: list[_Question], root: pathlib.Path) -> pathlib.Path:
        """Turn a legacy template into HCL, and its builders into questions."""
        template = self._workspace.template
        before = make_private(self._workspace.path / _LEGACY)
        text = json.dumps(reduced_legacy(template, questions))
        write_private(before / "legacy.json", with_template_dir(text, template))
        upgraded = before / "upgraded.pkr.hcl"
        code, raw = self._run(upgrade_argv(self._workspace.executable, str(before / "legacy.json"), str(upgraded)))
        if code != 0 or not upgraded.exists():
            raise _NotPossible(f"'packer hcl2_upgrade' failed: {' '.join(raw.split())}")
        turned = load_template(str(upgraded))
        blocks = {block.labels[1]: block for file in turned.parsed for block in file.body.of_kind("source")}
        new = [
            dataclasses.replace(
                question,
                source=dataclasses.replace(question.source, settings=NativeSettings((blocks[question.name].body,))),
            )
            for question in questions
            if question.name in blocks
        ]
        return write_probe(turned, new, root, self._manifest)

    def _errors(self, raw: str, questions: list[_Question]) -> list[Diagnostic]:
        """What Packer said, of the user's template instead of ours."""
        found = parse_diagnostics(self._workspace.original(raw))
        errors = [one for one in found if one.severity == "error"]
        return checks.explain(self._workspace, [self._placed(one, questions) for one in errors])

    def _placed(self, error: Diagnostic, questions: list[_Question]) -> Diagnostic:
        """With the place of the source that a question is about; of a legacy template only the file is known."""
        if self._workspace.template.legacy is not None:
            return dataclasses.replace(error, file=str(self._workspace.template.path), line=None)
        if not error.file or pathlib.PurePath(error.file).name != _FILE or not error.line:
            return error
        text = (self._directory / _FILE).read_text(encoding="utf-8")
        name = _asked_at(text, error.line)
        question = next((one for one in questions if one.name == name), None)
        if question is None:
            return error
        file, _unused, line = question.source.where.rpartition(":")
        source = f'source "{question.source.kind}" "{question.source.label}"'
        return dataclasses.replace(error, file=file, line=int(line), summary=f"{source}: {error.summary}")


def _asked_at(text: str, line: int) -> str:
    """The name of the question in whose block of the probe a line is."""
    for block in hcl.parse(text).blocks:
        if block.line <= line <= block.line + block.inner(text).count("\n"):
            return block.labels[-1] if block.labels else "".join(one.name for one in block.body.attributes)
    return ""


class _NotPossible(Exception):
    """That our way of asking does not work for this template."""
