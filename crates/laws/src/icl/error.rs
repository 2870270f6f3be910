//! Why there is no error of learning in context, and how large an experiment may be.

/// Unknowns of the largest linear system that is solved: 2 GiB a matrix, and a run has up to two.
pub(super) const MOST_UNKNOWNS: usize = 16_384;
/// The largest number of any one thing, such as runs, tasks or prompts.
pub(super) const MOST: usize = 1 << 24;

/// Why there is no such error, or nothing can be simulated.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IclError {
    /// The examples in a prompt.
    #[error("`examples_per_dimension` must be positive and finite, got {value}")]
    Examples {
        /// What was given.
        value: f64,
    },
    /// The tasks in the pretraining set.
    #[error("`tasks_per_dimension` must be positive (infinite is allowed), got {value}")]
    Tasks {
        /// What was given.
        value: f64,
    },
    /// The prompts in the pretraining set.
    #[error("`prompts_per_square` must be positive and finite, got {value}")]
    Prompts {
        /// What was given.
        value: f64,
    },
    /// The label noise, of errors in closed form.
    #[error("`noise_variance` must be finite and not negative, got {value}")]
    Noise {
        /// What was given.
        value: f64,
    },
    /// The ridge penalty.
    #[error("`penalty` must be positive and finite, got {value}")]
    Penalty {
        /// What was given.
        value: f64,
    },
    /// There are too few or too many of something.
    #[error("`{name}` must be between {least} and {MOST}, got {value}")]
    Number {
        /// Of what.
        name: &'static str,
        /// What was given, or follows from a ratio.
        value: usize,
        /// The least that is allowed.
        least: usize,
    },
    /// The linear system would not fit in memory.
    #[error(
        "{n_dimensions} dimensions and {n_prompts} prompts need {n_unknowns} unknowns; at most {MOST_UNKNOWNS} are solved for"
    )]
    TooLarge {
        /// Dimensions of a task.
        n_dimensions: usize,
        /// Prompts in the pretraining set.
        n_prompts: usize,
        /// The smaller of the prompts and the parameters.
        n_unknowns: usize,
    },
    /// The posterior over tasks needs label noise.
    #[error("`noise_variance` must be positive and finite, got {value}")]
    NoNoise {
        /// What was given.
        value: f64,
    },
    /// The penalty is lost in rounding.
    #[error("the linear system is singular at a `penalty` of {penalty}; it must be larger")]
    Singular {
        /// The penalty.
        penalty: f64,
    },
}

/// Refuses a number out of range.
///
/// # Errors
/// [`IclError::Number`] unless `value` is between `least` and [`MOST`].
pub(crate) fn check_number(name: &'static str, value: usize, least: usize) -> Result<(), IclError> {
    if (least..=MOST).contains(&value) {
        return Ok(());
    }
    Err(IclError::Number { name, value, least })
}
