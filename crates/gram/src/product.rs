//! Matrix products on one core, and how fast they are.

#![allow(unsafe_code, reason = "the product is called with raw pointers")]

use std::time::Instant;

/// A matrix inside a slice: entry `(i, j)` is `values[i * row_stride + j * column_stride]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

impl<'a> View<'a> {
    /// The matrix whose rows follow one another, each `stride` after the one before.
    pub(crate) fn by_rows(values: &'a [f32], rows: usize, columns: usize, stride: usize) -> Self {
        Self { values, rows, columns, row_stride: stride, column_stride: 1 }
    }

    /// Its transpose.
    pub(crate) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// The length that the slice must have at least.
    fn extent(&self) -> usize {
        if self.rows == 0 || self.columns == 0 {
            return 0;
        }
        (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride + 1
    }
}

/// What a product does with the numbers that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// Replaces them.
    Over,
    /// Adds to them.
    Add,
}

/// How much was done in matrix products, and how long it took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Products {
    /// Floating-point operations, two for each multiplication.
    pub flop: f64,
    /// Wall time on the cores that worked, added up.
    pub seconds: f64,
}

impl Products {
    /// As [`multiply`], noted.
    pub(crate) fn multiply(
        &mut self,
        to: &mut [f32],
        stride: usize,
        write: Write,
        a: View<'_>,
        b: View<'_>,
    ) {
        let begun = Instant::now();
        multiply(to, stride, write, a, b);
        self.seconds += begun.elapsed().as_secs_f64();
        self.flop += 2.0 * a.rows as f64 * a.columns as f64 * b.columns as f64;
    }

    /// Adds what another has noted.
    pub(crate) fn add(&mut self, other: Self) {
        self.flop += other.flop;
        self.seconds += other.seconds;
    }
}

/// The fastest of some large products on one core, in operations a second: what this machine's
/// cores can do at most, near enough.
pub fn peak_flop_per_s() -> f64 {
    const SIZE: usize = 1024;
    let (a, mut to) = (vec![1.0_f32; SIZE * SIZE], vec![0.0_f32; SIZE * SIZE]);
    let view = View::by_rows(&a, SIZE, SIZE, SIZE);
    let rate = |_| {
        let mut products = Products::default();
        products.multiply(&mut to, SIZE, Write::Over, view, view);
        products.flop / products.seconds
    };
    (0..20).map(rate).fold(0.0, f64::max)
}

/// Writes `a · b` to `to`, whose rows are `stride` apart.
pub(crate) fn multiply(to: &mut [f32], stride: usize, write: Write, a: View<'_>, b: View<'_>) {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    assert_eq!(b.rows, k, "the inner sizes of a product agree");
    assert!(a.values.len() >= a.extent() && b.values.len() >= b.extent(), "views fit their slices");
    assert!(m == 0 || n == 0 || to.len() >= (m - 1) * stride + n, "the product fits its slice");
    assert!(m <= 1 || n <= stride, "rows of the product do not overlap");
    let signed = |stride: usize| isize::try_from(stride).expect("a slice has fewer entries");
    // SAFETY: the assertions above hold every index of the three matrices inside its slice, `to` is
    // borrowed mutably and so overlaps neither `a` nor `b`, and its rows do not overlap each other.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            to.as_mut_ptr(),
            1,
            signed(stride),
            write == Write::Add,
            a.values.as_ptr(),
            signed(a.column_stride),
            signed(a.row_stride),
            b.values.as_ptr(),
            signed(b.column_stride),
            signed(b.row_stride),
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_transposes_are_those_on_paper() {
        // [1 2 3; 4 5 6] · [1 4; 2 5; 3 6], inside wider rows.
        let a = [1.0, 2.0, 3.0, 9.0, 4.0, 5.0, 6.0, 9.0];
        let view = View::by_rows(&a, 2, 3, 4);
        let mut to = [7.0; 6];
        multiply(&mut to, 3, Write::Over, view, view.transposed());
        assert!(
            to.iter().zip([14.0, 32.0, 7.0, 32.0, 77.0, 7.0]).all(|(a, b)| (a - b).abs() < 1e-6)
        );
        multiply(&mut to, 3, Write::Add, view, view.transposed());
        assert!((to[4] - 154.0).abs() < 1e-6 && (to[5] - 7.0).abs() < 1e-6);
    }

    #[test]
    #[should_panic(expected = "views fit their slices")]
    fn a_view_beyond_its_slice_is_refused() {
        let a = [1.0; 5];
        let view = View::by_rows(&a, 2, 3, 3);
        multiply(&mut [0.0; 4], 2, Write::Over, view, view.transposed());
    }

    #[test]
    fn operations_are_counted_and_time_is_added_up() {
        let a = [1.0; 15];
        let (rows, columns) = (View::by_rows(&a, 3, 5, 5), View::by_rows(&a, 2, 5, 5).transposed());
        let mut products = Products::default();
        let mut to = [0.0; 6];
        products.multiply(&mut to, 2, Write::Over, rows, columns);
        assert!(to.iter().all(|t| (t - 5.0).abs() < 1e-6));
        assert!((products.flop - 60.0).abs() < 1e-12, "2 · 3 · 5 · 2");
        assert!(products.seconds > 0.0 && products.seconds < 1.0);
        products.multiply(&mut to, 2, Write::Over, rows, columns);
        assert!((products.flop - 120.0).abs() < 1e-12);
        let mut sum = Products { flop: 3.0, seconds: 0.5 };
        sum.add(Products { flop: 5.0, seconds: 0.25 });
        assert_eq!(sum, Products { flop: 8.0, seconds: 0.75 });
    }

    #[test]
    fn a_core_makes_as_many_operations_a_second_as_it_did() {
        let begun = Instant::now();
        let peak = peak_flop_per_s();
        // None of the twenty products was faster, and none took longer than all together.
        let least = 20.0 * 2.0 * 1024_f64.powi(3) / peak;
        let took = begun.elapsed().as_secs_f64();
        assert!(least <= 1.001 * took && took < 100.0 * least, "{peak:e}: {least} s of {took} s");
    }

    #[test]
    fn the_last_number_of_a_view_may_be_the_last_of_its_slice() {
        // Rows of three, five apart: 5 + 3 numbers. A view without rows or columns needs none.
        for (rows, columns, extent) in [(2, 3, 8), (1, 3, 3), (0, 3, 0), (2, 0, 0)] {
            assert_eq!(View::by_rows(&[], rows, columns, 5).extent(), extent);
            assert_eq!(View::by_rows(&[], rows, columns, 5).transposed().extent(), extent);
        }
        let (a, b) = ([1.0; 8], [2.0; 8]);
        // Three by two, rows four apart: 2 · 4 + 2 numbers.
        let mut to = [0.0; 10];
        let (a, b) = (View::by_rows(&a, 2, 3, 5), View::by_rows(&b, 2, 2, 6));
        multiply(&mut to, 4, Write::Over, a.transposed(), b);
        assert!(
            to.iter().zip([4.0, 4.0, 0.0, 0.0]).all(|(t, e): (&f32, f32)| (t - e).abs() < 1e-6)
        );
        // Nothing is asked of where nothing is written.
        multiply(&mut [], 4, Write::Over, View::by_rows(&[], 0, 2, 6), b);
        // One row may be longer than the stride says.
        multiply(&mut [0.0; 2], 1, Write::Over, View::by_rows(&[1.0; 2], 1, 2, 2), b);
    }

    /// Refused: `a · b` with these rows and columns to `length` numbers, rows `stride` apart.
    fn refused(a: (usize, usize), b: (usize, usize), length: usize, stride: usize) {
        let values = [1.0; 6];
        let [a, b] = [a, b].map(|(rows, columns)| View::by_rows(&values, rows, columns, columns));
        multiply(&mut vec![0.0; length], stride, Write::Over, a, b);
    }

    #[test]
    #[should_panic(expected = "the inner sizes of a product agree")]
    fn sizes_that_disagree_are_refused() {
        refused((2, 3), (2, 3), 6, 3);
    }

    #[test]
    #[should_panic(expected = "the product fits its slice")]
    fn a_product_that_does_not_fit_is_refused() {
        refused((3, 2), (2, 3), 10, 4);
    }

    #[test]
    #[should_panic(expected = "rows of the product do not overlap")]
    fn rows_that_overlap_are_refused() {
        refused((2, 2), (2, 3), 6, 2);
    }

    #[test]
    #[should_panic(expected = "views fit their slices")]
    fn a_second_view_beyond_its_slice_is_refused() {
        refused((2, 2), (2, 4), 100, 4);
    }
}
