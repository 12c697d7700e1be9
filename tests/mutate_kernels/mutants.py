"""Find what can be taken out of a kernel file (barriers, waits, fences, bounds tests) or moved (barriers,
copies)."""
import re
from dataclasses import dataclass

KINDS = "barrier", "wait", "wgmma", "bounds", "moved-barrier", "moved-copy"
BARRIER = re.compile(r"__sync(?:threads|warp)\(\);")
WAIT = re.compile(r"copy_async_wait<[^>]*>\(\);")
WGMMA = re.compile(r"\b(?:fence_async_proxy|wgmma_(?:fence|commit|wait<[^>]*>))\(\);")
COMMIT = re.compile(r"copy_async_commit\(\);")
COMPARISON = re.compile(r" (<|<=|>|>=) ")
CLAMP = re.compile(r"\b(?:min|max)\(")
# Not code, or not a test that a thread makes: comments, preprocessor lines, constants, assertions, heads of
# templates and of loops.
IGNORED = re.compile(r"//[^\n]*|^[ \t]*#(?:\\\n|[^\n])*|\"[^\"\n]*\"|^constexpr\b[^;]*;|\btemplate\s*<"
                     r"|\b(?:static_assert|alignas|for)\s*\(", re.M)
NOT_SHOWN = re.compile(r"//[^\n]*|#pragma[^\n]*")
LEAVES = re.compile(r"\)*\s*(?:return|continue|break)\b")
# A statement goes on behind its ; or } where this follows.
GOES_ON = {";": re.compile(r"\s*else\b"), "}": re.compile(r"\s*(?:else\b|[;,)])")}
DECLARATION = re.compile(r"(?!return\b)[\w:]+(?:<[^;]*?>)?[\s*&]+\w+")


@dataclass(frozen=True)
class Mutant:
    """One change to one file: text[begin:end] becomes `replacement`."""
    file: str
    kind: str             # of KINDS
    begin: int
    end: int
    replacement: str
    line: int             # counted from 1
    words: str            # that line and what becomes of it, to know it again by

    def apply(self, text):
        return text[:self.begin] + self.replacement + text[self.end:]

    def __str__(self):
        return f"{self.file}:{self.line}: {self.kind}: {self.words}"


def find_mutants(file, text):
    """Every Mutant of a kernel file."""
    code = _code(text)
    found = [("barrier", *match.span(), ";", "removed") for match in BARRIER.finditer(code)]
    found += [("wait", *match.span(), ";", "removed") for match in WAIT.finditer(code)]
    found += [("wgmma", *match.span(), ";", "removed") for match in WGMMA.finditer(code)]
    bounds = [_comparison(code, match) for match in COMPARISON.finditer(code)]
    bounds += [clamp for match in CLAMP.finditer(code) if (clamp := _clamp(code, match))]
    found += [("bounds", begin, end, value, f"{text[begin:end]} -> {value}") for begin, end, value in bounds]
    found = [(begin, kind, begin, *rest) for kind, begin, *rest in found] + list(_moves(text, code))
    return [_mutant(file, text, *each) for each in sorted(found)]


def _mutant(file, text, place, kind, begin, end, replacement, change):
    line = text.count("\n", 0, place) + 1
    words = f"{text.splitlines()[line - 1].strip()} [{change}]"
    return Mutant(file, kind, begin, end, replacement, line, words)


def _moves(text, code):
    """Barriers and commits moved over the nearest statement that is no declaration, and copies that are
    started behind a wait and its barrier moved in front of both, as `_mutant` takes them."""
    for match in BARRIER.finditer(code):
        block, at = _block(code, match.start())
        for step in 1, -1:
            if (to := _neighbour(code, block, at, step)) is not None:
                yield _move(text, code, "moved-barrier", block, at, to)
    for match in COMMIT.finditer(code):
        block, at = _block(code, match.start())
        if (to := _neighbour(code, block, at, -1)) is not None:
            yield _move(text, code, "moved-copy", block, at, to)
    for match in WAIT.finditer(code):
        block, wait = _block(code, match.start())
        behind = block[wait + 1:wait + 3]           # what came may be made visible before the barrier
        barrier = next((i for i, span in enumerate(behind, wait + 1) if BARRIER.search(code, *span)), None)
        if barrier and (copy := _neighbour(code, block, barrier, 1)) is not None:
            yield _move(text, code, "moved-copy", block, copy, wait)


def _move(text, code, kind, block, at, to):
    """Statement `at` of a block goes to the place of statement `to`; those between make room."""
    (begin, end), (first, last) = block[at], block[to]
    passed = " ".join(NOT_SHOWN.sub("", text[first:last]).split())
    passed = passed if len(passed) <= 60 else passed[:60] + "..."
    if at < to:
        span, replacement, where = (begin, last), text[end:last] + text[begin:end], "behind"
    else:
        span, replacement, where = (first, end), text[begin:end] + text[first:begin], "in front of"
    place = end - len(code[begin:end].lstrip())
    return place, kind, *span, replacement, f"moved {where} {passed}"


def _block(code, position):
    """([(begin, end) of each statement of the block around a position], the index of the one at it)."""
    begin, depth = position, 0
    while depth >= 0:
        begin -= 1
        depth += (code[begin] == "}") - (code[begin] == "{")
    statements, begin = [], begin + 1
    while (end := _statement_end(code, begin)) is not None:
        statements.append((begin, end))
        begin = end
    return statements, next(i for i, (begin, end) in enumerate(statements) if begin <= position < end)


def _statement_end(code, position):
    """Behind the statement that begins here; None where the block ends."""
    depth = 0
    for i in range(position, len(code)):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if depth < 0:
            return None
        if not depth and code[i] in ";}" and not GOES_ON[code[i]].match(code, i + 1):
            return i + 1
    return None


def _neighbour(code, block, at, step):
    """The index of the next statement before (step -1) or behind (1) that is no declaration, None without."""
    at += step
    while 0 <= at < len(block):
        statement = code[slice(*block[at])].strip()
        if statement.startswith("return"):
            return None
        if not DECLARATION.match(statement):
            return at
        at += step
    return None


def _code(text):
    """The text with everything IGNORED blanked out, of the same length."""
    blank = list(text)
    for match in IGNORED.finditer(text):
        end = match.end()
        if text[end - 1] in "(<":
            end = _closing(text, end, {"(": ")", "<": ">"}[text[end - 1]])
        blank[match.start():end] = [c if c == "\n" else " " for c in text[match.start():end]]
    return "".join(blank)


def _closing(text, begin, closing):
    """Behind the bracket that closes the one before `begin`."""
    opening, depth = {")": "(", ">": "<"}[closing], 1
    while depth:
        depth += (text[begin] == opening) - (text[begin] == closing)
        begin += 1
    return begin


def _comparison(code, match):
    """(begin, end, 'true' or 'false'): a comparison, and its value for a thread that is within bounds."""
    begin = _limit(code, match.start(), -1)
    end = _limit(code, match.end(), 1)
    begin += len(code[begin:end]) - len(code[begin:end].lstrip())
    end -= len(code[begin:end]) - len(code[begin:end].rstrip())
    if code[begin:end].startswith("return "):
        begin += len("return ")
    beyond = match[1] == ">=" and code[match.end():end].strip() != "0"      # `>= 0` is a lower bound
    outside = beyond or LEAVES.match(code, _end_of_condition(code, end))
    return begin, end, "false" if outside else "true"


def _limit(code, position, step):
    """Where the operand ends that lies to one side of a comparison."""
    depth = 0
    while True:
        ahead = code[position - 1:position] if step < 0 else code[position:position + 1]
        depth += (ahead in ")]") - (ahead in "([") if step < 0 else (ahead in "([") - (ahead in ")]")
        pair = code[position - 2:position] if step < 0 else code[position:position + 2]
        if depth < 0 or not depth and (ahead in ",;?{}=" or pair in ("&&", "||", " :", ": ")):
            return position
        position += step


def _end_of_condition(code, position):
    """Behind the bracket that encloses `position`, or where the statement ends if none does."""
    depth = 0
    for i in range(position, len(code)):
        if code[i] == ";" or depth < 0:
            return i
        depth += (code[i] == "(") - (code[i] == ")")
    return position


def _clamp(code, match):
    """(begin, end, the first of its two arguments) of a min or a max."""
    end = _closing(code, match.end(), ")")
    depth = 0
    for i in range(match.end(), end):
        if code[i] == "," and not depth:
            return match.start(), end, f"({code[match.end():i]})"
        depth += (code[i] in "([{") - (code[i] in ")]}")
    return None
