-- Who may see a child's record is the owning roster's to say: another roster's word about the child is ignored.
--@ step
insert into want_guardian
select n.child_id, n.guardian_id, n.relation, coalesce(g.id, uuid7()),
  case
    when n.owner is distinct from $1::uuid then 'ignored'
    when g.id is null then 'new'
    when g.status = 'ended' and g.ended_by = 'hand' then 'kept'
    when (g.status, g.relation) is distinct from ('open', n.relation) then 'changed'
    else 'unchanged'
  end
from (
  select t.child_id, t.guardian_id, coalesce(min(t.relation), min(r.roster_role), 'guardian'), c.source_id
  from t_relationship t join person c on c.id = t.child_id
  left join role_assignment r
    on r.person_id = t.guardian_id and r.source_id = $1::uuid and r.role = 'guardian' and r.status = 'open'
  where t.child_id is not null and t.guardian_id is not null
  group by t.child_id, t.guardian_id, c.source_id
) n (child_id, guardian_id, relation, owner)
left join guardianship g on g.child_id = n.child_id and g.guardian_id = n.guardian_id and g.source_id = $1::uuid

--@ step
create index on want_guardian (id)

--@ step
analyze want_guardian

--@ step
insert into guardianship (id, guardian_id, child_id, relation, origin, source_id)
select id, guardian_id, child_id, relation, 'roster', $1::uuid from want_guardian where outcome = 'new'
order by child_id

--@ step
update guardianship g set status = 'open', ended_by = null, ended_at = null, relation = w.relation
from want_guardian w where g.id = w.id and w.outcome = 'changed'

--@ count guardians closed
with done as (
  update guardianship g set status = 'ended', ended_by = 'roster', ended_at = now()
  from (
    (
      select id from guardianship
      where source_id = $1::uuid and exists (select from import_mode where kind = 'guardians' and mode = 'bulk')
      union
      select a.id from guardianship a join t_user t on t.id = a.child_id
      where a.source_id = $1::uuid and exists (select from import_mode where kind = 'guardians' and mode = 'users')
      union
      select a.id from guardianship a join t_leaver l on l.id = a.child_id where a.source_id = $1::uuid
      union
      select a.id from guardianship a join t_leaver l on l.id = a.guardian_id where a.source_id = $1::uuid
    )
    except
    select w.id from want_guardian w where w.outcome <> 'ignored'
  ) spoken_of
  where g.id = spoken_of.id and g.status = 'open'
  returning g.child_id
)
insert into changed_person select child_id from done

--@ step
insert into changed_person select distinct child_id from want_guardian where outcome in ('new', 'changed')

--@ tally guardians
select count(*) filter (where outcome = 'new') as new, count(*) filter (where outcome = 'changed') as changed,
  count(*) filter (where outcome = 'unchanged') as unchanged, count(*) filter (where outcome = 'kept') as kept,
  count(*) filter (where outcome = 'ignored') as ignored
from want_guardian
