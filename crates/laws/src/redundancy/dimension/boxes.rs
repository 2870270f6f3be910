//! The dimension of a cloud of points by the number of boxes that it occupies.

use std::collections::HashSet;

use crate::error::{LawError, ensure};
use crate::redundancy::dimension::line;
use crate::redundancy::dimension::neighbours::{Estimate, PointCloud};

/// Points that a box must hold on average for its size to count.
const POINTS_PER_BOX: usize = 10;
/// The most times that the size of a box is halved.
const MOST_HALVINGS: i32 = 50;

/// How far outside the middle half of a coordinate, in its widths, points are left out: a normal distribution
/// has one of 400,000 there, and one alone would stretch the boxes over nothing.
const FAR: f64 = 3.0;

/// The dimension by the number of boxes that hold a point, `n ∝ size^-d`, for the sizes that the
/// points can tell: halves of their largest extent, as long as boxes hold ten points on average. The
/// grid begins at the points' corner; boxes hold their lower faces. Points far outside are left out.
///
/// # Errors
/// [`LawError`] when there are fewer than three such sizes, and when their numbers follow no line.
pub fn box_dimension(cloud: &PointCloud) -> Result<Estimate, LawError> {
    let (cloud, n_left_out) = without_far_points(cloud);
    let cloud = &cloud;
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
    let line = line(&sizes, &n_boxes)?;
    let (dimension, r_squared) = (line.exponent, Some(line.r_squared));
    Ok(Estimate { dimension, standard_error: None, r_squared, n_left_out })
}

/// The cloud without its points far outside, and how many they are.
fn without_far_points(cloud: &PointCloud) -> (PointCloud, usize) {
    let n_points = cloud.n_points();
    let mut is_far = vec![false; n_points];
    for column in &cloud.columns {
        let mut sorted = column.clone();
        sorted.sort_by(f64::total_cmp);
        let (Some(low), Some(high)) = (sorted.get(n_points / 4), sorted.get(3 * n_points / 4))
        else {
            continue;
        };
        let reach = FAR * (high - low);
        // Where most points share a coordinate, it has no width to measure by.
        if reach > 0.0 {
            let inside = low - reach..=high + reach;
            is_far.iter_mut().zip(column).for_each(|(far, x)| *far |= !inside.contains(x));
        }
    }
    let kept: Vec<usize> = (0..n_points).filter(|at| !is_far[*at]).collect();
    (cloud.only(&kept), n_points - kept.len())
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
    fn points_far_outside_make_no_difference_but_for_being_counted() {
        let plane = KnownSet::Cube(2).points(1000, 4).unwrap();
        let rows: Vec<f64> = (0..1000).flat_map(|at| plane.point(at)).collect();
        let with = |more: &[f64]| {
            let cloud = PointCloud::new(&[&rows[..], more].concat(), 2).unwrap();
            box_dimension(&cloud).unwrap()
        };
        let alone = with(&[]);
        assert_eq!(alone.n_left_out, 0);
        for far in [&[1000.0, 0.0][..], &[0.5, -4.0, 0.5, 9.0], &[1e140, 1e140]] {
            let found = with(far);
            assert_eq!(found.n_left_out, far.len() / 2);
            assert_eq!(Estimate { n_left_out: 0, ..found }, alone);
        }
        // A little outside, and from a distribution with tails, all are kept.
        assert_eq!(with(&[1.9, 0.5]).n_left_out, 0);
        assert_eq!(
            box_dimension(&KnownSet::Gaussian(2).points(4000, 1).unwrap()).unwrap().n_left_out,
            0
        );
        // A column that hardly varies has no width.
        let flat: Vec<f64> =
            (0..1000).flat_map(|k| [f64::from(k), f64::from(u8::from(k == 7))]).collect();
        assert_eq!(without_far_points(&PointCloud::new(&flat, 2).unwrap()).1, 0);
    }

    #[test]
    fn numbers_that_follow_no_line_are_refused() {
        // Two small squares far from each other.
        let square = KnownSet::Cube(2).points(2000, 4).unwrap();
        let shifted =
            |at: usize| square.point(at).into_iter().map(move |x| x + 1000.0 * (at % 2) as f64);
        let rows: Vec<f64> = (0..2000).flat_map(shifted).collect();
        let said = box_dimension(&PointCloud::new(&rows, 2).unwrap()).unwrap_err().to_string();
        assert!(said.contains("no line: R²"), "{said}");
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
