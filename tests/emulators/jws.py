"""Signed tokens of tests: written with RS256, read and checked for real."""

import base64
import json
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256

from tests.emulators.wire import Json


@cache
def key_of(_name: str) -> RSAPrivateKey:
    """Make the test key of somebody, once a process."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def sign(key: RSAPrivateKey, content: bytes) -> bytes:
    return key.sign(content, PKCS1v15(), SHA256())


def write(key: RSAPrivateKey, head: Json, claims: Json) -> str:
    """Write a token signed with RS256."""
    full = {"alg": "RS256", "typ": "JWT", **head}
    signed = f"{b64(json.dumps(full).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{b64(sign(key, signed.encode()))}"


def read(text: str) -> tuple[Json, Json]:
    """Take a token apart without believing it: header and claims, or ValueError."""
    try:
        head, claims, _ = text.split(".")
        found = json.loads(unb64(head)), json.loads(unb64(claims))
    except UnicodeDecodeError as error:
        raise ValueError("not a token") from error
    if not all(isinstance(one, dict) for one in found):
        raise ValueError("not a token")
    return found


def verify(text: str, key: RSAPublicKey) -> bool:
    """Tell whether a key signed a token, by the algorithm its header names."""
    signed, _, signature = text.rpartition(".")
    paddings: dict[Any, PKCS1v15 | PSS] = {
        "RS256": PKCS1v15(),
        "PS256": PSS(MGF1(SHA256()), PSS.AUTO),
    }
    padding = paddings.get(read(text)[0].get("alg"))
    if padding is None:
        return False
    try:
        key.verify(unb64(signature), signed.encode(), padding, SHA256())
    except InvalidSignature:
        return False
    return True


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
