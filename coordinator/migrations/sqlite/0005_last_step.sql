-- The newest step of the engine that was written: after a lost answer to a COMMIT it tells whether that arrived.
ALTER TABLE meta ADD COLUMN last_step TEXT NOT NULL DEFAULT '';
