"""Holds diagnosis against every fault of the catalogue. Started by scripts/diagnosis-matrix.sh, which says how."""
import argparse
import concurrent.futures
import csv
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

from lab import AFTER, BEFORE, WINDOW, Case, Lab
from setups import CHOICES, MORE, PROXY_ONLY, SAME, SETUPS, VARIANTS

HERE = os.path.dirname(os.path.abspath(__file__))
SURE = 0.5
FEW = 20  # statements in a decile that say nothing yet


def table(name, columns):
    with open(os.path.join(HERE, name)) as file:
        return [line.rstrip("\n").split("\t")[:columns] for line in file if line.strip() and not line.startswith("#")]


def catalogue(program):
    text = subprocess.run([program, "causes", "--json"], capture_output=True, text=True, check=True).stdout
    return {c["id"]: c for c in json.loads(text)["causes"]}


def faults(program):
    """What `sim --help` lists: {id: {key: [choices]}}"""
    text = subprocess.run([program, "sim", "--help"], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in text.split("Faults (")[1].split("Keys of every")[0].splitlines()[1:]:
        words = line.split()
        if words:
            found[words[0]] = {k: v.split("|") for k, v in (w.split("=", 1) for w in words[1:])}
    return found


def mode_of(cause, setup):
    if "mode" in setup:
        return setup["mode"]
    if "S" in cause["mode"] or "*" in cause["mode"]:
        return "standalone"
    return "intune" if "I" in cause["mode"] else "proxy"


def fault_text(fault, keys, setup):
    """What only tables of state/ settle must last until they are made, at the end of the run."""
    words = ["from=%ss" % setup.get("from", BEFORE)]
    if not setup.get("lasting"):
        words.append("for=%ss" % setup.get("window", WINDOW))
    return fault + ":" + ",".join(words + [k for k in keys if k])


def variants(keys):
    """The documented form, then each other choice of each key by itself."""
    yield ""
    for key, choices in keys.items():
        for choice in choices[1:]:
            yield "%s=%s" % (key, choice)


def lasting(cause, artefacts):
    """Somebody looks at the server while it is ill, where the tables of state/ settle it."""
    return any(files == "state" and re.search(words, cause["decided_by"]) for words, files in artefacts)


def singles(causes, known, artefacts):
    cases, skipped = [], []
    for fault, keys in known.items():
        for variant in [*variants(keys), *MORE.get(fault, [])]:
            setup = {"lasting": lasting(causes[fault], artefacts), **SETUPS.get(fault, {})}
            setup.update(VARIANTS.get((fault, *variant.partition("=")[::2]), {}))
            setup.update(CHOICES.get(variant, {}))
            if "skip" in setup:
                skipped.append((fault + (":" + variant if variant else ""), setup["skip"]))
                if not variant:
                    break
                continue
            modes = setup.get("modes") or [mode_of(causes[fault], setup)]
            for mode in modes:
                one = dict(setup, mode=mode)
                name = fault + (":" + variant if variant else "") + ("@" + mode if len(modes) > 1 else "")
                cases.append(Case(name, [fault], [fault_text(fault, [setup.get("fault"), variant], one)], one, variant))
    return cases, skipped


def pairs(causes, known, count, draw):
    """Two faults of two places that overlap in time and in part of the devices."""
    usable = [f for f in known if f not in SETUPS and "L12" not in (causes[f]["class"] or "")
              and causes[f]["stage"] not in ("tcp", "tls", "any") or f in ("app-pool-stopped", "iis-config-invalid",
                                                                          "service-account-locked")]
    usable = [f for f in usable if f not in PROXY_ONLY]
    cases, tries = [], 0
    while len(cases) < count and tries < 100 * count:
        tries += 1
        a, b = draw.sample(usable, 2)
        classes = [set((causes[f]["class"] or f).split("/")) for f in (a, b)]
        modes = [mode_of(causes[f], {}) for f in (a, b)]
        both = {m for m in modes if m != "standalone" or True}
        if classes[0] & classes[1] or len(both) > 1 or (a, b) in SAME or (b, a) in SAME:
            continue
        setup = {"mode": modes[0], "from": 3, "window": 6}
        texts = ["%s:from=2s,for=4s,fraction=70%%" % a, "%s:from=5s,for=5s,fraction=70%%" % b]
        cases.append(Case("%s+%s" % (a, b), [a, b], texts, setup, kind="pair"))
    return cases


def healthy():
    def case(name, **setup):
        return Case("healthy-" + name, [], [], setup, kind="healthy")
    burst = [{"rate": "3/s", "for": "3s"}, {"rate": "60/s", "for": "1s"}, {"rate": "3/s", "for": "3s"}]
    slow = {"latency": {op: {"fixed": "900ms"} for op in ("get_ca_caps", "get_ca_cert", "pki_operation", "otp")}}
    spread = {"latency": {"pki_operation": {"median": "300ms", "p99": "2s"}}}
    phones = {"profiles": [{"name": n} for n in ("ios", "android", "windows", "macos")]}
    return [case("plain"), case("quiet", noise="none"), case("slow", simulator=slow, timeout="20s"),
            case("spread", simulator=spread, timeout="20s"), case("bursty", load=burst), case("noisy", noise="heavy"),
            case("intune", mode="intune"), case("intune-noisy", mode="intune", noise="heavy"), case("proxy", mode="proxy"),
            case("phones", devices=phones), case("renewing", devices={"then": ["renew"]}), case("tls", tls=True),
            case("approved", simulator={"approval": {"after_polls": 1}},
                 devices={"profiles": [{"name": "rfc8894", "set": {"polls": 3, "poll_interval": "300ms"}}]})]


# ---- judging ----

class Judge:
    def __init__(self, causes, visible):
        self.causes, self.visible = causes, visible

    def same(self, a, b):
        return a == b or (a, b) in SAME or (b, a) in SAME

    def expectation(self, case):
        cause = case.truth[0]
        for key in (cause + ":" + case.variant, cause):
            if key in self.visible:
                return self.visible[key]
        return "class"

    def classes(self, cause):
        return set((self.causes[cause]["class"] or cause).split("/"))

    def first_is(self, truth, said):
        return bool(said) and self.same(said[0]["cause"], truth)

    def in_class(self, truth, said):
        """The first statement is of the true class, with the true cause among its look-alikes, and says what would settle it."""
        if self.first_is(truth, said):
            return True
        if not said:
            return False
        first = said[0]
        return bool(self.classes(first["cause"]) & self.classes(truth) and truth in first["look_alikes"]
                    and (first["missing"] or first["decided_by"]))

    def single(self, case, result):
        truth = case.truth[0]
        want = self.expectation(case)
        outside = result["outside"]
        result["want"] = want
        result["ok"] = {
            "outside": (not outside or self.in_class(truth, outside)) if want == "silent"
            else self.first_is(truth, outside) if want == "visible" else self.in_class(truth, outside),
            "decisive": self.first_is(truth, result["decisive"]),
            "lacking": self.in_class(truth, result["lacking"])
            or want == "silent" and not any(d["confidence"] > SURE for d in result["lacking"]),
        }

    def pair(self, case, result):
        for form in ("outside", "decisive", "lacking"):
            three = [d["cause"] for d in result[form][:3]]
            result.setdefault("ok", {})[form] = all(any(self.same(t, c) for c in three) for t in case.truth)
        result["want"] = "both"

    def healthy(self, case, result):
        result["want"] = "none"
        result["ok"] = {form: not any(d["confidence"] > SURE for d in result[form]) for form in ("outside", "decisive", "lacking")}

    def judge(self, case, result):
        getattr(self, case.kind)(case, result)


def deciles(judge, done):
    """[statements, mean confidence, share that is right] of each tenth of confidence."""
    bins = [[0, 0.0, 0] for _ in range(10)]
    for case, result in done:
        for form in ("outside", "decisive", "lacking"):
            for d in result[form]:
                into = bins[min(9, int(d["confidence"] * 10))]
                into[0] += 1
                into[1] += d["confidence"]
                into[2] += any(judge.same(t, d["cause"]) for t in case.truth)
    return [(n, c / n if n else 0, r / n if n else 0) for n, c, r in bins]


# ---- telling ----

def words(said, count=3):
    return ", ".join("%s %d%%" % (d["cause"], round(100 * d["confidence"])) for d in said[:count]) or "nothing"


def figures(judge, done, broken):
    def rate(cases, form):
        cases = list(cases)
        good = sum(1 for _, r in cases if r["ok"][form])
        return good, len(cases)
    one = [(c, r) for c, r in done if c.kind == "single"]
    rows = []

    def row(what, good, all_, target):
        if all_:
            share = 100.0 * good / all_
            rows.append((what, "%.1f %% (%d of %d)" % (share, good, all_), ">= %d %%" % target, share >= target))
    row("decisive artefact: true cause first", *rate(one, "decisive"), 98)
    row("artefact lacks: class, look-alike, what is missing", *rate(one, "lacking"), 100)
    row("outside, visible: true cause first", *rate([x for x in one if x[1]["want"] == "visible"], "outside"), 100)
    row("outside, else: class, among look-alikes", *rate([x for x in one if x[1]["want"] != "visible"], "outside"), 100)
    row("two faults at once: both in the first three", *rate([x for x in done if x[0].kind == "pair"], "decisive"), 95)
    sane = [(c, r) for c, r in done if c.kind == "healthy"]
    row("healthy servers: no cause above 50 %", sum(all(r["ok"].values()) for _, r in sane), len(sane), 100)
    off = [(abs(c - r), n) for n, c, r in deciles(judge, done) if n >= FEW]
    if off:
        worst = 100 * max(off)[0]
        rows.append(("calibration: worst decile is off by", "%.0f points" % worst, "<= 10 points", worst <= 10))
    if broken:
        rows.append(("cases that could not be run", str(len(broken)), "0", False))
    return rows


def report(path, judge, done, broken, skipped, causes):
    rows = figures(judge, done, broken)
    with open(path + ".csv", "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["case", "kind", "truth", "class", "want", "devices", "failed", "outside_ok", "decisive_ok", "lacking_ok",
                         "outside", "decisive", "lacking"])
        for case, r in done:
            writer.writerow([case.name, case.kind, " ".join(case.truth), "/".join(causes[t]["class"] or "-" for t in case.truth),
                             r["want"], r["devices"]["started"], r["devices"]["failed"], *[r["ok"][f] for f in ("outside", "decisive", "lacking")],
                             words(r["outside"]), words(r["decisive"]), words(r["lacking"])])
    with open(path + ".md", "w") as out:
        out.write("# Diagnosis against the catalogue of faults\n\n| what | measured | target | |\n|---|---|---|---|\n")
        for what, measured, target, good in rows:
            out.write("| %s | %s | %s | %s |\n" % (what, measured, target, "ok" if good else "MISSED"))
        out.write("\n| confidence | statements | mean | right |\n|---|---|---|---|\n")
        for i, (n, c, r) in enumerate(deciles(judge, done)):
            out.write("| %d-%d %% | %d | %.0f %% | %.0f %% |\n" % (10 * i, 10 * i + 10, n, 100 * c, 100 * r))
        out.write("\n## Missed\n\n| case | with | wanted | said |\n|---|---|---|---|\n")
        for case, r in done:
            for form in ("decisive", "outside", "lacking"):
                if not r["ok"][form] and not (case.kind == "pair" and form != "decisive"):
                    out.write("| %s | %s | %s | %s |\n" % (case.name, form, r["want"] if form == "outside" else "", words(r[form])))
        for case, why in broken:
            out.write("| %s | not run | | %s |\n" % (case.name, why.replace("\n", " ").replace("|", "/")))
        for fault, why in skipped:
            out.write("| %s | not run | | %s |\n" % (fault, why))
        out.write("\n## Everything\n\n| case | class | failed | outside | decisive | lacking |\n|---|---|---|---|---|---|\n")
        for case, r in done:
            marks = ["%s%s" % ("" if r["ok"][f] else "**missed** ", words(r[f], 2)) for f in ("outside", "decisive", "lacking")]
            out.write("| %s | %s | %d of %d | %s |\n" % (case.name, "/".join(causes[t]["class"] or "-" for t in case.truth),
                                                         r["devices"]["failed"], r["devices"]["started"], " | ".join(marks)))
    return rows


def arguments():
    parser = argparse.ArgumentParser(prog="diagnosis-matrix.sh", description="Holds diagnosis against every fault of the catalogue.")
    parser.add_argument("--scepstorm", default="build/scepstorm")
    parser.add_argument("--quick", action="store_true", help="a sample of 15 faults, two pairs and three healthy servers")
    parser.add_argument("--only", action="append", metavar="ID", help="this fault, pair or healthy server only; a regular expression")
    parser.add_argument("--jobs", type=int, default=6, help="runs at a time; they mostly wait")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=40, help="begin no case after so long")
    parser.add_argument("--out", default="build/diagnosis-matrix")
    parser.add_argument("--keep", metavar="DIR", help="leave runs and logs there")
    parser.add_argument("--again", metavar="DIR", help="diagnose the runs that --keep left there, instead of new ones")
    return parser.parse_args()


def choose(a, draw, causes, known, artefacts):
    cases, skipped = singles(causes, known, artefacts)
    cases += healthy() + pairs(causes, known, a.pairs, draw)
    # documented forms first, and other languages and products last: what is cut off by the time matters least
    cases.sort(key=lambda c: 0 if not c.variant else 1 + c.variant.startswith(("language=", "by=")))
    if a.only:
        cases = [c for c in cases if any(re.fullmatch(o + r"([:@].*)?", c.name) for o in a.only)]
    elif a.quick:
        plain = [c for c in cases if c.kind == "single" and not c.variant and "timeout" not in c.setup]
        cases = draw.sample(plain, 15) + [c for c in cases if c.kind == "pair"][:2] + healthy()[:3]
    return cases, skipped


def main():
    a = arguments()
    program = os.path.realpath(a.scepstorm)
    causes, known = catalogue(program), faults(program)
    judge = Judge(causes, {row[0]: row[1] for row in table("visible.tsv", 2)})
    draw = random.Random(a.seed)
    artefacts = [(row[0], row[1]) for row in table("artefacts.tsv", 2)]
    cases, skipped = choose(a, draw, causes, known, artefacts)
    if not cases:
        sys.exit("diagnosis-matrix.sh: no such case")
    deadline, done, broken, lock = time.monotonic() + 60 * a.minutes, [], [], threading.Lock()
    with tempfile.TemporaryDirectory() as scratch:
        lab = Lab(program, os.path.abspath(a.again or a.keep or scratch), causes, artefacts, bool(a.again))
        lab.prepare()

        def work(case):
            if time.monotonic() > deadline:
                with lock:
                    broken.append((case, "out of time"))
                return
            try:
                result = lab.run(case)
                judge.judge(case, result)
                with lock:
                    done.append((case, result))
                    good = result["ok"]["decisive"] if case.kind == "pair" else all(result["ok"].values())
                    print("%s %s%s" % ("ok    " if good else "MISSED", case.name,
                                       "" if good else ": " + "; ".join("%s: %s" % (f, words(result[f])) for f, v in result["ok"].items() if not v)),
                          flush=True)
            except Exception as e:
                with lock:
                    broken.append((case, str(e)[:300]))
                    print("BROKEN %s: %s" % (case.name, e), flush=True)

        with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
            list(pool.map(work, cases))
    order = {c.name: i for i, c in enumerate(cases)}
    done.sort(key=lambda x: order[x[0].name])
    rows = report(a.out, judge, done, broken, skipped, causes)
    with open(a.out + ".json", "w") as out:
        json.dump([{"case": c.name, "kind": c.kind, "truth": c.truth, **{k: r[k] for k in ("want", "ok", "devices")},
                    **{f: [{k: d[k] for k in ("cause", "confidence", "share", "look_alikes", "missing")} for d in r[f]]
                       for f in ("outside", "decisive", "lacking")}} for c, r in done], out)
    print()
    for what, measured, target, good in rows:
        print("%-52s %-22s %-14s %s" % (what, measured, target, "ok" if good else "MISSED"))
    return 0 if all(good for *_, good in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
