"""Checks the links of all Markdown files: relative ones lead to files and headings that exist, `<doc:...>` to articles, and every
page is within two clicks of the README.

    python3 check_links.py

Links to other sites are not followed. Markdown in `.github` is shown by forms, and need not be reached.
"""
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
PAGES = [ROOT / name for name in sorted(tracked) if name.endswith(".md") and (ROOT / name).is_file()]
ARTICLES = {page.stem for page in PAGES if ".docc" in str(page) or page.parent.name == "Site"}


def prose(page):
    """The text of a page without fenced code."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)


def anchors(page):
    """The anchors that GitHub gives the headings of a page."""
    found = {}
    for heading in re.findall(r"^#+ +(.+?) *$", prose(page), re.M):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = found[anchor] = found.get(anchor, -1) + 1
        if count:
            found[f"{anchor}-{count}"] = 0
    return found


faults, links, count = [], {}, 0
for page in PAGES:
    text, name = prose(page), page.relative_to(ROOT)
    links[page] = set()
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "code", text)):
        if re.match(r"[a-z]+:", target):
            continue
        count += 1
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            faults.append(f"{name}: there is no {target}")
        elif anchor and anchor not in anchors(file):
            faults.append(f"{name}: {path or name} has no heading #{anchor}")
        else:
            links[page].add(file)
    for article in re.findall(r"<doc:([\w-]+)>", text):
        count += 1
        if article not in ARTICLES:
            faults.append(f"{name}: there is no article {article}")

# `<doc:...>` is a link only on the web site, so it does not count as a click here.
reached = {ROOT / "README.md"}
for _ in range(2):
    reached |= {file for page in reached for file in links.get(page, ())}
for page in PAGES:
    if page not in reached and ".github" not in page.parts:
        faults.append(f"{page.relative_to(ROOT)}: more than two clicks from the README")
assert not faults, "\n".join(faults)
assert count >= 50, f"only {count} links found"
print(f"{count} links of {len(PAGES)} pages lead somewhere, and every page is within two clicks of the README")
