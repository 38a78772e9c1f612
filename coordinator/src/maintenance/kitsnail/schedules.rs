//! Schedules and their history.

use super::{Takeover, credentials::CredentialIds, time};
use crate::{
    domain::{
        credential::TaskCredential,
        execution::{Cause, Execution, ExecutionState},
        ids::{ScheduleId, TaskId},
        schedule::{OverlapPolicy, Schedule, ScheduleRequest},
    },
    store::{Original, OriginalRow, ScheduleStep, StoreError},
};
use anyhow::Result;

const TABLE: &str = "scheduled_tasks";
const HISTORY: &str = "scheduled_executions";

impl Takeover {
    pub(super) async fn schedules(&mut self, original: &Original, credentials: &CredentialIds) -> Result<()> {
        for row in original.rows(TABLE) {
            let name = row.text("name");
            let Ok(id) = TaskId::parse(row.text("id")) else {
                self.report.left_out(TABLE, name, "its id is none");
                continue;
            };
            let id = ScheduleId::from_stored(id.to_string());
            if self.store.schedule(&id).await?.is_some() {
                self.report.done(TABLE, false);
                continue;
            }
            match Self::schedule_request(row, credentials) {
                Ok((request, credential, remarks)) => match request.check() {
                    Ok(mut spec) => {
                        spec.task.credentials = credential.into_iter().collect();
                        // Nothing that was due before counts as missed.
                        let schedule = Schedule::new(id, spec, self.now);
                        self.store.insert_schedule(&schedule).await?;
                        self.report.done(TABLE, true);
                        for remark in remarks {
                            self.report.changed(TABLE, name, &remark);
                        }
                    }
                    Err(invalid) => self.report.left_out(TABLE, name, &invalid.to_string()),
                },
                Err(why) => self.report.left_out(TABLE, name, &why),
            }
        }
        Ok(())
    }

    fn schedule_request(
        row: &OriginalRow,
        credentials: &CredentialIds,
    ) -> Result<(ScheduleRequest, Option<TaskCredential>, Vec<String>), String> {
        let mut remarks = vec!["its times are read as UTC, there they were the server's".to_owned()];
        let config: serde_json::Value = serde_json::from_str(row.text("task_config"))
            .map_err(|error| format!("its task cannot be read: {error}"))?;
        let task = super::tasks::request(&config, &mut remarks);
        let number = config["secretId"].as_i64().filter(|number| *number != 0);
        let named = |number: i64| credentials.get(&number.to_string()).cloned();
        let credential = number.map(|number| named(number).ok_or(format!("its credential {number} was not taken")));
        let credential = credential.transpose()?;
        let overlap = OverlapPolicy::parse(row.text("overlap_policy"));
        if overlap.is_none() {
            remarks.push(format!(
                "its overlap policy {:?} is skip now",
                row.text("overlap_policy")
            ));
        }
        let request = ScheduleRequest {
            name: Some(row.text("name").to_owned()),
            description: Some(row.text("description").to_owned()),
            cron_expr: Some(row.text("cron_expr").to_owned()),
            enabled: Some(matches!(row.text("enabled"), "1" | "true")),
            task: Some(task),
            overlap_policy: overlap,
            timeout_seconds: row.text("timeout_seconds").parse().ok(),
            ..ScheduleRequest::default()
        };
        Ok((request, credential, remarks))
    }

    pub(super) async fn executions(&mut self, original: &Original) -> Result<()> {
        for row in original.rows(HISTORY) {
            let name = row.text("id");
            let schedule = ScheduleId::from_stored(row.text("scheduled_task_id").to_owned());
            if self.store.schedule(&schedule).await?.is_none() {
                self.report.left_out(HISTORY, name, "its schedule is not there");
                continue;
            }
            let execution = self.execution(row, schedule);
            let step = ScheduleStep {
                new: Some(&execution),
                ..ScheduleStep::default()
            };
            match self.store.schedule_step(step).await {
                Ok(_) => self.report.done(HISTORY, true),
                Err(StoreError::Taken { .. }) => self.report.done(HISTORY, false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn execution(&self, row: &OriginalRow, schedule: ScheduleId) -> Execution {
        let at = |column| time::parse(row.text(column));
        let state = ExecutionState::parse(row.text("status")).filter(|state| !state.is_open());
        let message = match state {
            Some(_) => row.text("error_message").to_owned(),
            None => super::tasks::UNFINISHED.to_owned(),
        };
        let started_at = at("started_at").or(at("triggered_at")).unwrap_or(self.now);
        let task = TaskId::parse(row.text("task_id")).ok();
        Execution {
            id: 0,
            schedule,
            cause: Cause::Manual(format!("kitsnail-{}", row.text("id"))),
            state: state.unwrap_or(ExecutionState::Failed),
            launched: task.is_some(),
            task,
            triggered_at: at("triggered_at").unwrap_or(started_at),
            started_at,
            finished_at: at("finished_at").unwrap_or(started_at),
            message,
        }
    }
}
