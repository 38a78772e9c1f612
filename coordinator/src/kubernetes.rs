//! The cluster that the coordinator works for. The only place that knows the API server; without one nothing here runs.

pub mod nodes;
