"""Checks that every public symbol has a doc comment, after Scripts/build-documentation.sh.

    python3 check_documented.py

What implements a requirement of the protocols of stores and writers has the requirement's.
"""
import json
from pathlib import Path

GRAPHS = Path(__file__).resolve().parents[2] / ".build/documentation/graphs"
graphs = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(GRAPHS.glob("*/*.json"))]
assert graphs, "build the documentation first"
symbols = [symbol for graph in graphs for symbol in graph["symbols"] if "location" in symbol]
inherited = {
    symbol["pathComponents"][-1] for symbol in symbols
    if symbol["pathComponents"][0] in ("ImageStore", "ImageStoreWriter", "EditableStore", "StoreWrapper") and "docComment" in symbol
}
missing = [
    f'{".".join(symbol["pathComponents"])} ({symbol["location"]["uri"].split("/Sources/")[-1]})' for symbol in symbols
    if "docComment" not in symbol and symbol["pathComponents"][-1] not in inherited
]
assert not missing, "without a doc comment:\n" + "\n".join(missing)
print(f"{len(symbols)} public symbols, all documented")
