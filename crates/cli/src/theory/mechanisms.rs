//! `superpose theory mechanisms`: mechanisms that give a power law, side by side.

use superpose_laws::mechanisms::Mechanisms;

use super::by_options;
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
    let names = [
        ("spectral_exponent", "--spectral-exponent"),
        ("source_exponent", "--source-exponent"),
        ("model_exponent", "--quanta-exponent"),
        ("n_dimensions", "--dimensions"),
    ];
    let study = mechanisms.study().map_err(by_options(&names))?;
    present(&study, "theory mechanisms", &options.output)
}
