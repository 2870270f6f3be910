//! Tables and pictures on disk: the joints between the stages.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use superpose_figures::Drawn;
use superpose_figures::render::render;
use superpose_figures::sheet::Sheet;
use superpose_files::disk::write_whole;
use superpose_files::table::{Table, documentation};

/// The table in a file that somebody gave; errors name the file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Table> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Table::from_csv(&path.display().to_string(), &bytes)?)
}

/// The table `name` of a folder that this program wrote; `remedy` is what writes it anew.
pub(crate) fn read_written(folder: &Path, name: &str, remedy: &str) -> anyhow::Result<Table> {
    let path = folder.join(format!("{name}.csv"));
    let bytes = std::fs::read(&path)
        .with_context(|| format!("cannot read `{}`; `{remedy}` writes it", path.display()))?;
    Ok(Table::from_csv(name, &bytes)?)
}

/// Writes tables into a folder, made if need be.
pub(crate) fn write(folder: &Path, tables: &[Table]) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create `{}`", folder.display()))?;
    for table in tables {
        write_whole(&folder.join(format!("{}.csv", table.name)), &table.to_csv())?;
    }
    Ok(())
}

/// Writes the page of a folder of tables: what their columns hold, and the convention of all.
pub(crate) fn document(folder: &Path, convention: &str, tables: &[Table]) -> anyhow::Result<()> {
    Ok(write_whole(&folder.join("README.md"), documentation(convention, tables).as_bytes())?)
}

/// Writes the tables of one answer with their page into `out/tables`, and reads them back, as pictures are drawn from
/// files; `verb` is what writes them anew.
pub(crate) fn write_and_read(
    out: &Path,
    verb: &str,
    convention: &str,
    tables: &[Table],
) -> anyhow::Result<Vec<Table>> {
    let folder = out.join("tables");
    write(&folder, tables)?;
    document(&folder, convention, tables)?;
    let remedy = format!("superpose {verb} --out {}", out.display());
    tables.iter().map(|table| read_written(&folder, &table.name, &remedy)).collect()
}

/// Draws a sheet as `name.svg` and `name.png`.
pub(crate) fn draw(folder: &Path, name: &str, sheet: &Sheet) -> anyhow::Result<()> {
    let drawn = render(sheet).map_err(|problem| anyhow!("{name} cannot be drawn: {problem}"))?;
    write_picture(folder, name, &drawn).map(|_| ())
}

/// Writes a picture as `name.svg` and `name.png`, and returns their paths.
pub(crate) fn write_picture(
    folder: &Path,
    name: &str,
    drawn: &Drawn,
) -> anyhow::Result<[PathBuf; 2]> {
    let [svg, png] = ["svg", "png"].map(|extension| folder.join(format!("{name}.{extension}")));
    write_whole(&svg, &drawn.svg)?;
    write_whole(&png, &drawn.png)?;
    Ok([svg, png])
}
