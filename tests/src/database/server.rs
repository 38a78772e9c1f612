//! One PostgreSQL or MariaDB process.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use nix::sys::signal::Signal;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, PgConnection, SqliteConnection};

use super::Kind;
use crate::cache;
use crate::folder::Folder;
use crate::ports::Port;
use crate::process::Process;
use crate::wait::wait_until;

/// Starts after a kill: what a killed server leaves (its children, its memory) may end the first one after it.
const STARTS: usize = 3;
/// Longest start of a server on a busy machine, and its longest end.
const LIMIT: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug)]
pub struct Server {
    process: Process,
    kind: Kind,
    at: IpAddr,
    port: Port,
    folder: Folder,
}

impl Server {
    /// Starts an empty server.
    pub async fn start(kind: Kind) -> Result<Self> {
        Self::start_at(kind, IpAddr::V4(Ipv4Addr::LOCALHOST)).await
    }

    /// The same at an address that pods can reach, too: a bridge of this machine. They need no password.
    pub async fn start_at(kind: Kind, at: IpAddr) -> Result<Self> {
        let folder = Folder::new("database")?;
        let port = Port::reserve()?;
        let data = folder.join("data");
        match kind {
            Kind::Sqlite => anyhow::bail!("SQLite has no server"),
            Kind::Postgres => {
                finished(&mut init_postgres(&data)?)?;
                let mut trusted = std::fs::File::options().append(true).open(data.join("pg_hba.conf"))?;
                writeln!(trusted, "host all all samenet trust")?;
            }
            Kind::MariaDb => finished(&mut init_mariadb(&data)?)?,
        }
        let process = spawn(kind, &folder, at, &port)?;
        let mut server = Self {
            process,
            kind,
            at,
            port,
            folder,
        };
        server.ready().await?;
        Ok(server)
    }

    async fn ready(&mut self) -> Result<()> {
        let url = self.url("");
        wait_until("the database server to answer", LIMIT, async || {
            !self.process.is_running() || execute(&url, "SELECT 1").await.is_ok()
        })
        .await;
        ensure!(
            self.process.is_running(),
            "the database server ended: {}",
            self.process.log_tail()
        );
        Ok(())
    }

    /// URL of one of its databases; empty: the one that is always there.
    pub fn url(&self, database: &str) -> String {
        let (at, port) = (self.at, self.port.number());
        match self.kind {
            Kind::Postgres if database.is_empty() => format!("postgres://ips@{at}:{port}/postgres"),
            Kind::Sqlite | Kind::Postgres => format!("postgres://ips@{at}:{port}/{database}"),
            Kind::MariaDb => format!("mysql://root@{at}:{port}/{database}"),
        }
    }

    /// Makes a database with a name of its own; says its URL.
    pub async fn create_database(&self) -> Result<String> {
        let name = format!("ips_{}", uuid::Uuid::new_v4().simple());
        execute(&self.url(""), &format!("CREATE DATABASE {name}")).await?;
        Ok(self.url(&name))
    }

    /// Runs a statement as its administrator.
    pub async fn execute(&self, statement: &str) -> Result<()> {
        execute(&self.url(""), statement).await
    }

    /// Ends it in an orderly way, as an operator would.
    pub async fn stop(&mut self) {
        // PostgreSQL: a fast shutdown, which does not wait for clients.
        let signal = match self.kind {
            Kind::Sqlite | Kind::Postgres => Signal::SIGINT,
            Kind::MariaDb => Signal::SIGTERM,
        };
        self.process.signal(signal);
        self.process.wait(LIMIT).await;
    }

    /// Kills it with -9.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again: same data, same port.
    pub async fn restart(&mut self) -> Result<()> {
        for _ in 1..STARTS {
            self.process = spawn(self.kind, &self.folder, self.at, &self.port)?;
            if self.ready().await.is_ok() {
                return Ok(());
            }
        }
        self.process = spawn(self.kind, &self.folder, self.at, &self.port)?;
        self.ready().await
    }
}

/// Runs a statement in the database with this URL.
pub(super) async fn execute(url: &str, statement: &str) -> Result<()> {
    let statement = AssertSqlSafe(statement.to_owned());
    let scheme = url.split(':').next().unwrap_or_default();
    match scheme {
        "sqlite" => {
            let mut connection = SqliteConnection::connect(url).await?;
            connection.execute(statement).await?;
            connection.close().await?;
        }
        "postgres" => {
            let mut connection = PgConnection::connect(url).await?;
            connection.execute(statement).await?;
            connection.close().await?;
        }
        _ => {
            let mut connection = MySqlConnection::connect(url).await?;
            connection.execute(statement).await?;
            connection.close().await?;
        }
    }
    Ok(())
}

fn finished(command: &mut Command) -> Result<()> {
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// PostgreSQL refuses root. In a user namespace root is another user, and still the owner of our folders; the namespace of its
/// shared memory goes with it.
fn not_root(program: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-user=1000", "--map-group=1000", "--ipc", "--"]);
    command.args(["setpriv", "--pdeathsig", "KILL", "--"]).arg(program);
    command
}

fn init_postgres(data: &Path) -> Result<Command> {
    let mut command = not_root(&cache::database("initdb")?);
    // Sorted as people read, so that a test notices where our order depends on it.
    command.args(["--username=ips", "--auth=trust", "--no-sync", "--encoding=UTF8"]);
    command.args(["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en"]);
    command.arg("--pgdata").arg(data);
    Ok(command)
}

/// Whether MySQL takes MariaDB's place.
fn mysql() -> bool {
    std::env::var_os("IPS_TEST_MYSQL").is_some()
}

fn init_mariadb(data: &Path) -> Result<Command> {
    let mut command;
    if mysql() {
        command = mysqld()?;
        command.args(["--initialize-insecure", "--user=root"]);
    } else {
        command = Command::new(cache::database("mariadb-install-db")?);
        command.args(["--no-defaults", "--user=root", "--skip-test-db"]);
        command.args(["--skip-name-resolve", "--force"]);
        command.arg("--auth-root-authentication-method=normal");
        command.arg(format!("--basedir={}", cache::database_folder("usr")?.display()));
    }
    command.arg(format!("--datadir={}", data.display()));
    Ok(command)
}

fn mysqld() -> Result<Command> {
    let home = cache::mysql()?;
    let share = home.join("usr/share/mysql");
    let mut command = Command::new(home.join("bin/mysqld"));
    command.arg("--no-defaults");
    command.arg(format!("--basedir={}", home.join("usr").display()));
    command.arg(format!("--lc-messages-dir={}", share.display()));
    command.arg(format!("--character-sets-dir={}", share.join("charsets").display()));
    command.arg(format!("--plugin-dir={}", home.join("usr/lib/mysql/plugin").display()));
    Ok(command)
}

fn mariadbd() -> Result<Command> {
    let usr = cache::database_folder("usr")?;
    let mut command = Command::new(cache::database("mariadbd")?);
    command.arg("--no-defaults");
    command.arg(format!("--basedir={}", usr.display()));
    command.arg(format!("--lc-messages-dir={}", usr.join("share/mysql").display()));
    Ok(command)
}

fn spawn(kind: Kind, folder: &Folder, at: IpAddr, port: &Port) -> Result<Process> {
    let (data, log) = (folder.join("data"), folder.join("server.log"));
    let port = port.number();
    let command = if kind == Kind::Postgres {
        let mut command = not_root(&cache::database("postgres")?);
        command.arg("-D").arg(data);
        let settings = [
            format!("port={port}"),
            format!("listen_addresses={at}"),
            "unix_socket_directories=".to_owned(),
            "dynamic_shared_memory_type=mmap".to_owned(),
            "fsync=off".to_owned(),
        ];
        for setting in settings {
            command.arg("-c").arg(setting);
        }
        command
    } else {
        let mut command = if mysql() { mysqld()? } else { mariadbd()? };
        if mysql() {
            command.args(["--mysqlx=OFF", "--secure-file-priv=NULL"]);
        }
        command.args(["--user=root", &format!("--bind-address={at}")]);
        command.arg(format!("--port={port}"));
        command.arg(format!("--datadir={}", data.display()));
        command.arg(format!("--socket={}", folder.join("s").display()));
        command.arg(format!("--pid-file={}", folder.join("pid").display()));
        // What is in the log survives a kill of the server, if not one of the machine; tests do not cut the power.
        command.arg("--innodb-flush-log-at-trx-commit=2");
        command
    };
    Process::start("database", &command, &log)
}
