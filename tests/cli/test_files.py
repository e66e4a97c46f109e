"""Taking files in and writing them out."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.support import masters, web

HEADER = "code,name,currency,credit_limit,payment_terms\n"


@pytest.fixture
def folder(session: Session, tmp_path: Path) -> Path:
    """A folder with a good and a bad file, beside a founded company."""
    web.found_company()
    masters.stock_the_shelves()
    (tmp_path / "good.csv").write_text(HEADER + "ALFKI,Alfreds,EUR,100,NET30\n")
    (tmp_path / "bad.csv").write_text(HEADER + "ALFKI,Alfreds,EUR,100,NET30\nB,Berg,EUR,much,NET30\n")
    return tmp_path


def test_a_file_is_tried_taken_and_taken_again(counterfoil, folder):
    file = str(folder / "good.csv")
    assert "Tried, nothing kept: 1 new" in counterfoil("import", "customers", file, "--dry-run").output
    assert "1 new, 0 changed, 0 unchanged." in counterfoil("import", "customers", file).output
    assert "0 new, 0 changed, 1 unchanged." in counterfoil("import", "customers", file).output


def test_wrong_rows_go_to_a_file_of_their_own_and_fail_the_command(counterfoil, folder):
    done = counterfoil("import", "customers", str(folder / "bad.csv"))
    assert done.exit_code == 1
    assert "Nothing was kept because of 1 wrong row." in done.output
    wrong = (folder / "bad.csv.errors.csv").read_text(encoding="utf-8-sig")
    assert '"3","credit_limit","Credit limit must be a number' in wrong
    assert counterfoil("import", "customers", str(folder / "bad.csv"), "--skip-errors").exit_code == 0


def test_an_export_is_what_import_reads_back_unchanged(counterfoil, folder):
    counterfoil("import", "customers", str(folder / "good.csv"))
    file = str(folder / "out.csv")
    assert counterfoil("export", "customers", file).exit_code == 0
    assert "0 new, 0 changed, 1 unchanged." in counterfoil("import", "customers", file).output


def test_an_unknown_kind_is_one_line_and_a_failure(counterfoil, folder):
    done = counterfoil("import", "dreams", str(folder / "good.csv"))
    assert (done.exit_code, "There is nothing called dreams" in done.output) == (1, True)
    (folder / "map.json").write_text('{"code": null}')
    done = counterfoil("import", "customers", str(folder / "good.csv"), "--mapping", str(folder / "map.json"))
    assert "The header lacks code." in done.output


def test_an_export_that_cannot_be_written_is_one_line_and_leaves_no_file_behind(counterfoil, folder):
    done = counterfoil("export", "customers", str(folder / "nowhere" / "out.csv"))
    assert (done.exit_code, "No such file or directory" in done.output) == (1, True)
    assert isinstance(done.exception, SystemExit), "a refusal, not a traceback"
    counterfoil("export", "dreams", str(folder / "dreams.csv"))
    assert not (folder / "dreams.csv").exists()


def test_a_header_of_random_bytes_is_one_line(counterfoil, folder):
    (folder / "random.csv").write_bytes(bytes(range(256)) * 40)
    done = counterfoil("import", "customers", str(folder / "random.csv"))
    assert (done.exit_code, isinstance(done.exception, SystemExit)) == (1, True)
    done.output.encode()
