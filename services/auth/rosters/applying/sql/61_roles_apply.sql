--@ step
insert into want_role
select n.*, coalesce(r.id, uuid7()),
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
create index on want_role (id)

--@ step
analyze want_role

--@ step
insert into role_assignment
  (id, person_id, organisation_id, role, is_primary, begins_on, ends_on, origin, source_id, roster_role)
select id, person_id, organisation_id, role, is_primary, begins_on, ends_on, 'roster', $1::uuid, roster_role
from want_role where outcome = 'new'
order by person_id

--@ step
update role_assignment r set status = 'open', ended_by = null, ended_at = null, roster_role = w.roster_role,
  is_primary = w.is_primary, begins_on = w.begins_on, ends_on = w.ends_on
from want_role w where r.id = w.id and w.outcome = 'changed'

-- The roster's names of roles: those that go or pass to another role leave the first one with a name less.
--@ mark
with gone as (
  delete from roster_role k
  using (
    select s.sourced_id from stage_role s where s.removed
    union
    (
      select x.sourced_id from roster_role x
      where x.source_id = $1::uuid and exists (select from import_mode where kind = 'role' and mode = 'bulk')
      except
      select t.sourced_id from t_role t
    )
  ) g
  where k.source_id = $1::uuid and k.sourced_id = g.sourced_id
  returning k.assignment_id
)
insert into lost_role select assignment_id from gone

--@ step
insert into t_role_name
select t.sourced_id, w.id, k.assignment_id
from t_role t
join want_role w on w.person_id = t.person_id and w.organisation_id = t.organisation_id and w.role = t.role
left join roster_role k on k.source_id = $1::uuid and k.sourced_id = t.sourced_id
where t.sourced_id is not null and k.assignment_id is distinct from w.id

--@ step
insert into lost_role select known_id from t_role_name where known_id is not null

--@ mark
insert into roster_role (source_id, sourced_id, assignment_id)
select $1::uuid, sourced_id, assignment_id from t_role_name
order by sourced_id
on conflict (source_id, sourced_id) do update set assignment_id = excluded.assignment_id

-- What the set speaks of and does not say: all roles with a whole file, those of the named users with changes in
-- 1.1, those that lost their last name with changes in 1.2, and those of people who left.
--@ count roles closed
with done as (
  update role_assignment r set status = 'ended', ended_by = 'roster', ended_at = now()
  from (
    (
      select id from role_assignment
      where source_id = $1::uuid and exists (select from import_mode where kind = 'roles' and mode = 'bulk')
      union
      select a.id from role_assignment a join t_user t on t.id = a.person_id
      where a.source_id = $1::uuid and exists (select from import_mode where kind = 'roles' and mode = 'users')
      union
      (
        select l.id from lost_role l where exists (select from import_mode where kind = 'roles' and mode = 'delta')
        except
        select k.assignment_id from roster_role k where k.source_id = $1::uuid
      )
      union
      select a.id from role_assignment a join t_leaver l on l.id = a.person_id where a.source_id = $1::uuid
    )
    except
    select w.id from want_role w
  ) spoken_of
  where r.id = spoken_of.id and r.status = 'open'
  returning r.person_id
)
insert into changed_person select person_id from done

--@ step
insert into changed_person select distinct person_id from want_role where outcome in ('new', 'changed')

--@ tally roles
select count(*) filter (where outcome = 'new') as new, count(*) filter (where outcome = 'changed') as changed,
  count(*) filter (where outcome = 'unchanged') as unchanged, count(*) filter (where outcome = 'kept') as kept
from want_role
