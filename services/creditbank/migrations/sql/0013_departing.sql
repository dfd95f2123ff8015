-- What moves and what stays, in canonical JSON. `entries` are those by which the accounts beside them are emptied.
create function moving_statement(
  of_move uuid, origin text, destination text, of_learner bigint, is_following boolean, books bigint[],
  accounts bigint[], schemes smallint[], entries uuid[], recorded timestamptz
) returns text language sql stable as $$
  with deposited as materialized (
    select t.*, a.person, s.code, e.id as entry, coalesce(r.key_hash, e.key_hash) as key_hash,
      coalesce(r.payload_hash, e.payload_hash) as payload_hash, coalesce(r.used, 0) as used_before
    from lot t join account a on a.learner = t.learner and a.scheme = t.scheme join scheme s on s.id = t.scheme
    join entry e on e.learner = t.learner and e.scheme = t.scheme and e.sequence = t.number
    left join arrival_lot r on r.learner = t.learner and r.scheme = t.scheme and r.number = t.number
    where t.learner = any(books)
  ), moving as (
    select learner, scheme, string_agg('{"amount":"' || credits_text(available)
      -- of what left in part before the attempt left with the first part
      || '","attempt":' || json_string(case when moved = 0 then attempt end) || ',"earned_on":"' || to_char(earned_on, 'YYYY-MM-DD')
      || '","expires_on":' || json_string(to_char(expires_on, 'YYYY-MM-DD')) || ',"grade":' || json_string(grade)
      || ',"issuer":"' || issuer || '","key":"' || key_hash || '","lot":' || number || ',"outcome":"' || outcome
      || '","payload":"' || payload_hash || '","used":"'
      || credits_text(used_before + redeemed + converted + expired + revoked) || '"}', ',' order by number) as lots
    from deposited where available > 0 group by learner, scheme
  ), book as (
    select string_agg('{"entry":' || coalesce('"' || i.entry || '"', 'null') || ',"head":'
      || coalesce('"' || encode(a.head, 'hex') || '"', 'null') || ',"learner":"' || a.person || '","lots":['
      || coalesce(m.lots, '') || '],"scheme":' || json_string(s.code) || ',"sequence":' || a.sequence || '}',
      ',' order by a.learner, a.scheme) as items
    from account a join scheme s on s.id = a.scheme
    left join unnest(accounts, schemes, entries) as i (learner, scheme, entry)
      on i.learner = a.learner and i.scheme = a.scheme
    left join moving m on m.learner = a.learner and m.scheme = a.scheme
    where a.learner = any(books)
  ), stays as (
    select distinct on (node, learner, scheme, lot) * from (
      select origin as node, d.person as learner, d.code as scheme, d.number as lot, recorded as known_at,
        '{"attempt":' || json_string(attempt) || ',"converted":"' || credits_text(converted) || '","earned_on":"'
        || to_char(earned_on, 'YYYY-MM-DD') || '","entry":"' || entry || '","expired":"' || credits_text(expired)
        || '","expires_on":' || json_string(to_char(expires_on, 'YYYY-MM-DD')) || ',"grade":' || json_string(grade)
        || ',"issued":"' || credits_text(issued) || '","issuer":"' || issuer || '","key":"' || key_hash
        || '","learner":"' || person || '","lot":' || number || ',"node":' || json_string(origin)
        || ',"outcome":"' || outcome || '","payload":"' || payload_hash || '","redeemed":"' || credits_text(redeemed)
        || '","revoked":"' || credits_text(revoked) || '","scheme":' || json_string(code) || '}' as item
      from deposited d where d.redeemed + d.converted + d.expired + d.revoked > 0
      union all
      select h.value ->> 'node', (h.value ->> 'learner')::uuid, h.value ->> 'scheme', (h.value ->> 'lot')::integer,
        v.arrived_at, h.value::text
      from arrival v cross join json_array_elements(v.statement::json -> 'history') as h (value)
      where v.learner = any(books) and v.statement is not null and h.value ->> 'node' <> moving_statement.origin
    ) known order by node, learner, scheme, lot, known_at desc
  )
  select '{"books":[' || b.items || '],"follows":' || is_following::text || ',"format":"xuebu creditbank move 1","from":'
    || json_string(origin) || ',"history":['
    || coalesce((select string_agg(item, ',' order by node, learner, scheme, lot) from stays), '')
    || '],"id":"' || of_move || '","learner":"' || l.id || '","made_at":"' || utc_text(recorded) || '","to":'
    || json_string(destination) || '}'
  from book b, learner l where l.number = of_learner
$$

-- Why the books cannot leave now; nothing where they can. Their rows are locked.
create function departure_refusal(
  holder bigint, books bigint[], destination text, accounts bigint[], schemes smallint[]
) returns text language sql stable as $$
  select case
    when exists (select from account_freeze f where f.learner = any(books) and f.ended_at is null) then 'account_frozen'
    when exists (select from departure d where d.learner = any(books) and d.state = 'open') then 'move_under_way'
    when exists (select from learner l where l.number = holder and l.home <> destination) then 'moved_already'
    when exists (select from account a where a.learner = any(books) and a.held + a.provisional > 0) then 'credits_held'
    when exists (select from transfer t where t.learner = any(books) and t.state = 'requested')
      or exists (select from recognition r where r.learner = any(books) and r.state in ('requested', 'assessed', 'offered'))
      or exists (select from award w where w.learner = any(books) and w.state in ('requested', 'rescinding') and w.until > now())
      or exists (select from correction c where c.learner = any(books) and c.state = 'requested') then 'requests_waiting'
    when not exists (select from account a where a.learner = any(books) and a.available > 0) then 'nothing_to_move'
    when exists (
      select from account a full join unnest(accounts, schemes) as i (learner, scheme)
        on i.learner = a.learner and i.scheme = a.scheme
      where (a.learner = any(books) or a.learner is null) and (coalesce(a.available, 0) > 0) <> (i.learner is not null))
      then 'books_changed' end
$$

-- Everything available leaves the learner's books for another node; from then on nothing comes in here. `entries` and
-- `salts` are for the accounts beside them. Answers why it cannot be; nothing when it is done, or was under this id.
create function post_departure(
  of_learner bigint, of_move uuid, origin text, to_node text, by_person uuid,
  accounts bigint[], schemes smallint[], entries uuid[], salts bytea[]
) returns text
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set datestyle = 'ISO, YMD' as $$
declare
  recorded timestamptz := now();
  today date := (now() at time zone 'utc')::date;
  books bigint[] := books_of(of_learner);
  holder bigint := (select coalesce(merged_into, number) from learner where number = of_learner);
  is_following boolean;
  refusal text;
  told text;
  told_digest bytea;
begin
  perform from account a where a.learner = any(books) order by a.learner, a.scheme for no key update;
  -- Whoever opens a book for the learner waits here, and so does a merge.
  perform from learner l where l.number = any(books) order by l.number for update;
  perform from account a where a.learner = any(books) order by a.learner, a.scheme for no key update;
  if exists (select from departure d where d.learner = any(books) and d.id = of_move) then
    return null;
  end if;
  if books is distinct from books_of(of_learner) then
    return 'books_changed';
  end if;
  refusal := departure_refusal(holder, books, to_node, accounts, schemes);
  if refusal is not null then
    return refusal;
  end if;
  is_following := (select l.home is not null from learner l where l.number = holder);
  told := moving_statement(of_move, origin, to_node, holder, is_following, books, accounts, schemes, entries, recorded);
  told_digest := sha256(convert_to(told, 'UTF8'));
  insert into departure (learner, id, destination, requested_by, requested_at, follows, digest, statement)
    values (holder, of_move, to_node, by_person, recorded, is_following, told_digest, told);
  insert into departure_book (learner, scheme, entry, move, destination, digest)
    select a.learner, a.scheme, a.sequence + 1, of_move, to_node, told_digest
    from account a join unnest(accounts, schemes) as i (learner, scheme) using (learner, scheme);
  insert into posting (learner, amount, entry, lot, scheme, line, bucket)
    select t.learner, v.amount, a.sequence + 1, t.number, t.scheme,
      2 * row_number() over (partition by t.learner, t.scheme, v.bucket order by t.number) + v.bucket / 10 - 1, v.bucket
    from lot t join account a on a.learner = t.learner and a.scheme = t.scheme
    cross join lateral (values (-t.available, 2), (t.available, 10)) as v (amount, bucket)
    where t.learner = any(books) and t.available > 0;
  insert into entry (learner, recorded_at, sequence, effective_on, scheme, kind, id, batch, key_hash, payload_hash, commitment)
    select a.learner, recorded, a.sequence + 1, today, a.scheme, 11, i.entry, of_move, i.entry, of_move,
      commitment_after(a.head, i.salt,
        document_before(of_move, null, today, null, i.entry, 11::smallint, a.person, null,
          move_document(null, null, told_digest, to_node), p.lines),
        document_after(recorded, null, null, s.code, a.sequence + 1))
    from account a join unnest(accounts, schemes, entries, salts) as i (learner, scheme, entry, salt) using (learner, scheme)
    join scheme s on s.id = a.scheme
    cross join lateral (
      select string_agg('["' || credits_text(p.amount) || '","' || bucket_name(p.bucket) || '",' || p.lot || ']',
        ',' order by p.line) as lines
      from posting p where p.learner = a.learner and p.scheme = a.scheme and p.entry = a.sequence + 1) p;
  update account a set moved = a.moved + a.available, available = 0, sequence = e.sequence, head = e.commitment,
      version = a.version + 1
    from entry e
    where a.learner = any(books) and e.learner = a.learner and e.scheme = a.scheme and e.sequence = a.sequence + 1;
  update lot t set moved = t.moved + t.available, available = 0 where t.learner = any(books) and t.available > 0;
  update account a set away = true where a.learner = any(books);
  update learner l set home = to_node where l.number = any(books);
  return null;
end $$

-- The other node has them: nothing is under way any more. Answers whether that was news.
create function settle_departure(of_move uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  update departure d set state = 'settled', ended_at = clock_timestamp(), trouble = null
    where d.id = of_move and d.state = 'open';
  return found;
end $$

-- The other node will never take them in: every entry of the move is reversed, and the learner is at home here again.
create function post_return(
  of_move uuid, why text, accounts bigint[], schemes smallint[], entries uuid[], salts bytea[]
) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set datestyle = 'ISO, YMD' as $$
declare
  recorded timestamptz := now();
  today date := (now() at time zone 'utc')::date;
  books bigint[];
  gone departure%rowtype;
begin
  books := (select books_of(d.learner) from departure d where d.id = of_move);
  perform from account a where a.learner = any(books) order by a.learner, a.scheme for no key update;
  select * into gone from departure d where d.id = of_move and d.state = 'open' for no key update;
  if gone.id is null then
    return false;
  end if;
  if exists (select from departure_book w full join unnest(accounts, schemes) as i (learner, scheme)
      on i.learner = w.learner and i.scheme = w.scheme
      where (w.move = of_move or w.move is null) and (i.learner is null or w.learner is null)) then
    raise exception 'not the books of move %', of_move using errcode = 'invalid_parameter_value';
  end if;
  insert into posting (learner, amount, entry, lot, scheme, line, bucket)
    select p.learner, -p.amount, a.sequence + 1, p.lot, p.scheme, p.line, p.bucket
    from departure_book w join account a on a.learner = w.learner and a.scheme = w.scheme
    join posting p on p.learner = w.learner and p.scheme = w.scheme and p.entry = w.entry
    where w.move = of_move;
  insert into entry (learner, recorded_at, sequence, effective_on, scheme, kind, id, batch, reverses, key_hash,
      payload_hash, commitment)
    select a.learner, recorded, a.sequence + 1, today, a.scheme, 12, i.entry, of_move, w.entry, i.entry, of_move,
      commitment_after(a.head, i.salt,
        document_before(of_move, null, today, null, i.entry, 12::smallint, a.person, null, p.lines),
        document_after(recorded, null, w.entry, s.code, a.sequence + 1))
    from departure_book w join account a on a.learner = w.learner and a.scheme = w.scheme
    join unnest(accounts, schemes, entries, salts) as i (learner, scheme, entry, salt)
      on i.learner = a.learner and i.scheme = a.scheme
    join scheme s on s.id = a.scheme
    cross join lateral (
      select string_agg('["' || credits_text(p.amount) || '","' || bucket_name(p.bucket) || '",' || p.lot || ']',
        ',' order by p.line) as lines
      from posting p where p.learner = a.learner and p.scheme = a.scheme and p.entry = a.sequence + 1) p
    where w.move = of_move;
  update lot t set available = t.available + p.amount, moved = t.moved - p.amount
    from departure_book w join posting p
      on p.learner = w.learner and p.scheme = w.scheme and p.entry = w.entry and p.bucket = 10
    where w.move = of_move and t.learner = p.learner and t.scheme = p.scheme and t.number = p.lot;
  update account a set available = a.available + p.amount, moved = a.moved - p.amount, sequence = e.sequence,
      head = e.commitment, version = a.version + 1
    from departure_book w
    cross join lateral (select sum(p.amount) as amount from posting p
      where p.learner = w.learner and p.scheme = w.scheme and p.entry = w.entry and p.bucket = 10) p
    join entry e on e.learner = w.learner and e.scheme = w.scheme and e.reverses = w.entry
    where w.move = of_move and a.learner = w.learner and a.scheme = w.scheme;
  if not gone.follows then
    update account a set away = false where a.learner = any(books);
    update learner l set home = null where l.number = any(books);
  end if;
  update departure d set state = 'returned', ended_at = clock_timestamp(), reason = why, trouble = null
    where d.learner = gone.learner and d.id = of_move;
  return true;
end $$

-- Whoever may ask for a move may want it back while it is open; the other node has the last word.
create function withdraw_departure(of_move uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  update departure d set withdrawn = true, tried_at = null where d.id = of_move and d.state = 'open';
  return found;
end $$

create function note_departure(of_move uuid, what text) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  update departure d set tries = d.tries + 1, tried_at = clock_timestamp(), trouble = what
    where d.id = of_move and d.state = 'open';
end
