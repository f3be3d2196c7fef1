"""Addresses in declarations: they are in the repository, so credentials in one are an error that does not repeat it."""

import re
from urllib.parse import unquote, urlsplit

from connector.errors import DeclarationError
from runtime.masking import mask_query

BLANK = r"\s\x00-\x1f"
# Besides libpq's password and sslpassword also MongoDB's proxyPassword and tlsCertificateKeyFilePassword.
PASSWORD_PARAMETER = re.compile(r"[?&]\w*passw(?:or)?d=", re.IGNORECASE)


def check_web_address(url: str, where: str) -> None:
    """DeclarationError unless it has a host and nothing behind the path: paths of endpoints are appended."""
    reject_credentials(url, where)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        # Behind a password with a slash: what precedes it looks like a port, and the error would quote it.
        if "@" in url:
            raise DeclarationError(f"{where}: invalid address; remove the part before @.") from None
        raise DeclarationError(f"{where}: invalid address {mask_query(url)!r}: {error}.") from error
    if not parts.hostname or port == 0 or re.search(f"[{BLANK}]", url):
        raise DeclarationError(
            f"{where}: invalid address {mask_query(url)!r}; expected for example https://api.example/v1."
        )
    if parts.query or parts.fragment:
        raise DeclarationError(
            f"{where}: remove what follows ? or # in {mask_query(url)!r}; use `params` of the endpoint."
        )


def check_folder_address(url: str, where: str) -> None:
    """DeclarationError for what no address of a folder of files, or of its server, has."""
    reject_credentials(url, where)
    if re.search(rf"[?#{BLANK}]|^(s3|gs)://(/|$)", url):
        raise DeclarationError(
            f"{where}: invalid address {mask_query(url)!r}; expected for example s3://bucket/folder."
        )


def reject_credentials(url: str, where: str) -> None:
    """Of kinds whose secret has all of them: not even a user name is in the address."""
    if re.search(r"://[^/]*@", url):
        raise DeclarationError(f"{where}: remove the part before @; credentials are the content of `secret`.")


def reject_password(url: str, where: str) -> None:
    """Of databases: the user is a part of the address, the password is the secret; drivers also take a parameter."""
    if re.search(r"://[^?@]*:[^?@]*@", url) or PASSWORD_PARAMETER.search(unquote(url)):
        raise DeclarationError(f"{where}: remove the password from `url`; it is the content of `secret`.")


def mask_password(url: str) -> str:
    """The address without its password: a new password is the same source."""
    url = re.sub(r"(://[^/?#@:]*):[^/?#@]*@", r"\1@", url)
    return re.sub(f"({PASSWORD_PARAMETER.pattern})[^&]*", r"\1", url, flags=re.IGNORECASE)
