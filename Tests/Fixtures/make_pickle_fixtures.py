"""Writes the pickle fixtures: python3 make_pickle_fixtures.py  (Python 3.11, numpy 2).

`pickles/good-*.pkl` are one batch of two images spelled in every way picklers spell it, and a few other
values. `pickles/hostile.txt` lists the others, hand-written opcodes that must be refused, one a line:
file, error code, and words the error must have. Nothing here is ever unpickled by Python.
"""
import io
import pickle
import struct
from pathlib import Path

import numpy as np

out = Path(__file__).parent / "pickles"
out.mkdir(exist_ok=True)
for old in out.glob("*"):
    old.unlink()


# --- What must be read -------------------------------------------------------------------------------

def good(name, pickled):
    (out / f"good-{name}.pkl").write_bytes(pickled)


planes = ((np.arange(2)[:, None] * 101 + np.arange(3072) * 7) % 256).astype("u1")
names = ["first_s_000001.png", "second_s_000002.png"]


def batch(key=str, labels=[3, 9], data=planes, **more):
    return {key("batch_label"): "training batch 1 of 1", key("labels"): labels, key("data"): data,
            key("filenames"): names, **more}


def numpy1(pickled):
    """The same pickle as numpy 1 would have written it: another module name, an octet shorter."""
    for long, short in [(b"numpy._core.multiarray", b"numpy.core.multiarray"),
                        (b"numpy._core.numeric", b"numpy.core.numeric")]:
        found = pickled.count(long)
        pickled = pickled.replace(b"\x8c" + bytes([len(long)]) + long, b"\x8c" + bytes([len(short)]) + short)
        pickled = pickled.replace(long, short)
        if pickled[2] == 0x95:  # the first frame's length counts the names
            pickled = pickled[:3] + struct.pack("<Q", struct.unpack("<Q", pickled[3:11])[0] - found) + pickled[11:]
    return pickled


as_bytes = lambda text: text.encode()
for protocol in range(6):
    good(f"numpy2-protocol{protocol}", pickle.dumps(batch(), protocol))
    good(f"numpy1-protocol{protocol}", numpy1(pickle.dumps(batch(), protocol)))
for protocol in (2, 4, 5):
    good(f"fortran-protocol{protocol}", pickle.dumps(batch(data=np.asfortranarray(planes)), protocol))
good("strided-protocol5", pickle.dumps(batch(data=np.repeat(planes, 2, 1)[:, ::2]), 5))
good("cube-protocol5", pickle.dumps(batch(data=planes.reshape(2, 3, 32, 32)), 5))
good("bytes-keys", pickle.dumps(batch(as_bytes), 3))
mixed = batch()
mixed[b"data"] = mixed.pop("data")
good("mixed-keys", pickle.dumps(mixed, 4))
good("labels-i8", pickle.dumps(batch(labels=np.array([3, 9])), 4))
good("labels-i4-big-endian", pickle.dumps(batch(labels=np.array([3, 9], ">i4")), 5))
good("labels-scalars", pickle.dumps(batch(labels=[np.int64(3), np.uint8(9)]), 2))
good("labels-tuple", pickle.dumps(batch(labels=(3, 9), extra={"a": None, "b": [1.5, True]}), 4))
hundred = batch(coarse_labels=[11, 0], fine_labels=[98, 19])
del hundred["labels"]
good("cifar100-train", pickle.dumps(hundred, 2))
good("cifar100-meta", pickle.dumps({"fine_label_names": [f"fine {i}" for i in range(100)],
                                    "coarse_label_names": [f"coarse {i}" for i in range(20)]}, 2))
unframed = io.BytesIO()
pickler = pickle._Pickler(unframed, 4)
pickler.framer.start_framing = lambda: None
pickler.dump(batch())
good("unframed-protocol4", unframed.getvalue())


class CIFAR_Image:
    def __init__(self):
        self.channels, self.size = 3, (2, 2)
        self.image, self.label = bytes(range(244, 256)), np.int64(7)


for protocol in range(2, 6):
    good(f"cifar-image-protocol{protocol}", pickle.dumps(CIFAR_Image(), protocol))

values = [None, True, False, 0, -1, 255, 256, 65536, -2**31, 2**31, -2**63, 2**63 - 1, 0.5, -1e300,
          "caf\u00e9 \\u0041 \u20ac \U0001F600\n", b"\x00\x7f\x80\xff", [], (), {}, (1, 2, 3, 4)]
for protocol in range(6):
    good(f"values-protocol{protocol}", pickle.dumps(values, protocol))
good("python2-string", b"S'it\\'s \\x00\\xff\\n\\t\\\\'\n.")
good("sparse-memo", b"\x80\x02K\x07r\xff\xff\xff\xffK\x08r\xfe\xff\xff\xff0j\xff\xff\xff\xff\x86.")


# --- What must be refused ----------------------------------------------------------------------------

refused = []


def bad(name, code, words, pickled):
    (out / f"bad-{name}.pkl").write_bytes(pickled)
    refused.append(f"bad-{name}.pkl|{code}|{words}")


ATTACKS = "unsupported"
dict_head = b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x04datacos\nsystem\nq\x03U\x04true\x85Rq\x04u."
bad("os-system", ATTACKS, "opcode GLOBAL at offset 27 names os.system; this package reads data and runs no code from a pickle", dict_head)
bad("os-system-protocol0", ATTACKS, "opcode GLOBAL at offset 0 names os.system", b"cos\nsystem\n(S'true'\ntR.")
bad("os-system-hidden-by-pop", ATTACKS, "opcode GLOBAL at offset 3 names posix.system",
    b"\x80\x02}cposix\nsystem\nU\x04true\x85R0.")
bad("stack-global", ATTACKS, "opcode STACK_GLOBAL at offset 14 names os.system",
    b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.")
bad("stack-global-by-memo", ATTACKS, "opcode STACK_GLOBAL at offset 24 names builtins.eval",
    b"\x80\x04\x8c\x04eval\x94\x8c\x08builtins\x94h\x01h\x00\x93\x8c\x011\x85R.")
bad("stack-global-of-number", ATTACKS, "opcode STACK_GLOBAL at offset 6", b"\x80\x04K\x01K\x02\x93.")
bad("dotted-name", ATTACKS, "names numpy.ndarray.tofile",
    b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.")
bad("numpy-load", ATTACKS, "names numpy.load", b"cnumpy\nload\n(S'x'\ntR.")
bad("getattr-chain", ATTACKS, "opcode GLOBAL at offset 2 names __builtin__.getattr",
    b"\x80\x02c__builtin__\ngetattr\ncos\n__dict__\nU\x06system\x86R.")
bad("attrgetter", ATTACKS, "names operator.attrgetter", b"coperator\nattrgetter\n(S'system'\ntR.")
bad("nested-loads", ATTACKS, "names pickle.loads", b"cpickle\nloads\n(S'N.'\ntR.")
bad("control-characters", ATTACKS, "names os.system", b"cos\nsystem\x1b[31m\r\n.")
bad("inst", ATTACKS, "opcode INST at offset 9 calls os.system", b"(S'true'\nios\nsystem\n.")
bad("obj", ATTACKS, "opcode OBJ at offset 16", b"(cnumpy\nndarray\no.")
bad("newobj-ndarray", ATTACKS, "opcode NEWOBJ at offset 18 makes a numpy.ndarray", b"\x80\x02cnumpy\nndarray\n)\x81.")
bad("newobj-arguments", ATTACKS, "opcode NEWOBJ", b"\x80\x02c__main__\nCIFAR_Image\nK\x01\x85\x81.")
bad("newobj-ex", ATTACKS, "opcode NEWOBJ_EX at offset 26", b"\x80\x04c__main__\nCIFAR_Image\n)}\x92.")
bad("reduce-class", ATTACKS, "opcode REDUCE at offset 25 calls CIFAR_Image", b"\x80\x02c__main__\nCIFAR_Image\n)R.")
bad("reduce-number", ATTACKS, "opcode REDUCE at offset 3", b"K\x01)R.")
bad("reduce-list", ATTACKS, "opcode REDUCE at offset 16", b"cnumpy\nndarray\n]R.")
for number, argument in [(1, b"\x01"), (2, b"\x01\x00"), (4, b"\x01\x00\x00\x00")]:
    bad(f"ext{number}", ATTACKS, f"opcode EXT{number} at offset 2", b"\x80\x02" + bytes([0x81 + number if number < 3 else 0x84]) + argument + b".")
bad("persid", ATTACKS, "opcode PERSID at offset 0", b"Pnumber one\n.")
bad("binpersid", ATTACKS, "opcode BINPERSID at offset 2", b"K\x01Q.")
bad("next-buffer", ATTACKS, "opcode NEXT_BUFFER at offset 2 takes a buffer from outside the file", b"\x80\x05\x97.")
bad("readonly-buffer", ATTACKS, "opcode READONLY_BUFFER", b"\x80\x05K\x01\x98.")
bad("set", ATTACKS, "opcode EMPTY_SET", b"\x80\x04\x8f(K\x01\x90.")
bad("frozenset", ATTACKS, "opcode FROZENSET", b"\x80\x04(K\x01\x91.")
bad("protocol-6", ATTACKS, "opcode PROTO at offset 0 asks for protocol 6", b"\x80\x06N.")
bad("class-itself", ATTACKS, "numpy.ndarray itself", b"cnumpy\nndarray\n.")
bad("object-state-list", ATTACKS, "opcode BUILD", b"\x80\x02c__main__\nCIFAR_Image\n)\x81]b.")
bad("object-built-twice", ATTACKS, "opcode BUILD at offset 29", b"\x80\x02c__main__\nCIFAR_Image\n)\x81}b}b.")
bad("build-list", ATTACKS, "opcode BUILD at offset 2", b"]}b.")
bad("append-to-dict", ATTACKS, "opcode APPEND at offset 3", b"}K\x01a.")
bad("setitem-of-list", ATTACKS, "opcode SETITEM at offset 5", b"]K\x01K\x02s.")

CORRUPT = "corrupt"
bad("empty", CORRUPT, "the pickle is empty", b"")
bad("no-stop", CORRUPT, "ends at offset 3 without STOP", b"]K\x01")
bad("utf16", "unrecognized", "byte 0xff at offset 0", "\ufeffbatch".encode("utf-16-le"))
bad("unknown-opcode", "unrecognized", "byte 0xfe at offset 2", b"K\x01\xfe.")
bad("trailing", CORRUPT, "opcode STOP at offset 1 is followed by 3 bytes", b"N.abc")
bad("leftover", CORRUPT, "leaves 1 values", b"K\x01K\x02.")
bad("stop-on-nothing", CORRUPT, "opcode STOP at offset 0 finds the stack empty", b".")
bad("stop-on-mark", CORRUPT, "finds a MARK", b"(.")
bad("pop-nothing", CORRUPT, "opcode POP at offset 0 finds the stack empty", b"0N.")
bad("dup-nothing", CORRUPT, "opcode DUP at offset 0 finds the stack empty", b"2.")
for name, opcode in [("tuple", b"t"), ("list", b"l"), ("dict", b"d"), ("appends", b"e"), ("setitems", b"u"), ("pop-mark", b"1")]:
    bad(f"no-mark-{name}", CORRUPT, f"opcode {name.upper().replace('-', '_')} at offset 2 finds no MARK", b"K\x01" + opcode + b".")
bad("tuple-over-mark", CORRUPT, "opcode TUPLE2 at offset 3 finds a MARK", b"(K\x01\x86.")
bad("odd-items", CORRUPT, "opcode SETITEMS at offset 4 has a key without a value", b"}(K\x01u.")
bad("odd-dict", CORRUPT, "opcode DICT at offset 3 has a key without a value", b"(K\x01d.")
bad("no-memo-entry", CORRUPT, "opcode BINGET at offset 0 asks for memo entry 5", b"h\x05.")
bad("negative-memo", CORRUPT, "opcode PUT at offset 1", b"Np-1\n.")
bad("memo-text", CORRUPT, "opcode GET at offset 0", b"gx\n.")
huge = 543 << 20
bad("huge-binstring", CORRUPT, f"opcode BINSTRING at offset 2 announces {huge} bytes, but 4 are left", b"\x80\x02T" + struct.pack("<i", huge) + b"abc.")
bad("negative-binstring", CORRUPT, "opcode BINSTRING at offset 0 announces -1 bytes", b"T\xff\xff\xff\xffabc.")
bad("huge-binunicode", CORRUPT, "opcode BINUNICODE at offset 0 announces 4294967295 bytes", b"X\xff\xff\xff\xffabc.")
bad("huge-binbytes8", CORRUPT, "opcode BINBYTES8 at offset 2 announces 9223372036854775807 bytes", b"\x80\x04\x8e" + struct.pack("<Q", 2**63 - 1) + b".")
bad("huge-binunicode8", CORRUPT, "announces 18446744073709551615 bytes", b"\x80\x04\x8d" + struct.pack("<Q", 2**64 - 1) + b".")
bad("huge-bytearray8", CORRUPT, "opcode BYTEARRAY8", b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b".")
bad("negative-long4", CORRUPT, "opcode LONG4 at offset 0 announces -2 bytes", b"\x8b\xfe\xff\xff\xff.")
bad("long-number", ATTACKS, "opcode LONG1 at offset 0 has a number of 9 bytes", b"\x8a\x09123456789.")
bad("cut-in-number", CORRUPT, "opcode BININT at offset 0 is cut short", b"J\x01")
bad("cut-in-line", CORRUPT, "opcode GLOBAL at offset 0", b"cnumpy\nndarr")
bad("int-text", CORRUPT, "opcode INT at offset 0 has 'abc' in place of a number", b"Iabc\n.")
bad("int-beyond-64-bits", CORRUPT, "opcode INT", b"I9223372036854775808\n.")
bad("float-text", CORRUPT, "opcode FLOAT at offset 0", b"Fone\n.")
bad("string-without-quotes", CORRUPT, "opcode STRING at offset 0", b"Sabc\n.")
bad("string-half-quoted", CORRUPT, "opcode STRING at offset 0", b"S'\n.")
bad("string-bad-escape", CORRUPT, "opcode STRING at offset 0", b"S'\\x4'\n.")
bad("unicode-bad-escape", CORRUPT, "opcode UNICODE at offset 0", b"V\\u12\n.")
bad("unicode-beyond", CORRUPT, "opcode UNICODE at offset 0", b"V\\U00110000\n.")
bad("frame-beyond-file", CORRUPT, "opcode FRAME at offset 2 announces 99 bytes, but 2 are left", b"\x80\x04\x95" + struct.pack("<Q", 99) + b"N.")
bad("frame-huge", CORRUPT, "opcode FRAME at offset 2", b"\x80\x04\x95" + struct.pack("<Q", 2**64 - 1) + b"N.")
bad("frame-in-frame", CORRUPT, "opcode FRAME at offset 11 begins a frame within a frame",
    b"\x80\x04\x95" + struct.pack("<Q", 11) + b"\x95" + struct.pack("<Q", 1) + b"N.")
bad("frame-straddled", CORRUPT, "opcode BININT at offset 11 is cut short", b"\x80\x04\x95" + struct.pack("<Q", 3) + b"J\x01\x00\x00\x00.")
bad("frame-straddled-by-bytes", CORRUPT, "announces 4 bytes, but 1 are left", b"\x80\x04\x95" + struct.pack("<Q", 3) + b"C\x04abcd.")
bad("list-in-itself", CORRUPT, "within itself", b"]q\x00h\x00a.")
bad("dict-in-itself", CORRUPT, "within itself", b"}q\x00K\x01h\x00s.")
bad("tuple-in-its-list", CORRUPT, "within itself", b"]q\x00h\x00\x85a.")
bad("object-in-itself", CORRUPT, "within itself", b"\x80\x02c__main__\nCIFAR_Image\n)\x81q\x00}U\x01ah\x00sb.")

array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
dtype = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"


def built(shape, data, dtype=dtype, order=b"\x89", version=b"K\x01"):
    return b"\x80\x02" + array + b"(" + version + shape + dtype + order + data + b"tb."


bad("array-too-few-bytes", CORRUPT, "builds a uint8 array of shape [2, 3] from 5 bytes; it takes 6", built(b"K\x02K\x03\x86", b"U\x05abcde"))
bad("array-too-many-bytes", CORRUPT, "from 7 bytes; it takes 6", built(b"K\x02K\x03\x86", b"U\x07abcdefg"))
bad("array-overflow", CORRUPT, "larger than memory", built(b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x87", b"U\x01a"))
bad("array-negative", CORRUPT, "whole numbers from 0", built(b"J\xff\xff\xff\xff\x85", b"U\x01a"))
bad("array-of-axes", CORRUPT, "40 axes", built(b"(" + b"K\x01" * 40 + b"t", b"U\x01a"))
bad("array-of-objects", ATTACKS, "makes the dtype 'O8'", built(b"K\x01\x85", b"]", b"cnumpy\ndtype\nU\x02O8K\x00K\x01\x87R"))
bad("array-of-list", ATTACKS, "from values that are not bytes", built(b"K\x01\x85", b"]K\x01a"))
bad("array-version", ATTACKS, "opcode BUILD", built(b"K\x01\x85", b"U\x01a", version=b"K\x02"))
bad("array-dtype-none", ATTACKS, "takes something that is not a dtype", built(b"K\x01\x85", b"U\x01a", b"N"))
bad("array-unbuilt", CORRUPT, "BUILD never fills", b"\x80\x02" + array + b".")
bad("array-subclass", ATTACKS, "opcode REDUCE", b"\x80\x02" + array.replace(b"cnumpy\nndarray\n", b"c__main__\nCIFAR_Image\n") + b".")
bad("dtype-with-fields", ATTACKS, "plain number", b"\x80\x02" + dtype + b"(K\x03U\x01|NU\x01a\x85NJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb.")
bad("dtype-itself", ATTACKS, "dtype as a value", b"\x80\x02" + dtype + b".")
bad("dtype-record", ATTACKS, "makes the dtype 'V16'", b"cnumpy\ndtype\nU\x03V16K\x00K\x01\x87R.")
bad("scalar-short", CORRUPT, "makes a uint8 from 2 bytes", b"\x80\x02cnumpy.core.multiarray\nscalar\n" + dtype + b"U\x02ab\x86R.")
bad("frombuffer-order", ATTACKS, "opcode REDUCE", b"\x80\x05cnumpy.core.numeric\n_frombuffer\n(C\x01a" + dtype + b"K\x01\x85U\x01AtR.")
bad("encode-rot13", ATTACKS, "opcode REDUCE at offset 32 encodes something other than text as latin1", b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aU\x05rot13\x86R.")
bad("encode-beyond-latin1", CORRUPT, "other characters", b"\x80\x02c_codecs\nencode\nX\x03\x00\x00\x00\xe2\x82\xacU\x06latin1\x86R.")
bad("encode-broken-utf8", CORRUPT, "other characters", b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00\xc3U\x06latin1\x86R.")

LIMIT = "limitExceeded"
doubling = b"K\x01" + b"".join(b"q" + bytes([i]) + b"h" + bytes([i]) + b"\x86" for i in range(60))
bad("doubling", LIMIT, "shared references", b"\x80\x02" + doubling + b".")
tenfold = b"]q\x00K\x01a" + b"".join(b"]q" + bytes([i]) + b"(" + (b"h" + bytes([i - 1])) * 10 + b"e" for i in range(1, 20))
bad("tenfold-lists", LIMIT, "shared references", b"(" + tenfold + b"t.")
bad("deep", LIMIT, "nests deeper than 100 levels", b"]" * 1000 + b"a" * 999 + b".")
bad("deep-by-memo", LIMIT, "nests deeper than 100 levels",
    b"]q\x00" + b"\x85" * 60 + b"q\x01" + b"\x85" * 60 + b".")
bad("encode-bomb", LIMIT, "more than four times", b"\x80\x02(c_codecs\nencode\nq\x00X" + struct.pack("<I", 4000) + "\u00e9".encode() * 2000
    + b"q\x01U\x06latin1q\x02\x86q\x03R" + b"h\x00h\x03R" * 60 + b"t.")
(out / "hostile.txt").write_text("\n".join(refused) + "\n")
