--@ step
insert into t_relationship
select s.line, s.learner, s.guardian, lower(s.relation), c.id, g.id
from stage_relationship s
left join r_user c on c.sourced_id = s.learner
left join r_user g on g.sourced_id = s.guardian

--@ step
insert into t_relationship
select s.line, s.sourced_id, agent, null, t.id, g.id
from stage_user s
join t_user t on t.line = s.line
cross join lateral unnest(string_to_array(s.agents, E'\x1f')) as agent
left join r_user g on g.sourced_id = agent
where s.agents is not null

--@ step
analyze t_relationship

--@ check reference relationship.learner user
select line, learner as value from t_relationship where learner is not null and child_id is null

--@ check reference relationship.guardian user
select line, guardian as value from t_relationship where guardian is not null and guardian_id is null

--@ check guardian_self relationship.guardian
select line, guardian as value from t_relationship where child_id = guardian_id

-- School Data Sync names guardians without giving them a role: theirs is where their children's is.
--@ step
insert into t_role
select distinct on (r.guardian_id, c.organisation_id)
  r.line, null, r.guardian, c.organisation, 'guardian', 'guardian', false, null::date, null::date, r.guardian_id,
  c.organisation_id
from t_relationship r join t_role c on c.person_id = r.child_id and c.role = 'student'
where exists (select from import_mode where kind = 'relationship')
  and c.organisation_id is not null and r.guardian_id is not null
order by r.guardian_id, c.organisation_id, r.line

--@ check role_missing user.sourced_id
select t.line, t.sourced_id as value from t_user t
where exists (select from import_mode where kind = 'roles' and mode in ('bulk', 'users'))
  and not exists (select from t_role r where r.person_id = t.id and r.role is not null)
