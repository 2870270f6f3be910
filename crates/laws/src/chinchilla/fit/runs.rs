//! Trained language models in a table.

use superpose_figures::study::Note;
use superpose_files::table::{Field, Table, TableError};

use crate::chinchilla::law::FLOP;
use crate::fits::{FitError, WithLoss, range};

/// Names under which runs are known to keep their sizes, the surest first; capitals, spaces and signs make
/// no difference.
const SIZES: [&str; 12] = [
    "N",
    "parameters",
    "params",
    "n params",
    "num params",
    "n parameters",
    "num parameters",
    "model size",
    "model params",
    "total params",
    "param count",
    "parameter count",
];
/// Their tokens.
const TOKENS: [&str; 12] = [
    "D",
    "tokens",
    "n tokens",
    "num tokens",
    "tokens trained",
    "training tokens",
    "train tokens",
    "tokens seen",
    "trained tokens",
    "total tokens",
    "token count",
    "dataset size",
];
/// Their operations.
const COMPUTE: [&str; 12] = [
    "C",
    "compute",
    "flops",
    "flop",
    "training flop",
    "training flops",
    "train flops",
    "flops budget",
    "flop budget",
    "total flops",
    "compute flops",
    "training compute",
];
/// Their losses.
const LOSSES: [&str; 12] = [
    "loss",
    "L",
    "val loss",
    "validation loss",
    "valid loss",
    "eval loss",
    "test loss",
    "final loss",
    "val bpb",
    "bpb",
    "train loss",
    "training loss",
];
/// How far `C` may be from `6 N D`, as a factor, before it is said: embeddings, attention and what is counted
/// as an operation make less of a difference.
const COMPUTE_FACTOR: f64 = 2.0;
/// Fewer parameters, or tokens, than a language model has: thousands, millions or billions of them, rather.
const FEW: (f64, f64) = (1e3, 1e5);

/// The columns that somebody named, where they do not have the usual names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    /// That of parameters.
    pub size: Option<String>,
    /// That of tokens.
    pub tokens: Option<String>,
    /// That of operations.
    pub compute: Option<String>,
    /// That of losses.
    pub loss: Option<String>,
}

/// A language model that was trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainedModel {
    /// `N`, positive.
    pub parameters: f64,
    /// `D`, positive.
    pub tokens: f64,
    /// `L`, in nats a token, positive.
    pub loss: f64,
}

impl TrainedModel {
    /// Its floating-point operations: six for each parameter and token.
    pub fn compute(&self) -> f64 {
        FLOP * self.parameters * self.tokens
    }
}

/// The mean logarithm of a number of `runs`.
pub(super) fn mean_ln(runs: &[TrainedModel], of: fn(&TrainedModel) -> f64) -> f64 {
    runs.iter().map(|run| of(run).ln()).sum::<f64>() / runs.len() as f64
}

/// The runs in a table, and what should be known of how they were read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Read {
    pub(super) runs: Vec<TrainedModel>,
    /// Rows without a loss, which are left out.
    pub(super) n_left_out: usize,
    /// The median of `C / 6 N D`, where the table has all three.
    pub(super) compute_ratio: Option<f64>,
    pub(super) notes: Vec<Note>,
}

/// The runs in a table with columns for the loss and for two of `N`, `D` and `C`; the third is
/// `C = 6 N D`. Where there are all three, `C` is compared with that. Rows without a loss are left out.
///
/// # Errors
/// [`FitError`], naming the row and the column.
pub(super) fn read(table: &Table, columns: &Columns) -> Result<Read, FitError> {
    let missing = |wanted: &str| {
        let known: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
        let said = format!("`{}` must have {wanted}; it has {}", table.name, known.join(", "));
        FitError::Wrong(said)
    };
    let find = |named: &Option<String>, names| match named {
        Some(name) => Ok(Some(name.clone())),
        None => usual(table, names),
    };
    let loss = find(&columns.loss, &LOSSES)?
        .ok_or_else(|| missing("a column `loss` (--loss names another)"))?;
    let with_loss = WithLoss::of(table, &loss)?;
    let losses = with_loss.positive_numbers(&loss)?;
    let (size, tokens) = (find(&columns.size, &SIZES)?, find(&columns.tokens, &TOKENS)?);
    let compute = find(&columns.compute, &COMPUTE)?;
    let numbers = |name: &Option<String>| {
        name.as_ref().map(|name| with_loss.positive_numbers(name)).transpose()
    };
    let (n, d, c) = (numbers(&size)?, numbers(&tokens)?, numbers(&compute)?);
    let mut notes = Vec::new();
    let mut compute_ratio = None;
    let pairs: Vec<(f64, f64)> = match (n, d, c) {
        (Some(n), Some(d), c) => {
            let pairs: Vec<(f64, f64)> = n.into_iter().zip(d).collect();
            if let Some(c) = c {
                let ratios: Vec<f64> =
                    pairs.iter().zip(&c).map(|((n, d), c)| c / (FLOP * n * d)).collect();
                notes.extend(words_of_compute(&ratios, compute.as_deref().unwrap_or("C")));
                compute_ratio = median(ratios);
            }
            pairs
        }
        (Some(n), None, Some(c)) => n.into_iter().zip(c).map(|(n, c)| (n, c / FLOP / n)).collect(),
        (None, Some(d), Some(c)) => d.into_iter().zip(c).map(|(d, c)| (c / FLOP / d, d)).collect(),
        _ => {
            return Err(missing(
                "columns for two of N (parameters), D (tokens) and C (operations), which --n, --d and --c name",
            ));
        }
    };
    let called = [("N", &size), ("D", &tokens), ("C", &compute), ("loss", &Some(loss))];
    let other = called.into_iter().filter_map(|(symbol, name)| {
        let name = name.as_ref().filter(|name| *name != symbol)?;
        Some(format!("{symbol} is the column `{name}`"))
    });
    let other: Vec<String> = other.collect();
    if !other.is_empty() {
        notes.push(Note::Line(other.join(", ")));
    }
    let run = |((parameters, tokens), loss)| TrainedModel { parameters, tokens, loss };
    let runs: Vec<TrainedModel> = pairs.into_iter().zip(losses).map(run).collect();
    notes.extend(words_of_runs(&runs));
    notes.extend(with_loss.words());
    Ok(Read { runs, n_left_out: with_loss.n_left_out(), compute_ratio, notes })
}

/// The first of the usual names that the table has a column of.
///
/// # Errors
/// [`TableError::TwoColumns`] when it has two of that name.
fn usual(table: &Table, names: &[&str]) -> Result<Option<String>, TableError> {
    let letters = |name: &str| -> String {
        name.chars()
            .filter(|letter| letter.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    // As it is written, before other ways to write it.
    let written = names.iter().find_map(|name| table.columns.iter().find(|c| c.name == *name));
    let alike = |name: &&str| table.columns.iter().find(|c| letters(&c.name) == letters(name));
    let Some(column) = written.or_else(|| names.iter().find_map(alike)) else { return Ok(None) };
    table.column(&column.name)?;
    Ok(Some(column.name.clone()))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    Some(f64::midpoint(*values.get(values.len().checked_sub(1)? / 2)?, values[values.len() / 2]))
}

/// What does not fit in the ratios of `C` and `6 N D`.
fn words_of_compute(ratios: &[f64], name: &str) -> Option<Note> {
    let is_off = |ratio: &f64| !(1.0 / COMPUTE_FACTOR..=COMPUTE_FACTOR).contains(ratio);
    let n_off = ratios.iter().filter(|ratio| is_off(ratio)).count();
    let (least, most) = range(ratios.iter().copied());
    let [least, most] = [least, most].map(|ratio| Field::from(ratio).short());
    (n_off > 0).then(|| {
        Note::Line(format!(
            "`{name}` is not 6 N D in {n_off} of {} rows, but {least} to {most} times that: are N and D in thousands, millions or billions? N and D are taken as they are, and D/N and all that is said of compute is wrong if they are not",
            ratios.len()
        ))
    })
}

/// What is odd about runs.
fn words_of_runs(runs: &[TrainedModel]) -> Vec<Note> {
    let mut lines = Vec::new();
    let (_, most_parameters) = range(runs.iter().map(|run| run.parameters));
    let (_, most_tokens) = range(runs.iter().map(|run| run.tokens));
    for (symbol, most, few) in [("N", most_parameters, FEW.0), ("D", most_tokens, FEW.1)] {
        if most < few {
            lines.push(format!(
                "the largest {symbol} is {most}: if it is in thousands, millions or billions, write it out"
            ));
        }
    }
    let mut sorted: Vec<[u64; 3]> =
        runs.iter().map(|run| [run.parameters, run.tokens, run.loss].map(f64::to_bits)).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let n_again = runs.len() - sorted.len();
    if n_again > 0 {
        lines.push(format!(
            "{n_again} of {} rows repeat another one: if they are the same run, intervals are too narrow",
            runs.len()
        ));
    }
    lines.into_iter().map(Note::Line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &str, row: impl Fn(f64, f64) -> String) -> Table {
        let mut csv = format!("{columns}\n");
        for (n, d) in [(1e8, 2e9), (1e8, 1e10), (3e9, 1e10)] {
            csv.push_str(&format!("{}\n", row(n, d)));
        }
        Table::from_csv("runs.csv", csv.as_bytes()).unwrap()
    }

    fn lines(read: Read) -> Vec<String> {
        let line = |note| if let Note::Line(line) = note { line } else { panic!("a line") };
        read.notes.into_iter().map(line).collect()
    }

    #[test]
    fn any_two_of_size_data_and_compute_are_enough_by_any_of_their_names() {
        let three = |n: f64, d: f64| format!("{},{n},{d},3", 6.0 * n * d);
        let by = [
            table("N,D,loss", |n, d| format!("{n},{d},3")),
            table("Model Size,Training FLOP,loss", |n, d| format!("{n},{},3", 6.0 * n * d)),
            table("tokens,C,L", |n, d| format!("{d},{},3", 6.0 * n * d)),
            table("flops_budget,num_params,tokens_trained,val_bpb", three),
            table("TOTAL-FLOPS,N_Params,Dataset Size,Eval/Loss", three),
            table("c,n,d,l", three),
        ];
        let usual = Columns::default();
        let first = read(&by[0], &usual).unwrap();
        assert!(first.notes.is_empty() && first.compute_ratio.is_none());
        for other in &by[1..] {
            let found = read(other, &usual).unwrap();
            for (a, b) in first.runs.iter().zip(&found.runs) {
                assert!((a.parameters / b.parameters - 1.0).abs() < 1e-12);
                assert!((a.tokens / b.tokens - 1.0).abs() < 1e-12);
            }
        }
        let read = read(&by[3], &usual).unwrap();
        assert!((read.compute_ratio.unwrap() - 1.0).abs() < 1e-12);
        let expected = "N is the column `num_params`, D is the column `tokens_trained`, C is the column \
                        `flops_budget`, loss is the column `val_bpb`";
        assert_eq!(lines(read), [expected]);
    }

    #[test]
    fn columns_are_taken_by_the_names_that_are_given_and_what_is_written_comes_first() {
        let table = table("loss,Loss,a,b,c,n", |n, d| format!("9,3,{n},{d},1,5"));
        let columns = Columns {
            size: Some("a".into()),
            tokens: Some("b".into()),
            compute: None,
            loss: Some("Loss".into()),
        };
        let found = read(&table, &columns).unwrap();
        assert!(
            found.runs.iter().all(|run| (run.loss - 3.0).abs() < 1e-12 && run.parameters >= 1e8)
        );
        let exact = read(&table, &Columns { loss: None, ..columns.clone() }).unwrap().runs[0].loss;
        assert!((exact - 9.0).abs() < 1e-12);
        let wrong = Columns { size: Some("M".into()), ..columns };
        assert!(read(&table, &wrong).unwrap_err().to_string().contains("`M`"));
        let twice = Table::from_csv("runs.csv", b"N,D,loss,loss\n1,2,3,4\n").unwrap();
        assert!(
            read(&twice, &Columns::default()).unwrap_err().to_string().contains("2 columns `loss`")
        );
    }

    #[test]
    fn compute_that_is_not_6_n_d_few_parameters_and_rows_that_repeat_are_said() {
        let of = |table: &Table| lines(read(table, &Columns::default()).unwrap());
        let in_millions =
            table("C,N,D,loss", |n, d| format!("{},{},{},3", 6.0 * n * d, n / 1e6, d / 1e9));
        let said = of(&in_millions);
        assert!(
            said[0].contains("`C` is not 6 N D in 3 of 3 rows, but 1.0000e15 to 1.0000e15"),
            "{said:?}"
        );
        assert!(said[1].contains("largest D is 10") && said.len() == 2, "{said:?}");
        let a_little = table("C,N,D,loss", |n, d| format!("{},{n},{d},3", 11.0 * n * d));
        assert!(of(&a_little).is_empty());
        let one = table("C,N,D,loss", |n, d| {
            format!("{},{n},{d},3", if n > 1e9 { 1.0 } else { 6.0 } * n * d)
        });
        assert!(of(&one)[0].contains("in 1 of 3 rows, but 0.1667 to 1 times"), "{:?}", of(&one));
        let tiny = table("N,D,loss", |n, d| format!("{},{d},3", n / 3e6));
        assert!(of(&tiny).is_empty());
        let tiny = table("N,D,loss", |n, d| format!("{},{d},3", n / 4e6));
        assert!(of(&tiny)[0].contains("largest N is 750"), "{:?}", of(&tiny));
        let again = table("N,D,loss", |_, d| format!("1e9,{d},3"));
        assert_eq!(
            of(&again),
            ["1 of 3 rows repeat another one: if they are the same run, intervals are too narrow"]
        );
    }

    #[test]
    fn rows_without_a_loss_are_left_out_and_counted() {
        let csv = b"N,D,loss\n1e9,2e9,3\n,,\n1e9,4e9,NaN\n2e9,4e9,2.5\n";
        let found = read(&Table::from_csv("runs.csv", csv).unwrap(), &Columns::default()).unwrap();
        assert_eq!((found.runs.len(), found.n_left_out), (2, 2));
        assert_eq!(lines(found), ["2 rows without a loss are left out"]);
    }

    #[test]
    fn a_median_lies_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 9.0]), Some(3.0));
        assert_eq!(median(Vec::new()), None);
    }
}
