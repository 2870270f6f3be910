//! Packs the tables of cells that were trained before, which the program carries along.

use std::io::Write as _;
use std::path::Path;
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

fn main() -> io::Result<()> {
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    for name in ["liu2025", "kinds", "elhage2022", "elhage2022-tiny"] {
        let path = format!("../../experiments/{name}.csv");
        println!("cargo::rerun-if-changed={path}");
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&fs::read(path)?)?;
        fs::write(Path::new(&out).join(format!("{name}.csv.gz")), packed.finish()?)?;
    }
    Ok(())
}
