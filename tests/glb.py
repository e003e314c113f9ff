"""Binary glTF files that tests invent."""

import json
import struct
from collections.abc import Sequence
from typing import Any

from torch import Tensor

FLOAT = 5126
KINDS = {1: "SCALAR", 3: "VEC3", 4: "VEC4"}


def binary(document: dict[str, Any], blocks: Sequence[Tensor]) -> bytes:
    """A .glb file of nodes, animations and so on; its accessors are the `blocks` (n, 1), (n, 3) or (n, 4)."""
    data, views = b"", []
    for block in blocks:
        views.append({"buffer": 0, "byteOffset": len(data), "byteLength": 4 * block.numel()})
        data += block.float().numpy().tobytes()
    accessors = [
        {"bufferView": i, "componentType": FLOAT, "count": len(block), "type": KINDS[block.shape[1]]}
        for i, block in enumerate(blocks)
    ]
    text = json.dumps(
        {
            "asset": {"version": "2.0"},
            **document,
            "buffers": [{"byteLength": len(data)}],
            "bufferViews": views,
            "accessors": accessors,
        }
    ).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(data), b"BIN\0") + data
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
