//! Values that count or measure for as long as they live.

use prometheus::{Histogram, IntGauge};
use std::time::Instant;

/// Measures one thing for as long as it lives.
#[derive(Debug)]
pub struct Timer(Histogram, Instant);

impl Timer {
    pub(super) fn new(figure: &Histogram) -> Self {
        Self(figure.clone(), Instant::now())
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.observe(self.1.elapsed().as_secs_f64());
    }
}

/// Counts one thing as in flight for as long as it lives.
#[derive(Debug)]
pub struct InFlight(IntGauge);

impl InFlight {
    pub(super) fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
