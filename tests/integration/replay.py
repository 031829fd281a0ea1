#!/usr/bin/env python3
"""A server that answers what was captured:  replay.py [UPSTREAM] ROUTE=FILE[,STATUS[,TYPE[,SERVER]]]...

ROUTE is an operation of SCEP, `otp` (the page below mscep_admin) or `bare`. What has no route is asked of UPSTREAM, the base URL of another
server; without one it is 404. Prints its base URL, then serves until it is killed. Loopback only."""
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

arguments = sys.argv[1:]
upstream = arguments.pop(0) if arguments and "=" not in arguments[0] else ""
routes = {}
for argument in arguments:
    route, _, how = argument.partition("=")
    file, status, kind, server = (how.split(",") + ["", "", ""])[:4]
    with open(file, "rb") as body:
        routes[route] = (body.read(), int(status or 200), kind or "text/html", server or "Microsoft-IIS/10.0")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *ignored):
        pass

    def reply(self, body, status, kind, server):
        self.send_response_only(status)
        for name, value in (("Server", server), ("Content-Type", kind), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.send_header("Date", self.date_time_string())
        self.end_headers()
        self.wfile.write(body)

    def pass_on(self, data):
        if not upstream:
            return self.reply(b"", 404, "text/html", "Microsoft-IIS/10.0")
        request = urllib.request.Request(upstream + self.path, data, {"Content-Type": "application/x-pki-message"} if data else {})
        try:
            with urllib.request.urlopen(request) as got:
                self.reply(got.read(), got.status, got.headers.get("Content-Type", ""), got.headers.get("Server", ""))
        except urllib.error.HTTPError as got:
            self.reply(got.read(), got.code, got.headers.get("Content-Type", ""), got.headers.get("Server", ""))

    def answer(self):
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        operation = query.partition("operation=")[2].partition("&")[0]
        route = operation or ("otp" if "mscep_admin" in path.lower() else "bare")
        if route in routes:
            self.reply(*routes[route])
        else:
            self.pass_on(data or None)

    do_GET = do_POST = answer


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("http://127.0.0.1:%d" % server.server_address[1], flush=True)
server.serve_forever()
