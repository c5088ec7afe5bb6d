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

-- Of the outbox serve's app has its own rows; the executor, who owns the table, sees all.
GRANT SELECT, INSERT, UPDATE ON outbox TO oakum_serve;
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS oakum_serve_app ON outbox;
CREATE POLICY oakum_serve_app ON outbox TO oakum_serve
    USING (app = 'assistant') WITH CHECK (app = 'assistant');
