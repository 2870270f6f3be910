//! `superpose theory as-published`: five published snippets, and what is wrong with them.

use superpose_laws::as_published::Question;

use crate::args::theory::AsPublishedOptions;
use crate::study::present;

pub(super) fn as_published(options: &AsPublishedOptions) -> anyhow::Result<()> {
    let question = Question {
        n_parameters: options.parameters,
        n_tokens: options.tokens,
        redundancy: options.redundancy,
        dimension: options.dimension,
        d_hidden: options.width.get(),
        n_context: options.context,
        complexity: options.complexity,
        target_loss: options.target_loss,
        compute: options.compute,
    };
    present(&question.study(), "theory as-published", &options.output)
}
