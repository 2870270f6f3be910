//! `superpose frequencies`: which power law a file of counts follows.

use anyhow::bail;
use serde_json::{Map, json};
use superpose_laws::frequencies;
use superpose_toy::frequency_file::FrequencyFile;

use crate::args::FrequenciesOptions;
use crate::console;
use crate::study::{Presenter, json_of};

pub(crate) fn frequencies(options: &FrequenciesOptions) -> anyhow::Result<()> {
    let file = FrequencyFile::read_column(&options.file, options.column.as_deref())?;
    file.remarks.iter().for_each(|remark| console::complain(&format!("note: {remark}")));
    let shown = options.file.display().to_string();
    let n = file.weights().iter().filter(|f| **f > 0.0).count();
    let (from, to) = (options.from.get(), options.to.map_or(n, |to| to.get().min(n)));
    if n < 3 || from + 2 > to {
        bail!(
            "`{shown}` has {n} frequencies above zero; a law needs three between --from {from} and --to {to}"
        );
    }
    let study = frequencies::study(file.weights(), &(from..=to), &shown)?;
    let names = [("fits", "frequency_fits"), ("ranks", "rank_frequency")];
    let presenter = Presenter {
        json: &|tables| {
            let mut all = Map::from_iter([("frequencies".to_owned(), json!(n))]);
            all.insert("remarks".to_owned(), json!(file.remarks));
            all.extend(json_of(tables, &names)?);
            Ok(all)
        },
        without_folder: None,
        ..Presenter::of("frequencies", &options.output)
    };
    presenter.present(&study)
}
