"""A receiver of webhooks on this machine, which verifies them with a published library."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook

SECRET = "whsec_dkxsMKO7J3pmuKPcdu9T6QxilvjGHq6TZszx2G9/7v8="


@dataclass
class Receiver:
    """Takes what is posted to it; answers what it is told to, and 204 after that."""

    answers: list[int] = field(default_factory=list)
    body: bytes = b""
    posted: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """What came, each verified; of these kinds alone if any are given."""
        webhook = Webhook(SECRET)
        events = [webhook.verify(body, headers) for _, headers, body in tuple(self.posted)]
        return [event for event in events if not kinds or event["type"] in kinds]


@contextmanager
def receiving(answers: Sequence[int] = (), body: bytes = b"") -> Iterator[Receiver]:
    """Run a receiver until the end of the block."""
    receiver = Receiver(list(answers), body)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.answers.pop(0) if receiver.answers else 204
            receiver.posted.append((self.path, dict(self.headers.items()), body))
            self.send_response(status)
            if status == 302:
                self.send_header("location", f"{receiver.url}/elsewhere")
            self.send_header("content-length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
