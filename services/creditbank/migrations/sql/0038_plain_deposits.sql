-- Whether a key was used before, an attempt is live, or a learner has other books to look into.
create function are_known(
  institutions uuid[], calls integer[], key_hashes uuid[], learners bigint[], attempts text[]
) returns boolean
language plpgsql as $$
#variable_conflict use_column
begin
  return (select count(distinct k) from unnest(key_hashes) k) < cardinality(key_hashes)
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
            and t.revoked < t.issued and t.moved = 0 offset 0) t));
end $$

-- Posts items of which nothing is refused and each is the only one of its book, and says whether that was so. Nothing is
-- judged: what was looked up before the accounts were waited for, their unique keys say again. Then nothing is written,
-- and whoever called judges. Accounts are locked by their update, in the order of all writers.
create function post_plain_deposits(
  batches uuid[], institutions uuid[], schemes smallint[], codes text[], months smallint[], clients text[],
  calls integer[], key_hashes uuid[], payload_hashes uuid[], entries uuid[], salts bytea[],
  learners bigint[], outcomes uuid[], attempts text[], grades text[], earned date[], amounts integer[], traceparent text
) returns boolean
language plpgsql as $$
#variable_conflict use_column
declare
  recorded timestamptz := now();
  recorded_text text := utc_text(now());
  written integer;
begin
  with line as (
    update account a set available = available + i.amount, sequence = sequence + 1, version = version + 1,
        head = commitment_after(a.head, i.salt,
          i.opening || a.person || i.middle || (a.sequence + 1) || ']],"prev":', i.ending || (a.sequence + 1) || '}')
      from (
        select i.*, batches[i.call] as batch, institutions[i.call] as institution, codes[i.call] as code,
          '{"batch":"' || batches[i.call] || '","effective_on":"' || i.earned_on || '","id":"' || i.entry
            || '","kind":"deposit","learner":"' as opening,
          '","lot":{"attempt":' || json_string(i.attempt) || coalesce(',"expires_on":"' || i.expires_on || '"', '')
            || ',"grade":' || json_string(i.grade) || ',"outcome":"' || i.outcome || '"},"postings":[["-' || i.credits
            || '","issued","' || institutions[i.call] || '"],["' || i.credits || '","available",' as middle,
          ',"recorded_at":"' || recorded_text || '","scheme":"' || codes[i.call] || '","sequence":' as ending
        from (
          select i.*, schemes[i.call] as scheme, credits_text(i.amount) as credits,
            (i.earned_on + make_interval(months => months[i.call]))::date as expires_on
          from unnest(calls, key_hashes, payload_hashes, entries, salts, learners, outcomes, attempts, grades, earned, amounts)
            as i (call, key_hash, payload_hash, entry, salt, learner, outcome, attempt, grade, earned_on, amount)
          order by i.learner
          offset 0
        ) i
        offset 0
      ) i
      where a.learner = i.learner and a.scheme = i.scheme and not (a.away or a.arrived)
    returning i.call, i.learner, i.scheme, a.person, a.sequence as number, i.entry, i.batch, i.institution, i.key_hash,
      i.payload_hash, i.outcome, i.attempt, i.grade, i.earned_on, i.expires_on, i.amount, i.credits, i.code,
      a.head as commitment
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
  ), told as (
    insert into outbox (id, type, subject, data, traceparent)
      select uuid7(), 'creditbank.credits.posted.v1', institution,
        ('{"institution":"' || institution || '","scheme":"' || code || '","entries":[' || string_agg(
          '{"id":"' || l.entry || '","learner":"' || person || '","amount":"' || credits
          || '","earned_on":"' || earned_on || '"}', ',') || ']}')::json, post_plain_deposits.traceparent
      from line l group by institution, code
  ), called as (
    insert into deposit_batch (id, institution, client, recorded_at, amount, posted, replayed, conflicts, refused, scheme)
      select b.id, b.institution, b.client, recorded, coalesce(p.amount, 0), coalesce(p.posted, 0), 0, 0, 0, b.scheme
      from unnest(batches, institutions, schemes, clients) with ordinality as b (id, institution, scheme, client, call)
      left join (select call, sum(amount) as amount, count(*) as posted from line group by call) p
        on p.call = b.call
  )
  select count(*) into written from line;
  if written < cardinality(learners) or exists (select from learner m where m.merged_into = any(learners)) then
    raise no_data_found;
  end if;
  return true;
exception when no_data_found or unique_violation then
  return false;
end $$

-- The former is in 0032_books.sql. Entries have what lines had, and of a call in which nothing is to be judged, accounts are
-- not locked first.
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
  if refusals is null and (select count(distinct l) from unnest(learners) l) = cardinality(learners)
    and not are_known(institutions, calls, key_hashes, learners, attempts)
    and post_plain_deposits(batches, institutions, schemes, codes, months, clients, calls, key_hashes, payload_hashes, entries,
      salts, learners, outcomes, attempts, grades, earned, amounts, traceparent)
  then
    return;
  end if;
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
    or are_known(institutions, calls, key_hashes, learners, attempts)
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
