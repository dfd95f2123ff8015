-- One key for an attempt in the place of two: a hash, which takes a third of the bytes, finds it whoever has it, and no
-- learner has it twice. What is revoked or has left has null, and hinders nothing.
drop index uq_lot_attempt

drop index ix_lot_issuer_attempt

create unique index uq_lot_attempt on lot (
  hashtextextended(attempt, uuid_hash_extended(issuer, 0)), learner,
  nullif(revoked < issued and moved = 0, false)
) where attempt is not null

-- Books with credits that expire, and after which day. An index of lots over what is available of them made every
-- spending write all indexes of lots anew.
create table expiring_book (
  learner bigint not null,
  expires_on date not null,
  scheme smallint not null,
  constraint pk_expiring_book primary key (learner, scheme, expires_on)
)

create index ix_expiring_book_expires_on on expiring_book (expires_on, learner, scheme)

insert into expiring_book (learner, scheme, expires_on)
  select distinct learner, scheme, expires_on from lot where expires_on is not null and available > 0

drop index ix_lot_expires_on

create function await_expiry() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into expiring_book (learner, scheme, expires_on) values (new.learner, new.scheme, new.expires_on)
    on conflict do nothing;
  return null;
end $$

-- No function that issues lots or gives back into them can forget it.
create trigger lot_awaits_its_expiry after insert on lot
  for each row when (new.expires_on is not null) execute function await_expiry()

create trigger lot_awaits_its_expiry_again after update of available, expires_on on lot
  for each row when (new.expires_on is not null and new.available > 0
    and (old.available = 0 or old.expires_on is distinct from new.expires_on))
  execute function await_expiry()

-- The former is in 0004_moving.sql. A book that was swept waits for nothing, until something is given back.
create or replace function post_operations(
  learners bigint[], schemes smallint[], kinds smallint[], entries uuid[], batches uuid[], salts bytea[],
  key_hashes uuid[], payload_hashes uuid[], targets integer[], untils timestamptz[], purposes text[],
  part_ops integer[], part_lots integer[], part_amounts integer[]
) returns setof ledger_answer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set datestyle = 'ISO, YMD'
set enable_seqscan = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
  -- Deposits and conversions issue lots, which other functions do.
  if not array[2, 3, 4, 5, 6, 9, 10]::smallint[] @> kinds then
    raise exception 'not a kind of operation' using errcode = 'invalid_parameter_value';
  end if;
  perform lock_accounts(learners, schemes);
  return query select * from move_credits((
    select array_agg((i.op, i.learner, i.scheme, i.kind, i.entry, i.batch, i.salt, i.key_hash, i.payload_hash,
      i.target, i.until, i.purpose, null, null, null, null, null, null, null, null, null)::ledger_operation)
    from unnest(learners, schemes, kinds, entries, batches, salts, key_hashes, payload_hashes, targets, untils, purposes)
      with ordinality as i (learner, scheme, kind, entry, batch, salt, key_hash, payload_hash, target, until, purpose, op)
  ), part_ops, part_lots, part_amounts);
  if 9 = any(kinds) then
    delete from expiring_book b using unnest(learners, schemes, kinds) as i (learner, scheme, kind)
      where i.kind = 9 and b.learner = i.learner and b.scheme = i.scheme and b.expires_on <= expired_through(now())
        and not exists (select from lot t where t.learner = b.learner and t.scheme = b.scheme
          and t.expires_on = b.expires_on and t.available > 0);
  end if;
end $$

-- The former is in 0013_posting.sql. Attempts are looked up as the key of lots has them.
create or replace function judge_deposits(
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
          where t.learner = k.number and t.attempt is not null
            and hashtextextended(t.attempt, uuid_hash_extended(t.issuer, 0))
              = hashtextextended(i.attempt, uuid_hash_extended(institutions[i.call], 0))
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

-- The former is in 0013_posting.sql, likewise.
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
        join lot t on t.learner = i.learner and t.attempt is not null
          and hashtextextended(t.attempt, uuid_hash_extended(t.issuer, 0))
            = hashtextextended(i.attempt, uuid_hash_extended(institutions[i.call], 0))
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

-- The former is in 0019_resolution.sql. Anchors are looked for only where somebody is named by a roster, which took 5 µs
-- a call; and what a call says is taken from its place once for each item.
create or replace function prepare_deposits(
  organisations uuid[], institutions uuid[], schemes text[], first_keys uuid[],
  item_calls integer[], learner_ids uuid[], learner_sourced_ids text[],
  course_calls integer[], course_ids uuid[], course_sourced_ids text[],
  out standings text[], out scheme_ids smallint[], out repeated boolean,
  out learners bigint[], out wrapped_keys bytea[], out learner_refusals text[],
  out outcomes uuid[], out outcome_refusals text[]
) language plpgsql stable set enable_seqscan = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
declare
  lines prepared_call[];
begin
  select array_agg((c.n, c.institution, c.ancestors, null, null, c.scheme, c.standing)::prepared_call),
      array_agg(c.standing), array_agg(c.scheme), bool_and(c.is_known)
    into lines, standings, scheme_ids, repeated
    from (
      select c.n, c.institution, x.ancestors, s.id as scheme, case
          when x.id is null or not c.organisation = any(x.ancestors) then 'unknown'
          when s.id is null then 'scheme_unknown'
          when x.status <> 'active' or x.standing <> 'registered' then 'not_registered'
          else 'admitted' end as standing,
        exists (select from entry e where e.key_hash = c.first_key) as is_known
      from unnest(organisations, institutions, schemes, first_keys) with ordinality
        as c (organisation, institution, scheme, first_key, n)
      left join institution x on x.id = c.institution
      left join scheme s on s.code = c.scheme
      order by c.n
    ) c;
  if repeated then
    return;
  end if;
  if learner_sourced_ids is not null then
    -- Anchors at an institution, above it and below it, once for each: many calls of one crowd are for the same.
    with place as materialized (
      select x.id,
        (select array_agg(r.organisation order by array_position(x.ancestors, r.organisation) desc)
          from roster_anchor r where r.organisation = any(x.ancestors)) as above,
        (select array_agg(b.id) from (
            select b.id from institution b where b.ancestors @> array[x.id] and b.id <> x.id offset 0) b
          where exists (select from roster_anchor r where r.organisation = b.id offset 0)) as below
      from (select distinct i from unnest(institutions) i) d join institution x on x.id = d.i
    )
    select array_agg((c.n, c.institution, c.ancestors, x.above, x.below, c.scheme, c.standing)::prepared_call order by c.n)
      into lines
      from unnest(lines) c left join place x on x.id = c.institution;
  end if;
  -- Who is known by id must hold or have held a role in the institution's line, or be in a roster of it.
  -- A name of a roster means the one person it has at the nearest anchor above, else among all below; two roster
  -- systems of one anchor may use one name for two people, which is ambiguous.
  -- Offset 0 keeps each look-up one look-up. Tests are in the order of their cost.
  select array_agg(f.learner order by f.n), array_agg(f.wrapped order by f.n),
      array_agg(case when f.learner is not null then null when cardinality(f.named) > 1
        then 'learner_ambiguous' else 'learner_unknown' end order by f.n)
    into learners, wrapped_keys, learner_refusals
    from (
      select d.n, d.named, d.learner, (select k.wrapped from shred_key k where k.learner = d.learner) as wrapped
      from (
        select i.n, b.named, coalesce(a.number, case when cardinality(b.named) = 1 then b.named[1] end) as learner
        from (
          select i.n, i.id, i.sourced_id, lines[i.call] as c
          from (
            select * from unnest(item_calls, learner_ids, learner_sourced_ids) with ordinality
              as i (call, id, sourced_id, n)
            order by id offset 0) i
          offset 0
        ) i
        cross join lateral (select case when i.id is not null then (
            select l.number from (
              select coalesce(a.merged_into, a.number) as number from learner a where a.id = i.id offset 0) l
            where exists (select from learner_organisation o where o.learner = l.number and (
                o.organisation = any((i.c).ancestors) or exists (
                  select from institution x where x.id = o.organisation and (i.c).institution = any(x.ancestors))))
              or exists (select from learner_identifier o where o.learner = l.number
                and (o.anchor = any((i.c).ancestors) or exists (
                  select from institution x where x.id = o.anchor and (i.c).institution = any(x.ancestors))))
          ) end as number offset 0) a
        cross join lateral (select case when i.sourced_id is not null then coalesce((
            select array_agg(f.learner) from learner_identifier f
            where f.anchor = any((i.c).above) and f.sourced_id = i.sourced_id
            group by f.anchor order by array_position((i.c).above, f.anchor) limit 1
          ), (
            select array_agg(distinct f.learner) from learner_identifier f
            where f.anchor = any((i.c).below) and f.sourced_id = i.sourced_id
          )) end as named offset 0) b
        offset 0
      ) d
    ) f;
  select array_agg(coalesce(a.id, case when cardinality(b.below) = 1 then b.below[1] end) order by i.n),
      array_agg(case when a.id is not null or cardinality(b.below) = 1 then null
        when b.below is null then 'course_unknown' else 'course_ambiguous' end order by i.n)
    into outcomes, outcome_refusals
    from (
      select i.n, i.id, i.sourced_id, lines[i.call] as c
      from unnest(course_calls, course_ids, course_sourced_ids) with ordinality as i (call, id, sourced_id, n)
      offset 0
    ) i
    cross join lateral (select case when i.id is not null then (
        select o.id from outcome o where o.id = i.id and (o.organisation = any((i.c).ancestors) or exists (
          select from institution x where x.id = o.organisation and (i.c).institution = any(x.ancestors)))
      ) else (
        select o.id from outcome o where o.sourced_id = i.sourced_id and o.organisation = any((i.c).ancestors)
        order by array_position((i.c).ancestors, o.organisation) desc, o.id limit 1
      ) end as id offset 0) a
    cross join lateral (select case when a.id is null and i.sourced_id is not null then (
        select array_agg(distinct o.id) from outcome o join institution x on x.id = o.organisation
        where o.sourced_id = i.sourced_id and (i.c).institution = any(x.ancestors)
      ) end as below offset 0) b;
end $$
