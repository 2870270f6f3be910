#!/usr/bin/env bash
# Everything that only a GPU can show, the most valuable first, in calls of under nine minutes each.
#
#   benches/gpu.sh build                 here: the programs, stripped and packed, into .gpu/
#   benches/gpu.sh measure OUT [STEP..]  there: goes on where the last call stopped, or makes only these steps
#   benches/gpu.sh list                  the steps
#
# "There" is a machine with a GPU, its driver and a Vulkan loader (or Debian's packages of one in .gl/), and for the
# peers a Python with PyTorch and JAX; it needs no Rust, only this folder tree with .gpu/ in it. Call `measure` until it
# says that nothing is left.
#
# A step that has ended, well or badly, is not made again; one that ran out of the call's time is. What there is
# comes to OUT after every step, and every minute of a sweep: log.txt, results.tar.xz (tables, and what each step said) and
# records of the sweeps, without weights. A machine that was lost is made up for by copying OUT/*.tar.xz to .gpu/back/
# for the next: cells whose records are there are not trained again. Tables go into benches/records/ by
# hand, with the device's name and the date, or not at all.
#
#   LANGUAGES   what kernels are written in: "wgsl spirv" and cuda, if it is to be built too [default: all that is packed]
#   WORK        where programs are unpacked and runs lie between calls [default: superpose-gpu in the folder for temporary files]
#   LIMIT       seconds of a call [default: 530]
#   PYTHON      the Python of the peers [default: python3]
#   TINY        when set, everything is made so small that a GPU made of software does it in minutes: to try this script
set -uo pipefail
cd "$(dirname "$0")/.." || exit
packed=.gpu
declare -A label=([wgsl]=wgpu [spirv]=vulkan [cuda]=cuda)
declare -A features=([wgsl]="" [spirv]=vulkan [cuda]=cuda)

# ---- here ----

build() {
  set -e
  export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
  # The oldest interface of a driver for which the card's programs are built.
  export CUDARC_CUDA_VERSION="${CUDARC_CUDA_VERSION:-13000}"
  rm -rf "$packed/programs"
  mkdir -p "$packed/programs"
  for language in ${LANGUAGES:-wgsl spirv}; do
    local with=()
    [ -z "${features[$language]}" ] || with=(--features "${features[$language]}")
    cargo build --release "${with[@]}"
    cp "$CARGO_TARGET_DIR/release/superpose" "$packed/programs/superpose-$language"
    # Cargo says which of the programs of this name is the one of these features.
    local said
    said="$(cargo test --release "${with[@]}" --test gpu --no-run 2>&1 | tee /dev/stderr)"
    cp "$(sed -n 's/.*(\(.*\/gpu-[0-9a-f]*\)).*/\1/p' <<< "$said" | tail -n 1)" "$packed/programs/parity-$language"
  done
  strip "$packed"/programs/*
  # Together, since they have most of their code in common.
  tar -C "$packed" -cf - programs | xz --x86 --lzma2=preset=6,dict=256MiB -T1 > "$packed/programs.tar.xz"
  rm -r "$packed/programs"
  ls -l "$packed"
}

# ---- there: what is said, and what comes back ----

say() { echo "== $(date -u +%T) +${SECONDS}s $*" | tee -a "$results/log.txt"; }

# Puts what a command writes into the file OUT/$1, which is there whole or not at all.
whole() {
  local name=$1 new="$out/.$1.$BASHPID"
  shift
  if "$@" > "$new" 2> /dev/null; then mv -f "$new" "$out/$name"; else rm -f "$new"; fi
}

packed_results() { tar -C "$work" -cf - results ended | xz -1; }

packed_records() {
  # Cells are written under another name first, and then renamed: what vanishes meanwhile is no failure.
  { tar -C "$work" --exclude='*.safetensors' --exclude='*.png' --exclude=report.html --exclude=leases \
    --warning=no-file-changed --warning=no-file-removed -cf - "runs/$1" || [ $? -eq 1 ]; } | xz -1
}

# Brings back what there is.
bring() {
  # Left by one that was ended half-way.
  rm -f "$out"/.*.tar.xz.* "$out"/.log.txt.*
  whole log.txt cat "$results/log.txt"
  whole results.tar.xz packed_results
  for sweep in small large; do
    if [ -d "$work/runs/$sweep/cells" ]; then whole "$sweep-records.tar.xz" packed_records "$sweep"; fi
  done
}

# Brings back what there is every minute, until it is ended.
bring_on() { while sleep 60; do bring; done; }

# What is at work: it is ended when this script is.
at_work=()
stopped() {
  trap - TERM INT HUP
  say "stopped"
  if [ ${#at_work[@]} -gt 0 ]; then
    kill "${at_work[@]}" 2> /dev/null
    echo $((SECONDS - begun)) >> "$results/$name.seconds"
  fi
  bring
  exit 143
}

# ---- there: a step ----

ended() { [ -e "$ended/$1" ]; }
passed() { [ "$(cat "$ended/$1" 2> /dev/null)" = 0 ]; }

# Runs a step unless it has ended before: its name, the seconds that it may take, and its command. 0 when it has ended
# well, now or before.
step() {
  local name=$1 limit=$(($2 * slower)) left=$((LIMIT - SECONDS)) cut=""
  shift 2
  if ended "$name"; then passed "$name"; return; fi
  # Some seconds are for bringing back, and for what must follow.
  left=$((left - ${reserve:-10}))
  if [ $left -lt 5 ]; then
    say "$name: left for the next call"
    unfinished=1
    return 1
  fi
  if [ "$limit" -gt $left ]; then limit=$left cut=1; fi
  say "$name: at most $limit s"
  local begun=$SECONDS code=0
  timeout -k 10 "$limit" "$@" < /dev/null > "$results/$name.log" 2>&1 &
  at_work=($!)
  if [ "${bring_meanwhile:-}" ]; then
    bring_on &
    at_work+=($!)
  fi
  wait "${at_work[0]}" || code=$?
  if [ "${bring_meanwhile:-}" ]; then
    kill "${at_work[1]}"
    wait "${at_work[1]}" 2> /dev/null
  fi
  at_work=()
  # 143 is that somebody else has ended it.
  local took=$((SECONDS - begun)) times_out=$((code == 124 || code == 137 || code == 143))
  if [ $code = 143 ]; then cut=1; fi
  echo "$took" >> "$results/$name.seconds"
  tail -n "${lines:-6}" "$results/$name.log" | cut -c 1-240 | sed 's/^/   /'
  if [ $times_out = 1 ] && [ "$cut" ]; then
    say "$name: the call ends before it does; $took s so far, to be gone on with"
    unfinished=1
  else
    echo $code > "$ended/.new" && mv "$ended/.new" "$ended/$name"
    case $code in
      0) say "$name: done in $took s" ;;
      124 | 137) say "$name: FAILED, not done in $limit s" ;;
      *) say "$name: FAILED with $code after $took s" ;;
    esac
  fi
  bring
  return $code
}

# Milliseconds of a step of every case of a table added up, if all came to their losses.
total_ms() {
  awk -F, '
    { gsub(/"([^"]|"")*"/, "quoted") }
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    $at["status"] != "ok" { wrong = 1 }
    $at["device"] != "cpu" { sum += $at["step_ms"]; n++ }
    END { if (n && !wrong) print sum }' "$1"
}

# The language to train in: the fastest whose parity holds and whose losses are the expected ones; if none, what there is.
chosen() {
  local best="" best_ms=""
  for language in $languages; do
    if passed "parity-$language" && passed "bench-$language"; then
      local ms
      ms="$(total_ms "$results/gpu-$language.csv")"
      if [ "$ms" ] && { [ -z "$best" ] || awk "BEGIN { exit !($ms < $best_ms) }"; }; then best=$language best_ms=$ms; fi
    fi
  done
  echo "${best:-none}"
}

# ---- there: the steps, in the order of what they are worth ----

# Whether a step was asked for.
wanted() {
  [ ${#only[@]} -eq 0 ] && return
  local name
  for name in "${only[@]}"; do [ "$name" = "$1" ] && return; done
  return 1
}

# Compiling the kernels of every width of the small sweep, and 20 steps with each. Some drivers take minutes for loops
# that are written out; then this step fails.
probe() {
  step "probe-$1" 60 "$bin/superpose-$1" run configs/paper/small.toml --device "${label[$1]}" --out "$work/runs/probe-$1" \
    --set data.frequencies.exponent=1 --set train.weight_decay=-1 --set train.steps=20 --set train.warmup_steps=2 "${tiny[@]}" "${tiny_probe[@]}"
}

# The GPU's engine against the CPU's. Those tests that need burn's own kernels come later: it compiles very many.
parity() {
  # The tests count the steps that a GPU makes of its own: one at a time.
  # What they say counts, not how they end: a driver made of software sometimes falls over when its process ends.
  SUPERPOSE_TEST_DEVICE="${label[$1]}" step "parity-$1" 90 bash -c \
    '"$@" 2>&1 | tee "$0"; grep -q "^test result: ok" "$0"' "$work/parity" \
    "$bin/parity-$1" --ignored --test-threads 1 --skip reference_engine "${few_tests[@]}"
}

# Steps by width and size of ensemble, with the time of each kernel and that in which the GPU had nothing to do.
timed() {
  local definition=benches/definitions/gpu.toml
  if [ "${TINY:-}" ]; then
    sed 's/^ensembles = .*/ensembles = [3]/' $definition > "$work/gpu.toml"
    definition="$work/gpu.toml"
  fi
  # One that was stopped has left rows.
  ended "bench-$1" || rm -f "$results/gpu-$1.csv"
  step "bench-$1" 90 "$bin/superpose-$1" bench run "$definition" --gpu "${label[$1]}" --out "$results/gpu-$1.csv" \
    "${tiny[@]}" "${tiny_bench[@]}"
}

# A sweep of the paper, and its tables of what there is.
sweep() {
  local name=$1
  bring_meanwhile=1 reserve=40 lines=12 step "$name" 3600 "$bin/superpose-$language" run "configs/paper/$name.toml" \
    --device "${label[$language]}" --out "$work/runs/$name" "${tiny[@]}" "${tiny_sweep[@]}"
  if [ -d "$work/runs/$name/cells" ] && ! ended "$name-tables"; then
    step "$name-tables" 60 "$bin/superpose-$language" analyze "$work/runs/$name"
    cp "$work/runs/$name/results.csv" "$results/$name-results.csv" 2> /dev/null
    # Those of a part are made again of the whole.
    ended "$name" || rm -f "$ended/$name-tables"
    bring
  fi
}

sanitised() {
  # A wrong access to memory, and a race between the threads of a cube: seen only by CUDA's own tool.
  step "sanitizer-$1" 120 compute-sanitizer --tool "$1" --error-exitcode 9 "$bin/superpose-cuda" run configs/paper/small.toml --device cuda \
    --out "$work/runs/sanitizer-$1" --set data.frequencies.exponent=1 --set "train.weight_decay=[-1,1]" --set train.steps=3 \
    --set train.warmup_steps=1 --set train.test_batches=1 --set train.batch_size=300 --set model.n_features=333 "${tiny[@]}"
}

# Ours against PyTorch and JAX on the same card, a width at a time.
peers() {
  step "peers-$1" 150 "$bin/superpose-$language" bench peers benches/definitions/training.toml --ensemble 170 --gpu "${label[$language]}" \
    --rounds 5 --python "${PYTHON:-python3}" --set "model.d_hidden=$1" --only dense.py --only gram.py --only jax_dense.py --only jax_gram.py \
    --out "$results/peers.csv" "${tiny[@]}"
}

all_steps() {
  for language in $languages; do echo "probe-$language" "parity-$language" "bench-$language"; done
  echo small large
  for language in $languages; do echo "reference-$language"; done
  echo sanitizer-memcheck sanitizer-racecheck peers-100 peers-39 peers-10
}

measure() {
  out=$1
  shift
  only=("$@")
  : "${LIMIT:=530}"
  work="${WORK:-${TMPDIR:-/tmp}/superpose-gpu}"
  results="$work/results" ended="$work/ended" bin="$work/programs" unfinished=""
  mkdir -p "$out"
  if [ ! -d "$work" ]; then
    mkdir -p "$work"
    # What an earlier machine had brought back.
    for archive in "$packed"/back/*.tar.xz; do
      if [ -f "$archive" ]; then tar -C "$work" -xf "$archive"; fi
    done
  fi
  mkdir -p "$results" "$ended" "$work/runs"
  trap stopped TERM INT HUP
  say "begins on $(uname -n), $(nproc) cores, revision of the files $(git rev-parse --short HEAD 2> /dev/null || echo unknown)"
  if ! cmp -s "$packed/programs.tar.xz" "$work/programs.tar.xz"; then
    rm -rf "$bin"
    tar -C "$work" -xf "$packed/programs.tar.xz"
    # Last, since its presence says that all is there.
    cp "$packed/programs.tar.xz" "$work/"
  fi
  languages="${LANGUAGES:-$(for l in wgsl spirv cuda; do if [ -e "$bin/superpose-$l" ]; then echo "$l"; fi; done)}"
  loader
  local first="${languages%%[[:space:]]*}"
  step card 20 nvidia-smi
  step devices 20 "$bin/superpose-$first" devices
  local compiled=""
  for language in $languages; do
    if ! wanted "probe-$language"; then
      compiled+=" $language"
    elif probe "$language"; then
      compiled+=" $language"
    fi
  done
  # A language whose kernels take too long to compile is left out, if there is another.
  languages="${compiled:-$languages}"
  for language in $languages; do
    if wanted "parity-$language"; then parity "$language"; fi
    if wanted "bench-$language"; then timed "$language"; fi
  done
  language="$(chosen)"
  if [ "$language" = none ]; then
    say "no language has passed yet: no sweep, no peers"
  else
    say "trains in $language"
    for name in small large; do
      if wanted $name; then sweep $name; fi
    done
  fi
  for other in $languages; do
    if wanted "reference-$other"; then
      SUPERPOSE_TEST_DEVICE="${label[$other]}" step "reference-$other" 150 "$bin/parity-$other" --ignored --test-threads 1 reference_engine
    fi
  done
  if [ -e "$bin/superpose-cuda" ] && command -v compute-sanitizer > /dev/null; then
    for tool in memcheck racecheck; do
      if wanted "sanitizer-$tool"; then sanitised $tool; fi
    done
  fi
  if [ "$language" != none ]; then
    for width in 100 39 10; do
      if wanted "peers-$width"; then peers $width; fi
    done
  fi
  if [ "$unfinished" ]; then say "more is left: call again"; else say "nothing is left"; fi
  bring
}

# Sees to a Vulkan loader and a driver for it.
loader() {
  if ! ldconfig -p | grep -q libvulkan.so.1 && compgen -G '.gl/*.deb' > /dev/null; then
    for package in .gl/*.deb; do dpkg -x "$package" /; done
    ldconfig
  fi
  # Loaders do not look into every folder in which a driver describes itself.
  local driver
  for driver in /usr/local/*/share/vulkan/icd.d/nvidia_icd.json; do
    if [ -z "${VK_DRIVER_FILES:-}" ] && [ -f "$driver" ]; then export VK_DRIVER_FILES="$driver"; fi
  done
  # For CUDA: the compiler of kernels, and its headers.
  export CUDA_PATH="${CUDA_PATH:-/usr/local/cuda}"
  if [ -d "$CUDA_PATH/lib64" ]; then export LD_LIBRARY_PATH="$CUDA_PATH/lib64:${LD_LIBRARY_PATH:-}"; fi
}

slower=1 tiny=() tiny_probe=() tiny_bench=() tiny_sweep=() few_tests=()
if [ "${TINY:-}" ]; then
  slower=6
  tiny=(--set model.n_features=60 --set train.batch_size=32)
  # A GPU made of software compiles the kernels of a width for half a minute.
  tiny_probe=(--set model.d_hidden=10)
  tiny_bench=(--set model.d_hidden=10 --set train.steps=150)
  tiny_sweep=(--set "train.weight_decay=[-1,1]" --set "model.d_hidden=[8,10]" --set train.steps="${TINY_STEPS:-300}")
  few_tests=(diverges)
fi

case "${1:-}" in
  build) build ;;
  list)
    languages="${LANGUAGES:-wgsl spirv cuda}"
    all_steps
    ;;
  measure)
    [ $# -ge 2 ] || { echo "the folder for the results is missing" >&2; exit 2; }
    shift
    measure "$@"
    ;;
  *) echo "say build, list, or measure and a folder for the results" >&2; exit 2 ;;
esac
