#!/usr/bin/env python3
"""Turn measurements into the report: every target with its measured ratio and verdict, tables, charts.

    report.py MEASUREMENTS.jsonl [--markdown Docs/Benchmarks.md --charts Docs/Charts [--against BEFORE.jsonl]]
    report.py --refresh Docs/Benchmarks.md

A ratio is taken round by round, ours over the peer's of the same round. The median of the rounds is quoted, with
half the distance of its quartiles as spread. What the other scripts of this folder measure is in further.txt, which
the report contains; --refresh puts it in again and changes nothing else.
"""
import argparse, json, platform, re, statistics, subprocess, textwrap
from collections import defaultdict
from pathlib import Path
import charts
from targets import ANSWERS, DISK, MILLION, REASONS, TARGETS, USES
from units import rounded, size, time

FURTHER = Path(__file__).resolve().with_name("further.txt")


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


HEADER = ["work", "compared with", "images", "at most", "measured", "time per image", "verdict"]


def verdict_of(value, most):
    share = f"{100 * value / most:.0f} % of it" if value > 0.01 * most else "under 1 % of it"
    return f"holds, {share}" if value <= most else f"falls short, {share}"


def prose(text, rest=""):
    """The lines of a paragraph, or of an item of a list, as wide as other pages are."""
    return textwrap.wrap(" ".join(text.split()), 100, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)


def target_ratios(figures):
    """Each target with the numbers of images it is held to and the ratios there: the largest number, and for writing
    and shuffled batches each that was measured in several rounds, since 300 MB at once behave unlike 30 MB."""
    for title, ours, work, threads, peer, peer_work, target in TARGETS:
        counts = [figures.count_of(ours, work)]
        several = work in ("write", "write to memory", "shuffled")
        if several:
            both = set(figures.settled_counts(ours, work)) & set(figures.settled_counts(peer, peer_work))
            counts = sorted(c for c in both if c > 9_000) or counts
        for count in counts:
            ratio = figures.ratio(ours, peer, work, peer_work, threads, count if several else None)
            yield title, ours, work, threads, peer, peer_work, target, count, ratio


def target_rows(figures):
    for title, ours, work, threads, peer, peer_work, target, count, ratio in target_ratios(figures):
        if ratio is None:
            if "libdeflate" not in ours:
                yield title, peer, "", f"{target:.3g}", "not measured", "", ""
            continue
        value, spread = ratio
        us = figures.median(ours, work, threads, count)
        verdict = verdict_of(value, target)
        if value > target and count < 9_000 and work != "crop":
            verdict += " at so few images"
        if peer == "write+fsync":
            floor = {c: figures.median(peer, peer_work, 1, c) for c in figures.settled_counts(peer, peer_work)}
            # Memory that a virtual machine has yet to get from its host, or a disk that does something else.
            least = min(floor, key=floor.get, default=None)
            if least and floor[count] > 2 * floor[least]:
                verdict += (f"; the bare bytes took {time(floor[count])} here and {time(floor[least])} at {least:,} "
                            "images, so this row is too good")
        yield title, peer, f"{count:,}", f"{target:.3g}", f"{value:.3f} +- {spread:.3f}", time(us), verdict


def limit_rows(figures):
    """What is held to a limit and not to a peer: disk, and opening 1,000,000 images."""
    for subject, peer, most in DISK:
        counts = [c for s, c in figures.bytes if s == subject and (peer is None or (peer, c) in figures.bytes)]
        if counts:
            count = max(counts)
            ours = figures.bytes[subject, count][0]
            value = ours / (figures.bytes[peer, count][0] if peer else count * 3072)
            yield (f"{subject}, bytes on disk", peer or "the raw pixels", f"{count:,}", f"{most:g}", f"{value:.3f}",
                   f"{size(ours / count)} per image", verdict_of(value, most))
    for subject, seconds, memory in MILLION:
        value = figures.median(subject, "open 1,000,000", 1, 1)
        if value:
            yield (f"{subject}, open", "", "1,000,000", time(seconds * 1e6), time(value), "",
                   verdict_of(value / 1e6, seconds))
        if figures.memory[subject]:
            value = statistics.median(figures.memory[subject])
            yield (f"{subject}, memory when open", "", "1,000,000", f"{memory} bytes per image", f"{value:.1f} bytes",
                   "", verdict_of(value, memory))


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
    yield from ["## Two runs", "", *prose(f"""Of {number} ratios, {number - len(rows)} agree within 10 % with those of the run
        before on the same machine. The others:"""), ""]
    yield from table(["work", "peer", "images", "before", "now"], rows)
    yield ""


def explained(figures, why, works):
    """The reason with its figures."""
    medians = [figures.median(subject, work, 1, figures.count_of(subject, work)) for subject, work in works]
    return why.format(*("not measured" if value is None else time(value) for value in medians))


def table(header, rows):
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"


def work_table(figures, work):
    """The time per image of every subject at a work, by the number of images."""
    subjects = sorted({(k[0], k[3]) for k in figures.by_key if k[1] == work})
    counts = [c for c in figures.counts if any(figures.median(s, work, t, c) for s, t in subjects)]
    rows = []
    for subject, threads in subjects:
        cells = [figures.median(subject, work, threads, c) for c in counts]
        rows.append([subject, threads] + [time(c) if c else "" for c in cells])
    return table(["subject", "threads"] + [f"{c:,}" for c in counts], rows)


def answer_rows(figures):
    """For each use the store to take, and what it takes beside what people use now, one thread each."""
    for use, subject, does, work, peer, called, peer_work in ANSWERS:
        # The largest number of images that both were measured with in several rounds.
        both = set(figures.settled_counts(subject, work)) & set(figures.settled_counts(peer, peer_work))
        count = max(both, default=None)
        ratio = figures.ratio(subject, peer, work, peer_work, 1, count) if count else None
        if ratio is None:
            yield use, f"`{subject}`", does, "not measured", called, "", ""
            continue
        times = figures.median(subject, work, 1, count), figures.median(peer, peer_work, 1, count)
        yield use, f"`{subject}`", does, time(times[0]), called, time(times[1]), f"{rounded(1 / ratio[0])} x"


def choice_rows(figures):
    """What each store costs at the largest count, the better of one and two threads, and what to take it for."""
    for subject, use, suffix in USES:

        def best(work):
            count = figures.count_of(subject, work + suffix)
            values = [figures.median(subject, work + suffix, threads, count) for threads in (1, 2)]
            return time(min(v for v in values if v)) if any(values) else ""

        sizes = [(c, b) for (s, c), (b, _) in figures.bytes.items() if s == subject]
        disk = size(max(sizes)[1] / max(sizes)[0]) if sizes else ""
        yield subject, use, best("write"), best("read"), best("shuffled"), best("random crops"), best("append"), disk


def further():
    """The part of further.txt that belongs to the answer, and the rest."""
    answer, rest = re.search(r"<!-- answer -->\n(.*?)<!-- sections -->\n(.*)", FURTHER.read_text(), re.S).groups()
    return {"answer": answer.strip(), "sections": rest.strip()}


def marked(name, text):
    return f"<!-- {name} of Benchmarks/further.txt -->\n{text}\n<!-- end of {name} -->"


def refresh(page):
    """Puts further.txt in a page again."""
    text = page.read_text()
    for name, part in further().items():
        new = marked(name, part)
        text, count = re.subn(rf"<!-- {name} of .*?<!-- end of {name} -->", lambda _: new, text, flags=re.S)
        assert count == 1, f"{page}: {count} places for the {name}"
    page.write_text(text)


def report(figures, chart_names, data, before, system):
    parts = further()
    lines = ["# Benchmarks", "", "## Which store, and how fast", "", *prose("""
        Warm means that the files are in the page cache. Times are per image, of 32x32x3 bytes unless the row says something
        else, on one thread each. The last column is how many times as fast the store is."""), ""]
    lines += table(["for", "take", "what is timed", "time", "people use now", "its time", "faster"],
                   answer_rows(figures))
    lines += [""]
    for name, title in chart_names[:1]:
        lines += [f"![{title}](Charts/{name})", ""]
    lines += [marked("answer", parts["answer"]), "", "## How it is measured", "", *prose("""
        `Benchmarks/run full` writes the tables down to "Disk" from its measurements, with a release build. Both sides run in
        turns on the same images, work by work. Ratios are medians over the rounds, with half the distance of the quartiles.
        A reader whose pixels differ from the others' is void. "us" is a microsecond, "KB" is 1,000 bytes. The other scripts
        have their [sections](#other-measurements) at the end."""), "",
              *prose(system + "."), "", *prose(data), "", "## Targets", "", *prose("""
        Each row has a limit: on our time divided by the other's, or on what is named. The verdict says how much of the
        limit is used."""), ""]
    rows = [*target_rows(figures), *limit_rows(figures)]
    lines += table(HEADER, rows)
    short = [row[0] for row in rows if row[-1].startswith("falls short")]
    reasons = [(title, explained(figures, why, works)) for title, why, works in REASONS
               if any(name.startswith(title) for name in short)]
    if reasons:
        lines += ["", "What falls short, and why:", "", *(line for title, why in reasons for line in prose(f"- *{title}.* {why}", "  "))]
    void = figures.void()
    lines += ["", "Void: " + (", ".join(void) if void else "none; all readers of a work delivered the same pixels."), ""]
    lines += ["## Every store at every work", "", *prose("""
        Time per image at the largest count, synced when it is written, the better of one and two threads. Masks have one
        channel of one bit. Images are written, read in order, read in shuffled batches of 128, and read in crops of 24x24 at
        random places; an append adds a tenth."""), ""]
    lines += table(["store", "take it for", "write", "read", "shuffled", "crops", "append", "bytes per image"],
                   choice_rows(figures))
    lines += [""]
    for name, title in chart_names[1:]:
        lines += [f"![{title}](Charts/{name})", ""]
    if before:
        lines += comparison(figures, before)
    lines += ["## Tables", "", "Time per image, by the number of images.", ""]
    for work in sorted({k[1] for k in figures.by_key}):
        lines += [f"### {work[0].upper()}{work[1:]}", ""] + list(work_table(figures, work)) + [""]
    lines += ["## Disk", "", "What files have and what the file system allocates for them.", ""]
    lines += table(["subject", "images", "bytes", "allocated", "bytes per image"],
                   [(s, f"{c:,}", size(b), size(a), size(b / c)) for (s, c), (b, a) in sorted(figures.bytes.items())])
    lines += ["", "## Other measurements", "", marked("sections", parts["sections"])]
    return "\n".join(lines) + "\n"


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("measurements", type=Path, nargs="?")
    a.add_argument("--refresh", type=Path, help="a report that is to have the present further.txt")
    a.add_argument("--markdown", type=Path)
    a.add_argument("--charts", type=Path)
    a.add_argument("--data", default="", help="a sentence on the images that were measured")
    a.add_argument("--against", type=Path, help="the measurements of a run before")
    a = a.parse_args()
    if a.refresh:
        refresh(a.refresh)
        return
    figures = Figures(a.measurements)
    if not a.markdown:
        rows = [*target_rows(figures), *limit_rows(figures)]
        print("\n".join(table(HEADER, rows)))
        if figures.counts[-1] < 100_000:
            print("\nThe targets are for 100,000 images (`Benchmarks/run full`). With fewer, the fixed costs of a file or an "
                  "epoch weigh more.")
        for fault in figures.void():
            print("void:", fault)
        return
    a.charts.mkdir(parents=True, exist_ok=True)
    before = Figures(a.against) if a.against else None
    a.markdown.write_text(report(figures, charts.write_all(figures, a.charts), a.data, before, machine()))
    print(a.markdown)


if __name__ == "__main__":
    main()
