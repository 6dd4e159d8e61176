"""Does what "Getting started" says, as a new user would: in a fresh clone, in a folder that had nothing else.

    python3 run_getting_started.py [--keep FOLDER]

All blocks of shell are run one after another in one shell, and blocks of Swift are saved where the page says that they are. Prints the
seconds that each took. Building takes minutes. Changes that are not committed are not in the clone.
"""
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "Sources/ImageStoreCore/ImageStoreCore.docc/GettingStarted.md"


def blocks():
    """The shell of each step with its heading; a block of Swift is written to the file that the line before it names."""
    heading = name = ""
    for match in re.finditer(r"^## ([^\n]+)$|^This is `([^\n]+)`:$|^```(sh|swift)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S):
        if match[1]:
            heading = match[1]
        elif match[2]:
            name = match[2]
        elif match[3] == "sh":
            yield heading, match[4]
        else:
            yield heading, f"cat >{name} <<'END_OF_FILE'\n{match[4]}END_OF_FILE\n"


def main(folder):
    clone = Path(folder) / "swift-image-stores"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    shell = subprocess.Popen(["bash", "-eu"], cwd=clone, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for heading, block in blocks():
        start = time.monotonic()
        shell.stdin.write(f"{block}\necho '--- done'\n")
        shell.stdin.flush()
        for line in shell.stdout:
            if line == "--- done\n":
                break
            print("   ", line, end="")
        else:
            sys.exit(f"{heading}: this failed:\n{block}")
        print(f"{heading}: {time.monotonic() - start:.1f} s", flush=True)
    for picture in ("picture.png", "photographs.png"):
        assert (clone / picture).stat().st_size > 1000, f"{picture} is missing"
    print("Getting started works")


if sys.argv[1:2] == ["--keep"]:
    main(sys.argv[2])
else:
    with tempfile.TemporaryDirectory() as folder:
        main(folder)
