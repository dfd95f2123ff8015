--@ step
insert into want_role
select n.*, r.id,
  case
    when r.id is null then 'new'
    when r.status = 'ended' and r.ended_by = 'hand' then 'kept'
    when (r.status, r.roster_role, r.is_primary, r.begins_on, r.ends_on)
      is distinct from ('open', n.roster_role, n.is_primary, n.begins_on, n.ends_on) then 'changed'
    else 'unchanged'
  end
from (
  select person_id, organisation_id, role, min(word), bool_or(is_primary), min(begins_on),
    case when bool_and(ends_on is not null) then max(ends_on) end
  from t_role where role is not null and person_id is not null and organisation_id is not null
  group by person_id, organisation_id, role
) n (person_id, organisation_id, role, roster_role, is_primary, begins_on, ends_on)
left join role_assignment r
  on r.person_id = n.person_id and r.organisation_id = n.organisation_id and r.role = n.role and r.source_id = $1::uuid

--@ step
analyze want_role

--@ step
insert into role_assignment (person_id, organisation_id, role, is_primary, begins_on, ends_on, origin, source_id, roster_role)
select person_id, organisation_id, role, is_primary, begins_on, ends_on, 'roster', $1::uuid, roster_role
from want_role where outcome = 'new'
order by person_id

--@ step
update role_assignment r set status = 'open', ended_by = null, ended_at = null, roster_role = w.roster_role,
  is_primary = w.is_primary, begins_on = w.begins_on, ends_on = w.ends_on
from want_role w where r.id = w.known_id and w.outcome = 'changed'

--@ mark
insert into roster_role (source_id, sourced_id, assignment_id)
select $1::uuid, t.sourced_id, r.id
from t_role t
join role_assignment r on r.person_id = t.person_id and r.organisation_id = t.organisation_id and r.role = t.role
  and r.source_id = $1::uuid
left join roster_role k on k.source_id = $1::uuid and k.sourced_id = t.sourced_id
where t.sourced_id is not null and k.assignment_id is distinct from r.id
order by t.sourced_id
on conflict (source_id, sourced_id) do update set assignment_id = excluded.assignment_id

--@ mark
delete from roster_role k
where k.source_id = $1::uuid
  and (exists (select from stage_role s where s.sourced_id = k.sourced_id and s.removed)
    or (exists (select from import_mode where kind = 'role' and mode = 'bulk')
      and not exists (select from t_role t where t.sourced_id = k.sourced_id)))

-- What the set speaks of and does not say: all roles with a whole file, those of the named users with changes in
-- 1.1, those that lost their last name with changes in 1.2, and those of people who left.
--@ count roles closed
with done as (
  update role_assignment r set status = 'ended', ended_by = 'roster', ended_at = now()
  from (
    select id from role_assignment
    where source_id = $1::uuid and exists (select from import_mode where kind = 'roles' and mode = 'bulk')
    union
    select a.id from role_assignment a join t_user t on t.id = a.person_id
    where a.source_id = $1::uuid and exists (select from import_mode where kind = 'roles' and mode = 'users')
    union
    select a.id from role_assignment a left join roster_role k on k.assignment_id = a.id
    where a.source_id = $1::uuid and k.assignment_id is null
      and exists (select from import_mode where kind = 'roles' and mode = 'delta')
    union
    select a.id from role_assignment a join t_leaver l on l.id = a.person_id where a.source_id = $1::uuid
  ) spoken_of
  where r.id = spoken_of.id and r.status = 'open'
    and not exists (
      select from want_role w
      where w.person_id = r.person_id and w.organisation_id = r.organisation_id and w.role = r.role)
  returning r.person_id
)
insert into changed_person select person_id from done

--@ step
insert into changed_person select distinct person_id from want_role where outcome in ('new', 'changed')

--@ tally roles
select count(*) filter (where outcome = 'new') as new, count(*) filter (where outcome = 'changed') as changed,
  count(*) filter (where outcome = 'unchanged') as unchanged, count(*) filter (where outcome = 'kept') as kept
from want_role
