"""Whether a request came by the edge, where the firewall is, or around it.

The edge sends a key with every request
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html). A function is told
the SHA-256 of each key that counts, so that its settings open nothing: of two while one takes the other's place.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from saga_kit import settings

HEADER = "x-origin-verify"
"""The header with the key; CloudFront replaces what a caller sends under this name."""


def was_passed(headers: Mapping[str, str]) -> bool:
    """Return whether the request with these headers (names in lower case) came by the edge, or there is none."""
    known = settings.words("SAGA_EDGE_KEYS")
    if not known:
        return True
    digest = hashlib.sha256(headers.get(HEADER, "").encode(errors="surrogatepass")).hexdigest()
    return any(hmac.compare_digest(digest, one) for one in known)
