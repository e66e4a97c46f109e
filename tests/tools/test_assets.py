"""Static files get names that change exactly when their content does."""

from __future__ import annotations

import json
from pathlib import Path

from tools.assets import write_hashed


def test_the_manifest_maps_plain_names_to_files_that_hold_the_content(tmp_path: Path) -> None:
    names = write_hashed({"app.css": b"p {}", "htmx.min.js": b"go()"}, tmp_path)
    assert json.loads((tmp_path / "manifest.json").read_text()) == names
    assert (tmp_path / names["app.css"]).read_bytes() == b"p {}"
    assert (tmp_path / names["htmx.min.js"]).read_bytes() == b"go()"


def test_another_content_gets_another_name(tmp_path: Path) -> None:
    before = write_hashed({"app.css": b"p {}"}, tmp_path)
    after = write_hashed({"app.css": b"q {}"}, tmp_path)
    assert before != after
    assert not (tmp_path / before["app.css"]).exists()


def test_a_style_sheet_points_at_hashed_names_and_changes_with_them(tmp_path: Path) -> None:
    style_sheet = b"a { background: url(mark.svg) } b { background: url('data:image/svg+xml,x') }"
    first = write_hashed({"app.css": style_sheet, "mark.svg": b"<svg/>"}, tmp_path)
    written = (tmp_path / first["app.css"]).read_text()
    assert f'url("{first["mark.svg"]}")' in written
    assert "url('data:image/svg+xml,x')" in written
    second = write_hashed({"app.css": style_sheet, "mark.svg": b"<svg></svg>"}, tmp_path)
    assert second["app.css"] != first["app.css"]


def test_a_pointer_to_a_source_map_that_is_not_served_is_left_out(tmp_path: Path) -> None:
    names = write_hashed(
        {"a.css": b"p {}\n/*# sourceMappingURL=a.css.map */", "b.js": b"x\n//# sourceMappingURL=b"}, tmp_path
    )
    assert (tmp_path / names["a.css"]).read_bytes() == b"p {}"
    assert (tmp_path / names["b.js"]).read_bytes() == b"x"
