#!/usr/bin/env python3
"""Writes lib/kernel/elementwise_rows.h once more with every row broken in every way, one way a row.

usage: make_rows.py ROWS.h OUT_ROWS.h OUT_LIST.h

A mutant is a row of its own name (tanh becomes tanh__3) in which one expression, the value or a
cotangent, differs from the original in one place: a term dropped, operands swapped, an operation
exchanged, a constant off by a thousandth. What the text says of other operators means the sound
ones. So all mutants are built at once, by the library's own readers of rows."""
import collections
import pathlib
import re
import sys

# The columns of each kind that are expressions.
COLUMNS = {"UNARY": [7, 8], "UNARY1": [10, 11], "UNARY2": [13, 14], "BINARY": [9, 10, 11], "STEP": [7],
           "TEST": [6], "TEST1": [9], "COMPARE": [6]}
# What a call may become: another name of the same types.
EXCHANGED = {"add": "sub", "sub": "add", "mul": "div", "div": "mul", "min": "max", "max": "min", "lt": "gt",
             "gt": "lt", "le": "gt", "ge": "lt", "eq": "ne", "ne": "eq", "and": "or", "or": "and", "xor": "or",
             "logical_and": "logical_or", "logical_or": "logical_and", "sin": "cos", "cos": "sin",
             "sinh": "cosh", "cosh": "sinh", "floor": "ceil", "ceil": "floor", "rint": "floor", "trunc": "floor"}
ARITHMETIC = set("add sub mul div min max pow atan2 fmod hypot".split())
ORDERED = set("sub div pow atan2 fmod".split())
BOOLEAN = set("lt gt le ge eq ne and or xor logical_and logical_or".split())


def split(text):
    """the arguments of "a, f(b, c), \"d, e\"" """
    parts, depth, quoted, start = [], 0, False, 0
    for at, c in enumerate(text):
        if c == '"':
            quoted = not quoted
        if quoted:
            continue
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    return parts + [text[start:].strip()]


def closing(text, opening):
    depth, quoted = 0, False
    for at in range(opening, len(text)):
        quoted ^= text[at] == '"'
        depth += 0 if quoted else (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            return at
    raise ValueError(text[opening:opening + 60])


def rows(text):
    """kind and columns of each row; the text up to the first one"""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    for match in re.finditer(r"^(%s)\s*\(" % "|".join(COLUMNS), text, re.M):
        end = closing(text, match.end() - 1)
        yield match.group(1), split(text[match.end():end])


def calls(text):
    """name, arguments, start and end of every call in an expression"""
    for match in re.finditer(r"\b([A-Za-z_]\w*)\(", text):
        end = closing(text, match.end() - 1)
        yield match.group(1), split(text[match.end():end]), match.start(), end + 1


def broken_call(name, x):
    """what stands in the place of name(x...)"""
    bare = name.removeprefix("tg_")
    prefix = name[:len(name) - len(bare)]
    if name == "K":
        yield "K(0.1)" if x[0] == "0" else f"K(1.001 * ({x[0]}))"
        return
    if bare in EXCHANGED:
        yield f"{prefix}{EXCHANGED[bare]}({', '.join(x)})"
    if bare in ORDERED:
        yield f"{name}({x[1]}, {x[0]})"
    if bare in ("select", "where"):
        yield f"{name}({x[0]}, {x[2]}, {x[1]})"
        yield x[1]
        yield x[2]
    if bare in ARITHMETIC:
        yield from x
    if len(x) == 1 and bare not in BOOLEAN:
        yield x[0]


def broken(text):
    """every way to break an expression: the new text, and what was done"""
    for name, x, start, end in calls(text):
        for new in broken_call(name, x):
            if new != text[start:end]:
                yield text[:start] + new + text[end:], f"{text[start:end]} -> {new}"
    if text in ("g", "x"):
        yield f"tg_mul({text}, K(1.001))" if text == "g" else f"mul({text}, K(1.001))", f"{text} x 1.001"


def mutants(kind, columns):
    names = ["value"] if len(COLUMNS[kind]) == 1 else ["value", "vjp 0", "vjp 1"]
    for place, column in zip(names, COLUMNS[kind]):
        expression = " ".join(columns[column].split())
        seen = collections.Counter()
        for new, what in broken(expression):
            seen[what] += 1
            again = f" (place {seen[what]})" if seen[what] > 1 else ""
            yield columns[:column] + [new] + columns[column + 1:], f"{place}: {what}{again}"


def main():
    if len(sys.argv) != 4:
        print(__doc__)
        return 0 if "--help" in sys.argv else 2
    text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    marker = "/* clang-format off */\n"
    head, body = text.split(marker, 1)
    table, names = [], []
    for kind, columns in rows(body):
        for number, (row, what) in enumerate(mutants(kind, columns)):
            name = f"{columns[0]}__{number}"
            table.append(f"{kind}({', '.join([name] + row[1:])})")
            names.append(f'MUTANT({name}, "{columns[0]}", "{what}")')
    # First the mutants: a table of them alone is laid out like the beginning of the whole.
    originals, end = body.split("/* clang-format on */", 1)
    pathlib.Path(sys.argv[2]).write_text(
        head + "\n".join(table) + "\n#ifndef MUTANTS_ALONE\n" + originals + "#endif\n" + end, encoding="utf-8")
    pathlib.Path(sys.argv[3]).write_text("\n".join(names) + "\n", encoding="utf-8")
    return 0


sys.exit(main())
