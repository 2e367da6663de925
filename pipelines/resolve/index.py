"""What the serving index holds for resolving new records, in the form it lies there.

| database | key | value |
| --- | --- | --- |
| blocks | number of a bucket | sorted entries: block token (8 bytes), customer id (8), how many of its nodes are in the block (1) |
| customer_blocks | customer id (8 bytes) | of each of its blocks the token and the number of nodes, sorted |
| evidence | customer id (8 bytes) | its nodes and their identifiers as JSON, encrypted |
| names | token of a common name | its share (float64) |
| match_facts | `model` | the model the customers were matched with |
| | `shared` | the tokens of identifiers that too many share, joined |
| | `bits` | how many bits number a bucket |
| | `readings` | the syllable of each character |

A block token is SHA-256 of a secret and of rule and key, cut to a quarter, so names and addresses cannot be tried out without the secret
(nor can the cut hash be extended); HMAC would take four times as long over the millions there are.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipelines.publish.keyring import Key
from pipelines.publish.tokens import lookup_token

BLOCKS, CUSTOMER_BLOCKS, EVIDENCE, NAMES, FACTS = DATABASES = ("blocks", "customer_blocks", "evidence", "names", "match_facts")
MODEL_KEY, SHARED_KEY, BITS_KEY, READINGS_KEY = b"model", b"shared", b"bits", b"readings"
NAME_KIND = "name"
TOKEN_BYTES, ID_BYTES = 8, 8
ENTRY_BYTES = TOKEN_BYTES + ID_BYTES + 1
_ENTRIES_A_BUCKET = 32
_NONCE_BYTES = 12


class Entry(NamedTuple):
    """A customer in a block, with as many nodes as the byte says (255: or more)."""

    token: bytes
    customer: bytes
    node_n: int


@cache
def block_secret(key: Key) -> bytes:
    """The secret that goes before what is hashed (32 bytes)."""
    return hmac.digest(key.secret, b"customer hub block tokens", hashlib.sha256)


def block_token(key: Key, rule: int, block: int) -> bytes:
    """The token of the block `block` (its hash) of the rule of that number."""
    return hashlib.sha256(block_secret(key) + f"{rule}:{block}".encode()).digest()[:TOKEN_BYTES]


def name_token(key: Key, name: str) -> bytes:
    return lookup_token(key, NAME_KIND, name)[:TOKEN_BYTES]


def bucket_bits(entries_n: int) -> int:
    """How many of the first bits of a token number its bucket, for some tens of entries in each."""
    return max(1, (entries_n // _ENTRIES_A_BUCKET).bit_length() - 1)


def bucket_of(token: bytes, bits: int) -> bytes:
    """The key of the bucket, in the order of tokens."""
    return (int.from_bytes(token[:4], "big") >> (32 - bits)).to_bytes(4, "big")


def customer_bytes(customer_id: str) -> bytes:
    """An id (16 hexadecimal digits) in 8 bytes."""
    return bytes.fromhex(customer_id)


def entries_of(bucket: bytes, token: bytes) -> Iterator[Entry]:
    """The entries of one block in its bucket."""
    at = bisect_left(range(len(bucket) // ENTRY_BYTES), token, key=lambda n: bucket[n * ENTRY_BYTES :][:TOKEN_BYTES]) * ENTRY_BYTES
    while bucket[at : at + TOKEN_BYTES] == token:
        yield _entry(bucket, at)
        at += ENTRY_BYTES


def _entry(bucket: bytes, at: int) -> Entry:
    middle = at + TOKEN_BYTES
    return Entry(bucket[at:middle], bucket[middle : middle + ID_BYTES], bucket[middle + ID_BYTES])


def pack(entries: Iterable[Entry]) -> bytes:
    """A bucket of these entries."""
    return b"".join(token + customer + bytes([node_n]) for token, customer, node_n in sorted(entries))


def unpack(bucket: bytes) -> list[Entry]:
    return [_entry(bucket, at) for at in range(0, len(bucket), ENTRY_BYTES)]


def own_entries(customer: bytes, joined: bytes) -> set[Entry]:
    """The entries of a customer, of what stands under it in `customer_blocks`."""
    size = TOKEN_BYTES + 1
    return {Entry(joined[at : at + TOKEN_BYTES], customer, joined[at + TOKEN_BYTES]) for at in range(0, len(joined), size)}


@cache
def _cipher(key: Key) -> AESGCM:
    return AESGCM(key.secret)


def seal(key: Key, customer: bytes, evidence: bytes) -> bytes:
    """Encrypt the evidence of a customer (AES-256-GCM, NIST SP 800-38D), bound to whose it is."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, evidence, customer)


def unseal(key: Key, customer: bytes, sealed: bytes) -> bytes:
    """Raises cryptography.exceptions.InvalidTag: another key, or another customer's evidence."""
    return _cipher(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], customer)
