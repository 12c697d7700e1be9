"""Find what can be taken out of a kernel file: barriers, waits, and bounds tests."""
import re
from dataclasses import dataclass

KINDS = "barrier", "wait", "bounds"
BARRIER = re.compile(r"__sync(?:threads|warp)\(\);")
WAIT = re.compile(r"copy_async_wait<[^>]*>\(\);")
COMPARISON = re.compile(r" (<|<=|>|>=) ")
CLAMP = re.compile(r"\b(?:min|max)\(")
# Not code, or not a test that a thread makes: comments, preprocessor lines, constants, assertions, heads of
# templates and of loops.
IGNORED = re.compile(r"//[^\n]*|^[ \t]*#(?:\\\n|[^\n])*|\"[^\"\n]*\"|^constexpr\b[^;]*;|\btemplate\s*<"
                     r"|\b(?:static_assert|alignas|for)\s*\(", re.M)
LEAVES = re.compile(r"\)*\s*(?:return|continue|break)\b")


@dataclass(frozen=True)
class Mutant:
    """One change to one file: text[begin:end] becomes `replacement`."""
    file: str
    kind: str             # of KINDS
    begin: int
    end: int
    replacement: str
    line: int             # counted from 1
    words: str            # that line, to know it again by

    def apply(self, text):
        return text[:self.begin] + self.replacement + text[self.end:]

    def __str__(self):
        return f"{self.file}:{self.line}: {self.kind}: {self.words}"


def find_mutants(file, text):
    """Every Mutant of a kernel file."""
    code = _code(text)
    found = [("barrier", *match.span(), ";") for match in BARRIER.finditer(code)]
    found += [("wait", *match.span(), ";") for match in WAIT.finditer(code)]
    found += [("bounds", *_comparison(code, match)) for match in COMPARISON.finditer(code)]
    found += [("bounds", *clamp) for match in CLAMP.finditer(code) if (clamp := _clamp(code, match))]
    return [_mutant(file, text, *each) for each in sorted(found, key=lambda each: each[1:])]


def _mutant(file, text, kind, begin, end, replacement):
    line = text.count("\n", 0, begin) + 1
    change = f"{text[begin:end]} -> {replacement}" if kind == "bounds" else "removed"
    words = f"{text.splitlines()[line - 1].strip()} [{change}]"
    return Mutant(file, kind, begin, end, replacement, line, words)


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
    outside = match[1] == ">=" or LEAVES.match(code, _end_of_condition(code, end))
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
