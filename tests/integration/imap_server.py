"""A mailbox that speaks as much IMAP as reading and deleting takes, for tests; imaplib comes without its TLS."""

import imaplib
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

PASSWORD = "mailbox-password"


@dataclass
class Maildrop:
    """The mails that wait."""

    mails: list[bytes]
    password: str = PASSWORD
    deleted: set[int] = field(default_factory=set)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    drop: Maildrop


class _Conversation(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.say("* OK ready")
        for line in self.rfile:
            tag, _, rest = line.decode().strip().partition(" ")
            self.answer(tag, rest)

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def answer(self, tag: str, rest: str) -> None:
        drop = self.server.drop
        word = rest.upper().removeprefix("UID ").split(" ")[0]
        numbers = [n for n in range(1, len(drop.mails) + 1) if n not in drop.deleted]
        if word == "CAPABILITY":
            self.say("* CAPABILITY IMAP4rev1")
        elif word == "LOGIN" and drop.password not in rest:
            self.say(f"{tag} NO wrong")
            return
        elif word == "SELECT":
            self.say(f"* {len(drop.mails)} EXISTS")
        elif word == "SEARCH":
            self.say(f"* SEARCH {' '.join(map(str, numbers))}".rstrip())
        elif word == "FETCH":
            number = int(re.findall(r"\d+", rest)[0])
            mail = drop.mails[number - 1]
            self.wfile.write(f"* {number} FETCH (UID {number} BODY[]<0> {{{len(mail)}}}\r\n".encode() + mail + b")\r\n")
        elif word == "STORE":
            drop.deleted.add(int(re.findall(r"\d+", rest)[0]))
        elif word == "EXPUNGE":
            drop.mails[:] = [mail for n, mail in enumerate(drop.mails, 1) if n not in drop.deleted]
            drop.deleted.clear()
        self.say(f"{tag} OK done")


@contextmanager
def serving_imap(drop: Maildrop, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Serve the mailbox; yields the settings that lead there."""
    with _Server(("127.0.0.1", 0), _Conversation) as server:
        server.drop = drop
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(imaplib, "IMAP4_SSL", imaplib.IMAP4)
        try:
            yield {
                "imap_host": "127.0.0.1",
                "imap_port": server.server_address[1],
                "imap_user": "bounces",
                "imap_password": SecretStr(PASSWORD),
            }
        finally:
            server.shutdown()
