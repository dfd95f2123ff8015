-- As 0034_erasures_told.sql has it, but an update that changes no row is let go at once: storing what refers to other
-- statements looks each time for what is voided.
create or replace function tell_subscribers() returns trigger
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
