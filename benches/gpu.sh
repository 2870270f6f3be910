#!/usr/bin/env bash
# Everything that only a GPU can show, in parts of under ten minutes each.
#
#   benches/gpu.sh build           here: the programs, stripped and packed, into .gpu/
#   benches/gpu.sh 1 OUT           there: devices, parity, throughput by shape and ensemble, peers
#   benches/gpu.sh 2 OUT           there: the paper's small sweep, 1,020 cells
#   benches/gpu.sh 3 OUT           there: the paper's large toy, 48 cells
#
# "There" is a machine with a GPU, its Vulkan driver and loader, and for the peers a Python with PyTorch;
# it needs no Rust, only this folder tree with .gpu/ in it. What is measured ends up under OUT; the tables
# go into benches/records/ by hand, with the device's name and the date, or not at all.
set -euo pipefail
cd "$(dirname "$0")/.."
packed=.gpu

# The newest of a test's programs.
newest() { ls -t "$CARGO_TARGET_DIR"/release/deps/"$1"-* | grep -v '\.d$' | head -1; }

if [ "${1:-}" = build ]; then
  export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
  mkdir -p "$packed"
  # The same kernels as WGSL, which is the default, and as SPIR-V.
  for language in wgsl spirv; do
    features=(); [ $language = spirv ] && features=(--features vulkan)
    cargo build --release "${features[@]}"
    cp "$CARGO_TARGET_DIR/release/superpose" "$packed/superpose-$language"
  done
  cargo test --release --test gpu --no-run
  cp "$(newest gpu)" "$packed/parity"
  strip "$packed"/superpose-* "$packed/parity"
  xz -f -T0 "$packed"/superpose-{wgsl,spirv} "$packed/parity"
  ls -l "$packed"
  exit
fi

part="$1" out="$2"
bin="$(mktemp -d)"
for program in "$packed"/*.xz; do
  name="$(basename "$program" .xz)"
  xz -dc "$program" > "$bin/$name"
  chmod +x "$bin/$name"
done
mkdir -p "$out"
# Never lets one failure hide what comes after it.
try() { echo "== $*"; "$@" || echo "== failed with $?: $*"; }

# A sweep, how long it took, and its tables.
sweep() {
  local name="$1"
  echo "== $name, $(date -u +%FT%TZ)"
  local begun=$SECONDS
  timeout 570 "$bin/superpose-${LANGUAGE:-spirv}" run "configs/paper/$name.toml" --device wgpu \
    --out "$bin/$name" || echo "== ended with $?"
  echo "== $name took $((SECONDS - begun)) s" | tee "$out/$name-seconds.txt"
  "$bin/superpose-${LANGUAGE:-spirv}" status "$bin/$name" | head -5
  cp "$bin/$name/results.csv" "$out/$name-results.csv" || true
}

case "$part" in
  1)
    for language in wgsl spirv; do
      try "$bin/superpose-$language" devices
      try timeout 120 "$bin/superpose-$language" bench run benches/definitions/gpu.toml \
        --out "$out/gpu-$language.csv"
    done
    try timeout 120 "$bin/parity" --ignored --test-threads 1
    try timeout 200 "$bin/superpose-${LANGUAGE:-spirv}" bench peers benches/definitions/training.toml \
      --ensemble 170 --rounds 10 --python "${PYTHON:-python3}" --out "$out/gpu-peers.csv"
    ;;
  2) sweep small ;;
  3) sweep large ;;
  *) echo "a part is build, 1, 2 or 3" >&2; exit 2 ;;
esac
