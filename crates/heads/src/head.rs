//! Which tensor of a model is its output head.

use crate::checkpoint::Checkpoint;
use crate::error::HeadError;

/// Heads of their own.
const HEADS: [&str; 3] = ["lm_head.weight", "embed_out.weight", "output.weight"];
/// Embeddings, which are the head where there is no other (a tied head is not stored twice).
const EMBEDDINGS: [&str; 9] = [
    "model.embed_tokens.weight",
    "model.decoder.embed_tokens.weight",
    "decoder.embed_tokens.weight",
    "transformer.wte.weight",
    "wte.weight",
    "token_embd.weight",
    "embeddings.word_embeddings.weight",
    "word_embeddings.weight",
    "embedding.weight",
];
/// Longer names that end so mean the same, but for those that are also used of other things.
const AMBIGUOUS: [&str; 2] = ["output.weight", "embedding.weight"];

/// The tensor taken for the head, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its name.
    pub name: String,
    /// Why it was taken.
    pub reason: &'static str,
}

/// The head of a model: a tensor with the name of a head, or else of an embedding.
///
/// # Errors
/// [`HeadError`] when there is none; it lists the matrices.
pub fn head(checkpoint: &Checkpoint) -> Result<Head, HeadError> {
    let names = checkpoint.names();
    let found = |known: &[&str]| {
        let exact = known.iter().find_map(|known| names.iter().find(|name| *name == known));
        let longer = |name: &&&str| {
            let ends = |end: &str| name.strip_suffix(end).is_some_and(|start| start.ends_with('.'));
            known.iter().any(|known| !AMBIGUOUS.contains(known) && ends(known))
        };
        exact.or_else(|| names.iter().find(longer)).map(|name| (*name).to_owned())
    };
    let embedding = "the embedding (tied to the head, or there is none)";
    for (known, reason) in [(&HEADS[..], "a head of its own"), (&EMBEDDINGS, embedding)] {
        if let Some(name) = found(known) {
            return Ok(Head { name, reason });
        }
    }
    Err(HeadError::Content(format!(
        "`{}` has no tensor with the name of a head or an embedding; \
         choose one of its matrices with --tensor: {}",
        checkpoint.path().display(),
        checkpoint.matrices(),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{f32s, folder, safetensors};

    fn chosen(names: &[&str]) -> Result<(String, bool), String> {
        let tensors: Vec<_> =
            names.iter().map(|name| (*name, "F32", &[1_usize, 1][..], f32s(&[1.0]))).collect();
        let folder = folder(&[("m.safetensors", &safetensors(&tensors))]);
        let checkpoint = Checkpoint::open(&folder.path().join("m.safetensors")).unwrap();
        head(&checkpoint)
            .map(|h| (h.name, h.reason.starts_with("the embedding")))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn a_head_comes_before_an_embedding_and_a_plain_name_before_a_longer_one() {
        let is = |names: &[&str], name: &str, is_embedding| {
            assert_eq!(chosen(names), Ok((name.to_owned(), is_embedding)));
        };
        is(&["model.embed_tokens.weight", "lm_head.weight"], "lm_head.weight", false);
        is(&["gpt_neox.embed_in.weight", "embed_out.weight"], "embed_out.weight", false);
        is(&["token_embd.weight", "output.weight", "blk.0.x"], "output.weight", false);
        is(&["model.embed_tokens.weight", "model.norm.weight"], "model.embed_tokens.weight", true);
        is(
            &["language_model.lm_head.weight", "wte.weight"],
            "language_model.lm_head.weight",
            false,
        );
        is(
            &["h.0.attention.output.weight", "transformer.wte.weight"],
            "transformer.wte.weight",
            true,
        );
        is(
            &["bert.embeddings.word_embeddings.weight"],
            "bert.embeddings.word_embeddings.weight",
            true,
        );
    }

    #[test]
    fn without_any_of_them_the_matrices_are_listed() {
        let said = chosen(&["layers.0.mlp", "layers.1.mlp"]).unwrap_err();
        assert!(
            said.contains("--tensor") && said.contains("`layers.0.mlp`, `layers.1.mlp`"),
            "{said}"
        );
        let names: Vec<String> = (0..20).map(|k| format!("layer{k:02}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(chosen(&names).unwrap_err().contains("12 more"));
    }
}
