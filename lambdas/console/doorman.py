"""Who may see the console: callers whose address is in one of the networks that an operator has named."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Sequence

from saga_kit.errors import ConfigurationError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@functools.cache
def networks(text: str) -> tuple[Network, ...]:
    """Return the networks in a list such as ``10.0.0.0/8,fd00::/8``. Raises ``ConfigurationError`` for any other."""
    try:
        return tuple(ipaddress.ip_network(part) for part in text.split(","))
    except ValueError as error:
        raise ConfigurationError(f"CONSOLE_NETWORKS: expected networks in CIDR notation: {error}") from error


def admits(source: object, named: Sequence[Network]) -> bool:
    """Return whether the address ``source`` is in one of the networks; what is no address never is."""
    try:
        address = ipaddress.ip_address(source) if isinstance(source, str) else None
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address is not None and any(address in network for network in named)
