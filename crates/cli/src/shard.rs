//! A share of a sweep's cells, for processes that do not ask who else trains them.

use anyhow::{Context as _, bail};
use superpose_run::trainer::cost;
use superpose_toy::prepared::Prepared;

/// The share number `index`, from 0, of `count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    index: usize,
    count: usize,
}

/// The variables by which batch systems tell a task its number, and the first and the last number there is.
const ARRAYS: [[&str; 3]; 6] = [
    ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX"],
    ["SGE_TASK_ID", "SGE_TASK_FIRST", "SGE_TASK_LAST"],
    ["LSB_JOBINDEX", "", "LSB_JOBINDEX_END"],
    ["PBS_ARRAY_INDEX", "", ""],
    ["PBS_ARRAYID", "", ""],
    ["JOB_COMPLETION_INDEX", "", ""],
];

impl Shard {
    /// What `--shard` asks for: `2/8`, `auto` or `auto/8`.
    ///
    /// # Errors
    /// When it is none of these, or this is no task of a job array.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        Self::with(text, &|name| std::env::var(name).ok()?.parse().ok())
    }

    /// The same with these variables.
    fn with(text: &str, variable: &dyn Fn(&str) -> Option<usize>) -> anyhow::Result<Self> {
        let (which, of) =
            text.split_once('/').map_or((text, None), |(which, of)| (which, Some(of)));
        let wrong =
            || format!("`--shard`: must be such as `2/8`, `auto` or `auto/8`, got `{text}`");
        let count = of.map(|of| of.parse::<usize>().ok().with_context(wrong)).transpose()?;
        let shard = if which == "auto" {
            Self::of_array(count, variable)?
        } else {
            let number = which.parse::<usize>().ok().with_context(wrong)?;
            let index = number.checked_sub(1).with_context(wrong)?;
            Self { index, count: count.with_context(wrong)? }
        };
        if shard.index >= shard.count {
            bail!("`--shard`: there is no {} of {}", shard.index + 1, shard.count);
        }
        Ok(shard)
    }

    /// The task that this is of a job array, of `count` if that is given.
    fn of_array(
        count: Option<usize>,
        variable: &dyn Fn(&str) -> Option<usize>,
    ) -> anyhow::Result<Self> {
        let known =
            ARRAYS.iter().find_map(|[id, first, last]| Some((id, variable(id)?, first, last)));
        let Some((id, number, first, last)) = known else {
            let names: Vec<&str> = ARRAYS.iter().map(|[id, ..]| *id).collect();
            bail!(
                "`--shard auto`: this is no task of a job array (none of {} is set)",
                names.join(", ")
            );
        };
        // Kubernetes counts from 0, and so do those who say nothing else of PBS.
        let usual =
            usize::from(!matches!(*id, "JOB_COMPLETION_INDEX" | "PBS_ARRAY_INDEX" | "PBS_ARRAYID"));
        let first = variable(first).unwrap_or(usual);
        let index = number.checked_sub(first);
        let index = index.with_context(|| {
            format!("`--shard auto`: {id} is {number}, and the first is {first}")
        })?;
        let counted = || variable(last)?.checked_sub(first)?.checked_add(1);
        let Some(count) = count.or_else(counted) else {
            bail!(
                "`--shard auto`: {id} does not say of how many it is one; give that, such as `--shard auto/8`"
            );
        };
        Ok(Self { index, count })
    }

    /// Its cells: dealt like cards, the costliest first, so that all shares cost about the same.
    pub(crate) fn of(self, cells: &[Prepared]) -> Vec<Prepared> {
        let mut order: Vec<usize> = (0..cells.len()).collect();
        order.sort_by(|&a, &b| cost(&cells[b].cell).total_cmp(&cost(&cells[a].cell)));
        let mut its: Vec<usize> = order.into_iter().skip(self.index).step_by(self.count).collect();
        its.sort_unstable();
        its.into_iter().map(|i| cells[i].clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(text: &str, variables: &[(&str, usize)]) -> Result<(usize, usize), String> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        };
        let shard = Shard::with(text, &variable).map_err(|error| error.to_string())?;
        Ok((shard.index, shard.count))
    }

    #[test]
    fn a_share_is_given_or_that_of_a_job_array() {
        assert_eq!(shard("2/8", &[]), Ok((1, 8)));
        let slurm =
            [("SLURM_ARRAY_TASK_ID", 7), ("SLURM_ARRAY_TASK_MIN", 5), ("SLURM_ARRAY_TASK_MAX", 9)];
        assert_eq!(shard("auto", &slurm), Ok((2, 5)));
        assert_eq!(shard("auto/3", &slurm), Ok((2, 3)));
        assert_eq!(shard("auto/4", &[("JOB_COMPLETION_INDEX", 0)]), Ok((0, 4)));
        assert_eq!(shard("auto", &[("LSB_JOBINDEX", 3), ("LSB_JOBINDEX_END", 3)]), Ok((2, 3)));
        for (text, variables, said) in [
            ("3", &[][..], "must be such as `2/8`"),
            ("0/3", &[], "must be such as"),
            ("4/3", &[], "there is no 4 of 3"),
            ("1/x", &[], "got `1/x`"),
            ("auto", &[], "no task of a job array"),
            ("auto", &[("PBS_ARRAY_INDEX", 1)], "`--shard auto/8`"),
            ("auto/2", &slurm, "there is no 3 of 2"),
        ] {
            let error = shard(text, variables).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
