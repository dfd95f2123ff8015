drop function store_statements(
  uuid, uuid, uuid[], uuid[], uuid[], uuid[], uuid[], uuid[], smallint[], timestamptz[], text[], text[], bytea[], jsonb)

-- Ids of statements that were erased: a tool that sends one again is answered as if it were there, and nothing is stored.
create table xapi_erased (
  organisation uuid not null,
  id uuid not null,
  constraint pk_xapi_erased primary key (organisation, id)
)

-- Stores statements set-wise, all or none, in one order of locks: the organisation's (shared; alone only if some
-- target others, so that neither of two that belong together misses the other), their ids, which come in order,
-- their activities. `p_places` are their places among those stored together, from 0; `p_bodies` lack the closing
-- brace. The n-th of `p_mentioned` is a key of the statement at the n-th of `p_mentioned_at`.
-- If the first is there already, nothing is stored and all that are there are returned; if another one is, the
-- unique key says so: to look for each beforehand, or to insert on conflict, costs a fifth of the whole. What was
-- erased is returned without a body, as if it were there, and nothing is stored either.
create function store_statements(
  p_organisation uuid, p_authority uuid, p_ids uuid[], p_places integer[], p_verbs uuid[], p_actors uuid[],
  p_objects uuid[], p_registrations uuid[], p_targets uuid[], p_voiding smallint[], p_happened timestamptz[],
  p_mentions text[], p_mentioned uuid[], p_mentioned_at integer[], p_attachments text[], p_bodies bytea[],
  p_activities jsonb
) returns table (id uuid, body bytea) language plpgsql as $$
#variable_conflict use_column
declare
  v_refers boolean := p_targets is not null;
  v_stored bigint;
  v_turn bigint;
  v_awaited boolean;
  v_end bytea;
  v_end_with_time bytea;
begin
  if v_refers then
    perform pg_advisory_xact_lock(7011, hashtext(p_organisation::text));
  else
    perform pg_advisory_xact_lock_shared(7011, hashtext(p_organisation::text));
  end if;
  if exists (select from xapi_erased e where e.organisation = p_organisation) then
    return query select e.id, ''::bytea from xapi_erased e
      where e.organisation = p_organisation and e.id = any(p_ids);
    if found then
      return;
    end if;
  end if;
  if exists (select from xapi_statement s where s.organisation = p_organisation and s.id = p_ids[1]) then
    return query select s.id, s.body from xapi_statement s
      where s.organisation = p_organisation and s.id = any(p_ids);
    return;
  end if;
  if v_refers and exists (
    select from unnest(p_targets, p_voiding) as n (target, voiding)
    join xapi_statement s on s.organisation = p_organisation and s.id = n.target
    where n.voiding = 1 and s.authority <> p_authority and s.voiding = 0
  ) then
    raise exception 'voiding what others vouch for' using errcode = 'XA403';
  end if;
  v_turn := (nextval('xapi_turn') & 1023) << 10;
  v_stored := floor(extract(epoch from clock_timestamp()) * 1000);
  v_end := convert_to(format(',"stored":"%s"}', xapi_stored_text(v_stored)), 'UTF8');
  v_end_with_time := convert_to(
    format(',"timestamp":"%1$s","stored":"%1$s"}', xapi_stored_text(v_stored)), 'UTF8');
  insert into xapi_statement (
    organisation, position, happened_at, id, verb, authority, actor, object, registration, target, voiding,
    mentions, attachments, body)
  select p_organisation, ((v_stored + n.place / 1024) << 20) | v_turn | (n.place & 1023),
    coalesce(n.happened, to_timestamp((v_stored + n.place / 1024) / 1000.0)), n.id, n.verb, p_authority,
    n.actor, n.object, n.registration, n.target, coalesce(n.voiding, 0), n.mentions::uuid[],
    n.attachments::varchar[],
    n.body || case
      when n.place < 1024 then case when n.happened is null then v_end_with_time else v_end end
      else convert_to(
        case when n.happened is null
          then ',"timestamp":"' || xapi_stored_text(v_stored + n.place / 1024) || '"' else '' end
        || ',"stored":"' || xapi_stored_text(v_stored + n.place / 1024) || '"}', 'UTF8')
      end
  from unnest(p_ids, p_places, p_verbs, p_actors, p_objects, p_registrations, p_targets, p_voiding, p_happened,
    p_mentions, p_attachments, p_bodies)
    as n (id, place, verb, actor, object, registration, target, voiding, happened, mentions, attachments, body);
  insert into xapi_mention (key, position, depth)
  select m.key, ((v_stored + m.place / 1024) << 20) | v_turn | (m.place & 1023), 0
  from unnest(p_mentioned, p_mentioned_at) as m (key, place);
  v_awaited := exists (select from xapi_statement s
    where s.organisation = p_organisation and s.target is not null)
    and exists (select from xapi_statement s where s.organisation = p_organisation and s.target = any(p_ids));
  if v_refers or v_awaited then
    perform xapi_void(p_organisation, p_ids);
    perform xapi_echo_targets(p_organisation, p_ids);
  end if;
  if p_activities is not null then
    perform define_activities(p_organisation, p_activities);
  end if;
end
$$
