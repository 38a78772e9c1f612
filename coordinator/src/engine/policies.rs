//! The door to standing policies for REST, gRPC and the console: each call checks, writes, tells the book and wakes the keeper. What reads them is
//! in reads.rs.

mod reads;

pub use reads::CoverageFilter;
pub(super) use reads::view;

use super::{
    Engine, EngineError,
    board::Noun,
    run::now,
    views::{PolicyCoverage, PolicyView},
    workloads::WorkloadDesk,
};
use crate::{
    domain::{
        Invalid,
        declared::Notice,
        ids::{NodeName, PolicyId},
        image::ImageRef,
        pin::PinOwner,
        policy::{Flights, Policy, PolicyRequest, PolicySpec, PolicyState, check_reason},
        tenant::Realm,
    },
    metrics::Metrics,
    store::StoreError,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{
        Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic::AtomicBool, atomic::Ordering,
    },
    time::Duration,
};
use tokio::sync::{Mutex, MutexGuard, Notify, mpsc};

/// How long a dry run waits for registries.
const DRY_RUN_LIMIT: Duration = Duration::from_secs(5);

/// What is known of all policies while the coordinator runs.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Each with what is known of its nodes.
    pub(super) policies: BTreeMap<PolicyId, PolicyState>,
    /// Pulls of their images that have not ended.
    pub(super) flights: Flights,
    /// Policies whose nodes are to be looked at as a whole.
    pub(super) fresh: BTreeSet<PolicyId>,
    /// Images that any of them wants.
    pub(super) wanted: HashSet<ImageRef>,
    /// Images are wanted that were not: their open pulls are not known.
    pub(super) lacks_flights: bool,
    /// Every policy was read.
    pub(super) loaded: bool,
}

impl Book {
    /// Takes over what policies want now.
    pub(super) fn count_wanted(&mut self) {
        let images = self.policies.values().flat_map(|state| &state.policy.images);
        let wanted: HashSet<ImageRef> = images.map(|known| known.image.clone()).collect();
        self.lacks_flights |= wanted.iter().any(|image| !self.wanted.contains(image));
        self.wanted = wanted;
    }
}

/// What calls and the keeper share.
#[derive(Debug)]
pub(super) struct PolicyDesk {
    /// Whoever changes a record holds it, so that two never decide on the same sight.
    turn: Mutex<()>,
    /// Something changed: the keeper looks again.
    pub(super) nudge: Notify,
    /// Images of the library may be others.
    pub(super) library_changed: AtomicBool,
    /// What is known of the cluster's workloads.
    pub(super) workloads: WorkloadDesk,
    book: RwLock<Book>,
    pub(super) metrics: Arc<Metrics>,
    /// Objects of a cluster are watched that declare policies and tasks; who is told of what happens to them.
    declared_elsewhere: OnceLock<mpsc::Sender<Notice>>,
}

impl PolicyDesk {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            turn: Mutex::default(),
            nudge: Notify::new(),
            library_changed: AtomicBool::new(false),
            workloads: WorkloadDesk::new(),
            book: RwLock::default(),
            metrics,
            declared_elsewhere: OnceLock::new(),
        }
    }

    /// Objects of a cluster are watched: what they declare is changed there, and these are told what happens.
    pub(super) fn declared_elsewhere(&self, notices: mpsc::Sender<Notice>) {
        let _told_already = self.declared_elsewhere.set(notices);
    }

    pub(super) fn is_declared_elsewhere(&self) -> bool {
        self.declared_elsewhere.get().is_some()
    }

    /// Tells the cluster; where that is behind, it is not told.
    pub(super) fn announce(&self, notice: Notice) {
        if let Some(notices) = self.declared_elsewhere.get() {
            let _too_many = notices.try_send(notice);
        }
    }

    pub(super) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    pub(super) fn book(&self) -> RwLockReadGuard<'_, Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn book_mut(&self) -> RwLockWriteGuard<'_, Book> {
        self.book.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logins of the policy can be used that could not be.
    pub(super) fn try_logins_again(&self, id: &PolicyId) {
        if let Some(state) = self.book_mut().policies.get_mut(id) {
            state.forgive_unauthorized();
            self.nudge.notify_one();
        }
    }

    /// What tenants may has changed, and with it which images of workloads.
    pub(super) fn tenants_changed(&self) {
        if self.workloads.set_changed() {
            self.nudge.notify_one();
        }
    }

    /// The library changed: policies that name a tag of it may want other images.
    pub(super) fn library_changed(&self) {
        self.library_changed.store(true, Ordering::Relaxed);
        self.nudge.notify_one();
    }
}

impl Engine {
    /// Makes a policy: when this returns, it is durable, and is kept from then on.
    ///
    /// # Errors
    /// Invalid for a field that breaks a rule, `AlreadyExists` when the tenant has one of this name, Unavailable when the store cannot write.
    pub async fn create_policy(&self, request: PolicyRequest) -> Result<PolicyView, EngineError> {
        let paused = request.paused.unwrap_or(false);
        let paused = paused.then(|| "paused when it was made".to_owned());
        let spec = request.check()?;
        let _turn = self.policies.turn().await;
        self.make_policy(PolicyId::generate(now(), rand::random()), spec, paused)
            .await
    }

    /// Makes a policy of this id; hold the turn.
    pub(super) async fn make_policy(
        &self,
        id: PolicyId,
        mut spec: PolicySpec,
        paused: Option<String>,
    ) -> Result<PolicyView, EngineError> {
        // None of its credentials can be removed between the look and the save.
        let _credentials_stay = self.logins.changing().await;
        self.complete_policy(&mut spec).await?;
        let now = now();
        let mut policy = Policy::new(id, spec, now);
        policy.tenant.clone_from(&self.owner);
        policy.paused = paused;
        let sources = self.take_sources(&mut policy).await?;
        self.store
            .insert_policy(&policy)
            .await
            .map_err(|error| name_taken(error, &policy.spec))?;
        policy.revision += 1;
        let mut state = PolicyState::new(policy, HashMap::new());
        let _shown_anyway = sources.tell(&mut state);
        let view = view(&state, now);
        {
            let mut book = self.policies.book_mut();
            book.fresh.insert(state.policy.id.clone());
            book.policies.insert(state.policy.id.clone(), state);
            book.count_wanted();
        }
        self.policies_changed();
        Ok(view)
    }

    /// What a policy would find now, without making it. Registries are asked, and nothing is ordered.
    ///
    /// # Errors
    /// Everything that [`Engine::create_policy`] refuses but a taken name.
    pub async fn preview_policy(&self, request: PolicyRequest) -> Result<PolicyCoverage, EngineError> {
        let mut spec = request.check()?;
        self.complete_policy(&mut spec).await?;
        let now = now();
        let mut policy = Policy::new(PolicyId::from_stored(String::new()), spec, now);
        policy.tenant.clone_from(&self.owner);
        if policy.spec.workloads.is_some() {
            self.policies.workloads.want();
            self.policies.workloads.listed(DRY_RUN_LIMIT).await;
        }
        let sources = self.take_sources(&mut policy).await?;
        let mut state = PolicyState::new(policy, HashMap::new());
        let _shown_anyway = sources.tell(&mut state);
        let names: Vec<NodeName> = self
            .shared
            .fleet()
            .entries()
            .map(|entry| entry.node.name.clone())
            .collect();
        names
            .iter()
            .for_each(|name| self.see_node(&mut state, name, now).clear());
        let found = self
            .look_up_images(&state.policy, state.platforms(), DRY_RUN_LIMIT)
            .await;
        state.policy.learn_all(found, false, now);
        Ok(PolicyCoverage {
            images: state.images(now),
            rows: vec![],
            total: 0,
            view: view(&state, now),
        })
    }

    /// Changes what the request names.
    ///
    /// # Errors
    /// `NotFound`; Precondition where a Kubernetes object declares it; Invalid for a field that breaks a rule, `AlreadyExists` for a name that is
    /// taken, and then nothing has changed.
    pub async fn update_policy(&self, id: &PolicyId, request: PolicyRequest) -> Result<PolicyView, EngineError> {
        let _turn = self.policies.turn().await;
        let policy = self.known_policy(id).await?;
        self.refuse_declared(&policy, "change")?;
        let paused = match request.paused {
            Some(true) => policy.paused.clone().or_else(|| Some("paused by request".into())),
            Some(false) => None,
            None => policy.paused.clone(),
        };
        let spec = request.check_over(&policy.spec)?;
        self.change_policy(policy, spec, paused).await
    }

    /// Gives a policy another spec; hold the turn.
    pub(super) async fn change_policy(
        &self,
        mut policy: Policy,
        mut spec: PolicySpec,
        paused: Option<String>,
    ) -> Result<PolicyView, EngineError> {
        let owner = self.of_tenant(&policy.tenant);
        let _credentials_stay = self.logins.changing().await;
        owner.complete_policy(&mut spec).await?;
        policy.change(spec, now());
        policy.paused = paused;
        self.store_policy(policy, true).await
    }

    /// Nothing is ordered from now on; what is on its way goes on.
    ///
    /// # Errors
    /// `NotFound`; Precondition where a Kubernetes object declares it; Invalid for a reason that is too long.
    pub async fn pause_policy(&self, id: &PolicyId, reason: &str) -> Result<PolicyView, EngineError> {
        let reason = check_reason(reason)?;
        let _turn = self.policies.turn().await;
        let mut policy = self.known_policy(id).await?;
        self.refuse_declared(&policy, "pause")?;
        policy.paused = Some(reason);
        policy.updated_at = now();
        self.store_policy(policy, true).await
    }

    /// Goes on, with a clean slate: failures and removals are forgotten, and what tags moved to is accepted.
    ///
    /// # Errors
    /// `NotFound`; Precondition where a Kubernetes object declares it and says that it is paused.
    pub async fn resume_policy(&self, id: &PolicyId) -> Result<PolicyView, EngineError> {
        let _turn = self.policies.turn().await;
        let mut policy = self.known_policy(id).await?;
        if policy.paused.is_some() {
            self.refuse_declared(&policy, "resume")?;
        }
        policy.paused = None;
        policy.accept_moved();
        policy.updated_at = now();
        self.store.forget_evictions(id).await?;
        if let Some(state) = self.policies.book_mut().policies.get_mut(id) {
            state.forgive();
        }
        self.store_policy(policy, true).await
    }

    /// Removes a policy and cancels what it has ordered; images stay where they are.
    ///
    /// # Errors
    /// `NotFound`; Precondition where a Kubernetes object declares it; Unavailable when the store cannot write.
    pub async fn delete_policy(&self, id: &PolicyId) -> Result<(), EngineError> {
        let _turn = self.policies.turn().await;
        // One that cannot be read can be removed all the same.
        if !self.store.has_policy(&self.realm, id).await? {
            return Err(EngineError::NotFound {
                kind: "policy",
                id: id.to_string(),
            });
        }
        if let Ok(Some(policy)) = self.store.policy(id).await {
            self.refuse_declared(&policy, "delete")?;
        }
        self.drop_policy(id).await
    }

    /// Removes a policy; hold the turn.
    pub(super) async fn drop_policy(&self, id: &PolicyId) -> Result<(), EngineError> {
        self.store.delete_policy(id).await?;
        {
            let mut book = self.policies.book_mut();
            book.policies.remove(id);
            book.count_wanted();
        }
        self.cancel_tasks_of(id).await?;
        self.set_pins(PinOwner::Policy(id.clone()), vec![]).await?;
        self.policies_changed();
        Ok(())
    }

    /// Cancels the open tasks of a policy.
    pub(super) async fn cancel_tasks_of(&self, id: &PolicyId) -> Result<(), EngineError> {
        let whole = self.within(Realm::All, self.owner.clone());
        for task in self.store.open_tasks_of(id).await? {
            match whole.cancel_task(&task).await {
                Ok(_) | Err(EngineError::Precondition(_) | EngineError::NotFound { .. }) => {}
                Err(
                    error @ (EngineError::Invalid(_)
                    | EngineError::AlreadyExists { .. }
                    | EngineError::OverQuota { .. }
                    | EngineError::Unavailable(_)
                    | EngineError::Internal(_)),
                ) => return Err(error),
            }
        }
        Ok(())
    }

    async fn known_policy(&self, id: &PolicyId) -> Result<Policy, EngineError> {
        self.seen(self.store.policy(id).await?, "policy", id.as_str())
    }

    /// Saves a changed record and lets the book follow; hold the turn.
    async fn store_policy(&self, mut policy: Policy, look_at_all: bool) -> Result<PolicyView, EngineError> {
        let sources = self.take_sources(&mut policy).await?;
        let saved = self.store.update_policy(&policy, &[]).await;
        saved.map_err(|error| name_taken(error, &policy.spec))?;
        policy.revision += 1;
        let now = now();
        let view = {
            let mut book = self.policies.book_mut();
            let id = policy.id.clone();
            match book.policies.get_mut(&id) {
                Some(state) => state.replace(policy),
                None => drop(
                    book.policies
                        .insert(id.clone(), PolicyState::new(policy, HashMap::new())),
                ),
            }
            if look_at_all {
                book.fresh.insert(id.clone());
            }
            book.count_wanted();
            book.policies.get_mut(&id).map(|state| {
                let _shown_anyway = sources.tell(state);
                view(state, now)
            })
        };
        self.policies_changed();
        view.ok_or_else(|| EngineError::Unavailable("the policy is being changed, try again".into()))
    }

    /// Tells those who watch, and wakes the keeper.
    fn policies_changed(&self) {
        self.board.changed(Noun::Policies);
        self.policies.nudge.notify_one();
    }

    /// Checks what only the engine can, and fills in names of credentials and channels.
    pub(super) async fn complete_policy(&self, spec: &mut PolicySpec) -> Result<(), EngineError> {
        let below = |invalid: Invalid| Invalid::new(format!("taskConfig.{}", invalid.field), invalid.rule);
        let tenant = self.owning_tenant()?;
        tenant.check_images(&spec.task.images).map_err(below)?;
        if let Some(workloads) = &spec.workloads {
            if !self.policies.workloads.is_on() {
                let rule = "needs a cluster, and the coordinator runs with --kubernetes off";
                return Err(Invalid::new("workloads", rule).into());
            }
            workloads.check_tenant(&tenant.id)?;
        }
        self.name_credentials(&mut spec.task).map_err(below)?;
        match self.name_channels(&mut spec.task).await {
            Err(EngineError::Invalid(invalid)) => Err(below(invalid).into()),
            other => other,
        }
    }
}

fn name_taken(error: StoreError, spec: &PolicySpec) -> EngineError {
    if matches!(error, StoreError::Taken { .. }) {
        return EngineError::AlreadyExists {
            kind: "policy",
            id: spec.name.clone(),
        };
    }
    error.into()
}
