create table signing_key (
  kid varchar not null,
  algorithm varchar not null,
  public_key json not null,
  private_key bytea,
  published_at timestamptz default now() not null,
  signs_at timestamptz not null,
  retires_at timestamptz,
  constraint pk_signing_key primary key (kid)
)

create table client (
  id uuid default uuid7() not null,
  client_id varchar not null,
  name varchar not null,
  organisation_id uuid,
  scopes text[] not null,
  status varchar default 'active' not null,
  created_at timestamptz default now() not null,
  constraint pk_client primary key (id),
  constraint ck_client_status check (status in ('active', 'suspended')),
  constraint uq_client_client_id unique (client_id),
  constraint fk_client_organisation_id foreign key(organisation_id) references organisation (id)
)

create index ix_client_organisation_id on client (organisation_id, id)

create table client_secret (
  id uuid default uuid7() not null,
  client_id uuid not null,
  digest bytea not null,
  created_at timestamptz default now() not null,
  expires_at timestamptz,
  constraint pk_client_secret primary key (id),
  constraint fk_client_secret_client_id foreign key(client_id) references client (id)
)

create index ix_client_secret_client_id on client_secret (client_id)

create table account (
  person_id uuid not null,
  username varchar not null,
  canonical varchar not null,
  password_hash varchar,
  password_changed_at timestamptz,
  state varchar default 'invited' not null,
  created_at timestamptz default now() not null,
  constraint pk_account primary key (person_id),
  constraint ck_account_state check (state in ('invited', 'active', 'disabled')),
  constraint ck_account_active check (state <> 'active' or password_hash is not null),
  constraint uq_account_canonical unique (canonical),
  constraint fk_account_person_id foreign key(person_id) references person (id)
)

create table session (
  id uuid default uuid7() not null,
  person_id uuid not null,
  created_at timestamptz default now() not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  network varchar,
  device varchar,
  constraint pk_session primary key (id),
  constraint fk_session_person_id foreign key(person_id) references person (id)
)

create index ix_session_person_id on session (person_id, id)

create table activation_code (
  id uuid default uuid7() not null,
  person_id uuid not null,
  digest bytea not null,
  issued_by uuid,
  created_at timestamptz default now() not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz,
  constraint pk_activation_code primary key (id),
  constraint uq_activation_code_digest unique (digest),
  constraint fk_activation_code_person_id foreign key(person_id) references account (person_id),
  constraint fk_activation_code_issued_by foreign key(issued_by) references person (id)
)

create index ix_activation_code_person_id on activation_code (person_id)
