"""The main loop of a kernel in machine code, by NVIDIA's disassembler (package `nvidia-cuda-nvdisasm`).

Instructions are counted along one way through the loop's branches, the one that a step takes as a rule: it
multiplies and copies, and skips what only some of the steps do, as the fetching of a new patch.
"""
import importlib.util
import math
import re
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

# `@P0 BRA ...`: an instruction and where it jumps, if it is one that may.
LINE = re.compile(r"^(?P<label>\.L\w+):|"
                  r"^\s*/\*\w+\*/\s+(?P<condition>@!?\w+\s+)?(?P<opcode>[A-Z][\w.]*)(?P<operands>[^;]*);")
JUMP = re.compile(r"(?P<condition>[^`]*)`\((?P<target>\.L\w+)\)")
SHAPE = re.compile(r"(\d+)x(\d+)x(\d+)")
# Multiply-adds of a warp.
PRODUCTS = {"FFMA": 32, "FFMA2": 64, "HMMA.1688": 16 * 8 * 8, "HMMA.16816": 16 * 8 * 16}


def multiplications(opcode):
    """Multiply-adds that a warp has done by one instruction: 0, where it is none of a product's."""
    if opcode.startswith("HGMMA"):                                # .64x128x16, of a warpgroup's four warps
        return math.prod(map(int, SHAPE.search(opcode).groups())) // 4
    family, *rest = opcode.split(".")
    return PRODUCTS.get(family) or PRODUCTS.get(".".join([family, *rest[:1]]), 0)


@dataclass(frozen=True)
class Loop:
    """What a warp issues in a turn of a kernel's main loop.

    turn: {opcode: how many}, where it copies as little as it ever does, but something, if it copies at all.
    copy: what one more copy takes, of those that are not made in each turn.
    """
    turn: Counter
    copy: float

    def count(self, *families):
        """Instructions of these families ('LDS' for LDS.128); all of them, where none is given."""
        return sum(number for opcode, number in self.turn.items()
                   if not families or opcode.split(".")[0] in families)

    @property
    def multiplications(self):
        return sum(number * multiplications(opcode) for opcode, number in self.turn.items())


@dataclass
class Block:
    """Instructions that run one after the other. jump: where to, at the end, if anywhere; falls: or on?"""
    counts: Counter
    label: str = None
    jump: str = None
    falls: bool = True


def loop_of(cubin, kernel):
    """The main loop of a kernel in a cubin."""
    return main_loop(disassemble(cubin, kernel))


def disassemble(cubin, kernel):
    """The Blocks of a kernel in a cubin, in order."""
    nvidia = importlib.util.find_spec("nvidia")
    folders = nvidia.submodule_search_locations if nvidia else ()
    program = next((path for folder in folders for path in Path(folder).glob("*/bin/nvdisasm")), None)
    if not program:
        raise FileNotFoundError("nvdisasm is not installed: pip install '.[test]'")
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        done = subprocess.run([program, "--print-code", "--no-dataflow", file.name], capture_output=True,
                              text=True)
    if done.returncode:
        raise RuntimeError(f"nvdisasm: {done.stderr}")
    return blocks_of(done.stdout.partition(f"\n.text.{kernel}:\n")[2].partition("\n\t.section\t")[0])


def blocks_of(text):
    """The Blocks of a kernel's disassembly."""
    blocks = [Block(Counter())]
    for line in filter(None, map(LINE.match, text.splitlines())):
        if line["label"]:
            blocks.append(Block(Counter(), line["label"]))
            continue
        never = (line["condition"] or "").strip() == "@!PT"             # the compiler's, before LDGSTS
        blocks[-1].counts["NOP" if never else line["opcode"]] += 1
        family, jump = line["opcode"].split(".")[0], JUMP.search(line["operands"])
        if family in ("BRA", "EXIT"):
            blocks[-1].jump = jump and jump["target"]
            blocks[-1].falls = bool(line["condition"] or jump and jump["condition"].strip())
            blocks.append(Block(Counter()))
    return blocks


def main_loop(blocks):
    """The Loop that multiplies: the smallest that holds at least half of what any loop does."""
    places = {block.label: number for number, block in enumerate(blocks)}
    loops = [(places[block.jump], number) for number, block in enumerate(blocks)
             if block.jump and places[block.jump] <= number]

    def done(loop, what):
        return sum(what(opcode) * number for block in blocks[loop[0]:loop[1] + 1]
                   for opcode, number in block.counts.items())

    most = max((done(loop, multiplications) for loop in loops), default=0)
    if not most:
        raise ValueError("no loop multiplies")
    first, last = min((loop for loop in loops if done(loop, multiplications) * 2 >= most),
                      key=lambda loop: done(loop, lambda opcode: 1))
    copying = [done(loop, lambda opcode: 1) / done(loop, is_asynchronous) for loop in loops
               if done(loop, is_asynchronous) and not done(loop, multiplications)]
    return Loop(_turn(blocks[first:last + 1]), min(copying, default=0))


def is_asynchronous(opcode):
    """Does it start a copy from global to shared memory?"""
    return opcode.startswith(("LDGSTS", "UTMALDG"))


def is_copy(opcode):
    """Does it bring something to shared memory?"""
    return is_asynchronous(opcode) or opcode.startswith("STS")


def _turn(blocks):
    """{opcode: how many} on the way through a loop that multiplies most, and copies least, but something."""
    places = {block.label: number for number, block in enumerate(blocks) if block.label}
    reached = [{} for _ in blocks]                                  # {(multiplications, copies): Counter}
    reached[0][0, 0] = Counter()
    for number, block in enumerate(blocks):
        after = {}
        for (done, copies), counts in reached[number].items():
            key = (done + sum(multiplications(opcode) * n for opcode, n in block.counts.items()),
                   copies + sum(n for opcode, n in block.counts.items() if is_copy(opcode)))
            after[key] = counts + block.counts
        ways = [number + 1] if block.falls and block is not blocks[-1] else []
        if places.get(block.jump, -1) > number:
            ways.append(places[block.jump])
        for way in ways:
            for key, counts in after.items():
                if key not in reached[way] or counts.total() < reached[way][key].total():
                    reached[way][key] = counts
    most = max(done for done, _ in after)
    copies = {copies: counts for (done, copies), counts in after.items() if done == most}
    return copies[min(filter(None, copies), default=0)]
