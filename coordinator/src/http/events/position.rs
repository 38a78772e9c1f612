//! Event ids, `<run>-<version>`: where a client is. Another run's versions mean nothing here.

use crate::engine::board::{Board, Follower};

/// Where a client says that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    run: String,
    version: Option<u64>,
}

impl Position {
    /// Reads an event id. What is none becomes a position that nothing follows from.
    pub(super) fn parse(id: &str) -> Self {
        let (run, version) = id.rsplit_once('-').unwrap_or((id, ""));
        Self {
            run: run.to_owned(),
            version: version.parse().ok(),
        }
    }

    /// Goes on from here.
    ///
    /// # Errors
    /// Why that is not possible, for the client.
    pub(super) fn follow(&self, board: &Board) -> Result<Follower, &'static str> {
        if self.run != board.run() {
            return Err("the coordinator was restarted");
        }
        let version = self.version.ok_or("the event id is not one of ours")?;
        board.follow(version).ok_or("what was missed is no longer kept")
    }
}

/// The id of the event that brings a client to this version.
pub(super) fn event_id(board: &Board, version: u64) -> String {
    format!("{}-{version}", board.run())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back_and_others_lead_nowhere() {
        let board = Board::new("5f0c-9e1a".into());
        assert!(Position::parse(&event_id(&board, 0)).follow(&board).is_ok());
        for bad in [
            "",
            "x",
            "-",
            "5f0c-9e1a",
            "5f0c-9e1a-",
            "5f0c-9e1a-x",
            "5f0c-9e1a-7",
            "other-0",
            "5f0c-9e1a--1",
        ] {
            assert!(Position::parse(bad).follow(&board).is_err(), "{bad:?}");
        }
    }
}
