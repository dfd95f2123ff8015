-- Lots expire as their scheme says; see 0005_schemes.
alter type deposit_account add attribute valid_months smallint

alter type deposit_line add attribute expires_on date

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
  accounts deposit_account[];
  lines deposit_line[];
  others deposit_answer[];
begin
  -- Every writer locks accounts in this order, so that no two wait for one another in a circle.
  for attempt in 1 .. 2 loop
    select array_agg((item, learner, scheme, sequence, head, person, code, valid_months)::deposit_account) into accounts from (
      select i.item, a.learner, a.scheme, a.sequence, a.head, a.person, s.code, s.valid_months
      from unnest(learners, calls) with ordinality as i (learner, call, item)
      join scheme s on s.id = schemes[i.call]
      join account a on a.learner = i.learner and a.scheme = s.id
      order by a.learner, a.scheme, i.item for no key update of a
    ) locked;
    exit when cardinality(accounts) = cardinality(array_remove(learners, null));
    -- Somebody's first credits in this scheme.
    insert into account (learner, scheme, person)
      select distinct l.number, schemes[i.call], l.id from unnest(learners, calls) as i (learner, call)
      join public.learner l on l.number = i.learner
      order by l.number, schemes[i.call]
      on conflict do nothing;
  end loop;
  -- A new statement sees what the locks were waited for.
  with sent as (
    select i.*, batches[i.call] as batch, institutions[i.call] as institution,
      a.scheme, a.sequence, a.head, a.person, a.code,
      (i.earned_on + make_interval(months => a.valid_months))::date as expires_on,
      first_value(i.item) over same_key as first_item,
      first_value(i.payload_hash) over same_key as first_payload,
      e.id as known, case when e.id is null or e.payload_hash = i.payload_hash then e.id else (
        select o.id from public.entry o where o.key_hash = i.key_hash and o.payload_hash = i.payload_hash
        limit 1) end as same,
      case when i.attempt is not null then (
        -- In the learner's own book and in those merged into it. One look-up inside the other: joins would be planned
        -- by what the tables held when this was first called, which may be nothing.
        select (select o.id from public.entry o
          where o.learner = t.learner and o.scheme = t.scheme and o.sequence = t.number)
        from (
          select i.learner as number union all
          select m.number from public.learner m where m.merged_into = i.learner) k
        cross join lateral (select t.learner, t.scheme, t.number from lot t
          where t.learner = k.number and t.issuer = institutions[i.call] and t.attempt = i.attempt
            and t.revoked < t.issued offset 0) t
        limit 1) end as attempted
    from unnest(calls, key_hashes, payload_hashes, entries, salts, learners, outcomes, attempts, grades,
        earned, amounts, refusals) with ordinality
      as i (call, key_hash, payload_hash, entry, salt, learner, outcome, attempt, grade, earned_on, amount,
        refusal, item)
    left join lateral (select id, payload_hash from public.entry where key_hash = i.key_hash limit 1) e on true
    left join unnest(accounts) a on a.item = i.item
    window same_key as (partition by i.key_hash order by i.item)
  ), judged as (
    select s.*, case
        when same is not null then 'replayed'
        when known is not null then 'conflict'
        when first_item < item and payload_hash = first_payload then 'repeated'
        when first_item < item then 'conflict'
        when refusal is not null or sequence is null or attempted is not null then 'refused'
        else 'posted' end as answer
    from sent s
  ), weighed as (
    select j.*, case when answer = 'posted' and attempt is not null then
        first_value(entry) over (partition by learner, institution, attempt, answer order by item) end as first_entry
    from judged j
  ), numbered as (
    select w.*, case when first_entry <> entry then 'refused' else answer end as final,
      w.sequence + row_number() over (
        partition by learner, scheme, coalesce(first_entry, entry) = entry and answer = 'posted' order by item)
        as number
    from weighed w
  ), written as (
    select n.*, chained(head, salt,
        '{"batch":"' || batch || '","effective_on":"' || earned_on || '","id":"' || entry
        || '","kind":"deposit","learner":"' || person || '","lot":{"attempt":' || json_string(attempt)
        || coalesce(',"expires_on":"' || expires_on || '"', '')
        || ',"grade":' || json_string(grade) || ',"outcome":"' || outcome
        || '"},"postings":[["-' || credits_text(amount) || '","issued","' || institution
        || '"],["' || credits_text(amount) || '","available",' || number || ']],"prev":',
        ',"recorded_at":"' || recorded_text || '","scheme":"' || code || '","sequence":' || number || '}'
      ) over (partition by learner, scheme order by item) as commitment
    from numbered n where final = 'posted'
  )
  select
    (select array_agg((call, learner, scheme, code, person, number, w.entry, batch, institution, w.key_hash,
      w.payload_hash, commitment, outcome, attempt, grade, earned_on, amount, expires_on)::deposit_line) from written w),
    (select array_agg((item, call, final,
      case when final <> 'refused' then coalesce(same, known) when refusal is null then coalesce(attempted, first_entry) end,
      case when final = 'refused' then coalesce(refusal, case when sequence is null then 'learner_unknown'
        else 'attempt_already_posted' end) end, first_item)::deposit_answer)
      from numbered where final <> 'posted')
  into lines, others;
  -- An item sent twice in one call gets the answer of the first.
  if exists (select from unnest(others) where answer = 'repeated') then
    others := array(
      select case when o.answer <> 'repeated' then o else (o.item, o.call, coalesce(f.answer, 'replayed'),
        coalesce(f.entry, case when f.item is null then entries[o.first_item] end), f.reason, o.first_item
      )::deposit_answer end
      from unnest(others) o left join unnest(others) f on f.item = o.first_item);
  end if;
  insert into public.entry (learner, recorded_at, sequence, effective_on, scheme, kind, id, batch, key_hash,
      payload_hash, commitment)
    select learner, recorded, sequence, earned_on, scheme, 1, l.entry, batch, key_hash, payload_hash, commitment
    from unnest(lines) l;
  insert into lot (learner, issued, available, number, earned_on, expires_on, scheme, issuer, outcome, attempt, grade)
    select learner, amount, amount, sequence, earned_on, expires_on, scheme, institution, outcome, attempt, grade
    from unnest(lines) l;
  insert into posting (learner, amount, entry, lot, scheme, line, bucket, institution)
    select learner, p.amount, sequence, p.lot, scheme, p.line, p.bucket, p.institution
    from unnest(lines) l cross join lateral (values
      (-amount, null::integer, 1::smallint, 0::smallint, l.institution),
      (amount, l.sequence, 2, 2, null)) as p (amount, lot, line, bucket, institution);
  update account a set available = available + s.amount, sequence = s.sequence, head = s.head,
      version = version + 1
    from (select learner, scheme, sum(amount) as amount, max(sequence) as sequence,
        (array_agg(commitment order by sequence desc))[1] as head
      from unnest(lines) group by learner, scheme) s
    where a.learner = s.learner and a.scheme = s.scheme;
  insert into deposit_batch (id, institution, client, recorded_at, amount, posted, replayed, conflicts, refused, scheme)
    select b.id, b.institution, b.client, recorded, coalesce(p.amount, 0), coalesce(p.posted, 0),
      coalesce(o.replayed, 0), coalesce(o.conflicts, 0), coalesce(o.refused, 0), b.scheme
    from unnest(batches, institutions, schemes, clients) with ordinality as b (id, institution, scheme, client, call)
    left join (select call, sum(amount) as amount, count(*) as posted from unnest(lines) group by call) p
      on p.call = b.call
    left join (select call, count(*) filter (where answer = 'replayed') as replayed,
        count(*) filter (where answer = 'conflict') as conflicts,
        count(*) filter (where answer = 'refused') as refused
      from unnest(others) group by call) o on o.call = b.call;
  insert into outbox (id, type, subject, data, traceparent)
    select uuid7(), 'creditbank.credits.posted.v1', institution,
      ('{"institution":"' || institution || '","scheme":"' || code || '","entries":[' || string_agg(
        '{"id":"' || l.entry || '","learner":"' || person || '","amount":"' || credits_text(amount)
        || '","earned_on":"' || earned_on || '"}', ',') || ']}')::json, post_deposits.traceparent
    from unnest(lines) l group by institution, code;
  return query select * from unnest(others);
end $$
