//! A gradient held against finite differences, for the tests of fits.

/// That the gradient `function` writes is that of its value.
pub(crate) fn assert_gradient(function: &dyn Fn(&[f64], &mut [f64]) -> f64, at: &[f64]) {
    const STEP: f64 = 1e-6;
    let (mut gradient, mut other) = (vec![0.0; at.len()], vec![0.0; at.len()]);
    function(at, &mut gradient);
    for k in 0..at.len() {
        let mut moved = |step: f64| {
            let mut point = at.to_vec();
            point[k] += step;
            function(&point, &mut other)
        };
        let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
        let error = (slope - gradient[k]).abs();
        assert!(error < 1e-5 * slope.abs().max(1.0), "variable {k}: {slope} {}", gradient[k]);
    }
}
