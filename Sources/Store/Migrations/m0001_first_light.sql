-- SPDX-License-Identifier: Apache-2.0
-- Envelope, recipients and history of every package. The order of the tables is the order in which docs/data.md
-- explains them. Everything that a person wrote is kept as written; comparisons go through the normalised columns.

-- One row: which content store this database describes, and the version of the registry.
CREATE TABLE hub (
    only_row         boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    content_store    uuid,
    registry_version bigint NOT NULL DEFAULT 1
);
INSERT INTO hub DEFAULT VALUES;

-- The keys of the key file, which lies outside the database: their names, and by what each is known again. What is
-- wrapped with a key references it here, so that one cannot be retired as long as anything needs it.
CREATE TABLE wrapping_key (
    id          text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{16}$'),
    check_value bytea NOT NULL CHECK (octet_length(check_value) = 32),
    created_at  timestamptz NOT NULL
);

-- Who connects. A credential belongs to a system, a system speaks for agencies.
CREATE TABLE system (
    id                     text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9._-]{1,64}$'),
    name                   text NOT NULL CHECK (name <> ''),
    disabled               boolean NOT NULL DEFAULT false,
    timestamp_past_seconds integer CHECK (timestamp_past_seconds > 0),  -- NULL: unlimited
    timestamp_future_seconds integer NOT NULL DEFAULT 300 CHECK (timestamp_future_seconds > 0),
    created_at             timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The keys of client certificates to which a system is bound: SHA-256 of SubjectPublicKeyInfo. No row: it needs none.
CREATE TABLE system_client_key (
    system_id  text NOT NULL REFERENCES system,
    sha256     text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (system_id, sha256)
);

-- The HMAC keys of the systems, each wrapped with AES-256-GCM for this row and no other.
CREATE TABLE system_secret (
    system_id   text NOT NULL REFERENCES system,
    number      integer NOT NULL CHECK (number > 0),
    wrapped     bytea NOT NULL,
    key_id      text NOT NULL REFERENCES wrapping_key,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    valid_until timestamptz,                 -- NULL: the present one; else the one before, for the overlap
    PRIMARY KEY (system_id, number)
);
CREATE UNIQUE INDEX system_secret_present ON system_secret (system_id) WHERE valid_until IS NULL;
CREATE INDEX system_secret_by_key ON system_secret (key_id);

CREATE TABLE agency (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code         text NOT NULL UNIQUE CHECK (code <> ''),
    name         text NOT NULL CHECK (name <> ''),
    mail         text,
    parent_id    bigint REFERENCES agency,
    system_id    text REFERENCES system,
    is_hub       boolean NOT NULL DEFAULT false,
    valid_from   timestamptz NOT NULL DEFAULT '2019-01-01 00:00:00+07',
    valid_until  timestamptz,                -- closed from then on; its identifier is never given to another agency
    tolerated_until timestamptz,             -- until then packages that still name it as their sender are taken
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    version      bigint NOT NULL,            -- hub.registry_version of its last change
    changed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (valid_until > valid_from),
    CHECK (tolerated_until > valid_until)
);
CREATE UNIQUE INDEX agency_only_hub ON agency (is_hub) WHERE is_hub;

-- Who takes the place of an agency that is closed: none, one or several.
CREATE TABLE agency_successor (
    agency_id     bigint NOT NULL REFERENCES agency,
    successor_id  bigint NOT NULL REFERENCES agency,
    takes_pending boolean NOT NULL,          -- gets what still waited, and what is said of old documents
    is_default    boolean NOT NULL,          -- gets what is sent to the closed identifier afterwards
    PRIMARY KEY (agency_id, successor_id),
    CHECK (agency_id <> successor_id)
);
CREATE UNIQUE INDEX agency_successor_pending ON agency_successor (agency_id) WHERE takes_pending;
CREATE UNIQUE INDEX agency_successor_default ON agency_successor (agency_id) WHERE is_default;

-- Every written form of an agency's identifier, its own code among them. Two identifiers are equal only here.
CREATE TABLE agency_alias (
    written   text PRIMARY KEY CHECK (written <> ''),
    agency_id bigint NOT NULL REFERENCES agency
);

-- What systems ask to have changed in the registry. Nothing of it holds before an operator has approved it.
CREATE TABLE agency_request (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('register', 'close')),
    system_id     text NOT NULL REFERENCES system,
    code          text NOT NULL CHECK (code <> ''),
    parent_id     bigint REFERENCES agency,      -- the agency above the one to be registered
    agency_id     bigint REFERENCES agency,      -- the one to be closed
    name          text CHECK (name <> ''),
    mail          text,
    mobile        text,
    fax           text,
    requested_at  timestamptz NOT NULL,
    request_id    uuid NOT NULL,
    state         text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'rejected')),
    decision      text CHECK (decision <> ''),   -- number of the decision that an approval rests on
    decision_date date,
    reason        text CHECK (reason <> ''),     -- of a rejection
    decided_at    timestamptz,
    decided_by    text,
    CHECK ((kind = 'register') = (parent_id IS NOT NULL)),
    CHECK ((kind = 'register') = (name IS NOT NULL)),
    CHECK ((kind = 'close') = (agency_id IS NOT NULL)),
    CHECK ((state = 'approved') = (decision IS NOT NULL)),
    CHECK ((state = 'approved') = (decision_date IS NOT NULL)),
    CHECK ((state = 'rejected') = (reason IS NOT NULL)),
    CHECK ((state = 'waiting') = (decided_at IS NULL)),
    CHECK ((state = 'waiting') = (decided_by IS NULL))
);
CREATE UNIQUE INDEX agency_request_waiting ON agency_request (code) WHERE state = 'waiting';

-- Identity. A document is (sender, id in NFC) for ever; recalls, updates and statuses repeat that id by nature and
-- are known by (sender, SHA-256 of their bytes).
CREATE TABLE package_key (
    agency_id  bigint NOT NULL REFERENCES agency,
    identity   text NOT NULL CHECK (identity ~ '^(document|message):.'),
    package_id uuid NOT NULL,
    meaning    bytea NOT NULL CHECK (octet_length(meaning) = 32),
    PRIMARY KEY (agency_id, identity)
);

-- The envelope: what QĐ 28/2018/QĐ-TTg Điều 10.2 wants shown. Never updated.
CREATE TABLE package (
    id                 uuid PRIMARY KEY,
    first_package_id   uuid REFERENCES package,  -- the same document sent again to further recipients
    about_package_id   uuid REFERENCES package,  -- the document that a recall or update is about, where it came by this hub
    kind               text NOT NULL CHECK (kind IN ('document', 'recall', 'update', 'replacement', 'status')),
    sender_agency_id   bigint NOT NULL REFERENCES agency,
    sender_written     text NOT NULL,
    system_id          text REFERENCES system,    -- NULL: the hub's own message
    document_id        text NOT NULL,             -- as written
    document_key       text NOT NULL,             -- in NFC
    code_number        text,
    code_notation      text,
    promulgation_date  date,
    document_type      integer,
    type_name          text,
    subject            text,
    signer_position    text,
    signer_name        text,
    due_date           date,
    urgency            smallint NOT NULL DEFAULT 0 CHECK (urgency BETWEEN 0 AND 4),
    status             text,                      -- StatusCode of a status package
    status_description text,
    status_effect      text CHECK (
        status_effect IN ('applied', 'repeated', 'unknown-document', 'not-a-recipient', 'hub-notice')),
    signature          text NOT NULL,
    warnings           jsonb NOT NULL DEFAULT '[]',
    policy_name        text,                      -- the profile that judged it; NULL: none did
    policy_sha256      text,                      -- of its document, which stands in policy
    sha256             bytea NOT NULL CHECK (octet_length(sha256) = 32),
    meaning            bytea NOT NULL CHECK (octet_length(meaning) = 32),
    accepted_at        timestamptz NOT NULL,
    request_id         uuid NOT NULL,
    CHECK ((kind = 'status') = (status IS NOT NULL)),
    CHECK (kind <> 'status' OR status_effect IS NOT NULL),
    CHECK (kind <> 'document' OR status_effect IS NULL)
);
CREATE INDEX package_about ON package (about_package_id) WHERE about_package_id IS NOT NULL;
CREATE INDEX package_by_document ON package (document_key);
-- Bounded: an over-long text is the sender's oddity and no reason to refuse, but an index row has a limit. In NFC, as
-- document_key is: the same letter may be written in two ways. Whether a sender has used a code before in the year, of
-- documents and replacements, is one look, however often it uses one.
CREATE INDEX package_by_code ON package (
    normalize(left(code_number, 50)), normalize(left(code_notation, 100)), sender_agency_id,
    (CASE WHEN first_package_id IS NULL AND kind IN ('document', 'replacement') THEN extract(
        year FROM coalesce(promulgation_date, (accepted_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date))::smallint END),
    id);
-- Those whose recipients must answer in minutes.
CREATE INDEX package_urgent ON package (id) WHERE urgency >= 2 AND kind IN ('document', 'replacement');
CREATE INDEX package_by_due_date ON package (due_date) WHERE due_date IS NOT NULL;
CREATE INDEX package_by_sender ON package (sender_agency_id, accepted_at, id);

-- Other documents that a recall, update or replacement speaks of, and those it answers.
CREATE TABLE package_link (
    package_id   uuid NOT NULL REFERENCES package,
    position     integer NOT NULL,
    relation     text NOT NULL CHECK (relation IN ('recalls', 'updates', 'replaces', 'responds-to')),
    document_id  text NOT NULL,
    document_key text NOT NULL,
    agencies     jsonb NOT NULL DEFAULT '[]',  -- replacement only for these, as written; empty: for all
    PRIMARY KEY (package_id, position)
);
CREATE INDEX package_link_by_document ON package_link (document_key);

-- Where the bytes lie, encrypted with a key of their own, which is wrapped for this row and no other. A destroyed
-- content is one whose key is gone; nothing else of it ever changes.
CREATE TABLE content (
    package_id  uuid PRIMARY KEY REFERENCES package,
    backend     text NOT NULL CHECK (backend IN ('segments', 'chunks')),
    place       text NOT NULL,
    length      bigint NOT NULL CHECK (length > 0),  -- as it came; the place has the length of what is stored
    sha256      bytea NOT NULL CHECK (octet_length(sha256) = 32),
    wrapped_key bytea,
    key_id      text REFERENCES wrapping_key,
    CHECK ((wrapped_key IS NULL) = (key_id IS NULL))
);
CREATE INDEX content_by_key ON content (key_id, package_id);
-- A set of chunks belongs to one content, and is found from its side.
CREATE UNIQUE INDEX content_by_chunks ON content ((split_part(place, ':', 2)::uuid)) WHERE backend = 'chunks';

-- The bytes of contents that are kept in the database: all chunks of a content are as long as the first, but the last.
-- No reference to content: the chunks of a long package are durable before its row is written.
CREATE TABLE content_chunk (
    content_id uuid NOT NULL,
    position   integer NOT NULL CHECK (position >= 0),
    bytes      bytea NOT NULL CHECK (octet_length(bytes) BETWEEN 1 AND 262208),
    PRIMARY KEY (content_id, position)
);
-- Packages are packed already; trying again costs time and makes parts of a value expensive to reach.
ALTER TABLE content_chunk ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE attachment (
    package_id    uuid NOT NULL REFERENCES package,
    position      integer NOT NULL,
    name          text NOT NULL,
    declared_type text,
    detected_type text,
    length        bigint NOT NULL CHECK (length >= 0),
    sha256        bytea NOT NULL CHECK (octet_length(sha256) = 32),
    PRIMARY KEY (package_id, position)
);

-- One package for one recipient. `document_package_id` is the first package of the document, so that a recipient
-- has a document once however often it was sent.
CREATE TABLE delivery (
    id                  uuid PRIMARY KEY,
    package_id          uuid NOT NULL REFERENCES package,
    document_package_id uuid NOT NULL REFERENCES package,
    recipient_agency_id bigint REFERENCES agency,   -- NULL: nobody that the hub knows
    recipient_written   text NOT NULL,
    message_type        text NOT NULL CHECK (message_type IN ('edoc', 'status')),
    state               text NOT NULL CHECK (state IN (
        'waiting', 'processing', 'delivered', 'held', 'refused', 'expired', 'withdrawn', 'undeliverable')),
    refusal             text,                       -- code from the catalogue: why it is not on its way
    detail              text,
    failures            integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    created_at          timestamptz NOT NULL,
    fetched_at          timestamptz,                -- first time
    last_fetched_at     timestamptz,
    failed_at           timestamptz,                -- last failure that the recipient reported
    entered_at          timestamptz,
    updated_at          timestamptz NOT NULL,
    is_notice_due       boolean NOT NULL DEFAULT false,  -- its sender is yet to be told that it was given up
    CHECK (state <> 'delivered' OR entered_at IS NOT NULL),
    CHECK (state NOT IN ('refused', 'expired', 'undeliverable') OR refusal IS NOT NULL),
    CHECK (recipient_agency_id IS NOT NULL OR state = 'undeliverable')
);
CREATE UNIQUE INDEX delivery_once_per_agency ON delivery (document_package_id, recipient_agency_id);
CREATE UNIQUE INDEX delivery_once_per_name ON delivery (document_package_id, md5(recipient_written))
    WHERE recipient_agency_id IS NULL;
CREATE INDEX delivery_by_package ON delivery (package_id);
-- The pending lists: only what waits is in it.
CREATE INDEX delivery_pending ON delivery (recipient_agency_id, message_type, id)
    WHERE state IN ('waiting', 'processing');
-- What an operator looks at: few, in a table that is long.
CREATE INDEX delivery_troubled ON delivery (state, id)
    WHERE state IN ('held', 'refused', 'expired', 'withdrawn', 'undeliverable');

CREATE INDEX delivery_notice_due ON delivery (id) WHERE is_notice_due;

-- Where packages of an agency are carried to; one at a time, and none is ever given to another agency or address.
CREATE TABLE endpoint (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agency_id  bigint NOT NULL REFERENCES agency,
    url        text NOT NULL,
    state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'suspended', 'removed')),
    reason     text,                 -- why it is suspended
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    failing_at timestamptz,          -- since then no attempt went well and only probes are made; NULL: it is well
    entered_at timestamptz,          -- when it last took a package, to the minute
    -- Up to which delivery what waited when it was set was put on its way; of a removed one, any: its queue is not yet
    -- empty. NULL: all is done.
    settling_after uuid DEFAULT '00000000-0000-0000-0000-000000000000'
);
CREATE UNIQUE INDEX endpoint_of_agency ON endpoint (agency_id) WHERE state <> 'removed';

-- When an agency's system last got the content of a package from its list, to the minute: a busy one writes no row for each.
CREATE TABLE agency_pickup (
    agency_id    bigint PRIMARY KEY REFERENCES agency,
    picked_up_at timestamptz NOT NULL
);

-- The running hubs, each since its start or its last return. What one carries is another's when it falls silent.
CREATE TABLE node (
    id          uuid PRIMARY KEY,
    name        text NOT NULL,
    started_at  timestamptz NOT NULL,
    alive_until timestamptz NOT NULL
);

-- What is on its way to an endpoint: a row from acceptance to the end, small and apart from `delivery`. Ready rows are
-- taken in the order of rank and id; those that wait for their time have `due_at`; those that an operator stopped are
-- parked. An id is older the smaller it is.
CREATE TABLE queue (
    delivery_id uuid PRIMARY KEY REFERENCES delivery,
    endpoint_id bigint NOT NULL REFERENCES endpoint,
    rank        smallint NOT NULL,             -- 0 the most urgent
    first_due   timestamptz NOT NULL,          -- from then on its time runs
    due_at      timestamptz,
    is_parked   boolean NOT NULL DEFAULT false,
    node        uuid,                          -- who carries it now
    token       bigint NOT NULL DEFAULT 0,     -- of the latest claim, from queue_token: a finish counts only with this
    attempts    integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
-- Tokens grow for ever, whatever becomes of the rows.
CREATE SEQUENCE queue_token;
CREATE INDEX queue_ready ON queue (endpoint_id, rank, delivery_id)
    WHERE node IS NULL AND due_at IS NULL AND NOT is_parked;
CREATE INDEX queue_later ON queue (due_at) WHERE due_at IS NOT NULL AND node IS NULL AND NOT is_parked;
CREATE INDEX queue_by_age ON queue (first_due);
CREATE INDEX queue_carried ON queue (node) WHERE node IS NOT NULL;

-- Every attempt, for ever.
CREATE TABLE delivery_attempt (
    delivery_id uuid NOT NULL REFERENCES delivery,
    token       bigint NOT NULL,
    endpoint_id bigint NOT NULL REFERENCES endpoint,
    node        uuid NOT NULL,
    attempt     integer NOT NULL,
    began_at    timestamptz NOT NULL,
    ended_at    timestamptz NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN ('entered', 'refused', 'gone', 'failed')),
    is_late     boolean NOT NULL,              -- ended with an old token: it counted for nothing
    code        text,
    http_status integer,
    detail      text,
    PRIMARY KEY (delivery_id, token)
);
CREATE INDEX delivery_attempt_by_endpoint ON delivery_attempt (endpoint_id, ended_at);

-- Deliveries that left the queue although a claim of theirs had not ended: they may have been sent, whoever has heard of it.
CREATE TABLE lost_claim (
    delivery_id uuid NOT NULL REFERENCES delivery,
    endpoint_id bigint NOT NULL REFERENCES endpoint,
    PRIMARY KEY (delivery_id, endpoint_id)
);

-- What a recipient has said about a document: the latest word and the furthest.
CREATE TABLE document_status (
    document_package_id uuid NOT NULL REFERENCES package,
    recipient_agency_id bigint NOT NULL REFERENCES agency,
    latest              text,
    latest_description  text,
    latest_at           timestamptz,
    -- Deferred: the word is decided before its package is written.
    latest_package_id   uuid REFERENCES package DEFERRABLE INITIALLY DEFERRED,
    furthest            text,
    PRIMARY KEY (document_package_id, recipient_agency_id)
);

-- How far the recall of a document has come at each recipient from whom it was recalled. A document with a row here is
-- frozen. Who has seen it owes its cancellation until it answers 15.
CREATE TABLE recall (
    document_package_id uuid NOT NULL REFERENCES package,
    recipient_agency_id bigint NOT NULL REFERENCES agency,
    -- Deferred: what they do is decided before they are written.
    recall_package_id   uuid NOT NULL REFERENCES package DEFERRABLE INITIALLY DEFERRED,
    outcome             text NOT NULL CHECK (outcome IN ('withdrawn', 'owed', 'declined', 'cancelled')),
    asked_at            timestamptz NOT NULL,
    answer_package_id   uuid REFERENCES package DEFERRABLE INITIALLY DEFERRED,
    answered_at         timestamptz,
    PRIMARY KEY (document_package_id, recipient_agency_id),
    CHECK ((outcome IN ('declined', 'cancelled')) = (answer_package_id IS NOT NULL)),
    CHECK ((answer_package_id IS NULL) = (answered_at IS NULL))
);
CREATE INDEX recall_open ON recall (asked_at, document_package_id, recipient_agency_id)
    WHERE outcome IN ('owed', 'declined');

-- Documents of which nothing is handed out any more, until the seal is taken off: a secret that was sent by mistake.
CREATE TABLE seal (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_package_id uuid NOT NULL REFERENCES package,  -- the first package of what is sealed
    sealed_at           timestamptz NOT NULL,
    sealed_by           text NOT NULL,
    reason              text NOT NULL CHECK (reason <> ''),
    unsealed_at         timestamptz
);
CREATE UNIQUE INDEX seal_in_force ON seal (document_package_id) WHERE unsealed_at IS NULL;

-- Packages with files that a scanner must have seen before anybody gets them: those that came while the policy asked for
-- it. Who claims a row looks at the files until due_at, and moves that on while it does.
CREATE TABLE malware_scan (
    package_id    uuid PRIMARY KEY REFERENCES package,
    rank          smallint NOT NULL,             -- 0 the most urgent
    due_at        timestamptz,                   -- NULL: it is over
    claims        integer NOT NULL DEFAULT 0,    -- a verdict counts only with the latest
    failures      integer NOT NULL DEFAULT 0,    -- how often the scanner said nothing that counts
    outcome       text CHECK (outcome IN ('clean', 'found', 'impossible', 'passed')),
    detail        text,                          -- signature and file; why there is no verdict
    ended_at      timestamptz,
    is_notice_due boolean NOT NULL DEFAULT false,  -- its sender is yet to be told
    CHECK ((outcome IS NULL) = (due_at IS NOT NULL)),
    CHECK ((outcome IS NULL) = (ended_at IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX malware_scan_due ON malware_scan (rank, due_at) WHERE due_at IS NOT NULL;
-- What an operator looks at.
CREATE INDEX malware_scan_troubled ON malware_scan (outcome, package_id) WHERE outcome <> 'clean';
CREATE INDEX malware_scan_notice_due ON malware_scan (package_id) WHERE is_notice_due;

-- Up to which id the keepers of promises have looked. Ids are in order of time.
CREATE TABLE sweep_cursor (
    name  text PRIMARY KEY,
    after uuid NOT NULL
);
INSERT INTO sweep_cursor SELECT name, '00000000-0000-0000-0000-000000000000'
    FROM unnest(ARRAY['silent-urgent', 'silent-ordinary', 'codes']) AS names (name);

-- What recipients owe for too long: a word about a document, the cancellation of one that was recalled, the reason of a
-- return. Watched ones, of which nobody was told, go again.
CREATE TABLE collection_alert (
    delivery_id uuid NOT NULL REFERENCES delivery,
    duty        text NOT NULL CHECK (duty IN ('word', 'cancellation', 'reason')),
    step        text NOT NULL CHECK (step IN ('watched', 'agency', 'superior', 'operator')),
    urgency     smallint NOT NULL CHECK (urgency BETWEEN 0 AND 4),
    since       timestamptz NOT NULL,       -- when it came to be owed, for the last time
    next_at     timestamptz,                -- NULL: it is over
    raised_at   timestamptz,
    closed_at   timestamptz,
    ending      text CHECK (ending IN ('heard', 'recalled', 'too-old')),
    PRIMARY KEY (delivery_id, duty),
    CHECK ((closed_at IS NULL) = (next_at IS NOT NULL)),
    CHECK ((closed_at IS NULL) = (ending IS NULL)),
    CHECK ((step = 'watched') = (raised_at IS NULL))
);
-- The urgent by themselves: however many others are due, they wait for none.
CREATE INDEX collection_alert_urgent_due ON collection_alert (next_at) WHERE next_at IS NOT NULL AND urgency >= 2;
CREATE INDEX collection_alert_due ON collection_alert (next_at) WHERE next_at IS NOT NULL AND urgency < 2;
CREATE INDEX collection_alert_open ON collection_alert (urgency DESC, raised_at, delivery_id)
    WHERE closed_at IS NULL AND step <> 'watched';
CREATE INDEX collection_alert_closed ON collection_alert (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX collection_alert_reason ON collection_alert (since, delivery_id) WHERE duty = 'reason' AND closed_at IS NULL;

-- What the hub has yet to tell somebody in its own name: rows come and go.
CREATE TABLE alert_notice (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('collection', 'repeated-code')),
    addressee   text NOT NULL CHECK (addressee IN ('sender', 'recipient', 'superior')),
    urgency     smallint NOT NULL CHECK (urgency BETWEEN 0 AND 4),
    package_id  uuid NOT NULL REFERENCES package,
    delivery_id uuid REFERENCES delivery,
    stage       text,
    since       timestamptz,                -- of what it tells
    other_package_id uuid REFERENCES package,
    at          timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,       -- later than at where it could not be told
    CHECK ((kind = 'collection') = (delivery_id IS NOT NULL)),
    CHECK ((kind = 'collection') = (stage IS NOT NULL)),
    CHECK ((kind = 'collection') = (since IS NOT NULL)),
    CHECK ((kind = 'repeated-code') = (other_package_id IS NOT NULL))
);
CREATE INDEX alert_notice_by_urgency ON alert_notice (urgency DESC, id);
CREATE INDEX alert_notice_by_time ON alert_notice (at);

-- Documents whose number and notation their sender had used before in the same year.
CREATE TABLE repeated_code (
    package_id       uuid PRIMARY KEY REFERENCES package,
    other_package_id uuid NOT NULL REFERENCES package,
    found_at         timestamptz NOT NULL
);
CREATE INDEX repeated_code_by_time ON repeated_code (found_at);
-- The first document of a code stands for the code.
CREATE INDEX repeated_code_by_other ON repeated_code (other_package_id, found_at);

-- Whom to call: a duty post of an agency, the hub's own among them.
CREATE TABLE duty_contact (
    agency_id  bigint PRIMARY KEY REFERENCES agency,
    name       text NOT NULL CHECK (name <> ''),
    phone      text NOT NULL CHECK (phone <> ''),
    mail       text,
    changed_at timestamptz NOT NULL
);

-- The days on which a year departs from its weeks, as decisions say. A year with any row has these and no others; for one
-- without, the public holidays of the Labour Code are computed.
CREATE TABLE holiday (
    day           date PRIMARY KEY CHECK (day BETWEEN date '2021-01-01' AND date '2100-12-31'),
    kind          text NOT NULL CHECK (kind IN ('holiday', 'make-up')),
    name          text NOT NULL CHECK (name <> ''),
    decision      text NOT NULL CHECK (decision <> ''),   -- number of the one that founds the day
    decision_date date NOT NULL
);

-- The documents of policy profiles that were in force here, as they were written; found by their digest.
CREATE TABLE policy (
    sha256   text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    name     text NOT NULL CHECK (name ~ '^[a-z0-9-]{1,64}$'),
    document text NOT NULL CHECK (document <> ''),
    added_at timestamptz NOT NULL
);

-- Which of them an operator has put in force, and from when on. In force is the one whose time began last; of two that began
-- at the same instant, the later row.
CREATE TABLE policy_activation (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    policy_sha256 text NOT NULL REFERENCES policy,
    valid_from    timestamptz NOT NULL,
    activated_at  timestamptz NOT NULL,
    actor         text NOT NULL CHECK (actor <> ''),
    reason        text NOT NULL CHECK (reason <> '')
);

-- Whom the hub believes: certificates of authorities, and their lists of revoked ones, as they came. What was removed stays.
CREATE TABLE trust_item (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('root', 'intermediate', 'list')),
    sha256      text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    der         bytea NOT NULL,
    name        text NOT NULL,              -- subject of a certificate, issuer of a list
    valid_from  timestamptz NOT NULL,
    valid_until timestamptz,                -- NULL: the list promises no next one
    added_at    timestamptz NOT NULL,
    actor       text NOT NULL CHECK (actor <> ''),
    reason      text NOT NULL CHECK (reason <> ''),
    removed_at  timestamptz                 -- NULL: in force
);
CREATE UNIQUE INDEX trust_item_in_force ON trust_item (sha256) WHERE removed_at IS NULL;

-- When a daemon last showed that it lives, and the times in which none did.
CREATE TABLE hub_life (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    seen_at  timestamptz                         -- NULL: none has yet
);
INSERT INTO hub_life DEFAULT VALUES;
CREATE TABLE hub_downtime (
    ended_at timestamptz PRIMARY KEY,
    began_at timestamptz NOT NULL,
    CHECK (began_at < ended_at)
);

-- Append-only: no grant to change it, and a trigger that refuses even the owner.
CREATE TABLE history (
    id          uuid NOT NULL,
    at          timestamptz NOT NULL,
    event       text NOT NULL,
    package_id  uuid,
    delivery_id uuid,
    actor       text NOT NULL,               -- system id, 'hub', or 'operator:<login>'
    request_id  uuid,
    detail      jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE history_default PARTITION OF history DEFAULT;
CREATE INDEX history_by_package ON history (package_id);
CREATE INDEX history_by_request ON history (request_id);

-- Each row of the history as a leaf of the audit log (docs/audit.md): what its hash is made of, and the hash. Keys of other
-- tables are not checked here: what is missing is found by the proofs, and this is written with every package.
CREATE TABLE audit_leaf (
    history_id uuid PRIMARY KEY,
    leaf       bytea NOT NULL,
    hash       bytea NOT NULL CHECK (octet_length(hash) = 32)
);

-- Leaves that have no place in the tree yet, in the order in which they were written: rows come and go.
CREATE TABLE audit_pending (
    turn       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    history_id uuid NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

-- The places of leaves in the tree, from 0, without a gap.
CREATE TABLE audit_sequence (
    number     bigint PRIMARY KEY CHECK (number >= 0),
    history_id uuid NOT NULL UNIQUE
);

-- Complete tiles of the tree: 256 neighbouring hashes, and the hash over them. What proofs are made of; a copy of what the
-- leaves say.
CREATE TABLE audit_tile (
    level    smallint NOT NULL CHECK (level >= 0),
    position bigint NOT NULL CHECK (position >= 0),
    hashes   bytea NOT NULL CHECK (octet_length(hashes) = 8192),
    root     bytea NOT NULL CHECK (octet_length(root) = 32),
    PRIMARY KEY (level, position)
);
-- Hashes cannot be compressed.
ALTER TABLE audit_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- Called at every start. A month whose rows are in the default partition already stays there.
CREATE FUNCTION make_history_partitions(first_month date, months integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    month date;
BEGIN
    FOR step IN 0 .. months - 1 LOOP
        month := date_trunc('month', first_month) + make_interval(months => step);
        BEGIN
            EXECUTE format(
                'CREATE TABLE IF NOT EXISTS history_%s PARTITION OF history FOR VALUES FROM (%L) TO (%L)',
                to_char(month, 'YYYY_MM'), month::text || ' 00:00:00+07',
                (month + interval '1 month')::date::text || ' 00:00:00+07');
            -- Triggers for rows come with a partition by themselves, this one does not.
            EXECUTE format(
                'CREATE OR REPLACE TRIGGER history_is_not_truncated BEFORE TRUNCATE ON history_%s
                    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', to_char(month, 'YYYY_MM'));
        EXCEPTION WHEN check_violation THEN NULL;
        END;
    END LOOP;
END $$;

-- Removes chunks to which no content points: the only way in which the daemon's role may remove any.
CREATE FUNCTION discard_content_chunks(discarded uuid) RETURNS void LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
    DELETE FROM content_chunk WHERE content_id = discarded AND NOT EXISTS (
        SELECT FROM content WHERE backend = 'chunks' AND split_part(place, ':', 2)::uuid = discarded)
$$;
REVOKE EXECUTE ON FUNCTION discard_content_chunks FROM PUBLIC;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE ON history
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER history_is_not_truncated BEFORE TRUNCATE ON history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER history_is_not_truncated BEFORE TRUNCATE ON history_default
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER policy_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER policy_activation_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_activation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_leaf_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_sequence_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_sequence
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_tile_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_tile
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER package_is_append_only BEFORE UPDATE OR DELETE ON package
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER package_is_not_truncated BEFORE TRUNCATE ON package
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The daemon's role. It may add to the record and move deliveries on; it may not unwrite anything. The private cluster
-- has made it already; elsewhere it is a role to be taken on (SET ROLE) by whoever runs the migrations.
-- Roles belong to the whole server: hubs that start in two databases of it at once must not trip over each other.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'truc_runtime') THEN
        BEGIN
            CREATE ROLE truc_runtime NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'truc_runtime', 'MEMBER') THEN
        EXECUTE format('GRANT truc_runtime TO %I', current_user);
    END IF;
END $$;
GRANT USAGE ON SCHEMA public TO truc_runtime;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO truc_runtime;
GRANT INSERT ON package_key, package, package_link, content, content_chunk, attachment, delivery, document_status, recall, seal, history, audit_leaf, audit_pending, audit_sequence, audit_tile,
    collection_alert, alert_notice, repeated_code, duty_contact, system, system_secret, system_client_key, agency, agency_alias, agency_successor,
    agency_request, wrapping_key, holiday,
    hub_downtime, endpoint, node, queue, delivery_attempt, lost_claim, agency_pickup, policy, policy_activation, malware_scan, trust_item TO truc_runtime;
GRANT DELETE ON system_client_key, holiday, node, queue, agency_successor, collection_alert, alert_notice, duty_contact TO truc_runtime;
GRANT DELETE ON audit_pending TO truc_runtime;
GRANT UPDATE (after) ON sweep_cursor TO truc_runtime;
GRANT UPDATE (step, since, next_at, raised_at, closed_at, ending) ON collection_alert TO truc_runtime;
GRANT UPDATE (due_at) ON alert_notice TO truc_runtime;
GRANT UPDATE (due_at, claims, failures, outcome, detail, ended_at, is_notice_due) ON malware_scan TO truc_runtime;
GRANT UPDATE (name, phone, mail, changed_at) ON duty_contact TO truc_runtime;
GRANT UPDATE (state, reason, changed_at, failing_at, entered_at, settling_after) ON endpoint TO truc_runtime;
GRANT UPDATE (picked_up_at) ON agency_pickup TO truc_runtime;
GRANT UPDATE (alive_until) ON node TO truc_runtime;
GRANT USAGE ON SEQUENCE queue_token TO truc_runtime;
GRANT UPDATE (endpoint_id, due_at, first_due, is_parked, node, token, attempts) ON queue TO truc_runtime;
GRANT UPDATE (recipient_agency_id, state, refusal, detail, failures, fetched_at, last_fetched_at, failed_at,
    entered_at, updated_at, is_notice_due)
    ON delivery TO truc_runtime;
GRANT UPDATE (recipient_agency_id, latest, latest_description, latest_at, latest_package_id, furthest)
    ON document_status TO truc_runtime;
GRANT UPDATE (recipient_agency_id, outcome, answer_package_id, answered_at) ON recall TO truc_runtime;
GRANT UPDATE (unsealed_at) ON seal TO truc_runtime;
GRANT UPDATE (disabled) ON system TO truc_runtime;
GRANT UPDATE (wrapped, key_id, valid_until), DELETE ON system_secret TO truc_runtime;
GRANT UPDATE (wrapped_key, key_id) ON content TO truc_runtime;
GRANT DELETE ON wrapping_key TO truc_runtime;
GRANT UPDATE (seen_at) ON hub_life TO truc_runtime;
GRANT UPDATE (removed_at) ON trust_item TO truc_runtime;
GRANT UPDATE (content_store, registry_version) ON hub TO truc_runtime;
GRANT UPDATE (state, decision, decision_date, reason, decided_at, decided_by) ON agency_request TO truc_runtime;
GRANT UPDATE (name, mail, parent_id, system_id, valid_until, tolerated_until, version, changed_at) ON agency
    TO truc_runtime;
GRANT EXECUTE ON FUNCTION discard_content_chunks TO truc_runtime;
