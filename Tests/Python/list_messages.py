"""Prints every error message of the package in one list, to be read as a stranger would read them.

    python3 list_messages.py [FOLDER OF Sources ...]

A line has the file and its line, the code of the error, the message as the source has it and, after "=>",
the remedy. Errors that a function of the package makes from a part of a message are listed with the name
of that function instead of a code.
"""
import re
import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "Sources"
MAKER = re.compile(r"func (\w+)\([^{]*?-> StoreError\??(?:\s*\{|\s)")


def ends(text: str, start: int) -> int:
    """Returns where the parenthesis that opens at `start` closes."""
    depth = 0
    quoted = False
    nested = []
    index = start
    while True:
        two = text[index : index + 2]
        if quoted and two == "\\(":
            nested.append(depth)
            depth += 1
            quoted = False
            index += 1
        elif quoted and text[index] == "\\":
            index += 1
        elif text[index] == '"':
            quoted = not quoted
        elif not quoted and text[index] == "(":
            depth += 1
        elif not quoted and text[index] == ")":
            depth -= 1
            if nested and nested[-1] == depth:
                nested.pop()
                quoted = True
            elif depth == 0:
                return index
        index += 1


def literals(text: str) -> str:
    """Returns the pieces of text in quotes, outermost ones only, as one line."""
    found = []
    index = 0
    while (index := text.find('"', index)) >= 0:
        start = index = index + 1
        while text[index] != '"':
            if text[index : index + 2] == "\\(":
                index = ends(text, index + 1)
            elif text[index] == "\\":
                index += 1
            index += 1
        found.append(text[start:index])
        index += 1
    return " / ".join(found)


def main() -> None:
    folders = [SOURCES / name for name in sys.argv[1:]] or [SOURCES]
    files = sorted(path for folder in folders for path in folder.rglob("*.swift"))
    texts = {path: path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.swift")}
    makers = {name for text in texts.values() for name in MAKER.findall(text)} - {"at"}
    calls = re.compile(r"(?<!func )\b(StoreError|ValidationError|" + "|".join(sorted(makers)) + r")\(")
    count = 0
    for path in files:
        text = texts[path]
        for call in calls.finditer(text):
            line_start = text.rfind("\n", 0, call.start()) + 1
            if "//" in text[line_start : call.start()] or text[call.end()] in ")_":
                continue
            inside = text[call.end() : ends(text, call.end() - 1)]
            message, _, remedy = inside.partition("remedy:")
            code = re.match(r"\s*\.(\w+)", message)
            label = code.group(1) if code and call[1] == "StoreError" else call[1]
            said, advised = literals(message), literals(remedy)
            if not said and not advised:
                continue
            number = text.count("\n", 0, call.start()) + 1
            count += 1
            print(f"{path.relative_to(SOURCES)}:{number} {label}: {said}" + (f" => {advised}" if advised else ""))
    print(f"{count} messages")


if __name__ == "__main__":
    main()
