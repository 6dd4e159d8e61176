"""SVG charts drawn by hand: log-log lines by number of images, bars for disk and for ratios."""
import math
from targets import TARGETS

COLORS = ["#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2", "#97bbf5", "#9c6b4e", "#888888",
          "#1b4f72", "#b03a2e", "#117864", "#7d6608", "#6c3483", "#515a5a"]
STYLE = 'font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#333"'


def escape(text):
    return str(text).replace("&", "&amp;").replace("<", "&lt;")


def svg(width, height, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" {STYLE}>\n<rect width="100%" height="100%" fill="#fff"/>\n'
            + "\n".join(body) + "\n</svg>\n")


def text(x, y, value, anchor="start", **more):
    extra = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in more.items())
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(value)}</text>'


def lines_chart(title, series, y_title):
    """`series`: name to a list of (x, y). Both axes are logarithmic; names stand at the lines' ends."""
    points = [p for line in series.values() for p in line]
    if not points:
        return None
    width, height, left, right, top, bottom = 860, 480, 70, 230, 50, 50
    x0, x1 = (f(math.log10(x) for x, _ in points) for f in (min, max))
    y0, y1 = math.floor(min(math.log10(y) for _, y in points)), math.ceil(max(math.log10(y) for _, y in points))
    x1 = max(x1, x0 + 1)
    px = lambda x: left + (math.log10(x) - x0) / (x1 - x0) * (width - left - right)
    py = lambda y: height - bottom - (math.log10(y) - y0) / max(1, y1 - y0) * (height - top - bottom)
    body = [text(left, 26, title, font_size=16, font_weight="bold")]
    for e in range(y0, y1 + 1):
        body.append(f'<line x1="{left}" x2="{width - right}" y1="{py(10 ** e):.1f}" y2="{py(10 ** e):.1f}" stroke="#ddd"/>')
        body.append(text(left - 8, py(10 ** e) + 4, f"{10 ** e:g}", "end"))
    for e in range(math.ceil(x0), math.floor(x1) + 1):
        body.append(text(px(10 ** e), height - bottom + 20, f"{10 ** e:,}", "middle"))
    body.append(text(left, 42, y_title, font_size=11, fill="#777"))
    body.append(text((left + width - right) / 2, height - 10, "images", "middle", font_size=11, fill="#777"))
    ends = []
    for i, (name, line) in enumerate(series.items()):
        color, line = COLORS[i % len(COLORS)], sorted(line)
        path = " ".join(f"{px(x):.1f},{py(y):.1f}" for x, y in line)
        dash = "" if "Store" in name else ' stroke-dasharray="5 4"'
        body.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"{dash}/>')
        body += [f'<circle cx="{px(x):.1f}" cy="{py(y):.1f}" r="3" fill="{color}"/>' for x, y in line]
        ends.append([py(line[-1][1]), name, color])
    ends.sort()
    for i in range(1, len(ends)):
        ends[i][0] = max(ends[i][0], ends[i - 1][0] + 15)
    body += [text(width - right + 12, y + 4, name, fill=color) for y, name, color in ends]
    return svg(width, height, body)


def bars_chart(title, rows, unit, marks=None, least=None):
    """`rows`: (name, value); a mark is where a row's target lies; from `least` on the scale is logarithmic."""
    if not rows:
        return None
    width, left, line = 960, 60 + 7 * max(len(name) for name, _ in rows), 24
    height = 50 + line * len(rows) + 16
    most = max([v for _, v in rows] + [m for m in marks or [] if m])
    length = (lambda v: math.log10(v / least) / math.log10(most / least)) if least else (lambda v: v / most)
    across = lambda v: length(v) * (width - left - 110)
    body = [text(16, 26, title, font_size=16, font_weight="bold")]
    for i, (name, value) in enumerate(rows):
        y = 44 + i * line
        color = "#4269d0" if "Store" in name or marks else "#bbb"
        if marks and value > marks[i]:
            color = "#ff725c"
        body.append(text(left - 8, y + 14, name, "end"))
        body.append(f'<rect x="{left}" y="{y + 2}" width="{max(1, across(value)):.1f}" height="{line - 8}" fill="{color}"/>')
        body.append(text(left + across(max([value] + (marks or [])[i:i + 1])) + 8, y + 14, f"{value:.3g} {unit}"))
        if marks:
            x = left + across(marks[i])
            body.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{y + line - 4}" stroke="#333" stroke-width="2"/>')
    return svg(width, height, body)


def lines_of(figures, work, threads=2):
    series = {}
    for subject in sorted({k[0] for k in figures.by_key if k[1] == work}):
        line = []
        for count in figures.counts:
            value = figures.median(subject, work, threads, count) or figures.median(subject, work, 1, count)
            if value:
                line.append((count, value))
        if line:
            series[subject] = line
    return series


def shuffled_rows(figures, count):
    """The fastest of one and two threads of every subject, quickest first."""
    rows = []
    for subject in {k[0] for k in figures.by_key if k[1] == "shuffled"}:
        # A run handles whole batches, so fewer images than there are.
        counts = [k[2] for k in figures.by_key if k[:2] == (subject, "shuffled") and 0 <= count - k[2] < 128]
        values = [figures.median(subject, "shuffled", threads, c) for threads in (1, 2) for c in counts]
        if any(values):
            rows.append((subject, min(v for v in values if v)))
    return sorted(rows, key=lambda row: row[1])


def write_all(figures, folder):
    # The number of images at which the most subjects were measured, the largest of several such.
    common = max({k[2] for k in figures.by_key if k[1] == "write"}, key=lambda count: (len(shuffled_rows(figures, count)), count))
    ratios = [(f"{t[0]} / {t[4]}", figures.ratio(t[1], t[4], t[2], t[5], t[3]), t[6]) for t in TARGETS]
    ratios = [(name, ratio[0] / target, 1) for name, ratio, target in ratios if ratio]
    drawings = [
        ("write.svg", "Writing, synced", lines_chart("Writing", lines_of(figures, "write"), "microseconds per image")),
        ("read.svg", "Reading in order", lines_chart("Reading in order", lines_of(figures, "read"), "microseconds per image")),
        ("shuffled.svg", "Shuffled batches of 128",
         lines_chart("Shuffled batches of 128", lines_of(figures, "shuffled"), "microseconds per image")),
        ("shuffled-bars.svg", f"Shuffled batches of 128 of {common:,} images",
         bars_chart(f"Shuffled batches of 128 of {common:,} images, microseconds per image (logarithmic)",
                    shuffled_rows(figures, common), "us", least=0.1)),
        ("disk.svg", "Disk", bars_chart(f"Disk, bytes per image ({common:,} images)",
                                        [(s, b / c) for (s, c), (b, _) in sorted(figures.bytes.items()) if c == common], "bytes")),
        ("targets.svg", "Measured ratio over target", bars_chart("Measured ratio over its target: left of the mark holds",
                                                                 [(n, r) for n, r, _ in ratios], "", [m for *_, m in ratios])),
    ]
    written = []
    for name, title, drawing in drawings:
        if drawing:
            (folder / name).write_text(drawing)
            written.append((name, title))
    return written
