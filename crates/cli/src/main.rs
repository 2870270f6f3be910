//! The binary `superpose`: verbs, progress and printing.
//!
//! Exit codes: 0 when all is well; 1 when the input or the disk is at fault; 2 when the command
//! line is; 3 when all cells were run and some of them diverged or failed; 4 when the time that training was given
//! was up before all were; 128 and a signal's number when that ended the training.

mod analyze;
mod args;
mod bench;
mod console;
mod devices;
mod fit_loss;
mod frequencies;
mod heads;
mod limits;
mod new;
mod portrait;
mod progress;
mod reproduce;
mod run;
mod shard;
mod signals;
mod slurm;
mod source;
mod status;
mod study;
mod submit;
mod theory;

use std::path::Path;
use std::process::ExitCode;

use clap::{Command, CommandFactory as _, FromArgMatches as _};

use anyhow::Context as _;
use superpose_files::disk::create_folder;
use superpose_store::lease::in_job;

use crate::args::examples::with_examples;
use crate::args::{Arguments, StatusOptions, Verb};

/// Training makes and drops arrays of megabytes at every step; the system's allocator gives such
/// memory back each time, and a third of the time went into that (LOG.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The variables by which batch systems say which job this is.
const JOBS: [&str; 4] = ["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"];

fn main() -> ExitCode {
    limits::refuse_large_files();
    if let Some(job) = JOBS.iter().find_map(|name| std::env::var(name).ok()) {
        in_job(job);
    }
    let matches = arguments().try_get_matches();
    let arguments = match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(answer) => return help(&answer),
    };
    let code = answer(arguments.verb).unwrap_or_else(|error| {
        console::complain(&format!("error: {}", console::sentence(error.as_ref())));
        ExitCode::from(1)
    });
    console::ending(code)
}

/// Prints help, the version, or what is wrong with the command line.
fn help(answer: &clap::Error) -> ExitCode {
    let code = ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(2));
    let text = answer.to_string();
    if answer.use_stderr() && console::visible(&text) != text {
        console::complain(text.trim_end());
    } else if let Err(error) = answer.print() {
        // What is wrong with the command line goes where nobody can be told that it did not arrive.
        if !answer.use_stderr() {
            console::remember(error);
        }
    }
    console::ending(code)
}

/// The command line, with examples.
fn arguments() -> Command {
    with_examples(Arguments::command())
}

/// Prints the manual page of the program, or writes one for each verb into a folder.
fn manual(out: Option<&Path>) -> anyhow::Result<()> {
    let command = arguments();
    let Some(out) = out else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        console::say(String::from_utf8_lossy(&page).trim_end());
        return Ok(());
    };
    create_folder(out)?;
    clap_mangen::generate_to(command, out)
        .with_context(|| format!("cannot write manual pages into `{}`", out.display()))?;
    console::say(&format!(
        "manual pages are in {}; man -l {0}/superpose.1 shows the first",
        out.display()
    ));
    Ok(())
}

fn answer(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Run(options) => return run::run(&options),
        Verb::Reproduce(options) => return reproduce::reproduce(&options),
        Verb::Measure(options) => return heads::heads(&options),
        Verb::Bench(verb) => return bench::bench(&verb),
        Verb::New(options) => new::new(&options)?,
        Verb::Presets(options) => new::presets(&options),
        Verb::Analyze(options) => analyze::analyze(&options)?,
        Verb::Figures(options) => analyze::figures(&options)?,
        Verb::Portrait(options) => portrait::portrait(&options)?,
        Verb::Report { folders, json } => reproduce::report(&folders, json)?,
        Verb::Frequencies(options) => frequencies::frequencies(&options)?,
        Verb::Theory(verb) => theory::theory(&verb)?,
        Verb::FitLoss(options) => fit_loss::fit_loss(&options)?,
        Verb::Submit(options) => return submit::submit(&options),
        Verb::ProbeLocks { folder } => submit::probe_locks(&folder)?,
        Verb::Status(options) => status::status(&options)?,
        Verb::Verify { folder, json } => {
            status::status(&StatusOptions { folder, check: true, missing: false, json })?;
        }
        Verb::Devices(options) => devices::devices(&options),
        Verb::Schema => console::say_json(&superpose_sweep::schema::json_schema()),
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut arguments(), "superpose", &mut script);
            console::say(String::from_utf8_lossy(&script).trim_end());
        }
        Verb::Man { out } => manual(out.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}
