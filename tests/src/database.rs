//! Real database servers, each on a port and in a folder of its own, and fresh databases for tests: SQLite files, and
//! databases on a PostgreSQL and a MariaDB that all tests of a process share. A server of one's own can be stopped, killed and
//! come back on the same data and port.

mod server;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use tokio::sync::OnceCell;

use crate::folder::Folder;

pub use server::Server;

/// The databases that IPS serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// Debian's PostgreSQL.
    Postgres,
    /// Debian's MariaDB; MySQL 9 where `IPS_TEST_MYSQL` is set, as `make test-mysql` does.
    MariaDb,
}

/// An empty database of one test.
#[derive(Debug)]
pub struct Database {
    url: String,
    _folder: Option<Folder>,
}

impl Database {
    /// Makes one; servers are started with the first.
    pub async fn fresh(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => Self::file().expect("a folder"),
            Kind::Postgres | Kind::MariaDb => Self {
                url: shared(kind).await.create_database().await.expect("a database"),
                _folder: None,
            },
        }
    }

    fn file() -> Result<Self> {
        let folder = Folder::new("sqlite")?;
        let path: PathBuf = folder.join("ips.db");
        Ok(Self {
            url: format!("sqlite:{}", path.display()),
            _folder: Some(folder),
        })
    }

    /// Runs a statement in it, beside whoever works with it.
    pub async fn execute(&self, statement: &str) -> Result<()> {
        server::execute(&self.url, statement).await
    }

    /// Its URL, as `--database` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// One server of a kind for all tests of a process; nobody may stop it.
async fn shared(kind: Kind) -> Arc<Server> {
    static POSTGRES: OnceCell<Arc<Server>> = OnceCell::const_new();
    static MARIADB: OnceCell<Arc<Server>> = OnceCell::const_new();
    let cell = if kind == Kind::Postgres { &POSTGRES } else { &MARIADB };
    let start = async || Server::start(kind).await.map(Arc::new);
    cell.get_or_try_init(start).await.expect("a database server").clone()
}
