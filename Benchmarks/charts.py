"""SVG charts drawn by hand: horizontal bars, for a page of 800 points, in the colors of a light or a dark page."""
import math
from targets import FLOORS
from units import size, time

WIDTH, LINE, TOP = 800, 28, 84
# Light and dark: page, text, lesser text, lines, this package, peers, floors.
LIGHT = dict(page="#ffffff", text="#1f2328", less="#59636e", line="#d1d9e0", ours="#3b63d1", peer="#8d96a0", floor="#ccd3da")
DARK = dict(page="#0d1117", text="#f0f6fc", less="#9198a1", line="#3d444d", ours="#7ea6ff", peer="#767e89", floor="#3a414b")


def rules(colors):
    fills = " ".join(f".{name} {{ fill: {colors[name]} }}" for name in ("page", "text", "less", "ours", "peer", "floor"))
    return f"{fills} .line {{ stroke: {colors['line']} }} .value {{ stroke: {colors['page']} }}"


STYLE = f"""<style>
text {{ font: 15px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif }}
.title {{ font-size: 18px; font-weight: 600 }}
.less {{ font-size: 13px }}
.value {{ paint-order: stroke; stroke-width: 5px }}
{rules(LIGHT)}
@media (prefers-color-scheme: dark) {{ {rules(DARK)} }}
</style>"""


def escape(text):
    return str(text).replace("&", "&amp;").replace("<", "&lt;")


def text(x, y, value, anchor="start", kind="text"):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(value)}</text>'


def kind_of(name):
    return "ours" if "Store" in name else "floor" if name in FLOORS else "peer"


def bars_chart(title, subtitle, rows, shown, logarithmic=True):
    """`rows`: (name, value), from top to bottom; `shown` makes the text of a value."""
    if not rows:
        return None
    left = 24 + 7.6 * max(len(name) for name, _ in rows)
    height = TOP + LINE * len(rows) + 20
    most = max(value for _, value in rows)
    # A logarithmic scale begins at a power of ten below all values.
    least = 10 ** math.floor(math.log10(min(value for _, value in rows) * 0.8)) if logarithmic else 0

    def across(value):
        share = math.log10(value / least) / math.log10(most / least) if logarithmic else value / most
        return share * (WIDTH - left - 90)

    body = [text(16, 30, title, kind="text title"), text(16, 52, subtitle, kind="less")]
    x = 16
    for kind, name in (("ours", "this package"), ("peer", "Python"), ("floor", "memory or bare files, no store")):
        if any(kind_of(row) == kind for row, _ in rows):
            body += [f'<rect class="{kind}" x="{x}" y="62" width="12" height="12" rx="2"/>', text(x + 18, 73, name, kind="less")]
            x += 40 + 7 * len(name)
    decade = least * 10
    while logarithmic and decade < most:
        at = left + across(decade)
        body.append(f'<line class="line" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{height - 18}"/>')
        body.append(text(at, height - 4, shown(decade).replace(".0 ", " "), "middle", "less"))
        decade *= 10
    for i, (name, value) in enumerate(rows):
        y = TOP + i * LINE
        body.append(text(left - 10, y + 19, name, "end"))
        body.append(f'<rect class="{kind_of(name)}" x="{left:.1f}" y="{y + 4}" width="{max(1, across(value)):.1f}" '
                    f'height="{LINE - 8}" rx="2"/>')
        body.append(text(left + across(value) + 8, y + 19, shown(value), kind="text value"))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
            f'role="img" aria-label="{escape(title)}">\n{STYLE}\n<rect class="page" width="100%" height="100%"/>\n'
            + "\n".join(body) + "\n</svg>\n")


def time_rows(figures, work, count):
    """The better of one and two threads of every subject at about as many images, quickest first."""
    rows = []
    for subject in {k[0] for k in figures.by_key if k[1] == work}:
        # A run handles whole batches, so fewer images than there are.
        counts = [k[2] for k in figures.by_key if k[:2] == (subject, work) and 0 <= count - k[2] < 128]
        values = [figures.median(subject, work, threads, c) for threads in (1, 2) for c in counts]
        if any(values):
            rows.append((subject, min(v for v in values if v)))
    return sorted(rows, key=lambda row: row[1])


def write_all(figures, folder):
    # The number of images at which the most subjects were measured, the largest of several such.
    counts = {k[2] for k in figures.by_key if k[1] == "write"}
    common = max(counts, key=lambda count: (len(time_rows(figures, "shuffled", count)), count))
    scale = f"time per image of 32x32x3, warm, {common:,} images, the better of one and two threads, logarithmic scale"
    sizes = sorted(((s, b / c) for (s, c), (b, _) in figures.bytes.items() if c == common and "Packed" not in s and "packbits" not in s),
                   key=lambda row: row[1])
    drawings = [
        ("shuffled-bars.svg", f"Shuffled batches of 128 of {common:,} images",
         bars_chart("Shuffled batches of 128", scale, time_rows(figures, "shuffled", common), time)),
        ("read.svg", "Reading in order", bars_chart("Reading in order", scale, time_rows(figures, "read", common), time)),
        ("write.svg", "Writing", bars_chart("Writing, ours until it is on the disk", scale, time_rows(figures, "write", common), time)),
        ("disk.svg", "Disk",
         bars_chart("Bytes per image in files", f"{common:,} images of 32x32x3, which are 3,072 bytes", sizes, size, logarithmic=False)),
    ]
    written = []
    for name, title, drawing in drawings:
        if drawing:
            (folder / name).write_text(drawing)
            written.append((name, title))
    return written
