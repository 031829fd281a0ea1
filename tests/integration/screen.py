"""A terminal as far as scepstorm uses one: text, colours, line and screen cleared from the cursor on, the cursor moved up and down.
Whatever else comes is an error. Folds its lines when it gets narrower, as most terminals do, or cuts them, as xterm does."""
import re

TOKEN = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|\r|\n|\x08|\x07|[^\x00-\x1f\x7f]")


class Screen:
    def __init__(self, columns, rows, folds=True):
        self.columns, self.rows, self.folds = columns, rows, folds
        self.lines = [""]  # of the screen, down to the lowest that was used
        self.joined = [False]  # this line goes on from the one above
        self.history = []  # what has left the screen at its top
        self.y = self.x = 0
        self.colours = self.escapes = self.wraps = 0
        self.rest = ""

    def feed(self, text):
        text = self.rest + text
        cut = text.rfind("\x1b")
        unfinished = cut >= 0 and not TOKEN.match(text, cut) and len(text) - cut < 16
        self.rest = text[cut:] if unfinished else ""
        text = text[:cut] if unfinished else text
        at = 0
        while at < len(text):
            token = TOKEN.match(text, at)
            if not token:
                raise ValueError(f"not understood: {text[at:at + 20]!r}")
            at = token.end()
            if token[2]:
                self.escape(int(token[1] or 1) if token[2] in "AB" else token[1], token[2])
            elif token[0] == "\r":
                self.x = 0
            elif token[0] == "\n":
                self.down(False)
            elif token[0] not in "\x08\x07":
                self.put(token[0])

    def escape(self, number, what):
        self.escapes += 1
        if what == "m":
            self.colours += 1
        elif what == "A":
            self.y = max(0, self.y - number)
        elif what == "B":
            self.y = min(self.rows - 1, self.y + number)
            self.reach()
        elif what == "K" and not number:
            self.lines[self.y] = self.lines[self.y][:self.x]
        elif what == "J" and not number:
            self.lines[self.y] = self.lines[self.y][:self.x]
            del self.lines[self.y + 1:], self.joined[self.y + 1:]
        else:
            raise ValueError(f"not understood: ESC [ {number} {what}")

    def reach(self):
        while len(self.lines) <= self.y:
            self.lines.append("")
            self.joined.append(False)

    def down(self, joined):
        self.y += 1
        self.reach()
        self.joined[self.y] = joined
        self.scroll()

    def scroll(self):
        while len(self.lines) > self.rows:
            self.history.append(self.lines.pop(0))
            self.joined.pop(0)
            self.y -= 1

    def put(self, character):
        if self.x == self.columns:
            self.wraps += 1
            self.x = 0
            self.down(True)
        line = self.lines[self.y].ljust(self.x)
        self.lines[self.y] = line[:self.x] + character + line[self.x + 1:]
        self.x += 1

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        if self.folds:
            self.fold()
        else:
            self.lines = [line[:columns] for line in self.lines]
        self.x = min(self.x, columns - 1)
        # What is too much goes below the cursor first (tmux), or first above it (xterm); the cursor stays in sight.
        while len(self.lines) > rows:
            above = self.y == len(self.lines) - 1 or (self.y > 0 and not self.folds)
            if above:
                self.history.append(self.lines.pop(0))
                self.joined.pop(0)
                self.y -= 1
            else:
                self.lines.pop(), self.joined.pop()

    def fold(self):
        whole, at = [], None  # lines as they were written; the cursor's line and place in it
        for i, line in enumerate(self.lines):
            if not whole or not self.joined[i]:
                whole.append("")
            if i == self.y:
                at = len(whole) - 1, len(whole[-1]) + self.x
            whole[-1] += line
        self.lines, self.joined = [], []
        for i, line in enumerate(whole):
            first = len(self.lines)
            for start in range(0, max(1, len(line)), self.columns):
                self.lines.append(line[start:start + self.columns])
                self.joined.append(start > 0)
            if i == at[0]:
                self.y, self.x = first + at[1] // self.columns, at[1] % self.columns
                self.reach()

    def text(self):
        """Everything that was ever there and is not overwritten, from the top of the history."""
        return "\n".join(line.rstrip() for line in self.history + self.lines)
