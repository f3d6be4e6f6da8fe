"""As much of GitHub's programming interface as a comment on a pull request needs."""

from __future__ import annotations

import io
import json
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REPORT = {
    "schema": "mlgate/report/1",
    "stage": "merge",
    "subject": "commit 1a2b3c4",
    "verdicts": [
        {
            "gate": "lint",
            "kind": "lint",
            "outcome": "failed",
            "blocks": True,
            "findings": [{"rule": "lint/F401", "message": "@everyone <b>x</b> ::error::y"}],
        }
    ],
    "version": "0.1.0",
}
COMMIT = "a" * 40


def archive(content, name="report.json"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
    return packed.getvalue()


class Hub(ThreadingHTTPServer):
    """Answers for the repository us/project, whose run 5 has ended."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.archive = archive(json.dumps(REPORT))
        self.comments = []
        self.asked = []
        self.pulls = [{"number": 7, "head": {"sha": COMMIT}}]
        self.writes = 201


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        hub = self.server
        path = self.path.removeprefix("/repos/us/project/")
        hub.asked.append((path, self.headers.get("Authorization")))
        if path.endswith("/zip"):
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{hub.server_port}/blob")
            self.end_headers()
        elif path == "/blob":
            self.reply(hub.archive)
        elif path.startswith("pulls?"):
            self.reply(json.dumps(hub.pulls).encode())
        elif path.startswith("actions/runs/5/artifacts"):
            names = ["mlgate", "other", "mlgate/../x"]
            listed = [{"id": i, "name": name} for i, name in enumerate(names)]
            self.reply(json.dumps({"artifacts": listed}).encode())
        else:
            self.reply(json.dumps(hub.comments).encode())

    def write(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
        path = self.path.removeprefix("/repos/us/project/")
        if self.server.writes == 201:
            author = {"type": "Bot"}
            if self.command == "POST":
                self.server.comments.append({"id": 9, "body": body, "user": author})
            else:
                self.server.comments[-1]["body"] = body
        self.server.asked.append((f"{self.command} {path}", None))
        self.reply(b"{}", self.server.writes)

    do_POST = do_PATCH = write  # noqa: N815 - the names that http.server looks for

    def reply(self, content, code=200):
        self.send_response(code)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass
