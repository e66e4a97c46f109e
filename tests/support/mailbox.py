"""A mail server that keeps what it is given: enough of RFC 5321 for one message after another."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Mailbox:
    """Where the server listens, and what came in: envelope recipients with the message."""

    port: int = 0
    messages: list[tuple[str, bytes]] = field(default_factory=list)


class _Conversation(socketserver.StreamRequestHandler):
    """One client, spoken to in the fewest words."""

    box: Mailbox
    to_recipients: str

    def handle(self) -> None:
        self._say("220 ready")
        recipient = ""
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"RCPT":
                recipient = line.partition(b"<")[2].partition(b">")[0].decode()
                self._say(self.to_recipients)
            elif verb == b"DATA":
                self._say("354 go on")
                self.box.messages.append((recipient, self._read_message()))
                self._say("250 kept")
            else:
                self._say("221 bye" if verb == b"QUIT" else "250 ok")

    def _read_message(self) -> bytes:
        lines = iter(self.rfile.readline, b".\r\n")
        return b"".join(line.removeprefix(b".") for line in lines)

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


@contextmanager
def mail_server(*, refuse: bool = False) -> Iterator[Mailbox]:
    """A server on a port of its own, which may refuse every recipient."""
    box = Mailbox()
    answer = "550 nobody here" if refuse else "250 ok"
    conversation = type("Conversation", (_Conversation,), {"box": box, "to_recipients": answer})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), conversation) as server:
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()
