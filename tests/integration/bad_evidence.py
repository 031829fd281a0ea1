#!/usr/bin/env python3
"""Evidence that is damaged, hostile, or somebody else's: it is counted, the diagnosis goes on, and no cause is made of it.

  bad_evidence.py SCEPSTORM VECTORS"""
import gzip
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time

scepstorm, vectors = sys.argv[1:3]
IIS = ("#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Fields: date time s-ip cs-method cs-uri-stem "
       "cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken\r\n").encode()
GOOD = b"2026-05-04 10:%02d:%02d 10.0.0.1 GET /certsrv/mscep/mscep.dll operation=GetCACaps 80 - 10.0.0.9 profiled/1.0 200 0 0 3\r\n"
HTTPERR = ("#Software: Microsoft HTTP API 2.0\r\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid "
           "s-reason s-queuename\r\n").encode()
EVENT = ("<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='%s'/><EventID>%d</EventID>"
         "<TimeCreated SystemTime='%s'/><Channel>Application</Channel><Computer>ndes</Computer></System><EventData>%s</EventData></Event>")
good = b"".join(GOOD % (i // 60, i % 60) for i in range(300))
rng = random.Random(1)
noise = rng.randbytes(300000)
failures = []


def write(path, data):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as out:
        out.write(data)


def limits():
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))


def diagnose(name, *arguments, codes=(0, 2), seconds=60, sure=0.5, wants=None):
    """Ends soon, in words of one line, with JSON that can be read and no cause that anybody could believe."""
    begin = time.monotonic()
    try:
        done = subprocess.run([scepstorm, "diagnose", *arguments, "--json"], capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL,
                              preexec_fn=limits)
    except subprocess.TimeoutExpired:
        failures.append("%s: no end after %d s" % (name, seconds))
        return None
    said = done.stderr.decode("utf-8", "replace")
    if done.returncode not in codes:
        failures.append("%s: exit code %d: %s" % (name, done.returncode, said[-600:]))
        return None
    if said.count("\n") != (1 if done.returncode else min(said.count("\n"), 1)):
        failures.append("%s: %d lines on standard error: %s" % (name, said.count("\n"), said[:600]))
    if not done.stdout:
        return None if wants is None else failures.append("%s: says nothing: %s" % (name, said))
    told = json.loads(done.stdout)
    for d in told["diagnosis"]:
        if d["confidence"] > sure:
            failures.append("%s: invented %s, %.0f%% sure: %s" % (name, d["cause"], 100 * d["confidence"], d["evidence"]))
    if wants is not None and not wants(told["evidence_read"]["files"]):
        failures.append("%s: %s" % (name, json.dumps(told["evidence_read"])[:900]))
    print("%-34s %d %5.1f s" % (name, done.returncode, time.monotonic() - begin), said.strip()[:150])
    return told


def each(name, data, **how):
    """As evidence, and by every option that could be meant."""
    write("one/" + name, data)
    diagnose(name, "--evidence", "one", **how)
    for option in ("--iis-log", "--httperr", "--events", "--ndesplugin", "--connector"):
        diagnose("%s as %s" % (name, option), option, "one/" + name, **how)
    shutil.rmtree("one")


def warned(files):
    return any(f["damaged"] > 0 or f["problem"] or f["kind"] == "unknown" for f in files)


# ---- nothing, or nothing that is known ----
os.mkdir("empty")
diagnose("an empty folder", "--evidence", "empty", codes=(2,))
each("empty.log", b"", codes=(2,))
each("noise.bin", noise, codes=(2,))
each("nul.bin", b"\0" * 100000, codes=(2,))
each("new lines.log", b"\r\n" * 50000, codes=(2,))

# ---- other products ----
STRANGERS = {
    "nginx.log": b'10.0.0.1 - - [04/May/2026:10:00:00 +0000] "GET /certsrv/mscep/mscep.dll?operation=GetCACaps HTTP/1.1" 503 197 "-" "curl"\n',
    "apache-error.log": b"[Mon May 04 10:00:00.1 2026] [proxy:error] [pid 1] (111)Connection refused: AH00957: http: attempt to connect to "
                        b"10.0.0.1:80 (ndes) failed\n",
    "syslog": b"May  4 10:00:00 ndes kernel: [1.0] Out of memory: Killed process 77 (w3wp.exe)\n<34>1 2026-05-04T10:00:00Z ndes su - ID47 - x\n",
    "lines.json": b'{"time":"2026-05-04T10:00:00Z","level":"error","msg":"SCEP: 503 AppOffline","EventID":5059,"provider":"WAS"}\n',
    "table.csv": b"Name,Value\nstatus,503\nevent,5057\n",
    "firewall.log": b"#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Fields: date time action protocol src-ip dst-ip src-port dst-port\n\n"
                    + b"2026-05-04 10:00:00 DROP TCP 10.0.0.9 10.0.0.1 4711 80\n" * 200,
    "smtp.log": b"#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time c-ip cs-username s-ip s-port cs-method cs-uri-stem "
                b"sc-status time-taken\r\n" + b"2026-05-04 10:00:00 10.0.0.9 - 10.0.0.1 25 MAIL - 503 3\r\n" * 200,
    "ftp.log": b"#Software: Microsoft Internet Information Services 10.0\r\n#Fields: time c-ip cs-method cs-uri-stem sc-status sc-win32-status\r\n"
               + b"10:00:00 10.0.0.9 [1]PASS - 530 1326\r\n" * 200,
    "exchange.log": b"DateTime,RequestId,MajorVersion,UrlStem,HttpStatus\n#Software: Microsoft Exchange Server\n#Fields: DateTime,RequestId,"
                    b"MajorVersion,UrlStem,HttpStatus\n" + b"2026-05-04T10:00:00Z,1,15,/owa/,503\n" * 100,
    "elf": b"\x7fELF\x02\x01\x01" + noise[:50000],
    "page.html": b"<html><head><title>503</title></head><body><h1>Service Unavailable</h1><Event>AppOffline</Event></body></html>\n",
    "other.xml": b"<?xml version='1.0'?><Events><Event><Name>party</Name><Id>5059</Id></Event></Events>",
}
for name, data in STRANGERS.items():
    each(name, data if len(data) > 5000 else data * 300)

# ---- damaged, or made to harm; each beside a good log ----
long_line = IIS + good + b"2026-05-04 10:10:00 10.0.0.1 GET /certsrv/mscep/mscep.dll " + b"x" * 100_000_000
old = b"".join(b"%s-01-01 10:00:00 10.0.0.1 GET /certsrv/mscep/mscep.dll operation=GetCACaps 80 - 10.0.0.9 - 503 0 0 3\r\n" % y
               for y in (b"1601", b"0000", b"9999", b"2026-13", b"-1")) * 20
future = (GOOD % (0, 0)).replace(b"2026", b"2099") * 3
bomb = gzip.compress(IIS + good + b"\0" * 300_000_000, 6)
deep = b"<Event>" + b"<a>" * 2_000_000
entities = b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;'>]>" + EVENT.encode() % (b"X", 1, b"2026-05-04T10:00:00Z", b"&b;" * 9999)
quotes = b'"TimeCreated","Id","ProviderName","Message"\r\n"04/05/2026 10:00:00","1","X","open ' + b'never closed, \n' * 1_000_000
evtx = open(os.path.join(vectors, "windows-security.evtx"), "rb").read()
holes = bytearray(evtx)
for i in rng.sample(range(4096, len(holes)), 3000):
    holes[i] = rng.randrange(256)
DAMAGED = {
    "one line of 100 MB.log": (long_line, True), "no line's end.log": (b"x" * 10_000_000, False), "old.log": (IIS + good + old, True),
    "future.log": (IIS + good + future, False), "nul runs.log": (IIS + good + b"\0" * 70000 + good, False),
    "half.log": (IIS + (good[:5000]) + b"\xff\xfe\x00garbage\r\n" + good, True), "bomb.log.gz": (bomb, False),
    "twice.log.gz": (gzip.compress(gzip.compress(IIS + good)), False), "cut.log.gz": (gzip.compress(IIS + good)[:-20], True),
    "bad.log.gz": (gzip.compress(IIS + noise)[:5000] + noise, True), "deep.xml": (deep, True), "entities.xml": (entities, False),
    "quotes.csv": (quotes, True), "fields.log": (b"#Fields: " + b"cs-uri-stem " * 100000 + b"\r\n" + good, True),
    "never closed.log": (b"<![LOG[open\n" * 2_000_000, True), "never closed.svclog": (b"<E2ETraceEvent xmlns='x'>\n" * 500_000, True),
    "header only.evtx": (evtx[:4096], False), "cut.evtx": (evtx[:30000], True), "noise.evtx": (evtx[:4096] + noise[:131072], True),
    "holes.evtx": (bytes(holes), False), "evtx named.log": (evtx, False), "odd.xml": (EVENT.encode("utf-16-le")[:-1], False),
    "half a pair.xml": (b"\xff\xfe" + "<Event><System>".encode("utf-16-le") + b"\x00\xd8" * 1000, True),
    "short.httperr": (HTTPERR + b"2026-05-04 10:00:00 10.0.0.9\r\n" * 50, True),
}
for name, (data, counted) in DAMAGED.items():
    write("bad/" + name, data)
    write("bad/u_ex260504.log", IIS + good)
    diagnose(name, "--evidence", "bad", codes=(0,), wants=warned if counted else None)
    shutil.rmtree("bad")

# ---- what is no file ----
os.makedirs("odd/folder.log/deep")
write("odd/u_ex260504.log", IIS + good)
os.mkfifo("odd/pipe.log")
os.symlink("loop", "odd/loop")
os.symlink(".", "odd/self")
os.symlink("/dev/zero", "odd/zero.log")
os.symlink("nowhere", "odd/gone.log")
diagnose("pipes and links", "--evidence", "odd", codes=(0,), wants=lambda files: sum(bool(f["problem"]) for f in files) == 5)
for path in ("odd/pipe.log", "odd/folder.log", "odd/loop", "odd/gone.log", "/dev/null", "/dev/zero"):
    diagnose(path, "--iis-log", path, codes=(2,))
diagnose("a file for a folder", "--evidence", "odd/u_ex260504.log", codes=(2,))
diagnose("a log and a stranger", "--iis-log", "odd/u_ex260504.log", "--iis-log", "/etc/passwd", codes=(0,), wants=warned)
if os.geteuid() != 0:
    os.chmod("odd/u_ex260504.log", 0)
    diagnose("no permission", "--evidence", "odd", codes=(2,))
    os.chmod("odd/u_ex260504.log", 0o600)

# ---- very many ----
for i in range(10100):
    write("many/%02d/%d.log" % (i % 100, i), IIS + GOOD % (i // 60 % 60, i % 60))
diagnose("10,100 files", "--evidence", "many", codes=(0,), wants=lambda files: 10000 <= len(files) <= 10001 and warned(files))

print("bad_evidence: %s" % ("wrong" if failures else "counted, and no cause made of it"))
for f in failures:
    print("FAIL", f)
sys.exit(1 if failures else 0)
