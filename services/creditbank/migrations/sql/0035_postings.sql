-- The two postings of a deposit are in its entry: what it gives, and the institution it takes that from. The lot it gives
-- it to has the entry's number. All other entries have lines; `posting` is the ones and the others.
alter table posting rename to posting_line

alter table posting_line rename constraint pk_posting to pk_posting_line

alter table posting_line rename constraint ck_posting_amount to ck_posting_line_amount

alter table posting_line rename constraint ck_posting_side to ck_posting_line_side

alter table entry add column amount integer, add column institution uuid

-- Deposits as every version posted them. What looks otherwise keeps its lines, and the audit says what is wrong with it.
with deposit as materialized (
  select e.learner, e.scheme, e.sequence, a.amount, i.institution
  from entry e
  join posting_line i on i.learner = e.learner and i.scheme = e.scheme and i.entry = e.sequence and i.line = 1
  join posting_line a on a.learner = e.learner and a.scheme = e.scheme and a.entry = e.sequence and a.line = 2
  where e.kind = 1 and e.amount is null and i.bucket = 0 and i.amount = -a.amount
    and a.bucket = 2 and a.lot = e.sequence and a.amount between 1 and 2147483647
    and not exists (select from posting_line o
      where o.learner = e.learner and o.scheme = e.scheme and o.entry = e.sequence and o.line not in (1, 2))
), gone as (
  delete from posting_line p using deposit d
    where p.learner = d.learner and p.scheme = d.scheme and p.entry = d.sequence
)
update entry e set amount = d.amount, institution = d.institution from deposit d
  where e.learner = d.learner and e.scheme = d.scheme and e.sequence = d.sequence

alter table entry add constraint ck_entry_deposit check (
  (amount is null) = (institution is null) and (amount is null or kind = 1 and amount > 0))

create view posting as
  select learner, amount, entry, lot, scheme, line, bucket, institution from posting_line
  union all
  select learner, -amount::bigint, sequence, null::integer, scheme, 1::smallint, 0::smallint, institution
  from entry where amount is not null
  union all
  select learner, amount::bigint, sequence, sequence, scheme, 2::smallint, 2::smallint, null::uuid
  from entry where amount is not null

-- Views that stay with the renamed table otherwise. The former is in 0013_documents.sql.
create or replace view entry_document as
  select e.learner, e.scheme, e.sequence, e.id, e.commitment,
    document_before(e.batch,
      case when c.entry is not null then conversion_document(
        c.denominator, c.issued, c.numerator, c.remainder, c.rule, c.spent, g.code) end,
      e.effective_on, case when h.entry is not null then hold_document(h.purpose, h.until) end,
      e.id, e.kind, a.person,
      case when t.number is not null then lot_document(
        t.attempt, t.earned_on, e.effective_on, t.expires_on, t.grade, t.outcome, o.source_lot, f.code) end,
      case when w.entry is not null then move_document(null, null, w.digest, w.destination)
        when r.number is not null then move_document(r.origin, r.source_lot, r.digest, null) end,
      p.lines)
    || coalesce('"' || encode(b.commitment, 'hex') || '"', 'null')
    || document_after(e.recorded_at, e.resolves, e.reverses, s.code, e.sequence) as document
  from entry e
  join account a on a.learner = e.learner and a.scheme = e.scheme
  join scheme s on s.id = e.scheme
  left join entry b on b.learner = e.learner and b.scheme = e.scheme and b.sequence = e.sequence - 1
  left join lot t on t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence
  left join hold h on h.learner = e.learner and h.scheme = e.scheme and h.entry = e.sequence
  left join conversion c on c.learner = e.learner and c.scheme = e.scheme and c.entry = e.sequence
  left join scheme g on g.id = c.target
  left join conversion_lot o on o.learner = e.learner and o.scheme = e.scheme and o.number = e.sequence
  left join scheme f on f.id = o.source_scheme
  left join departure_book w on w.learner = e.learner and w.scheme = e.scheme and w.entry = e.sequence
  left join arrival_lot r on r.learner = e.learner and r.scheme = e.scheme and r.number = e.sequence
  left join lateral (
    select string_agg('["' || credits_text(amount) || '","' || bucket_name(bucket) || '",'
      || coalesce(p.lot::text, '"' || p.institution || '"') || ']', ',' order by line) as lines
    from posting p where p.learner = e.learner and p.entry = e.sequence and p.scheme = e.scheme
  ) p on true

-- The former is in 0007_reading.sql. Deposits are not asked for here.
create or replace view dated_entry as
  select e.learner, e.scheme, e.sequence, e.kind, e.id, max(e.recorded_at) over book as known_at,
    case when e.kind = 1 then e.effective_on
      else max(case when e.kind <> 1 then greatest(e.effective_on, i.since) end) over book end as in_force_on
  from entry e
  left join lateral (
    select max(o.effective_on) as since
    from posting_line p join entry o on o.learner = p.learner and o.scheme = p.scheme and o.sequence = p.lot
    where e.kind <> 1 and p.learner = e.learner and p.entry = e.sequence and p.scheme = e.scheme) i on true
  window book as (partition by e.learner, e.scheme order by e.sequence)

-- Functions that write lines, or read those of entries other than deposits: as they were, but of the renamed table.
do $$
declare
  definition text;
begin
  for definition in
    select pg_get_functiondef(p.oid) from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.prosrc ~ '\m(from|join|into) posting\M'
      and p.proname not in ('post_deposits', 'posting_sums_to_zero')
  loop
    execute regexp_replace(definition, '\m(from|join|into) posting\M', '\1 posting_line', 'g');
  end loop;
end $$

-- The former is in 0032_books.sql.
create or replace function post_deposits(
  batches uuid[], institutions uuid[], schemes smallint[], clients text[],
  calls integer[], key_hashes uuid[], payload_hashes uuid[], entries uuid[], salts bytea[],
  learners bigint[], outcomes uuid[], attempts text[], grades text[], earned date[], amounts integer[],
  refusals text[], traceparent text
) returns setof deposit_answer
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set datestyle = 'ISO, YMD'
set enable_seqscan = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  recorded timestamptz := now();
  recorded_text text := utc_text(now());
  codes text[];
  months smallint[];
  sequences integer[];
  heads bytea[];
  people uuid[];
  refused boolean[];
  is_moved boolean;
  others deposit_answer[];
  other deposit_answer;
begin
  select array_agg(s.code order by c.call), array_agg(s.valid_months order by c.call) into codes, months
    from unnest(schemes) with ordinality as c (id, call) join scheme s on s.id = c.id;
  -- Every writer locks accounts in this order, so that no two wait for one another in a circle.
  for attempt in 1 .. 2 loop
    select array_agg(sequence), array_agg(head), array_agg(person), bool_or(moved)
      into sequences, heads, people, is_moved from (
      select * from (
        select i.item, a.sequence, a.head, a.person, a.away or a.arrived as moved
        from (select * from unnest(learners, calls) with ordinality as i (learner, call, item) order by learner offset 0) i
        join account a on a.learner = i.learner and a.scheme = schemes[i.call]
        order by a.learner, a.scheme, i.item for no key update of a
      ) known
      union all
      select item, null, null, null, false from unnest(learners) with ordinality as u (learner, item) where learner is null
      order by item
    ) i;
    exit when cardinality(sequences) = cardinality(learners);
    -- Somebody's first credits in this scheme.
    insert into account (learner, scheme, person)
      select distinct l.number, schemes[i.call], l.id from unnest(learners, calls) as i (learner, call)
      join public.learner l on l.number = i.learner
      order by l.number, schemes[i.call]
      on conflict do nothing;
  end loop;
  -- A new statement sees what the locks were waited for.
  if refusals is not null or is_moved or array_position(sequences, null) is not null
    or (select count(distinct k) from unnest(key_hashes) k) < cardinality(key_hashes)
    or exists (select from public.entry e where e.key_hash = any(key_hashes))
    or attempts is not null and (
      (select count(distinct k) from unnest(learners) k) < cardinality(learners)
        and exists (select from unnest(learners, attempts) as i (learner, attempt) where attempt is not null
          group by learner, attempt having count(*) > 1)
      or exists (select from public.learner m where m.merged_into = any(learners))
      or exists (select from (
          select * from unnest(learners, calls, attempts) as i (learner, call, attempt) order by learner offset 0) i
        -- One look-up each, also while nothing is known of how many lots there are.
        cross join lateral (select from lot t
          where t.learner = i.learner and t.attempt is not null
            and hashtextextended(t.attempt, uuid_hash_extended(t.issuer, 0))
              = hashtextextended(i.attempt, uuid_hash_extended(institutions[i.call], 0))
            and t.revoked < t.issued and t.moved = 0 offset 0) t))
  then
    others := judge_deposits(institutions, calls, key_hashes, payload_hashes, entries, learners, attempts, refusals,
      sequences);
    refused := array_fill(false, array[cardinality(entries)]);
    foreach other in array coalesce(others, '{}') loop
      refused[other.item] := true;
    end loop;
  end if;
  with line as materialized (
    select i.call, i.learner, i.scheme, i.person, i.number, i.entry, i.batch, i.institution, i.key_hash,
      i.payload_hash, i.outcome, i.attempt, i.grade, i.earned_on, i.expires_on, i.amount, i.credits, i.code,
      lead(i.item) over book is null as is_last, sum(i.amount) over book as added,
      chained(i.head, i.salt,
        '{"batch":"' || i.batch || '","effective_on":"' || i.earned_on || '","id":"' || i.entry
        || '","kind":"deposit","learner":"' || i.person || '","lot":{"attempt":' || json_string(i.attempt)
        || coalesce(',"expires_on":"' || i.expires_on || '"', '')
        || ',"grade":' || json_string(i.grade) || ',"outcome":"' || i.outcome
        || '"},"postings":[["-' || i.credits || '","issued","' || i.institution
        || '"],["' || i.credits || '","available",' || i.number || ']],"prev":',
        ',"recorded_at":"' || recorded_text || '","scheme":"' || i.code || '","sequence":' || i.number || '}'
      ) over book as commitment
    from (
      select i.*, i.sequence + row_number() over (partition by i.learner, i.scheme order by i.item) as number
      from (
        select i.*, schemes[i.call] as scheme, codes[i.call] as code, batches[i.call] as batch,
          institutions[i.call] as institution, credits_text(i.amount) as credits,
          (i.earned_on + make_interval(months => months[i.call]))::date as expires_on
        from unnest(calls, key_hashes, payload_hashes, entries, salts, learners, outcomes, attempts, grades,
            earned, amounts, sequences, heads, people, refused) with ordinality
          as i (call, key_hash, payload_hash, entry, salt, learner, outcome, attempt, grade, earned_on, amount,
            sequence, head, person, is_refused, item)
        where is_refused is not true
        offset 0
      ) i
    ) i
    window book as (partition by i.learner, i.scheme order by i.item)
  ), entered as (
    insert into public.entry (learner, recorded_at, sequence, effective_on, scheme, kind, id, batch, key_hash,
        payload_hash, amount, institution, commitment)
      select learner, recorded, number, earned_on, scheme, 1, l.entry, batch, key_hash, payload_hash,
        amount, institution, commitment
      from line l
  ), issued as (
    insert into lot (learner, issued, available, number, earned_on, expires_on, scheme, issuer, outcome, attempt, grade)
      select learner, amount, amount, number, earned_on, expires_on, scheme, institution, outcome, attempt, grade
      from line l
  ), added as (
    update account a set available = available + l.added, sequence = l.number, head = l.commitment,
        version = version + 1
      from line l where l.is_last and a.learner = l.learner and a.scheme = l.scheme
  ), told as (
    insert into outbox (id, type, subject, data, traceparent)
      select uuid7(), 'creditbank.credits.posted.v1', institution,
        ('{"institution":"' || institution || '","scheme":"' || code || '","entries":[' || string_agg(
          '{"id":"' || l.entry || '","learner":"' || person || '","amount":"' || credits
          || '","earned_on":"' || earned_on || '"}', ',') || ']}')::json, post_deposits.traceparent
      from line l group by institution, code
  )
  insert into deposit_batch (id, institution, client, recorded_at, amount, posted, replayed, conflicts, refused, scheme)
    select b.id, b.institution, b.client, recorded, coalesce(p.amount, 0), coalesce(p.posted, 0),
      coalesce(o.replayed, 0), coalesce(o.conflicts, 0), coalesce(o.refused, 0), b.scheme
    from unnest(batches, institutions, schemes, clients) with ordinality as b (id, institution, scheme, client, call)
    left join (select call, sum(amount) as amount, count(*) as posted from line group by call) p
      on p.call = b.call
    left join (select call, count(*) filter (where answer = 'replayed') as replayed,
        count(*) filter (where answer = 'conflict') as conflicts,
        count(*) filter (where answer = 'refused') as refused
      from unnest(others) group by call) o on o.call = b.call;
  return query select * from unnest(others);
end $$
