//! What agents prove their nodes with: bootstrap tokens, and the key that is bound to each node. Both are known by their hashes alone.

use super::{
    Numbers, Store, StoreError,
    bulk::{
        Bulk, Columns,
        Kind::{Int, Key, Text},
    },
    db::Tx,
    sql::Sql,
};
use crate::domain::{
    Millis,
    agent::{BootstrapToken, NodeKey},
    ids::NodeName,
};
use std::collections::HashMap;

/// Revoked keys that are read at a time.
const REVOKED: u32 = 10_000;

#[derive(sqlx::FromRow)]
struct TokenRow {
    id: i64,
    name: String,
    created_at: i64,
    expires_at: i64,
    revoked_at: i64,
}

impl From<TokenRow> for BootstrapToken {
    fn from(row: TokenRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// A row, as [`Store::bind_keys`] sends it.
const KEY_ROW: Columns = &[
    ("node", Key),
    ("key_hash", Text),
    ("token_id", Int),
    ("created_at", Int),
    ("revoked_at", Int),
];

/// What binding a key would mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The node has no key.
    Free,
    /// It has this one.
    Held,
    /// It has another one, or another node has or had this one.
    Taken,
}

/// Keys that are or were bound.
#[derive(Debug, Default)]
struct Known {
    hash_of: HashMap<String, String>,
    node_of: HashMap<String, String>,
}

impl Known {
    /// Those of these nodes, and those with these hashes.
    async fn read(tx: &mut Tx, keys: &[NodeKey]) -> Result<Self, StoreError> {
        let select = Sql::new("SELECT node, key_hash, revoked_at FROM node_keys WHERE node IN ")
            .list(keys.iter().map(|key| key.node.as_str()))
            .push(" OR key_hash IN ")
            .list(keys.iter().map(|key| key.hash.as_str()));
        let mut known = Self::default();
        for (node, hash, revoked_at) in tx.all::<(String, String, i64)>(select).await? {
            if revoked_at == 0 {
                known.hash_of.insert(node.clone(), hash.clone());
            }
            known.node_of.insert(hash, node);
        }
        Ok(known)
    }

    fn verdict(&self, key: &NodeKey) -> Verdict {
        let (held, holder) = (self.hash_of.get(key.node.as_str()), self.node_of.get(&key.hash));
        if held.is_some_and(|hash| *hash != key.hash) || holder.is_some_and(|node| node != key.node.as_str()) {
            Verdict::Taken
        } else if held.is_some() {
            Verdict::Held
        } else {
            Verdict::Free
        }
    }

    fn add(&mut self, key: &NodeKey) {
        self.hash_of.insert(key.node.as_str().to_owned(), key.hash.clone());
        self.node_of.insert(key.hash.clone(), key.node.as_str().to_owned());
    }
}

impl Store {
    /// Saves a bootstrap token and gives back its number.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn insert_bootstrap_token(&self, token: &BootstrapToken, hash: &str) -> Result<i64, StoreError> {
        let id = self.new_number(Numbers::BootstrapTokens).await?;
        let mut tx = self.begin().await?;
        let row = [
            ("id", id.into()),
            ("name", (&token.name).into()),
            ("token_hash", hash.into()),
            ("created_at", token.created_at.into()),
            ("expires_at", token.expires_at.into()),
        ];
        tx.execute(Sql::insert("bootstrap_tokens", row)).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Every bootstrap token, newest first, revoked and ended ones too.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn bootstrap_tokens(&self) -> Result<Vec<BootstrapToken>, StoreError> {
        let select =
            Sql::new("SELECT id, name, created_at, expires_at, revoked_at FROM bootstrap_tokens ORDER BY id DESC");
        let rows = self.db.all::<TokenRow>(select).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Revokes a bootstrap token; false when there is none that holds. Keys that it has bound stay.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn revoke_bootstrap_token(&self, id: i64, now: Millis) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let revoke = Sql::update("bootstrap_tokens", [("revoked_at", now.into())]);
        let revoked = tx
            .execute(revoke.push(" WHERE id = ? AND revoked_at = 0").bind(id))
            .await?;
        tx.commit().await?;
        Ok(revoked > 0)
    }

    /// The number of the bootstrap token that has this hash and holds.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn bootstrap_token(&self, hash: &str, now: Millis) -> Result<Option<i64>, StoreError> {
        let select = Sql::new(
            "SELECT id FROM bootstrap_tokens WHERE token_hash = ? AND revoked_at = 0 AND (expires_at = 0 OR expires_at > ?)",
        );
        let row = self.db.optional::<(i64,)>(select.bind(hash).bind(now)).await?;
        Ok(row.map(|(id,)| id))
    }

    /// Binds keys to nodes that have none, all in one transaction. Says for each whether its node has it now; one that the node has already is
    /// bound again for nothing, another one stays, and so does a key at its
    /// first node.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn bind_keys(&self, keys: &[NodeKey]) -> Result<Vec<bool>, StoreError> {
        let mut tx = self.begin().await?;
        let mut known = Known::read(&mut tx, keys).await?;
        let mut rows = Bulk::new("node_keys", KEY_ROW);
        let mut bound = Vec::with_capacity(keys.len());
        let mut fresh = false;
        for key in keys {
            let verdict = known.verdict(key);
            bound.push(verdict != Verdict::Taken);
            if verdict == Verdict::Free {
                known.add(key);
                rows.row([
                    key.node.as_str().into(),
                    (&key.hash).into(),
                    key.token.into(),
                    key.created_at.into(),
                    0_i64.into(),
                ]);
                fresh = true;
            }
        }
        if fresh {
            rows.upsert(&mut tx, &["node"], &[]).await?;
        }
        tx.commit().await?;
        Ok(bound)
    }

    /// The node that the key of this hash is bound to.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn node_of_key(&self, hash: &str) -> Result<Option<NodeName>, StoreError> {
        let select = Sql::new("SELECT node FROM node_keys WHERE key_hash = ? AND revoked_at = 0").bind(hash);
        let row = self.db.optional::<(String,)>(select).await?;
        Ok(row.map(|(node,)| NodeName::from_stored(node)))
    }

    /// Revokes the key of a node, whose agent has to bind one anew; false when it has none.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn revoke_node_key(&self, node: &NodeName, now: Millis) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let revoke = Sql::update("node_keys", [("revoked_at", now.into())]);
        let revoked = tx
            .execute(revoke.push(" WHERE node = ? AND revoked_at = 0").bind(node.as_str()))
            .await?;
        tx.commit().await?;
        Ok(revoked > 0)
    }

    /// Hashes of the keys that were revoked at or after a time.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn keys_revoked_since(&self, at: Millis) -> Result<Vec<String>, StoreError> {
        let select = Sql::new("SELECT key_hash FROM node_keys WHERE revoked_at >= ? AND revoked_at > 0 LIMIT ?");
        let rows = self.db.all::<(String,)>(select.bind(at).bind(REVOKED)).await?;
        Ok(rows.into_iter().map(|(hash,)| hash).collect())
    }
}
