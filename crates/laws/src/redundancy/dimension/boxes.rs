//! The dimension of a cloud of points by the number of boxes that it occupies.

use std::collections::HashSet;

use rayon::prelude::*;
use superpose_stats::power_law::fit_power_law;

use crate::redundancy::dimension::neighbours::{DimensionError, PointCloud};

/// Points that a box must hold on average for its size to count.
pub const POINTS_PER_BOX: usize = 10;
/// The most times that the size of a box is halved.
const MOST_HALVINGS: i32 = 50;

/// A dimension from the number of boxes that points occupy.
#[derive(Debug, Clone, PartialEq)]
pub struct BoxDimension {
    /// Minus the slope of the logarithm of the number of occupied boxes on that of their size.
    pub dimension: f64,
    /// Share of the variance that the line explains.
    pub r_squared: f64,
    /// Occupied boxes of each size.
    pub n_boxes: Vec<usize>,
}

/// The dimension by the number of boxes, of each of `box_sizes`, that hold a point: `n ∝ size^-d`.
///
/// Boxes are those of the grid through the origin and hold their lower faces. Sizes so small that
/// most points have a box of their own bend the line down.
///
/// # Errors
/// [`DimensionError::NoLine`] when there are fewer than three sizes, not all different, finite and
/// positive, or no points.
pub fn box_dimension(
    cloud: &PointCloud,
    box_sizes: &[f64],
) -> Result<BoxDimension, DimensionError> {
    let origin = vec![0.0; cloud.n_coordinates()];
    let n_boxes = box_sizes.par_iter().map(|size| occupied_boxes(cloud, &origin, *size)).collect();
    line(box_sizes, n_boxes)
}

/// The same for the sizes that the points can tell: halves of their largest extent, as long as
/// boxes hold [`POINTS_PER_BOX`] points on average. The grid begins at the points' corner.
///
/// # Errors
/// [`DimensionError::TooFewBoxes`] when there are fewer than three such sizes.
pub fn halved_box_dimension(cloud: &PointCloud) -> Result<BoxDimension, DimensionError> {
    let end =
        |column: &Vec<f64>, start, of: fn(f64, f64) -> f64| column.iter().copied().fold(start, of);
    let corner: Vec<f64> =
        cloud.columns.iter().map(|column| end(column, f64::INFINITY, f64::min)).collect();
    let extents = cloud.columns.iter().zip(&corner);
    let largest = extents
        .map(|(column, low)| end(column, f64::NEG_INFINITY, f64::max) - low)
        .fold(0.0, f64::max);
    // The farthest point lies in the last box and not on its upper face.
    let whole = largest * (1.0 + f64::EPSILON.sqrt());
    let n_points = cloud.n_points();
    let (mut sizes, mut n_boxes) = (Vec::new(), Vec::new());
    for size in (1..MOST_HALVINGS).map(|k| whole * 0.5_f64.powi(k)).filter(|size| *size > 0.0) {
        let occupied = occupied_boxes(cloud, &corner, size);
        if occupied.saturating_mul(POINTS_PER_BOX) > n_points {
            break;
        }
        sizes.push(size);
        n_boxes.push(occupied);
    }
    let n_sizes = sizes.len();
    if n_sizes < 3 {
        return Err(DimensionError::TooFewBoxes { least: POINTS_PER_BOX, n_sizes, n_points });
    }
    line(&sizes, n_boxes)
}

fn line(box_sizes: &[f64], n_boxes: Vec<usize>) -> Result<BoxDimension, DimensionError> {
    let numbers: Vec<f64> = n_boxes.iter().map(|n| *n as f64).collect();
    let line = fit_power_law(box_sizes, &numbers)?;
    Ok(BoxDimension { dimension: line.exponent, r_squared: line.r_squared, n_boxes })
}

/// The number of boxes of a size, on the grid through `origin`, that hold a point.
fn occupied_boxes(cloud: &PointCloud, origin: &[f64], size: f64) -> usize {
    let box_of = |point_idx: usize| -> Vec<u64> {
        let places = cloud.columns.iter().zip(origin);
        // The sum makes one zero of both.
        places.map(|(c, o)| (((c[point_idx] - o) / size).floor() + 0.0).to_bits()).collect()
    };
    (0..cloud.n_points()).map(box_of).collect::<HashSet<_>>().len()
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::redundancy::dimension::known_sets::KnownSet;

    #[test]
    fn boxes_on_exact_lattices_are_counted_exactly() {
        for (set, base, copies) in [(KnownSet::Cantor, 3.0_f64, 2), (KnownSet::Sierpinski, 2.0, 3)]
        {
            let cloud = set.points(20_000, 4).unwrap();
            let sizes: Vec<f64> = (1..=6).map(|k| base.powi(-k)).collect();
            let found = box_dimension(&cloud, &sizes).unwrap();
            let exact: Vec<usize> = (1..=6_u32).map(|k| usize::pow(copies, k)).collect();
            assert_eq!(found.n_boxes, exact, "{set:?}");
            assert!((found.dimension - set.dimension()).abs() < 1e-12, "{set:?} {found:?}");
        }
        // Both sides of zero are boxes, and zero itself, of either sign, is in one.
        let cloud = PointCloud::new(&[-0.0, 0.0, 0.4, -0.4], 1).unwrap();
        assert_eq!(box_dimension(&cloud, &[0.5, 1.0, 2.0]).unwrap().n_boxes, [2, 2, 2]);
    }

    #[test]
    fn halved_boxes_come_near_the_dimension_of_known_sets() {
        // Halves are not the Cantor set's thirds.
        for (set, n_points) in [
            (KnownSet::Cube { n_dimensions: 1 }, 4000),
            (KnownSet::Cube { n_dimensions: 2 }, 4000),
            (KnownSet::Cantor, 20_000),
            (KnownSet::Sierpinski, 20_000),
        ] {
            let cloud = set.points(n_points, 4).unwrap();
            let found = halved_box_dimension(&cloud).unwrap();
            let error = (found.dimension / set.dimension() - 1.0).abs();
            assert!(error < 0.05, "{set:?}: {found:?}");
        }
    }

    #[test]
    fn clouds_without_enough_boxes_are_refused() {
        let line = |values: &[f64]| PointCloud::new(values, 1).unwrap();
        let repeated = line(&[1.0; 20]);
        assert!(box_dimension(&repeated, &[0.1, 0.2]).unwrap_err().to_string().contains("got 2"));
        let found = box_dimension(&repeated, &[0.1, 0.0, 0.2]);
        assert!(found.unwrap_err().to_string().contains("point 1 is"));
        assert!(box_dimension(&line(&[]), &[0.1, 0.2, 0.3]).is_err());
        let wide = KnownSet::Gaussian { n_dimensions: 20 }.points(300, 1).unwrap();
        for cloud in [repeated, wide, line(&[])] {
            let said = halved_box_dimension(&cloud).unwrap_err().to_string();
            assert!(said.contains("at least 3 sizes"), "{said}");
        }
    }
}
