//! What an object declares becomes a policy or a task of the engine: made, changed, or left as it is; and ended with it.

use super::Declarations;
use crate::{
    domain::{
        declared::{Declared, Kind, ObjectName, Refusal, Verdict},
        ids::PolicyId,
        policy::{Policy, PolicyRequest},
        pull_secret::PullSecrets,
    },
    engine::{Engine, EngineError},
};

/// Why a policy orders nothing whose object says so.
const PAUSED: &str = "its object says paused";

impl Declarations {
    /// Makes true what an object says, as far as it can be.
    ///
    /// # Errors
    /// Unavailable or internal: what trying again may mend.
    pub(super) async fn take_over(&self, object: &Declared) -> Result<Verdict, EngineError> {
        let namespace = &object.name.namespace;
        let tenants = self.engine.shared.tenants();
        let tenant = self
            .namespaces
            .tenant_of(namespace, |tenant| tenants.get(tenant).is_some());
        let Some(tenant) = tenant else {
            let message = format!(
                "the namespace {namespace} has no tenant: make one of this id, or name one for it with --kubernetes-tenant"
            );
            return Ok(Verdict::Refused(Refusal::NoTenant, message));
        };
        let mut spec = object.spec.clone();
        let secrets = PullSecrets::take(&mut spec, namespace);
        if object.kind == Kind::Task {
            return match secrets {
                Ok(secrets) => self.take_over_task(object, &tenant, (spec, secrets)).await,
                Err(invalid) => verdict(Err(invalid.into())),
            };
        }
        let confined = secrets.and_then(|secrets| {
            let mut request = (self.read.policy)(spec)?;
            let workloads = request.workloads.as_mut().filter(|workloads| !workloads.is_empty());
            workloads.map_or(Ok(()), |workloads| workloads.confine(namespace))?;
            Ok((request, secrets))
        });
        let (request, secrets) = match confined {
            Ok(confined) => confined,
            Err(invalid) => return verdict(Err(invalid.into())),
        };
        let request = PolicyRequest {
            // What belongs to another tenant than that of its namespace's name says where it is from, so that two never have one name.
            name: Some(if tenant.as_str() == namespace {
                object.name.name.clone()
            } else {
                object.name.to_string()
            }),
            ..request
        };
        let owner = self.engine.of_tenant(&tenant);
        let from = (&object.name, secrets);
        verdict(Box::pin(owner.declare_policy(&object.policy_id(), from, request)).await)
    }
}

/// What is told of an outcome.
pub(super) fn verdict(outcome: Result<(), EngineError>) -> Result<Verdict, EngineError> {
    let refused = |refusal, message: String| Ok(Verdict::Refused(refusal, message));
    match outcome {
        Ok(()) => Ok(Verdict::Accepted),
        Err(EngineError::Invalid(invalid)) => refused(Refusal::InvalidField, format!("spec.{invalid}")),
        Err(error @ EngineError::AlreadyExists { .. }) => refused(Refusal::NameTaken, error.to_string()),
        Err(error @ (EngineError::NotFound { .. } | EngineError::Precondition(_) | EngineError::OverQuota { .. })) => {
            refused(Refusal::Refused, error.to_string())
        }
        Err(error @ (EngineError::Unavailable(_) | EngineError::Internal(_))) => Err(error),
    }
}

impl Engine {
    /// Makes a policy of this tenant be just what an object says.
    ///
    /// # Errors
    /// As [`Engine::create_policy`], and then nothing has changed.
    async fn declare_policy(
        &self,
        id: &PolicyId,
        (object, secrets): (&ObjectName, Option<PullSecrets>),
        request: PolicyRequest,
    ) -> Result<(), EngineError> {
        let paused = request.paused.unwrap_or(false).then(|| PAUSED.to_owned());
        let mut spec = request.check()?;
        spec.task.declared = Some(object.clone());
        spec.task.pull_secrets = secrets;
        let _turn = self.policies.turn().await;
        let known = self.store.policy(id).await?;
        let moved = known.as_ref().is_some_and(|known| known.tenant != self.owner);
        if moved {
            self.drop_policy(id).await?;
        }
        match known.filter(|_| !moved) {
            None => drop(self.make_policy(id.clone(), spec, paused).await?),
            Some(known) => {
                let mut complete = spec.clone();
                self.complete_policy(&mut complete).await?;
                if known.spec != complete || known.paused.is_some() != paused.is_some() {
                    self.change_policy(known, spec, paused).await?;
                }
            }
        }
        Ok(())
    }

    /// Ends what the object of this UID declares; what is gone already is no error.
    ///
    /// # Errors
    /// Unavailable when the store cannot write.
    pub(super) async fn end_declared(&self, kind: Kind, uid: &str) -> Result<(), EngineError> {
        match kind {
            Kind::Policy => self.end_policy(&PolicyId::of_object(uid)).await,
            Kind::Task => self.end_task(uid).await,
        }
    }

    /// UIDs of the objects that declare what there is and has not ended.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub(super) async fn declared(&self, kind: Kind) -> Result<Vec<String>, EngineError> {
        match kind {
            Kind::Policy => self.declared_policies().await,
            Kind::Task => self.declared_tasks().await,
        }
    }

    async fn end_policy(&self, id: &PolicyId) -> Result<(), EngineError> {
        let _turn = self.policies.turn().await;
        if self.store.has_policy(&self.realm, id).await? {
            self.drop_policy(id).await?;
        }
        Ok(())
    }

    async fn declared_policies(&self) -> Result<Vec<String>, EngineError> {
        let all = self.store.all_policies().await?.sound;
        let declared = all.into_iter().filter(|policy| policy.spec.task.declared.is_some());
        // One that was made by the API and names an object has never been made by it.
        Ok(declared
            .filter_map(|policy| policy.id.object().map(ToOwned::to_owned))
            .collect())
    }

    /// Whoever declares a policy elsewhere changes it there.
    pub(in crate::engine) fn refuse_declared(&self, policy: &Policy, verb: &str) -> Result<(), EngineError> {
        self.refuse_object(Kind::Policy, policy.spec.task.declared.as_ref(), verb)
    }

    pub(super) fn refuse_object(&self, kind: Kind, object: Option<&ObjectName>, verb: &str) -> Result<(), EngineError> {
        let Some(object) = object.filter(|_| self.policies.is_declared_elsewhere()) else {
            return Ok(());
        };
        let noun = match kind {
            Kind::Policy => "policy",
            Kind::Task => "task",
        };
        let kind = kind.as_str();
        let message = format!("the {noun} is declared by the Kubernetes object {kind} {object}: {verb} it there");
        Err(EngineError::Precondition(message))
    }
}
