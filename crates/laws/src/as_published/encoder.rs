//! The source page's superposition encoder, in single precision as torch has it.
//!
//! The snippet takes its weights at random; here they are an argument, one row a feature, because
//! nothing in this crate draws.

use super::refused::{
    AsPublishedError, Domain, FINITE, NOT_NEGATIVE, POSITIVE, PublishedBehaviour, check,
};

/// The representations `x W` that the snippet documents and does not return.
///
/// **Shapes**: `features` is `[batch, n_features]`, `weights` is `[n_features, d_hidden]`, the
/// answer is `[batch, d_hidden]`.
///
/// # Errors
/// [`AsPublishedError`] without rows, for a row that does not fit the weights, and for one whose
/// representation has no finite sum.
pub fn representation(
    features: &[Vec<f32>],
    weights: &[Vec<f32>],
) -> Result<Vec<Vec<f32>>, AsPublishedError> {
    if features.is_empty() {
        return Err(empty_batch(PublishedBehaviour::ReturnsNothing));
    }
    let d_hidden = weights.first().map_or(0, Vec::len);
    check_widths("weights", weights, d_hidden)?;
    check_widths("features", features, weights.len())?;
    let hidden = |x: &[f32], j: usize| x.iter().zip(weights).map(|(x, w)| x * w[j]).sum::<f32>();
    let rows: Vec<Vec<f32>> =
        features.iter().map(|x| (0..d_hidden).map(|j| hidden(x, j)).collect()).collect();
    let sums = rows.iter().map(|values| f64::from(values.iter().sum::<f32>()));
    let returns = |value| PublishedBehaviour::of("representation sum", Ok(value));
    check_rows(sums, "representation sum", FINITE, &returns)?;
    Ok(rows)
}

/// The number the snippet returns for each sample: its representation summed over the dimensions.
///
/// Wrong: the snippet's own documentation promises `[batch, d_hidden]`, but summing over the hidden
/// dimensions leaves one number a sample, from which no feature can be read back. The right
/// quantity is [`representation`].
///
/// # Errors
/// Those of [`representation`].
///
/// **Source**: the source page, section 3.3.2.
pub fn encoding(features: &[Vec<f32>], weights: &[Vec<f32>]) -> Result<Vec<f32>, AsPublishedError> {
    Ok(representation(features, weights)?.iter().map(|hidden| hidden.iter().sum()).collect())
}

/// The interference the snippet reports: the batch mean of `sqrt(k / d)`, where `k` is the sum of a
/// row of features.
///
/// Wrong: it never looks at the weights, so a lone feature interferes with itself and an orthogonal
/// code with `k = d` scores one instead of zero. The right quantity is the mean *squared* overlap
/// of the normalised weight rows, which falls as `1/d`, not `d^-1/2`: at random
/// [`random_mean_square`](superpose_toy::overlap::random_mean_square), at best
/// [`welch_mean_square`](superpose_toy::overlap::welch_mean_square).
///
/// # Errors
/// [`AsPublishedError`] when `d_hidden` is zero, without rows, for rows of different lengths, for a
/// row with a negative or undefined sum, and when every row sums to zero.
///
/// **Source**: the source page, section 3.3.2.
pub fn interference(features: &[Vec<f32>], d_hidden: usize) -> Result<f32, AsPublishedError> {
    let returns = |value| PublishedBehaviour::of("interference", Ok(value));
    let width = ("d_hidden", d_hidden as f64, POSITIVE);
    check(&[width], PublishedBehaviour::RaisesZeroDivision)?;
    let Some(first) = features.first() else {
        return Err(empty_batch(returns(f64::NAN)));
    };
    check_widths("features", features, first.len())?;
    let n_active: Vec<f32> = features.iter().map(|row| row.iter().sum()).collect();
    let scale = 1.0 / (d_hidden as f32).sqrt();
    let mean = n_active.iter().map(|k| scale * k.sqrt()).sum::<f32>() / n_active.len() as f32;
    let sums = n_active.iter().map(|sum| f64::from(*sum));
    check_rows(sums, "sum", NOT_NEGATIVE, &|_| returns(f64::from(mean)))?;
    if n_active.iter().all(|&k| k == 0.0) {
        let refusal = "`features` must have at least 1 active value, got 0".to_owned();
        return Err(AsPublishedError::new(refusal, returns(0.0)));
    }
    Ok(mean)
}

fn empty_batch(published: PublishedBehaviour) -> AsPublishedError {
    let refusal = "`features` must have at least 1 row, got 0".to_owned();
    AsPublishedError::new(refusal, published)
}

/// Refuses the first row whose `quantity`, of `values`, lies outside the domain.
fn check_rows(
    values: impl Iterator<Item = f64>,
    quantity: &str,
    domain: Domain,
    published: &dyn Fn(f64) -> PublishedBehaviour,
) -> Result<(), AsPublishedError> {
    let wrong = values.enumerate().find(|(_, value)| !domain.contains(*value));
    let Some((row, value)) = wrong else { return Ok(()) };
    let words = domain.0;
    let refusal =
        format!("row {row} of `features` must have a {quantity} that is {words}, got {value:?}");
    Err(AsPublishedError::new(refusal, published(value)))
}

/// Refuses a row whose width is not the `expected` one.
fn check_widths(
    argument: &str,
    rows: &[Vec<f32>],
    expected: usize,
) -> Result<(), AsPublishedError> {
    let is_ragged = rows.windows(2).any(|pair| pair[0].len() != pair[1].len());
    let published =
        if is_ragged { PublishedBehaviour::NoTensor } else { PublishedBehaviour::RaisesRuntime };
    let wrong = rows.iter().position(|row| row.len() != expected);
    let Some(row) = wrong else { return Ok(()) };
    let width = rows[row].len();
    let refusal = format!("row {row} of `{argument}` must have {expected} values, got {width}");
    Err(AsPublishedError::new(refusal, published))
}

#[cfg(test)]
mod tests {
    use super::*;
    use superpose_toy::overlap::random_mean_square;

    #[test]
    fn four_times_the_width_halves_the_published_interference_and_quarters_the_overlap() {
        let sample = [vec![1.0, 0.0, 1.0, 1.0]];
        let published = |d| interference(&sample, d).unwrap();
        assert!((published(16) / published(64) - 2.0).abs() < 1e-6);
        assert!((random_mean_square(16) / random_mean_square(64) - 4.0).abs() < 1e-12);
    }

    #[test]
    fn different_representations_get_the_same_published_encoding() {
        let weights = [vec![1.0, 0.0], vec![0.0, 1.0]];
        let samples = [vec![1.0, 0.0], vec![0.0, 1.0]];
        let hidden = representation(&samples, &weights).unwrap();
        let encoded = encoding(&samples, &weights).unwrap();
        assert_ne!(hidden[0], hidden[1]);
        assert!((encoded[0] - encoded[1]).abs() < f32::EPSILON);
    }

    #[test]
    fn what_torch_cannot_multiply_or_answers_with_nan_is_refused_with_its_row() {
        let weights = [vec![1.0], vec![1.0]];
        let refused = encoding(&[vec![1.0, 0.0], vec![1.0]], &weights).unwrap_err();
        assert!(refused.to_string().starts_with("row 1 of `features` must have 2 values, got 1"));
        assert_eq!(refused.published(), PublishedBehaviour::NoTensor);
        let refused = encoding(&[vec![1.0], vec![1.0]], &weights).unwrap_err();
        assert_eq!(refused.published(), PublishedBehaviour::RaisesRuntime);
        let refused = interference(&[vec![1.0], vec![-1.0]], 2).unwrap_err().to_string();
        assert!(refused.starts_with("row 1 of `features` must have a sum that is finite and at"));
        let refused = representation(&[vec![f32::NAN, 0.0]], &weights).unwrap_err().to_string();
        assert!(refused.starts_with("row 0 of `features` must have a representation sum that is"));
    }
}
