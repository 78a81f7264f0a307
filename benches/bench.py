#!/usr/bin/env python3
"""Measures libimageio beside its peers, in one process and by turns, so that whatever else the machine does meets all.

    bench.py LIBRARY FOLDER [--only TEXT] [--rounds N] [--json FILE]

LIBRARY is libimageio.so; in FOLDER the inputs are made and the peers' libraries looked for (see scripts/bench.sh). Reads
are from memory into warm memory of the caller's, writes to memory. A ratio is the median of the ratios of paired runs,
ours to the peer's: below 1 we are ahead. `cpu` is the same of the processor time of all threads, which other load
disturbs less; where we use two threads it tells the work, not the wait."""

import argparse
import json
import os
import statistics
import sys
import time

import imageio_c
from cases import cases
from inputs import Inputs

# A run is repeated until it takes this long, so that the clock's own steps do not count.
LEAST_S = 0.004


def clock(run, times):
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(times):
        run()
    return (time.perf_counter() - wall) / times, (time.process_time() - cpu) / times


def measure(case, rounds):
    runs = {"ours": case.ours, **case.peers}
    times = {}
    for name, run in runs.items():
        run()
        once = min(clock(run, 1)[0] for _ in range(3))
        times[name] = max(1, min(2000, int(LEAST_S / max(once, 1e-7))))
    taken = {name: [] for name in runs}
    names = list(runs)
    for i in range(rounds):
        # Each goes first now and then.
        for name in names[i % len(names) :] + names[: i % len(names)]:
            taken[name].append(clock(runs[name], times[name]))
    return taken


def ratios(ours, theirs, which):
    return statistics.median(a[which] / b[which] for a, b in zip(ours, theirs) if b[which] > 0)


def shown(case, taken):
    """The row of the table: beside the best peer, which is the one to which our ratio is greatest."""
    ours = taken["ours"]
    row = {"case": case.name, "ours_ms": statistics.median(t[0] for t in ours) * 1e3, "goal": case.goal, "peers": {}}
    for name in case.peers:
        row["peers"][name] = {
            "ms": statistics.median(t[0] for t in taken[name]) * 1e3,
            "ratio": ratios(ours, taken[name], 0),
            "cpu": ratios(ours, taken[name], 1),
        }
    counted = {n: p for n, p in row["peers"].items() if not n.endswith("*")} or row["peers"]
    best = max(counted, key=lambda n: counted[n]["ratio"]) if counted else "-"
    row.update(best=best, **({k: counted[best][k] for k in ("ratio", "cpu")} if counted else {"ratio": 0, "cpu": 0}))
    if case.note:
        row["note"] = case.note()
    return row


def line(row):
    others = ", ".join(f"{n} {p['ms']:.4g} ms x{p['ratio']:.2f}" for n, p in row["peers"].items() if n != row["best"])
    best = row["peers"].get(row["best"], {"ms": 0})
    goal = f"{row['goal']:.2f}" if row["goal"] else "-"
    mark = "" if not row["goal"] or row["ratio"] <= row["goal"] * 1.05 else " **above**"
    note = f" {row['note']}" if row.get("note") else ""
    return (f"| {row['case']} | {row['ours_ms']:.4g} | {row['best']} {best['ms']:.4g} | {row['ratio']:.2f} | {row['cpu']:.2f} | "
            f"{goal}{mark} | {others}{note} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library")
    parser.add_argument("folder")
    parser.add_argument("--only", default="", help="only cases whose name has this text, or one of these by commas")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", help="write the figures here as well")
    arguments = parser.parse_args()
    library = imageio_c.Library(os.path.abspath(arguments.library))
    inputs = Inputs(os.path.join(arguments.folder, "inputs"))
    wanted = arguments.only.split(",")
    rows = []
    print("| case | ours ms | best peer ms | ratio | cpu | goal | the others |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    for name, make in cases(library, inputs, arguments.folder):
        if not any(text in name for text in wanted):
            continue
        case = make()
        if case is None:
            print(f"| {name} | no peer is installed |", file=sys.stderr)
            continue
        case.name = name
        case.check()
        rows.append(shown(case, measure(case, arguments.rounds)))
        print(line(rows[-1]), flush=True)
    if arguments.json:
        with open(arguments.json, "w") as to:
            json.dump(rows, to, indent=1)


if __name__ == "__main__":
    main()
