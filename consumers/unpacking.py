"""Unpacks batches up to a limit: a few kilobytes may unpack to gigabytes.

Called by both clients of Kafka, which have no limit of their own; consumers.reading_on puts it
there.
"""

from collections.abc import Iterator
from gzip import GzipFile
from io import BytesIO
from sys import modules
from typing import Any, Final

from lz4.frame import LZ4FrameFile  # type: ignore[import-untyped]  # It ships no types.
from zstandard import ZstdDecompressor

MAX_UNPACKED_BYTES: Final = 32 * 1024 * 1024  # of a batch
PIECE_BYTES: Final = 256 * 1024


class TooLarge(Exception):
    """A batch is larger than MAX_UNPACKED_BYTES once it is unpacked."""


def unpack_within_limit(batch: type) -> None:
    """Let a client's class of batches do so, which has its unpackers from its module.

    Snappy is left alone: it unpacks to 21 times its size at most.
    """
    reader: Any = modules[batch.__module__]
    reader.gzip_decode = unpack_gzip
    reader.lz4_decode = unpack_lz4
    reader.zstd_decode = unpack_zstd


def unpack_gzip(packed: bytes) -> bytes:
    with GzipFile(fileobj=BytesIO(packed)) as file:
        return b"".join(_pieces(file))


def unpack_lz4(packed: bytes) -> bytes:
    with LZ4FrameFile(BytesIO(packed)) as file:
        return b"".join(_pieces(file))


def unpack_zstd(packed: bytes) -> bytes:
    unpacker = ZstdDecompressor(max_window_size=MAX_UNPACKED_BYTES)
    with unpacker.stream_reader(packed, read_across_frames=True) as file:
        return b"".join(_pieces(file))


def _pieces(file: Any) -> Iterator[bytes]:
    room = MAX_UNPACKED_BYTES
    while piece := file.read(PIECE_BYTES):
        room -= len(piece)
        if room < 0:
            raise TooLarge
        yield piece
