#!/usr/bin/env python3
"""Writes sample_order_golden.json from the reference in Tests/Python."""
import json, pathlib, sys

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "Python"))
import sample_draws as draws
import sample_order as so

shuffles = []
for count, seed, epoch in [(1, 0, 0), (2, 1, 0), (7, 42, 3), (255, 9, 1), (257, 9, 1), (1000, 42, 0)]:
    shuffles.append(dict(count=count, seed=seed, epoch=epoch, positions=list(range(count)),
                         indices=so.shuffled(count, seed, epoch)))
for count, seed, epoch in [(50_000, 42, 0), (10_000_000, 42, 89), (3_000_000_019, 2**64 - 1, -1), (2**40 + 5, 7, 2**40)]:
    k = so.key(seed, epoch, so.SHUFFLE)
    positions = [count * i // 40 for i in range(40)] + [count - 1]
    shuffles.append(dict(count=count, seed=seed, epoch=epoch, positions=positions,
                         indices=[so.permuted(p, count, k) for p in positions]))
blocks = [dict(count=count, seed=seed, epoch=epoch, blockSize=size, window=window,
               indices=so.block_shuffled(count, seed, epoch, size, window))
          for count, seed, epoch, size, window in [
              (1, 1, 0, 4, 4), (10, 1, 0, 3, 2), (100, 42, 1, 7, 4), (1000, 42, 2, 16, 10), (999, 3, 0, 1, 100),
              (500, 5, 4, 1000, 3), (601, 8, 0, 100, 3), (1024, 11, 7, 32, 32)]]
lanes = [dict(count=count, seed=seed, epoch=epoch, blockSize=size, window=window, lanes=lanes,
              indices=so.lane_shuffled(count, seed, epoch, size, window, lanes))
         for count, seed, epoch, size, window, lanes in [
             (0, 1, 0, 4, 4, 2), (1, 1, 0, 4, 4, 4), (10, 1, 0, 3, 2, 1), (100, 42, 1, 7, 4, 4), (1000, 42, 2, 16, 13, 6),
             (999, 3, 0, 1, 100, 12), (500, 5, 4, 1000, 64, 64), (601, 8, -1, 100, 8, 8), (1024, 11, 7, 8, 32, 16),
             (1023, 2**64 - 1, 7, 5, 31, 30)]]
labels = [i * i % 11 % 4 for i in range(300)]
weights = [float(i % 7) for i in range(60)]
golden = dict(
    shuffles=shuffles, blocks=blocks, lanes=lanes,
    weighted=dict(weights=weights, seed=13, epoch=2, indices=draws.weighted(weights, 13, 2, 200)),
    balanced=dict(labels=labels, seed=17, epoch=1, indices=draws.class_balanced(labels, 17, 1, 200)),
    folds=dict(labels=labels, count=7, seed=7, assignments=draws.folds(labels, 7, 7)))
(here / "sample_order_golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
