#!/usr/bin/env python3
"""Folders of logs as other people would have gathered them: packed, renamed, recoded, reordered, rotated, with other traffic between, in
part. What was there to be seen must still be named, and nothing else become sure.

  variations.py SCEPSTORM [--only WORD] [--all] FOLDER...

A folder's cause stands in its expected.json, or in expected.txt beside it. --all tells every answer, not only the wrong ones."""
import argparse
import gzip
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

SURE = 0.5


# ---- what is expected ----

class Truth:
    def __init__(self, folder):
        self.name = os.path.basename(folder.rstrip("/"))
        self.fair, self.never = [], []
        own = os.path.join(folder, "expected.json")
        if os.path.exists(own):
            said = json.load(open(own))
            self.causes = said.get("causes") or ([said["cause"]] if said["cause"] else [])
            self.fair, self.never = said.get("acceptable", []), said.get("not", [])
            return
        for line in open(os.path.join(folder, "..", "expected.txt")):
            words = line.split()
            if words and words[0] == self.name:
                self.causes = [] if words[1] == "-" else [words[1]]
                self.fair = words[3:]
                return
        raise SystemExit("%s: nothing says what is expected" % folder)


def read_folder(folder):
    """Path below the folder, without .gz, to bytes."""
    files = {}
    for base, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if name == "expected.json":
                continue
            path = os.path.join(base, name)
            data = open(path, "rb").read()
            if data[:2] == b"\x1f\x8b":
                data = gzip.decompress(data)
            below = os.path.relpath(path, folder)
            files[below[:-3] if below.endswith(".gz") else below] = data
    return files


def is_w3c(data):
    return b"#Fields:" in data[:4096]


def is_iis(data):
    return is_w3c(data) and b"cs-uri-stem" in data[:4096]


def is_xml(data):
    return b"<Event" in data[:4096]


def is_text(data):
    return b"\0" not in data[:4096]


# ---- lossless: the same, told otherwise ----

def plain(files, rng):
    return files


def packed(files, rng):
    return {n + ".gz": gzip.compress(d) for n, d in files.items()}


def with_lf(files, rng):
    return {n: d.replace(b"\r\n", b"\n") if is_text(d) else d for n, d in files.items()}


def with_crlf(files, rng):
    return {n: d.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") if is_text(d) else d for n, d in files.items()}


def recoded(files, codec, mark=b""):
    out = {}
    for n, d in files.items():
        text = d.decode("utf-8-sig", "replace") if is_text(d) and not is_w3c(d) else None
        out[n] = d if text is None else mark + text.encode(codec)
    return out


def utf16_marked(files, rng):
    return recoded(files, "utf-16-le", b"\xff\xfe")


def utf16_bare(files, rng):
    return recoded(files, "utf-16-le")


def utf16_big(files, rng):
    return recoded(files, "utf-16-be", b"\xfe\xff")


def utf8_marked(files, rng):
    return recoded(files, "utf-8", b"\xef\xbb\xbf")


def renamed(files, rng):
    """Folders stay: they are a server's name."""
    names = ["copy of (%d)" % i for i in range(len(files))]
    rng.shuffle(names)
    return {os.path.join(os.path.dirname(n), to): d for (n, d), to in zip(files.items(), names)}


def nested(files, rng):
    return {"evidence/logs/" + n: d for n, d in files.items()}


def w3c_lines(data):
    """Runs of lines below one #Fields: (fields, lines)."""
    fields, runs = None, []
    for line in data.decode("utf-8", "replace").splitlines():
        line = line.strip("\0")
        if line.startswith("#Fields:"):
            fields = line.split()[1:]
            runs.append((fields, []))
        elif line and not line.startswith("#") and fields:
            runs[-1][1].append(line)
    return runs


def w3c_text(fields, lines, software="Microsoft Internet Information Services 10.0"):
    head = ["#Software: " + software, "#Version: 1.0", "#Fields: " + " ".join(fields)]
    return ("\r\n".join(head + lines) + "\r\n").encode()


def reordered(files, rng):
    out = {}
    for n, d in files.items():
        if not is_iis(d):
            out[n] = d
            continue
        parts = []
        for fields, lines in w3c_lines(d):
            order = list(range(len(fields)))
            rng.shuffle(order)
            told = [[line.split(" ")[i] for i in order] for line in lines if len(line.split(" ")) == len(fields)]
            parts.append(w3c_text([fields[i] for i in order], [" ".join(t) for t in told]))
        out[n] = b"".join(parts)
    return out


def rotated(files, rng):
    """Logs in four pieces, exports in two."""
    out = {}
    for n, d in files.items():
        stem, ext = os.path.splitext(n)
        if is_iis(d):
            for k, (fields, lines) in enumerate(w3c_lines(d)):
                quarter = len(lines) // 4 + 1
                for i in range(0, len(lines), quarter):
                    out["%s_%d_%d%s" % (stem, k, i // quarter, ext)] = w3c_text(fields, lines[i:i + quarter])
        elif is_xml(d):
            events = re.findall(rb"<Event[ >].*?</Event>", d, re.S)
            out[stem + "_1" + ext] = b"\r\n".join(events[:len(events) // 2])
            out[stem + "_2" + ext] = b"\r\n".join(events[len(events) // 2:])
        else:
            out[n] = d
    return {n: d for n, d in out.items() if d}


def newest_first(files, rng):
    out = dict(files)
    for n, d in files.items():
        if is_xml(d):
            out[n] = b"<Events>" + b"".join(reversed(re.findall(rb"<Event[ >].*?</Event>", d, re.S))) + b"</Events>"
    return out


def elsewhere(files, rng):
    """Two lines of other sites for each of this one, some of them failing."""
    paths = ["/owa/", "/autodiscover/autodiscover.xml", "/api/v2/items", "/images/logo.png", "/ews/exchange.asmx", "/wsus/", "/aspnet_client/"]
    ends = ["200 0 0"] * 12 + ["304 0 0", "401 2 5", "404 0 2", "500 0 0", "503 0 0"]
    out = {}
    for n, d in files.items():
        if not is_iis(d):
            out[n] = d
            continue
        parts = []
        for fields, lines in w3c_lines(d):
            mixed = []
            for line in lines:
                mixed.append(line)
                cells = line.split(" ")
                if len(cells) != len(fields):
                    continue
                cell = dict(zip(fields, cells))
                for _ in range(2):
                    status, sub, win32 = rng.choice(ends).split()
                    other = dict(cell, **{"cs-uri-stem": rng.choice(paths), "cs-uri-query": "-", "sc-status": status, "sc-substatus": sub,
                                          "sc-win32-status": win32, "time-taken": str(rng.randint(0, 400)), "cs-username": "-",
                                          "c-ip": "10.77.%d.%d" % (rng.randint(0, 9), rng.randint(1, 250)), "cs-method": "GET"})
                    mixed.append(" ".join(other[f] for f in fields))
            parts.append(w3c_text(fields, mixed))
        out[n] = b"".join(parts)
    return out


NOISE = [("Service Control Manager", 7036, "System", [("param1", "Windows Update"), ("param2", "stopped")]),
         ("Microsoft-Windows-DistributedCOM", 10016, "System", [("param1", "application-specific"), ("param4", "{2593F8B9}")]),
         ("Schannel", 36887, "System", [("AlertDesc", "70")]),
         ("Application Error", 1000, "Application", [("", "backup.exe"), ("", "7.0.0.1")]),
         ("Microsoft-Windows-Security-SPP", 16384, "Application", [("", "2126-02-11T03:12:44Z")]),
         ("ESENT", 102, "Application", [("", "svchost"), ("", "1234")]),
         ("Microsoft-Windows-WAS", 5186, "System", [("AppPoolID", "DefaultAppPool"), ("Minutes", "20")]),
         ("Microsoft-Windows-WAS", 5002, "System", [("AppPoolID", "IntranetPool")]),
         ("Microsoft-Windows-WAS", 5009, "System", [("AppPoolID", "IntranetPool"), ("ProcessID", "4711")])]


def noisy(files, rng):
    """As many strangers' events as there were."""
    out = dict(files)
    for n, d in files.items():
        if not is_xml(d):
            continue
        events = re.findall(rb"<Event[ >].*?</Event>", d, re.S)
        mixed = []
        for event in events:
            mixed.append(event)
            when = re.search(rb"SystemTime=['\"]([^'\"]*)", event)
            computer = re.search(rb"<Computer>([^<]*)", event)
            if not when:
                continue
            provider, number, channel, data = rng.choice(NOISE)
            fields = "".join("<Data Name='%s'>%s</Data>" % f if f[0] else "<Data>%s</Data>" % f[1] for f in data)
            mixed.append(("<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='%s'/>"
                          "<EventID>%d</EventID><Level>3</Level><TimeCreated SystemTime='%s'/><EventRecordID>1</EventRecordID>"
                          "<Channel>%s</Channel><Computer>%s</Computer></System><EventData>%s</EventData></Event>"
                          % (provider, number, when.group(1).decode(), channel, computer.group(1).decode() if computer else "ndes", fields)).encode())
        out[n] = b"<Events>" + b"\n".join(mixed) + b"</Events>"
    return out


def twice(files, rng):
    """Everything gathered twice, in one folder."""
    out = dict(files)
    for n, d in files.items():
        out[os.path.join(os.path.dirname(n), "again " + os.path.basename(n))] = d
    return out


def damaged(files, rng):
    """One line in fifty is cut."""
    out = {}
    for n, d in files.items():
        lines = d.split(b"\n")
        out[n] = b"\n".join(l[:rng.randint(0, len(l))] if rng.random() < 0.02 and not l.startswith(b"#") else l for l in lines)
    return out


def unrendered(files, rng):
    """As an export of a server without the publishers' texts: data, no words."""
    return {n: re.sub(rb"<RenderingInfo.*?</RenderingInfo>", b"", d, flags=re.S) if is_xml(d) else d for n, d in files.items()}


STATES = {"stopped": "beendet", "running": "ausgeführt"}


def german(files, rng):
    """Words of another language, their values as they were."""
    def one(match):
        event = match.group(0).decode("utf-8", "replace")
        data = [re.sub(r"<[^>]*>", "", v) for v in re.findall(r"<Data[^>]*>(.*?)</Data>", event, re.S)]
        words = "Der Vorgang ist fehlgeschlagen: " + ", ".join(data)
        event = re.sub(r"<RenderingInfo.*?</RenderingInfo>", "<RenderingInfo Culture='de-DE'><Message>%s</Message></RenderingInfo>"
                       % words.replace("\\", "\\\\"), event, flags=re.S)
        for word, other in STATES.items():
            event = event.replace(">%s<" % word, ">%s<" % other)
        return event.encode()
    return {n: re.sub(rb"<Event[ >].*?</Event>", one, d, flags=re.S) if is_xml(d) else d for n, d in files.items()}


# ---- lossy: a part of it ----

def only(test):
    def pick(files, rng):
        return {n: d for n, d in files.items() if test(n, d)}
    return pick


def headless(files, rng):
    """The second half of each log, without the lines that name its fields."""
    out = dict(files)
    for n, d in files.items():
        if is_w3c(d):
            lines = [l for l in d.splitlines(True) if not l.startswith(b"#")]
            out[n] = b"".join(lines[len(lines) // 2:])
    return {n: d for n, d in out.items() if d}


def cut_off(files, rng):
    return {n: d[:len(d) * 2 // 3] for n, d in files.items()}


def begun_late(files, rng):
    return {n: d[len(d) // 3:] for n, d in files.items()}


def poor_fields(files, rng):
    """Neither sub-status nor win32."""
    out = {}
    for n, d in files.items():
        if not is_iis(d):
            out[n] = d
            continue
        parts = []
        for fields, lines in w3c_lines(d):
            keep = [i for i, f in enumerate(fields) if f not in ("sc-substatus", "sc-win32-status", "cs(Referer)", "s-ip")]
            told = [" ".join(line.split(" ")[i] for i in keep) for line in lines if len(line.split(" ")) == len(fields)]
            parts.append(w3c_text([fields[i] for i in keep], told))
        out[n] = b"".join(parts)
    return out


SAME = [plain, packed, with_lf, with_crlf, utf16_marked, utf16_bare, utf16_big, utf8_marked, renamed, nested, reordered, rotated,
        newest_first, elsewhere, noisy, twice, damaged, unrendered, german]
PART = {"only_events": only(lambda n, d: not is_w3c(d)), "only_iis": only(lambda n, d: is_iis(d)),
        "only_w3c": only(lambda n, d: is_w3c(d)), "headless": headless, "cut_off": cut_off, "begun_late": begun_late,
        "poor_fields": poor_fields}


# ---- trying ----

def lay(files, folder):
    shutil.rmtree(folder, ignore_errors=True)
    for n, d in files.items():
        path = os.path.join(folder, n)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(d)


def diagnose(scepstorm, folder):
    done = subprocess.run([scepstorm, "diagnose", "--evidence", folder, "--json"], capture_output=True, text=True, timeout=120)
    if done.returncode not in (0, 2):
        raise SystemExit("%s: exit code %d: %s" % (folder, done.returncode, done.stderr[-2000:]))
    return json.loads(done.stdout)["diagnosis"] if done.stdout else []


def wrong(truth, found, whole):
    """What is wrong with an answer; None: nothing."""
    fair = truth.causes + truth.fair
    sure = [d for d in found if d["confidence"] > SURE]
    for d in sure:
        if d["cause"] in truth.never or d["cause"] not in fair:
            return "%s, %.0f%% sure" % (d["cause"], d["confidence"] * 100)
    if not whole or not truth.causes:
        return None
    first = [d["cause"] for d in found[:3]]
    if len(truth.causes) > 1:
        missing = [c for c in truth.causes if c not in first]
        return "%s not among %s" % (missing, first) if missing else None
    return None if first and first[0] in fair else "first is %s" % (first[:1] or "nothing")


def told(found):
    return ", ".join("%s %.0f%%" % (d["cause"], d["confidence"] * 100) for d in found[:4]) or "nothing"


def variations(files):
    for make in SAME:
        yield make.__name__, make, True
    for name, make in PART.items():
        yield name, make, False
    for gone in sorted(files) if len(files) > 1 else []:
        yield "without " + gone, only(lambda n, d, gone=gone: n != gone), False


def main():
    options = argparse.ArgumentParser()
    options.add_argument("scepstorm")
    options.add_argument("--only", default="")
    options.add_argument("--all", action="store_true")
    options.add_argument("folders", nargs="+")
    o = options.parse_args()
    tried = failed = 0
    with tempfile.TemporaryDirectory() as work:
        for folder in o.folders:
            truth, files = Truth(folder), read_folder(folder)
            for name, make, whole in variations(files):
                if o.only not in name:
                    continue
                laid = make(dict(files), random.Random(truth.name + name))
                if not laid:
                    continue
                lay(laid, os.path.join(work, "x"))
                found = diagnose(o.scepstorm, os.path.join(work, "x"))
                why = wrong(truth, found, whole)
                tried += 1
                failed += why is not None
                if why or o.all:
                    print("%s %s, %s: %s [%s]" % ("WRONG" if why else "fine ", truth.name, name, why or "", told(found)), flush=True)
    print("variations: %d of %d are right" % (tried - failed, tried))
    sys.exit(1 if failed else 0)


main()
