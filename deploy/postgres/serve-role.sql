-- What the database role of `oakum serve` may do where the executor has its own Slack app, so that who
-- takes over the model's process can neither approve nor execute: drafts can be added, nothing else of
-- approvals is written or read. The tables belong to the executor's role, which also runs migrations:
-- start `oakum execute` before `oakum serve` after each upgrade, then run this file again.
--
-- Run it as the executor's role, after: CREATE ROLE oakum_serve LOGIN PASSWORD '...';
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM oakum_serve;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM oakum_serve;
REVOKE CREATE ON SCHEMA public FROM PUBLIC, oakum_serve;
GRANT USAGE ON SCHEMA public TO oakum_serve;
GRANT SELECT ON alembic_version TO oakum_serve;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON inbox, seen, turns, answers, feedback, usage, scans, files TO oakum_serve;
GRANT USAGE ON SEQUENCE turns_seq_seq TO oakum_serve;
GRANT INSERT ON drafts TO oakum_serve;
GRANT SELECT ON signs TO oakum_serve;

-- A time that no program can read would keep the executor from every draft after it.
ALTER TABLE drafts DROP CONSTRAINT IF EXISTS drafts_in_time;
ALTER TABLE drafts ADD CONSTRAINT drafts_in_time
    CHECK (submitted_at BETWEEN '2000-01-01' AND '9000-01-01');

-- Of the outbox serve's app has its own rows; the executor, who owns the table, sees all. Serve adds none
-- and renames none: a row of serve's in a new card's place would keep that card from being shown.
GRANT SELECT, UPDATE (shown, message_ts, worker, leased_until, attempts, not_before)
    ON outbox TO oakum_serve;
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS oakum_serve_app ON outbox;
CREATE POLICY oakum_serve_app ON outbox TO oakum_serve
    USING (app = 'assistant') WITH CHECK (app = 'assistant');
