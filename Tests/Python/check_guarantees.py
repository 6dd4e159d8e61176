"""Checks that every row of the table of promises in Docs/Guarantees.md names tests, and that all named tests exist.

    python3 check_guarantees.py
"""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
page = (ROOT / "Docs/Guarantees.md").read_text(encoding="utf-8")
sources = "\n".join(file.read_text(encoding="utf-8") for file in ROOT.glob("Tests/*/*.swift"))
tests = set(re.findall(r"@Test(?:\((?:[^()]|\([^()]*\))*\))?\s+func (\w+)", sources))
assert len(tests) > 300, f"only {len(tests)} tests found"

table = page.split("## Promises")[1].split("## ")[0]
rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| ")]
assert rows[0][-1].strip() == "proved by" and len(rows) > 10, "the table is another one"
for row in rows[1:]:
    proofs = re.findall(r"`(\w+)`", row[-1])
    assert proofs, f"no test proves: {row[0].strip()}"
    for proof in proofs:
        assert proof in tests, f"{row[0].strip()}: there is no test {proof}"
# Names in the text that look like those of tests.
named = {name for name in re.findall(r"`([a-z]\w+)`", page) if len(re.findall("[A-Z]", name)) >= 3}
for name in sorted(named):
    assert name in tests, f"there is no test {name}"
assert "@FIGURES@" not in page and not re.search(r"@[A-Z]+@", page), "a figure is missing"
print(f"{len(rows) - 1} promises are proved by tests that exist")
