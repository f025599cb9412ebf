"""Which hosts a published calendar may be read from."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from slotfinder.errors import SlotfinderError

Address = IPv4Address | IPv6Address

# RFC 6052: the last 32 bits are an IPv4 address behind a translator.
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")


class RefusedError(SlotfinderError):
    """A host has an address that is not public and not allowed."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts and networks that may be read although they are not public."""

    hosts: frozenset[str]
    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def of(cls, entries: Iterable[str]) -> "Allowed":
        """Return the entries, told apart: whatever is no network is the name of a host."""
        hosts, networks = set(), []
        for entry in entries:
            try:
                networks.append(ip_network(entry, strict=False))
            except ValueError:
                hosts.add(entry.lower().rstrip("."))
        return cls(frozenset(hosts), tuple(networks))

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host.

        All are checked, for nobody knows which one a connection would take.

        Raises:
            RefusedError: one of them is not public.
            OSError: the host is not known.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        by_name = host.lower().rstrip(".") in self.hosts
        if not by_name and not all(self._may_read(ip_address(each)) for each in addresses):
            raise RefusedError
        return addresses

    def _may_read(self, address: Address) -> bool:
        meant = _meant(address)
        if any(meant in network for network in self.networks):
            return True
        # Site-local addresses (RFC 3879) were private networks' and may still be.
        is_local = isinstance(meant, IPv6Address) and meant.is_site_local
        return meant.is_global and not (meant.is_multicast or meant.is_reserved or is_local)


def _meant(address: Address) -> Address:
    """Return the IPv4 address an IPv6 one carries, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address
