"""What the simulator writes with --logs, read by parsers that are not ours: xml.etree (after xmllint), csv, and a split at blanks.

    traces.py FOLDER EXPRESSION    the expression over the names below is true, else the reason is printed
"""
import csv
import glob
import os
import sys
import xml.etree.ElementTree as tree

EVENT = "{http://schemas.microsoft.com/win/2004/08/events/event}"


class Event:
    """One event of an export."""

    def __init__(self, element, file):
        system = element.find(EVENT + "System")
        self.file = file
        self.provider = system.find(EVENT + "Provider").get("Name")
        self.id = int(system.find(EVENT + "EventID").text)
        self.level = int(system.find(EVENT + "Level").text)
        self.time = system.find(EVENT + "TimeCreated").get("SystemTime")
        self.record = int(system.find(EVENT + "EventRecordID").text)
        self.channel = system.find(EVENT + "Channel").text
        self.computer = system.find(EVENT + "Computer").text
        data = element.find(EVENT + "EventData")
        self.data = {} if data is None else {d.get("Name", str(i)): d.text or "" for i, d in enumerate(data)}
        self.message = element.find(f"{EVENT}RenderingInfo/{EVENT}Message").text
        assert self.message and self.channel and self.computer, self.id
        assert self.time.endswith("Z") and len(self.time) == 28, self.time


def read_events(folder):
    events = []
    for path in sorted(glob.glob(folder + "/*.xml")):
        root = tree.parse(path).getroot()
        assert root.tag == "Events", path
        own = [Event(e, os.path.basename(path)) for e in root]
        assert [e.record for e in own] == sorted({e.record for e in own}), path
        events += own
    return events


def read_w3c(pattern):
    """Lines as dictionaries, by the fields that their own file names."""
    lines = []
    for path in sorted(glob.glob(pattern)):
        fields = None
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        assert text.endswith("\r\n"), path
        for line in text.split("\r\n")[:-1]:
            if line.startswith("#Fields: "):
                fields = line[9:].split(" ")
            elif not line.startswith("#"):
                values = line.split(" ")
                assert len(values) == len(fields), (path, line)
                lines.append(dict(zip(fields, values)))
    return lines


def read_state(folder):
    tables = {}
    for path in glob.glob(folder + "/state/*.csv"):
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = list(reader)
        assert all(None not in row and None not in row.values() for row in rows), path
        tables[os.path.basename(path)[:-4]] = {next(iter(row.values())): row for row in rows}
    return tables


folder = sys.argv[1]
events = read_events(folder)
iis = read_w3c(folder + "/u_ex*.log")
httperr = read_w3c(folder + "/httperr*.log")
state = read_state(folder)
plugin = open(folder + "/NDESPlugin.log", encoding="utf-8").read() if os.path.exists(folder + "/NDESPlugin.log") else ""
for path in glob.glob(folder + "/*.svclog"):
    tree.fromstring("<r>" + open(path, encoding="utf-8").read() + "</r>")  # elements without a root

NDES = "Microsoft-Windows-NetworkDeviceEnrollmentService"


def ids(provider):
    """Numbers of its events, in order."""
    return [e.id for e in events if e.provider == provider]


ndes = ids(NDES)
was = [e.id for e in events if e.provider == "Microsoft-Windows-WAS" and "SCEP" in e.data.values()]
scep = [l for l in iis if "/mscep" in l["cs-uri-stem"].lower()]
codes = {(int(l["sc-status"]), int(l["sc-substatus"]), int(l["sc-win32-status"])) for l in scep}
reasons = {l["s-reason"] for l in httperr if l["s-queuename"] == "SCEP"}
legs = {(401, 2, 5), (401, 1, 2148074254)}
# Nothing that somebody would be called for.
well = (ndes[0] == 1 and set(ndes) <= {1, 3} and not was and not reasons and codes <= {(200, 0, 0), (403, 0, 0), (301, 0, 0)} | legs
        and all(c["ChainStatus"] == "NoError" for c in state["certificates"].values())
        and state["apppools"]["SCEP"]["State"] == "Started")

if not eval("(" + sys.argv[2] + ")"):
    print(f"{sys.argv[2]}\n  ndes {ndes}\n  was {was}\n  codes {codes}\n  reasons {reasons}", file=sys.stderr)
    print("  events", sorted({(e.file, e.provider, e.id) for e in events}), file=sys.stderr)
    sys.exit(1)
