"""Decodes JPEGs with libjpeg-turbo's own loop and with this package, in turns, and prints medians and ratios.

    python3 jpeg_rounds.py FLOOR OURS FOLDER [--rounds 5]
"""
import argparse
import statistics
import subprocess

parser = argparse.ArgumentParser()
parser.add_argument("floor")
parser.add_argument("ours")
parser.add_argument("folder")
parser.add_argument("--rounds", type=int, default=5)
arguments = parser.parse_args()


def start(program):
    return subprocess.Popen([program, arguments.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(process, line):
    process.stdin.write(line + "\n")
    process.stdin.flush()
    seconds, total = process.stdout.readline().split()
    return float(seconds), int(total)


floor, ours = start(arguments.floor), start(arguments.ours)
for part in ("full", "partial"):
    subjects = {"libjpeg-turbo": (floor, part), "JPEGDecoder": (ours, f"decoder {part}"),
                "reading files": (floor, f"{part} files"), "FileStore": (ours, f"folder {part}"),
                "LMDBStore": (ours, f"lmdb {part}")}
    times = {name: [] for name in subjects}
    sums = {}
    # The first round warms up.
    for turn in range(arguments.rounds + 1):
        for name, (process, line) in subjects.items():
            seconds, total = ask(process, line)
            assert sums.setdefault(part, total) == total, f"{name} decodes other pixels"
            if turn:
                times[name].append(seconds)
    for name, floor_name in [("JPEGDecoder", "libjpeg-turbo"), ("LMDBStore", "libjpeg-turbo"),
                             ("FileStore", "libjpeg-turbo"), ("FileStore", "reading files")]:
        own, base = times[name], times[floor_name]
        # Of each round the ratio to the floor in the same round, so that what else the machine does counts for little.
        ratio = statistics.median(a / b for a, b in zip(own, base))
        print(f"{part:8} {name:12} {ratio:.3f} of {floor_name}, median of ratios; {statistics.median(own):.3f} s and {statistics.median(base):.3f} s")
