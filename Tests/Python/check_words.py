"""Counts four habits of style in the prose of the repository, and fails if there are more than LIMITS allow.

    python3 check_words.py            the counts by folder
    python3 check_words.py --list     every occurrence too, as FILE:LINE: habit: words around it

Prose is tracked Markdown, comments and string literals of Swift and C, and comments and docstrings of Python
and shell scripts. Code in back-ticks and in fences is left out. The habits:

per       "one label an image" for "one label per image"
is no     "a folder is no HDF5 file" for "is not an HDF5 file"; "there is no file" is right
where     "where memory is short" for "if memory is short"; places, and what answers the question "where?", are right
stands    "the row stands in the table" and "the file lies there" for "is"; "stands for" is right
"""
import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# A twentieth of what there was when the habits were first counted: 115, 34, 458 and 159.
# Of "where" some forty are left that name places.
LIMITS = {"per": 5, "is no": 1, "where": 48, "stands": 7}


def either(words):
    return f"(?:{'|'.join(words.split())})"


# What a quantity is divided by.
SHARES = either("""
    axis backend batch block box byte call channel chunk class column core crop cycle day dimension
    directory element entry epoch file fold folder format frame function group handle image instance
    iteration job key kind label lane leaf level line machine mask member minute month module name
    page parser part photograph piece pixel plane point position process processor program range
    rank reader record region repetition request round row run sample second sentence set shard
    split step store string sum table task test thread tile transaction type value vector version
    week window word worker writer year
""")
# Units, and plurals that are seldom verbs.
QUANTITIES = r"(?:(?<![a-z] )[nu]s|[KMGT]i?B|" + either("""
    ms bytes bits nanoseconds microseconds milliseconds seconds minutes hours cycles instructions
    allocations kilobytes megabytes gigabytes images pixels samples indices numbers columns classes
    values files folders chunks batches boxes epochs regions rows entries keys filters crops labels
    messages objects threads transactions vectors arrays tables cents dollars percent %
""") + ")"
# Words that are not what is counted: verbs and prepositions.
UNCOUNTED = r"(?!" + either("""
    is are was were about be as of in at to for from with without within by that than and or nor if
    on not has have had like into inside under over through such before after behind along besides
    become becomes begin begins cost costs fill fills get gets give gives had hold holds keep keeps
    make makes mean means mix need needs open opens read reads say says share shares see sees take
    takes want wants write writes made having being whether when where per which who but
""") + r"\b)"
NUMBER = (
    rf"(?:(?:\d[\d,.]*|no|two|three|four|five|six|eight|ten|sixteen|several|many|some|most) "
    rf"(?:{UNCOUNTED}[\w-]+ )?{UNCOUNTED}\w+|"
    rf"(?:one|an?|another) (?:{UNCOUNTED}[\w-]+ )?{UNCOUNTED}(?:\w*[^\W_s]|\w*(?:ss|xis)))")
# What follows "an image" if it is not a share: "how many images a set has".
PREDICATE = either("""
    of time that which who is are was has have had may can must does need needs take takes begins decides
    appends share write writes read reads
""")

# Nouns that "where" describes as places.
PLACES = either("""
    address directory disk document edge field file folder image layout line list machine map memory
    offset page paragraph part path picture place point position range row script section side spot system
    table tree world
""")
# What answers to the question "where?": "says where", "from where".
ASKING = either("""
    about answer answers ask asks asked check checks choose choosing computes decide decides
    describe elsewhere find finds found from guess is are knew know knowing known knows
    learn list lists locate locates not note noted notes of over print prints record records
    recorded remembers right said say saying says see sees show shows showing state states stated
    tell tells telling to told wonder
""") + "|depends on"
# How clauses about places end: "where it is", "where the chunk begins", "where they came from".
PLACED = (
    r"(?:is|are|was|were|be|lies?|lay|stands?|stood|begins?|began|ends?|ended|starts?|started|stops?|stopped|"
    r"goes|go|went|belongs?|comes? from|came from|left off|leaves off|breaks?(?: off)?|broke(?: off)?|fails?|failed|"
    r"resumes?|says?|nobody else \w+(?: it)?|leads?|finds?|writes?|(?:is|are|was|were) (?:delivered|found|kept|put|"
    r"read from|stored|taken from|written to|written))")
# What may follow such a clause.
AFTER = (
    r"(?=[.,;:)\]?!\n]| [(|]| (?:among|as|in|into|is|of|on|at|and|or|so|by|for|from|"
    r"before|behind|that|to|until|while|whose|within)\b|$)")
# Verbs of places alone, whatever follows.
SPATIAL = r"(?:begins?|began|ends?|ended|starts?|started|stops?|leads?|comes? from|came from|left off)\b"

HABITS = {
    "per": re.compile(
        rf"\b(?:{QUANTITIES}|{NUMBER}) an? {SHARES}\b(?!'s|-| (?:at a|by itself|{PREDICATE})\b)", re.I),
    "is no": re.compile(
        r"(?<!there )(?<!there may )(?<!there can )(?<!there will )(?<!there would )(?<!there must )"
        r"\b(?:is|are|was|were|be|been) (?:therefore |still |then |also )?no "
        r"(?!longer|more\b|less\b|fewer|better|worse|other\b|matter|\w+er than)\w+", re.I),
    "where": re.compile(
        rf"(?:\b{PLACES}s?,? |\b(?:{ASKING}),? |\b(?:and|or) )?\bwhere\b(?!-)", re.I),
    "stands": re.compile(
        r"(?<!one )(?<!each )(?<!a )\b(?:stand(?:s|ing)?|stood|lies?|lay|lain)\b"
        r"(?! (?:for|in for|alone|out|up|to reason|flat|down)\b)(?!-)", re.I),
}


def is_place(match, text):
    """Whether a "where" is that of a place, of a question or of a formula."""
    before, rest = text[:match.start()].rstrip(), text[match.end():match.end() + 120]
    if match.group().lower() not in ("where", "and where", "or where"):
        return True
    if re.match(r" there\b", rest):
        return False
    # "where in the file", "where to write"; "`x / l`, where `l` is the length".
    if re.match(r" (?:in|to)\b", rest):
        return True
    if (before.endswith("CODE,") or text[:match.start()].endswith("\n")) and rest.startswith(" CODE"):
        return True
    clause = r"(?: (?:[\w'/-]+(?:,\d+)*|[\w-]+ \([^)]*\))){1,7}?"
    return re.match(f"{clause} (?:{PLACED}{AFTER}|{SPATIAL})", rest) is not None


def prose(text):
    """A text in which inline code is "CODE", without fenced code and targets of links. Its lines are the same."""
    def blank(match):
        return re.sub(r"[^\n]+", "", match.group())

    text = re.sub(r"^([ \t]*)(```+|~~~+).*?^[ \t]*\2[ \t]*$", blank, text, flags=re.S | re.M)
    text = re.sub(
        r"(`+)(?!`)(?:(?!\n\s*\n).)+?(?<!`)\1(?!`)",
        lambda match: "CODE" + "\n" * match.group().count("\n"), text, flags=re.S)
    text = re.sub(r"\]\([^)\s]*\)", "]", text)
    return re.sub(r"<!--.*?-->", blank, text, flags=re.S)


def of_c(text):
    """Comments and string literals of Swift and C, as (line, kind, text)."""
    found, i, line, count = [], 0, 1, len(text)
    # Depths of parentheses in the interpolations that are open, with the ends of their strings.
    nested = []
    piece = None

    def string(i, line, close, hashes):
        """Reads a literal from `i` to its end or to an interpolation; gives the end and whether it is one."""
        start, parts = line, []
        while i < count:
            if text.startswith(close, i):
                found.append((start, "string", "".join(parts)))
                return i + len(close), line, False
            if text.startswith("\\" + hashes + "(", i):
                parts.append("CODE")
                found.append((start, "string", "".join(parts)))
                return i + 2 + len(hashes), line, True
            if text[i] == "\\" and not hashes:
                parts.append(" " if text[i + 1:i + 2] in "nt" else text[i + 1:i + 2])
                line += text[i + 1:i + 2] == "\n"
                i += 2
                continue
            if text[i] == "\n":
                line += 1
                if len(close) < 3 + len(hashes):
                    return i, line - 1, False
            parts.append(text[i])
            i += 1
        return i, line, False

    while i < count:
        if text.startswith("//", i):
            end = text.find("\n", i)
            end = count if end < 0 else end
            found.append((line, "comment", text[i:end].lstrip("/").removeprefix(" ").removeprefix("!")))
            i = end
        elif text.startswith("/*", i):
            depth, end = 1, i + 2
            while end < count and depth:
                if text.startswith("/*", end):
                    depth, end = depth + 1, end + 2
                elif text.startswith("*/", end):
                    depth, end = depth - 1, end + 2
                else:
                    end += 1
            found.append((line, "block", re.sub(r"(?m)^\s*\*+ ?", "", text[i + 2:end - 2].lstrip("*"))))
            line += text.count("\n", i, end)
            i = end
        elif (match := re.compile(r'(#*)("""|")').match(text, i)) and (match.group(1) or match.group(2)):
            close = match.group(2) + match.group(1)
            i, line, open_ = string(match.end(), line, close, match.group(1))
            if open_:
                nested.append([1, close, match.group(1)])
        elif text[i] == "'" and (match := re.compile(r"'(?:\\.|[^'\\\n])+'").match(text, i)):
            i = match.end()
        else:
            if nested and text[i] in "()":
                nested[-1][0] += 1 if text[i] == "(" else -1
                if nested[-1][0] == 0:
                    _, close, hashes = nested.pop()
                    # The same literal goes on: its parts are one text.
                    before = len(found)
                    i, line, open_ = string(i + 1, line, close, hashes)
                    if len(found) > before and found[before - 1][1] == "string":
                        start, kind, words = found[before - 1]
                        found[before - 1:before + 1] = [(start, kind, words + found[before][2])]
                    if open_:
                        nested.append([1, close, hashes])
                    continue
            line += text[i] == "\n"
            i += 1
    return found


def of_python(text):
    """Comments and docstrings of Python, as (line, kind, text)."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and not token.string.startswith("#!"):
            found.append((token.start[0], "comment", token.string.lstrip("#").removeprefix(" ")))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            if docstring := ast.get_docstring(node, clean=False):
                found.append((node.body[0].lineno, "block", docstring))
    return found


def of_shell(text):
    return [
        (number, "comment", match.group(1)) for number, line in enumerate(text.splitlines(), 1)
        if not line.startswith("#!") and (match := re.search(r"(?:^|\s)#+ ?(.*)$", line))]


def texts(file):
    """The prose of a file, as (first line, text); comments that follow one another are one text."""
    raw = file.read_bytes()
    if b"\0" in raw:
        return []
    text = raw.decode("utf-8", "replace")
    head = text[:80].splitlines()[0] if text else ""
    if file.suffix == ".md":
        return [(1, text)]
    if file.suffix in (".swift", ".c", ".h"):
        found = of_c(text)
    elif file.suffix == ".py" or head.startswith("#!") and "python" in head:
        found = of_python(text)
    elif file.suffix == ".sh" or head.startswith("#!") and "sh" in head:
        found = of_shell(text)
    else:
        return []
    joined = []
    for line, kind, words in sorted(found, key=lambda item: item[0]):
        if kind == "comment" and joined and joined[-1][1] == "comment" and joined[-1][2] + 1 == line:
            joined[-1][2:] = [line, joined[-1][3] + "\n" + words]
        else:
            joined.append([line, kind, line, words])
    return [(line, words) for line, _, _, words in joined]


def occurrences(file):
    """Every habit in a file, as (line, habit, words around it)."""
    for first, text in texts(file):
        text = prose(text)
        # Words that a line divides are beside one another.
        joined = re.sub(r"\n[ \t>]*", lambda match: "\n" + " " * (len(match.group()) - 1), text)
        # A word cannot follow one of another paragraph.
        flat = re.sub(r"\s+", lambda match: " " if match.group().count("\n") < 2 else "\n", joined)
        # Where each character of `flat` was.
        places, position = [], 0
        for match in re.finditer(r"\s+|\S", joined):
            places.append(match.start())
        for habit, pattern in HABITS.items():
            for match in pattern.finditer(flat):
                if habit == "where" and is_place(match, flat):
                    continue
                line = first + text.count("\n", 0, places[match.end() - 1])
                yield line, habit, flat[max(0, match.start() - 45):match.end() + 45].strip().replace("\n", " / ")


def folder_of(name):
    """The folder that an occurrence is counted for: a module, or the folder at the top."""
    parts = name.split("/")
    return "/".join(parts[:2] if parts[0] in ("Sources", "Tests") and len(parts) > 2 else parts[:1])


def main():
    output = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    counts = Counter()
    for name in output.split("\0"):
        path = ROOT / name
        # This file has the habits as examples.
        if not name or path == Path(__file__).resolve() or not path.is_file():
            continue
        for line, habit, words in occurrences(path):
            counts[folder_of(name), habit] += 1
            if "--list" in sys.argv:
                print(f"{name}:{line}: {habit}: {words}")
    folders = sorted({folder for folder, _ in counts})
    print(f"{'':32}" + "".join(f"{habit:>8}" for habit in HABITS))
    for folder in folders:
        print(f"{folder:32}" + "".join(f"{counts[folder, habit]:8}" for habit in HABITS))
    totals = {habit: sum(counts[folder, habit] for folder in folders) for habit in HABITS}
    print(f"{'all':32}" + "".join(f"{totals[habit]:8}" for habit in HABITS))
    print(f"{'at most':32}" + "".join(f"{LIMITS[habit]:8}" for habit in HABITS))
    over = [habit for habit in HABITS if totals[habit] > LIMITS[habit]]
    if over:
        sys.exit(f"too many of: {', '.join(over)} (--list shows them)")


if __name__ == "__main__":
    main()
