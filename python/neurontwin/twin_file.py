"""Files of twins, twin.safetensors, read and written with PyTorch alone. Reading one runs no code."""
import hashlib
import json
import math
import os
import pathlib
import struct

import torch

FORMAT, FORMER_FORMAT = "neurontwin twin 2", "neurontwin twin 1"
NO_DIGEST = "0" * 64


class WrongFile(Exception):
    pass


def digest_of(file_bytes, header_bytes):
    """(digest that the file holds, digest that it should hold): SHA-256 of the file with zeros in its digest's place."""
    mark = b'"sha256":"'
    if file_bytes.count(mark, 8, 8 + header_bytes) != 1:
        raise WrongFile("has no digest; it is not a twin of neurontwin")
    place = file_bytes.index(mark) + len(mark)
    zeroed = file_bytes[:place] + NO_DIGEST.encode() + file_bytes[place + 64:]
    return file_bytes[place:place + 64].decode("ascii", "replace"), hashlib.sha256(zeroed).hexdigest()


def read_safetensors(file):
    """({name: tensor}, {name: text}) of a file of neurontwin, whose digest is checked."""
    content = pathlib.Path(file).read_bytes()
    header_bytes = struct.unpack("<Q", content[:8])[0] if len(content) >= 8 else 0
    if not 2 <= header_bytes <= len(content) - 8:
        raise WrongFile("is not a safetensors file, or was cut short")
    stored, expected = digest_of(content, header_bytes)
    if stored != expected:
        raise WrongFile("is damaged: it has changed since it was written")
    header = json.loads(content[8:8 + header_bytes])
    texts = header.pop("__metadata__")
    arrays = {}
    for name, array in header.items():
        begin, end = (8 + header_bytes + place for place in array["data_offsets"])
        assert array["dtype"] == "F32", name
        arrays[name] = torch.frombuffer(bytearray(content[begin:end] or b"\0\0\0\0"), dtype=torch.float32)
        arrays[name] = arrays[name][:math.prod(array["shape"])].reshape(array["shape"])
    return arrays, texts


def safetensors_bytes(arrays, texts):
    header, data = {"__metadata__": {**texts, "sha256": NO_DIGEST}}, b""
    for name, array in arrays.items():
        values = array.detach().to(torch.float32).contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    content = struct.pack("<Q", len(text)) + text + data
    return content.replace(b'"sha256":"' + NO_DIGEST.encode(), b'"sha256":"' + digest_of(content, len(text))[1].encode(), 1)


def write_whole(file, content):
    beside = pathlib.Path(f"{file}.half-written")
    beside.write_bytes(content)
    os.replace(beside, file)
