//! What the name of a tensor says: whether it is a head or an embedding of tokens, and how plainly.
//!
//! Names are taken apart at dots and slashes. What training and adapters wrap around a module is
//! passed over. A matrix in a numbered layer is neither, whatever it is called: a layer that predicts
//! further tokens has a head and an embedding of its own.

/// What a matrix is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It makes the logits of tokens.
    Head,
    /// It holds a vector for each token that is read.
    Embedding,
}

/// What a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// What the matrix is for.
    pub(crate) role: Role,
    /// Parts before the known name that are no usual name of a model: the fewer, the plainer.
    pub(crate) n_strange: usize,
    /// Whether the name is also used of other things, so that the number of tokens must tell.
    pub(crate) is_doubtful: bool,
}

/// Names of a head, with its module.
const HEADS: [&str; 17] = [
    "lm_head",
    "lm_head.linear",
    "lm_head.decoder",
    "embed_out",
    "output_layer",
    "cls.predictions.decoder",
    "predictions.decoder",
    "vocab_projector",
    "generator_lm_head",
    "lm_loss",
    "pred_layer.proj",
    "output_projection",
    "unembed",
    "unembedding",
    "to_logits",
    "logits_dense",
    "final_linear",
];
/// Names of a head that other matrices have, too: of the model itself, and not of a module in it.
const SHORT_HEADS: [&str; 2] = ["output", "head"];
/// The same, of which only the number of tokens tells what they are.
const DOUBTFUL_HEADS: [&str; 5] = ["decoder", "proj_out", "logits", "ff_out", "classifier"];
/// Names of an embedding of tokens.
const EMBEDDINGS: [&str; 15] = [
    "embed_tokens",
    "wte",
    "token_embd",
    "tok_embeddings",
    "tok_embedding",
    "tok_emb",
    "word_embeddings",
    "word_embedding",
    "token_embedding",
    "token_embeddings",
    "tokens_embed",
    "embed_in",
    "input_embedding",
    "in_out_embed",
    "word_embedder",
];
/// Names of an embedding that other matrices have, too.
const SHORT_EMBEDDINGS: [&str; 8] =
    ["embedding", "embeddings", "embedder", "embed", "emb", "shared", "encoder", "w"];
/// Last parts of a name: what a module calls its matrix.
const LEAVES: [&str; 6] = ["weight", "kernel", "embedding", "qweight", "weight_packed", "w"];
/// The matrices of `TransformerLens`, with or without their module.
const LETTERS: [(&str, Role); 2] = [("W_U", Role::Head), ("W_E", Role::Embedding)];
/// What is wrapped around a module without changing it.
const WRAPPERS: [&str; 7] = [
    "_orig_mod",
    "_fsdp_wrapped_module",
    "_checkpoint_wrapped_module",
    "base_layer",
    "modules_to_save",
    "original_module",
    "default",
];
/// What the whole model, or the part of it that speaks, is called.
const MODELS: [&str; 36] = [
    "model",
    "module",
    "base_model",
    "transformer",
    "language_model",
    "text_model",
    "text_decoder",
    "decoder",
    "thinker",
    "backbone",
    "gpt_neox",
    "gpt2",
    "gpt",
    "llama",
    "llm",
    "lm",
    "opt",
    "rwkv",
    "mamba",
    "bert",
    "roberta",
    "xlm_roberta",
    "electra",
    "albert",
    "distilbert",
    "deberta",
    "esm",
    "net",
    "network",
    "params",
    "state_dict",
    "generator",
    "embeddings",
    "embedding",
    "embedder",
    "embd",
];
/// Modules that predict tokens beyond the next, with matrices of their own.
const PREDICTORS: [&str; 5] = ["mtp", "mtp_layers", "nextn", "medusa", "eagle"];
/// Before a number in the name of a whole model that is a sequence of modules.
const SEQUENCES: [&str; 2] = ["sequential", "models"];
/// What layers are called where their number is joined to it.
const LAYERS: [&str; 5] = ["layer", "layers", "block", "blocks", "h"];

/// What a tensor of this name is; `None` for all others.
pub(crate) fn meaning(name: &str) -> Option<Meaning> {
    let parts = parts(name);
    if is_in_layer(&parts) {
        return None;
    }
    let (last, before) = parts.split_last()?;
    if let Some((_, role)) = LETTERS.iter().find(|(letters, _)| letters == last) {
        return Some(Meaning { role: *role, n_strange: 0, is_doubtful: false });
    }
    let stems = [Some(&parts[..]), LEAVES.contains(last).then_some(before)];
    let lists = [
        (Role::Head, &HEADS[..], true, false),
        (Role::Embedding, &EMBEDDINGS, true, false),
        (Role::Head, &SHORT_HEADS, false, false),
        (Role::Head, &DOUBTFUL_HEADS, false, true),
        (Role::Embedding, &SHORT_EMBEDDINGS, false, true),
    ];
    let meanings = stems.into_iter().flatten().flat_map(|stem| {
        lists.into_iter().filter_map(move |(role, known, may_be_deep, is_doubtful)| {
            let strange = known.iter().filter_map(|known| strange_before(stem, known));
            let n_strange = strange.min().filter(|n| may_be_deep || *n == 0)?;
            Some(Meaning { role, n_strange, is_doubtful })
        })
    });
    meanings.min_by_key(|meaning| (meaning.n_strange, meaning.is_doubtful))
}

/// Whether a tensor belongs to the model as a whole and to none of its numbered layers.
pub(crate) fn is_outside_layers(name: &str) -> bool {
    !is_in_layer(&parts(name))
}

/// The parts of a name without what is wrapped around modules.
fn parts(name: &str) -> Vec<&str> {
    let name = name.strip_suffix(":0").unwrap_or(name);
    name.split(['.', '/']).filter(|part| !WRAPPERS.contains(part)).collect()
}

fn is_in_layer(parts: &[&str]) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let is_numbered = |part: &str| {
        part.rsplit_once('_').is_some_and(|(name, n)| LAYERS.contains(&name) && is_number(n))
    };
    parts.iter().enumerate().any(|(k, part)| {
        let is_sequence = k.checked_sub(1).is_some_and(|k| SEQUENCES.contains(&parts[k]));
        is_number(part) && !is_sequence || is_numbered(part) || PREDICTORS.contains(part)
    })
}

/// How many parts before `known` are no name of a model, if a name ends in it.
fn strange_before(stem: &[&str], known: &str) -> Option<usize> {
    let known: Vec<&str> = known.split('.').collect();
    let before = stem.strip_suffix(&known[..])?;
    Some(before.iter().filter(|part| !MODELS.contains(part)).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str) -> String {
        meaning(name).map_or("neither".to_owned(), |meaning| {
            let Meaning { role, n_strange, is_doubtful } = meaning;
            format!("{role:?} {n_strange}{}", if is_doubtful { " doubtful" } else { "" })
        })
    }

    #[test]
    fn heads_and_embeddings_have_the_names_that_models_give_them() {
        for (name, expected) in [
            ("lm_head.weight", "Head 0"),
            ("lm_head", "Head 0"),
            ("lm_head.kernel", "Head 0"),
            ("lm_head.qweight", "Head 0"),
            ("language_model.lm_head.weight", "Head 0"),
            ("thinker.lm_head.weight", "Head 0"),
            ("talker.lm_head.weight", "Head 1"),
            ("module._orig_mod.lm_head.weight", "Head 0"),
            ("_fsdp_wrapped_module.model.lm_head.weight", "Head 0"),
            ("base_model.model.lm_head.weight", "Head 0"),
            ("base_model.model.lm_head.modules_to_save.default.weight", "Head 0"),
            ("lm_head.base_layer.weight", "Head 0"),
            ("lm_head.linear.weight", "Head 0"),
            ("lm_head.decoder.weight", "Head 0"),
            ("cls.predictions.decoder.weight", "Head 0"),
            ("qformer.cls.predictions.decoder.weight", "Head 1"),
            ("predictions.decoder.weight", "Head 0"),
            ("vocab_projector.weight", "Head 0"),
            ("generator_lm_head.weight", "Head 0"),
            ("pred_layer.proj.weight", "Head 0"),
            ("embed_out.weight", "Head 0"),
            ("decoder.output_projection.weight", "Head 0"),
            ("language_model.output_layer.weight", "Head 0"),
            ("unembed.W_U", "Head 0"),
            ("W_U", "Head 0"),
            ("output.weight", "Head 0"),
            ("language_model.output.weight", "Head 0"),
            ("head.weight", "Head 0"),
            ("sequential.47.final_linear.weight", "Head 2"),
            ("model.transformer.ff_out.weight", "Head 0 doubtful"),
            ("proj_out.weight", "Head 0 doubtful"),
            ("decoder.weight", "Head 0 doubtful"),
            ("model.embed_tokens.weight", "Embedding 0"),
            ("model.decoder.embed_tokens.weight", "Embedding 0"),
            ("encoder.embed_tokens.weight", "Embedding 1"),
            ("model.language_model.embed_tokens.weight", "Embedding 0"),
            ("transformer.wte.weight", "Embedding 0"),
            ("transformer.embd.wte.weight", "Embedding 0"),
            ("transformer/wte", "Embedding 0"),
            ("model/wte:0", "Embedding 0"),
            ("token_embd.weight", "Embedding 0"),
            ("tok_embeddings.weight", "Embedding 0"),
            ("bert.embeddings.word_embeddings.weight", "Embedding 0"),
            ("text_model.embeddings.token_embedding.weight", "Embedding 0"),
            ("params.transformer.embedder.input_embedding", "Embedding 0"),
            ("gpt_neox.embed_in.weight", "Embedding 0"),
            ("embed.W_E", "Embedding 0"),
            ("shared.weight", "Embedding 0 doubtful"),
            ("model.shared.embedding", "Embedding 0 doubtful"),
            ("backbone.embedding.weight", "Embedding 0 doubtful"),
            ("backbone.embeddings.weight", "Embedding 0 doubtful"),
            ("emb.weight", "Embedding 0 doubtful"),
            ("encoder.weight", "Embedding 0 doubtful"),
        ] {
            assert_eq!(said(name), expected, "{name}");
        }
    }

    #[test]
    fn other_matrices_have_no_meaning() {
        for name in [
            "model.layers.61.shared_head.head.weight",
            "model.layers.61.embed_tokens.weight",
            "blk.61.nextn.embed_tokens.weight",
            "mtp.lm_head.weight",
            "params/layers_3/lm_head/kernel",
            "model.transformer.blocks.0.ff_out.weight",
            "h.0.attention.output.weight",
            "attention.output.weight",
            "vision.head.weight",
            "visual.embedding.weight",
            "transformer.wpe.weight",
            "bert.embeddings.position_embeddings.weight",
            "model.decoder.project_out.weight",
            "per_layer_token_embd.weight",
            "embed_tokens_per_layer.weight",
            "lm_head.lora_A.weight",
            "lm_head.bias",
            "lm_head.scales",
            "cls.predictions.transform.dense.weight",
            "weight",
            "",
        ] {
            assert_eq!(said(name), "neither", "{name}");
        }
        assert!(is_outside_layers("strange.matrix") && is_outside_layers("tower_3.matrix"));
        assert!(!is_outside_layers("h.3.w") && !is_outside_layers("block_12.w"));
    }
}
