//! A gauge whose labels come from outside (hosts, zones, versions) and whose number of series is bounded all the same: the first names
//! keep a series of their own for as long as the process lives, all others share the one that is called `other`. Filled as a whole, about once a
//! second, so that nothing is done for it where work is done.

use super::make::Make;
use prometheus::{
    core::{Collector, Desc},
    proto::{Gauge, LabelPair, Metric, MetricFamily, MetricType},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The label of everything beyond the bound.
pub(super) const OTHER: &str = "other";

/// Names that have a series of their own.
#[derive(Debug)]
pub(super) struct Names {
    most: usize,
    known: BTreeSet<String>,
}

impl Names {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            known: BTreeSet::new(),
        }
    }

    /// The label under which a name is counted. Ask for those that matter most first.
    pub(super) fn label<'a>(&mut self, name: &'a str) -> &'a str {
        if self.known.contains(name) {
            return name;
        }
        if self.known.len() < self.most {
            self.known.insert(name.to_owned());
            return name;
        }
        OTHER
    }
}

/// See the module. Clones share everything.
#[derive(Debug, Clone)]
pub(super) struct Table {
    desc: Desc,
    label: String,
    rows: Arc<Mutex<Vec<(String, f64)>>>,
}

impl Table {
    pub(super) fn new(make: &Make<'_>, name: &str, help: &str, label: &str) -> Result<Self, prometheus::Error> {
        make.note("gauge", name, help, &[label]);
        let desc = Desc::new(name.to_owned(), help.to_owned(), vec![label.to_owned()], HashMap::new())?;
        make.register(Self {
            desc,
            label: label.to_owned(),
            rows: Arc::default(),
        })
    }

    /// Takes the place of everything that it said before.
    pub(super) fn set(&self, rows: Vec<(String, f64)>) {
        *self.lock() = rows;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(String, f64)>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector for Table {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let row = |(name, value): &(String, f64)| {
            let mut label = LabelPair::default();
            label.set_name(self.label.clone());
            label.set_value(name.clone());
            let mut gauge = Gauge::default();
            gauge.set_value(*value);
            let mut metric = Metric::from_gauge(gauge);
            metric.set_label(vec![label]);
            metric
        };
        let rows: Vec<Metric> = self.lock().iter().map(row).collect();
        let mut family = MetricFamily::default();
        family.set_name(self.desc.fq_name.clone());
        family.set_help(self.desc.help.clone());
        family.set_field_type(MetricType::GAUGE);
        family.set_metric(rows);
        vec![family]
    }
}
