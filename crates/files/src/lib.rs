//! What the stages meet in: tables whose columns say what they hold, files that are complete or not
//! there at all, and digests by which damage to them is noticed.
//!
//! A table is written with its digest and read back by the names of its columns. Damage is noticed:
//!
//! ```
//! use superpose_files::sums::{read_listed, write_listed};
//! use superpose_files::table::Table;
//!
//! let columns = [("d", "hidden width"), ("loss", "squared error summed over features")];
//! let mut table = Table::new("losses", "How does the loss fall?", &columns);
//! table.push(vec![10_usize.into(), 1.25.into()]);
//! table.push(vec![20_usize.into(), 0.5.into()]);
//!
//! let folder = tempfile::tempdir()?;
//! write_listed(folder.path(), &[("losses.csv", &table.to_csv())])?;
//! let read = Table::from_csv("losses", &read_listed(folder.path(), "losses.csv")?)?;
//! assert_eq!(read.numbers("loss")?, [1.25, 0.5]);
//! assert!(read.numbers("lost").is_err(), "there is no such column");
//!
//! std::fs::write(folder.path().join("losses.csv"), "d,loss\n10,1.26\n20,0.5\n")?;
//! let damage = read_listed(folder.path(), "losses.csv").map_err(|error| error.kind());
//! assert_eq!(damage, Err(std::io::ErrorKind::InvalidData));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod disk;
pub mod given;
pub mod sums;
pub mod table;
