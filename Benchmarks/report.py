#!/usr/bin/env python3
"""Turn measurements into the report: every target with its measured ratio and verdict, tables, charts.

    report.py MEASUREMENTS.jsonl [--markdown Docs/Benchmarks.md --charts Docs/Charts [--against BEFORE.jsonl]]

A ratio is taken round by round, ours over the peer's of the same round; the median of the rounds is quoted with
half the distance of its quartiles as spread.
"""
import argparse, json, platform, statistics, subprocess
from collections import defaultdict
from pathlib import Path
import charts
from targets import DISK, MILLION, REASONS, TARGETS, USES


class Figures:
    def __init__(self, path):
        self.by_key = defaultdict(dict)
        self.bytes, self.checksums, self.memory = {}, defaultdict(dict), defaultdict(list)
        for line in open(path):
            r = json.loads(line)
            key = (r["subject"], r["work"], r["count"], r["threads"])
            if r["microseconds"]:
                self.by_key[key][r["round"]] = r["microseconds"]
            if r.get("memory") is not None:
                self.memory[key[0]].append(r["memory"] / r["count"])
            if r.get("bytes"):
                self.bytes[key[0], r["count"]] = (r["bytes"], r["allocated"])
            if r.get("checksum"):
                self.checksums[r["work"], r["count"]][r["subject"], r["threads"]] = r["checksum"]
        self.counts = sorted({k[2] for k in self.by_key})

    def count_of(self, subject, work):
        """The largest number of images that the work was done with in several rounds, else in one."""
        counts = {k[2]: len(rounds) for k, rounds in self.by_key.items() if k[:2] == (subject, work)}
        return max((c for c in counts if counts[c] > 2), default=max(counts, default=None))

    def rounds(self, subject, work, threads, count):
        return self.by_key.get((subject, work, count, threads), {})

    def median(self, subject, work, threads, count):
        values = list(self.rounds(subject, work, threads, count).values())
        return statistics.median(values) if values else None

    def settled_counts(self, subject, work):
        """The numbers of images that the work was done with in several rounds, the largest last."""
        return sorted(k[2] for k, rounds in self.by_key.items() if k[:2] == (subject, work) and len(rounds) > 2)

    def ratio(self, ours, peer, work, peer_work, threads, count=None):
        """Median and spread of ours over the peer's, round by round."""
        count, peer_count = count or self.count_of(ours, work), count or self.count_of(peer, peer_work)
        if count is None or peer_count is None:
            return None
        a, b = self.rounds(ours, work, threads, count), self.rounds(peer, peer_work, 1, peer_count)
        ratios = sorted(a[r] / b[r] for r in a if r in b)
        if not ratios:
            return None
        first, _, third = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
        return statistics.median(ratios), (third - first) / 2

    def void(self):
        """Readers whose pixels are not those of the others at the same work."""
        faults = []
        for (work, count), sums in self.checksums.items():
            common = statistics.mode(sums.values())
            faults += [f"{subject} ({work}, {count})" for (subject, _), value in sums.items() if value != common]
        return sorted(set(faults))


def machine():
    cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "?") \
        if Path("/proc/cpuinfo").exists() else platform.processor()
    import h5py, lmdb, numpy, PIL
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    return (f"{cpu}, {platform.system()} {platform.release()}; {swift}; Python {platform.python_version()}, "
            f"numpy {numpy.__version__}, h5py {h5py.__version__} (HDF5 {h5py.version.hdf5_version}), "
            f"lmdb {lmdb.__version__}, Pillow {PIL.__version__}")


HEADER = ["work", "target", "images", "measured ratio", "us", "verdict"]


def target_ratios(figures):
    """Each target with the number of images it is held to and the ratio there: the largest; for writing and shuffled batches
    each that was measured in several rounds, since what a machine does with 300 MB at once is not what it does with 30."""
    for title, ours, work, threads, peer, peer_work, target in TARGETS:
        counts = [figures.count_of(ours, work)]
        several = work in ("write", "write to memory", "shuffled")
        if several:
            both = set(figures.settled_counts(ours, work)) & set(figures.settled_counts(peer, peer_work))
            counts = sorted(c for c in both if c > 9_000) or counts
        for count in counts:
            alike = count if several else None
            yield title, ours, work, threads, peer, peer_work, target, count, figures.ratio(ours, peer, work, peer_work, threads, alike)


def target_rows(figures):
    for title, ours, work, threads, peer, peer_work, target, count, ratio in target_ratios(figures):
        if ratio is None:
            if "libdeflate" not in ours:
                yield title, f"<= {target:.3g} x {peer}", "", "not measured", "", ""
            continue
        value, spread = ratio
        us = figures.median(ours, work, threads, count)
        verdict = "holds" if value <= target else f"falls short ({value / target:.2f} x the target)"
        if value > target and count < 9_000 and work != "crop":
            verdict += " at so few images"
        if peer == "write+fsync":
            floor = {c: figures.median(peer, peer_work, 1, c) for c in figures.settled_counts(peer, peer_work)}
            # Memory that a virtual machine has yet to get from its host, or a disk that does something else.
            least = min(floor, key=floor.get, default=None)
            if least and floor[count] > 2 * floor[least]:
                verdict += (f"; the bare bytes took {floor[count]:.1f} us, {floor[least]:.1f} at {least:,} images: "
                            "what this row says is too good")
        yield title, f"<= {target:.3g} x {peer}", f"{count:,}", f"{value:.3f} +- {spread:.3f}", f"{us:.3g}", verdict


def limit_rows(figures):
    """What is held to a limit and not to a peer: disk, and opening 1,000,000 images."""
    verdict = lambda value, most: "holds" if value <= most else f"falls short ({value / most:.2f} x the target)"
    for subject, peer, most in DISK:
        counts = [c for s, c in figures.bytes if s == subject and (peer is None or (peer, c) in figures.bytes)]
        if counts:
            count = max(counts)
            size = figures.bytes[subject, count][0]
            value = size / (figures.bytes[peer, count][0] if peer else count * 3072)
            yield (f"{subject}, bytes", f"<= {most:g} x {peer or 'the raw pixels'}", f"{count:,}", f"{value:.3f}", "",
                   verdict(value, most))
    for subject, seconds, memory in MILLION:
        value = figures.median(subject, "open 1,000,000", 1, 1)
        if value:
            yield (f"{subject}, open", f"<= {seconds:g} s", "1,000,000", f"{value / 1e6:.3f} s", f"{value:.3g}",
                   verdict(value / 1e6, seconds))
        if figures.memory[subject]:
            value = statistics.median(figures.memory[subject])
            yield (f"{subject}, memory", f"<= {memory} bytes per image", "1,000,000", f"{value:.1f} bytes", "",
                   verdict(value, memory))


def comparison(figures, before):
    """Which ratios of two runs differ by more than a tenth of the greater."""
    number, rows = 0, []
    ratios = {(*key, count): ratio for *key, _, count, ratio in target_ratios(before)}
    for *key, _, count, ratio in target_ratios(figures):
        earlier = ratios.get((*key, count))
        if ratio is None or earlier is None:
            continue
        number += 1
        if abs(ratio[0] - earlier[0]) > 0.1 * max(ratio[0], earlier[0]):
            shown = [f"{value:.3f} +- {spread:.3f}" for value, spread in (earlier, ratio)]
            rows.append([key[0], key[4], f"{count:,}", *shown])
    yield from ["## Two runs", "",
                f"Of {number} ratios, {number - len(rows)} agree within 10 % with those of the run before on the same machine. The others:", ""]
    yield from table(["work", "peer", "images", "before", "now"], rows)
    yield ""


def explained(figures, why, works):
    """The reason with its figures."""
    medians = [figures.median(subject, work, 1, figures.count_of(subject, work)) for subject, work in works]
    return why.format(*("not measured" if value is None else f"{value:.3g}" for value in medians))


def table(header, rows):
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"


def work_table(figures, work):
    """Microseconds per image of every subject at a work, by the number of images."""
    subjects = sorted({(k[0], k[3]) for k in figures.by_key if k[1] == work})
    counts = [c for c in figures.counts if any(figures.median(s, work, t, c) for s, t in subjects)]
    rows = []
    for subject, threads in subjects:
        cells = [figures.median(subject, work, threads, c) for c in counts]
        rows.append([subject, threads] + [f"{c:.3g}" if c else "" for c in cells])
    return table(["subject", "threads"] + [f"{c:,}" for c in counts], rows)


def choice_rows(figures):
    """What each store costs at the largest count, the better of one and two threads, beside what to take it for."""
    for subject, use, suffix in USES:

        def best(work):
            count = figures.count_of(subject, work + suffix)
            values = [figures.median(subject, work + suffix, threads, count) for threads in (1, 2)]
            return f"{min(v for v in values if v):.3g}" if any(values) else ""

        sizes = [(c, b) for (s, c), (b, _) in figures.bytes.items() if s == subject]
        disk = f"{max(sizes)[1] / max(sizes)[0]:,.0f}" if sizes else ""
        yield subject, use, best("write"), best("read"), best("shuffled"), best("random crops"), best("append"), disk


def report(figures, chart_names, data, before):
    lines = ["# Benchmarks", "",
             "Written by `Benchmarks/run full`. Times are microseconds per image, warm cache, release build; ratios are",
             "medians over rounds in which both sides ran in turns on the same images, work by work, with half the distance",
             "of the quartiles. A reader whose pixels differ from the others' is void.", "", machine() + ".", "",
             data, "", "## Targets", ""]
    rows = [*target_rows(figures), *limit_rows(figures)]
    lines += table(HEADER, rows)
    short = [row[0] for row in rows if row[-1].startswith("falls short")]
    reasons = [(title, explained(figures, why, works)) for title, why, works in REASONS
               if any(name.startswith(title) for name in short)]
    if reasons:
        lines += ["", "What falls short, and why:", "", *(f"- *{title}.* {why}" for title, why in reasons)]
    void = figures.void()
    lines += ["", "Void: " + (", ".join(void) if void else "none; all readers of a work delivered the same pixels."), ""]
    if before:
        lines += comparison(figures, before)
    for name, title in chart_names:
        lines += [f"![{title}](Charts/{name})", ""]
    lines += ["## Which store when", "",
              "Microseconds per image at the largest count, synced where it is written, the better of one and two threads; masks have",
              "one channel of one bit. Writing, reading in order, in shuffled batches of 128, in crops of 24x24 at random places;",
              "appending a tenth.", ""]
    lines += table(["store", "take it for", "write", "read", "shuffled", "crops", "append", "bytes per image"],
                   choice_rows(figures))
    lines += [""]
    for work in sorted({k[1] for k in figures.by_key}):
        lines += [f"## {work}", ""] + list(work_table(figures, work)) + [""]
    lines += ["## Disk", ""]
    lines += table(["subject", "images", "bytes", "allocated"],
                   [(s, f"{c:,}", f"{b:,}", f"{a:,}") for (s, c), (b, a) in sorted(figures.bytes.items())])
    return "\n".join(lines) + "\n"


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("measurements", type=Path)
    a.add_argument("--markdown", type=Path)
    a.add_argument("--charts", type=Path)
    a.add_argument("--data", default="", help="a sentence on the images that were measured")
    a.add_argument("--against", type=Path, help="the measurements of a run before")
    a = a.parse_args()
    figures = Figures(a.measurements)
    if not a.markdown:
        rows = [*target_rows(figures), *limit_rows(figures)]
        print("\n".join(table(HEADER, rows)))
        if figures.counts[-1] < 100_000:
            print("\nThe targets are for 100,000 images: at fewer, what a file or an epoch costs once weighs more. `Benchmarks/run full`.")
        for fault in figures.void():
            print("void:", fault)
        return
    a.charts.mkdir(parents=True, exist_ok=True)
    before = Figures(a.against) if a.against else None
    a.markdown.write_text(report(figures, charts.write_all(figures, a.charts), a.data, before))
    print(a.markdown)


if __name__ == "__main__":
    main()
