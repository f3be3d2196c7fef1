"""Mask credentials in addresses that a message repeats: parameters such as `api_key`, and what precedes the @."""

import re

MASK = "***"
# By their names: a key may be in a declared path, a parameter, a link of the source or a redirect. The position of a
# page, such as `page_token`, stays: it names the page.
PARAMETER = re.compile(
    r"(?<![A-Za-z0-9_.%-])(?!\w*(?:page|next|cursor|continu|after|start))"
    r"([A-Za-z0-9_.%-]*(?:key|token|secret|sig|signature|passw(?:or)?d|passwd|pwd|auth|authorization|credentials?"
    r"|session|session_?id|sid|jwt|hmac|sas|code)=)[^&#\s'\"<>,;]+",
    re.IGNORECASE,
)
USER = re.compile(r"(:/{1,2})[^/?#\s'\"]*@")  # also `https:/`, a slip before a password
PAIR = re.compile(r"(?<![^\s'\"])[^\s/:'\"]+:[^\s/'\"]+@")  # without a scheme
AFTER_PATH = re.compile(r"[?#].*", re.DOTALL)


def mask_secrets(text: str) -> str:
    """The text with `***` instead of the credentials in its addresses."""
    return PAIR.sub(f"{MASK}@", USER.sub(rf"\1{MASK}@", PARAMETER.sub(rf"\1{MASK}", text)))


def mask_query(url: str) -> str:
    """An address of which no query is expected: all of it may be a credential, whatever its name."""
    return AFTER_PATH.sub(f"?{MASK}", mask_secrets(url))
