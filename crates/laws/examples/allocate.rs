//! How three published laws would spend the compute of Chinchilla, and what a loss of 1.95 would take by each:
//! `cargo run --release -p superpose-laws --example allocate`.

#![allow(clippy::print_stdout, reason = "an example shows what it has made")]

use superpose_laws::chinchilla::allocate::{Goal, KnownLaw};
use superpose_laws::chinchilla::law::Allocation;
use superpose_laws::error::LawError;

/// Operations: 70e9 parameters, 1.4e12 tokens.
const COMPUTE: f64 = 5.88e23;
const LOSS: f64 = 1.95;

fn main() -> Result<(), LawError> {
    println!("{:<34} {:>8} {:>8} {:>4} {:>6}", "law", "N", "D", "D/N", "loss");
    for goal in [Goal::Compute(COMPUTE), Goal::Loss { loss: LOSS, budget: None }] {
        match goal {
            Goal::Compute(compute) => println!("for {compute:.2e} operations"),
            Goal::Loss { loss, .. } => println!("for a loss of {loss}"),
        }
        for (law, best) in spent(goal)? {
            let Allocation { parameters, tokens, loss, .. } = best;
            let ratio = tokens / parameters;
            println!("{law:<34} {parameters:>8.2e} {tokens:>8.2e} {ratio:>4.0} {loss:>6.3}");
        }
    }
    Ok(())
}

/// The best way to a goal by each law.
fn spent(goal: Goal) -> Result<Vec<(String, Allocation)>, LawError> {
    let spend = |known: KnownLaw| Ok((known.name.clone(), known.spend(goal).found?));
    KnownLaw::published().into_iter().map(spend).collect()
}

#[cfg(test)]
#[test]
fn one_law_alone_agrees_with_what_chinchilla_did() {
    let found = spent(Goal::Compute(COMPUTE)).unwrap();
    let ratios: Vec<f64> = found.iter().map(|(_, best)| best.tokens / best.parameters).collect();
    // Chinchilla had 20 tokens a parameter. What its paper printed says otherwise (Besiroglu et al. 2024).
    assert!(ratios[0] > 40.0 && (15.0..25.0).contains(&ratios[2]), "{ratios:?}");
}
