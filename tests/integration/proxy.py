"""The smallest proxy: absolute-form requests and CONNECT, a line on stdout for each. Everything on 127.0.0.9 is forbidden.
Prints its URL first."""
import select
import socket
import socketserver
import sys
import threading
from urllib.parse import urlsplit

lock = threading.Lock()


def say(line):
    with lock:
        print(line, flush=True)


def read_head(file):
    lines = []
    while (line := file.readline()) not in (b"\r\n", b""):
        lines.append(line)
    return lines


def length_of(head):
    for line in head[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


class Proxy(socketserver.StreamRequestHandler):
    def tunnel(self, host, port):
        if host == "127.0.0.9":
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection((host, port)) as to:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            ends = {self.connection: to, to: self.connection}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    ends[end].sendall(data)

    def forward(self, head):
        method, target, version = head[0].split()
        url = urlsplit(target.decode())
        body = self.rfile.read(length_of(head))
        path = (url.path or "/") + ("?" + url.query if url.query else "")
        lines = [b"%s %s %s\r\n" % (method, path.encode(), version)] + [
            line for line in head[1:] if not line.lower().startswith((b"proxy-", b"connection:"))]
        with socket.create_connection((url.hostname, url.port or 80)) as to:
            to.sendall(b"".join(lines) + b"Connection: close\r\n\r\n" + body)
            with to.makefile("rb") as answer:
                first = read_head(answer)
                keep = [line for line in first if not line.lower().startswith(b"connection:")]
                self.wfile.write(b"".join(keep) + b"\r\n" + answer.read())

    def handle(self):
        while head := read_head(self.rfile):
            say(head[0].decode().strip())
            if head[0].startswith(b"CONNECT "):
                host, _, port = head[0].split()[1].decode().rpartition(":")
                self.tunnel(host, int(port))
                return
            self.forward(head)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


with Server(("127.0.0.1", 0), Proxy) as server:
    say("http://127.0.0.1:%d" % server.server_address[1])
    sys.exit(server.serve_forever())
