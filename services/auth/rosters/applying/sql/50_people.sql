-- A person is found by this roster's identifier, else by the userMasterIdentifier, else is new. That number is one on
-- the whole platform: who may not say it says nothing by it, neither finding somebody nor taking the number first.

--@ check master_not_believed user.master
select line, sourced_id as value from stage_user
where master is not null and not exists (select from import_mode where kind = 'master')

--@ step
update stage_user set master = null
where master is not null and not exists (select from import_mode where kind = 'master')

--@ check birth_date_implausible demographic.birth_date
select line, sourced_id as value from stage_demographic
where birth_date > (select today()) or birth_date < date '1900-01-01'

--@ step
delete from stage_demographic
where birth_date is null or removed or birth_date > (select today()) or birth_date < date '1900-01-01'

--@ step
insert into t_user
select s.line, s.sourced_id, coalesce(s.enabled, true), s.username, s.canonical, s.given_name, s.family_name,
  s.middle_name, nullif(concat_ws(' ', s.preferred_given, s.preferred_family), ''), s.email, s.phone,
  s.master, m.id, coalesce(i.person_id, m.id, uuid7()), i.person_id is not null,
  i.person_id is null and m.id is not null, i.status, i.username, d.birth_date
from stage_user s
left join stage_demographic d on d.sourced_id = s.sourced_id
left join person_identifier i on i.source_id = $1::uuid and i.sourced_id = s.sourced_id
left join person m on m.master_identifier = s.master
where s.removed is not true

--@ step
insert into r_user
select sourced_id, id from t_user
union all
select i.sourced_id, i.person_id from person_identifier i
where i.source_id = $1::uuid and i.status = 'active'
  and not exists (select from import_mode where kind = 'user' and mode = 'bulk')
  and not exists (select from stage_user s where s.sourced_id = i.sourced_id)

-- Here and wherever a set's rows are taken from the stored ones, it is by `except`: sorted or hashed whatever the
-- planner believes of the stored table, where an anti-join on stale statistics may become a loop in a loop.
--@ step
insert into t_leaver
select i.sourced_id, i.person_id
from person_identifier i join stage_user s on s.sourced_id = i.sourced_id and s.removed
where i.source_id = $1::uuid and i.status = 'active'
union
(
  select i.sourced_id, i.person_id from person_identifier i
  where i.source_id = $1::uuid and i.status = 'active'
    and exists (select from import_mode where kind = 'user' and mode = 'bulk')
  except
  select t.sourced_id, t.id from t_user t
)

--@ step
create index on t_user (sourced_id)

--@ step
create index on t_user (id)

--@ step
analyze t_user, r_user, t_leaver

--@ check reference demographic.sourced_id user
select d.line, d.sourced_id as value from stage_demographic d
where not exists (select from r_user u where u.sourced_id = d.sourced_id)

--@ check name_missing user.given_name
select line, sourced_id as value from t_user where given_name is null and family_name is null

--@ check name_part_missing user.family_name
select line, sourced_id as value from t_user where (given_name is null) <> (family_name is null)

--@ check master_conflict user.master
select line, sourced_id as value
from (select line, sourced_id, count(*) over (partition by id) as people from t_user) d where people > 1

--@ check master_changed user.master
select t.line, t.master as value from t_user t join person p on p.id = t.id
where t.master is not null and p.master_identifier <> t.master

--@ check master_taken user.master
select t.line, t.master as value from t_user t where t.is_identified and t.master_id <> t.id

--@ check username_missing user.username
select line, sourced_id as value from t_user where username is null

--@ check removed_unknown user.sourced_id
select s.line, s.sourced_id as value from stage_user s
where s.removed
  and not exists (select from person_identifier i where i.source_id = $1::uuid and i.sourced_id = s.sourced_id)
