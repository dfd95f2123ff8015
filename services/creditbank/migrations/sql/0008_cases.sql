-- What a learner, a guardian or the institution holds to be wrong. `makers` are those who made or decided what it is
-- about; `book`, `scheme` and `entry` say where an entry stands.
create table learner_case (
  learner bigint not null,
  book bigint,
  opened_at timestamptz not null default now(),
  due_at timestamptz not null,
  appealed_at timestamptz,
  version integer not null default 1,
  entry integer,
  scheme smallint,
  id uuid not null,
  institution uuid not null,
  subject uuid not null,
  payload_hash uuid not null,
  opened_by uuid not null,
  appealed_by uuid,
  about varchar not null constraint ck_learner_case_about
    check (about in ('entry', 'transfer', 'recognition', 'award')),
  side varchar not null constraint ck_learner_case_side check (side in ('learner', 'guardian', 'institution')),
  state varchar not null default 'opened' constraint ck_learner_case_state
    check (state in ('opened', 'evidence', 'decided', 'appealed', 'closed', 'withdrawn')),
  key varchar not null,
  claim varchar not null,
  appeal_reasons varchar,
  makers uuid[] not null,
  constraint pk_learner_case primary key (learner, id),
  constraint uq_learner_case_learner_key unique (learner, key),
  constraint ck_learner_case_entry check ((about = 'entry') = (entry is not null)
    and (entry is null) = (book is null) and (entry is null) = (scheme is null)),
  constraint ck_learner_case_appeal check ((appealed_at is null) = (appealed_by is null)
    and (appealed_at is null) = (appeal_reasons is null))
)

-- The same is not disputed twice.
create unique index uq_learner_case_subject on learner_case (learner, about, subject) where state <> 'withdrawn'

create index ix_learner_case_id on learner_case (id)

create index ix_learner_case_institution_id on learner_case (institution, id)

create index ix_learner_case_waiting on learner_case (institution)
  where state in ('opened', 'evidence', 'appealed')

create table case_evidence (
  learner bigint not null,
  added_at timestamptz not null default now(),
  number smallint not null,
  case_id uuid not null,
  added_by uuid not null,
  side varchar not null constraint ck_case_evidence_side check (side in ('learner', 'guardian', 'institution')),
  text varchar not null,
  links varchar[] not null,
  constraint pk_case_evidence primary key (learner, case_id, number)
)

-- The first by the institution, the second, of an appeal, by the level above.
create table case_decision (
  learner bigint not null,
  decided_at timestamptz not null default now(),
  appeal_until timestamptz,
  level smallint not null constraint ck_case_decision_level check (level in (1, 2)),
  case_id uuid not null,
  decided_by uuid not null,
  outcome varchar not null constraint ck_case_decision_outcome check (outcome in ('upheld', 'dismissed')),
  reasons varchar not null,
  constraint pk_case_decision primary key (learner, case_id, level),
  constraint ck_case_decision_appeal check ((level = 1) = (appeal_until is not null))
)

-- What puts right what was upheld. Whether it has been done is told by it, not here.
create table case_remedy (
  learner bigint not null,
  book bigint not null,
  added_at timestamptz not null default now(),
  case_id uuid not null,
  remedy uuid not null,
  added_by uuid not null,
  kind varchar not null constraint ck_case_remedy_kind check (
    kind in ('correction', 'rescission', 'reversal', 'deposit', 'award', 'transfer', 'recognition')),
  constraint pk_case_remedy primary key (learner, case_id, kind, remedy)
)

create index ix_institution_standing on institution (standing) where standing in ('applied', 'reviewed')

-- What was said by and of an erased learner goes with the links to the book, whether or not there was an account.
create function forget_cases() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  update learner_case c set claim = '', appeal_reasons = case when c.appealed_at is not null then '' end,
      opened_by = case when c.side = 'institution' then c.opened_by else gen_random_uuid() end,
      appealed_by = case when c.appealed_at is not null then gen_random_uuid() end,
      state = case when c.state in ('opened', 'evidence') then 'withdrawn' when c.state = 'appealed' then 'closed'
        else c.state end, version = c.version + 1
    where c.learner = old.number;
  update case_evidence e set text = '', links = '{}',
      added_by = case when e.side = 'institution' then e.added_by else gen_random_uuid() end
    where e.learner = old.number;
  update case_decision d set reasons = '' where d.learner = old.number;
  return null;
end $$

create trigger cases_are_forgotten after update of id on learner for each row execute function forget_cases()

-- The former is in 0006_rules.sql: it forgot nothing of somebody who had asked before there was an account.
create or replace function forget_claims() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  -- The id of who is erased would lead to the book: a random one takes its place.
  update recognition_item i set title = '', evidence = '', reason = null where i.learner = old.number;
  update recognition r set reason = null, requested_by = gen_random_uuid(),
      state = case when r.state in ('requested', 'assessed', 'offered') then 'withdrawn' else r.state end
    where r.learner = old.number;
  update transfer t set note = null, requested_by = gen_random_uuid(),
      state = case when t.state = 'requested' then 'withdrawn' else t.state end
    where t.learner = old.number;
  update transfer_lot t set reason = '' where t.learner = old.number and t.reason is not null;
  update award a set reason = null, rescission_reason = null, requested_by = gen_random_uuid(),
      state = case when a.state = 'requested' then 'withdrawn' else a.state end
    where a.learner = old.number;
  return null;
end $$

drop trigger claims_are_forgotten on shred_key

create trigger claims_are_forgotten after update of id on learner for each row execute function forget_claims()

-- Everything that waits for a person: for one of `roles` at the institution or above it (of `above` only above it), or
-- for the learner. The former is in 0006_rules.sql.
create or replace view waiting_approval as
  select 'rule' as kind, r.id, r.institution, null::bigint as learner, array[r.made_by] as makers, r.made_at as since,
    array['administrator', 'registrar'] as roles, false as above, null::timestamptz as due
  from rule r where r.state = 'draft'
  union all
  select 'transfer', t.id, t.institution, null, array[t.requested_by], t.requested_at,
    array['administrator', 'registrar'], false, null from transfer t where t.state = 'requested'
  union all
  select 'recognition', r.id, r.institution, null, array[r.requested_by], r.requested_at,
    array['administrator', 'registrar', 'assessor'], false, null from recognition r where r.state = 'requested'
  union all
  select 'recognition', r.id, r.institution, null, array[r.requested_by, r.assessed_by], r.assessed_at,
    array['administrator', 'registrar'], false, null from recognition r where r.state = 'assessed'
  union all
  select 'award', a.id, a.institution, null, array[a.requested_by], a.requested_at,
    array['administrator', 'registrar'], false, a.until from award a where a.state = 'requested' and a.until > now()
  union all
  select 'rescission', a.id, a.institution, null, array[a.rescission_by], a.rescission_at,
    array['administrator', 'registrar'], false, null from award a where a.state = 'rescinding'
  union all
  select 'correction', c.id, c.institution, null, array[c.requested_by], c.requested_at,
    array['administrator', 'registrar'], false, null from correction c where c.state = 'requested'
  union all
  select 'file', f.id, f.institution, null, array[f.client], f.created_at, array['administrator', 'registrar'],
    false, null from posting_file f where f.state = 'awaiting_approval'
  union all
  select 'recognition-offer', r.id, r.institution, r.learner, array[r.decided_by], r.decided_at,
    array[]::text[], false, null from recognition r where r.state = 'offered'
  union all
  select 'registration', x.id, x.id, null, array(
      select (select s.by from standing_change s where s.institution = x.id and s.act = w.act order by s.id desc limit 1)
      from unnest(case x.standing when 'applied' then array['apply'] else array['apply', 'review'] end) as w (act)),
    coalesce((select s.at from standing_change s where s.institution = x.id order by s.id desc limit 1), 'epoch'),
    array['administrator', 'registrar'], true, null
  from institution x where x.standing in ('applied', 'reviewed')
  union all
  select case c.state when 'appealed' then 'appeal' else 'case' end, c.id, c.institution, null,
    c.makers || c.opened_by || array(select l.id from learner l where l.number = c.learner)
      || array(select d.decided_by from case_decision d where d.learner = c.learner and d.case_id = c.id),
    coalesce(c.appealed_at, c.opened_at),
    case c.state when 'appealed' then array['administrator'] else array['administrator', 'registrar'] end,
    c.state = 'appealed', c.due_at
  from learner_case c where c.state in ('opened', 'evidence', 'appealed')
