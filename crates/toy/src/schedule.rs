//! The learning rate's course: a linear warm-up, then a cosine.

use std::f64::consts::PI;

use crate::cell::Training;

/// A course of learning rates, relative to the peak.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Number of steps.
    pub steps: u64,
    /// Steps of warm-up.
    pub warmup_steps: u64,
    /// What the cosine falls to.
    pub floor: f64,
}

impl Schedule {
    /// The course of a cell.
    pub fn of(train: &Training) -> Self {
        Self {
            steps: train.steps,
            warmup_steps: train.warmup_steps,
            floor: train.final_learning_rate_fraction,
        }
    }

    /// The rate at `step` (counted from 1) as a fraction of the peak: `step / warmup` during the
    /// warm-up, then `floor + (1 − floor) (1 + cos(π t)) / 2` with `t` from 0 to 1.
    pub fn at(&self, step: u64) -> f64 {
        if step < self.warmup_steps {
            return step as f64 / self.warmup_steps as f64;
        }
        let length = (self.steps - self.warmup_steps).max(1) as f64;
        let t = (step - self.warmup_steps) as f64 / length;
        self.floor + (1.0 - self.floor) * 0.5 * (1.0 + (PI * t).cos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    #[test]
    fn the_papers_course_starts_peaks_and_ends_where_it_should() {
        let schedule = Schedule { steps: 20_000, warmup_steps: 2000, floor: 0.05 };
        assert_near(schedule.at(1), 1.0 / 2000.0);
        assert_near(schedule.at(1999), 1999.0 / 2000.0);
        assert_near(schedule.at(2000), 1.0);
        assert_near(schedule.at(11_000), 0.525);
        assert_near(schedule.at(20_000), 0.05);
    }

    #[test]
    fn all_or_no_steps_may_be_warm_up() {
        let all = Schedule { steps: 10, warmup_steps: 10, floor: 0.0 };
        assert_near(all.at(10), 1.0);
        let none = Schedule { steps: 10, warmup_steps: 0, floor: 0.0 };
        assert_near(none.at(10), 0.0);
        assert!(none.at(1) > 0.9);
    }
}
