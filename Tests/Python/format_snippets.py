"""The Python of Docs/Formats.md, which is how the other scripts read stores."""
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "Docs" / "Formats.md"
SNIPPET = re.compile(r"<!-- snippet: ([\w-]+) -->\n```python\n(.*?)```", re.S)

snippets = dict(SNIPPET.findall(PAGE.read_text(encoding="utf-8")))
used = set()

for name, text in snippets.items():
    assert len(text.splitlines()) <= 6, f"{name} has more than six lines"
assert PAGE.read_text(encoding="utf-8").count("```python") == len(snippets), "a block of Python without a name"


def run(name, path, **given):
    """What a snippet leaves in its variables, run on the store at a path."""
    used.add(name)
    variables = {"path": path, **given}
    exec(compile(snippets[name], f"{PAGE.name}: {name}", "exec"), variables)
    return variables


def check_all_used():
    unused = sorted(set(snippets) - used)
    assert not unused, f"snippets that nothing has run: {unused}"
