//! Which tensor of a model is its output head.
//!
//! Names say it where they are known (`known`); what else has as many rows as there are tokens says
//! whether an embedding may stand for the head. What cannot be told is asked.

use crate::checkpoint::Checkpoint;
use crate::error::HeadError;
use crate::known::{Meaning, Role, is_outside_layers, meaning};
use crate::matrix::Matrix;
use crate::place::few;
use crate::tensor::Tensor;

/// The tensor taken for the head, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its name.
    pub name: String,
    /// Why it was taken.
    pub reason: String,
}

/// The head of a model: a tensor with the name of a head, or else of an embedding, if nothing else
/// may be the head.
///
/// # Errors
/// [`HeadError`] when there is none, when it may be in a part that is missing, or when several may
/// be meant; it lists them.
pub fn head(checkpoint: &Checkpoint) -> Result<Head, HeadError> {
    let heads = plainest(candidates(checkpoint, Role::Head));
    if let Some(name) = promised_head(checkpoint, &heads) {
        return Err(checkpoint.missing(&name));
    }
    if let Some(name) = one_of(checkpoint, &heads)? {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        if let Some(change) = checkpoint.tensors().find(|t| is_change_of(stem, &t.name)) {
            return Err(asking(
                checkpoint,
                &format!(
                    "has an adapter's change `{}` beside its head `{name}`; merge the adapter first, or measure \
                 the head without it",
                    change.name
                ),
                &[name],
            ));
        }
        return Ok(Head { name: name.to_owned(), reason: "a head of its own".to_owned() });
    }
    let embeddings = plainest(candidates(checkpoint, Role::Embedding));
    match embeddings.is_empty() {
        true => Err(nothing_known(checkpoint)),
        false => embedding(checkpoint, &embeddings),
    }
}

impl Checkpoint {
    /// The matrix called `name`, as a head.
    ///
    /// # Errors
    /// [`HeadError`] when there is none, or when it is no head: see [`Matrix`].
    pub fn matrix(&self, name: &str) -> Result<Matrix, HeadError> {
        match self.tensor(name).and_then(|(_, tensor)| too_short(self, tensor)) {
            Some(problem) => Err(self.unfit(name, &problem)),
            None => self.any_matrix(name),
        }
    }
}

/// Why a tensor has fewer tokens than dimensions, as far as the number of tokens is known.
fn too_short(checkpoint: &Checkpoint, tensor: &Tensor) -> Option<String> {
    let &[n_rows, length] = &tensor.shape[..] else { return None };
    let is_known = || Some(n_rows) == n_tokens(checkpoint);
    (n_rows < length && is_known()).then(|| {
        format!("has {n_rows} tokens of {length} dimensions; a head must have more tokens than dimensions")
    })
}

/// The number of tokens, as the configuration says it, or the embedding if it alone is plain.
fn n_tokens(checkpoint: &Checkpoint) -> Option<usize> {
    let of_embedding = || {
        let embeddings = plainest(candidates(checkpoint, Role::Embedding));
        embeddings.first().map(|embedding| embedding.shape[0])
    };
    checkpoint.config().n_tokens.or_else(of_embedding)
}

/// The embedding, where nothing else may be the head.
fn embedding(checkpoint: &Checkpoint, embeddings: &[&Tensor]) -> Result<Head, HeadError> {
    if checkpoint.config().is_tied == Some(true)
        && let Some(name) = one_of(checkpoint, embeddings)?
    {
        let reason = "the embedding, tied to the head as `config.json` says".to_owned();
        return Ok(Head { name: name.to_owned(), reason });
    }
    if !checkpoint.is_whole() {
        let problem = "is not whole, and its head may be in a part that is missing";
        return Err(asking(checkpoint, problem, &names(embeddings)));
    }
    let Some(name) = one_of(checkpoint, embeddings)? else { return Err(nothing_known(checkpoint)) };
    let embedding = embeddings[0];
    let mut others = Vec::new();
    for other in checkpoint.tensors().filter(|other| may_be_head(embedding, other)) {
        if !checkpoint.are_equal(name, &other.name)? {
            others.push(&*other.name);
        }
    }
    if !others.is_empty() {
        let problem =
            format!("has several matrices with a row for each of {} tokens", embedding.shape[0]);
        return Err(asking(checkpoint, &problem, &[&[name], &others[..]].concat()));
    }
    let untied = checkpoint.config().is_tied == Some(false);
    let reason = if untied {
        "the embedding: `config.json` says that the head is another matrix, which is not here"
            .to_owned()
    } else {
        format!("the embedding, as no other matrix has its {} rows", embedding.shape[0])
    };
    Ok(Head { name: name.to_owned(), reason })
}

/// Whether another matrix may be the head beside this embedding: it has a row or a column for each
/// token, is in no layer and is not known to be another embedding.
fn may_be_head(embedding: &Tensor, other: &Tensor) -> bool {
    let &[n_rows, length] = &other.shape[..] else { return false };
    let n_tokens = embedding.shape[0];
    let is_embedding = meaning(&other.name).is_some_and(|known| known.role == Role::Embedding);
    // An encoder's embedding, or one of another width that is looked up in every layer.
    let is_known = is_embedding && meaning(&other.name).map(|m| m.n_strange) > Some(0)
        || other.name.contains("embed") && !embedding.shape.contains(&n_rows.min(length));
    other.name != embedding.name
        && (n_rows == n_tokens || length == n_tokens)
        && is_outside_layers(&other.name)
        && !is_known
        && !is_companion(&other.name)
}

/// Whether a tensor only says how the numbers of the one beside it are packed.
fn is_companion(name: &str) -> bool {
    const ENDS: [&str; 8] = [
        "scales",
        "biases",
        "zeros",
        "qzeros",
        "weight_scale",
        "weight_scale_inv",
        "absmax",
        "weight_zero_point",
    ];
    name.rsplit('.').next().is_some_and(|end| ENDS.contains(&end))
}

/// The matrices with a name of this role. A doubtful name of a head counts where it has a row or a
/// column for each token of an embedding.
fn candidates(checkpoint: &Checkpoint, role: Role) -> Vec<(Meaning, &Tensor)> {
    let matrices = || {
        let matrices = checkpoint.tensors().filter(|tensor| tensor.shape.len() == 2);
        matrices.filter_map(|tensor| Some((meaning(&tensor.name)?, tensor)))
    };
    let embeddings = || matrices().filter(|(known, _)| known.role == Role::Embedding);
    let is_of_tokens = |tensor: &Tensor| {
        embeddings().any(|(_, embedding)| tensor.shape.contains(&embedding.shape[0]))
    };
    let is_believed = |known: Meaning, tensor| {
        known.role == Role::Embedding || !known.is_doubtful || is_of_tokens(tensor)
    };
    let of_role = matrices().filter(|(known, _)| known.role == role);
    of_role.filter(|(known, tensor)| is_believed(*known, tensor)).collect()
}

/// How plain a name is: the less, the plainer.
fn plainness(known: Meaning) -> (usize, bool) {
    (known.n_strange, known.is_doubtful)
}

/// Those with the plainest names.
fn plainest(candidates: Vec<(Meaning, &Tensor)>) -> Vec<&Tensor> {
    let best = candidates.iter().map(|(known, _)| plainness(*known)).min();
    let is_best = |known: Meaning| Some(plainness(known)) == best;
    candidates.into_iter().filter(|(known, _)| is_best(*known)).map(|(_, tensor)| tensor).collect()
}

/// A head that an index promises and no file has, if its name is as plain as those found.
fn promised_head(checkpoint: &Checkpoint, found: &[&Tensor]) -> Option<String> {
    let found = found.first().and_then(|head| meaning(&head.name)).map(plainness);
    let promised = checkpoint.promised().keys().filter_map(|name| Some((meaning(name)?, name)));
    let heads = promised.filter(|(known, _)| known.role == Role::Head && !known.is_doubtful);
    let (known, name) = heads.min_by_key(|(known, _)| plainness(*known))?;
    found.is_none_or(|found| plainness(known) <= found).then(|| name.clone())
}

/// The one tensor that is meant: the first, if all others hold the same numbers.
fn one_of<'a>(
    checkpoint: &Checkpoint,
    tensors: &[&'a Tensor],
) -> Result<Option<&'a str>, HeadError> {
    let Some((first, others)) = tensors.split_first() else { return Ok(None) };
    for other in others {
        if !checkpoint.are_equal(&first.name, &other.name)? {
            let problem = "has several matrices that may be its head";
            return Err(asking(checkpoint, problem, &names(tensors)));
        }
    }
    Ok(Some(&first.name))
}

/// Whether a tensor is what an adapter changes a module by.
fn is_change_of(stem: &str, name: &str) -> bool {
    let stem = stem.trim_end_matches(".base_layer");
    name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(".lora_"))
}

fn names<'a>(tensors: &[&'a Tensor]) -> Vec<&'a str> {
    tensors.iter().map(|tensor| &*tensor.name).collect()
}

/// Asks which of some matrices is meant.
fn asking(checkpoint: &Checkpoint, problem: &str, names: &[&str]) -> HeadError {
    let names = few(names.iter().map(|name| (*name).to_owned()));
    let path = checkpoint.path().display();
    HeadError::Content(format!("`{path}` {problem}; choose with --tensor: {names}"))
}

/// Why there is no head at all.
fn nothing_known(checkpoint: &Checkpoint) -> HeadError {
    let path = checkpoint.path().display();
    let mut changes = checkpoint.tensors().filter(|tensor| tensor.name.contains(".lora_"));
    HeadError::Content(match changes.next() {
        Some(change) => format!(
            "`{path}` is an adapter: it has the changes of a model's matrices, as `{}`, and not these; \
             measure the model that it was merged into, or choose a matrix with --tensor",
            change.name
        ),
        None if checkpoint.tensors().next().is_none() => format!("`{path}` holds no tensors"),
        None if checkpoint.is_whole() => format!(
            "`{path}` has no tensor with the name of a head or an embedding; \
             choose one of its matrices with --tensor: {}",
            checkpoint.matrices(),
        ),
        None => format!(
            "`{path}` is not whole, and what is here has no tensor with the name of a head or an embedding; \
             its matrices are {}",
            checkpoint.matrices(),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{f32s, folder, safetensors};

    /// Tensors: a name, a shape, and the number that fills it.
    type Tensors<'a> = &'a [(&'a str, &'a [usize], f32)];

    /// What is chosen of these tensors in a folder with this configuration.
    fn chosen_with(config: &str, tensors: Tensors<'_>) -> Result<(String, String), String> {
        let filled: Vec<_> = tensors
            .iter()
            .map(|(name, shape, value)| {
                (*name, "F32", *shape, f32s(&vec![*value; shape.iter().product()]))
            })
            .collect();
        let files =
            [("model.safetensors", &safetensors(&filled)[..]), ("config.json", config.as_bytes())];
        let folder = folder(&files);
        let checkpoint = Checkpoint::open(folder.path()).unwrap();
        head(&checkpoint).map(|h| (h.name, h.reason)).map_err(|e| e.to_string())
    }

    fn chosen(tensors: Tensors<'_>) -> Result<(String, String), String> {
        chosen_with("{}", tensors)
    }

    fn is(tensors: Tensors<'_>, name: &str, reason: &str) {
        let (chosen, why) = chosen(tensors).unwrap();
        assert!(chosen == name && why.starts_with(reason), "{name}: {chosen}, {why}");
    }

    const V: &[usize] = &[6, 2];
    const OWN: &str = "a head of its own";
    const EMBEDDING: &str = "the embedding, as no other matrix has its 6 rows";

    #[test]
    fn two_embeddings_of_plain_names_are_asked_about_unless_they_are_the_same() {
        let two =
            |other| [("model.embed_tokens.weight", V, 1.0), ("transformer.wte.weight", V, other)];
        let said = chosen(&two(2.0)).unwrap_err();
        assert!(said.contains("transformer.wte.weight"), "{said}");
        is(&two(1.0), "model.embed_tokens.weight", "the embedding");
    }

    #[test]
    fn a_head_comes_before_an_embedding_and_a_plain_name_before_a_longer_one() {
        is(
            &[("model.embed_tokens.weight", V, 1.0), ("lm_head.weight", V, 2.0)],
            "lm_head.weight",
            OWN,
        );
        is(
            &[("gpt_neox.embed_in.weight", V, 1.0), ("embed_out.weight", V, 2.0)],
            "embed_out.weight",
            OWN,
        );
        is(&[("token_embd.weight", V, 1.0), ("output.weight", V, 2.0)], "output.weight", OWN);
        is(&[("output.weight", V, 2.0)], "output.weight", OWN);
        is(&[("emb.weight", V, 1.0), ("head.weight", V, 2.0)], "head.weight", OWN);
        is(
            &[("language_model.lm_head.weight", V, 1.0), ("wte.weight", V, 2.0)],
            "language_model.lm_head.weight",
            OWN,
        );
        is(&[("a.lm_head.weight", V, 1.0), ("lm_head.weight", V, 2.0)], "lm_head.weight", OWN);
        is(
            &[("model.layers.9.shared_head.head.weight", V, 1.0), ("lm_head.weight", V, 2.0)],
            "lm_head.weight",
            OWN,
        );
        is(&[("embed.W_E", V, 1.0), ("unembed.W_U", &[2, 6], 2.0)], "unembed.W_U", OWN);
    }

    #[test]
    fn a_doubtful_name_counts_where_it_has_the_number_of_tokens() {
        let wte = ("model.transformer.wte.weight", V, 1.0);
        let inner = ("model.transformer.blocks.0.ff_out.weight", V, 3.0);
        let ff_out = ("model.transformer.ff_out.weight", V, 2.0);
        is(&[inner, ff_out, wte], ff_out.0, OWN);
        is(&[("encoder.weight", V, 1.0), ("decoder.weight", V, 2.0)], "decoder.weight", OWN);
        is(
            &[("decoder.token_embedding.weight", V, 1.0), ("proj_out.weight", V, 2.0)],
            "proj_out.weight",
            OWN,
        );
        is(&[wte, ("classifier.weight", &[3, 2], 2.0)], wte.0, EMBEDDING);
        assert!(
            chosen(&[("proj_out.weight", V, 1.0)]).unwrap_err().contains("no tensor with the name")
        );
    }

    #[test]
    fn an_embedding_is_the_head_where_nothing_else_may_be() {
        let embedding = ("model.embed_tokens.weight", V, 1.0);
        is(&[embedding, ("model.norm.weight", &[2], 2.0)], embedding.0, EMBEDDING);
        is(&[embedding, ("h.0.attention.output.weight", V, 2.0)], embedding.0, EMBEDDING);
        is(&[embedding, ("wpe.weight", &[5, 2], 2.0)], embedding.0, EMBEDDING);
        is(&[embedding, ("embed_tokens_per_layer.weight", &[6, 4], 2.0)], embedding.0, EMBEDDING);
        is(&[embedding, ("encoder.embed_tokens.weight", V, 2.0)], embedding.0, EMBEDDING);
        is(&[embedding, ("strange.weight", V, 1.0)], embedding.0, EMBEDDING);
        is(&[embedding, ("model.embed_tokens.scales", &[6, 1], 2.0)], embedding.0, EMBEDDING);
        is(
            &[("bert.embeddings.word_embeddings.weight", V, 1.0)],
            "bert.embeddings.word_embeddings.weight",
            EMBEDDING,
        );
        is(&[("encoder.embed_tokens.weight", V, 1.0)], "encoder.embed_tokens.weight", EMBEDDING);
        let shared = ("shared.weight", V, 1.0);
        is(&[shared, ("encoder.embed_tokens.weight", V, 1.0)], shared.0, EMBEDDING);
        is(
            &[shared, ("decoder.embed_tokens.weight", V, 1.0)],
            "decoder.embed_tokens.weight",
            EMBEDDING,
        );
    }

    #[test]
    fn what_cannot_be_told_is_asked() {
        let embedding = ("model.embed_tokens.weight", V, 1.0);
        let ask = |tensors: Tensors<'_>, part: &str| {
            let said = chosen(tensors).unwrap_err();
            assert!(said.contains(part) && said.contains("--tensor"), "{said}");
        };
        let several = "has several matrices with a row for each of 6 tokens; choose with --tensor: \
                       `model.embed_tokens.weight`, `strange.weight`";
        ask(&[embedding, ("strange.weight", V, 2.0)], several);
        ask(&[embedding, ("strange.weight", &[2, 6], 1.0)], several);
        ask(&[embedding, ("strange.weight", &[6, 4], 1.0)], several);
        let heads = "has several matrices that may be its head; choose with --tensor: `lm_head.weight`, `model.lm_head.weight`";
        ask(&[embedding, ("lm_head.weight", V, 1.0), ("model.lm_head.weight", V, 2.0)], heads);
        is(&[("lm_head.weight", V, 2.0), ("model.lm_head.weight", V, 2.0)], "lm_head.weight", OWN);
        ask(
            &[embedding, ("wte.weight", V, 2.0)],
            "that may be its head; choose with --tensor: `model.embed_tokens.weight`, `wte.weight`",
        );
        let adapter = [("base_model.model.lm_head.lora_A.weight", &[1, 2][..], 1.0)];
        ask(&adapter, "is an adapter: it has the changes");
        let merged = "has an adapter's change `lm_head.lora_A.default.weight` beside its head";
        ask(
            &[
                ("lm_head.base_layer.weight", V, 1.0),
                ("lm_head.lora_A.default.weight", &[1, 2], 1.0),
            ],
            merged,
        );
        ask(
            &[("layers.0.mlp", V, 1.0), ("layers.1.mlp", V, 1.0)],
            "`layers.0.mlp`, `layers.1.mlp`",
        );
        let names: Vec<String> = (0..20).map(|k| format!("layer{k:02}")).collect();
        let many: Vec<_> = names.iter().map(|name| (&**name, V, 1.0)).collect();
        ask(&many, "12 more (--list)");
        assert!(chosen(&[]).unwrap_err().ends_with("holds no tensors"));
    }

    #[test]
    fn a_configuration_says_that_the_embedding_is_the_head_or_is_not() {
        let tensors: Tensors<'_> = &[("wte.weight", V, 1.0), ("strange.weight", V, 2.0)];
        let tied = chosen_with(r#"{"tie_word_embeddings": true}"#, tensors).unwrap();
        assert_eq!(
            tied,
            (
                "wte.weight".to_owned(),
                "the embedding, tied to the head as `config.json` says".to_owned()
            )
        );
        assert!(chosen_with(r#"{"tie_word_embeddings": false}"#, tensors).is_err());
        let untied = chosen_with(r#"{"tie_word_embeddings": false}"#, &tensors[..1]).unwrap();
        assert!(
            untied.1.ends_with("says that the head is another matrix, which is not here"),
            "{untied:?}"
        );
    }

    #[test]
    fn of_a_model_that_is_not_whole_the_head_alone_is_taken() {
        let part = |name: &str| safetensors(&[(name, "F32", V, f32s(&[1.0; 12]))]);
        let (embedding, head_part) = (part("model.embed_tokens.weight"), part("lm_head.weight"));
        let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
        let of = |files: &[(&str, &[u8])]| {
            let folder = folder(files);
            head(&Checkpoint::open(folder.path()).unwrap())
                .map(|h| h.name)
                .map_err(|e| e.to_string())
        };
        assert_eq!(
            of(&[(names[0], &embedding), (names[1], &head_part)]).unwrap(),
            "lm_head.weight"
        );
        assert_eq!(of(&[(names[1], &head_part)]).unwrap(), "lm_head.weight");
        let said = of(&[(names[0], &embedding)]).unwrap_err();
        assert!(
            said.contains("is not whole, and its head may be in a part that is missing"),
            "{said}"
        );
        let tied =
            of(&[(names[0], &embedding), ("config.json", br#"{"tie_word_embeddings": true}"#)]);
        assert_eq!(tied.unwrap(), "model.embed_tokens.weight");
        let said = of(&[(names[1], &part("norm"))]).unwrap_err();
        assert!(
            said.contains("is not whole, and what is here has no tensor with the name"),
            "{said}"
        );
        let index = r#"{"weight_map": {"model.embed_tokens.weight": "model-00001-of-00002.safetensors",
                        "lm_head.weight": "model-00002-of-00002.safetensors"}}"#;
        let index = ("model.safetensors.index.json", index.as_bytes());
        let said = of(&[(names[0], &embedding), index]).unwrap_err();
        assert!(
            said.contains("`lm_head.weight` of")
                && said.contains("is in `model-00002-of-00002.safetensors`"),
            "{said}"
        );
        assert_eq!(of(&[(names[1], &head_part), index]).unwrap(), "lm_head.weight");
    }
}
