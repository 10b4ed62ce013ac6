# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operations of IAM, STS and Organizations ask for: their resources have no Region."""

from __future__ import annotations

from moto.iam.models import iam_backends

from golden_cloud.api.access import PARTITION
from golden_cloud.api.faults.fault import Call
from golden_cloud.api.organizations import organization_of
from golden_cloud.api.policies.asked.ask import Ask, More, first, pass_role
from golden_cloud.api.policies.asked.table import Way, table
from golden_cloud.api.policies.patterns import Values


def _global(call: Call, text: str) -> str:
    return f"arn:aws:iam::{call.account}:{text}"


def _existing(kind: str) -> Way:
    """ARN of what there is under the name, which has the path that the request does not tell."""

    def way(call: Call, name: str) -> str:
        backend = iam_backends[call.account][PARTITION]
        every = list((backend.roles if kind == "role" else backend.instance_profiles).values())
        found = next((str(one.arn) for one in every if one.name == name), None)
        return found or f"{kind}/{name or '*'}"

    return way


def _user(call: Call, name: str) -> str:
    user = iam_backends[call.account][PARTITION].users.get(name)
    return str(user.arn) if user is not None else f"user/{name or '*'}"


def _under_path(kind: str, parameter: str) -> Way:
    """ARN of what is about to be made."""

    def way(call: Call, name: str) -> str:
        return f"{kind}{first(call, parameter) or '/'}{name}"

    return way


def _boundary(call: Call) -> dict[str, Values]:
    arn = first(call, "PermissionsBoundary")
    return {"iam:permissionsboundary": arn} if arn else {}


def _adds_role(call: Call) -> list[Ask]:
    return [pass_role(_existing_arn(call, first(call, "RoleName") or ""), "ec2.amazonaws.com")]


def _existing_arn(call: Call, name: str) -> str:
    found = _existing("role")(call, name)
    return found if found.startswith("arn:") else _global(call, found)


def _policy_arn(call: Call) -> dict[str, Values]:
    arn = first(call, "PolicyArn")
    return {"iam:policyarn": arn} if arn else {}


_ADDS: dict[str, More] = {"AddRoleToInstanceProfile": _adds_role}

IAM = table(
    "iam",
    """
    * ListRoles ListInstanceProfiles ListPolicies ListAccountAliases CreateAccountAlias DeleteAccountAlias ListUsers
    * ListGroups
    CreateRole {RoleName|new_role} +TagRole?Tags
    GetRole {RoleName|role}
    DeleteRole {RoleName|role}
    UpdateRole {RoleName|role}
    UpdateAssumeRolePolicy {RoleName|role}
    TagRole {RoleName|role}
    UntagRole {RoleName|role}
    ListRoleTags {RoleName|role}
    PutRolePolicy {RoleName|role}
    GetRolePolicy {RoleName|role}
    DeleteRolePolicy {RoleName|role}
    ListRolePolicies {RoleName|role}
    AttachRolePolicy {RoleName|role}
    DetachRolePolicy {RoleName|role}
    ListAttachedRolePolicies {RoleName|role}
    PutRolePermissionsBoundary {RoleName|role}
    DeleteRolePermissionsBoundary {RoleName|role}
    ListInstanceProfilesForRole {RoleName|role}
    CreateInstanceProfile {InstanceProfileName|new_profile} +TagInstanceProfile?Tags
    GetInstanceProfile {InstanceProfileName|profile}
    DeleteInstanceProfile {InstanceProfileName|profile}
    AddRoleToInstanceProfile {InstanceProfileName|profile}
    RemoveRoleFromInstanceProfile {InstanceProfileName|profile}
    TagInstanceProfile {InstanceProfileName|profile}
    UntagInstanceProfile {InstanceProfileName|profile}
    CreatePolicy {PolicyName|new_policy} +TagPolicy?Tags
    GetPolicy {PolicyArn}
    DeletePolicy {PolicyArn}
    GetPolicyVersion {PolicyArn}
    ListPolicyVersions {PolicyArn}
    CreatePolicyVersion {PolicyArn}
    DeletePolicyVersion {PolicyArn}
    SetDefaultPolicyVersion {PolicyArn}
    TagPolicy {PolicyArn}
    UntagPolicy {PolicyArn}
    CreateUser {UserName|new_user} +TagUser?Tags
    GetUser {UserName|user}
    DeleteUser {UserName|user}
    CreateAccessKey {UserName|user}
    DeleteAccessKey {UserName|user}
    UpdateAccessKey {UserName|user}
    ListAccessKeys {UserName|user}
    PutUserPolicy {UserName|user}
    GetUserPolicy {UserName|user}
    DeleteUserPolicy {UserName|user}
    ListUserPolicies {UserName|user}
    AttachUserPolicy {UserName|user}
    DetachUserPolicy {UserName|user}
    ListAttachedUserPolicies {UserName|user}
    ListGroupsForUser {UserName|user}
    CreateGroup group/{GroupName}
    GetGroup group/{GroupName}
    DeleteGroup group/{GroupName}
    AddUserToGroup group/{GroupName}
    RemoveUserFromGroup group/{GroupName}
    PutGroupPolicy group/{GroupName}
    GetGroupPolicy group/{GroupName}
    DeleteGroupPolicy group/{GroupName}
    ListGroupPolicies group/{GroupName}
    AttachGroupPolicy group/{GroupName}
    DetachGroupPolicy group/{GroupName}
    ListAttachedGroupPolicies group/{GroupName}
    """,
    arn=_global,
    ways={
        "role": _existing("role"),
        "profile": _existing("instance-profile"),
        "user": _user,
        "new_role": _under_path("role", "Path"),
        "new_profile": _under_path("instance-profile", "Path"),
        "new_policy": _under_path("policy", "Path"),
        "new_user": _under_path("user", "Path"),
    },
    more=_ADDS,
)

STS = table(
    "sts",
    """
    * GetCallerIdentity GetSessionToken DecodeAuthorizationMessage
    AssumeRole {RoleArn}
    """,
)


def _organizational(call: Call, text: str) -> str:
    organization = organization_of(call.account)
    if organization is None:
        return "*"
    kind, _slash, name = text.partition("/")
    return f"arn:aws:organizations::{organization.master_account_id}:{kind}/{organization.id}/{name}"


def _by_prefix(_call: Call, resource_id: str) -> str:
    """A root, a unit or an account."""
    kind = {"r-": "root", "ou": "ou", "p-": "policy"}.get(resource_id[:2], "account")
    return f"{kind}/{resource_id or '*'}"


ORGANIZATIONS = table(
    "organizations",
    """
    * DescribeOrganization DeleteOrganization DescribeCreateAccountStatus ListCreateAccountStatus ListAccounts
    * ListRoots CreateOrganization CreateAccount
    DescribeAccount account/{AccountId}
    DescribeOrganizationalUnit ou/{OrganizationalUnitId}
    CreateOrganizationalUnit {ParentId|kind}
    UpdateOrganizationalUnit ou/{OrganizationalUnitId}
    DeleteOrganizationalUnit ou/{OrganizationalUnitId}
    ListAccountsForParent {ParentId|kind}
    ListChildren {ParentId|kind}
    ListParents {ChildId|kind}
    ListOrganizationalUnitsForParent {ParentId|kind}
    MoveAccount account/{AccountId} {SourceParentId|kind} {DestinationParentId|kind}
    RemoveAccountFromOrganization account/{AccountId}
    TagResource {ResourceId|kind}
    UntagResource {ResourceId|kind}
    ListTagsForResource {ResourceId|kind}
    """,
    arn=_organizational,
    ways={"kind": _by_prefix},
)


def context(call: Call) -> dict[str, Values]:
    """Condition keys of IAM's and STS's own."""
    if call.service == "iam":
        return _boundary(call) | _policy_arn(call)
    told = {
        "sts:externalid": first(call, "ExternalId"),
        "sts:rolesessionname": first(call, "RoleSessionName"),
    }
    return {name: value for name, value in told.items() if value} if call.service == "sts" else {}
