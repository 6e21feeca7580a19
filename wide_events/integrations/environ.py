"""What a WSGI environ says, as plain and bounded text and numbers."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, Final

Environ = dict[str, Any]
MAX_PATH: Final = 2048


@lru_cache(maxsize=1024)
def truncated(address: str) -> str | None:
    """Return a client's address without its last 8 (IPv4) or 80 bits (IPv6); `None` if it is none."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    known = getattr(known, "ipv4_mapped", None) or known
    return str(ip_network((known, 24 if known.version == 4 else 48), strict=False).network_address)


def path_of(environ: Environ) -> str:
    """Return the path as text, within bounds; the environ has its octets as Latin-1 (PEP 3333)."""
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    if not path.isascii():
        path = path.encode("latin-1", "replace").decode("utf-8", "replace")
    return path[:MAX_PATH]


def size_of(text: str | None) -> int | None:
    """Read a `Content-Length`, in bytes; `None` for what is none."""
    return int(text) if text and text.isdecimal() and len(text) < 16 else None


def environ_name(header: str) -> str:
    """Return the key of the environ under which a request header lies."""
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
