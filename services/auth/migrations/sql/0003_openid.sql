alter table client
  add column kind varchar default 'machine' not null,
  add column redirect_uris text[] default '{}' not null,
  add column post_logout_redirect_uris text[] default '{}' not null,
  add column origins text[] default '{}' not null,
  add column id_token_alg varchar default 'RS256' not null,
  add column needs_consent boolean default true not null,
  add column public_keys json,
  add constraint ck_client_kind check (kind in ('machine', 'web', 'native', 'browser')),
  add constraint ck_client_id_token_alg check (id_token_alg in ('RS256', 'ES256'))

create index ix_client_origins on client using gin (origins) where kind = 'browser'

create table client_assertion (
  digest bytea not null,
  expires_at timestamptz not null,
  constraint pk_client_assertion primary key (digest)
)

create index ix_client_assertion_expires_at on client_assertion (expires_at)

create table client_right (
  organisation_id uuid not null,
  scopes text[] not null,
  decided_at timestamptz default now() not null,
  decided_by uuid,
  constraint pk_client_right primary key (organisation_id),
  constraint fk_client_right_organisation_id foreign key(organisation_id) references organisation (id),
  constraint fk_client_right_decided_by foreign key(decided_by) references person (id)
)

alter table session
  add column secret_digest bytea,
  add column authenticated_at timestamptz default now() not null,
  add column methods text[] default '{pwd}' not null,
  add column active_role_id uuid,
  add constraint uq_session_secret_digest unique (secret_digest),
  add constraint fk_session_active_role_id foreign key(active_role_id) references role_assignment (id)

create index ix_session_active_role_id on session (active_role_id) where active_role_id is not null

create index ix_session_expires_at on session (expires_at)

create table authorization_request (
  id uuid default uuid7() not null,
  client_id uuid not null,
  browser_digest bytea not null,
  parameters json not null,
  selected_session_id uuid,
  created_at timestamptz default now() not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  constraint pk_authorization_request primary key (id),
  constraint fk_authorization_request_client_id foreign key(client_id) references client (id)
)

create index ix_authorization_request_expires_at on authorization_request (expires_at)

create table client_consent (
  person_id uuid not null,
  client_id uuid not null,
  scopes text[] not null,
  given_at timestamptz default now() not null,
  revoked_at timestamptz,
  constraint pk_client_consent primary key (person_id, client_id),
  constraint fk_client_consent_person_id foreign key(person_id) references person (id),
  constraint fk_client_consent_client_id foreign key(client_id) references client (id)
)

create table authorization_code (
  digest bytea not null,
  client_id uuid not null,
  person_id uuid not null,
  session_id uuid not null,
  redirect_uri varchar not null,
  code_challenge varchar not null,
  scopes text[] not null,
  audiences text[] not null,
  nonce varchar,
  claims json,
  authenticated_at timestamptz not null,
  methods text[] not null,
  created_at timestamptz default now() not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  family_id uuid,
  constraint pk_authorization_code primary key (digest),
  constraint fk_authorization_code_client_id foreign key(client_id) references client (id),
  constraint fk_authorization_code_person_id foreign key(person_id) references person (id),
  constraint fk_authorization_code_session_id foreign key(session_id) references session (id)
)

create index ix_authorization_code_expires_at on authorization_code (expires_at)

create index ix_authorization_code_session_id on authorization_code (session_id)

create index ix_authorization_code_person_id on authorization_code (person_id, client_id)

create table token_family (
  id uuid default uuid7() not null,
  client_id uuid not null,
  person_id uuid not null,
  session_id uuid not null,
  scopes text[] not null,
  audiences text[] not null,
  claims json,
  authenticated_at timestamptz not null,
  methods text[] not null,
  created_at timestamptz default now() not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_by varchar,
  constraint pk_token_family primary key (id),
  constraint ck_token_family_ended_by check (ended_by is null or ended_by in
    ('replayed', 'revoked', 'withdrawn', 'password-changed', 'suspended', 'erased')),
  constraint ck_token_family_ended check ((ended_at is null) = (ended_by is null)),
  constraint fk_token_family_client_id foreign key(client_id) references client (id),
  constraint fk_token_family_person_id foreign key(person_id) references person (id),
  constraint fk_token_family_session_id foreign key(session_id) references session (id)
)

create index ix_token_family_person_id on token_family (person_id, client_id)

create index ix_token_family_session_id on token_family (session_id)

create index ix_token_family_expires_at on token_family (expires_at)

create table refresh_token (
  digest bytea not null,
  family_id uuid not null,
  created_at timestamptz default now() not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint pk_refresh_token primary key (digest),
  constraint fk_refresh_token_family_id foreign key(family_id) references token_family (id)
)

create index ix_refresh_token_family_id on refresh_token (family_id)

create table revocation (
  kind varchar not null,
  value varchar not null,
  revoked_at timestamptz default clock_timestamp() not null,
  until timestamptz not null,
  change bigint default pg_current_xact_id()::text::bigint not null,
  constraint pk_revocation primary key (kind, value),
  constraint ck_revocation_kind check (kind in ('token', 'family', 'session', 'client', 'person'))
)

create index ix_revocation_change on revocation (change)

create index ix_revocation_until on revocation (until)

create function revoked_until(kind text, revoked_at timestamptz) returns bigint
language sql immutable as $$
  -- What never gives a token again ends every one of its tokens; of the rest, those issued until now, and for
  -- a second more: a token may be under way while the revoking transaction commits. `iat` is in whole seconds.
  select case when kind in ('token', 'family') then null else floor(extract(epoch from revoked_at))::bigint + 1 end
$$

create function is_revoked(
  token text, family text, session text, client text, person text, issued_at bigint
) returns boolean
language sql stable as $$
  select exists (
    select from revocation r
    where (r.kind, r.value) in
      (('token', token), ('family', family), ('session', session), ('client', client), ('person', person))
      and r.until > now() and issued_at <= coalesce(revoked_until(r.kind, r.revoked_at), issued_at)
  )
$$

create table started_sign_in (
  browser_digest bytea not null,
  person_id uuid not null,
  created_at timestamptz default clock_timestamp() not null,
  expires_at timestamptz not null,
  constraint pk_started_sign_in primary key (browser_digest),
  constraint fk_started_sign_in_person_id foreign key(person_id) references person (id)
)

create index ix_started_sign_in_expires_at on started_sign_in (expires_at)
