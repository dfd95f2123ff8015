-- Who was sent statements is told which of them were erased since, or have somebody in them who became nobody. Such a
-- delivery has `ids` and no positions. `begins` is the position behind which a subscription began.
alter table xapi_subscription add column begins bigint not null default -1

alter table xapi_delivery alter column positions drop not null

alter table xapi_delivery add column kind varchar not null default 'stored'
  constraint ck_xapi_delivery_kind check (kind in ('stored', 'erased', 'changed'))

alter table xapi_delivery add column ids uuid[]

-- `ending` is a subscription to somebody who was erased, until it has been told so.
alter table xapi_subscription drop constraint ck_xapi_subscription_status

alter table xapi_subscription add constraint ck_xapi_subscription_status
  check (status in ('active', 'paused', 'ending', 'ended'))

drop index ix_xapi_subscription_next_at

create index ix_xapi_subscription_next_at on xapi_subscription (next_at) where status in ('active', 'ending')

-- Whether a webhook may have been sent a statement, which has these keys.
create function xapi_was_sent(
  s xapi_subscription, p_position bigint, p_verb uuid, p_object uuid, p_actor uuid, p_mentions uuid[]
) returns boolean language sql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
  select s.kind = 'webhook' and s.status <> 'ended' and p_position > s.begins and p_position <= s.position
    and (s.verb is null or s.verb = p_verb) and (s.activity is null or s.activity = p_object)
    and (s.agent is null or s.agent in (p_actor, p_object) or s.member = any(p_mentions))
$$

-- Subscriptions are held before they are looked at: what a delivery has taken up by then counts as sent. An
-- update that changes no row is let go at once: storing what refers to other statements looks each time for what is voided.
create function tell_subscribers() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_organisations uuid[];
begin
  if not exists (select from old_rows) then
    return null;
  end if;
  if tg_op = 'DELETE' then
    select array_agg(distinct o.organisation) into v_organisations from old_rows o;
  else
    select array_agg(distinct o.organisation) into v_organisations
    from old_rows o join new_rows n on n.organisation = o.organisation and n.position = o.position
    where o.body <> n.body;
  end if;
  perform from xapi_subscription s
  where s.organisation = any(v_organisations) and s.kind = 'webhook' and s.status <> 'ended'
  order by s.id for update;
  if not found then
    return null;
  end if;
  insert into xapi_delivery (id, subscription, kind, ids)
  select uuid7(), s.id, case tg_op when 'DELETE' then 'erased' else 'changed' end, array_agg(o.id order by o.position)
  from old_rows o join xapi_subscription s on s.organisation = o.organisation
  where xapi_was_sent(s, o.position, o.verb, o.object, o.actor, o.mentions)
  group by s.id;
  return null;
end
$$

create trigger told_when_removed after delete on xapi_statement
referencing old table as old_rows for each statement execute function tell_subscribers()

create trigger told_when_changed after update on xapi_statement
referencing old table as old_rows new table as new_rows for each statement execute function tell_subscribers()

-- As 0028_xapi_removals.sql has it; one that has to be told of what was erased is told before it ends, and of nothing else.
create or replace function rename_in_filters(
  p_organisations uuid[], p_keys uuid[], p_nobodies text[], p_others uuid[], p_changes uuid[]
) returns void language sql security definer set search_path = pg_catalog, public, pg_temp as $$
  with gone as materialized (
    select g.organisation, g.key, json_build_object('agent', g.nobody::json)::jsonb as nobody, g.other, g.change
    from unnest(p_organisations, p_keys, p_nobodies, p_others, p_changes)
      as g (organisation, key, nobody, other, change)
  ), meant as materialized (
    select s.id, s.status as was, s.status <> 'ended' and exists (
      select from xapi_delivery d where d.subscription = s.id and d.ids is not null and not d.dead) as is_told
    from gone g join xapi_subscription s on s.organisation = g.organisation and s.agent = g.key
  ), ended as (
    update xapi_subscription s set status = case when m.is_told then 'ending' else 'ended' end,
      sealed = case when m.is_told then s.sealed else '' end, next_at = now(),
      agent = g.other, member = g.other, filters = (s.filters::jsonb || g.nobody)::json
    from gone g, meant m
    where s.organisation = g.organisation and s.agent = g.key and m.id = s.id
    returning s.id, g.change, m.was, m.is_told
  ), unsent as (
    delete from xapi_delivery d using ended e where d.subscription = e.id and e.is_told and d.ids is null and not d.dead
  ), told as (
    insert into xapi_subscription_change (id, subscription, act, by) select uuid7(), id, 'ended', change from ended
    where was not in ('ending', 'ended')
  )
  update xapi_operation o set agent = g.other, filters = (o.filters::jsonb || g.nobody)::json
  from gone g where o.organisation = g.organisation and o.agent = g.key
$$
