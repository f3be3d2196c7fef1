"""A real SMTP server on 127.0.0.1, with a certificate of its own, that rejects configurable recipients."""

import ssl
import tempfile
from asyncio import Server
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD = "sheets", "a-password"


class Anywhere(Controller):
    """On a port that is free."""

    def _trigger_server(self):
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class FakeMailServer:
    """`arrived` are the messages it took, with the recipients of the envelope; `contents` their bytes; `refused`
    recipients it does not know; `attempts` every recipient that was named. `breaks_after`: how many messages it
    takes before it closes a connection in the middle of one. `on_arrival` is called before a message is
    acknowledged."""

    def __init__(self, secure=False):
        self.arrived, self.attempts, self.refused = [], [], set()
        self.answer = None  # to the whole message, in place of 250
        self.contents: list[bytes] = []
        self.breaks_after: int | None = None
        self.on_arrival: Callable[[], None] = lambda: None
        self.trusted = None
        self.port = 0
        self.options: dict[str, Any] = {"authenticator": login}
        if secure:
            server, self.trusted = certified()
            self.options |= {"tls_context": server, "require_starttls": True, "auth_required": True}

    def __enter__(self):
        self.controller = Anywhere(
            self, hostname="127.0.0.1", port=self.port, ready_timeout=60, **self.options
        )
        self.controller.start()
        self.port = self.controller.port
        return self

    def __exit__(self, *error):
        self.controller.stop()

    def trust(self):
        return self.trusted

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.attempts.append(address)
        if address in self.refused:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.answer:
            return self.answer
        if len(self.arrived) == self.breaks_after:
            server.transport.abort()
            return "421 closing"
        message = message_from_bytes(envelope.original_content, policy=policy.default)
        self.arrived.append((envelope.rcpt_tos, message))
        self.contents.append(envelope.original_content)
        self.on_arrival()
        return "250 taken"


def login(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


def certified():
    """Contexts of a server that calls itself 127.0.0.1, and of who trusts it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail_server")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private = key.private_bytes(encoding, form, serialization.NoEncryption())
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder) / "both.pem"
        pem.write_bytes(private + certificate.public_bytes(encoding))
        server.load_cert_chain(pem)
    trusted = ssl.create_default_context(cadata=certificate.public_bytes(encoding).decode())
    return server, trusted
