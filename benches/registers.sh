#!/usr/bin/env bash
# Registers, spills, shared memory and widths of loads of every kernel of the GPU engine, as NVIDIA's compiler makes them
# for a card; no GPU and no driver are needed.
#
#   benches/registers.sh [n:d ...]        shapes; by default the paper's small widths and some of its large ones
#
# superpose, built with `--features cuda`, trains two steps of each shape on a driver without a device (tests/no_card/driver.c),
# which keeps what it is given to load: the very PTX that a card's driver would get, by NVRTC with cubecl's own options.
# `ptxas` turns it into the card's code, `nvdisasm` into text, and registers/table.py counts. These come from PyPI as
# NVIDIA's packages, by $PYTHON's pip, in the version of the driver that is expected. PTX, code and text stay in target/registers.
set -euo pipefail
cd "$(dirname "$0")/.."
here=benches/registers
work="$PWD/target/registers"
arch="${ARCH:-sm_90a}"
cuda="${CUDA_VERSION:-13.0}"
read -ra shapes <<<"${*:-1000:10 1000:15 1000:25 1000:39 1000:63 1000:100 10240:8 10240:64 10240:256}"

python="${PYTHON:-python3}"
if ! command -v cc >/dev/null || ! "$python" -m venv --help >/dev/null 2>&1; then
  echo "NOT MEASURED: this needs a C compiler (cc) and a Python with pip and venv (\$PYTHON)"
  exit
fi
mkdir -p "$work/driver" "$work/no-headers"
if [ ! -e "$work/tools/$cuda" ]; then
  "$python" -m venv --clear "$work/tools"
  # The disassembler has no 13.0 on PyPI; a newer one reads older code.
  if ! "$work/tools/bin/pip" install --quiet --disable-pip-version-check \
    "nvidia-cuda-nvrtc==$cuda.*" "nvidia-cuda-nvcc==$cuda.*" nvidia-cuda-nvdisasm; then
    echo "NOT MEASURED: NVIDIA's packages nvidia-cuda-nvrtc, -nvcc and -nvdisasm cannot be installed here"
    exit
  fi
  touch "$work/tools/$cuda"
fi
found() { find "$work/tools/" -name "$1" | head -1; }
cc -O1 -shared -fPIC -o "$work/driver/libcuda.so.1" tests/no_card/driver.c

cargo build --release --features cuda
superpose="${CARGO_TARGET_DIR:-target}/release/superpose"
libraries="$work/driver:$(dirname "$(found 'libnvrtc.so.*')")"
rm -rf "$work/shapes"
for shape in "${shapes[@]}"; do
  n="${shape%:*}" d="${shape#*:}" folder="$work/shapes/$shape"
  mkdir -p "$folder"
  if ! NO_CARD_OUT="$folder" CUDA_PATH="$work/no-headers" LD_LIBRARY_PATH="$libraries" \
    "$superpose" run "$here/shape.toml" --device cuda --out "$folder/run" \
    --set "model.n_features=$n" --set "model.d_hidden=$d" >"$folder/said" 2>&1; then
    cat "$folder/said"
    exit 1
  fi
done
"$python" "$here/table.py" "$work/shapes" "$arch" "$(found ptxas)" "$(found nvdisasm)"
