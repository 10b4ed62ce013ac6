# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import dataclasses
import re

from .constraints import satisfies
from .diagnostics import Diagnostic
from .places import Texts, declared_at, mentioned_at

_DOCS = "https://developer.hashicorp.com/packer/docs/templates"
_HCL_FUNCTIONS = f"{_DOCS}/hcl_templates/functions"
_LEGACY_FUNCTIONS = f"{_DOCS}/legacy_json_templates/engine"
# What took the place of functions, and of legacy functions in HCL.
_HCL_INSTEAD = {
    "clean_ami_name": 'regex_replace(NAME, "[^a-zA-Z0-9()./_-]", "-")',
    "clean_image_name": 'regex_replace(NAME, "[^a-zA-Z0-9-]", "-")',
    "clean_resource_name": 'regex_replace(NAME, "[^a-zA-Z0-9-]", "-")',
    "env": 'env("NAME") in the default of a variable, and var.NAME here',
    "isotime": 'formatdate("YYYYMMDDhhmmss", timestamp()), or legacy_isotime',
    "strftime": 'formatdate("YYYYMMDDhhmmss", timestamp()), or legacy_strftime',
    "template_dir": "path.root",
    "user": "var.NAME",
    "uuid": "uuidv4()",
}
_LEGACY_INSTEAD = {
    "clean_ami_name": "clean_resource_name",
    "clean_image_name": "clean_resource_name",
}
# Parts that came with Packer once, or that many templates use: how they begin, and the plugin that has them now.
_PLUGINS = {
    "alicloud": "github.com/hashicorp/alicloud",
    "amazon": "github.com/hashicorp/amazon",
    "ansible": "github.com/hashicorp/ansible",
    "arm": "github.com/hashicorp/azure",
    "azure": "github.com/hashicorp/azure",
    "chef": "github.com/hashicorp/chef",
    "digitalocean": "github.com/digitalocean/digitalocean",
    "docker": "github.com/hashicorp/docker",
    "googlecompute": "github.com/hashicorp/googlecompute",
    "goss": "github.com/YaleUniversity/goss",
    "hcloud": "github.com/hetznercloud/hcloud",
    "hyperv": "github.com/hashicorp/hyperv",
    "inspec": "github.com/hashicorp/inspec",
    "lxd": "github.com/hashicorp/lxd",
    "openstack": "github.com/hashicorp/openstack",
    "parallels": "github.com/parallels/parallels",
    "proxmox": "github.com/hashicorp/proxmox",
    "puppet": "github.com/hashicorp/puppet",
    "qemu": "github.com/hashicorp/qemu",
    "salt": "github.com/hashicorp/salt",
    "vagrant": "github.com/hashicorp/vagrant",
    "virtualbox": "github.com/hashicorp/virtualbox",
    "vmware": "github.com/hashicorp/vmware",
    "vsphere": "github.com/hashicorp/vsphere",
    "windows-update": "github.com/rgl/windows-update",
}
_LEGACY_KEYS = (
    "builders, description, error-cleanup-provisioner, min_packer_version, post-processors, provisioners,"
    " sensitive-variables, variables"
)
_NO_IMAGE = (
    "Correct owner, name or Region. A local cloud has Debian 12 and 13 as Debian's account publishes them, what the file"
    " GOLDEN_CLOUD_IMAGES names (role golden.ami.local_cloud), and what was built on it."
)
# What AWS says of a call in a build, and of no template: the first that is found counts.
_CALLS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"No AMI was found matching filters"), _NO_IMAGE),
    (
        re.compile(r"\bRequestExpired\b"),
        "The credentials have expired: get new ones, that last as long as a build; or this machine's clock is wrong: set it",
    ),
    (
        re.compile(r"\bExpiredToken(Exception)?\b"),
        "The credentials have expired: get new ones, that last as long as a build",
    ),
    (
        re.compile(r"\b(RequestLimitExceeded|Throttling(Exception)?|RequestThrottled)\b"),
        "AWS refuses calls that come too fast, and Packer has repeated it: build again later, or fewer images at a time",
    ),
    (
        re.compile(r"\bInsufficient(Instance|Host|ReservedInstance)?Capacity\b"),
        "EC2 has no room for it there now: give more instance types or subnets (placements), or build again later",
    ),
    (
        re.compile(r"exceeded max wait time for|Error waiting for AMI: .*context deadline exceeded"),
        "Packer does not wait longer than aws_polling in the source says, or AWS_MAX_ATTEMPTS times AWS_POLL_DELAY_SECONDS"
        " in its environment; without them 30 minutes for an AMI",
    ),
)
_GIVE = "in 'variables' or 'var_files' of image.yml, or in golden_variables"


@dataclasses.dataclass(frozen=True)
class Known:
    """What a remedy can name: the template's files, and the versions of each plugin that is here."""

    template: str
    hcl: bool
    texts: Texts = dataclasses.field(default_factory=dict)
    installed: c.Mapping[str, c.Sequence[str]] = dataclasses.field(default_factory=dict)
    constraints: c.Mapping[str, str] = dataclasses.field(default_factory=dict)

    def declared(self, name: str) -> str:
        place = declared_at(self.texts, name)
        return f"{place[0]}:{place[1]}" if place else self.template

    def fits(self, source: str, wanted: str) -> bool:
        """Whether a plugin is here in a version that fits."""
        return any(satisfies(version, wanted) for version in self.installed.get(source, ()))


def plugin_states(sources: c.Iterable[str], known: Known) -> str:
    """Each plugin with the versions that are wanted, and those that are here."""
    told = []
    for source in sources:
        wanted = known.constraints.get(source, "")
        here = known.installed.get(source)
        versions = f"here is {', '.join(here)}" if here else "not here"
        place = mentioned_at(known.texts, f'"{source}"') or known.template
        told.append(f"{source}{f' {wanted}' if wanted else ''} ({versions}; required in {place})")
    return "; ".join(told)


def get_plugins(sources: c.Iterable[str], known: Known) -> str:
    """How the plugins come here."""
    listed = list(sources)
    commands = " and ".join(f"'packer plugins install {source}'" for source in listed)
    differs = any(source in known.installed for source in listed)
    change = " Or change the version in required_plugins to one that is here." if differs and known.hcl else ""
    return (
        f"Run {commands} where there is a way to the internet, with PACKER_PLUGIN_PATH set to the directory of"
        f" packer_plugin_path; or pin it in the lock file of the role golden.ami.packer (packer.lock.json).{change}"
    )


def _unset(found: re.Match[str], known: Known) -> str:
    name = found["name"] or found["legacy"]
    environment = f", or as PKR_VAR_{name} in the environment" if known.hcl else ""
    return (
        f"Give {name} a value {_GIVE}{environment}; or give it a default where it is declared ({known.declared(name)})."
    )


def _wrong_type(found: re.Match[str], known: Known) -> str:
    name = found["name"]
    return f"Give {name} a value of the type that {known.declared(name)} declares, or correct the type there."


def _unknown_function(found: re.Match[str], known: Known) -> str:
    name = found["hcl"] or found["legacy"]
    instead = (_HCL_INSTEAD if known.hcl else _LEGACY_INSTEAD).get(name)
    if instead:
        return f"This Packer has no {name}: use {instead}."
    functions = _HCL_FUNCTIONS if known.hcl else _LEGACY_FUNCTIONS
    return f"Use one of the functions that this Packer has: {functions}."


def _missing_plugins(_found: re.Match[str], known: Known) -> str:
    lacking = [source for source, wanted in known.constraints.items() if not known.fits(source, wanted)]
    return f"Needed: {plugin_states(lacking, known)}. {get_plugins(lacking, known)}"


def _unknown_component(found: re.Match[str], known: Known) -> str:
    name = found["name"]
    source = next(
        (plugin for prefix, plugin in _PLUGINS.items() if name == prefix or name.startswith(f"{prefix}-")), ""
    )
    have = ", ".join(f"{plugin} {versions[0]}" for plugin, versions in known.installed.items() if versions) or "none"
    if not source:
        return f"Correct the name, or install the plugin that has it ('packer plugins install SOURCE'). Here: {have}."
    required = f" Name {source} in required_plugins." if known.hcl else ""
    return f"It is part of the plugin {source}. {get_plugins([source], known)}{required} Plugins that are here: {have}."


def _packer_version(_found: re.Match[str], _known: Known) -> str:
    return (
        "Use a Packer that fits (packer_executable; the role golden.ami.packer brings the one that its lock file pins),"
        " or change required_version (min_packer_version in JSON)."
    )


def _said(text: str) -> c.Callable[[re.Match[str], Known], str]:
    return lambda _found, _known: text


_Rule = tuple[re.Pattern[str], c.Callable[[re.Match[str], Known], str]]
_RULES: tuple[_Rule, ...] = (
    (re.compile(r'Unset variable "(?P<name>[^"]+)"|required variable not set: (?P<legacy>\S+)'), _unset),
    (re.compile(r"The value for (?P<name>[\w-]+) is not compatible"), _wrong_type),
    (
        re.compile(r'There is no function named "(?P<hcl>\w+)"|function "(?P<legacy>\w+)" not defined'),
        _unknown_function,
    ),
    (re.compile(r"The following plugins are required, but not installed"), _missing_plugins),
    (re.compile(r"The [\w -]*?(?P<name>[\w-]+) is unknown by Packer"), _unknown_component),
    (re.compile(r"Unsupported Packer Core version|requires Packer version \S+ or higher"), _packer_version),
    (re.compile(r"No AMI was found matching filters"), _said(_NO_IMAGE)),
    (
        re.compile(r"Could not guess format of"),
        _said(
            "Variable files are HCL (*.pkrvars.hcl) or JSON (*.pkrvars.json): write it as one of them, and name it so."
        ),
    ),
    (re.compile(r'The configuration file "[^"]+" could not be read'), _said("Correct the path in var_files.")),
    (
        re.compile(r"Error reading variables in"),
        _said("The variable files of a legacy template are JSON: an object of names and strings."),
    ),
    (
        re.compile(r"env vars are not allowed here"),
        _said("The environment can be read in 'variables' only: read it there, and use {{user `NAME`}} here."),
    ),
    (re.compile(r"Unknown root level key"), _said(f"A legacy template has {_LEGACY_KEYS}; correct the name.")),
    (re.compile(r"missing in template"), _said("Declare it, or correct the name.")),
    (re.compile(r"does not have an attribute named"), _said("Declare it, or correct the name.")),
    (
        re.compile(r"no file exists at"),
        _said("Correct the path: a relative one starts where Packer runs (chdir), ${path.root} where the template is."),
    ),
)


def remedy(diagnostic: Diagnostic, known: Known) -> str:
    """A sentence about what can be done against an error."""
    said = " ".join(f"{diagnostic.summary} {diagnostic.detail}".split())
    for pattern, tell in _RULES:
        found = pattern.search(said)
        if found:
            return tell(found, known)
    return "Correct it there." if diagnostic.file else f"Correct it in {known.template}."


def build_remedy(text: str) -> str:
    """The same for what only shows in a build; empty when there is none."""
    return next((said for pattern, said in _CALLS if pattern.search(text)), "")
