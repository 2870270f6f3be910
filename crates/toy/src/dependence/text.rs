//! Words as they stand together in a text.

use std::collections::HashMap;

use super::{Draw, by_feature, unit, word};
use crate::frequency::FeatureProbabilities;
use crate::sampler::SparseBatch;

/// The purpose of the random numbers that choose windows, and of those that give values.
const WINDOWS: u32 = 1;
const VALUES: u32 = 2;
/// What stands for a word that is no feature.
const OTHER: u32 = u32::MAX;

/// The windows of a text: some words in a row each, beginning at every word that has so many after it.
/// A sample is one of them, each as likely as the other, and has the words in it as features, however
/// often they stand there. A word is a run of letters, digits and apostrophes, and small and capital
/// letters are one. Features are the words that occur most often; those that occur equally often are in
/// the order in which they first occur.
#[derive(Debug, Clone, PartialEq)]
pub struct Windows {
    /// The text as features.
    words: Vec<u32>,
    window: usize,
    probabilities: FeatureProbabilities,
}

impl Windows {
    /// Windows of `window` words over the `n_features` most frequent words of `text`.
    ///
    /// # Errors
    /// What is wrong with the text, as the end of a sentence.
    pub(crate) fn new(text: &str, n_features: usize, window: usize) -> Result<Self, String> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut counts: Vec<(usize, usize)> = Vec::new();
        let is_letter = |c: char| c.is_alphanumeric() || c == '\'' || c == '’';
        let mut words: Vec<usize> = Vec::new();
        for part in
            text.split(|c| !is_letter(c)).filter(|part| part.chars().any(char::is_alphanumeric))
        {
            let next = counts.len();
            let place = *places.entry(part.to_lowercase()).or_insert(next);
            if place == next {
                counts.push((0, next));
            }
            counts[place].0 += 1;
            words.push(place);
        }
        if counts.len() < n_features {
            let n = counts.len();
            return Err(format!(
                "has {n} different words, and `model.n_features` asks for {n_features}"
            ));
        }
        if words.len() < window {
            let n = words.len();
            return Err(format!("has {n} words, and `data.dependence.window` asks for {window}"));
        }
        counts.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut features = vec![OTHER; counts.len()];
        for (feature, (_, place)) in counts.iter().take(n_features).enumerate() {
            features[*place] = word(feature);
        }
        let words: Vec<u32> = words.into_iter().map(|place| features[place]).collect();
        let probabilities = probabilities(&words, n_features, window);
        Ok(Self { words, window, probabilities })
    }

    /// The share of windows that each feature is in.
    pub fn probabilities(&self) -> &FeatureProbabilities {
        &self.probabilities
    }

    pub(super) fn batch(&self, draw: &Draw) -> SparseBatch {
        let n_windows = (self.words.len() - self.window + 1) as f64;
        let mut active = Vec::with_capacity(self.window * draw.batch_size as usize);
        let mut features: Vec<u32> = Vec::with_capacity(self.window);
        for sample in 0..draw.batch_size {
            let words = draw.words(WINDOWS, 0, sample);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "from 0 to the number of windows"
            )]
            let start = ((1.0 - unit(words[0], words[1])) * n_windows) as usize;
            features.clear();
            let of_window = &self.words[start..start + self.window];
            features.extend(of_window.iter().filter(|feature| **feature != OTHER));
            features.sort_unstable();
            features.dedup();
            active.extend(features.iter().map(|&feature| {
                draw.active(sample, feature, draw.words(VALUES, feature, sample)[0])
            }));
        }
        by_feature(&active, self.probabilities.as_slice().len())
    }
}

/// The share of the windows that each feature is in.
fn probabilities(words: &[u32], n_features: usize, window: usize) -> FeatureProbabilities {
    let n_windows = words.len() - window + 1;
    // Windows before this one have been counted for the feature.
    let mut counted = vec![0_usize; n_features];
    let mut counts = vec![0_usize; n_features];
    for (at, &feature) in words.iter().enumerate().filter(|(_, feature)| **feature != OTHER) {
        let feature = feature as usize;
        let from = (at + 1).saturating_sub(window).max(counted[feature]);
        let end = (at + 1).min(n_windows);
        counts[feature] += end.saturating_sub(from);
        counted[feature] = end.max(counted[feature]);
    }
    let share = |count: usize| count as f64 / n_windows as f64;
    FeatureProbabilities::counted(counts.into_iter().map(share).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_by_windows_that_have_them() {
        // a b a c b d: windows of three are aba, bac, acb, cbd.
        let windows = Windows::new("A b: a—c b, d!", 3, 3).unwrap();
        assert_eq!(windows.words, [0, 1, 0, 2, 1, OTHER]);
        assert_eq!(windows.probabilities().as_slice(), [0.75, 1.0, 0.75]);
        let all = Windows::new("a b a c b d", 4, 6).unwrap();
        assert_eq!(all.probabilities().as_slice(), [1.0; 4]);
        let single = Windows::new("a b a c b d", 4, 1).unwrap();
        let thirds: Vec<f64> = [2.0, 2.0, 1.0, 1.0].iter().map(|n| n / 6.0).collect();
        assert_eq!(single.probabilities().as_slice(), thirds);
        assert_eq!(
            Windows::new("Isn't it? isn't", 2, 1).unwrap().words,
            [0, 1, 0],
            "an apostrophe is a letter"
        );
        assert_eq!(Windows::new("a ''b'' ' a", 2, 1).unwrap().words.len(), 3, "but no word");
    }

    #[test]
    fn a_text_that_is_too_short_says_so() {
        let said = |n, window| Windows::new("one two two", n, window).unwrap_err();
        assert_eq!(said(3, 1), "has 2 different words, and `model.n_features` asks for 3");
        assert_eq!(said(2, 4), "has 3 words, and `data.dependence.window` asks for 4");
        assert!(Windows::new("", 1, 1).is_err());
    }
}
