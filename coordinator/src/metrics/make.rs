//! Makes figures, registers them, and remembers them for the page that describes them.

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    core::Collector, process_collector::ProcessCollector,
};
use std::cell::RefCell;

/// One figure, as docs/observability.md shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Name.
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// What it says.
    pub help: String,
}

/// See the module.
pub(super) struct Make<'a> {
    registry: &'a Registry,
    figures: RefCell<Vec<Figure>>,
}

impl<'a> Make<'a> {
    pub(super) fn new(registry: &'a Registry) -> Self {
        Self {
            registry,
            figures: RefCell::default(),
        }
    }

    /// Everything that was made.
    pub(super) fn figures(self) -> Vec<Figure> {
        self.figures.into_inner()
    }

    pub(super) fn note(&self, kind: &'static str, name: &str, help: &str, labels: &[&str]) {
        self.figures.borrow_mut().push(Figure {
            name: name.to_owned(),
            kind,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            help: help.to_owned(),
        });
    }

    pub(super) fn register<C: Collector + Clone + 'static>(&self, figure: C) -> Result<C, prometheus::Error> {
        self.registry.register(Box::new(figure.clone()))?;
        Ok(figure)
    }

    pub(super) fn process(&self) -> Result<(), prometheus::Error> {
        self.registry.register(Box::new(ProcessCollector::for_self()))
    }

    pub(super) fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        self.note("counter", name, help, &[]);
        self.register(IntCounter::new(name, help)?)
    }

    pub(super) fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
        self.note("counter", name, help, labels);
        self.register(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    pub(super) fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.note("gauge", name, help, &[]);
        self.register(IntGauge::new(name, help)?)
    }

    pub(super) fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, prometheus::Error> {
        self.note("gauge", name, help, labels);
        self.register(IntGaugeVec::new(Opts::new(name, help), labels)?)
    }

    pub(super) fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, prometheus::Error> {
        self.note("histogram", name, help, &[]);
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.register(Histogram::with_opts(options)?)
    }

    pub(super) fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        buckets: &[f64],
    ) -> Result<HistogramVec, prometheus::Error> {
        self.note("histogram", name, help, labels);
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.register(HistogramVec::new(options, labels)?)
    }
}
