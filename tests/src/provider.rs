//! A real log-in provider (the npm package oidc-provider) in a process of its own, and a browser that logs in there: it keeps cookies, follows
//! redirects and fills in forms.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode, Url};
use serde_json::{Value, json};

use crate::cache;
use crate::folder::Folder;
use crate::ports::Port;
use crate::process::Process;
use crate::wait::wait_until;

/// Who we are there.
pub const CLIENT_ID: &str = "ips";
/// By what we prove it.
pub const CLIENT_SECRET: &str = "the secret of the tests, for a provider of the tests";
/// More redirects than any log-in has.
const MOST_STEPS: usize = 30;

/// See the module.
#[derive(Debug)]
pub struct Provider {
    port: Port,
    folder: Folder,
    program: PathBuf,
    process: Option<Process>,
}

impl Provider {
    /// One that does not run yet; `None`, said aloud, on a machine without Node.js.
    pub fn prepare() -> Result<Option<Self>> {
        let found = std::fs::read_to_string(cache::root().join("oidc"));
        let found =
            found.context("the log-in provider is missing; run tests/setup/oidc.sh (or make test, which does)")?;
        if found.trim() == "none" {
            eprintln!("left out: there is no Node.js 20 on this machine");
            return Ok(None);
        }
        Ok(Some(Self {
            port: Port::reserve()?,
            folder: Folder::new("oidc")?,
            program: PathBuf::from(found.trim()).join("provider.mjs"),
            process: None,
        }))
    }

    /// Its address, also before it runs.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.number())
    }

    /// A file with the secret that we have there.
    pub fn secret_file(&self) -> Result<PathBuf> {
        let path = self.folder.join("client-secret");
        std::fs::write(&path, CLIENT_SECRET)?;
        Ok(path)
    }

    /// Says who is in which groups from now on.
    pub fn people(&self, people: &[(&str, &[&str])]) -> Result<()> {
        let all = people.iter().map(|(name, groups)| {
            let person = json!({"preferred_username": name, "groups": groups});
            ((*name).to_owned(), person)
        });
        let all: Value = all.collect::<serde_json::Map<_, _>>().into();
        Ok(std::fs::write(self.folder.join("people.json"), all.to_string())?)
    }

    /// Starts it. It sends browsers back to this address alone.
    pub async fn start(&mut self, redirect: &str, claims_in_token: bool) -> Result<()> {
        let settings = json!({
            "port": self.port.number(),
            "clientId": CLIENT_ID,
            "clientSecret": CLIENT_SECRET,
            "redirectUri": redirect,
            "people": self.folder.join("people.json"),
            "claimsInToken": claims_in_token,
        });
        let mut command = Command::new("node");
        command.arg(&self.program).arg(settings.to_string());
        let process = Process::start("oidc-provider", &command, &self.folder.join("provider.log"))?;
        let process = self.process.insert(process);
        let description = format!(
            "http://127.0.0.1:{}/.well-known/openid-configuration",
            self.port.number()
        );
        let client = crate::http::client();
        wait_until("the log-in provider", Duration::from_secs(60), async || {
            assert!(process.is_running(), "it ended: {}", process.log_tail());
            client
                .get(&description)
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
        })
        .await;
        Ok(())
    }
}

/// Where a browser ended.
#[derive(Debug, Clone)]
pub struct Landing {
    /// The last address.
    pub url: Url,
    /// What it answered.
    pub status: StatusCode,
    /// Its page.
    pub body: String,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Browser {
    client: Client,
    /// By name; everything is on 127.0.0.1, and browsers do not tell its ports apart either.
    cookies: BTreeMap<String, String>,
    /// As they were set.
    set: Vec<String>,
    /// Every address that it was sent to.
    history: Vec<Url>,
    person: String,
}

impl Browser {
    /// A fresh one, of this person.
    pub fn of(person: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(Duration::from_secs(30))
            .no_proxy()
            .build();
        Self {
            client: client.expect("an HTTP client"),
            cookies: BTreeMap::new(),
            set: vec![],
            history: vec![],
            person: person.to_owned(),
        }
    }

    /// Its cookies as they were set, the newest last.
    pub fn cookies_set(&self) -> &[String] {
        &self.set
    }

    /// Every address that it was sent to.
    pub fn history(&self) -> &[Url] {
        &self.history
    }

    /// Goes to an address and on to wherever it is sent, and logs in at the provider on the way.
    pub async fn go(&mut self, url: &str) -> Result<Landing> {
        self.go_until(url, |_| false).await
    }

    /// The same, but stops before it asks for an address of which the test says so.
    pub async fn go_until(&mut self, url: &str, stop: impl Fn(&Url) -> bool) -> Result<Landing> {
        let mut next = (Method::GET, Url::parse(url)?, None);
        for _step in 0..MOST_STEPS {
            let (method, url, form) = next;
            self.history.push(url.clone());
            if stop(&url) {
                let (status, body) = (StatusCode::OK, String::new());
                return Ok(Landing { url, status, body });
            }
            let landing = self.ask(method, url, form).await?;
            next = match landing {
                Step::Sent(to) => (Method::GET, to, None),
                Step::Landed(landing) => match self.form(&landing) {
                    Some((url, form)) => (Method::POST, url, Some(form)),
                    None => return Ok(landing),
                },
            };
        }
        anyhow::bail!("it was sent around for ever: {:?}", self.history)
    }

    /// Posts JSON from a page of this origin.
    pub async fn post(&mut self, url: &str, body: &Value) -> Result<(StatusCode, Value)> {
        let request = self
            .client
            .post(url)
            .header(COOKIE, self.line())
            .header("sec-fetch-site", "same-origin");
        let answer = request.json(body).send().await?;
        self.keep(&answer);
        let status = answer.status();
        Ok((
            status,
            serde_json::from_slice(&answer.bytes().await?).unwrap_or_default(),
        ))
    }

    async fn ask(&mut self, method: Method, url: Url, form: Option<String>) -> Result<Step> {
        let mut request = self.client.request(method, url.clone()).header(COOKIE, self.line());
        if let Some(form) = form {
            request = request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form);
        }
        let answer = request.send().await.with_context(|| url.to_string())?;
        self.keep(&answer);
        let status = answer.status();
        if status.is_redirection() {
            let to = answer
                .headers()
                .get(LOCATION)
                .context("a redirect without an address")?;
            return Ok(Step::Sent(url.join(to.to_str()?)?));
        }
        let body = answer.text().await?;
        Ok(Step::Landed(Landing { url, status, body }))
    }

    fn line(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, answer: &reqwest::Response) {
        for header in answer.headers().get_all(SET_COOKIE) {
            let text = header.to_str().unwrap_or_default();
            let Some((name, rest)) = text.split_once('=') else {
                continue;
            };
            let value = rest.split(';').next().unwrap_or_default();
            self.set.push(text.to_owned());
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// What the provider's page asks for, filled in.
    fn form(&self, landing: &Landing) -> Option<(Url, String)> {
        let body = &landing.body;
        let prompt = |name: &str| body.contains(&format!("name=\"prompt\" value=\"{name}\""));
        let action = body.split("action=\"").nth(1)?.split('"').next()?;
        let url = landing.url.join(action).ok()?;
        if prompt("login") {
            return Some((url, format!("prompt=login&login={}&password=any", self.person)));
        }
        prompt("consent").then(|| (url, "prompt=consent".to_owned()))
    }
}

enum Step {
    Sent(Url),
    Landed(Landing),
}

/// The value of a parameter in an address.
pub fn parameter(url: &Url, name: &str) -> Result<String> {
    let mut pairs = url.query_pairs();
    let found = pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned());
    ensure!(found.is_some(), "{name} is not in {url}");
    Ok(found.unwrap_or_default())
}

/// The address with another value of a parameter.
pub fn with_parameter(url: &Url, name: &str, value: &str) -> Url {
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let mut changed = url.clone();
    changed
        .query_pairs_mut()
        .clear()
        .extend_pairs(pairs.iter().map(|(known, old)| {
            let new = if known == name { value } else { old.as_str() };
            (known.as_str(), new)
        }));
    changed
}
