//! Cells that were trained before: the tables in `experiments`, which the program carries along, so that a figure is
//! drawn in seconds wherever it is.

use std::io::Read as _;

use flate2::read::GzDecoder;

macro_rules! tables {
    ($($name:literal)*) => {
        const TABLES: &[(&str, &[u8])] = &[$((
            concat!($name, ".csv"),
            include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".csv.gz")),
        ),)*];
    };
}

tables! { "liu2025" "kinds" "elhage2022" "elhage2022-tiny" }

/// The table of this name in `experiments`, as it stood there when the program was built.
///
/// # Panics
/// Never for the names that papers have, which a test looks for.
pub fn csv(name: &str) -> Vec<u8> {
    let (_, packed) = TABLES.iter().find(|(known, _)| *known == name).expect("a paper's table");
    let mut bytes = Vec::new();
    GzDecoder::new(*packed).read_to_end(&mut bytes).expect("was packed by the build");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::papers::PAPERS;
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_tables_of_every_paper_are_here_to_the_byte() {
        for name in PAPERS.iter().flat_map(|paper| paper.records.iter().chain(&paper.tiny)) {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments").join(name);
            assert!(csv(name) == fs::read(path).unwrap(), "{name}");
        }
    }
}
