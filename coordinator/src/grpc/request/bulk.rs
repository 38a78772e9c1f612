//! One action on many tasks.

use super::{task_filter, unknown};
use crate::domain::{
    Invalid,
    bulk::{BulkAction, BulkRequest},
};
use ips_proto::v1;

/// What is done to which tasks.
pub(in crate::grpc) fn bulk(request: v1::BulkTasksRequest) -> Result<BulkRequest, Invalid> {
    let filter = request.filter.map(|filter| task_filter(&filter.states, "", ""));
    Ok(BulkRequest {
        action: action(request.action)?,
        ids: request.task_ids,
        states: filter.transpose()?.map(|filter| filter.states),
    })
}

fn action(value: i32) -> Result<BulkAction, Invalid> {
    match v1::BulkAction::try_from(value) {
        Ok(v1::BulkAction::Cancel) => Ok(BulkAction::Cancel),
        Ok(v1::BulkAction::Retry) => Ok(BulkAction::Retry),
        Ok(v1::BulkAction::Delete) => Ok(BulkAction::Delete),
        Ok(v1::BulkAction::Pause) => Ok(BulkAction::Pause),
        Ok(v1::BulkAction::Resume) => Ok(BulkAction::Resume),
        Ok(v1::BulkAction::Unspecified) | Err(_) => {
            Err(unknown("action", value, &BulkAction::ALL.map(BulkAction::as_str)))
        }
    }
}
