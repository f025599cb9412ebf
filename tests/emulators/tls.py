"""A certificate authority for tests, so that a product's `ca_file` can be tried."""

import ssl
from pathlib import Path

import trustme


class TestAuthority:
    """Vouches for loopback and for nothing else."""

    __test__ = False

    def __init__(self) -> None:
        self._ca = trustme.CA()

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        return context

    def write(self, path: Path) -> Path:
        self._ca.cert_pem.write_to_path(str(path))
        return path
