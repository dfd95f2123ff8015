--@ step
insert into t_session
select s.line, s.sourced_id, s.title, s.type, s.starts_on, s.ends_on, s.parent,
  case when s.school_year ~ '^[0-9]{4}$' then s.school_year::integer end,
  coalesce(a.id, uuid7()), a.id is not null
from stage_session s
left join academic_session a on a.source_id = $1::uuid and a.sourced_id = s.sourced_id
where s.removed is not true

--@ step
insert into r_session
select sourced_id, id from t_session
union all
select a.sourced_id, a.id from academic_session a
where a.source_id = $1::uuid and a.status = 'active'
  and not exists (select from import_mode where kind = 'session' and mode = 'bulk')
  and not exists (select from stage_session s where s.sourced_id = a.sourced_id)

--@ step
create index on t_session (sourced_id)

--@ step
create index on t_session (id)

--@ step
analyze t_session, r_session

--@ check reference session.parent session
select t.line, t.parent as value from t_session t
where t.parent is not null and not exists (select from r_session r where r.sourced_id = t.parent)

--@ check dates_reversed session.ends_on
select line, ends_on::text as value from t_session where ends_on < starts_on
