"""Checks that all files agree on the version and on the libraries of the package.

    python3 check_release.py [TAG]

The version is in Sources/imagestore/ImageStoreTool.swift. The newest section of CHANGELOG.md, and every dependency on
this package that a page or a manifest shows, must have the same one; so must TAG if it is given, and then the section
must have a date. The Swift Package Index builds and documents every library that it has the system libraries for.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The Swift Package Index has none of these when it builds, or when it documents, which it does with all traits.
NOT_BUILT = {"CImageStoreLMDB", "CImageStoreHDF5"}
NOT_DOCUMENTED = NOT_BUILT | {"CImageStoreLibdeflate", "CImageStoreLibJPEG"}
# The Swift Package Index reads no more of the file.
LARGEST_INDEX_MANIFEST = 1500


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def check_version(tag):
    versions = re.findall(r'^ +version: "(.*)",$', text("Sources/imagestore/ImageStoreTool.swift"), re.M)
    assert len(versions) == 1 and re.fullmatch(r"\d+\.\d+\.\d+", versions[0]), f"imagestore has the versions {versions}"
    version = versions[0]
    assert tag in (None, version), f"the tag is {tag}, but imagestore says {version}"

    section = re.search(r"^## \[?([^\s\]]+)\]?(?: - (\S+))?$", text("CHANGELOG.md"), re.M)
    assert section, "CHANGELOG.md has no section"
    newest, date = section.groups()
    assert newest in (version, "Unreleased"), f"CHANGELOG.md begins with {newest}, but imagestore says {version}"
    if newest == "Unreleased":
        assert tag is None, "the newest section of CHANGELOG.md is still Unreleased"
    else:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", date or ""), f"the section {newest} of CHANGELOG.md has no date"

    # Released versions only: a page may show the version before this one until the release.
    major, minor, _ = version.split(".")
    pages = [ROOT / "README.md", *ROOT.glob("*.md"), *ROOT.glob("Docs/**/*.md"), *ROOT.glob("Sources/**/*.md"), *ROOT.glob("Examples/*/Package.swift")]
    shown = 0
    for page in pages:
        for found in re.findall(r'swift-image-stores(?:\.git)?", from: "([^"]+)"', page.read_text(encoding="utf-8")):
            assert found.split(".")[:2] == [major, minor], f"{page.relative_to(ROOT)} shows {found}, but imagestore says {version}"
            shown += 1
    return version, shown


def check_index():
    dump = subprocess.run(["swift", "package", "dump-package"], cwd=ROOT, check=True, capture_output=True, text=True)
    package = json.loads(dump.stdout)
    libraries = {product["name"] for product in package["products"] if "library" in product["type"]}
    targets = {target["name"]: target for target in package["targets"]}

    manifest = text(".spi.yml")
    assert len(manifest.encode()) <= LARGEST_INDEX_MANIFEST, f".spi.yml has {len(manifest.encode())} bytes"
    def reached(name):
        """The target and all that it depends on, with all traits."""
        found, waiting = set(), [name]
        while waiting:
            name = waiting.pop()
            if name in found or name not in targets:
                continue
            found.add(name)
            waiting += [value[0] for item in targets[name]["dependencies"] for kind, value in item.items() if kind in ("byName", "target")]
        return found

    documented = set(re.findall(r"^ +- (\w+)$", manifest, re.M))
    expected = {name for name in libraries if not reached(name) & NOT_DOCUMENTED}
    assert documented == expected, f".spi.yml should document {sorted(expected)}"
    built = set(re.findall(r"target: (\w+)$", manifest, re.M))
    assert len(built) == 1, f".spi.yml builds {built}"
    essentials = reached(built.pop())
    expected = {name for name in libraries if not reached(name) & NOT_BUILT}
    assert essentials & libraries == expected, f"the target in .spi.yml should depend on {sorted(expected)}"
    return len(documented)


version, shown = check_version(sys.argv[1] if len(sys.argv) > 1 else None)
print(f"version {version} everywhere, in {shown} dependencies that are shown; the index documents {check_index()} libraries")
