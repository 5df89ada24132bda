-- The first schema: the gateway's tables, then the outbox's. Run whole, in one transaction.

CREATE TABLE audit_events (
    seq BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    about TEXT NOT NULL,
    agency_id TEXT,
    sealed BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX audit_events_about ON audit_events (about);
COMMENT ON TABLE audit_events IS 'Append only. Each hash is keyed and covers the row and the hash before it.';

CREATE TABLE audit_head (
    id SMALLINT NOT NULL,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    seal BYTEA NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT audit_head_one CHECK (id = 1)
);
COMMENT ON TABLE audit_head IS 'The end of the chain, under a keyed hash of its own, so that a chain cut short does not verify.';

CREATE TABLE case_lists (
    id UUID NOT NULL,
    marac_id TEXT NOT NULL,
    meeting_date DATE NOT NULL,
    issue INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT case_lists_meeting UNIQUE (marac_id, meeting_date)
);
COMMENT ON TABLE case_lists IS 'A list for one meeting, and its newest issue.';

CREATE TABLE idempotency_keys (
    key BYTEA NOT NULL,
    request BYTEA NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    sealed BYTEA,
    PRIMARY KEY (key)
);
COMMENT ON TABLE idempotency_keys IS 'Keyed hash of actor and Idempotency-Key, keyed digest of the request, sealed response.';

CREATE TABLE jobs (
    name TEXT NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE,
    paused BOOLEAN DEFAULT 'false' NOT NULL,
    PRIMARY KEY (name)
);
COMMENT ON TABLE jobs IS 'Periodic work by due times held here, not in a scheduler''s memory.';

CREATE TABLE person_tasks (
    id UUID NOT NULL,
    agency_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    version INTEGER NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX person_tasks_about ON person_tasks (about, kind);
CREATE UNIQUE INDEX person_tasks_open ON person_tasks (agency_id, kind, about) WHERE closed_at IS NULL;

CREATE TABLE sessions (
    key BYTEA NOT NULL,
    user_key BYTEA NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (key)
);
CREATE INDEX sessions_user ON sessions (user_key);
COMMENT ON TABLE sessions IS 'seen_at is when the session ends if nothing is done meanwhile; ends_at when it ends in any case.';

CREATE TABLE cases (
    id UUID NOT NULL,
    list_id UUID NOT NULL,
    issue INTEGER NOT NULL,
    position INTEGER NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    FOREIGN KEY(list_id) REFERENCES case_lists (id)
);
CREATE INDEX cases_list ON cases (list_id);
COMMENT ON TABLE cases IS 'A case, the newest issue that holds it and its place there; withdrawn when a later issue does not hold it.';

CREATE TABLE list_issues (
    list_id UUID NOT NULL,
    issue INTEGER NOT NULL,
    meeting_date DATE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    digest BYTEA NOT NULL,
    cases INTEGER NOT NULL,
    people INTEGER NOT NULL,
    problems INTEGER NOT NULL,
    PRIMARY KEY (list_id, issue),
    FOREIGN KEY(list_id) REFERENCES case_lists (id)
);
CREATE INDEX list_issues_digest ON list_issues (digest);

CREATE TABLE row_problems (
    list_id UUID NOT NULL,
    issue INTEGER NOT NULL,
    position INTEGER NOT NULL,
    row INTEGER NOT NULL,
    "column" TEXT NOT NULL,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    PRIMARY KEY (list_id, issue, position),
    FOREIGN KEY(list_id) REFERENCES case_lists (id)
);

CREATE TABLE actions (
    id UUID NOT NULL,
    case_id UUID NOT NULL,
    agency_id TEXT NOT NULL,
    system TEXT,
    reference TEXT NOT NULL,
    due_on DATE NOT NULL,
    state TEXT NOT NULL,
    assigned_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    version INTEGER NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(case_id) REFERENCES cases (id),
    UNIQUE (reference)
);
CREATE INDEX actions_agency ON actions (agency_id);
CREATE INDEX actions_case ON actions (case_id);
CREATE INDEX actions_open ON actions (system) WHERE closed_at IS NULL;

CREATE TABLE case_entries (
    case_id UUID NOT NULL,
    issue INTEGER NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (case_id, issue),
    FOREIGN KEY(case_id) REFERENCES cases (id)
);
COMMENT ON TABLE case_entries IS 'What one issue of a list says of a case.';

CREATE TABLE subjects (
    id UUID NOT NULL,
    case_id UUID NOT NULL,
    list_id UUID NOT NULL,
    issue INTEGER NOT NULL,
    position INTEGER NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    FOREIGN KEY(case_id) REFERENCES cases (id),
    FOREIGN KEY(list_id) REFERENCES case_lists (id)
);
CREATE INDEX subjects_case ON subjects (case_id);
CREATE INDEX subjects_list ON subjects (list_id);
COMMENT ON TABLE subjects IS 'A person in a case, the newest issue that holds them and their place there; withdrawn when a later issue does not hold them.';

CREATE TABLE flags (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    agency_id TEXT NOT NULL,
    system TEXT NOT NULL,
    state TEXT NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    approved_at TIMESTAMP WITH TIME ZONE,
    review_on DATE,
    version INTEGER NOT NULL,
    live_key BYTEA,
    proposer_key BYTEA NOT NULL,
    approver_key BYTEA,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT flags_second_person CHECK (approver_key <> proposer_key),
    FOREIGN KEY(subject_id) REFERENCES subjects (id)
);
CREATE INDEX flags_agency ON flags (agency_id);
CREATE UNIQUE INDEX flags_live ON flags (live_key) WHERE live_key IS NOT NULL;
CREATE INDEX flags_review ON flags (review_on) WHERE live_key IS NOT NULL;
CREATE INDEX flags_subject ON flags (subject_id);

CREATE TABLE lookups (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    agency_id TEXT NOT NULL,
    system TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE,
    answered_at TIMESTAMP WITH TIME ZONE,
    version INTEGER NOT NULL,
    record_key BYTEA,
    sealed BYTEA,
    model TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT lookups_cell UNIQUE (subject_id, system),
    FOREIGN KEY(subject_id) REFERENCES subjects (id)
);
CREATE INDEX lookups_record ON lookups (record_key) WHERE record_key IS NOT NULL;
COMMENT ON TABLE lookups IS 'One person at one record system. Sealed: candidates with their explanation, and the decision; absent while there are none.';

CREATE TABLE match_decisions (
    key BYTEA NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (key)
);
CREATE INDEX match_decisions_age ON match_decisions (decided_at);
COMMENT ON TABLE match_decisions IS 'What a person decided about a person and a record; key is a keyed hash of both. The newest word stands.';

CREATE TABLE matching_models (
    version TEXT NOT NULL,
    digest BYTEA NOT NULL,
    offered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    approved_at TIMESTAMP WITH TIME ZONE,
    offered_key BYTEA NOT NULL,
    approved_key BYTEA,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (version),
    CONSTRAINT matching_models_second_person CHECK (approved_key <> offered_key)
);
COMMENT ON TABLE matching_models IS 'Models by name. The one approved last grades; while none is, the model of the release does.';

CREATE TABLE person_keys (
    key BYTEA NOT NULL,
    subject_id UUID NOT NULL,
    PRIMARY KEY (key, subject_id),
    FOREIGN KEY(subject_id) REFERENCES subjects (id)
);
COMMENT ON TABLE person_keys IS 'Keyed hashes by which the same person is recognised in another case of the same Marac.';

CREATE TABLE subject_entries (
    subject_id UUID NOT NULL,
    issue INTEGER NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (subject_id, issue),
    FOREIGN KEY(subject_id) REFERENCES subjects (id)
);
COMMENT ON TABLE subject_entries IS 'What one issue of a list says of a person.';

CREATE SEQUENCE outbox_island_tokens START WITH 1 MINVALUE 1 MAXVALUE 2147483647;

CREATE TABLE inbox_receipts (
    source TEXT NOT NULL,
    key BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (source, key)
);

CREATE TABLE outbox_attempts (
    message_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    digest BYTEA NOT NULL
);
CREATE INDEX outbox_attempts_message ON outbox_attempts (message_id, at);

CREATE TABLE outbox_lanes (
    lane TEXT NOT NULL,
    token INTEGER,
    lease_until TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (lane)
);
COMMENT ON TABLE outbox_lanes IS 'Which island serves a lane, and until when.';

CREATE TABLE outbox_messages (
    id UUID NOT NULL,
    seq BIGINT GENERATED ALWAYS AS IDENTITY,
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    order_key TEXT DEFAULT '' NOT NULL,
    about TEXT DEFAULT '' NOT NULL,
    body BYTEA NOT NULL,
    state TEXT DEFAULT 'pending' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    not_after TIMESTAMP WITH TIME ZONE,
    attempts INTEGER DEFAULT '0' NOT NULL,
    interruptions INTEGER DEFAULT '0' NOT NULL,
    unsure BOOLEAN DEFAULT 'false' NOT NULL,
    lease_token INTEGER,
    reason TEXT DEFAULT '' NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT outbox_messages_state CHECK (state IN ('pending', 'delivered', 'dead', 'withdrawn')),
    CONSTRAINT outbox_messages_lane CHECK (lane <> '*'),
    CONSTRAINT outbox_messages_settled CHECK ((state = 'pending') = (settled_at IS NULL))
);
CREATE INDEX outbox_messages_dead ON outbox_messages (lane, settled_at) WHERE state = 'dead';
CREATE INDEX outbox_messages_due ON outbox_messages (lane, due_at, seq) WHERE state = 'pending';
CREATE INDEX outbox_messages_expiry ON outbox_messages (not_after) WHERE state = 'pending' AND not_after IS NOT NULL;
CREATE INDEX outbox_messages_order ON outbox_messages (order_key, seq) WHERE settled_at IS NULL AND order_key <> '';

CREATE TABLE outbox_pauses (
    lane TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (lane)
);
COMMENT ON TABLE outbox_pauses IS 'Lanes that somebody stopped. Apart from the leases, so that no island can keep anybody from stopping it.';

-- The audit is append only, whoever writes. (A table's owner can still remove the trigger: the chain shows what was done then.)
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_events is append only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_events_kept BEFORE UPDATE OR DELETE ON audit_events FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_events_not_emptied BEFORE TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- Ciphertext does not compress. Bodies of messages are kept apart from their rows, so that claiming and settling do not copy them,
-- and the half-empty pages of what is left give claims room on the same page.
ALTER TABLE outbox_messages ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE outbox_messages SET (toast_tuple_target = 128, fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE lookups ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE lookups SET (fillfactor = 80);

-- What is known of each record system's outputs, and where writing has been stopped. Hashes, codes and opaque ids only.
CREATE TABLE disclosure_probes (
    id UUID NOT NULL,
    system TEXT NOT NULL,
    register_digest TEXT NOT NULL,
    system_version TEXT NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
    made_by TEXT NOT NULL,
    passed BOOLEAN NOT NULL,
    evidence JSONB NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX disclosure_probes_system ON disclosure_probes (system, ended_at);
COMMENT ON TABLE disclosure_probes IS 'One probe of one system: its findings, with the hashes of what was seen.';

CREATE TABLE probes_under_way (
    id UUID NOT NULL,
    system TEXT NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (id)
);
COMMENT ON TABLE probes_under_way IS 'Probes that may have left an alert on a test person''s record: what they placed carries an identifier that follows from the id.';

CREATE TABLE hand_checks (
    id UUID NOT NULL,
    system TEXT NOT NULL,
    output TEXT NOT NULL,
    register_digest TEXT NOT NULL,
    system_version TEXT NOT NULL,
    signed_by TEXT NOT NULL,
    signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_on DATE NOT NULL,
    second_by TEXT,
    second_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT hand_checks_second_person CHECK (second_by <> signed_by)
);
CREATE INDEX hand_checks_system ON hand_checks (system, signed_at);
COMMENT ON TABLE hand_checks IS 'Two people looked at an output that no machine can look at, and signed that it shows no alert.';

CREATE TABLE system_releases (
    system TEXT NOT NULL,
    release TEXT NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (system)
);
COMMENT ON TABLE system_releases IS 'The release that a system last told of itself; a proof holds for one release.';

CREATE TABLE write_stops (
    id UUID NOT NULL,
    system TEXT NOT NULL,
    reason TEXT NOT NULL,
    stopped_by TEXT NOT NULL,
    stopped_at TIMESTAMP WITH TIME ZONE NOT NULL,
    restart_by TEXT,
    restart_at TIMESTAMP WITH TIME ZONE,
    ended_by TEXT,
    ended_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT write_stops_second_person CHECK (ended_by <> restart_by),
    CONSTRAINT write_stops_ended CHECK ((ended_at IS NULL) = (ended_by IS NULL) AND (ended_by IS NULL OR restart_by IS NOT NULL))
);
CREATE UNIQUE INDEX write_stops_open ON write_stops (system) WHERE ended_at IS NULL;
COMMENT ON TABLE write_stops IS 'Nothing is written to a system (or to any: *) while a row of it is open; one person stops, two restart.';
