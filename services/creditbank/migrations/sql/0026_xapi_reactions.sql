-- Rules that turn statements into credits, a kind of those that two people publish.
alter table rule drop constraint ck_rule_kind, add constraint ck_rule_kind
  check (kind in ('conversion', 'programme', 'reaction'))

-- An organisation whose rules react: one worker at a time holds its row. `position` is up to where statements that void
-- others were looked at.
create table xapi_reacting (
  organisation uuid constraint pk_xapi_reacting primary key,
  position bigint not null default 0
)

-- Approved versions of rules, each with the position of the last statement it has looked at.
create table xapi_reaction (
  rule uuid constraint pk_xapi_reaction primary key,
  organisation uuid not null,
  code varchar not null,
  version integer not null,
  status varchar not null default 'active' constraint ck_xapi_reaction_status check (status in ('active', 'paused')),
  position bigint not null,
  constraint uq_xapi_reaction_organisation_code_version unique (organisation, code, version)
)

-- By which keys statements are looked at for a condition, so that no rule reads what is not about its activities.
create table xapi_reaction_term (
  rule uuid not null,
  condition smallint not null,
  key uuid not null,
  is_within boolean not null,
  verbs uuid[] not null,
  constraint pk_xapi_reaction_term primary key (rule, condition, key)
)

-- Statements that meet a condition, until the credits are posted. While nobody knows whose it is, `agent` is the SHA-256
-- of who acts, as in xapi_identity, and `person` whose account at auth that is. `day` is when it happened, by the rule's clock.
create table xapi_reaction_match (
  rule uuid not null,
  position bigint not null,
  condition smallint not null,
  organisation uuid not null,
  day date not null,
  agent bytea,
  person uuid,
  learner bigint,
  due boolean not null default false,
  constraint pk_xapi_reaction_match primary key (rule, position, condition)
)

create index ix_xapi_reaction_match_agent on xapi_reaction_match (agent) where agent is not null

create index ix_xapi_reaction_match_person on xapi_reaction_match (person) where person is not null

create index ix_xapi_reaction_match_learner_rule on xapi_reaction_match (learner, rule) where learner is not null

create index ix_xapi_reaction_match_organisation on xapi_reaction_match (organisation) where due

-- Credits claimed for a learner by a rule, whichever version: one, whatever becomes of it.
create table xapi_claim (
  id uuid constraint pk_xapi_claim primary key,
  organisation uuid not null,
  code varchar not null,
  learner bigint not null,
  rule uuid not null,
  state varchar not null constraint ck_xapi_claim_state check (state in ('posted', 'refused', 'waiting')),
  reason varchar,
  entry uuid,
  batch uuid,
  grade varchar,
  earned_on date not null,
  made_at timestamptz not null default now(),
  voided_at timestamptz,
  due boolean not null default false,
  constraint uq_xapi_claim_organisation_code_learner unique (organisation, code, learner),
  constraint ck_xapi_claim_batch check ((state = 'posted') = (batch is not null))
)

create index ix_xapi_claim_organisation_id on xapi_claim (organisation, id)

create index ix_xapi_claim_learner on xapi_claim (learner)

create index ix_xapi_claim_entry on xapi_claim (entry) where entry is not null

create index ix_xapi_claim_organisation on xapi_claim (organisation) where due

create table xapi_evidence (
  claim uuid not null,
  condition smallint not null,
  organisation uuid not null,
  statement uuid not null,
  position bigint not null,
  digest bytea not null,
  constraint pk_xapi_evidence primary key (claim, condition)
)

create index ix_xapi_evidence_organisation_statement on xapi_evidence (organisation, statement)

create table xapi_reaction_change (
  id uuid constraint pk_xapi_reaction_change primary key,
  organisation uuid not null,
  code varchar not null,
  act varchar not null constraint ck_xapi_reaction_change_act check (act in ('paused', 'resumed', 'tried again')),
  by uuid not null,
  at timestamptz not null default now()
)

create index ix_xapi_reaction_change_organisation_code on xapi_reaction_change (organisation, code)

-- Whose statements are those at these positions: the other way round of xapi_agents_of. An agent is given by the SHA-256
-- of its key, and by whose account at auth it is. Null where it names nobody, or two at once.
create function xapi_learners_of(agents bytea[], people uuid[], positions bigint[])
returns table (place bigint, learner bigint)
language sql stable set search_path = pg_catalog, public, pg_temp as $$
  select a.place, coalesce(
    (select coalesce(l.merged_into, l.number) from learner l where l.id = a.person),
    (select h.number from xapi_identity i
      join learner l on l.number = i.learner join learner h on h.number = coalesce(l.merged_into, l.number)
      where i.key = a.agent and xapi_position(i.since) <= a.position and not exists (
        select from xapi_identity o join learner m on m.number = o.learner
        where o.key = i.key and coalesce(m.merged_into, m.number) <> h.number and case
          when o.since > i.since then xapi_position(o.since) <= a.position
          else coalesce(o.left_at, 'infinity') > i.since end)
      limit 1))
  from unnest(agents, people, positions) with ordinality as a (agent, person, position, place)
$$
