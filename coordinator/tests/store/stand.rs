//! An empty database and what tests put into it.

use ips_coordinator::{
    domain::{
        caller::TenantId,
        counts::{ByteCounts, PullCounts},
        ids::{NodeName, PullId, TaskId},
        pull::{Pull, PullState},
        task::{Task, TaskRequest},
        task_state::TaskState,
    },
    store::{DatabaseUrl, PullQuery, Store, StoreError},
};
use ips_tests::database::{Database, Kind};

/// A database that stores are opened on, one after another.
pub struct Stand {
    database: Database,
}

impl Stand {
    pub async fn start(kind: Kind) -> Self {
        Self {
            database: Database::fresh(kind).await,
        }
    }

    pub fn url(&self) -> DatabaseUrl {
        DatabaseUrl::new(self.database.url())
    }

    pub async fn try_open(&self) -> Result<Store, StoreError> {
        Store::open(&self.url()).await
    }

    pub async fn open(&self) -> Store {
        self.try_open().await.unwrap()
    }

    /// Runs a statement beside the store.
    pub async fn execute(&self, statement: &str) {
        self.database.execute(statement).await.unwrap();
    }
}

/// A task with two images, waiting.
pub fn task(id: &str, created_at: i64) -> Task {
    let request = TaskRequest {
        images: vec!["a:1".into(), "b:1".into()],
        ..TaskRequest::default()
    };
    Task {
        policy: None,
        retried_at: 0,
        id: TaskId::parse(id).unwrap(),
        tenant: TenantId::default(),
        spec: request.check().unwrap().spec,
        state: TaskState::Pending,
        images: vec![],
        counts: PullCounts {
            nodes: 1,
            queued: 2,
            ..PullCounts::default()
        },
        settled_bytes: ByteCounts::default(),
        failures: vec![],
        created_at,
        started_at: 0,
        finished_at: 0,
        error_message: String::new(),
    }
}

/// Its pulls on these nodes, by node, then image.
pub fn pulls_on<'a>(task: &Task, nodes: impl IntoIterator<Item = &'a str>) -> Vec<Pull> {
    let of_node = |node: &str| {
        let node = NodeName::parse(node).unwrap();
        let images = task.spec.images.iter().enumerate();
        let pull = |(index, image): (usize, &ips_coordinator::domain::image::ImageRef)| {
            let id = PullId::from_stored(format!("{}/{node}/{index}", task.id));
            Pull::new(id, task.id.clone(), node.clone(), image.clone(), index as u32)
        };
        images.map(pull).collect::<Vec<_>>()
    };
    nodes.into_iter().flat_map(of_node).collect()
}

/// Its pulls on one node.
pub fn pulls(task: &Task) -> Vec<Pull> {
    pulls_on(task, ["n1"])
}

/// All pulls of a task as they are stored.
pub async fn stored(store: &Store, task: &Task) -> Vec<Pull> {
    let all = PullQuery {
        task: &task.id,
        node: None,
        image: None,
        states: &PullState::ALL,
    };
    store.pulls(all, u32::MAX, 0).await.unwrap()
}
