#!/usr/bin/env bash
# scepstorm diagnose --collect: the PowerShell script for the Windows side. Held against what src/evidence/README.md says is read, and
# against its promise: it reads only, needs no module, and tells no secret.
#   collector.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

ends 0 diagnose --collect
cp stdout collect.ps1
[ ! -s stderr ] || fail "it says something on stderr"
cmp collect.ps1 "$root/src/cli/collector.ps1" || fail "it is not the script as written"
python3 - collect.ps1 "$root/src/evidence/README.md" <<'PY' || fail "the collector does not keep its word"
import re, sys

raw = open(sys.argv[1], "rb").read()
assert raw and all(b in (9, 10, 13) or 32 <= b < 127 for b in raw), "not ASCII"
script = re.sub(r"(?s)<#.*?#>", "", raw.decode())
code = "\n".join(re.sub(r"(^|\s)#.*", "", line) for line in script.splitlines())

# ---- tables: all that are read, each with these columns in this order ----

tables = {}
for line in open(sys.argv[2]).read().split("## Tables of state/")[1].splitlines():
    row = re.match(r"\| `(\w+)` \| (.*) \|$", line)
    if row:
        words = re.sub(r"\([^()]*\)", "", row[2])       # examples and values
        tables[row[1]] = [re.match(r"\s*(\w+)", w)[1] for w in words.split(":")[0].split(",") if w.strip()]
assert len(tables) == 16, sorted(tables)
written = {m[1]: re.findall(r"'(\w+)'", m[2]) for m in re.finditer(r"Write-Table '(\w+)' @\(([^)]*)\)", code)}
assert set(written) == set(tables) - {"collector"}, set(written) ^ set(tables)
for name, columns in written.items():
    assert columns == tables[name], (name, columns, tables[name])
assert "Name = $Name; Value" in code and "'collector.csv'" in code

# What is made as objects names every column.
for name, body in re.findall(r"(?s)Write-Table '(\w+)' @\([^)]*\) \{(.*?)\n(?:    )?\}\n", code):
    keys = set(re.findall(r"(?:^|[{;])\s*(\w+)\s*=\s", body, re.M))
    missing = [c for c in tables[name] if c not in keys and "pscustomobject" in body]
    assert not missing, (name, missing)

# ---- commands: these and no others ----

own = set(re.findall(r"function ([A-Za-z]+-[A-Za-z]+)", code))
reads = set("""ConvertFrom-Csv Export-Csv ForEach-Object Get-Acl Get-ChildItem Get-CimInstance Get-Content Get-Date Get-Item
    Get-ItemProperty Get-Service Invoke-WebRequest Join-Path New-Object Out-Null Select-Object Set-StrictMode Sort-Object Test-Path
    Where-Object Write-Output Write-Progress Write-Warning""".split())
writes = {"New-Item": r"New-Item -ItemType Directory -Force -Path \$(state|target) ", "Copy-Item": r"-Destination \$target ",
          "Remove-Item": r"Remove-Item (-LiteralPath )?\$\w+( -ErrorAction SilentlyContinue)?"}
bare = re.sub(r"'[^'\n]*'|\"[^\"\n]*\"", "''", code)
used = set(re.findall(r"(?<![\w.$'/-])([A-Z][A-Za-z]+-[A-Z][A-Za-z]+)\b", bare))
assert used <= own | reads | set(writes), used - own - reads - set(writes)
for command, form in writes.items():
    for line in code.splitlines():
        if re.search(r"(?<![\w-])%s\b" % command, line):
            assert re.search(form, line), line
assert not re.search(r"(?i)import-module|#requires|add-type|invoke-expression|\biex\b|start-process|downloadstring", code)
removed = re.findall(r"Remove-Item (?:-LiteralPath )?(\$\w+)", code)
for name in removed:  # only what it made itself
    assert re.search(r"\%s = (Join-Path \$(env:TEMP|state|node)|\[IO\.Path\]::GetTempFileName)" % name, code), name

# Programs: those that only tell, with arguments that only tell.
programs = set(re.findall(r"'(\w+\.exe)'", code))
assert programs <= {"netsh.exe", "certutil.exe", "wevtutil.exe", "setspn.exe", "secedit.exe", "appcmd.exe", "w32tm.exe"}, programs
for words in re.findall(r"Invoke-Tool '\w+\.exe' @\(([^)]*)\)", code):
    assert not re.search(r"(?i)'(add|delete|set|/configure|-delete|-addstore|-setreg|-repairstore|cl|sl|-[ad]|-s)'", words), words
assert re.findall(r"'netsh.exe' @\(([^)]*)\)", code).count("'http', 'flush', 'logbuffer'") == 1

# ---- secrets ----

assert re.search(r"if \(\$kind -eq 'Binary'\) \{ \"\(\$\(\$value\.Length\) bytes\)\" \}", code), "binary values must be told as lengths"
assert re.search(r"-match 'password\|secret'", code)
assert not re.search(r"(?i)export-?pfx|\.Export\(|ExportParameters|ExportCspBlob|PrivateKey\.(?!CspKeyContainerInfo)", code)
assert re.findall(r".*\.GetValue\(.*", code) == ["                $value = $key.GetValue($name)"]

# ---- shape: what PowerShell would refuse at once ----

for left, right in ("{}", "()", "[]"):
    text = re.sub(r"'(?:[^'\n]|'')*'", "''", code)
    assert text.count(left) == text.count(right), (left, text.count(left), text.count(right))
print("collector: %d tables, %d commands, all of them reading" % (len(written) + 1, len(used - own)))
PY
