//! What a flight that is over means for one attempt: each judges the runtime's facts by the digests that it was ordered.

use super::Attempt;
use crate::{
    pull::{
        Digests, Ending, Failure, FailureReason, Phase, Success,
        verdict::{Facts, Verdict, expected_target, judge},
    },
    worker::flights::{FlightEnd, FlightState, Landing},
};

impl Attempt<'_> {
    pub(super) fn conclude(&self, state: &FlightState) -> (Ending, Digests) {
        match state.end.as_deref() {
            None => (self.cancelled(state.phase), Digests::default()),
            Some(FlightEnd::Failed(failure)) => (Ending::Failure(failure.clone()), Digests::default()),
            Some(FlightEnd::Landed(landing)) => {
                let Landing { facts, digests, note } = landing.as_ref();
                let target = digests.target.clone().or_else(|| self.target_of(facts.as_ref()?));
                (
                    self.verdict(facts.as_ref(), note),
                    Digests {
                        target,
                        ..digests.clone()
                    },
                )
            }
        }
    }

    pub(super) fn judge(&self, facts: Option<&Facts>) -> Verdict {
        judge(
            facts,
            &self.order.reference,
            &self.order.expected,
            &self.shared.settings.platform,
        )
    }

    /// What the runtime's own words on a pulled image come to; `note` is what the pull found.
    fn verdict(&self, facts: Option<&Facts>, note: &str) -> Ending {
        let (reason, message) = match self.judge(facts) {
            Verdict::Warm { verified } => {
                let success = Success {
                    pulled: true,
                    note: note.to_owned(),
                    digest_verified: verified,
                };
                return Ending::Success(success);
            }
            Verdict::Missing => (
                FailureReason::Runtime,
                "pulled, but the runtime does not know the image".into(),
            ),
            Verdict::NoConfiguration => (
                FailureReason::Runtime,
                "pulled, but the image's configuration is not in the content store".into(),
            ),
            Verdict::NotUnpacked => (
                FailureReason::Runtime,
                "pulled, but the snapshot of its layers is not committed; is --snapshotter the one that CRI uses?"
                    .into(),
            ),
            Verdict::WrongPlatform { found } => {
                let node = &self.shared.settings.platform;
                (
                    FailureReason::WrongPlatform,
                    format!("the image is for {found}, the node is {node}"),
                )
            }
            Verdict::OtherDigest { expected, found } => {
                let text = format!("the tag moved: expected {expected}, the registry now serves {found}");
                (FailureReason::TagMoved, text)
            }
        };
        Ending::Failure(Failure::new(reason, Phase::Verifying, &message))
    }

    /// The target digest that the runtime shows: the expected one if it is among them, else the only one.
    pub(super) fn target_of(&self, facts: &Facts) -> Option<String> {
        let expected = expected_target(&self.order.reference, &self.order.expected);
        let shown = |digest: &&String| expected.is_none_or(|target| target == digest.as_str());
        facts
            .repo_digests
            .iter()
            .find(shown)
            .or_else(|| facts.repo_digests.first())
            .cloned()
    }
}
