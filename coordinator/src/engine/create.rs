//! Accepting a task: choose the nodes, save task and pulls in one transaction, hand both to the loop.

use super::{Engine, EngineError, publish::view_of, run::now, save::Accepted, tenants::usable, views::TaskView};
use crate::{
    domain::{
        Invalid, Millis,
        caller::TenantId,
        counts::{ByteCounts, PullCounts},
        ids::{NodeName, PolicyId, PullId, TaskId},
        image::ImageRef,
        policy::{Order, Policy},
        pull::Pull,
        rfc3339,
        selection::{Candidate, Selection, chosen_first},
        share::Share,
        task::{NewTask, Task, TaskImage, TaskOverrides, TaskRequest, TaskSpec},
        task_state::TaskState,
        tenant::end_of_day,
    },
    fleet::Entry,
    store::StoreError,
};
use std::collections::BTreeSet;

/// Where a task comes from.
struct Origin {
    id: TaskId,
    /// The standing policy that orders it.
    policy: Option<PolicyId>,
    /// Its pulls are held back from the beginning.
    is_suspended: bool,
}

impl Origin {
    fn call(id: TaskId) -> Self {
        Self {
            id,
            policy: None,
            is_suspended: false,
        }
    }
}

impl Engine {
    /// Accepts a task: when this returns, the task and its pulls are durable. A repeated `request_id` answers with the first task.
    ///
    /// # Errors
    /// Invalid when the selector matches no node, `AlreadyExists` for a taken id, Unavailable when the store cannot write.
    pub async fn create_task(&self, new: NewTask) -> Result<TaskView, EngineError> {
        if let Some(known) = self.known_request(&new).await? {
            return Ok(view_of(known, &self.shared));
        }
        let (nodes, spec) = self.targets(&new.spec)?;
        let id = new
            .id
            .clone()
            .unwrap_or_else(|| TaskId::generate(now(), rand::random()));
        let pulls = pulls_for(&id, &nodes, &spec);
        Box::pin(self.accept(new, spec, Origin::call(id), pulls)).await
    }

    /// Accepts the task of a Kubernetes object, under the object's own id, and held back where it says so: nothing of it runs before.
    ///
    /// # Errors
    /// As [`Engine::create_task`].
    pub(super) async fn create_object_task(
        &self,
        id: TaskId,
        new: NewTask,
        is_suspended: bool,
    ) -> Result<TaskView, EngineError> {
        let (nodes, spec) = self.targets(&new.spec)?;
        let pulls = pulls_for(&id, &nodes, &spec);
        let origin = Origin {
            is_suspended,
            ..Origin::call(id)
        };
        Box::pin(self.accept(new, spec, origin, pulls)).await
    }

    /// Accepts a task of a standing policy: just these images on just these nodes. Says which pulls it has.
    ///
    /// # Errors
    /// As [`Engine::create_task`].
    pub(super) async fn create_policy_task(
        &self,
        policy: &Policy,
        orders: &[Order],
    ) -> Result<(TaskView, Vec<Pull>), EngineError> {
        let id = TaskId::of_policy(now(), rand::random());
        let (spec, pulls) = ordered(policy, orders, &id, |name| {
            let fleet = self.shared.fleet();
            fleet.get(name).is_some_and(|entry| entry.not_ready().is_none())
        });
        self.owning_tenant()?.check_images(&spec.images)?;
        let new = NewTask {
            spec: spec.clone(),
            login: None,
            id: Some(id.clone()),
            request_id: None,
        };
        let known = pulls.clone();
        let origin = Origin {
            policy: Some(policy.id.clone()),
            ..Origin::call(id)
        };
        let accepting = self.accept(new, spec, origin, pulls);
        let view = Box::pin(accepting).await?;
        Ok((view, known))
    }

    async fn accept(
        &self,
        new: NewTask,
        mut spec: TaskSpec,
        Origin {
            id,
            policy,
            is_suspended,
        }: Origin,
        pulls: Vec<Pull>,
    ) -> Result<TaskView, EngineError> {
        let now = now();
        let tenant = self.owning_tenant()?;
        self.name_channels(&mut spec).await?;
        spec.trace = self.trace_of_new_task();
        let own = self.prepare_logins(&id, &new, &mut spec).await?;
        let nodes: BTreeSet<&NodeName> = pulls.iter().map(|pull| &pull.node).collect();
        let mut task = accepted(id, tenant.id.clone(), spec, (nodes.len(), pulls.len()), now);
        task.policy = policy;
        if is_suspended {
            task.state = TaskState::Paused;
        }
        let view = view_of(task.clone(), &self.shared);
        let accepted = Accepted {
            task,
            pulls,
            request_id: new.request_id.clone(),
            own,
            quotas: tenant.rules.quotas,
        };
        let saving = tokio::spawn(self.clone().save(accepted));
        match saving
            .await
            .map_err(|panicked| EngineError::Internal(Box::new(panicked)))?
        {
            Ok(()) => Ok(view),
            Err(StoreError::NoCredential { id }) => {
                Err(Invalid::new("secretId", format!("credential {id} does not exist")).into())
            }
            Err(StoreError::Taken { what: "request" }) => {
                let known = self.known_request(&new).await?;
                let known = known
                    .ok_or_else(|| EngineError::Unavailable("the same request is being handled, try again".into()))?;
                Ok(view_of(known, &self.shared))
            }
            Err(StoreError::Spent { quota }) => Err(spent(quota, now)),
            Err(StoreError::Taken { .. }) => Err(EngineError::AlreadyExists {
                kind: "task",
                id: view.task.id.to_string(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Accepts a task with the spec of another one, and what `overrides` says instead.
    ///
    /// # Errors
    /// `NotFound` for an unknown id; everything that [`Engine::create_task`] refuses.
    pub async fn clone_task(&self, id: &TaskId, overrides: TaskOverrides) -> Result<TaskView, EngineError> {
        let Task {
            tenant, spec: origin, ..
        } = self.task(id).await?.task;
        let mut request = TaskRequest::of_spec(&origin);
        if !overrides.replaces_logins() {
            self.copy_login(&origin, &mut request)?;
        }
        let request = request.with(overrides)?;
        // A copy belongs to whom the task does, and so does its login.
        self.of_tenant(&tenant).create_task(request.check()?).await
    }

    async fn known_request(&self, new: &NewTask) -> Result<Option<Task>, EngineError> {
        match &new.request_id {
            Some(request_id) => Ok(self.store.task_by_request(&self.owner, request_id).await?),
            None => Ok(None),
        }
    }

    /// The nodes that the spec chooses among those that its tenant may use, and the spec with the names of its canaries.
    pub(super) fn targets(&self, spec: &TaskSpec) -> Result<(Vec<NodeName>, TaskSpec), EngineError> {
        let tenant = self.owning_tenant()?;
        tenant.check_images(&spec.images)?;
        let fleet = self.shared.fleet();
        let nodes = chosen(&spec.selection, usable(Some(tenant.as_ref()), fleet.entries()))?;
        let mut spec = spec.clone();
        if let Some(share) = spec.rules.canary {
            let ready = |name: &NodeName| fleet.get(name).is_some_and(|entry| entry.not_ready().is_none());
            spec.rules.canary_nodes = canaries(share, &nodes, ready);
        }
        Ok((nodes, spec))
    }
}

/// The nodes that a selection chooses among these, by name; offline ones too, but none that never had an agent.
pub(super) fn chosen<'a>(
    selection: &Selection,
    entries: impl Iterator<Item = &'a Entry>,
) -> Result<Vec<NodeName>, Invalid> {
    let targets = entries.filter(|entry| entry.is_target());
    let known: Vec<Candidate<'_>> = targets.map(candidate).collect();
    Ok(selection.choose(&known)?.into_iter().cloned().collect())
}

/// A quota by the day holds until the day ends.
fn spent(quota: &str, now: Millis) -> EngineError {
    let until = end_of_day(now);
    let shown = rfc3339(until, chrono::SecondsFormat::Secs);
    EngineError::OverQuota {
        message: format!("the tenant's quota {quota} is used up until {shown}"),
        retry_after_s: u32::try_from((until - now).div_euclid(1000) + 1).unwrap_or(u32::MAX),
    }
}

/// What a selection looks at.
pub(super) fn candidate(entry: &Entry) -> Candidate<'_> {
    Candidate {
        name: &entry.node.name,
        labels: &entry.node.labels,
        platform: &entry.node.platform,
    }
}

/// The nodes that go first: those that can pull now before those that cannot, each in the order of [`chosen_first`].
fn canaries(share: Share, nodes: &[NodeName], ready: impl Fn(&NodeName) -> bool) -> Vec<NodeName> {
    let mut first = chosen_first(nodes.iter().collect());
    first.sort_by_key(|name| !ready(name));
    let count = share.of(nodes.len() as u32) as usize;
    first.into_iter().take(count).cloned().collect()
}

fn pulls_for(id: &TaskId, nodes: &[NodeName], spec: &TaskSpec) -> Vec<Pull> {
    let pull = |node: &NodeName, index: usize| {
        let pull_id = PullId::from_stored(uuid::Uuid::now_v7().to_string());
        Pull::new(
            pull_id,
            id.clone(),
            node.clone(),
            spec.images[index].clone(),
            index as u32,
        )
    };
    nodes
        .iter()
        .flat_map(|node| (0..spec.images.len()).map(move |index| pull(node, index)))
        .collect()
}

/// Names of nodes that a task of a policy keeps; one for more keeps the policy's own selection.
const MOST_NAMED: usize = 100;

/// What a policy orders as the spec and the pulls of a task. Its limit is a number of the policy's nodes, not of the task's.
fn ordered(policy: &Policy, orders: &[Order], id: &TaskId, ready: impl Fn(&NodeName) -> bool) -> (TaskSpec, Vec<Pull>) {
    let used: BTreeSet<u32> = orders.iter().flat_map(|order| order.images.iter().copied()).collect();
    let images: Vec<(u32, ImageRef)> = used
        .into_iter()
        .filter_map(|at| Some((at, policy.images.get(at as usize)?.image.clone())))
        .collect();
    let mut spec = policy.spec.task.clone();
    spec.images = images.iter().map(|(_, image)| image.clone()).collect();
    // The policy itself does, for longer than this task is there.
    spec.rules.pin = false;
    let nodes: Vec<NodeName> = orders.iter().map(|order| order.node.clone()).collect();
    if nodes.len() <= MOST_NAMED {
        spec.selection = Selection {
            node_names: nodes.iter().cloned().collect(),
            ..Selection::default()
        };
    }
    if let Some(share) = spec.rules.canary {
        spec.rules.canary_nodes = canaries(share, &nodes, ready);
    }
    let pull = |node: &NodeName, at: &u32| {
        let index = images.iter().position(|(known, _)| known == at)?;
        let pull_id = PullId::from_stored(uuid::Uuid::now_v7().to_string());
        Some(Pull::new(
            pull_id,
            id.clone(),
            node.clone(),
            images[index].1.clone(),
            index as u32,
        ))
    };
    let pulls = orders
        .iter()
        .flat_map(|order| order.images.iter().filter_map(move |at| pull(&order.node, at)))
        .collect();
    (spec, pulls)
}

fn accepted(id: TaskId, tenant: TenantId, spec: TaskSpec, (nodes, pulls): (usize, usize), now: Millis) -> Task {
    Task {
        id,
        tenant,
        state: TaskState::Pending,
        images: vec![TaskImage::default(); spec.images.len()],
        counts: PullCounts {
            nodes: nodes as u32,
            queued: pulls as u32,
            ..PullCounts::default()
        },
        settled_bytes: ByteCounts::default(),
        failures: vec![],
        created_at: now,
        started_at: 0,
        finished_at: 0,
        policy: None,
        retried_at: 0,
        error_message: String::new(),
        spec,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn canaries_are_nodes_that_can_pull_now_and_the_same_ones_every_time() {
        let nodes: Vec<NodeName> = (0..10).map(|n| NodeName::parse(&format!("n{n}")).unwrap()).collect();
        let offline = |name: &NodeName| nodes[..5].contains(name);
        let first = canaries(Share::Percent(30), &nodes, |name| !offline(name));
        assert_eq!(first.len(), 3);
        assert!(!first.iter().any(offline));
        assert_eq!(first, canaries(Share::Count(3), &nodes, |name| !offline(name)));
        let all = canaries(Share::Count(99), &nodes, |name| !offline(name));
        assert_eq!(all.len(), 10);
        assert!(all[5..].iter().all(offline));
    }
}
