"""Makes the PNGs that the tests read, and what they must decode to.

    python3 make_png_fixtures.py                      writes png/ beside this file
    python3 make_png_fixtures.py --digests DIR ...    prints digests of the PNGs of folders (PngSuite)

Needs numpy and Pillow. Nothing here uses the package: valid files are encoded by Pillow or by the few
lines below, and decoded by the plain decoder below, which follows the standard step by step. A line of
`valid.txt` and of the digests is `name height width channels type crc32`, the CRC-32 being that of the
decoded bytes, little endian; a line of `hostile.txt` is `name code`.
"""
import io
import pathlib
import random
import struct
import sys
import zlib

import numpy as np
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PASSES = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def paeth(a, b, c):
    p = a + b - c
    distances = (abs(p - a), abs(p - b), abs(p - c))
    return (a, b, c)[distances.index(min(distances))]


def predict(kind, a, b, c):
    return (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]


def chunks_of(data):
    if data[:8] != SIGNATURE:
        raise ValueError("signature")
    position = 8
    while position < len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        payload = data[position + 8 : position + 8 + length]
        (crc,) = struct.unpack(">I", data[position + 8 + length : position + 12 + length])
        # A small first letter marks what a decoder may leave out.
        if (kind[0] < 96 or kind == b"tRNS") and crc != zlib.crc32(kind + payload):
            raise ValueError("crc")
        yield kind, payload
        position += 12 + length


def decode(data):
    """The pixels of a PNG by the rules of the package, as a numpy array."""
    chunks = list(chunks_of(data))
    width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if chunks[0][0] != b"IHDR" or width == 0 or height == 0 or depth not in (1, 2, 4, 8, 16):
        raise ValueError("header")
    found = dict(chunks)
    raw = zlib.decompress(b"".join(payload for kind, payload in chunks if kind == b"IDAT"))
    channels = CHANNELS[color]
    samples = np.zeros((height, width, channels), np.int64)
    position = 0
    for row0, column0, row_step, column_step in PASSES if interlaced else [(0, 0, 1, 1)]:
        rows, columns = range(row0, height, row_step), range(column0, width, column_step)
        if not rows or not columns:
            continue
        bits = len(columns) * channels * depth
        row_bytes, distance = (bits + 7) // 8, max(1, channels * depth // 8)
        above = bytearray(row_bytes)
        for row in rows:
            kind, line = raw[position], bytearray(raw[position + 1 : position + 1 + row_bytes])
            position += 1 + row_bytes
            for i in range(row_bytes):
                a = line[i - distance] if i >= distance else 0
                c = above[i - distance] if i >= distance else 0
                line[i] = (line[i] + predict(kind, a, above[i], c)) & 255
            above = line
            if depth == 16:
                values = np.frombuffer(bytes(line), ">u2")
            elif depth == 8:
                values = np.frombuffer(bytes(line), np.uint8)
            else:
                unpacked = np.unpackbits(np.frombuffer(bytes(line), np.uint8)).reshape(-1, depth)
                values = unpacked @ (1 << np.arange(depth)[::-1])
            samples[row, column0::column_step] = values[: len(columns) * channels].reshape(-1, channels)
    if position != len(raw):
        raise ValueError("length")
    opaque = 65535 if depth == 16 else 255
    key = found.get(b"tRNS")
    if color == 3:
        palette = np.frombuffer(found[b"PLTE"], np.uint8).reshape(-1, 3)
        if samples.max() >= len(palette):
            raise ValueError("index")
        result = palette[samples[:, :, 0]]
        if key is not None:
            alpha = np.full(256, 255, np.uint8)
            alpha[: len(key)] = np.frombuffer(key, np.uint8)
            result = np.concatenate([result, alpha[samples]], axis=2)
        return result.astype(np.uint8)
    if color in (0, 2) and key is not None:
        colors = np.frombuffer(key, ">u2").astype(np.int64) & ((1 << depth) - 1)
        alpha = np.where((samples == colors).all(axis=2, keepdims=True), 0, opaque)
    else:
        alpha = None
    if color == 0 and depth == 1 and alpha is None:
        return samples.astype(bool)
    if depth < 8:
        samples = samples * (255 // ((1 << depth) - 1))
    if alpha is not None:
        samples = np.concatenate([samples, alpha], axis=2)
    return samples.astype(np.uint16 if depth == 16 else np.uint8)


def digest(name, pixels):
    pixels = pixels if pixels.ndim == 3 else pixels[:, :, None]
    height, width, channels = pixels.shape
    bytes_ = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder("<"))).tobytes()
    return f"{name} {height} {width} {channels} {pixels.dtype.name} {zlib.crc32(bytes_):08x}\n"


def chunk(kind, payload=b"", crc=None):
    crc = zlib.crc32(kind + payload) if crc is None else crc
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", crc)


def header(width, height, depth, color, interlaced=0, compression=0, filtering=0):
    return chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, compression, filtering, interlaced))


def filtered_rows(width, height, depth, color, interlaced, seed):
    """Random rows, each pass and row with another filter. Any bytes are filtered rows."""
    generator = random.Random(seed)
    rows = bytearray()
    for row0, column0, row_step, column_step in PASSES if interlaced else [(0, 0, 1, 1)]:
        columns = len(range(column0, width, column_step))
        if columns == 0:
            continue
        for row in range(row0, height, row_step):
            rows.append(generator.randrange(5))
            rows += bytes(
                generator.randrange(256) if generator.random() < 0.6 else 0
                for _ in range((columns * CHANNELS[color] * depth + 7) // 8))
    return bytes(rows)


def encode(width, height, depth, color, interlaced=0, before=b"", seed=1, split=0, level=6):
    data = zlib.compress(filtered_rows(width, height, depth, color, interlaced, seed), level)
    parts = [data[i : i + split] for i in range(0, len(data), split)] if split else [data]
    return (
        SIGNATURE + header(width, height, depth, color, interlaced) + before
        + b"".join(chunk(b"IDAT", part) for part in parts) + chunk(b"IEND"))


def palette(depth, seed=5):
    generator = random.Random(seed)
    return chunk(b"PLTE", bytes(generator.randrange(256) for _ in range(3 << depth)))


def own_files():
    for color, depths in [(0, (1, 2, 4, 8, 16)), (2, (8, 16)), (3, (1, 2, 4, 8)), (4, (8, 16)), (6, (8, 16))]:
        for depth in depths:
            before = palette(depth) if color == 3 else b""
            for interlaced in (0, 1):
                for width, height in [(1, 1), (3, 5), (13, 11), (33, 9)]:
                    name = f"own-{color}-{depth}-{interlaced}-{width}x{height}"
                    yield name, encode(width, height, depth, color, interlaced, before, seed=width)
            key = {0: b"\0\0", 2: b"\0\0" * 3, 3: bytes(range(0, 1 << depth if depth < 8 else 200))}
            if color in key:
                for interlaced in (0, 1):
                    yield f"key-{color}-{depth}-{interlaced}", encode(
                        19, 12, depth, color, interlaced, before + chunk(b"tRNS", key[color]), seed=7)
    yield "split", encode(40, 30, 8, 2, split=7)
    yield "empty-idat", SIGNATURE + header(4, 4, 8, 0) + chunk(b"IDAT") + chunk(
        b"IDAT", zlib.compress(filtered_rows(4, 4, 8, 0, 0, 3))) + chunk(b"IDAT") + chunk(b"IEND")
    yield "ancillary", encode(5, 4, 8, 0, before=chunk(b"tEXt", b"a\0b", crc=0) + chunk(b"gAMA", b"\0\0\0\1"))


def pillow_files():
    generator = np.random.default_rng(9)
    smooth = np.add.outer(np.arange(24) * 5, np.arange(31) * 4)
    gray = (smooth + generator.integers(0, 9, smooth.shape)).astype(np.uint8)
    rgb = np.stack([gray, 255 - gray, gray // 2], axis=2)
    rgba = np.dstack([rgb, gray])
    masks = gray > 128
    deep = gray.astype(np.uint16) * 250
    for name, pixels, image in [
        ("bool", masks, Image.fromarray(masks)),
        ("gray", gray, Image.fromarray(gray)),
        ("gray16", deep, Image.fromarray(deep)),
        ("gray-alpha", rgba[:, :, 2:], Image.fromarray(rgba[:, :, 2:], "LA")),
        ("rgb", rgb, Image.fromarray(rgb)),
        ("rgba", rgba, Image.fromarray(rgba)),
    ]:
        yield f"pillow-{name}", pixels, image, {}
    indexed = Image.fromarray(rgb).quantize(200)
    yield "pillow-palette", np.asarray(indexed.convert("RGB")), indexed, {}
    for colors in (2, 4, 16):
        indexed = Image.fromarray(rgb).quantize(colors)
        yield f"pillow-palette{colors}", np.asarray(indexed.convert("RGB")), indexed, {}
        yield f"pillow-palette{colors}-key", np.asarray(
            with_transparent(indexed, 1).convert("RGBA")), indexed, {"transparency": 1}


def with_transparent(image, index):
    image = image.copy()
    image.info["transparency"] = index
    return image


def hostile_files():
    good = encode(6, 5, 8, 2)
    rows = filtered_rows(6, 5, 8, 2, 0, 1)
    data, end = chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND")
    head = SIGNATURE + header(6, 5, 8, 2)
    yield "signature", "unrecognized", b"\x89PNG\n\n\x1a\n" + good[8:]
    yield "text", "unrecognized", b"no image at all, only text\n"
    yield "huge", "limitExceeded", SIGNATURE + header(100_000, 100_000, 8, 2) + data + end
    yield "lying-size", "corrupt", SIGNATURE + header(9_000, 9_000, 8, 0) + data + end
    yield "lying-interlaced", "corrupt", SIGNATURE + header(9_000, 9_000, 8, 0, 1) + data + end
    for name, arguments in [
        ("zero-width", (0, 5, 8, 2)), ("zero-height", (6, 0, 8, 2)), ("negative-width", (1 << 31, 5, 8, 2)),
        ("depth-3", (6, 5, 3, 0)), ("depth-0", (6, 5, 0, 0)), ("rgb-depth-4", (6, 5, 4, 2)),
        ("palette-depth-16", (6, 5, 16, 3)), ("color-1", (6, 5, 8, 1)), ("color-5", (6, 5, 8, 5)),
        ("color-7", (6, 5, 8, 7)), ("interlace-2", (6, 5, 8, 2, 2)), ("compression-1", (6, 5, 8, 2, 0, 1)),
        ("filtering-1", (6, 5, 8, 2, 0, 0, 1)),
    ]:
        yield name, "corrupt", SIGNATURE + header(*arguments) + data + end
    yield "header-long", "corrupt", SIGNATURE + chunk(b"IHDR", bytes(14)) + data + end
    yield "header-twice", "corrupt", head + header(6, 5, 8, 2) + data + end
    yield "header-late", "corrupt", SIGNATURE + chunk(b"gAMA", b"\0\0\0\1") + head[8:] + data + end
    yield "header-crc", "corrupt", head[:-1] + bytes([head[-1] ^ 1]) + data + end
    yield "data-crc", "corrupt", head + data[:-1] + bytes([data[-1] ^ 1]) + end
    yield "end-missing", "corrupt", head + data
    yield "data-missing", "corrupt", head + end
    yield "data-empty", "corrupt", head + chunk(b"IDAT") + end
    yield "data-apart", "corrupt", head + data + chunk(b"tEXt", b"a\0b") + chunk(b"IDAT") + end
    yield "chunk-too-long", "corrupt", head + b"\x7f\xff\xff\xff" + data[4:] + end
    yield "unknown-critical", "unsupported", head + chunk(b"ABCD", b"12") + data + end
    yield "unknown-critical-late", "unsupported", head + data + chunk(b"ABCD", b"12") + end
    yield "palette-missing", "corrupt", encode(6, 5, 8, 3)
    yield "palette-late", "corrupt", SIGNATURE + header(6, 5, 8, 3) + data + palette(8) + end
    yield "palette-twice", "corrupt", encode(6, 5, 8, 3, before=palette(8) * 2)
    yield "palette-crc", "corrupt", encode(6, 5, 8, 3, before=palette(8)[:-4] + bytes(4))
    yield "palette-769", "corrupt", encode(6, 5, 8, 3, before=chunk(b"PLTE", bytes(771)))
    yield "palette-odd", "corrupt", encode(6, 5, 8, 3, before=chunk(b"PLTE", bytes(770)))
    yield "palette-empty", "corrupt", encode(6, 5, 8, 3, before=chunk(b"PLTE"))
    yield "key-crc", "corrupt", encode(6, 5, 8, 0, before=chunk(b"tRNS", b"\0\1", crc=5))

    def wrapped(rows, tail=b"", cut=0):
        stream = zlib.compress(rows)
        return head + chunk(b"IDAT", stream[: len(stream) - cut] + tail) + end

    yield "rows-short", "corrupt", wrapped(rows[:-1])
    yield "rows-none", "corrupt", wrapped(b"")
    yield "stream-cut", "corrupt", wrapped(rows, cut=2)
    yield "stream-adler", "corrupt", wrapped(rows, tail=b"\1\2\3\4", cut=4)
    yield "filter-5", "corrupt", wrapped(b"\5" + rows[1:])
    yield "filter-255-last", "corrupt", wrapped(rows[:-19] + b"\xff" + rows[-18:])
    short = zlib.compress(filtered_rows(6, 5, 8, 2, 1, 1)[:-5])
    yield "interlaced-short", "corrupt", SIGNATURE + header(6, 5, 8, 2, 1) + chunk(b"IDAT", short) + end


def write_fixtures(folder):
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*"):
        old.unlink()
    valid, hostile = [], []
    for name, data in own_files():
        (folder / f"{name}.png").write_bytes(data)
        valid.append(digest(name, decode(data)))
    for name, pixels, image, options in pillow_files():
        out = io.BytesIO()
        image.save(out, "PNG", **options)
        (folder / f"{name}.png").write_bytes(out.getvalue())
        expected = pixels if pixels.ndim == 3 else pixels[:, :, None]
        plain = decode(out.getvalue())
        if not np.array_equal(plain, expected):
            raise SystemExit(f"{name}: Pillow and the plain decoder differ")
        valid.append(digest(name, plain))
    for name, code, data in hostile_files():
        (folder / f"hostile-{name}.png").write_bytes(data)
        hostile.append(f"hostile-{name} {code}\n")
    (folder / "valid.txt").write_text("".join(valid))
    (folder / "hostile.txt").write_text("".join(hostile))


def print_digests(folders):
    for folder in folders:
        for path in sorted(pathlib.Path(folder).glob("*.png")):
            try:
                print(digest(path.stem, decode(path.read_bytes())), end="")
            except Exception:
                print(f"{path.stem} refused")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--digests"]:
        print_digests(sys.argv[2:])
    else:
        write_fixtures(pathlib.Path(__file__).parent / "png")
