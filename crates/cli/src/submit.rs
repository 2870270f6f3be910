//! `superpose submit`: a sweep on a cluster. Its scripts are such as one would write by hand: every task of a job
//! array runs the same `superpose run`, and what is whose is settled by leases.

use std::fmt::Write as _;
use std::path::{Path, PathBuf, absolute};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use superpose_files::disk::{at, create_folder, write_whole};
use superpose_store::lease::Kind;
use superpose_store::store::{Manifest, Start, Store};
use superpose_store::two::{Part, probe};

use crate::args::SubmitOptions;
use crate::console;
use crate::run::command;
use crate::source;

/// The script of a task, of what comes after all tasks, and of what comes before them.
const WORKER: &str = "worker.sbatch";
const COLLECT: &str = "collect.sbatch";
const PROBE: &str = "probe.sbatch";

pub(crate) fn submit(options: &SubmitOptions) -> anyhow::Result<ExitCode> {
    let plan = Plan::of(options)?;
    for round in 0..=options.chain {
        let n_missing = plan.n_missing()?;
        if n_missing == 0 {
            console::say(&format!("all {} cells of `{}` are finished", plan.n_cells, plan.name));
            return Ok(ExitCode::SUCCESS);
        }
        plan.write(n_missing)?;
        if options.dry_run {
            plan.describe(n_missing);
            return Ok(ExitCode::SUCCESS);
        }
        plan.submit(n_missing)?;
        if !options.wait {
            return Ok(ExitCode::SUCCESS);
        }
        if round == options.chain && plan.n_missing()? > 0 {
            break;
        }
    }
    let n_missing = plan.n_missing()?;
    bail!(
        "{n_missing} cells are missing after the last round of `--chain {}`; submit again",
        options.chain
    );
}

/// What is to be submitted.
struct Plan<'o> {
    options: &'o SubmitOptions,
    store: Store,
    name: String,
    n_cells: usize,
    /// The folders of the run and of the scripts, and where the command was given.
    root: PathBuf,
    scripts: PathBuf,
    here: PathBuf,
    program: String,
}

impl<'o> Plan<'o> {
    fn of(options: &'o SubmitOptions) -> anyhow::Result<Self> {
        let sweep = source::sweep(&options.config, &options.overrides)?;
        if options.config == Path::new("-") {
            bail!("`submit` needs a file that the tasks can read, not standard input");
        }
        sweep.remarks.iter().for_each(|remark| console::complain(&format!("note: {remark}")));
        let root = options.out.clone().unwrap_or_else(|| Path::new("runs").join(&sweep.name));
        let manifest = Manifest {
            name: sweep.name.clone(),
            cells: sweep.cells.iter().map(|prepared| prepared.cell.clone()).collect(),
        };
        // What keeps tasks out of each other's way is settled where they run.
        let store = Store::begin_with(&root, &manifest, Start::Resume, Some(Kind::Nothing))?.store;
        let whole = |path: &Path| absolute(path).map_err(at("find", path));
        let root = whole(&root)?;
        let program = std::env::current_exe().context("cannot find this program itself")?;
        Ok(Self {
            options,
            store,
            name: sweep.name,
            n_cells: sweep.cells.len(),
            scripts: root.join("slurm"),
            root,
            here: whole(Path::new("."))?,
            program: program.to_string_lossy().into_owned(),
        })
    }

    /// How many cells have no record.
    fn n_missing(&self) -> anyhow::Result<usize> {
        let cells = self.store.manifest()?.cells;
        Ok(cells.iter().filter(|cell| !self.store.is_finished(&cell.id())).count())
    }

    /// Tasks, no more than there are cells to train.
    fn n_workers(&self, n_missing: usize) -> usize {
        self.options.workers.get().min(n_missing)
    }

    /// Whether two nodes are to try a lock before tasks begin: that cannot be told by one.
    fn probes(&self, n_missing: usize) -> bool {
        self.n_workers(n_missing) > 1 && !self.store.has_agreed()
    }

    fn write(&self, n_missing: usize) -> anyhow::Result<()> {
        create_folder(&self.scripts)?;
        let mut scripts = vec![(WORKER, self.worker(n_missing)), (COLLECT, self.collect())];
        scripts.extend(self.probes(n_missing).then(|| (PROBE, self.probe())));
        for (name, script) in scripts {
            write_whole(&self.scripts.join(name), script.as_bytes())?;
        }
        Ok(())
    }

    /// A script that says this, asks for this and does this.
    fn script(&self, says: &str, asks: &[String], does: &[String]) -> String {
        let mut script = "#!/bin/bash\n".to_owned();
        let mut line = |line: &str| writeln!(script, "{line}").expect("a string grows");
        says.lines().for_each(|said| line(&format!("# {said}")));
        asks.iter().for_each(|option| line(&format!("#SBATCH {option}")));
        line("");
        line(&format!("cd {} || exit", command([self.here.to_string_lossy().into_owned()])));
        does.iter().for_each(|command| line(command));
        script
    }

    /// Options that all jobs have: a name, where their output goes, and whose they are.
    fn common(&self, what: &str, log: &str) -> Vec<String> {
        let log = self.scripts.join(log);
        let mut asks = vec![
            format!("--job-name={}{what}", self.name),
            // Slurm takes a name with spaces as it is, but not in quotes.
            format!("--output={}", log.display()),
            "--open-mode=append".to_owned(),
        ];
        let SubmitOptions { partition, account, .. } = self.options;
        asks.extend(partition.as_ref().map(|name| format!("--partition={name}")));
        asks.extend(account.as_ref().map(|name| format!("--account={name}")));
        asks
    }

    fn worker(&self, n_missing: usize) -> String {
        let SubmitOptions { time, cpus_per_task, gres, constraint, sbatch, .. } = self.options;
        let mut asks = self.common("", "%A_%a.log");
        asks.push(format!("--array=1-{}", self.n_workers(n_missing)));
        asks.push("--requeue".to_owned());
        asks.extend(time.as_ref().map(|time| format!("--time={time}")));
        asks.extend(cpus_per_task.map(|n| format!("--cpus-per-task={n}")));
        asks.extend(gres.as_ref().map(|list| format!("--gres={list}")));
        asks.extend(constraint.as_ref().map(|list| format!("--constraint={list}")));
        asks.extend(sbatch.iter().cloned());
        let says = "Each task trains cells of the sweep that nobody else is training, until none is left or its\n\
                    time is up. What it has begun by then, another one goes on with.";
        self.script(says, &asks, &[format!("exec {}", command(self.run()))])
    }

    /// The command of a task.
    fn run(&self) -> Vec<String> {
        let SubmitOptions { device, jobs, .. } = self.options;
        let mut words = vec![self.program.clone(), "run".to_owned()];
        words.extend(self.sweep());
        words.extend(["--device".to_owned(), device.clone()]);
        words.extend(jobs.iter().flat_map(|jobs| ["--jobs".to_owned(), jobs.to_string()]));
        words
            .extend(["--until", "slurm", "--train-only", "--progress", "lines"].map(str::to_owned));
        words
    }

    /// The words by which a command names the sweep and its folder.
    fn sweep(&self) -> Vec<String> {
        let SubmitOptions { config, overrides, .. } = self.options;
        let mut words = vec![config.to_string_lossy().into_owned()];
        words.extend(["--out".to_owned(), self.root.to_string_lossy().into_owned()]);
        words.extend(overrides.iter().flat_map(|set| ["--set".to_owned(), set.clone()]));
        words
    }

    fn collect(&self) -> String {
        let verb = |verb: &str| {
            command([&self.program, verb, &self.root.to_string_lossy()].map(str::to_owned))
        };
        let mut does = vec![format!("{} && {}", verb("analyze"), verb("figures"))];
        let mut says =
            "When all tasks have ended: tables and pictures of what there is.".to_owned();
        if self.options.chain > 0 && !self.options.wait {
            says.push_str("\nWhile cells are missing, the tasks are submitted again.");
            does.push(command(self.again()));
        }
        self.script(&says, &self.common("-collect", "collect-%j.log"), &does)
    }

    /// The command that submits what is missing then.
    fn again(&self) -> Vec<String> {
        let SubmitOptions {
            workers,
            device,
            jobs,
            time,
            partition,
            account,
            cpus_per_task,
            gres,
            constraint,
            sbatch,
            chain,
            ..
        } = self.options;
        let mut words = vec![self.program.clone(), "submit".to_owned()];
        words.extend(self.sweep());
        let mut option = |name: &str, value: Option<String>| {
            words.extend(value.map(|value| format!("--{name}={value}")));
        };
        option("workers", Some(workers.to_string()));
        option("device", Some(device.clone()));
        option("jobs", jobs.map(|n| n.to_string()));
        option("time", time.clone());
        option("partition", partition.clone());
        option("account", account.clone());
        option("cpus-per-task", cpus_per_task.map(|n| n.to_string()));
        option("gres", gres.clone());
        option("constraint", constraint.clone());
        sbatch.iter().for_each(|line| option("sbatch", Some(line.clone())));
        option("chain", Some(chain.saturating_sub(1).to_string()));
        words
    }

    fn probe(&self) -> String {
        let mut asks = self.common("-probe", "probe-%j.log");
        asks.extend(["--nodes=2", "--ntasks-per-node=1", "--time=5"].map(str::to_owned));
        let verb = command(
            [&self.program, "probe-locks", &self.root.to_string_lossy()].map(str::to_owned),
        );
        let says =
            "Whether a lock that one node has in the folder of the run keeps another one out.";
        self.script(says, &asks, &[format!("srun {verb}")])
    }

    /// Submits the tasks and what comes after them, and waits for that if it is asked for.
    fn submit(&self, n_missing: usize) -> anyhow::Result<()> {
        let probe = match self.probes(n_missing) {
            // On a cluster of one node there is nothing to try.
            true => self.sbatch(&[], PROBE).map_err(|error| {
                console::complain(&format!(
                    "note: locks are not tried across two nodes: {error:#}"
                ));
            }),
            false => Err(()),
        };
        let after = |kind: &str, job: &str| format!("--dependency={kind}:{job}");
        let before: Vec<String> = probe.iter().map(|job| after("afterany", job)).collect();
        let tasks = self.sbatch(&before, WORKER)?;
        let collect = self.sbatch(&[after("afterany", &tasks)], COLLECT)?;
        if let Ok(probe) = &probe {
            console::say(&format!("job {probe} tries locks across two nodes"));
        }
        let n_workers = self.n_workers(n_missing);
        console::say(&format!(
            "job {tasks} trains {n_missing} of the {} cells of `{}` by {n_workers} tasks, and job {collect} \
             collects what they leave in {}",
            self.n_cells,
            self.name,
            self.root.display()
        ));
        if !self.options.wait {
            console::say(&format!("next: superpose status {}", self.root.display()));
            return Ok(());
        }
        self.wait(&collect)
    }

    /// The number of the job that a script becomes.
    fn sbatch(&self, options: &[String], script: &str) -> anyhow::Result<String> {
        let mut sbatch = Command::new("sbatch");
        sbatch.arg("--parsable").args(options).arg(self.scripts.join(script));
        let output = sbatch.output().context("cannot run `sbatch`, which submits jobs to Slurm")?;
        let said = String::from_utf8_lossy(&output.stdout);
        // Behind a semicolon there may be the cluster.
        let job = said.trim().split(';').next().unwrap_or_default();
        if !output.status.success() || job.is_empty() {
            let why = String::from_utf8_lossy(&output.stderr);
            bail!("`sbatch` refuses {script}: {}", why.trim());
        }
        Ok(job.to_owned())
    }

    /// Waits for a job to end.
    fn wait(&self, job: &str) -> anyhow::Result<()> {
        let mut pause = Duration::from_millis(500);
        let begun = Instant::now();
        loop {
            let asked = Command::new("squeue").args(["-h", "-o", "%T", "-j", job]).output();
            let output = asked.context("cannot run `squeue`, which says what jobs there are")?;
            let state = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            // A job that has been forgotten is over, and `squeue` may complain of it.
            let is_known = output.status.success() || begun.elapsed() < Duration::from_secs(5);
            if !is_known || (output.status.success() && state.is_empty()) {
                return Ok(());
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_secs(30));
        }
    }

    /// Says what would be submitted.
    fn describe(&self, n_missing: usize) {
        let scripts = self.scripts.display();
        if self.probes(n_missing) {
            console::say(&format!("{scripts}/{PROBE} would try locks across two nodes, before"));
        }
        console::say(&format!(
            "{scripts}/{WORKER} would train {n_missing} of the {} cells of `{}` by {} tasks, and then\n\
             {scripts}/{COLLECT} would collect what they leave. Nothing was submitted.",
            self.n_cells,
            self.name,
            self.n_workers(n_missing)
        ));
    }
}

/// The part that this task has in finding out whether locks hold from node to node; the first says what they found.
pub(crate) fn probe_locks(folder: &Path) -> anyhow::Result<()> {
    let part = match std::env::var("SLURM_PROCID").as_deref() {
        Ok("0") => Part::Holds,
        Ok("1") => Part::Tries,
        _ => bail!(
            "`probe-locks` is for two tasks of a job of Slurm's: `srun --nodes=2 --ntasks-per-node=1`"
        ),
    };
    if let Some(kind) = probe(&Store::open(folder)?, part)? {
        console::say(match kind {
            Kind::Locks => "a lock of one node keeps the other one out: cells are shared by locks",
            _ => {
                "a lock of one node does not keep the other one out: cells are shared by heartbeats"
            }
        });
    }
    Ok(())
}
