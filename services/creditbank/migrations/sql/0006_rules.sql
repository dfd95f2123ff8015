-- One version of a conversion's or a programme's rules. What it says never changes: a change is a further version.
create table rule (
  id uuid constraint pk_rule primary key,
  institution uuid not null,
  kind varchar not null constraint ck_rule_kind check (kind in ('conversion', 'programme')),
  code varchar not null,
  version integer not null,
  title_en varchar not null,
  title_zh varchar not null,
  scheme smallint not null,
  target smallint,
  document json not null,
  effective_from date not null,
  effective_until date,
  state varchar not null default 'draft' constraint ck_rule_state
    check (state in ('draft', 'approved', 'rejected')),
  made_by uuid not null,
  made_at timestamptz not null default now(),
  decided_by uuid,
  decided_at timestamptz,
  reason varchar,
  constraint uq_rule_institution_kind_code_version unique (institution, kind, code, version),
  constraint ck_rule_maker_is_not_checker check (decided_by <> made_by),
  constraint ck_rule_effective check (effective_until >= effective_from),
  constraint ck_rule_target check ((kind = 'conversion') = (target is not null))
)

create index ix_rule_draft on rule (institution) where state = 'draft'

-- What was asked of an institution and what it decided. Nothing of it moves a credit by itself.
create table transfer (
  learner bigint not null,
  id uuid not null,
  institution uuid not null,
  state varchar not null default 'requested' constraint ck_transfer_state
    check (state in ('requested', 'decided', 'withdrawn')),
  key varchar not null,
  payload_hash uuid not null,
  note varchar,
  requested_by uuid not null,
  requested_at timestamptz not null default now(),
  decided_by uuid,
  decided_at timestamptz,
  constraint pk_transfer primary key (learner, id),
  constraint uq_transfer_learner_key unique (learner, key),
  constraint ck_transfer_maker_is_not_checker check (decided_by <> requested_by)
)

create index ix_transfer_id on transfer (id)

create index ix_transfer_waiting on transfer (institution) where state = 'requested'

-- `book` is the learner in whose name the lot is kept: of merged records another than `learner`.
create table transfer_lot (
  learner bigint not null,
  transfer uuid not null,
  book bigint not null,
  scheme smallint not null,
  number integer not null,
  amount integer not null constraint ck_transfer_lot_amount check (amount > 0),
  accepted integer constraint ck_transfer_lot_accepted check (accepted between 0 and amount),
  outcome uuid,
  reason varchar,
  constraint pk_transfer_lot primary key (learner, transfer, book, scheme, number),
  constraint ck_transfer_lot_reason check (accepted > 0 or accepted is null or reason is not null)
)

create index ix_transfer_lot_book_scheme_number on transfer_lot (book, scheme, number) where accepted > 0

create table recognition (
  learner bigint not null,
  id uuid not null,
  institution uuid not null,
  state varchar not null default 'requested' constraint ck_recognition_state
    check (state in ('requested', 'assessed', 'offered', 'posted', 'rejected', 'withdrawn')),
  key varchar not null,
  payload_hash uuid not null,
  requested_by uuid not null,
  requested_at timestamptz not null default now(),
  assessed_by uuid,
  assessed_at timestamptz,
  decided_by uuid,
  decided_at timestamptz,
  reason varchar,
  ended_at timestamptz,
  constraint pk_recognition primary key (learner, id),
  constraint uq_recognition_learner_key unique (learner, key),
  constraint ck_recognition_maker_is_not_checker
    check (assessed_by <> requested_by and decided_by <> requested_by and decided_by <> assessed_by)
)

create index ix_recognition_id on recognition (id)

create index ix_recognition_waiting on recognition (institution) where state in ('requested', 'assessed', 'offered')

create table recognition_item (
  learner bigint not null,
  recognition uuid not null,
  number smallint not null,
  title varchar not null,
  evidence varchar not null,
  outcome uuid,
  scheme smallint,
  amount integer constraint ck_recognition_item_amount check (amount > 0),
  grade varchar,
  reason varchar,
  book bigint,
  lot integer,
  constraint pk_recognition_item primary key (learner, recognition, number),
  constraint ck_recognition_item_offer check ((amount is null) = (outcome is null))
)

create index ix_recognition_item_book_scheme_lot on recognition_item (book, scheme, lot) where lot is not null

-- What was asked for and granted by a version of a programme's rules; `facts` is what the rules were applied to.
create table award (
  learner bigint not null,
  id uuid not null,
  institution uuid not null,
  rule uuid not null,
  scheme smallint not null,
  state varchar not null default 'requested' constraint ck_award_state
    check (state in ('requested', 'certified', 'refused', 'withdrawn', 'rescinding', 'rescinded')),
  key varchar not null,
  payload_hash uuid not null,
  facts json not null,
  until timestamptz not null,
  requested_by uuid not null,
  requested_at timestamptz not null default now(),
  decided_by uuid,
  decided_at timestamptz,
  reason varchar,
  rescission_by uuid,
  rescission_at timestamptz,
  rescission_reason varchar,
  rescinded_by uuid,
  rescinded_at timestamptz,
  constraint pk_award primary key (learner, id),
  constraint uq_award_learner_key unique (learner, key),
  constraint ck_award_maker_is_not_checker check (decided_by <> requested_by and rescinded_by <> rescission_by)
)

create index ix_award_id on award (id)

create index ix_award_waiting on award (institution) where state in ('requested', 'rescinding')

create table award_lot (
  learner bigint not null,
  award uuid not null,
  book bigint not null,
  number integer not null,
  requirement varchar not null,
  amount integer not null constraint ck_award_lot_amount check (amount > 0),
  outcome uuid not null,
  constraint pk_award_lot primary key (learner, award, book, number, requirement)
)

-- One hold for each book of the learner; `redemption` is the number of the entry that spent it.
create table award_hold (
  learner bigint not null,
  award uuid not null,
  book bigint not null,
  hold uuid not null,
  redemption integer,
  constraint pk_award_hold primary key (learner, award, book)
)

-- An erased learner's own words go with the key to the book.
create function forget_claims() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  -- The id of who is erased would lead to the book: a random one takes its place.
  update recognition_item i set title = '', evidence = '', reason = null where i.learner = old.learner;
  update recognition r set reason = null, requested_by = gen_random_uuid(),
      state = case when r.state in ('requested', 'assessed', 'offered') then 'withdrawn' else r.state end
    where r.learner = old.learner;
  update transfer t set note = null, requested_by = gen_random_uuid(),
      state = case when t.state = 'requested' then 'withdrawn' else t.state end
    where t.learner = old.learner;
  update transfer_lot t set reason = '' where t.learner = old.learner and t.reason is not null;
  update award a set reason = null, rescission_reason = null, requested_by = gen_random_uuid(),
      state = case when a.state = 'requested' then 'withdrawn' else a.state end
    where a.learner = old.learner;
  return null;
end $$

create trigger claims_are_forgotten after delete on shred_key for each row execute function forget_claims()

-- Everything that waits for a person: for one of `roles` at the institution or above it, or for the learner.
create view waiting_approval as
  select 'rule' as kind, r.id, r.institution, null::bigint as learner, array[r.made_by] as makers, r.made_at as since,
    array['administrator', 'registrar'] as roles
  from rule r where r.state = 'draft'
  union all
  select 'transfer', t.id, t.institution, null, array[t.requested_by], t.requested_at,
    array['administrator', 'registrar'] from transfer t where t.state = 'requested'
  union all
  select 'recognition', r.id, r.institution, null, array[r.requested_by], r.requested_at,
    array['administrator', 'registrar', 'assessor'] from recognition r where r.state = 'requested'
  union all
  select 'recognition', r.id, r.institution, null, array[r.requested_by, r.assessed_by], r.assessed_at,
    array['administrator', 'registrar'] from recognition r where r.state = 'assessed'
  union all
  select 'award', a.id, a.institution, null, array[a.requested_by], a.requested_at,
    array['administrator', 'registrar'] from award a where a.state = 'requested' and a.until > now()
  union all
  select 'rescission', a.id, a.institution, null, array[a.rescission_by], a.rescission_at,
    array['administrator', 'registrar'] from award a where a.state = 'rescinding'
  union all
  select 'correction', c.id, c.institution, null, array[c.requested_by], c.requested_at,
    array['administrator', 'registrar'] from correction c where c.state = 'requested'
  union all
  select 'file', f.id, f.institution, null, array[f.client], f.created_at, array['administrator', 'registrar']
  from posting_file f where f.state = 'awaiting_approval'
  union all
  select 'recognition-offer', r.id, r.institution, r.learner, array[r.decided_by], r.decided_at,
    array[]::text[] from recognition r where r.state = 'offered'
