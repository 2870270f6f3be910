# What one types often; CI does not need this file.

# Format, lint and document
check:
    cargo fmt --check && cargo clippy --release --all-targets -- -D warnings && cargo doc --no-deps --release

# Everything that needs no GPU
test:
    cargo test --release

# What takes minutes: the paper's loss at its own setting
test-slow:
    cargo test --release -- --ignored --nocapture

# The GPU engine, on the first GPU there is, or on the device that SUPERPOSE_TEST_DEVICE names; `just test-gpu --features cuda` builds it for `cuda`
test-gpu *options:
    cargo test --release {{options}} --test gpu --test gpu_run -- --ignored --test-threads 1

# What a build for CUDA says and refuses on a machine without a card
test-cuda:
    cargo test --release --features cuda --test cuda

# Registers, spills and loads of the GPU engine's kernels, as NVIDIA's compiler makes them; needs no GPU. `just registers 1000:39` for n:d
registers *shapes:
    benches/registers.sh {{shapes}}

# A sweep on a cluster of four nodes on this machine, as root: jobs that share cells, die and are cut short
test-cluster:
    lab="$(mktemp -d)" && eval "$(.ci/slurm-lab up "$lab")" && \
        cargo test --release --test cluster -- --ignored --test-threads 1; .ci/slurm-lab down "$lab"

# The page of a run, in headless Chromium; screenshots are left in the `tmp` folder of the build
test-page:
    cargo test --release -p superpose-page --test browser -- --ignored --test-threads 1

# Train, fit and draw the quickstart
quickstart:
    cargo run --release -- run configs/quickstart.toml

# The figures of a run, drawn anew
figures run:
    cargo run --release -- figures {{run}}

# The places that need `unsafe`, under the address sanitiser; needs a nightly toolchain
sanitise:
    RUSTFLAGS="-Zsanitizer=address" cargo +nightly test -p superpose-gram --target x86_64-unknown-linux-gnu --tests

# How fast a step is here, on every engine and device
bench:
    cargo run --release -- bench run benches/definitions/step.toml

# What a run must survive, many times over (an hour; `disk` needs root): kills, locks, damage, disk, sharing, cost, gpu
campaign *parts:
    cargo build --release && python3 tests/campaign/campaign.py "${CARGO_TARGET_DIR:-target}/release/superpose" {{parts}}

# How many mutants of a crate its own tests notice, without a GPU: `just mutants stats`, or a tenth, `just mutants stats --shard 0/10`
mutants crate *options:
    cargo mutants --package superpose-{{crate}} --profile release --sharding round-robin --timeout 60 {{options}} -- --lib --tests
