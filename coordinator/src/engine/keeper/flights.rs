//! Which pulls of the images that policies want have not ended, and how those of policies ended.

use super::{Keeper, follow::Learnt};
use crate::{
    domain::{
        Millis,
        ids::{NodeName, PolicyId},
        image::ImageRef,
        policy::{Flight, Flights, PullEnd},
        pull::Pull,
        task::Task,
    },
    engine::{EngineError, views::TaskView},
};

impl Keeper {
    /// Takes what the board says of a task.
    pub(super) fn take_task(&mut self, view: &TaskView, now: Millis) {
        let task = &view.task;
        let Some(policy) = &task.policy else { return };
        if task.state.is_open() {
            self.tasks.insert(task.id.clone(), policy.clone());
        } else {
            self.tasks.remove(&task.id);
            self.ended.insert(policy.clone());
        }
        self.learn_from(task, policy, now);
    }

    /// What the task found its images to be, where that is news.
    fn learn_from(&mut self, task: &Task, policy: &PolicyId, now: Millis) {
        let book = self.engine.policies.book();
        let Some(state) = book.policies.get(policy) else { return };
        for (image, found) in task.spec.images.iter().zip(&task.images) {
            let known = state.policy.images.iter().find(|known| known.image == *image);
            let Some(known) = known.filter(|_| !found.resolved.is_empty()) else {
                continue;
            };
            if known.clone().learn(&found.resolved, false).changed {
                self.learnt.push(Learnt {
                    policy: policy.clone(),
                    image: image.clone(),
                    found: found.resolved.clone(),
                    at: now,
                });
            }
        }
    }

    /// Takes what the board says of a pull.
    pub(super) fn take_pull(&mut self, pull: &Pull, now: Millis) {
        let mut book = self.engine.policies.book_mut();
        if !book.wanted.contains(&pull.image) {
            return;
        }
        if pull.state.is_open() {
            let flight = Flight {
                pull: pull.id.clone(),
                task: pull.task.clone(),
                policy: self.tasks.get(&pull.task).cloned(),
                running: pull.state.is_running(),
            };
            book.flights.put(&pull.node, &pull.image, flight);
            return;
        }
        let Some(flight) = book.flights.remove(&pull.node, &pull.image, &pull.id) else {
            return;
        };
        self.dirty.insert(pull.node.clone());
        if let Some(state) = flight.policy.and_then(|policy| book.policies.get_mut(&policy)) {
            state.ended(&pull.node, &pull.image, end_of(pull), now);
        }
    }

    /// Reads anew which pulls are open, after images are wanted that were not, or something was missed.
    pub(super) async fn read_flights(&mut self, now: Millis) -> Result<(), EngineError> {
        let images: Vec<ImageRef> = self.engine.policies.book().wanted.iter().cloned().collect();
        let open = self.engine.store.open_pulls_of(&images).await?;
        let mut flights = Flights::default();
        self.tasks.clear();
        for pull in open {
            if let Some(policy) = &pull.policy {
                self.tasks.insert(pull.task.clone(), policy.clone());
            }
            let flight = Flight {
                pull: pull.id,
                task: pull.task,
                policy: pull.policy,
                running: pull.state.is_running(),
            };
            flights.put(&pull.node, &pull.image, flight);
        }
        let missed: Vec<(NodeName, ImageRef, Flight)> = {
            let book = self.engine.policies.book();
            let known = book.flights.of_policies();
            let ended = known.filter(|(node, image, flight)| {
                let policy = flight.policy.as_ref();
                policy.is_some_and(|policy| {
                    flights
                        .at(node, image, policy)
                        .is_none_or(|now| now.pull != flight.pull)
                })
            });
            ended
                .map(|(node, image, flight)| (node.clone(), image.clone(), flight.clone()))
                .collect()
        };
        let mut ends = vec![];
        for (node, image, flight) in missed {
            if let Some(pull) = self.engine.store.pull(&flight.pull).await? {
                ends.push((node, image, flight, end_of(&pull)));
            }
        }
        let mut book = self.engine.policies.book_mut();
        book.flights = flights;
        book.lacks_flights = false;
        for (node, image, flight, end) in ends {
            if let Some(state) = flight.policy.and_then(|policy| book.policies.get_mut(&policy)) {
                state.ended(&node, &image, end, now);
            }
        }
        Ok(())
    }
}

fn end_of(pull: &Pull) -> PullEnd {
    PullEnd::of(pull.state, pull.failure, &pull.message)
}
