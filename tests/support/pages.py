"""Figures as a person reads them off a page, with the addresses they lead to."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser

CELLS = ("th", "td", "dt", "dd")


@dataclass
class Cell:
    """A cell of a table or list of figures: its words and the addresses of its links."""

    text: str = ""
    links: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return " ".join(self.text.split())

    @property
    def figure(self) -> Decimal:
        """The amount it shows; a dash is nothing."""
        found = self.words.replace(",", "").replace("\N{MINUS SIGN}", "-").removeprefix("EUR").strip()
        return Decimal(0) if found == "–" else Decimal(found)


class Page(HTMLParser):
    """The rows of all tables, by the id of the panel around them, and the pairs of all lists of figures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[Cell]] = []
        self.panels: dict[str, list[list[Cell]]] = {}
        self.pairs: list[tuple[Cell, Cell]] = []
        self._open: Cell | None = None
        self._term = Cell()
        self._panel = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "section":
            self._panel = given.get("id") or ""
        if tag == "tr":
            self.rows.append([])
            self.panels.setdefault(self._panel, []).append(self.rows[-1])
        if tag in CELLS:
            self._open = Cell()
        if tag == "a" and self._open is not None:
            self._open.links.append(given.get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag not in CELLS or self._open is None:
            return
        if tag == "dt":
            self._term = self._open
        elif tag == "dd":
            self.pairs.append((self._term, self._open))
        elif self.rows:
            self.rows[-1].append(self._open)
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._open.text += data

    def row(self, words: str) -> list[Cell]:
        """The first row that begins with a cell of these words."""
        return next(row for row in self.rows if row and row[0].words == words)

    def body(self, panel: str | None = None) -> list[list[Cell]]:
        """The rows between head and total, of one panel or all."""
        rows = self.rows if panel is None else self.panels.get(panel, [])
        return [row for row in rows if row and row[0].links]

    def pair(self, words: str) -> Cell:
        """The figure beside these words."""
        return next(figure for term, figure in self.pairs if term.words == words)
