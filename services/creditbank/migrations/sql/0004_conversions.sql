-- Credits leave the books of one scheme and come into those of another: both entries in one transaction, or neither.
-- Lots are named by their place among all parts. `remainders` are what is left of spent x numerator.
create function post_conversions(
  learners bigint[], schemes smallint[], entries uuid[], batches uuid[], salts bytea[], key_hashes uuid[],
  payload_hashes uuid[], targets integer[], part_ops integer[], part_lots integer[], part_amounts integer[],
  to_schemes smallint[], rules uuid[], numerators integer[], denominators integer[], remainders bigint[],
  issued integer[], lot_entries uuid[], lot_salts bytea[]
) returns setof ledger_answer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set datestyle = 'ISO, YMD'
set enable_seqscan = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  recorded timestamptz := now();
  today date := (now() at time zone 'utc')::date;
  answers ledger_answer[];
begin
  if exists (select from unnest(issued) a where a < 0) then
    raise exception 'nothing is issued below zero' using errcode = 'invalid_parameter_value';
  end if;
  insert into account (learner, scheme, person)
    select distinct l.number, i.scheme, l.id from unnest(learners, to_schemes) as i (learner, scheme)
    join public.learner l on l.number = i.learner
    order by l.number, i.scheme
    on conflict do nothing;
  perform lock_accounts(learners || learners, schemes || to_schemes);
  answers := (select array_agg(m) from move_credits((
    select array_agg((i.op, i.learner, i.scheme, 7, i.entry, i.batch, i.salt, i.key_hash, i.payload_hash, i.target, null,
      null, conversion_document(i.denominator, p.issued, i.numerator, i.remainder, i.rule, p.spent, g.code),
      null, null, null, null, null, null, null, null)::ledger_operation)
    from unnest(learners, schemes, entries, batches, salts, key_hashes, payload_hashes, targets, to_schemes, rules,
        numerators, denominators, remainders) with ordinality
      as i (learner, scheme, entry, batch, salt, key_hash, payload_hash, target, to_scheme, rule, numerator,
        denominator, remainder, op)
    join scheme g on g.id = i.to_scheme
    cross join lateral (select coalesce(sum(p.amount), 0)::bigint as spent, coalesce(sum(p.issued), 0)::bigint as issued
      from unnest(part_ops, part_amounts, issued) as p (op, amount, issued) where p.op = i.op) p
  ), part_ops, part_lots, part_amounts) m);
  insert into conversion (learner, scheme, entry, target, rule, numerator, denominator, spent, issued, remainder)
    select learners[a.op], schemes[a.op], a.sequence, to_schemes[a.op], rules[a.op], numerators[a.op],
      denominators[a.op], p.spent, p.issued, remainders[a.op]
    from unnest(answers) a
    cross join lateral (select sum(p.amount) as spent, sum(p.issued) as issued
      from unnest(part_ops, part_amounts, issued) as p (op, amount, issued) where p.op = a.op) p
    where a.answer = 'posted';
  with fresh as (
    select p.*, learners[p.op] as learner, schemes[p.op] as source_scheme, to_schemes[p.op] as scheme,
      batches[p.op] as batch, payload_hashes[p.op] as payload_hash, a.sequence as source_entry, b.person, b.head,
      s.code, f.code as source_code, t.issuer, t.outcome, t.grade, t.earned_on, t.expires_on,
      -- what the steps of the target cannot express stands against the rounding account, in whole hundredths
      case when row_number() over (partition by p.op order by p.place) = 1
        then remainders[p.op] / denominators[p.op] else 0 end as rounding,
      (b.sequence + row_number() over (partition by learners[p.op], to_schemes[p.op] order by p.place))::integer as number
    from unnest(part_ops, part_lots, issued, lot_entries, lot_salts) with ordinality
      as p (op, source_lot, amount, entry, salt, place)
    join unnest(answers) a on a.op = p.op and a.answer = 'posted'
    join account b on b.learner = learners[p.op] and b.scheme = to_schemes[p.op]
    join scheme s on s.id = b.scheme
    join lot t on t.learner = b.learner and t.scheme = schemes[p.op] and t.number = p.source_lot
    join scheme f on f.id = t.scheme
    where p.amount > 0
  ), chain as materialized (
    select n.*, chained(head, salt,
        document_before(batch, null, today, null, entry, 8::smallint, person,
          lot_document(null, earned_on, today, expires_on, grade, outcome, source_lot, source_code),
          '["-' || credits_text(amount + rounding) || '","converted_in","' || issuer || '"],["'
          || credits_text(amount) || '","available",' || number || ']'
          || case when rounding > 0 then ',["' || credits_text(rounding) || '","rounding","' || issuer || '"]' else '' end),
        document_after(recorded, null, null, code, number)
      ) over (partition by learner, scheme order by place) as commitment
    from fresh n
  ), entered as (
    insert into public.entry (learner, recorded_at, sequence, effective_on, scheme, kind, id, batch, key_hash,
        payload_hash, commitment)
      select learner, recorded, number, today, scheme, 8, entry, batch, entry, payload_hash, commitment from chain
  ), made as (
    insert into lot (learner, issued, available, number, earned_on, expires_on, scheme, issuer, outcome, grade)
      select learner, amount, amount, number, earned_on, expires_on, scheme, issuer, outcome, grade from chain
  ), derived as (
    insert into conversion_lot (learner, number, source_lot, source_entry, scheme, source_scheme)
      select learner, number, source_lot, source_entry, scheme, source_scheme from chain
  ), posted as (
    insert into posting (learner, amount, entry, lot, scheme, line, bucket, institution)
      select learner, p.amount, number, p.lot, scheme, p.line, p.bucket, p.institution
      from chain c cross join lateral (values
        (-(c.amount + c.rounding)::bigint, null::integer, 1::smallint, 9::smallint, c.issuer),
        (c.amount::bigint, c.number, 2, 2, null),
        (c.rounding::bigint, null, 3, 8, c.issuer)) as p (amount, lot, line, bucket, institution)
      where p.amount <> 0
  )
  update account a set available = available + s.amount, sequence = s.number, head = s.head, version = version + 1
    from (select learner, scheme, sum(amount) as amount, max(number) as number,
        (array_agg(commitment order by number desc))[1] as head
      from chain group by learner, scheme) s
    where a.learner = s.learner and a.scheme = s.scheme;
  return query select * from unnest(answers);
end $$

-- Whoever looks after a learner may stop all spending from the learner's books; somebody else lets it go on.
create function begin_freeze(of_learner bigint, new_id uuid, by_person uuid, why text) returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  books bigint[] := array(select m.number from learner l
    join learner m on coalesce(m.merged_into, m.number) = coalesce(l.merged_into, l.number)
    where l.number = of_learner);
  frozen bigint;
begin
  perform from account a where a.learner = any(books) order by a.learner, a.scheme for no key update;
  insert into account_freeze (learner, scheme, id, begun_at, first, begun_by, reason)
    select a.learner, a.scheme, new_id, clock_timestamp(), a.sequence, by_person, why
    from account a where a.learner = any(books);
  get diagnostics frozen = row_count;
  return frozen;
end $$

create function end_freeze(of_learner bigint, of_id uuid, by_person uuid) returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  books bigint[] := array(select f.learner from account_freeze f where f.id = of_id and f.learner in (
    select m.number from learner l
    join learner m on coalesce(m.merged_into, m.number) = coalesce(l.merged_into, l.number)
    where l.number = of_learner));
  thawed bigint;
begin
  perform from account a where a.learner = any(books) order by a.learner, a.scheme for no key update;
  update account_freeze f set ended_at = clock_timestamp(), ended_by = by_person, last = a.sequence
    from account a
    where f.id = of_id and f.learner = any(books) and f.ended_at is null
      and a.learner = f.learner and a.scheme = f.scheme;
  get diagnostics thawed = row_count;
  return thawed;
end $$
