//! The dimension of a cloud of points by the number of boxes that it occupies.

use std::collections::HashSet;

use superpose_stats::power_law::fit_power_law;

use crate::error::{LawError, ensure};
use crate::redundancy::dimension::neighbours::{Estimate, PointCloud};
use crate::redundancy::dimension::no_line;

/// Points that a box must hold on average for its size to count.
const POINTS_PER_BOX: usize = 10;
/// The most times that the size of a box is halved.
const MOST_HALVINGS: i32 = 50;

/// The dimension by the number of boxes that hold a point, `n ∝ size^-d`, for the sizes that the
/// points can tell: halves of their largest extent, as long as boxes hold ten points on average. The
/// grid begins at the points' corner; boxes hold their lower faces.
///
/// # Errors
/// [`LawError`] when there are fewer than three such sizes.
pub fn box_dimension(cloud: &PointCloud) -> Result<Estimate, LawError> {
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
    let sizes = (1..MOST_HALVINGS).map(|k| whole * 0.5_f64.powi(k)).filter(|size| *size > 0.0);
    let (sizes, n_boxes): (Vec<f64>, Vec<f64>) = sizes
        .map(|size| (size, occupied_boxes(cloud, &corner, size)))
        .take_while(|(_, occupied)| occupied.saturating_mul(POINTS_PER_BOX) <= n_points)
        .map(|(size, occupied)| (size, occupied as f64))
        .unzip();
    let n_sizes = sizes.len();
    ensure!(
        n_sizes >= 3,
        "boxes of at least 3 sizes, each half the last, must hold {POINTS_PER_BOX} points on average, got {n_sizes} from \
         {n_points} points"
    );
    let line = fit_power_law(&sizes, &n_boxes).map_err(|why| no_line(&why))?;
    let r_squared = Some(line.r_squared);
    Ok(Estimate { dimension: line.exponent, standard_error: None, r_squared })
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
            for k in 1..=6 {
                let found = occupied_boxes(&cloud, &[0.0, 0.0], base.powi(-k));
                assert_eq!(found, usize::pow(copies, k.unsigned_abs()), "{set:?}");
            }
        }
        // Both sides of zero are boxes, and zero itself, of either sign, is in one.
        let cloud = PointCloud::new(&[-0.0, 0.0, 0.4, -0.4], 1).unwrap();
        assert_eq!([0.5, 1.0, 2.0].map(|size| occupied_boxes(&cloud, &[0.0], size)), [2, 2, 2]);
    }

    #[test]
    fn halved_boxes_come_near_the_dimension_of_known_sets() {
        // Halves are not the Cantor set's thirds.
        for (set, n_points) in [
            (KnownSet::Cube(1), 4000),
            (KnownSet::Cube(2), 4000),
            (KnownSet::Cantor, 20_000),
            (KnownSet::Sierpinski, 20_000),
        ] {
            let cloud = set.points(n_points, 4).unwrap();
            let found = box_dimension(&cloud).unwrap();
            let error = (found.dimension / set.dimension() - 1.0).abs();
            assert!(error < 0.05, "{set:?}: {found:?}");
        }
    }

    #[test]
    fn clouds_without_enough_boxes_are_refused() {
        let line = |values: &[f64]| PointCloud::new(values, 1).unwrap();
        let repeated = line(&[1.0; 20]);
        let wide = KnownSet::Gaussian(20).points(300, 1).unwrap();
        for cloud in [repeated, wide, line(&[])] {
            let said = box_dimension(&cloud).unwrap_err().to_string();
            assert!(said.contains("at least 3 sizes"), "{said}");
        }
    }
}
