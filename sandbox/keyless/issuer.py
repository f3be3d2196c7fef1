"""Signs tokens of runs of CI, as GitHub's issuer does; the sandbox trusts it for every provider's `issuerUri`.

GET /oidc/token?audience=…&repository_id=1&ref=refs/heads/main: every other parameter is a claim. Claims of a token:
https://docs.github.com/en/actions/reference/security/oidc
"""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from google.auth import jwt
from google.auth.crypt import RSASigner
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

ISSUER = "https://token.actions.githubusercontent.com"
LIFETIME_SECONDS = 300
KEY_ID = "sandbox"


class Issuer:
    """Its key is created with the first token, and kept in the sandbox's folder."""

    def __init__(self, root: Path) -> None:
        self.path = root / "oidc-key.pem"
        self.lock = threading.Lock()

    async def issue(self, request: Request) -> Response:
        """`value` is the name of the field in GitHub's response."""
        claims = dict(request.query_params)
        audience = claims.pop("audience", "")
        return JSONResponse({"value": self.sign({"aud": audience} | claims)})

    def sign(self, claims: Mapping[str, Any]) -> str:
        now = int(time.time())
        standard = {"iss": ISSUER, "iat": now, "nbf": now, "exp": now + LIFETIME_SECONDS}
        signer = RSASigner.from_string(self.key(), KEY_ID)  # type: ignore[no-untyped-call]
        token: bytes = jwt.encode(signer, standard | dict(claims))  # type: ignore[no-untyped-call]
        return token.decode()

    def verify(self, token: str) -> dict[str, Any]:
        """Its claims; ValueError for a signature of another key, or a token that is not valid now."""
        public = load_pem_private_key(self.key().encode(), None).public_key()
        certificate = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        claims: dict[str, Any] = dict(jwt.decode(token, certs={KEY_ID: certificate}))  # type: ignore[no-untyped-call]
        return claims

    def key(self) -> str:
        with self.lock:
            if not self.path.exists():
                key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
                self.path.write_bytes(
                    key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
                )
            return self.path.read_text()
