# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates: read, checked for what there is here, and resolved. Nothing here knows of a backend."""

from __future__ import annotations

import base64
import graphlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml  # type: ignore[import-untyped,unused-ignore]

from golden_cloud.api.errors import CloudError, UnsupportedOption

SSM_STRING = "AWS::SSM::Parameter::Value<String>"
SSM_IMAGE = "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"
TYPES = ("String", "Number", SSM_STRING, SSM_IMAGE)
SECTIONS = {"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Resources", "Outputs"}
TEMPLATE, INSTANCE = "AWS::EC2::LaunchTemplate", "AWS::EC2::Instance"
PROPERTIES = {
    TEMPLATE: {"LaunchTemplateName", "LaunchTemplateData", "TagSpecifications", "VersionDescription"},
    INSTANCE: {
        "AvailabilityZone",
        "EbsOptimized",
        "IamInstanceProfile",
        "ImageId",
        "InstanceType",
        "KeyName",
        "LaunchTemplate",
        "Monitoring",
        "SecurityGroupIds",
        "SecurityGroups",
        "SubnetId",
        "Tags",
        "UserData",
    },
}
ATTRIBUTES = {
    TEMPLATE: {"DefaultVersionNumber", "LatestVersionNumber", "LaunchTemplateId"},
    INSTANCE: {"AvailabilityZone", "InstanceId", "PrivateDnsName", "PrivateIp", "PublicDnsName", "PublicIp", "VpcId"},
}
_OF_PARAMETERS = {"Type", "Default", "Description", "AllowedValues", "AllowedPattern", "ConstraintDescription"}
_OF_RESOURCES = {"Type", "Properties", "DependsOn", "DeletionPolicy", "Metadata"}
_OF_OUTPUTS = {"Value", "Description"}
_FUNCTIONS = {"Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::Base64"}
_NAME = re.compile(r"[A-Za-z0-9]{1,255}")
_HOLE = re.compile(r"\$\{(!?)([A-Za-z0-9:.]+)\}")
NO_VALUE = "AWS::NoValue"
PSEUDO = {
    "AWS::AccountId",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
    NO_VALUE,
}


def invalid(text: str) -> CloudError:
    return CloudError("ValidationError", text)


class _Loader(yaml.SafeLoader):
    """With the short forms of functions, and a date as the text that it is."""


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _function(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _function)


@dataclass(frozen=True)
class Resource:
    name: str
    kind: str
    properties: dict[str, Any]
    needs: frozenset[str]


@dataclass(frozen=True)
class Template:
    """What a stack is made of; its resources in the order in which they are made."""

    parameters: dict[str, dict[str, Any]]
    resources: tuple[Resource, ...]
    outputs: dict[str, dict[str, Any]]
    description: str | None


@dataclass
class Scope:
    """What names mean: parameters and pseudo parameters, and what resources are once they are there."""

    values: dict[str, Any]
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)


def read(text: str) -> Template:
    """The template of a body in YAML or JSON; ``CloudError`` for what is wrong, and for what is not here."""
    try:
        document = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise invalid(f"Template format error: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict) or not document["Resources"]:
        raise invalid("Template format error: At least one Resources member must be defined.")
    _only(document, SECTIONS, "TemplateBody")
    parameters, outputs = _section(document, "Parameters"), _section(document, "Outputs")
    for name, one in parameters.items():
        _check_parameter(name, one)
    for name, one in outputs.items():
        _only(one, _OF_OUTPUTS, f"Outputs.{name}")
    kinds = {name: one.get("Type") for name, one in _section(document, "Resources").items()}
    made = [_resource(name, one, kinds, parameters) for name, one in document["Resources"].items()]
    for name, one in outputs.items():
        _check_names(one.get("Value"), f"Outputs.{name}", kinds, parameters)
    return Template(parameters, _ordered(made), outputs, document.get("Description"))


def _section(document: dict[str, Any], name: str) -> dict[str, Any]:
    section = document.get(name) or {}
    if not isinstance(section, dict) or not all(isinstance(one, dict) for one in section.values()):
        raise invalid(f"Template format error: {name} must be a mapping of mappings.")
    wrong = [one for one in section if not _NAME.fullmatch(str(one))]
    if wrong:
        raise invalid(f"Template format error: {name} name {wrong[0]} is non alphanumeric.")
    return section


def _only(given: Mapping[str, Any], known: set[str], where: str) -> None:
    extra = sorted(str(name) for name in given if name not in known)
    if extra:
        raise UnsupportedOption("CreateStack", f"{where}.{extra[0]}")


def _check_parameter(name: str, one: dict[str, Any]) -> None:
    _only(one, _OF_PARAMETERS, f"Parameters.{name}")
    if one.get("Type") not in TYPES:
        raise UnsupportedOption(
            "CreateStack", f"Parameters.{name}.Type {one.get('Type')}", f"there are {', '.join(TYPES)}"
        )


def _resource(name: str, one: dict[str, Any], kinds: dict[str, Any], parameters: dict[str, Any]) -> Resource:
    kind, properties = str(one.get("Type")), one.get("Properties") or {}
    if kind not in PROPERTIES:
        raise UnsupportedOption("CreateStack", f"Resources.{name}.Type {kind}", f"there are {', '.join(PROPERTIES)}")
    _only(one, _OF_RESOURCES, f"Resources.{name}")
    if one.get("DeletionPolicy", "Delete") != "Delete":
        raise UnsupportedOption("CreateStack", f"Resources.{name}.DeletionPolicy {one['DeletionPolicy']}")
    _only(properties, PROPERTIES[kind], f"Resources.{name}.Properties")
    needs = _check_names(properties, f"Resources.{name}", kinds, parameters)
    depends = one.get("DependsOn") or []
    depends = [depends] if isinstance(depends, str) else list(depends)
    unknown = [other for other in depends if other not in kinds]
    if unknown:
        raise invalid(f"Template format error: Unresolved resource dependencies [{unknown[0]}] in the Resources block")
    return Resource(name, kind, properties, frozenset({*needs, *depends}))


def _check_names(value: Any, where: str, kinds: dict[str, Any], parameters: dict[str, Any]) -> set[str]:
    """The resources that a value is made of; an error for a name that nothing has."""
    needs = set()
    for name, attribute in _names(value, where):
        if attribute is not None and name in kinds:
            if attribute not in ATTRIBUTES[kinds[name]]:
                raise UnsupportedOption("CreateStack", f"{where}: the attribute {attribute} of {name}")
        elif attribute is not None or name not in {*kinds, *parameters, *PSEUDO}:
            raise invalid(f"Template format error: Unresolved resource dependencies [{name}] in {where}")
        needs |= {name} & kinds.keys()
    return needs


def _names(value: Any, where: str) -> Iterator[tuple[str, str | None]]:
    """What a value refers to, and the attribute of it, if it is one."""
    if isinstance(value, list):
        for one in value:
            yield from _names(one, where)
        return
    if not isinstance(value, dict):
        return
    function = _function_of(value, where)
    if function == "Ref":
        yield str(value["Ref"]), None
    elif function == "Fn::GetAtt":
        yield _attribute(value[function], where)
    elif function == "Fn::Sub":
        text, own = _sub(value[function], where)
        yield from _names(list(own.values()), where)
        for escaped, name in _HOLE.findall(text):
            if not escaped and name not in own:
                logical, dot, attribute = name.partition(".")
                yield logical, attribute if dot else None
    else:
        yield from _names(list(value.values()), where)


def _function_of(value: dict[str, Any], where: str) -> str | None:
    """The function that a mapping is, if it is one; an error for one that is not here."""
    special = [name for name in value if name in ("Ref", "Condition") or str(name).startswith("Fn::")]
    if not special or (special == ["Condition"] and len(value) > 1):
        return None
    if len(value) > 1:
        raise invalid(f"Template format error: {special[0]} must stand alone in {where}")
    if special[0] != "Ref" and special[0] not in _FUNCTIONS:
        raise UnsupportedOption("CreateStack", f"{where}: {special[0]}")
    return special[0]


def _attribute(told: Any, where: str) -> tuple[str, str]:
    parts = told.split(".", 1) if isinstance(told, str) else told
    if not isinstance(parts, list) or len(parts) != 2 or not all(isinstance(one, str) for one in parts):
        raise invalid(f"Template error: every Fn::GetAtt object requires two non-empty parameters ({where})")
    return parts[0], parts[1]


def _sub(told: Any, where: str) -> tuple[str, dict[str, Any]]:
    if isinstance(told, str):
        return told, {}
    if isinstance(told, list) and len(told) == 2 and isinstance(told[0], str) and isinstance(told[1], dict):
        return told[0], told[1]
    raise invalid(f"Template error: Fn::Sub takes a string, or a string and a mapping ({where})")


def _ordered(resources: list[Resource]) -> tuple[Resource, ...]:
    by_name = {one.name: one for one in resources}
    sorter = graphlib.TopologicalSorter({one.name: sorted(one.needs) for one in resources})
    try:
        return tuple(by_name[name] for name in sorter.static_order())
    except graphlib.CycleError as error:
        circle = ", ".join(sorted(set(error.args[1])))
        raise invalid(f"Circular dependency between resources: [{circle}]") from error


def given_parameters(template: Template, given: list[dict[str, Any]]) -> dict[str, str]:
    """The value of each parameter as it was given; what it stands for in SSM is not looked up yet."""
    told = {str(one.get("ParameterKey")): one for one in given}
    unknown = sorted(set(told) - set(template.parameters))
    if unknown:
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    previous = [name for name, one in told.items() if one.get("UsePreviousValue")]
    if previous:
        raise invalid(
            f"Invalid input for parameter key {previous[0]}. Cannot specify usePreviousValue as true for a new stack"
        )
    values = {
        name: _text(told[name].get("ParameterValue", "") if name in told else one.get("Default"))
        for name, one in template.parameters.items()
    }
    missing = sorted(name for name, value in values.items() if value is None)
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    found = {name: str(value) for name, value in values.items()}
    for name, value in found.items():
        _check_value(name, value, template.parameters[name])
    return found


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _check_value(name: str, value: str, declared: dict[str, Any]) -> None:
    reason = declared.get("ConstraintDescription")
    allowed, pattern = declared.get("AllowedValues"), declared.get("AllowedPattern")
    problem = None
    if allowed is not None and value not in [_text(one) for one in allowed]:
        problem = f"must be one of AllowedValues: [{', '.join(str(one) for one in allowed)}]"
    elif pattern is not None and not re.fullmatch(str(pattern), value):
        problem = f"must match pattern {pattern}"
    elif declared["Type"] == "Number" and not re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", value):
        problem = "must be a number"
    if problem:
        raise invalid(f"Parameter '{name}' {reason or problem}")


def resolve(value: Any, scope: Scope) -> Any:
    """The value with all references and functions replaced by what they mean."""
    if isinstance(value, list):
        return [found for one in value if (found := resolve(one, scope)) is not _NOTHING]
    if not isinstance(value, dict):
        return value
    function = _function_of(value, "a value")
    if function is None:
        found = {name: resolve(one, scope) for name, one in value.items()}
        return {name: one for name, one in found.items() if one is not _NOTHING}
    told = value[function]
    if function == "Ref":
        return _NOTHING if told == NO_VALUE else scope.values[told]
    if function == "Fn::GetAtt":
        name, attribute = _attribute(told, "a value")
        return scope.attributes[name][attribute]
    if function == "Fn::Sub":
        return _filled(told, scope)
    if function == "Fn::Base64":
        return base64.b64encode(str(resolve(told, scope)).encode()).decode()
    separator, parts = told
    return str(separator).join(str(one) for one in resolve(parts, scope))


_NOTHING = object()


def _filled(told: Any, scope: Scope) -> str:
    text, own = _sub(told, "a value")
    known = {name: resolve(one, scope) for name, one in own.items()}

    def fill(match: re.Match[str]) -> str:
        if match[1]:
            return f"${{{match[2]}}}"
        logical, dot, attribute = match[2].partition(".")
        if match[2] in known:
            return str(known[match[2]])
        return str(scope.attributes[logical][attribute] if dot else scope.values[logical])

    return _HOLE.sub(fill, text)


def as_text(value: Any) -> str:
    """An output is a string, whatever it was made of."""
    return value if isinstance(value, str) else json.dumps(value)
