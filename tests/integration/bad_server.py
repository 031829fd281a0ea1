"""A server that does one thing wrong, for bad_input.sh:  bad_server.py MODE [URL]

404      every page is missing
garbage  GetCACaps and GetCACert are those of the SCEP server at URL, the answer to PKIOperation is no CMS
empty    the same, but the answer to PKIOperation has no body
silent   takes requests and never answers
drip     answers with a byte now and then, for ever
huge     an answer without end

Prints its base URL, then serves until it is killed. Loopback only.
"""
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

mode = sys.argv[1]
upstream = sys.argv[2] if len(sys.argv) > 2 else ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *ignored):
        pass

    def reply(self, status, body, kind="text/html"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def endless(self, chunk, pause):
        self.send_response(200)
        self.send_header("Content-Type", "application/x-pki-message")
        self.end_headers()
        try:
            while True:
                self.wfile.write(chunk)
                self.wfile.flush()
                time.sleep(pause)
        except OSError:
            self.close_connection = True

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        operation = self.path.partition("operation=")[2].partition("&")[0]
        if mode == "404":
            self.reply(404, b"<html><body>Not here.</body></html>")
        elif mode == "silent":
            time.sleep(3600)
        elif mode == "drip":
            self.endless(b"0", 0.2)
        elif mode == "huge":
            self.endless(b"0" * 65536, 0)
        elif operation != "PKIOperation":
            with urllib.request.urlopen(upstream + "?" + self.path.partition("?")[2]) as fetched:
                self.reply(200, fetched.read(), fetched.headers.get("Content-Type", "text/plain"))
        else:
            body = b"" if mode == "empty" else b"<html><body>Please log in.</body></html>"
            self.reply(200, body, "application/x-pki-message")

    do_GET = do_POST = answer


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print("http://127.0.0.1:%d" % server.server_address[1], flush=True)
server.serve_forever()
