"""Build ``webapp/static/build`` and ``webapp/fonts`` from our own sources and the fetched packages.

Every file in ``webapp/static/src`` and every vendor file named below is written as ``name.<hash>.ext``, so that a
browser may keep it for ever; ``manifest.json`` maps the plain name to the hashed one. A style sheet that points at
another file by its plain name (``url("icons.svg")``) gets the hashed one.

Fonts are for the PDF documents only and are not served. PDF/A refuses a character that no font has, so beside the text
face there is one fallback for each script that an address may come in: Chocolate Classical Sans has all 27,500 common
Han characters and kana in one file of 12 MB (Noto Sans SC would be a fetch of 57 MB), Gothic A1 all Hangul syllables,
Noto the rest. All are under the SIL Open Font License, whose text is copied with them.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / "node_modules"
SOURCES = ROOT / "webapp" / "static" / "src"
BUILD = ROOT / "webapp" / "static" / "build"
FONTS = ROOT / "webapp" / "fonts"

VENDOR_FILES = {
    "bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
}
FONT_STYLES = {
    "noto-sans": ("400Regular", "400Regular_Italic", "600SemiBold", "700Bold", "700Bold_Italic"),
    "noto-sans-arabic": ("400Regular", "700Bold"),
    "noto-sans-devanagari": ("400Regular", "700Bold"),
    "noto-sans-hebrew": ("400Regular", "700Bold"),
    "noto-sans-symbols-2": ("400Regular",),
    "noto-sans-thai": ("400Regular", "700Bold"),
    "chocolate-classical-sans": ("400Regular",),
    "gothic-a1": ("400Regular", "700Bold"),
}

REFERENCE = re.compile(r"""url\((["']?)(?P<name>[\w.-]+)\1\)""")
SOURCE_MAP = re.compile(rb"\n?(?://|/\*)# sourceMappingURL=.*")
HASH_LENGTH = 12


def main() -> None:
    """Build both folders anew."""
    contents = _sources() | _vendor_files()
    names = write_hashed(contents, BUILD)
    _copy_fonts()
    print(f"Built {len(names)} static files")


def write_hashed(contents: dict[str, bytes], folder: Path) -> dict[str, str]:
    """Write the files under hashed names and the manifest beside them; answer the manifest.

    Style sheets come last, since their own hash depends on the names of the files they point at.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names: dict[str, str] = {}
    for name in sorted(contents, key=lambda name: (name.endswith(".css"), name)):
        content = SOURCE_MAP.sub(b"", contents[name])
        if name.endswith(".css"):
            content = _with_hashed_references(content.decode(), names).encode()
        names[name] = hashed_name(name, content)
        (folder / names[name]).write_bytes(content)
    manifest = json.dumps(names, indent=2, sort_keys=True)
    (folder / "manifest.json").write_text(manifest + "\n")
    return names


def hashed_name(name: str, content: bytes) -> str:
    """The name with a digest of the content before its ending."""
    path = Path(name)
    digest = hashlib.sha256(content).hexdigest()[:HASH_LENGTH]
    return f"{path.stem}.{digest}{path.suffix}"


def _with_hashed_references(style_sheet: str, names: dict[str, str]) -> str:
    def hashed(reference: re.Match[str]) -> str:
        name = reference["name"]
        return f'url("{names[name]}")' if name in names else reference[0]

    return REFERENCE.sub(hashed, style_sheet)


def _sources() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in SOURCES.iterdir() if path.is_file()}


def _vendor_files() -> dict[str, bytes]:
    return {name: (MODULES / path).read_bytes() for name, path in VENDOR_FILES.items()}


def _copy_fonts() -> None:
    shutil.rmtree(FONTS, ignore_errors=True)
    FONTS.mkdir(parents=True)
    for family, styles in FONT_STYLES.items():
        package = MODULES / "@expo-google-fonts" / family
        shutil.copyfile(package / "LICENSE_FONT", FONTS / f"{family}.LICENSE")
        for style in styles:
            for font in (package / style).glob("*.ttf"):
                shutil.copyfile(font, FONTS / font.name)


if __name__ == "__main__":
    main()
