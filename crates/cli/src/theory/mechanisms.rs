//! `superpose theory mechanisms`: mechanisms that give a power law, side by side.

use superpose_laws::mechanisms::Mechanisms;

use crate::args::theory::MechanismsOptions;
use crate::study::present;

pub(super) fn mechanisms(options: &MechanismsOptions) -> anyhow::Result<()> {
    let mechanisms = Mechanisms {
        spectral_exponent: options.spectral_exponent,
        source_exponent: options.source_exponent,
        quanta_exponent: options.quanta_exponent,
        n_dimensions: options.dimensions,
        seed: options.seed,
    };
    present(&mechanisms.study()?, "theory mechanisms", &options.output)
}
