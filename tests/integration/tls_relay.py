"""A TLS server before a plain one, which counts what clients open.

  tls_relay.py CERTIFICATE KEY 1.2|1.3 TARGET-PORT COUNTS-FILE

Prints its port. At SIGTERM it writes one JSON list: for each connection the client's port, the TLS version, whether a session was
taken up again, and how many requests, GetCACaps and PKIOperations went over it. It hands out sessions like any server, so that
a client which takes one up is seen."""

import json
import select
import signal
import socket
import ssl
import sys
import threading

certificate, key, version, target, counts = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
context.minimum_version = context.maximum_version = {
    "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[version]
seen = []


def copy(client, server, sent):
    """Both ways until one of them closes."""
    while True:
        ready = [client] if client.pending() else select.select([client, server], [], [])[0]
        for side, other in ((client, server), (server, client)):
            if side not in ready:
                continue
            data = side.recv(65536)
            if not data:
                return
            if side is client:
                sent += data
            other.sendall(data)


def serve(raw, port):
    try:
        client = context.wrap_socket(raw, server_side=True)
    except OSError:  # one that went away: none of ours may
        seen.append({"port": port, "failed": True})
        return
    sent = bytearray()
    fact = {"port": port, "failed": False, "version": client.version(), "resumed": client.session_reused}
    try:
        with client, socket.create_connection(("127.0.0.1", int(target))) as server:
            copy(client, server, sent)
    except OSError:
        pass
    seen.append(fact | {
        "requests": sent.count(b" HTTP/1.1\r\n"), "caps": sent.count(b"operation=GetCACaps"),
        "enrollments": sent.count(b"operation=PKIOperation")})


def stop(number, frame):
    with open(counts, "w") as out:
        json.dump(seen, out)
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
print(listener.getsockname()[1], flush=True)
while True:
    raw, peer = listener.accept()
    threading.Thread(target=serve, args=(raw, peer[1]), daemon=True).start()
