-- Which items of calls are not simply posted, and what their answers are. Accounts are locked and `sequences` are theirs,
-- null where there is none. The judging of post_deposits by 0005_posting, apart from the writing; for moved learners
-- nothing is posted, and the node that has them is named; of those who came from elsewhere the keys and attempts used up
-- there count.
create function judge_deposits(
  institutions uuid[], calls integer[], key_hashes uuid[], payload_hashes uuid[], entries uuid[], learners bigint[],
  attempts text[], refusals text[], sequences integer[]
) returns deposit_answer[]
language plpgsql as $$
#variable_conflict use_column
declare
  others deposit_answer[];
begin
  with sent as (
    select i.*, institutions[i.call] as institution,
      first_value(i.item) over same_key as first_item,
      first_value(i.payload_hash) over same_key as first_payload,
      a.home, coalesce(e.id, m.entry) as known,
      case when e.id is null then case when m.payload_hash = i.payload_hash then m.entry end
        when e.payload_hash = i.payload_hash then e.id else (
        select o.id from public.entry o where o.key_hash = i.key_hash and o.payload_hash = i.payload_hash
        limit 1) end as same,
      case when i.attempt is not null then coalesce((
        -- In the learner's own book and in those merged into it. One look-up inside the other: joins would be planned
        -- by what the tables held when this was first called, which may be nothing.
        select (select o.id from public.entry o
          where o.learner = t.learner and o.scheme = t.scheme and o.sequence = t.number)
        from (
          select i.learner as number union all
          select m.number from public.learner m where m.merged_into = i.learner) k
        cross join lateral (select t.learner, t.scheme, t.number from lot t
          where t.learner = k.number and t.issuer = institutions[i.call] and t.attempt = i.attempt
            and t.revoked < t.issued and t.moved = 0 offset 0) t
        limit 1), case when a.arrived then (
          select k.entry from spent_elsewhere k where k.learner = any(books_of(i.learner))
            and k.issuer = institutions[i.call] and k.attempt = i.attempt and k.is_live limit 1) end) end as attempted
    from unnest(calls, key_hashes, payload_hashes, entries, learners, attempts, refusals, sequences) with ordinality
      as i (call, key_hash, payload_hash, entry, learner, attempt, refusal, sequence, item)
    left join lateral (select id, payload_hash from public.entry where key_hash = i.key_hash limit 1) e on true
    left join public.learner a on a.number = i.learner
    -- what was posted before at another node, of learners who came from there
    left join lateral (select k.entry, k.payload_hash from spent_elsewhere k
      where a.arrived and k.learner = any(books_of(i.learner)) and k.key_hash = i.key_hash limit 1) m on true
    window same_key as (partition by i.key_hash order by i.item)
  ), judged as (
    select s.*, case
        when same is not null then 'replayed'
        when known is not null then 'conflict'
        when first_item < item and payload_hash = first_payload then 'repeated'
        when first_item < item then 'conflict'
        when refusal is not null or sequence is null or home is not null or attempted is not null then 'refused'
        else 'posted' end as answer
    from sent s
  ), weighed as (
    select j.*, case when answer = 'posted' and attempt is not null then
        first_value(entry) over (partition by learner, institution, attempt, answer order by item) end as first_entry
    from judged j
  )
  select array_agg((item, call, final,
      case when final <> 'refused' then coalesce(same, known)
        when refusal is null and home is null then coalesce(attempted, first_entry) end,
      case when final = 'refused' then coalesce(refusal, case when sequence is null then 'learner_unknown'
        when home is not null then 'learner_moved ' || home
        else 'attempt_already_posted' end) end, first_item)::deposit_answer)
    into others
    from (select w.*, case when first_entry <> entry then 'refused' else answer end as final from weighed w) w
    where final <> 'posted';
  -- An item sent twice in one call gets the answer of the first.
  if exists (select from unnest(others) where answer = 'repeated') then
    others := array(
      select case when o.answer <> 'repeated' then o else (o.item, o.call, coalesce(f.answer, 'replayed'),
        coalesce(f.entry, case when f.item is null then entries[o.first_item] end), f.reason, o.first_item
      )::deposit_answer end
      from unnest(others) o left join unnest(others) f on f.item = o.first_item);
  end if;
  return others;
end $$

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
        join lot t on t.learner = i.learner and t.issuer = institutions[i.call] and t.attempt = i.attempt
          and t.revoked < t.issued and t.moved = 0))
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
        payload_hash, commitment)
      select learner, recorded, number, earned_on, scheme, 1, l.entry, batch, key_hash, payload_hash, commitment
      from line l
  ), issued as (
    insert into lot (learner, issued, available, number, earned_on, expires_on, scheme, issuer, outcome, attempt, grade)
      select learner, amount, amount, number, earned_on, expires_on, scheme, institution, outcome, attempt, grade
      from line l
  ), posted as (
    insert into posting (learner, amount, entry, lot, scheme, line, bucket, institution)
      select learner, p.amount, number, p.lot, scheme, p.line, p.bucket, p.institution
      from line l cross join lateral (values
        (-amount, null::integer, 1::smallint, 0::smallint, l.institution),
        (amount, l.number::integer, 2, 2, null)) as p (amount, lot, line, bucket, institution)
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

drop type deposit_line

drop type deposit_account
