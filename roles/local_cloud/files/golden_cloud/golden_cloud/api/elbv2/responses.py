# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations of load balancers and listeners, and tags of all that there is."""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult

from golden_cloud.api.elbv2 import attributes
from golden_cloud.api.elbv2.asked import checked_tags
from golden_cloud.api.elbv2.backend import free_address
from golden_cloud.api.elbv2.doors import DOORS
from golden_cloud.api.elbv2.group_responses import TargetGroupResponses
from golden_cloud.api.elbv2.load_balancer import Listener, LoadBalancer
from golden_cloud.api.elbv2.target_group import TargetGroup
from golden_cloud.api.elbv2.words import arn_of, checked_name, invalid
from golden_cloud.api.errors import CloudError, UnsupportedOption

_KINDS = {"application": "app", "network": "net"}
_PROTOCOLS = {"application": "HTTP", "network": "TCP"}


class CloudELBv2Response(TargetGroupResponses):
    """Every operation of Elastic Load Balancing that the catalogue lists."""

    def __init__(self) -> None:
        super().__init__(service_name="elbv2")
        self.automated_parameter_parsing = True

    # Load balancers

    def create_load_balancer(self) -> ActionResult:
        name = checked_name("Load balancer", str(self._get_param("Name")))
        if name.startswith("internal-"):
            raise invalid(f"Load balancer name '{name}' cannot begin with 'internal-'")
        kind = str(self._get_param("Type") or "application")
        if kind not in _KINDS:
            raise UnsupportedOption("CreateLoadBalancer", f"Type={kind}", f"there are {', '.join(_KINDS)}")
        address_type = self._get_param("IpAddressType")
        if address_type not in (None, "ipv4"):
            raise UnsupportedOption("CreateLoadBalancer", f"IpAddressType={address_type}", "there is ipv4")
        scheme = str(self._get_param("Scheme") or "internet-facing")
        if scheme not in ("internet-facing", "internal"):
            raise invalid(f"Scheme '{scheme}' must be internet-facing or internal")
        vpc_id, zones = self._zones(kind)
        made = LoadBalancer(
            arn=arn_of(self.region, self.identity.account_id, f"loadbalancer/{_KINDS[kind]}", name),
            name=name,
            type=kind,
            scheme=scheme,
            vpc_id=vpc_id,
            zones=zones,
            security_groups=self._security_groups(kind, vpc_id),
            address=free_address(),
            tags=self._tags(),
        )
        known = next((one for one in self._backend.balancers.values() if one.name == name), None)
        if known is not None and known.settings() != made.settings():
            text = f"A load balancer with the same name '{name}' exists, but with different settings"
            raise CloudError("DuplicateLoadBalancerName", text)
        if known is None:
            self._backend.balancers[made.arn] = made
        return ActionResult({"LoadBalancers": [(known or made).describe({"Code": "provisioning"})]})

    def _zones(self, kind: str) -> tuple[str, dict[str, str]]:
        """The VPC, and the subnet of each zone."""
        mappings = self._get_param("SubnetMappings") or []
        for mapping in mappings:
            extra = sorted(set(mapping) - {"SubnetId"})
            if extra:
                raise UnsupportedOption("CreateLoadBalancer", f"SubnetMappings.{extra[0]}")
        ids = [*(self._get_param("Subnets") or []), *(str(mapping["SubnetId"]) for mapping in mappings)]
        if not ids:
            raise invalid("At least one subnet must be specified")
        try:
            subnets = [self._backend.ec2.get_subnet(subnet_id) for subnet_id in ids]
        except ServiceException:
            raise CloudError("SubnetNotFound", f"One of the subnets '{', '.join(ids)}' does not exist") from None
        zones = {subnet.availability_zone: str(subnet.id) for subnet in subnets}
        if len(zones) < len(ids):
            raise CloudError("InvalidConfigurationRequest", "A load balancer cannot have two subnets in one zone")
        if kind == "application" and len(zones) < 2:
            raise invalid("At least two subnets in two different Availability Zones must be specified")
        vpcs = {str(subnet.vpc_id) for subnet in subnets}
        if len(vpcs) > 1:
            raise CloudError("InvalidConfigurationRequest", "All subnets must belong to one VPC")
        return vpcs.pop(), zones

    def _security_groups(self, kind: str, vpc_id: str) -> list[str]:
        """They are kept and told, as everywhere here; a load balancer for HTTP has the VPC's own without any."""
        given = [str(one) for one in self._get_param("SecurityGroups") or []]
        known = self._backend.ec2.groups.get(vpc_id, {})
        missing = [one for one in given if one not in known]
        if missing:
            raise CloudError("InvalidSecurityGroup", f"The security group '{missing[0]}' does not exist")
        if given or kind == "network":
            return given
        return [str(group.id) for group in known.values() if group.name == "default"]

    def delete_load_balancer(self) -> ActionResult:
        """One that is gone already is no error, as on AWS."""
        arn = str(self._get_param("LoadBalancerArn"))
        balancer = self._backend.balancers.get(arn)
        if balancer is None:
            return EmptyResult()
        if balancer.protected:
            text = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
            raise CloudError("OperationNotPermitted", text)
        for listener_arn in balancer.listeners:
            self._forget(listener_arn)
        del self._backend.balancers[arn]
        return EmptyResult()

    def describe_load_balancers(self) -> ActionResult:
        balancers = list(self._backend.balancers.values())
        arns, names = self._get_param("LoadBalancerArns") or [], self._get_param("Names") or []
        known = {one.arn for one in balancers} | {one.name for one in balancers}
        missing = [one for one in [*arns, *names] if one not in known]
        if missing:
            raise CloudError("LoadBalancerNotFound", f"Load balancers '[{', '.join(missing)}]' not found")
        shown = [one for one in balancers if (not arns or one.arn in arns) and (not names or one.name in names)]
        page, marker = self._page(shown)
        told = [one.describe(self._backend.state_of(one)) for one in page]
        return ActionResult({"LoadBalancers": told, "NextMarker": marker})

    def describe_load_balancer_attributes(self) -> ActionResult:
        return ActionResult({"Attributes": attributes.pairs_of(self._balancer().all_attributes())})

    def modify_load_balancer_attributes(self) -> ActionResult:
        balancer, pairs = self._balancer(), self._get_param("Attributes")
        balancer.attributes |= balancer.known_attributes.checked("ModifyLoadBalancerAttributes", pairs)
        return ActionResult({"Attributes": attributes.pairs_of(balancer.all_attributes())})

    def describe_capacity_reservation(self) -> ActionResult:
        """None is reserved: there is nothing to reserve here."""
        self._balancer()
        return ActionResult({"CapacityReservationState": []})

    # Listeners

    def create_listener(self) -> ActionResult:
        balancer = self._balancer()
        group = self._target(balancer, "CreateListener")
        if not self._get_param("Protocol") or not self._get_param("Port"):
            raise invalid("A listener must have a protocol and a port")
        protocol = self._protocol_of(balancer, "CreateListener", str(self._get_param("Protocol")))
        port = self._free_port(balancer, int(self._get_param("Port")))
        where = f"{_KINDS[balancer.type]}/{balancer.name}/{balancer.arn.rpartition('/')[2]}"
        listener = Listener(
            arn=arn_of(self.region, self.identity.account_id, "listener", where),
            balancer_arn=balancer.arn,
            protocol=protocol,
            port=port,
            group_arn=group.arn,
            tags=self._tags(),
        )
        self._open(balancer, listener)
        balancer.listeners[listener.arn] = listener
        return ActionResult({"Listeners": [listener.describe()]})

    def modify_listener(self) -> ActionResult:
        balancer, listener = self._listener()
        protocol, port = self._get_param("Protocol"), self._get_param("Port")
        group_arn, moved = listener.group_arn, listener.port
        if protocol:
            self._protocol_of(balancer, "ModifyListener", str(protocol))
        if self._get_param("DefaultActions"):
            group_arn = self._target(balancer, "ModifyListener").arn
        if port and int(port) != listener.port:
            former, moved = listener.port, self._free_port(balancer, int(port))
            listener.port = moved
            try:
                self._open(balancer, listener)
            except CloudError:
                listener.port = former
                raise
        listener.group_arn = group_arn
        return ActionResult({"Listeners": [listener.describe()]})

    def delete_listener(self) -> ActionResult:
        balancer, listener = self._listener()
        self._forget(listener.arn)
        del balancer.listeners[listener.arn]
        return EmptyResult()

    def describe_listeners(self) -> ActionResult:
        arns, balancer_arn = self._get_param("ListenerArns") or [], self._get_param("LoadBalancerArn")
        if bool(arns) == bool(balancer_arn):
            raise invalid("You must specify either listener ARNs or a load balancer ARN")
        if balancer_arn:
            listeners = list(self._balancer().listeners.values())
        else:
            every = {one.arn: one for _balancer, one in self._backend.listeners()}
            if any(arn not in every for arn in arns):
                raise CloudError("ListenerNotFound", "One or more listeners not found")
            listeners = [every[arn] for arn in arns]
        page, marker = self._page(listeners)
        return ActionResult({"Listeners": [one.describe() for one in page], "NextMarker": marker})

    def describe_listener_attributes(self) -> ActionResult:
        _balancer, listener = self._listener()
        return ActionResult({"Attributes": attributes.pairs_of(listener.all_attributes())})

    def modify_listener_attributes(self) -> ActionResult:
        (_balancer, listener), pairs = self._listener(), self._get_param("Attributes")
        listener.attributes |= listener.known_attributes.checked("ModifyListenerAttributes", pairs)
        return ActionResult({"Attributes": attributes.pairs_of(listener.all_attributes())})

    def _target(self, balancer: LoadBalancer, operation: str) -> TargetGroup:
        """The target group of the one action there can be, if this load balancer can forward to it."""
        group = self._group(self._forward(operation))
        if group.of_http != balancer.of_http:
            text = f"A load balancer of type '{balancer.type}' cannot forward to a target group of {group.protocol}"
            raise CloudError("InvalidConfigurationRequest", text)
        if group.vpc_id != balancer.vpc_id:
            text = f"The target group '{group.arn}' is not in the load balancer's VPC '{balancer.vpc_id}'"
            raise CloudError("InvalidConfigurationRequest", text)
        user = self._backend.balancer_of(group)
        if user is not None and user is not balancer:
            text = "The following target groups cannot be associated with more than one load balancer: "
            raise CloudError("TargetGroupAssociationLimit", text + group.arn)
        return group

    def _forward(self, operation: str) -> str:
        actions = self._get_param("DefaultActions") or []
        if len(actions) != 1:
            raise invalid("A listener must have one default action")
        (action,) = actions
        if action.get("Type") != "forward":
            raise UnsupportedOption(operation, f"DefaultActions.Type={action.get('Type')}", "there is forward")
        arns = {str(action["TargetGroupArn"])} if action.get("TargetGroupArn") else set()
        config = action.get("ForwardConfig") or {}
        weighted = config.get("TargetGroups") or []
        if any(int(one.get("Weight", 1)) != 1 for one in weighted):
            raise UnsupportedOption(operation, "DefaultActions.ForwardConfig.TargetGroups.Weight", "all weigh 1 here")
        if (config.get("TargetGroupStickinessConfig") or {}).get("Enabled"):
            raise UnsupportedOption(operation, "DefaultActions.ForwardConfig.TargetGroupStickinessConfig")
        arns |= {str(one["TargetGroupArn"]) for one in weighted}
        if len(arns) > 1:
            raise UnsupportedOption(operation, "DefaultActions.ForwardConfig", "it forwards to one target group here")
        if not arns:
            raise invalid("You must specify the target group of a forward action")
        return arns.pop()

    @staticmethod
    def _protocol_of(balancer: LoadBalancer, operation: str, protocol: str) -> str:
        wanted = _PROTOCOLS[balancer.type]
        if protocol != wanted:
            reason = f"{balancer.type} load balancers have {wanted} here"
            raise UnsupportedOption(operation, f"Protocol={protocol}", reason)
        return protocol

    @staticmethod
    def _free_port(balancer: LoadBalancer, port: int) -> int:
        if not 1 <= port <= 65535:
            raise invalid(f"Port '{port}' must be a number from 1 to 65535")
        if any(one.port == port for one in balancer.listeners.values()):
            raise CloudError("DuplicateListener", "A listener already exists on this port for this load balancer")
        return port

    def _open(self, balancer: LoadBalancer, listener: Listener) -> None:
        try:
            self._backend.open(balancer, listener)
        except OSError as error:
            text = f"The local cloud cannot listen on {balancer.address}:{listener.port}: {error.strerror}"
            raise CloudError("InvalidConfigurationRequest", text) from error

    def _forget(self, listener_arn: str) -> None:
        DOORS.close(listener_arn)
        self._backend.turns.pop(listener_arn, None)

    # Tags

    def add_tags(self) -> ActionResult:
        tags = self._tags()
        found = [self._tagged(arn) for arn in self._get_param("ResourceArns")]
        for one in found:
            checked_tags({**one, **tags})
        for one in found:
            one.update(tags)
        return EmptyResult()

    def remove_tags(self) -> ActionResult:
        for one in [self._tagged(arn) for arn in self._get_param("ResourceArns")]:
            for key in self._get_param("TagKeys"):
                one.pop(key, None)
        return EmptyResult()

    def describe_tags(self) -> ActionResult:
        arns = self._get_param("ResourceArns")
        told = [{"ResourceArn": arn, "Tags": attributes.pairs_of(self._tagged(arn))} for arn in arns]
        return ActionResult({"TagDescriptions": told})

    def _tagged(self, arn: str) -> dict[str, str]:
        every: dict[str, Any] = {
            **self._backend.groups,
            **self._backend.balancers,
            **{listener.arn: listener for _balancer, listener in self._backend.listeners()},
        }
        if arn in every:
            tags: dict[str, str] = every[arn].tags
            return tags
        kinds = {":targetgroup/": "TargetGroup", ":loadbalancer/": "LoadBalancer", ":listener/": "Listener"}
        kind = next((name for part, name in kinds.items() if part in arn), None)
        if kind is None:
            raise invalid(f"'{arn}' is not a valid load balancer, target group or listener ARN")
        raise CloudError(f"{kind}NotFound", f"'{arn}' not found")
