"""What a run must survive, many times over: `just campaign`, or `python3 tests/campaign/campaign.py SUPERPOSE PART…`.

Parts: kills, gpu, cost, locks, damage, disk, sharing. Each prints a line of figures, and fails with what was not as it should be.
Everything is compared with an undisturbed run, bit for bit. COUNT=… changes how often, SEED=… the random moments, FOLDER=…
where it works.
"""

import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SUPERPOSE = str(pathlib.Path(sys.argv[1]).resolve())
SEED = int(os.environ.get("SEED", "1"))
PICK = random.Random(SEED)
WORK = pathlib.Path(tempfile.mkdtemp(prefix="campaign-", dir=os.environ.get("FOLDER")))


def count(usual: int) -> int:
    return int(os.environ.get("COUNT", usual))


def sweep(name: str, train: str, axes: str, model: str = "n_features = 20\nd_hidden = 3") -> str:
    """A sweep file of small cells."""
    path = WORK / f"{name}.toml"
    path.write_text(
        f'schema = 1\nname = "{name}"\n[model]\n{model}\n[data]\nfrequencies = {{ law = "power", exponent = 1.0 }}\n'
        f"[train]\nweight_decay = -1.0\nbatch_size = 32\ntest_batches = 5\nlog_every = 50\n{train}\n[sweep]\n{axes}\n"
    )
    return str(path)


def command(file: str, run: pathlib.Path, *more: str) -> list:
    return [SUPERPOSE, "run", file, "--out", str(run), "--train-only", *more]


def go(words: list, **more) -> subprocess.CompletedProcess:
    return subprocess.run(words, capture_output=True, text=True, **more)


def must(words: list, **more) -> subprocess.CompletedProcess:
    said = go(words, **more)
    assert said.returncode == 0, f"{words}: {said.returncode}\n{said.stderr}"
    return said


def cells(run: pathlib.Path) -> dict:
    """What is kept of every finished cell: all files, the record without times and what depends on when."""
    kept = {}
    folder = run / "cells"
    for cell in folder.iterdir() if folder.exists() else []:
        if cell.name.startswith(".") or not (cell / "record.json").exists():
            continue
        record = json.loads((cell / "record.json").read_text())
        record.pop("wall_s"), record["provenance"].pop("finished_unix_s")
        files = {f.name: f.read_bytes() for f in cell.iterdir() if f.name not in ("record.json", "SHA256SUMS")}
        kept[cell.name] = (json.dumps(record, sort_keys=True), files)
    return kept


def leftovers(run: pathlib.Path) -> list:
    """Files that nobody should leave."""
    hidden = [p.name for p in (run / "cells").iterdir() if p.name.startswith(".")]
    odd = [p.name for p in (run / "leases").iterdir() if p.suffix not in (".lease", "") or p.name.startswith(".")]
    return hidden + odd + [p.name for p in run.iterdir() if p.name.startswith(".")]


def same(run: pathlib.Path, whole: dict) -> None:
    found = cells(run)
    assert found.keys() == whole.keys(), f"{len(found)} of {len(whole)} cells"
    for cell, kept in whole.items():
        assert found[cell] == kept, f"cell {cell} is another"
    assert not leftovers(run), leftovers(run)


def kill_on_and_on(file: str, whole: dict, n_kills: int, most: int, moments: tuple, *more: str, env=None) -> tuple:
    """Kills processes that share a folder at random moments until there have been so many kills."""
    killed = rounds = resumed = 0
    while killed < n_kills:
        run, before = WORK / f"killed-{rounds}", {}
        rounds += 1
        while cells(run).keys() != whole.keys():
            n = PICK.randint(1, most)
            started = [
                subprocess.Popen(command(file, run, *more), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env)
                for _ in range(n)
            ]
            if killed < n_kills:
                time.sleep(PICK.uniform(*moments))
                for process in started:
                    if process.poll() is None:
                        process.send_signal(signal.SIGKILL)
                        killed += 1
            for process in started:
                resumed += process.communicate()[1].count("on from step")
                assert process.returncode in (0, -signal.SIGKILL), process.returncode
            stamps = {c: (run / "cells" / c / "record.json").read_bytes() for c in cells(run)}
            for cell, record in before.items():
                assert stamps.get(cell) == record, f"cell {cell} was lost or trained again"
            before = stamps
        must(command(file, run, *more), env=env)
        same(run, whole)
        shutil.rmtree(run)
    assert resumed, "no checkpoint was gone on from"
    return killed, rounds, resumed


def kills() -> str:
    """SIGKILL at random moments, one to eight processes, cells of 20 ms to 20 s, checkpoints every second."""
    axes = '"train.steps" = [600, 6000, 60000, 600000]\n"train.seed" = { range = [0, 2] }\n"model.d_hidden" = [3, 5]'
    file = sweep("kills", "snapshots = 3", axes)
    whole = WORK / "whole"
    must(command(file, whole, "--checkpoint", "off"))
    killed, rounds, resumed = kill_on_and_on(file, cells(whole), count(1000), 8, (0.02, 3.0), "--checkpoint", "1s")
    return f"{killed} kills, {rounds} sweeps of {len(cells(whole))} cells, gone on {resumed} times: 0 lost, repeated, differing; no leftovers"


def gpu() -> str:
    """The same of an ensemble on a GPU, which may be one of software."""
    axes = '"train.seed" = { range = [0, 6] }'
    file = sweep("gpu", "steps = 2000", axes, "n_features = 64\nd_hidden = 5")
    whole = WORK / "whole-gpu"
    must(command(file, whole, "--device", "wgpu", "--checkpoint", "off"))
    more = ("--device", "wgpu", "--checkpoint", "200ms")
    killed, rounds, resumed = kill_on_and_on(file, cells(whole), count(50), 1, (5.0, 15.0), *more)
    return f"{killed} kills, {rounds} ensembles of 6, gone on {resumed} times: 0 lost, repeated, differing; no leftovers"


def cost() -> str:
    """What a checkpoint costs, as a share of the five minutes between two."""
    said = []
    for n, d, batch, steps in [(1000, 10, 2048, 60000), (10240, 1024, 8192, 60)]:
        file = sweep(f"cost-{d}", f"steps = {steps}", "", f"n_features = {n}\nd_hidden = {d}")
        pathlib.Path(file).write_text(pathlib.Path(file).read_text().replace("batch_size = 32", f"batch_size = {batch}"))
        times = {"off": [], "1s": []}
        n_kept = 0
        for turn in range(count(3)):
            for every in times:
                run = WORK / f"cost-{d}-{every}-{turn}"
                begun, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
                answer = must(command(file, run, "--checkpoint", every, "-v", "--jobs", "1"))
                now = resource.getrusage(resource.RUSAGE_CHILDREN)
                cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
                times[every].append((time.monotonic() - begun, cpu))
                n_kept = max(n_kept, answer.stderr.count("kept at step"))
                shutil.rmtree(run)
        least = {every: [min(t[i] for t in all) for i in (0, 1)] for every, all in times.items()}
        each = [(least["1s"][i] - least["off"][i]) / max(n_kept, 1) for i in (0, 1)]
        said.append(f"n={n} d={d}: {n_kept} checkpoints, {1e3 * each[0]:.0f} ms of wall and {1e3 * each[1]:.0f} ms of CPU each, {each[0] / 3:.3f} % of 300 s")
    return "; ".join(said)


def locks() -> str:
    """Where there are no locks: four processes, killed; nothing corrupt, and at most the killed cells twice."""
    library = WORK / "no_locks.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, HERE / "no_locks.c"], check=True)
    file = sweep("locks", "", '"train.steps" = [30000]\n"train.seed" = { range = [0, 60] }')
    whole = WORK / "whole-locks"
    must(command(file, whole))
    expected = cells(whole)
    said = []
    for how in ("fail", "own"):
        env = {**os.environ, "NO_LOCKS": how, "LD_PRELOAD": str(library)}
        run, killed = WORK / f"locks-{how}", 0
        start = lambda: subprocess.Popen(
            command(file, run, "--jobs", "1", "--checkpoint", "1s"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env
        )
        workers = [start() for _ in range(4)]
        trained = 0
        while killed < count(10) // 2:
            time.sleep(PICK.uniform(0.3, 1.5))
            i = PICK.randrange(4)
            if workers[i].poll() is None:
                workers[i].send_signal(signal.SIGKILL)
                killed += 1
            trained += workers[i].communicate()[1].count("loss")
            workers[i] = start()
        for worker in workers:
            said_last = worker.communicate(timeout=600)[1]
            assert worker.returncode == 0, said_last
            trained += said_last.count("loss")
        assert (run / "leases" / "kind").read_text() == "heartbeats\n"
        must(command(file, run), env=env)
        same(run, expected)
        said.append(f"{how}: {killed} kills, 60 cells all right")
    return "; ".join(said)


def damage() -> str:
    """Random damage to every kind of file: each is noticed and named."""
    file = sweep("damage", "snapshots = 2", '"train.steps" = [500, 3000000]\n"train.seed" = { range = [0, 3] }')
    run = WORK / "damage"
    must(command(file, run, "--limit", "3"))
    said = go(command(file, run, "--until", "3s", "--jobs", "2"))
    assert said.returncode == 4, said.stderr
    files = [run / "sweep.json"]
    for entry in (run / "cells").iterdir():
        files += [entry] if entry.is_file() else [f for f in entry.iterdir()]
    kinds = {}
    for f in files:
        kinds.setdefault(f.suffix if f.name.startswith(".") else f.name, []).append(f)
    assert ".checkpoint" in kinds, kinds.keys()
    verify = [SUPERPOSE, "verify", str(run)]
    must(verify)
    n_noticed = 0
    for _ in range(count(2000)):
        target = PICK.choice(kinds[PICK.choice(list(kinds))])
        bytes_before = target.read_bytes()
        damaged = bytearray(bytes_before)
        way = PICK.choice(["bit", "byte", "cut", "grow", "zero"])
        at = PICK.randrange(len(damaged))
        if way == "bit":
            damaged[at] ^= 1 << PICK.randrange(8)
        elif way == "byte":
            damaged[at] = (damaged[at] + PICK.randint(1, 255)) % 256
        elif way == "cut":
            del damaged[at:]
        elif way == "grow":
            damaged += bytes(PICK.randrange(256) for _ in range(PICK.randint(1, 9)))
        else:
            damaged[at : at + 512] = bytes(len(damaged[at : at + 512]))
        if damaged == bytes_before:
            continue
        target.write_bytes(damaged)
        said = go(verify)
        named = target.name if target.name != "SHA256SUMS" else target.parent.name
        assert said.returncode == 1 and named in said.stderr, f"{way} of {target} at {at}: {said.returncode} {said.stdout}{said.stderr}"
        assert "panicked" not in said.stderr, said.stderr
        target.write_bytes(bytes_before)
        n_noticed += 1
    must(verify)
    return f"{n_noticed} damages of {', '.join(sorted(kinds))}: all noticed and named"


def disk() -> str:
    """A disk that is full, has no inodes or is read-only, at random moments (needs root)."""
    file = sweep("disk", "steps = 40000", '"model.d_hidden" = [3, 400]\n"train.seed" = { range = [0, 4] }')
    whole = WORK / "whole-disk"
    must(command(file, whole))
    expected = cells(whole)
    place = WORK / "disk"
    place.mkdir()
    mount = lambda options, *how: subprocess.run(["mount", *how, "-o", options, "tmpfs", str(place)], check=True)
    outcomes = {"full": 0, "inodes": 0, "read-only": 0}
    n_ended = 0
    for turn in range(count(200)):
        kind = ("full", "inodes", "read-only")[turn % 3]
        size = "size=64m" if kind == "read-only" else f"size={PICK.randint(40, 900)}k" if kind == "full" else f"size=64m,nr_inodes={PICK.randint(8, 60)}"
        mount(size, "-t", "tmpfs")
        try:
            run = place / "run"
            words = command(file, run, "--checkpoint", "50ms", "--jobs", "2")
            process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if kind == "read-only":
                time.sleep(PICK.uniform(0.05, 1.5))
                # Refused while a file is open for writing; tried until there is a gap.
                for _ in range(200):
                    tried = subprocess.run(["mount", "-o", "remount,ro", str(place)], capture_output=True)
                    if tried.returncode == 0 or process.poll() is not None:
                        break
            said = process.communicate(timeout=120)[1]
            assert process.returncode in (0, 1), f"{process.returncode} {said}"
            errors = [line for line in said.splitlines() if line.startswith("error:")]
            assert len(errors) == process.returncode and "panicked" not in said, said
            n_ended += process.returncode
            before = cells(run) if run.exists() else {}
            assert all(expected[cell] == kept for cell, kept in before.items())
            mount("remount,rw,size=64m,nr_inodes=10000")
            must(words)
            found = cells(run)
            assert found == expected, "it does not complete when there is room"
            assert not leftovers(run), leftovers(run)
            outcomes[kind] += 1
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True)
    return f"{outcomes}: {n_ended} ended with one sentence, all complete when there is room"


def sharing() -> str:
    """Eight processes beside one, 200 cells of 50 ms."""
    file = sweep("sharing", "steps = 7500", '"train.seed" = { range = [0, 200] }')
    times = {1: [], 8: []}
    for turn in range(count(3)):
        for n in times:
            run = WORK / f"sharing-{n}-{turn}"
            begun = time.monotonic()
            all = [subprocess.Popen(command(file, run, "--jobs", "1", "-q"), stderr=subprocess.DEVNULL) for _ in range(n)]
            assert all and not any(process.wait() for process in all)
            times[n].append(time.monotonic() - begun)
            assert len(cells(run)) == 200
            shutil.rmtree(run)
    one, eight = (sorted(times[n])[len(times[n]) // 2] for n in (1, 8))
    return f"one {one:.2f} s, eight {eight:.2f} s on {os.cpu_count()} cores: {one / eight:.2f}×"


if __name__ == "__main__":
    parts = sys.argv[2:] or ["kills", "locks", "damage", "disk", "sharing", "cost"]
    try:
        for part in parts:
            begun = time.monotonic()
            print(f"{part}: {globals()[part]()} ({time.monotonic() - begun:.0f} s, seed {SEED})", flush=True)
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
