#!/usr/bin/env python3
"""Measure writing in turns within one run: ours, the peers, the floor of the machine.

    swift build --package-path Benchmarks -c release --product write-rounds
    Benchmarks/Peers/write_rounds.py DATA WORK --count 10000 --rounds 9

DATA is a folder made by prepare.py, WORK a folder on the disk to measure. Each line of the result has microseconds
per image: median and least by the clock, then the medians of the processor's time in the program and in the system.
"""
import argparse, os, resource, shutil, statistics, subprocess, time
from pathlib import Path
import h5py, lmdb
import numpy as np


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("data", type=Path)
    a.add_argument("work", type=Path)
    a.add_argument("--count", type=int, default=10_000)
    a.add_argument("--rounds", type=int, default=9)
    a.add_argument("--only", nargs="*", help="names, or parts of them")
    a = a.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    raw = a.data / "images.raw"
    images = np.ascontiguousarray(np.load(a.data / "images.npy", mmap_mode="r")[:a.count])
    images.tofile(raw)
    program = Path(__file__).parents[1] / ".build/release/write-rounds"
    ours = subprocess.Popen([program, raw, str(a.count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    subjects = {}

    def add_ours(name, subject, threads=1):
        def run(path):
            ours.stdin.write(f"{subject} {path} {threads}\n")
            ours.stdin.flush()
            return tuple(map(float, ours.stdout.readline().split()))
        subjects[name] = run

    def add(name, body):
        def run(path):
            before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
            body(path)
            seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
            return seconds, after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
        subjects[name] = run

    view, keys = memoryview(images).cast("B"), [f"{i:08}".encode() for i in range(a.count)]

    def floor(path):
        with open(path, "wb", buffering=0) as f:
            for i in range(0, len(view), 8 << 20):
                f.write(view[i:i + (8 << 20)])
            os.fsync(f.fileno())

    def py_lmdb(path):
        environment = lmdb.open(str(path), map_size=images.nbytes * 10)
        with environment.begin(write=True) as transaction:
            for i in range(a.count):
                transaction.put(keys[i], images[i].tobytes())
        environment.close()

    def h5(path, sync=False, **options):
        with h5py.File(path, "w") as f:
            f.create_dataset("images", data=images, **options)
        if sync:
            descriptor = os.open(path, os.O_RDWR)
            os.fsync(descriptor)
            os.close(descriptor)

    add("floor: write+fsync", floor)
    add("py-lmdb raw bytes", py_lmdb)
    add("h5py", h5)
    add("h5py, synced", lambda path: h5(path, True))
    chunks = dict(chunks=(16, 32, 32, 3), compression="gzip")
    add("h5py gzip", lambda path: h5(path, **chunks))
    add("h5py gzip, chunks of one", lambda path: h5(path, **(chunks | dict(chunks=(1, 32, 32, 3)))))
    add_ours("LMDBStore", "lmdb")
    for threads in (1, 2):
        add_ours(f"HDF5Store, {threads} threads", "hdf5", threads)
        add_ours(f"HDF5Store gzip fast, {threads} threads", "hdf5-gzip-fast", threads)
        add_ours(f"HDF5Store gzip small, {threads} threads", "hdf5-gzip-small", threads)

    chosen = {n: s for n, s in subjects.items() if not a.only or any(part in n for part in a.only)}
    taken = {name: [] for name in chosen}
    for round in range(a.rounds):
        for number, (name, run) in enumerate(chosen.items()):
            path = a.work / f"{os.getpid()}-{number}"
            taken[name].append(run(path))
            size = sum(p.stat().st_size for p in ([path] if path.is_file() else path.rglob("*")) if p.is_file())
            taken[name][-1] += (size,)
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    ours.stdin.close()
    ours.wait()
    print(f"{'us per image':36} {'median':>8} {'least':>8} {'user':>8} {'system':>8} {'bytes':>8}")
    for name, rounds in taken.items():
        clock, user, system, size = ([r[k] / a.count * 1e6 for r in rounds] for k in range(4))
        median = statistics.median
        print(f"{name:36} {median(clock):8.2f} {min(clock):8.2f} {median(user):8.2f} {median(system):8.2f} "
              f"{size[0] / 1e6:8.0f}")


if __name__ == "__main__":
    main()
