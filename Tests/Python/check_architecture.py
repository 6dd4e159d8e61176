"""Checks that the table of modules in Docs/Architecture.md is what Package.swift says.

    python3 check_architecture.py
"""
import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
dump = subprocess.run(["swift", "package", "dump-package"], cwd=ROOT, check=True, capture_output=True, text=True)
declared = {}
for target in json.loads(dump.stdout)["targets"]:
    names = [value[0] for dependency in target["dependencies"] for kind, value in dependency.items() if kind in ("byName", "target")]
    declared[target["name"]] = names
page = (ROOT / "Docs/Architecture.md").read_text(encoding="utf-8")
rows = re.findall(r"^\| `(\w+)` \| .+? \| (.+) \|$", page, re.M)
for name, dependencies in rows:
    listed = re.findall(r"`(\w+)`", dependencies)
    assert listed == declared[name], f"{name} depends on {declared[name]}, not on {listed}"
libraries = {name for name in declared if (ROOT / "Sources" / name).is_dir() and not name.startswith("C") or name == "CIFAR10"}
assert libraries - {"imagestore"} == {name for name, _ in rows}, libraries ^ {name for name, _ in rows}
print(f"{len(rows)} modules depend on what the page says")
