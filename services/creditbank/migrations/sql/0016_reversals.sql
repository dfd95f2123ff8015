-- The former is in 0013_documents.sql.
create or replace function entry_kind_name(kind smallint) returns text language sql immutable parallel safe
return (array['deposit', 'hold', 'release', 'lapse', 'redemption', 'rescission', 'conversion', 'conversion_deposit',
  'expiry', 'revocation', 'departure', 'return', 'arrival', 'conversion_reversal', 'conversion_deposit_reversal'])[kind]

-- No kind of remedy of its own: a conversion is taken back by a correction.
alter table case_remedy
  drop constraint ck_case_remedy_kind,
  add constraint ck_case_remedy_kind check (
    kind in ('correction', 'rescission', 'deposit', 'award', 'transfer', 'recognition'))

-- Why a conversion cannot be taken back; nothing where it can. Its accounts are locked.
create function reversal_refusal(of_learner bigint, of_scheme smallint, of_entry integer, to_scheme smallint) returns text
language sql stable as $$
  select case
    when exists (select from account a where a.learner = of_learner and a.scheme in (of_scheme, to_scheme) and a.away)
      then 'account_moved ' || (select l.home from learner l where l.number = of_learner)
    when exists (select from entry v where v.learner = of_learner and v.scheme = of_scheme and v.reverses = of_entry)
      then 'entry_reversed'
    when exists (select from conversion_lot c
      join lot t on t.learner = c.learner and t.scheme = c.scheme and t.number = c.number
      where c.learner = of_learner and c.source_scheme = of_scheme and c.source_entry = of_entry
        and t.available + t.expired <> t.issued) then 'credits_in_use' end
$$

-- What a conversion took comes back into the lots it was taken from.
create function give_back_converted(
  of_learner bigint, of_scheme smallint, of_entry integer, new_batch uuid, new_entry uuid, new_salt bytea, new_key uuid,
  new_payload uuid, recorded timestamptz
) returns integer
language plpgsql as $$
declare
  today date := (recorded at time zone 'utc')::date;
  made integer;
begin
  with side as materialized (
    select p.lot, p.amount::integer as amount, row_number() over (order by p.lot) as place from posting p
    where p.learner = of_learner and p.scheme = of_scheme and p.entry = of_entry and p.bucket = 5 and p.amount > 0
  ), entered as (
    insert into entry (learner, recorded_at, sequence, effective_on, scheme, kind, id, batch, reverses, key_hash,
        payload_hash, commitment)
      select a.learner, recorded, a.sequence + 1, today, a.scheme, 14, new_entry, new_batch, of_entry, new_key, new_payload,
        commitment_after(a.head, new_salt,
          document_before(new_batch, null, today, null, new_entry, 14::smallint, a.person, null, null, l.lines),
          document_after(recorded, null, of_entry, s.code, a.sequence + 1))
      from account a join scheme s on s.id = a.scheme
      cross join (select string_agg('["-' || credits_text(amount) || '","converted",' || lot || '],["'
        || credits_text(amount) || '","available",' || lot || ']', ',' order by place) as lines from side) l
      where a.learner = of_learner and a.scheme = of_scheme
    returning learner, scheme, sequence, commitment
  ), posted as (
    insert into posting (learner, amount, entry, lot, scheme, line, bucket)
      select e.learner, v.amount, e.sequence, s.lot, e.scheme, v.line, v.bucket
      from side s cross join entered e
      cross join lateral (values (-s.amount, 5, 2 * s.place - 1), (s.amount, 2, 2 * s.place)) as v (amount, bucket, line)
  ), settled as (
    update lot t set converted = t.converted - s.amount, available = t.available + s.amount
      from side s where t.learner = of_learner and t.scheme = of_scheme and t.number = s.lot
  )
  update account a set converted = a.converted - s.amount, available = a.available + s.amount, sequence = e.sequence,
      head = e.commitment, version = a.version + 1
    from entered e cross join (select sum(amount) as amount from side) s
    where a.learner = e.learner and a.scheme = e.scheme
  returning a.sequence into made;
  return made;
end $$

-- The lots a conversion made are taken back, each by an entry of its own, and so is what it rounded.
create function withdraw_converted(
  of_learner bigint, of_scheme smallint, of_entry integer, to_scheme smallint, new_batch uuid, entries uuid[],
  salts bytea[], new_payload uuid, recorded timestamptz
) returns void
language plpgsql as $$
declare
  today date := (recorded at time zone 'utc')::date;
begin
  with fresh as materialized (
    select a.learner, a.scheme, a.person, a.head, s.code, t.number as lot, t.available, t.expired, t.issuer,
      coalesce(r.amount, 0) as rounding, row_number() over (order by t.number) as place,
      (a.sequence + row_number() over (order by t.number))::integer as number
    from conversion_lot c join account a on a.learner = c.learner and a.scheme = c.scheme
    join scheme s on s.id = c.scheme
    join lot t on t.learner = c.learner and t.scheme = c.scheme and t.number = c.number
    left join posting r on r.learner = c.learner and r.scheme = c.scheme and r.entry = c.number and r.bucket = 8
    where c.learner = of_learner and c.source_scheme = of_scheme and c.source_entry = of_entry and c.scheme = to_scheme
  ), side as materialized (
    select f.place as op, f.number, v.amount::bigint as amount, v.bucket, v.lot, v.institution,
      row_number() over (partition by f.place order by v.line) as line
    from fresh f cross join lateral (values
      (1, -f.available::bigint, 2, f.lot, null::uuid), (2, f.available, 7, f.lot, null),
      (3, -f.expired, 6, f.lot, null), (4, f.expired, 7, f.lot, null),
      (5, -f.rounding, 8, null, f.issuer), (6, f.rounding, 9, null, f.issuer)
    ) as v (line, amount, bucket, lot, institution)
    where v.amount <> 0
  ), told as (
    select s.op, string_agg('["' || credits_text(s.amount) || '","' || bucket_name(s.bucket::smallint) || '",'
      || coalesce(s.lot::text, '"' || s.institution || '"') || ']', ',' order by s.line) as lines
    from side s group by s.op
  ), chain as materialized (
    select f.*, chained(f.head, salts[f.place],
        document_before(new_batch, null, today, null, entries[f.place], 15::smallint, f.person, null, null, t.lines),
        document_after(recorded, null, f.lot, f.code, f.number)
      ) over (order by f.place) as commitment
    from fresh f join told t on t.op = f.place
  ), entered as (
    insert into entry (learner, recorded_at, sequence, effective_on, scheme, kind, id, batch, reverses, key_hash,
        payload_hash, commitment)
      select learner, recorded, number, today, scheme, 15, entries[place], new_batch, lot, entries[place], new_payload,
        commitment
      from chain
  ), posted as (
    insert into posting (learner, amount, entry, lot, scheme, line, bucket, institution)
      select of_learner, s.amount, s.number, s.lot, to_scheme, s.line, s.bucket, s.institution from side s
  ), settled as (
    update lot t set revoked = t.revoked + t.available + t.expired, available = 0, expired = 0
      from fresh f where t.learner = f.learner and t.scheme = f.scheme and t.number = f.lot
  )
  update account a set available = a.available - s.available, expired = a.expired - s.expired,
      revoked = a.revoked + s.available + s.expired, sequence = s.number, head = s.head, version = a.version + 1
    from (select sum(available) as available, sum(expired) as expired, max(number) as number,
        (array_agg(commitment order by number desc))[1] as head from chain) s
    where a.learner = of_learner and a.scheme = to_scheme and s.number is not null;
end $$

-- A conversion is taken back: both sides in one transaction, or neither. `entries` and `salts` are those of the entries by
-- which its lots are taken back, in the order of their numbers.
create function reverse_conversion(
  of_learner bigint, of_scheme smallint, of_entry integer, new_batch uuid, new_entry uuid, new_salt bytea, new_key uuid,
  new_payload uuid, entries uuid[], salts bytea[]
) returns ledger_answer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set datestyle = 'ISO, YMD' as $$
declare
  recorded timestamptz := now();
  to_scheme smallint := (select c.target from conversion c
    where c.learner = of_learner and c.scheme = of_scheme and c.entry = of_entry);
  known record;
  refusal text;
  made integer;
begin
  perform lock_accounts(array[of_learner, of_learner], array[of_scheme, coalesce(to_scheme, of_scheme)]);
  select e.id, e.sequence, e.payload_hash = new_payload as same into known
    from entry e where e.key_hash = new_key and e.learner = of_learner;
  if found then
    return (1, case when known.same then 'replayed' else 'conflict' end, known.id, known.sequence, null)::ledger_answer;
  end if;
  refusal := case when to_scheme is null then 'entry_unknown'
    else reversal_refusal(of_learner, of_scheme, of_entry, to_scheme) end;
  if refusal is not null then
    return (1, 'refused', null, null, refusal)::ledger_answer;
  end if;
  if least(length(new_salt), (select min(length(s)) from unnest(salts) s)) <> 32 or cardinality(salts) <> (
      select count(*) from conversion_lot c
      where c.learner = of_learner and c.source_scheme = of_scheme and c.source_entry = of_entry) then
    raise exception 'one entry and salt for each lot' using errcode = 'invalid_parameter_value';
  end if;
  insert into outbox (id, type, subject, data)
    select uuid7(), 'creditbank.credits.conversion_reversed.v1', g.issuer, ('{"institution":"' || g.issuer || '","scheme":'
      || json_string(s.code) || ',"target":' || json_string(n.code) || ',"entries":[{"id":"' || new_entry || '","learner":"'
      || a.person || '","amount":"' || credits_text(g.amount) || '","issued":"' || credits_text(g.issued)
      || '","expired":"' || credits_text(g.expired) || '","lots":' || g.lots || ',"reverses":"' || e.id || '"}]}')::json
    from (
      select t.issuer, sum(p.amount)::bigint as amount, coalesce(sum(o.issued), 0)::bigint as issued,
        coalesce(sum(o.expired), 0)::bigint as expired, count(o.number) as lots
      from posting p join lot t on t.learner = p.learner and t.scheme = p.scheme and t.number = p.lot
      left join conversion_lot c on c.learner = p.learner and c.source_scheme = p.scheme and c.source_entry = p.entry
        and c.source_lot = p.lot
      left join lot o on o.learner = c.learner and o.scheme = c.scheme and o.number = c.number
      where p.learner = of_learner and p.scheme = of_scheme and p.entry = of_entry and p.bucket = 5 and p.amount > 0
      group by t.issuer
    ) g
    join account a on a.learner = of_learner and a.scheme = of_scheme
    join entry e on e.learner = of_learner and e.scheme = of_scheme and e.sequence = of_entry
    join scheme s on s.id = of_scheme join scheme n on n.id = to_scheme
    where exists (select from shred_key k where k.learner = of_learner);
  perform withdraw_converted(of_learner, of_scheme, of_entry, to_scheme, new_batch, entries, salts, new_payload, recorded);
  made := give_back_converted(of_learner, of_scheme, of_entry, new_batch, new_entry, new_salt, new_key, new_payload,
    recorded);
  return (1, 'posted', new_entry, made, null)::ledger_answer;
end $$
