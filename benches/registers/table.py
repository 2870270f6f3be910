"""The table of benches/registers.sh: a row for each different code of a kernel, with the shapes that launch it.

    table.py SHAPES ARCH PTXAS NVDISASM

SHAPES has a folder for each shape `n:d` with a kernel's PTX a file and `launches.tsv`. Beside a kernel's PTX its code and its
text in assembler are left.
"""

import collections
import pathlib
import re
import subprocess
import sys

# Of one multiprocessor of compute capability 9.0 (CUDA C++ Programming Guide, "Compute Capabilities").
REGISTERS, THREADS, SHARED_BYTES, RESERVED_BYTES = 65536, 2048, 228 * 1024, 1024


def blocks(registers: int, threads: int, shared_bytes: int) -> int:
    """Blocks that fit on a multiprocessor at the same time."""
    by_registers = REGISTERS // (-(-registers // 8) * 8 * threads)
    by_shared = SHARED_BYTES // (shared_bytes + RESERVED_BYTES)
    return min(by_registers, by_shared, THREADS // threads)


def compiled(ptx: pathlib.Path, arch: str, ptxas: str, nvdisasm: str) -> dict:
    """What ptxas says of a kernel, and how often its code has which instruction."""
    code = ptx.with_suffix(".cubin")
    run = [ptxas, "-v", f"-arch={arch}", "-o", code, ptx]
    said = subprocess.run(run, check=True, capture_output=True, text=True).stderr
    text = subprocess.run([nvdisasm, "-c", code], check=True, capture_output=True, text=True).stdout
    ptx.with_suffix(".sass").write_text(text)
    # A line of code: /*0120*/ @!P0 LDS.128 R4, [R2] ;
    operations = re.findall(r"^\s*/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)", text, re.M)
    number = lambda pattern: int(re.search(pattern, said)[1]) if re.search(pattern, said) else 0
    return {
        "registers": number(r"Used (\d+) registers"),
        "spilled": [number(rf"(\d+) bytes spill {way}") for way in ("stores", "loads")],
        "operations": collections.Counter(operations),
    }


def widths(operations: collections.Counter, name: str) -> str:
    """How many of an operation are of 128 bits, 64 and 32."""
    counts = [0, 0, 0]
    for operation, count in operations.items():
        if operation.split(".")[0] == name:
            width = 0 if ".128" in operation else 1 if ".64" in operation else 2
            counts[width] += count
    return "/".join(map(str, counts))


def main(shapes: str, *tools: str) -> None:
    """Prints the table."""
    rows, order = {}, {}
    for folder in sorted(pathlib.Path(shapes).iterdir(), key=lambda f: [int(x) for x in f.name.split(":")]):
        launches = [line.split("\t") for line in (folder / "launches.tsv").read_text().splitlines()]
        for place, (kernel, _, threads, shared_bytes) in enumerate(launches):
            ptx = folder / f"{kernel}.ptx"
            name = kernel.split("-", 1)[1]
            key = (name, ptx.read_text(), threads, shared_bytes)
            rows.setdefault(key, {"ptx": ptx, "shapes": []})
            order.setdefault(name, (place, len(order)))
            if folder.name not in rows[key]["shapes"]:
                rows[key]["shapes"].append(folder.name)
    print("| kernel | shapes n:d | registers | spill B | shared B | blocks/SM | LDS 128/64/32 | STS | LDG | STG | FFMA | MMA | instr. |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    for (name, _, threads, shared_bytes), row in sorted(rows.items(), key=lambda item: order[item[0][0]]):
        kernel = compiled(row["ptx"], *tools)
        operations = kernel["operations"]
        total = lambda prefix: sum(n for op, n in operations.items() if op.split(".")[0].endswith(prefix))
        cells = [
            name, " ".join(row["shapes"]), kernel["registers"], "/".join(map(str, kernel["spilled"])), shared_bytes,
            blocks(kernel["registers"], int(threads), int(shared_bytes)),
            *(widths(operations, memory) for memory in ("LDS", "STS", "LDG", "STG")),
            total("FFMA"), total("MMA"), operations.total() - operations["NOP"],
        ]
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    main(*sys.argv[1:])
