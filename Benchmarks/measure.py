#!/usr/bin/env python3
"""Measure both sides in turns, work by work, so that what a machine does at the moment is done to both.

    measure.py OUTPUT.jsonl --data DATA --work WORK --counts 10000 --rounds 5 [--cifar FOLDER] [--only WORD ...]

For each round, number of images and group of works, the peers run and then ours, in the next round ours and then the
peers. Run it through Benchmarks/run, which sets up what it needs.
"""
import argparse, mmap, os, platform, shutil, subprocess, sys, time
from pathlib import Path

from targets import MILLION

BENCHMARKS = Path(__file__).resolve().parent
MAPPED = ["LMDBStore", "HDF5Store", "NPZStore stored"]
PACKED = ["HDF5Store gzip", "NPZStore", "FileStore"]

# The tests that do a group's works on our side, and what each side measures: subject and work.
GROUPS = [
    (["StoreBenchmarks/testWrite"], ["Pillow + csv write", "OpenCV write", "create+write write", "FileStore write"]),
    (["StoreBenchmarks/testRead"], ["Pillow + csv read", "OpenCV read", "FileStore read"]),
    (["StoreBenchmarks/testWrite", "FloorBenchmarks/testFloors"],
     ["write+fsync write", "lmdb raw bytes write", "lmdb + pickle write", "h5py write", "h5py write synced", "ArrayRecord write"]
     + [f"{subject} write" for subject in MAPPED]),
    (["StoreBenchmarks/testWriteToMemory", "StoreBenchmarks/testVerify", "FloorBenchmarks/testWriteToMemory"],
     ["h5py write to memory", "HDF5Store write to memory", "HDF5Store verify", "bare write write to memory"]),
    (["StoreBenchmarks/testWrite"], ["np.savez_compressed write", "np.savez write", "NPZStore write", "h5py gzip write", "HDF5Store gzip write"]),
    (["StoreBenchmarks/testRead", "FloorBenchmarks/testFloors"],
     ["memcpy read", "pread read", "lmdb raw bytes read", "lmdb + pickle read", "h5py read", "h5py read_direct read",
      "ArrayRecord read"] + [f"{subject} read" for subject in MAPPED]),
    (["StoreBenchmarks/testRead"], ["np.savez_compressed read", "np.savez read", "NPZStore read", "HDF5Store gzip read"]),
    (["StoreBenchmarks/testShuffledBatches", "FloorBenchmarks/testShuffledBatches", "LoaderBenchmarks/testEpochs"],
     ["memcpy shuffled", "numpy gather from RAM shuffled", "numpy take", "mlx-data from RAM shuffled", "lmdb raw bytes shuffled",
      "gather + writing float epoch", "InMemoryStore epoch", "InMemoryStore float epoch"]
     + [f"{subject} {work}" for subject in MAPPED for work in ("shuffled", "epoch", "float epoch")]),
    (["StoreBenchmarks/testShuffledBatches", "LoaderBenchmarks/testEpochs"],
     ["h5py shuffled", "h5py gzip shuffled", "ArrayRecord shuffled"]
     + [f"{subject} {work}" for subject in PACKED for work in ("shuffled", "epoch")]),
    (["StoreBenchmarks/testRandomCrops"], ["random crops"]),
    (["StoreBenchmarks/testWrite", "StoreBenchmarks/testRead", "StoreBenchmarks/testShuffledBatches"],
     ["write masks", "read masks", "shuffled masks"]),
    (["CropBenchmarks/testCrops"], ["crop", "count in a region"]),
    (["DecodeBenchmarks/testDecode"], ["decode CIFAR-10"]),
    (["StoreBenchmarks/testWriteOne", "StoreBenchmarks/testReadOne", "StoreBenchmarks/testOpenAndLabels"],
     ["one written", "one read", "open", "labels"]),
    (["StoreBenchmarks/testAppend"], ["append"]),
]
# What does not depend on the number of images is measured at one.
FIXED, FIXED_AT = {"CropBenchmarks/testCrops", "DecodeBenchmarks/testDecode"}, 10_000
# Groups that are measured at more than 10,000 images, by works of theirs: in every round, and in the first alone.
LARGE = {"write+fsync write", "memcpy read", "numpy gather from RAM shuffled", "HDF5Store write to memory"}
SLOW = {"Pillow + csv write", "Pillow + csv read"}


# The build with libdeflate, which a full run makes, takes part in the works of what deflates.
LIBDEFLATE, DEFLATING = BENCHMARKS / ".build" / "libdeflate", ["NPZStore write", "NPZStore read"]


def ours(tests, environment, scratch=BENCHMARKS / ".build"):
    built = scratch / "release" / "BenchmarksPackageTests.xctest"
    for test in tests:
        if platform.system() == "Linux":
            command = [str(built), f"StoreBenchmarks.{test}"]
        else:
            command = ["swift", "test", "--package-path", str(BENCHMARKS), "--scratch-path", str(scratch), "-c", "release",
                       "--skip-build", "--filter", test]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout)


def wait_for_creation(folder):
    """Waits, up to six minutes, while creating files is slow because others were deleted; see `clear` of the peers."""
    for attempt in range(36):
        trial = folder / f"trial-{attempt}"
        trial.mkdir()
        start = time.perf_counter()
        for i in range(100):
            (trial / str(i)).write_bytes(b"1")
        if (time.perf_counter() - start) / 100 < 150e-6:
            return
        if attempt == 0:
            print("waiting until the file system creates files at speed again", flush=True)
        time.sleep(10)


def touch_free_memory():
    """Touches most of the memory that is free and gives it back. A virtual machine may have to get it from its host first,
    which takes several times as long as writing to it and would be measured wherever it happens."""
    size = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 5 * 4
    with mmap.mmap(-1, max(size, 1 << 20)) as memory:
        for page in range(0, len(memory), os.sysconf("SC_PAGE_SIZE")):
            memory[page] = 1


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("output", type=Path)
    a.add_argument("--data", type=Path, required=True)
    a.add_argument("--work", type=Path, required=True)
    a.add_argument("--counts", type=int, nargs="+", default=[10_000])
    a.add_argument("--rounds", type=int, default=5)
    a.add_argument("--cifar", type=Path)
    a.add_argument("--full", action="store_true", help="also open stores of 1,000,000 images, and measure the build with libdeflate")
    a.add_argument("--only", nargs="*", default=[], help="only groups, and works, that have one of these words in a name")
    a.add_argument("--python", default=sys.executable)
    a = a.parse_args()

    def environment(count, round_number, names):
        return dict(os.environ, IMAGE_STORES_BENCHMARK="1", IMAGE_STORES_DATA=str(a.data), IMAGE_STORES_WORK=str(a.work),
                    IMAGE_STORES_OUTPUT=str(a.output), IMAGE_STORES_COUNTS=str(count), IMAGE_STORES_ROUND=str(round_number),
                    IMAGE_STORES_ONLY=",".join(names), IMAGE_STORES_CIFAR10=str(a.cifar or ""))

    def libdeflate(tests, count, round_number, names):
        # In a folder of its own, so that each build reads what it has written.
        work = a.work / "libdeflate"
        work.mkdir(exist_ok=True)
        ours(tests, dict(environment(count, round_number, names), IMAGE_STORES_VARIANT="libdeflate", IMAGE_STORES_WORK=str(work)),
             LIBDEFLATE)

    def peers(count, round_number, names):
        subprocess.run([a.python, str(BENCHMARKS / "Peers" / "peers.py"), str(a.data), str(a.work), str(a.output),
                        "--count", str(count), "--round", str(round_number), "--only", *names]
                       + (["--cifar", str(a.cifar)] if a.cifar else []), check=True)

    shutil.rmtree(a.work, ignore_errors=True)
    a.work.mkdir(parents=True)
    a.output.write_text("")
    wait_for_creation(a.work)
    if a.full and platform.system() == "Linux":
        touch_free_memory()
    try:
        for round_number in range(1, a.rounds + 1):
            for count in a.counts:
                # Small counts show where curves bend; no target is held to them.
                if count < 10_000 and count < max(a.counts) and round_number > 1:
                    continue
                print(f"round {round_number} of {a.rounds}, {count:,} images", flush=True)
                for tests, names in GROUPS:
                    if a.only and not any(word in name for word in a.only for name in names):
                        continue
                    if FIXED.intersection(tests) and count != (FIXED_AT if FIXED_AT in a.counts else max(a.counts)):
                        continue
                    # What takes tens of microseconds per image would take minutes per round: PNGs once, the rest at 10,000.
                    if count > 10_000 and not LARGE.intersection(names) and (names[0] not in SLOW or round_number > 1):
                        continue
                    sides = [lambda: peers(count, round_number, names),
                             lambda: ours(tests, environment(count, round_number, names))]
                    deflating = [name for name in names if name in DEFLATING]
                    if deflating and a.full and (LIBDEFLATE / "release").exists():
                        sides.append(lambda: libdeflate(tests, count, round_number, deflating))
                    # What the peers write, crops and masks, ours reads: they begin.
                    for side in sides if round_number % 2 == 1 else reversed(sides):
                        side()
            if a.full and round_number <= 2:
                print(f"round {round_number} of {a.rounds}, opening 1,000,000 images", flush=True)
                if round_number == 1:
                    ours(["MillionBenchmarks/testWrite"], environment(0, round_number, ["open"]))
                # A process each, for their memory.
                for subject, *_ in MILLION:
                    ours(["MillionBenchmarks/testOpen"], environment(0, round_number, [f"{subject} open"]))
    finally:
        shutil.rmtree(a.work, ignore_errors=True)


if __name__ == "__main__":
    main()
