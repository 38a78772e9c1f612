//! With which logins a pull is tried, in the order of decision: the order's own (the task's or a stored one); else those of the
//! node's credential providers; else none, and then the runtime uses what its own configuration says of the registry.

use super::Shared;
use crate::pull::{Credential, Order};
use std::collections::VecDeque;
use tracing::warn;

/// The logins of one pull. Lives as long as the pull.
#[derive(Debug)]
pub(super) struct Logins {
    /// The one to try now; `None` sends none.
    pub(super) current: Option<Credential>,
    next: VecDeque<Credential>,
    of_the_node: bool,
    /// What the node's providers failed at, for people.
    pub(super) notes: Vec<String>,
}

impl Logins {
    /// True when the node's providers have to be asked, which takes a moment.
    pub(super) fn must_be_found(shared: &Shared, order: &Order) -> bool {
        order.credential.is_none() && shared.settings.credentials.concerns(&order.reference)
    }

    /// Gathers them.
    pub(super) async fn find(shared: &Shared, order: &Order) -> Self {
        let mut logins = Self {
            current: order.credential.clone(),
            next: VecDeque::new(),
            of_the_node: false,
            notes: Vec::new(),
        };
        if Self::must_be_found(shared, order) {
            let found = shared.settings.credentials.find(&order.reference).await;
            for note in &found.notes {
                warn!(image = %order.reference, reason = %note, "a credential provider of the node failed");
            }
            logins.next = found.logins.into();
            logins.notes = found.notes;
            logins.current = logins.next.pop_front();
            logins.of_the_node = logins.current.is_some();
        }
        logins
    }

    /// After a refusal: true when there is another login to try. Refused logins of the node are not kept for the next pull.
    pub(super) fn refused(&mut self, shared: &Shared, order: &Order) -> bool {
        if self.of_the_node {
            shared.settings.credentials.forget(&order.reference);
        }
        let next = self.next.pop_front();
        let is_more = next.is_some();
        if is_more {
            self.current = next;
        }
        is_more
    }

    /// A remark with what the node's providers failed at.
    pub(super) fn remark(&self, text: String) -> String {
        let parts = [text].into_iter().filter(|text| !text.is_empty());
        parts.chain(self.notes.iter().cloned()).collect::<Vec<_>>().join("; ")
    }
}
