#!/usr/bin/env python3
"""The Python side of the benchmarks: the work as tutorials write it, and as an expert would.

    peers.py DATA WORK OUTPUT.jsonl --count N --round R [--only WORD ...]
"""
import argparse
from pathlib import Path
import floors, loader_peers, numpy_peers, png_peers, store_peers
from harness import Data, Recorder


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("data", type=Path, help="the folder prepare.py made")
    a.add_argument("work", type=Path, help="a folder for the files that are written")
    a.add_argument("output", type=Path, help="measurements are appended here, a JSON object a line")
    a.add_argument("--count", type=int, default=10_000)
    a.add_argument("--round", type=int, default=0)
    a.add_argument("--cifar", type=Path, help="a folder in CIFAR-10's layout, for the decoding work")
    a.add_argument("--only", nargs="*", help="measure only what has one of these words in its name")
    a = a.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    data, recorder = Data(a.data, a.count), Recorder(a.output, a.round, a.only)
    for module in (floors, png_peers, store_peers, numpy_peers, loader_peers):
        module.measure(data, a.work, recorder, a)


if __name__ == "__main__":
    main()
