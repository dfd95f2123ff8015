-- Where an organisation's statements are sent: to webhooks, or to other record stores. `position` is that of the last
-- statement looked at, so that what was stored meanwhile is found again after any failure.
create table xapi_subscription (
  id uuid constraint pk_xapi_subscription primary key,
  organisation uuid not null,
  name varchar not null,
  kind varchar not null constraint ck_xapi_subscription_kind check (kind in ('webhook', 'record-store')),
  address varchar not null,
  filters json not null,
  verb uuid,
  activity uuid,
  agent uuid,
  member uuid,
  sealed bytea not null,
  status varchar not null default 'active'
    constraint ck_xapi_subscription_status check (status in ('active', 'paused', 'ended')),
  position bigint not null,
  delivered bigint not null default 0,
  failing_since timestamptz,
  last_error varchar,
  next_at timestamptz not null default now(),
  created_at timestamptz not null default now()
)

create index ix_xapi_subscription_organisation_id on xapi_subscription (organisation, id)

create index ix_xapi_subscription_next_at on xapi_subscription (next_at) where status = 'active'

-- Statements by their positions, and no copies: what was erased or voided meanwhile is not sent.
create table xapi_delivery (
  id uuid constraint pk_xapi_delivery primary key,
  subscription uuid not null,
  positions bigint[] not null,
  attempts integer not null default 0,
  dead boolean not null default false,
  error varchar,
  tried_at timestamptz
)

create index ix_xapi_delivery_subscription_dead_id on xapi_delivery (subscription, dead, id)

create table xapi_subscription_change (
  id uuid constraint pk_xapi_subscription_change primary key,
  subscription uuid not null,
  act varchar not null constraint ck_xapi_subscription_change_act
    check (act in ('created', 'paused', 'resumed', 'ended', 'sent again')),
  by uuid not null,
  at timestamptz not null default now()
)

create index ix_xapi_subscription_change_subscription on xapi_subscription_change (subscription)
